"""One plane of a cine study: its frames, and over them what was delineated and where a moving model meets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPixmap, QPolygonF

from twinviewer.domain import CineContours, CinePlane, CinePoint
from twinviewer.scene.palette import POINTS
from twinviewer.scene.slices import fraction_of, frame_at, plane_image
from twinviewer.ui.contour_edit import Edits, Grip
from twinviewer.ui.image_canvas import ImageCanvas, to_pixmap
from twinviewer.ui.image_display import value_words
from twinviewer.ui.plane_cross import PlaneCross
from twinviewer.ui.plane_drawing import BOTH, CONTOURS, PlaneDrawing, polygon
from twinviewer.ui.theme import Look, ui_font

if TYPE_CHECKING:
    from twinviewer.scene.fusion import Fused
    from twinviewer.scene.plane_lines import PlaneLines

GRIP_PX = 9.0
"""How near the pointer must come to something to hold it."""


class PlaneView(ImageCanvas):
    """Frames are painted once for a window and kept. ``drawing``: what lies over them."""

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
        self._kept: dict[int, QPixmap] = {}
        self.fused: Fused | None = None
        self._fused_notes: list[str] = []
        self._brief_notes: list[str] = []
        first = plane_image(plane, 0, 1.0, 0.5)
        self.spacing, self.letters = first.spacing_mm, first.letters
        self.setMinimumSize(*self.LEAST)
        self.drawing = PlaneDrawing(plane, number, first.spacing_mm)
        self.correcting = False
        self._grip: Grip | None = None
        self._moved = False
        self._edits = Edits(None, 0)
        self.cross: PlaneCross | None = None
        self.unit = self._value = ""
        self._region: QRectF | None = None
        self._fitted = (1.0, QPointF(0.0, 0.0))

    def set_window(self, window: float, level: float) -> None:
        """Window width and level in the images' unit."""
        self.window_width, self.window_level = max(window, 1e-6), level
        self._kept.clear()
        self.update()

    def set_fused(self, fused: Fused | None) -> None:
        """Lay a second series over every frame, sampled on this plane where the scanner had it; None takes it away.
        Called again when its look has changed."""
        self.fused = fused
        rows, columns = self.plane.frames.shape[1:]
        where = self.plane.affine, (columns, rows)
        self._fused_notes = [] if fused is None else fused.notes(*where)
        self._brief_notes = [] if fused is None else fused.notes(*where, brief=True)
        self._kept.clear()
        self.update()

    def set_contours(self, contours: CineContours | None, number: int, colours: Mapping[str, str]) -> None:
        """Draw what was delineated in this plane (its place in the stack); what is not sure is dashed."""
        self._grip, self._edits = None, Edits(contours, number)
        self.drawing.set_contours(contours, number, colours)
        self.update()

    def set_model(self, lines: PlaneLines | None, colours: Mapping[str, str]) -> None:
        """Draw where a mesh meets this plane at the moment of each frame; None takes it away."""
        self.drawing.set_model(lines, colours)
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

    def show_outlines(self, what: str) -> None:
        """One of CONTOURS, MODEL, BOTH, NOTHING."""
        if what != self.drawing.shown:
            self.drawing.shown = what
            self.update()

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
            rgb = plane_image(self.plane, index, self.window_width, self.window_level).rgb
            if self.fused is not None:
                rgb = self.fused.over(rgb, self.plane.grid.affine, 100.0 * fraction_of(self.plane, index))
            self._kept[index] = to_pixmap(rgb)
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
        if self.fused is not None:
            place, moment = self._to_mm(event.position()), 100.0 * fraction_of(self.plane, self.frame_index)
            text = "\n".join(filter(None, (text, self.fused.said_at(place, moment))))
        if text != self._value:
            self._value = text
            self.update()

    def step(self, by: int) -> None:
        self.stepped.emit(self, by)

    def leaveEvent(self, event: object) -> None:
        self._value = ""
        self.update()

    def overlay(self, painter: QPainter) -> None:
        self.drawing.draw(painter, self, self.frame_index, self._drawn_edits())
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
        metrics, room = QFontMetricsF(ui_font(11)), self.width() - 16.0
        fits = all(metrics.horizontalAdvance(note) <= room for note in self._fused_notes)
        notes = self._fused_notes if fits else self._brief_notes
        self.corner(painter, "\n".join([*notes, f"{self.number}/{self.of}"]), a.AlignBottom | a.AlignLeft)
        for mark in self.marks:
            mark(painter, self)

    def drawn_mm(self) -> list[tuple[str, float, bool, np.ndarray]]:
        """(colour, width, dashed, (s, 2, 3) LPS ends of segments) of the lines and points that are drawn."""
        return self.drawing.drawn_mm(self.frame_index, self.pixels_per_mm)

    # Corrections by hand ---------------------------------------------------------------------------------------

    def set_correcting(self, on: bool) -> None:
        """While on, a drag of a contour or valve point moves it; elsewhere it windows, as ever."""
        self.correcting = on
        self.unsetCursor()

    def _to_mm(self, place: QPointF) -> np.ndarray:
        spot = self.to_image(place)
        return (self.plane.affine @ [spot.x(), spot.y(), 0.0, 1.0])[:3]

    def _under(self, place: QPointF) -> Grip | None:
        if not self.correcting or self.drawing.shown not in (CONTOURS, BOTH):
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
        drawn = []
        for edit in self._edits.moved(self.frame_index):
            if isinstance(edit, CinePoint):
                points, colour = edit.point_mm[None], POINTS.get(edit.name, "#FFFFFF")
            else:
                points, colour = edit.points_mm, self.drawing.ink.get(edit.structure, "#FFFFFF")
            drawn.append((QColor(colour).lighter(135), polygon(self.drawing.pixels(points))))
        return drawn

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.maximise.emit(self)
