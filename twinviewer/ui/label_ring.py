"""The brush as it lies in each slice: a ring of its true size under the pointer, and where a ball cuts other slices."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from twinviewer.ui.slice_view import SliceView

EDGE_PX = 3.0


class BrushRing:
    """Painted by the views that hold it among their marks."""

    def __init__(self) -> None:
        self.radius_mm = 5.0
        self.ball = False
        self.colour = "#FFFFFF"
        self._where: tuple[SliceView, QPointF] | None = None
        self._drawn: dict[SliceView, QRectF] = {}

    def move(self, views: tuple[SliceView, ...], view: SliceView | None, place: QPointF | None) -> None:
        """The pointer is over a place of a view, or over none of them; what the ring leaves and takes is repainted."""
        self._where = None if view is None or place is None else (view, QPointF(place))
        for one in views:
            old, new = self._drawn.get(one, QRectF()), self._area(one)
            if not (old.isNull() and new.isNull()):
                one.update(old.united(new).adjusted(-EDGE_PX, -EDGE_PX, EDGE_PX, EDGE_PX).toAlignedRect())

    def _area(self, view: SliceView) -> QRectF:
        if self._where is None:
            return QRectF()
        own, place = self._where
        if own is view:
            radius = self.radius_mm * view.pixels_per_mm
            return QRectF(place.x() - radius, place.y() - radius, 2 * radius, 2 * radius)
        place_mm = own.place_mm(place)
        if place_mm is None or not self.ball or not view.isVisible():
            return QRectF()
        centre, away_mm = view.point_of(place_mm)
        if abs(away_mm) >= self.radius_mm:
            return QRectF()
        radius = (self.radius_mm**2 - away_mm**2) ** 0.5 * view.pixels_per_mm
        return QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)

    def draw(self, painter: QPainter, view: SliceView) -> None:
        """Dark and light, so that it is seen on any ground."""
        area = self._area(view)
        self._drawn[view] = area
        if area.isNull():
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in (("#05070A", 3.0), (self.colour, 1.4)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(area)
        if self._where is not None and self._where[0] is view:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.colour))
            painter.drawEllipse(area.center(), 1.2, 1.2)
