"""A painted image that can be panned, zoomed and windowed: what slice and cine views have in common."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from twinviewer.ui.theme import Look, ui_font

BLACK = "#05070A"
INK = "#E6EAF0"
QUIET_INK = "#B4BFCC"
MINIMUM_ZOOM, MAXIMUM_ZOOM = 0.2, 40.0
LINE_PX = 16


def to_pixmap(rgb: NDArray[np.uint8]) -> QPixmap:
    """(h, w, 3) uint8 -> QPixmap (copied)."""
    height, width, _ = rgb.shape
    data = np.ascontiguousarray(rgb).data
    return QPixmap.fromImage(QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888))


def _lines_of(area: QRectF, where: Qt.AlignmentFlag, count: int) -> QRectF:
    """The rows of an area in which lines of text stand that are laid to its top, bottom or middle."""
    height = (1 + count) * LINE_PX
    if where & Qt.AlignmentFlag.AlignTop:
        top = area.top()
    elif where & Qt.AlignmentFlag.AlignBottom:
        top = area.bottom() - height
    else:
        top = area.center().y() - height / 2
    return QRectF(area.left() - 2, top - 2, area.width() + 4, height + 4)


class ImageCanvas(QWidget):
    """Base of painted views. Subclasses give the pixmap and its spacing, and say what a step and a window change are.

    Mouse: wheel steps; left drag windows; middle drag pans; right drag or Ctrl+wheel zooms; double click maximises.
    Images stay on black in both themes, as on a light box.
    """

    maximise = Signal(object)
    activated = Signal(object)

    def __init__(self, look: Look, title: str) -> None:
        super().__init__()
        self.look, self.title = look, title
        self.zoom = 1.0
        self.pan = QPointF(0.0, 0.0)
        self._drag: Qt.MouseButton | None = None
        self._last = QPointF()
        self._wheel = 0
        self._dirty = QRectF()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 90)
        self.setAccessibleName(title)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def sizeHint(self) -> QSize:
        return QSize(320, 260)

    # What a subclass says --------------------------------------------------------------------------------------

    def picture(self) -> tuple[QPixmap, tuple[float, float]] | None:
        """The pixmap to paint and its (column, row) spacing in mm, None when there is nothing."""
        raise NotImplementedError

    @property
    def smooth(self) -> bool:
        """Whether the screen's pixels may lie between the image's."""
        return True

    def step(self, by: int) -> None:
        """Go forward or back by whole slices."""

    def window_by(self, width: float, level: float) -> None:
        """The user dragged by these fractions of the view's size."""

    def hover(self, point: QPointF, event: QMouseEvent) -> None:
        """The pointer is over a place, in image pixels."""

    def overlay(self, painter: QPainter) -> None:
        """Paint text and marks over the image, in widget pixels."""

    # Geometry --------------------------------------------------------------------------------------------------

    def frame(self) -> QRectF:
        """Where the image lies in the widget; empty without an image."""
        found = self.picture()
        if found is None:
            return QRectF()
        pixmap, (column_mm, row_mm) = found
        width_mm, height_mm = pixmap.width() * column_mm, pixmap.height() * row_mm
        scale = min(self.width() / width_mm, self.height() / height_mm) * self.zoom
        centre = QPointF(self.width() / 2, self.height() / 2) + self.pan
        return QRectF(
            centre.x() - width_mm * scale / 2, centre.y() - height_mm * scale / 2, width_mm * scale, height_mm * scale
        )

    def to_image(self, place: QPointF) -> QPointF:
        """Widget pixels -> image pixels, (0, 0) at the centre of the first pixel."""
        found, rect = self.picture(), self.frame()
        if found is None or rect.isEmpty():
            return QPointF()
        pixmap = found[0]
        return QPointF(
            (place.x() - rect.left()) / rect.width() * pixmap.width() - 0.5,
            (place.y() - rect.top()) / rect.height() * pixmap.height() - 0.5,
        )

    def from_image(self, column: float, row: float) -> QPointF:
        """Image pixels -> widget pixels."""
        found, rect = self.picture(), self.frame()
        if found is None:
            return QPointF()
        pixmap = found[0]
        return QPointF(
            rect.left() + (column + 0.5) / pixmap.width() * rect.width(),
            rect.top() + (row + 0.5) / pixmap.height() * rect.height(),
        )

    def zoom_by(self, factor: float, around: QPointF) -> None:
        """Zoom about a place in the widget."""
        new = min(max(self.zoom * factor, MINIMUM_ZOOM), MAXIMUM_ZOOM)
        middle = QPointF(self.width() / 2, self.height() / 2)
        self.pan = around - middle - (around - middle - self.pan) * (new / self.zoom)
        self.zoom = new
        self.update()

    def reset(self) -> None:
        """Fit the image into the view."""
        self.zoom, self.pan = 1.0, QPointF(0.0, 0.0)
        self.update()

    # Space -----------------------------------------------------------------------------------------------------

    def affine(self) -> NDArray[np.float64] | None:
        """(4, 4), (column, row, 0, 1) of the picture -> LPS mm; None without a picture."""
        return None

    def place_mm(self, where: QPointF) -> NDArray[np.float64] | None:
        """(3,) LPS place under a point of the widget; None without an image."""
        affine = self.affine()
        if affine is None:
            return None
        point = self.to_image(where)
        return np.asarray((affine @ np.array([point.x(), point.y(), 0.0, 1.0]))[:3])

    def point_of(self, place_mm: NDArray[np.floating]) -> tuple[QPointF, float]:
        """Where a (3,) LPS place lies in the widget when it is laid straight onto the image, and its distance in mm."""
        affine = self.affine()
        if affine is None:
            return QPointF(), 0.0
        right, down = affine[:3, 0], affine[:3, 1]
        normal = np.cross(right, down)
        away = np.asarray(place_mm, float) - affine[:3, 3]
        column, row = float(away @ right / (right @ right)), float(away @ down / (down @ down))
        return self.from_image(column, row), float(away @ normal / np.linalg.norm(normal))

    @property
    def pixels_per_mm(self) -> float:
        """How large a millimetre is drawn; 0 without an image."""
        affine = self.affine()
        if affine is None:
            return 0.0
        return QLineF(self.from_image(0, 0), self.from_image(1, 0)).length() / float(np.linalg.norm(affine[:3, 0]))

    # Events ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        self._dirty = QRectF(event.rect())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(BLACK))
        found = self.picture()
        if found is not None:
            rect = self.frame()
            fine = self.smooth and rect.width() < 8 * found[0].width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, fine)
            painter.drawPixmap(rect, found[0], QRectF(found[0].rect()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.overlay(painter)
        if self.hasFocus():
            painter.setPen(QColor(self.look.tokens.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def corner(self, painter: QPainter, text: str, where: Qt.AlignmentFlag, *, strong: bool = False) -> None:
        """One line of overlay text in a corner or at an edge, with a dark edge so that it reads on bright images."""
        area = QRectF(self.rect()).adjusted(8, 6, -8, -6)
        if not self._dirty.intersects(_lines_of(area, where, 1 + text.count("\n"))):
            return  # a brush repaints a patch, and most words lie elsewhere
        painter.setFont(ui_font(12 if strong else 11, ui_font().weight().DemiBold if strong else ui_font().weight()))
        painter.setPen(QColor(0, 0, 0, 190))
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            painter.drawText(area.translated(dx, dy), where, text)
        painter.setPen(QColor(INK if strong else QUIET_INK))
        painter.drawText(area, where, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag, self._last = event.button(), event.position()
        self.activated.emit(self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        if event.button() == Qt.MouseButton.LeftButton:
            self.maximise.emit(self)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        moved = event.position() - self._last
        if self._drag is None or event.buttons() == Qt.MouseButton.NoButton:
            self.hover(self.to_image(event.position()), event)
            return
        self._last = event.position()
        if self._drag == Qt.MouseButton.LeftButton:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.hover(self.to_image(event.position()), event)
            else:
                self.window_by(moved.x() / max(self.width(), 1), moved.y() / max(self.height(), 1))
        elif self._drag == Qt.MouseButton.MiddleButton:
            self.pan += moved
            self.update()
        elif self._drag == Qt.MouseButton.RightButton:
            self.zoom_by(1.0 - 0.008 * moved.y(), QPointF(self.width() / 2, self.height() / 2))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1.0015**turned, event.position())
            return
        self._wheel += turned
        steps = int(self._wheel / 120)
        if steps:
            self._wheel -= 120 * steps
            self.step(steps)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Right):
            self.step(1)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Left):
            self.step(-1)
        elif key == Qt.Key.Key_PageUp:
            self.step(10)
        elif key == Qt.Key.Key_PageDown:
            self.step(-10)
        else:
            super().keyPressEvent(event)
