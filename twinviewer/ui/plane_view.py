"""One plane of a cine study: its frames, and over them what was delineated and where a moving model meets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPixmap, QPolygonF, QTransform

from twinviewer.domain import CineContours, CinePlane, CinePoint
from twinviewer.scene.palette import POINTS
from twinviewer.scene.slices import frame_at, plane_image
from twinviewer.ui.contour_edit import Edits, Grip
from twinviewer.ui.image_canvas import ImageCanvas, to_pixmap
from twinviewer.ui.image_display import value_words
from twinviewer.ui.plane_cross import PlaneCross
from twinviewer.ui.theme import Look

if TYPE_CHECKING:
    from twinviewer.scene.plane_lines import PlaneLines

SURE = 0.6
"""Contours of less confidence are dashed."""
CONTOUR_PX, BAND_PX, MODEL_PX = 1.6, 3.4, 1.2
"""Widths: contours alone; contours under the model, as a pale band; the model, a fine line."""
BAND_ALPHA = 120
GRIP_PX, EDIT_PX = 9.0, 2.2
"""How near the pointer must come to something to hold it; the width of what is being moved."""
POINT_PX = 2.6
"""Radius of a named point: a disc, or a ring where it is not sure."""
CONTOURS, MODEL, BOTH, NOTHING = "contours", "model", "both", "none"


class PlaneView(ImageCanvas):
    """Frames are painted once for a window and kept; lines are cut when first seen and kept."""

    windowed = Signal(float, float)
    grabbed = Signal()
    corrected = Signal(object)
    crossed = Signal(object)
    stepped = Signal(object, int)
    LEAST = (110, 100)

    def __init__(self, look: Look, plane: CinePlane, number: int, of: int) -> None:
        super().__init__(look, plane.label or f"Plane {number}")
        self.plane, self.number, self.of = plane, number, of
        self.frame_index = 0
        self.marks: list[Callable[[QPainter, PlaneView], None]] = []  # what modes paint over it
        self.window_width, self.window_level = 1.0, 0.5
        self.shown = BOTH
        self._kept: dict[int, QPixmap] = {}
        first = plane_image(plane, 0, 1.0, 0.5)
        self.spacing, self.letters = first.spacing_mm, first.letters
        self.setMinimumSize(*self.LEAST)
        self._contours: dict[int, list[tuple[QColor, bool, np.ndarray]]] = {}
        self._points: dict[int, list[tuple[QColor, bool, QPointF]]] = {}
        self.correcting = False
        self._ink: Mapping[str, str] = {}
        self._grip: Grip | None = None
        self._moved = False
        self._edits = Edits(None, 0)
        self._model: PlaneLines | None = None
        self._colours: Mapping[str, str] = {}
        self.cross: PlaneCross | None = None
        self.unit = self._value = ""
        self._region: QRectF | None = None
        self._fitted = (1.0, QPointF(0.0, 0.0))
        self._cuts: dict[int, list[tuple[QColor, QPolygonF]]] = {}

    def set_window(self, window: float, level: float) -> None:
        """Window width and level in the images' unit."""
        self.window_width, self.window_level = max(window, 1e-6), level
        self._kept.clear()
        self.update()

    def set_contours(self, contours: CineContours | None, number: int, colours: Mapping[str, str]) -> None:
        """Draw what was delineated in this plane (its place in the stack); what is not sure is dashed."""
        self._contours, self._ink = {}, colours
        self._grip, self._edits = None, Edits(contours, number)
        inverse = np.linalg.inv(self.plane.affine)
        for contour in () if contours is None else contours.contours:
            if contour.plane == number:
                pixels = contour.points_mm @ inverse[:2, :3].T + inverse[:2, 3]
                colour = QColor(colours.get(contour.structure, "#FFFFFF"))
                self._contours.setdefault(contour.phase, []).append((colour, contour.confidence < SURE, pixels))
        self._points = {}
        for point in () if contours is None else contours.points:
            if point.plane == number:
                column, row = (point.point_mm @ inverse[:2, :3].T + inverse[:2, 3]).tolist()
                self._points.setdefault(point.phase, []).append(
                    (QColor(POINTS.get(point.name, "#FFFFFF")), point.confidence < SURE, QPointF(column, row))
                )
        self.update()

    def set_model(self, lines: PlaneLines | None, colours: Mapping[str, str]) -> None:
        """Draw where a mesh meets this plane at the moment of each frame; None takes it away."""
        self._model, self._colours, self._cuts = lines, colours, {}
        self.update()

    def focus(self, region: QRectF | None) -> None:
        """Fit a region (image pixels) into the view from now on; None: the whole image."""
        if region != self._region:
            self._region = region
            self.reset()

    def reset(self) -> None:
        self.zoom, self.pan = 1.0, QPointF(0.0, 0.0)
        whole, region = self.frame(), self._region
        if region is not None and not whole.isEmpty() and not region.isEmpty():
            one, other = self.from_image(region.left(), region.top()), self.from_image(region.right(), region.bottom())
            seen = QRectF(one, other)
            zoom = min(self.width() / seen.width(), self.height() / seen.height())
            if zoom > 1.0:
                self.zoom = zoom
                self.pan = -(seen.center() - QPointF(self.width() / 2, self.height() / 2)) * zoom
        self._fitted = (self.zoom, QPointF(self.pan))
        self.update()

    def resizeEvent(self, event: object) -> None:
        """Fit again, unless the user has moved the image meanwhile."""
        if self._region is not None and (self.zoom, self.pan) == self._fitted:
            self.reset()

    def heart(self, margin_mm: float, near_mm: np.ndarray | None = None) -> QRectF | None:
        """Where the heart is in this plane, in image pixels: round all its contours, with a margin.

        near_mm: (n, 3) points of the heart on both sides of the plane, for one without contours.
        """
        lines = [outline for found in self._contours.values() for _, _, outline in found]
        if not lines and near_mm is not None and len(near_mm):
            inverse = np.linalg.inv(self.plane.affine)
            lines = [near_mm @ inverse[:2, :3].T + inverse[:2, 3]]
        if not lines:
            return None
        every = np.vstack(lines)
        low, high = every.min(axis=0), every.max(axis=0)
        region = QRectF(QPointF(*low.tolist()), QPointF(*high.tolist()))
        across, down = (margin_mm / mm for mm in self.spacing)
        return region.adjusted(-across, -down, across, down)

    def show_outlines(self, what: str) -> None:
        """One of CONTOURS, MODEL, BOTH, NOTHING."""
        if what != self.shown:
            self.shown = what
            self.update()

    def cut(self, frame: int) -> list[tuple[QColor, QPolygonF]]:
        """The model's lines in one frame, in image pixels."""
        if self._model is None:
            return []
        if frame not in self._cuts:
            self._cuts[frame] = [
                (QColor(self._colours.get(name, "#FFFFFF")), _polygon(line))
                for name, lines in self._model.at(self.number - 1, frame).items()
                for line in lines
            ]
        return self._cuts[frame]

    @property
    def prepare_left(self) -> int:
        """How many frames have not been cut yet."""
        return 0 if self._model is None else len(self.plane.frames) - len(self._cuts)

    def prepare(self) -> None:
        """Cut one frame that has not been seen yet."""
        if self.prepare_left:
            self.cut(next(frame for frame in range(len(self.plane.frames)) if frame not in self._cuts))

    def show_time(self, fraction: float) -> None:
        """Show the frame that this plane's own beat has at a fraction 0..1 of the beat."""
        index = frame_at(self.plane, fraction)
        if index != self.frame_index:
            self.frame_index = index
            self.update()

    def affine(self) -> np.ndarray | None:
        return self.plane.affine

    def picture(self) -> tuple[QPixmap, tuple[float, float]] | None:
        index = self.frame_index
        if index not in self._kept:
            self._kept[index] = to_pixmap(plane_image(self.plane, index, self.window_width, self.window_level).rgb)
        return self._kept[index], self.spacing

    def window_by(self, width: float, level: float) -> None:
        reach = max(self.window_width, 1e-6)
        self.windowed.emit(self.window_width + 2 * reach * width, self.window_level + 1.5 * reach * level)

    def hover(self, point: QPointF, event: QMouseEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.crossed.emit(PlaneCross(self._to_mm(event.position()), self.plane))
        frame, column, row = self.plane.frames[self.frame_index], round(point.x()), round(point.y())
        inside = 0 <= row < frame.shape[0] and 0 <= column < frame.shape[1]
        text = value_words(float(frame[row, column]), self.unit) if inside else ""
        if text != self._value:
            self._value = text
            self.update()

    def step(self, by: int) -> None:
        self.stepped.emit(self, by)

    def leaveEvent(self, event: object) -> None:
        self._value = ""
        self.update()

    def overlay(self, painter: QPainter) -> None:
        self._draw_lines(painter)
        if self.cross is not None:
            self.cross.draw(painter, self)
        a = Qt.AlignmentFlag
        self.corner(painter, self._value, a.AlignTop | a.AlignRight)
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
        for mark in self.marks:
            mark(painter, self)

    def _draw_lines(self, painter: QPainter) -> None:
        found = self._contours.get(self.frame_index, []) if self.shown in (CONTOURS, BOTH) else []
        contours = [(colour, unsure, _polygon(pixels)) for colour, unsure, pixels in found]
        cuts = self.cut(self.frame_index) if self.shown in (MODEL, BOTH) else []
        points = self._points.get(self.frame_index, []) if self.shown in (CONTOURS, BOTH) else []
        rect, image = self.frame(), self.picture()
        if image is None or not (contours or cuts or points):
            return
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ratio = self.devicePixelRatioF()
        scale_x, scale_y = rect.width() / image[0].width(), rect.height() / image[0].height()
        painter.setTransform(  # image pixels, whose centres are whole numbers, to the widget's
            QTransform(scale_x, 0, 0, scale_y, rect.left() + 0.5 * scale_x, rect.top() + 0.5 * scale_y),
            combine=True,
        )
        for colour, unsure, outline in contours:
            ink = QColor(colour)
            ink.setAlpha(BAND_ALPHA if cuts else 255)
            style = Qt.PenStyle.DashLine if unsure else Qt.PenStyle.SolidLine
            painter.setPen(_pen(ink, ratio * (BAND_PX if cuts else CONTOUR_PX), style))
            painter.drawPolygon(outline)
        for colour, line in cuts:
            painter.setPen(_pen(colour, ratio * MODEL_PX))
            painter.drawPolyline(line)
        for colour, outline in self._drawn_edits():
            if outline.count() > 1:
                painter.setPen(_pen(colour, ratio * EDIT_PX))
                painter.drawPolygon(outline)
            else:
                points = [*points, (colour, False, outline.first())]
        painter.restore()
        for colour, unsure, place in points:
            painter.setPen(QPen(colour, 1.4))
            painter.setBrush(Qt.BrushStyle.NoBrush if unsure else colour)
            painter.drawEllipse(self.from_image(place.x(), place.y()), POINT_PX, POINT_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # Corrections by hand ---------------------------------------------------------------------------------------

    def set_correcting(self, on: bool) -> None:
        """While on, a drag of a contour or valve point moves it; elsewhere it windows, as ever."""
        self.correcting = on
        self.unsetCursor()

    def _to_mm(self, place: QPointF) -> np.ndarray:
        spot = self.to_image(place)
        return (self.plane.affine @ [spot.x(), spot.y(), 0.0, 1.0])[:3]

    def _under(self, place: QPointF) -> Grip | None:
        if not self.correcting or self.shown not in (CONTOURS, BOTH):
            return None
        mm_per_px = self.spacing[0] * (self.to_image(QPointF(1, 0)).x() - self.to_image(QPointF()).x())
        return self._edits.under(self._to_mm(place), self.frame_index, GRIP_PX * mm_per_px)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.correcting:
            self.grabbed.emit()  # the beat stands still first, so that what is seen is what is held
            self._grip, self._moved = self._under(event.position()), False
            if self._grip is not None:
                self.activated.emit(self)
                return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            if self.correcting and event.buttons() == Qt.MouseButton.NoButton:
                held = self._under(event.position()) is not None
                self.setCursor(Qt.CursorShape.OpenHandCursor if held else Qt.CursorShape.ArrowCursor)
            super().mouseMoveEvent(event)
            return
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        edit = self._grip.moved(self._to_mm(event.position()) - self._grip.place_mm)
        self._edits.put(edit)
        self._moved = True
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, self._grip = self._grip, None
        super().mouseReleaseEvent(event)
        if held is not None and self._moved:  # it stays in view until the case has it, or refuses it
            self.corrected.emit(self._edits.now(held.what))

    def _drawn_edits(self) -> list[tuple[QColor, QPolygonF]]:
        """What has been moved in this frame and is not in the case yet, in image pixels."""
        inverse, drawn = np.linalg.inv(self.plane.affine), []
        for edit in self._edits.moved(self.frame_index):
            if isinstance(edit, CinePoint):
                points, colour = edit.point_mm[None], POINTS.get(edit.name, "#FFFFFF")
            else:
                points, colour = edit.points_mm, self._ink.get(edit.structure, "#FFFFFF")
            drawn.append((QColor(colour).lighter(135), _polygon(points @ inverse[:2, :3].T + inverse[:2, 3])))
        return drawn

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.maximise.emit(self)


def _polygon(pixels: np.ndarray) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in pixels.tolist()])


def _pen(colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(colour, width, style)
    pen.setCosmetic(True)  # widths are in the screen's pixels whatever the zoom
    return pen
