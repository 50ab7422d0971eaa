"""A cine study as it was scanned: its planes side by side, playing together; one plane large on a double click."""

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from twinviewer.domain import CineContours, CinePlane, CineStack
from twinviewer.scene.slices import percentile_window, plane_image
from twinviewer.ui.image_canvas import ImageCanvas, to_pixmap
from twinviewer.ui.theme import Look

SURE = 0.6
"""Contours of less confidence are dashed."""


class PlaneView(ImageCanvas):
    """One plane of the study. Frames are painted once for a window and kept."""

    windowed = Signal(float, float)

    def __init__(self, look: Look, plane: CinePlane, number: int, of: int) -> None:
        super().__init__(look, plane.label or f"Plane {number}")
        self.plane, self.number, self.of = plane, number, of
        self.frame_index = 0
        self.window_width, self.window_level = 1.0, 0.5
        self._kept: dict[int, QPixmap] = {}
        first = plane_image(plane, 0, 1.0, 0.5)
        self.spacing, self.letters = first.spacing_mm, first.letters
        self.setMinimumSize(110, 100)
        self._contours: dict[int, list[tuple[QColor, bool, QPolygonF]]] = {}

    def set_window(self, window: float, level: float) -> None:
        """Window width and level in the images' unit."""
        self.window_width, self.window_level = max(window, 1e-6), level
        self._kept.clear()
        self.update()

    def set_contours(self, contours: CineContours | None, number: int, colours: Mapping[str, str]) -> None:
        """Draw what was delineated in this plane (its place in the stack); what is not sure is dashed."""
        self._contours = {}
        inverse = np.linalg.inv(self.plane.affine)
        for contour in () if contours is None else contours.contours:
            if contour.plane == number:
                pixels = contour.points_mm @ inverse[:2, :3].T + inverse[:2, 3]
                outline = QPolygonF([QPointF(float(x), float(y)) for x, y in pixels])
                colour = QColor(colours.get(contour.structure, "#FFFFFF"))
                self._contours.setdefault(contour.phase, []).append((colour, contour.confidence < SURE, outline))
        self.update()

    def show_time(self, fraction: float) -> None:
        """Show the frame that this plane's own beat has at a fraction 0..1 of the beat."""
        trigger, count = self.plane.trigger_s, len(self.plane.frames)
        beat = self.plane.rr_s or float(trigger[-1] + trigger[-1] / max(count - 1, 1))
        index = max(int((trigger <= fraction * beat + 1e-9).sum()) - 1, 0) if beat > 0 else int(fraction * count)
        if index != self.frame_index:
            self.frame_index = min(index, count - 1)
            self.update()

    def picture(self) -> tuple[QPixmap, tuple[float, float]] | None:
        index = self.frame_index
        if index not in self._kept:
            self._kept[index] = to_pixmap(plane_image(self.plane, index, self.window_width, self.window_level).rgb)
        return self._kept[index], self.spacing

    def window_by(self, width: float, level: float) -> None:
        reach = max(self.window_width, 1e-6)
        self.windowed.emit(self.window_width + 2 * reach * width, self.window_level + 1.5 * reach * level)

    def overlay(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, unsure, outline in self._contours.get(self.frame_index, ()):
            style = Qt.PenStyle.DashLine if unsure else Qt.PenStyle.SolidLine
            painter.setPen(QPen(colour, 1.6, style))
            painter.drawPolygon(QPolygonF([self.from_image(p.x(), p.y()) for p in outline]))
        a = Qt.AlignmentFlag
        self.corner(painter, self.title, a.AlignTop | a.AlignLeft, strong=True)
        left, right, top, bottom = self.letters
        for letter, where in (
            (left, a.AlignLeft | a.AlignVCenter),
            (right, a.AlignRight | a.AlignVCenter),
            (bottom, a.AlignBottom | a.AlignHCenter),
        ):
            self.corner(painter, letter, where)
        if self.width() > 190:
            self.corner(painter, top, a.AlignTop | a.AlignHCenter)
        self.corner(painter, f"{self.frame_index + 1}/{len(self.plane.frames)}", a.AlignBottom | a.AlignRight)
        self.corner(painter, f"{self.number}/{self.of}", a.AlignBottom | a.AlignLeft)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.maximise.emit(self)


class CineView(QScrollArea):
    """The grid of planes. It takes any number; the planes share one window."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.stack: CineStack | None = None
        self.planes: list[PlaneView] = []
        self._large: PlaneView | None = None
        self._contours: CineContours | None = None
        self.setWidgetResizable(True)
        self._grid_widget = QWidget()
        self._grid = QGridLayout(self._grid_widget)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        self.setWidget(self._grid_widget)

    def open(self, stack: CineStack | None) -> None:
        """Show a study; None clears."""
        if stack is self.stack:
            return
        self.stack, self._large, self._contours = stack, None, None
        for view in self.planes:
            self._grid.removeWidget(view)
            view.deleteLater()
        self.planes = []
        if stack is None:
            return
        middle = stack.planes[len(stack.planes) // 2]
        window, level = stack.window or percentile_window(middle.frames[0])
        for number, plane in enumerate(stack.planes, start=1):
            view = PlaneView(self.look, plane, number, len(stack.planes))
            view.set_window(window, level)
            view.windowed.connect(self._window_all)
            view.maximise.connect(self.toggle_large)
            self.planes.append(view)
        self._arrange()

    def show_contours(self, contours: CineContours | None, colours: Mapping[str, str]) -> None:
        """Contours over the planes they belong to; None takes them away. colours: structure -> "#RRGGBB"."""
        if contours is self._contours:
            return
        self._contours = contours
        for number, view in enumerate(self.planes):
            view.set_contours(contours, number, colours)

    def _window_all(self, window: float, level: float) -> None:
        for view in self.planes:
            view.set_window(window, level)

    def _arrange(self) -> None:
        for view in self.planes:
            self._grid.removeWidget(view)
        shown = [self._large] if self._large is not None else self.planes
        width, height = max(self.viewport().width(), 1), max(self.viewport().height(), 1)
        count = max(len(shown), 1)
        columns = max(range(1, count + 1), key=lambda n: min(width / n, height / -(-count // n)) if n <= 8 else 0.0)
        for view in self.planes:
            view.setVisible(view in shown)
        for place, view in enumerate(shown):
            self._grid.addWidget(view, place // columns, place % columns)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        self._arrange()

    def toggle_large(self, view: PlaneView) -> None:
        """One plane alone, or all again."""
        self._large = None if self._large is view else view
        self._arrange()

    def show_time(self, fraction: float) -> None:
        """The same fraction of the beat in every plane, each by its own R-R interval."""
        for view in self.planes:
            if view.isVisible():
                view.show_time(fraction)

    def reset(self) -> None:
        """Fit every plane."""
        for view in self.planes:
            view.reset()
