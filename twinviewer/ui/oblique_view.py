"""One cardiac view: an oblique slice that fills its pane, the lines of its sisters to turn and move them by."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPixmap, QWheelEvent

from twinviewer.geometry.cardiac_planes import SHORT, VIEWS, Plane
from twinviewer.scene.slices import letters_of
from twinviewer.ui.cardiac_state import CardiacState
from twinviewer.ui.image_canvas import ImageCanvas, to_pixmap
from twinviewer.ui.sister_lines import VIEW_COLOURS, Held, SisterLines
from twinviewer.ui.theme import Look

if TYPE_CHECKING:
    from twinviewer.scene.oblique import Raster

TURN_DEG = 2.0
MARGIN_MM = 14.0
FINE_MS = 140
"""When the pointer rests for so long, a coarse image is made again in full."""
SLOW_S = 0.012
"""A slice that takes longer is made with half the pixels across while something moves."""
MOST_PIXELS = 700_000
SAME_MM = 0.5


class ObliqueView(ImageCanvas):
    """A view of VIEWS.

    Wheel: slices; with Shift it turns about the upright, with Alt it tilts. Left and right arrows turn, with Shift up
    and down tilt. Lines of other views: dragged by their middle they move, by their ends they turn.
    marks: what modes paint over it, in widget pixels, after everything else.
    """

    def __init__(self, look: Look, state: CardiacState, name: str) -> None:
        super().__init__(look, VIEWS[name])
        self.state, self.name = state, name
        self.marks: list[Callable[[QPainter, ObliqueView], None]] = []
        self._region: tuple[float, float, float, float] | None = None
        self._region_of: object = None
        self._kept: tuple[tuple[object, ...], QPixmap, Raster] | None = None
        self._segments: tuple[tuple[object, ...], dict[str, list[QLineF]]] | None = None
        self._raster: tuple[tuple[object, ...], Raster] | None = None
        self.sisters = SisterLines(self)
        self._held: Held | None = None
        self._under = ""
        self._coarse = self._slow = False
        self.took_s = 0.0
        self._fine = QTimer(self)
        self._fine.setSingleShot(True)
        self._fine.setInterval(FINE_MS)
        self._fine.timeout.connect(self._refine)
        state.changed.connect(self._stale)

    # Where it looks --------------------------------------------------------------------------------------------

    def _stale(self) -> None:
        if self.isVisible():
            if self._slow:
                self._coarse = True
                self._fine.start()
            self.update()

    def _refine(self) -> None:
        if self._coarse:
            self._coarse = False
            self.update()

    def region(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) in mm of the plane's origin: the heart with a margin, found once a heart."""
        state = self.state
        first = state.first.get(self.name)
        if self._region is None or self._region_of is not first:
            self._region_of = first
            if first is not None and state.lines is not None:
                from twinviewer.scene.oblique_lines import extent_mm

                mesh = state.lines.mesh
                names = ("myocardium", "epicardium", "la", "ra")
                nodes = [mesh.surfaces[n].ravel() for n in names if len(mesh.surfaces.get(n, ()))]
                points = mesh.points_mm[np.unique(np.concatenate(nodes))] if nodes else mesh.points_mm
                left, top, right, bottom = extent_mm(first, points, 8.0)
                self._region = left - MARGIN_MM, top - MARGIN_MM, right + MARGIN_MM, bottom + MARGIN_MM
            else:
                long = 100.0 if state.frame is None else state.frame.length_mm
                below = (0.85 * long, 1.25 * long) if self.name != SHORT else (0.75 * long, 0.75 * long)
                self._region = -0.85 * long, -below[0], 0.75 * long, below[1]
        return self._region

    def mm_per_px(self) -> float:
        """Of the widget's pixels, at the present zoom."""
        left, top, right, bottom = self.region()
        return max((right - left) / max(self.width(), 1), (bottom - top) / max(self.height(), 1)) / self.zoom

    def raster(self) -> Raster | None:
        """The pixels that are made now; None without a plane."""
        from twinviewer.scene.oblique import Raster

        plane = self.state.shown(self.name)
        if plane is None:
            return None
        where = id(plane) if self.state.cine is None else (*plane.origin_mm, *plane.normal)
        seen = (self.width(), self.height(), self.devicePixelRatioF(), self.zoom, self.pan.x(), self.pan.y())
        key = (where, *seen, self._coarse, self.region())
        if self._raster is not None and self._raster[0] == key:
            return self._raster[1]
        left, top, right, bottom = self.region()
        mm, ratio = self.mm_per_px(), self.devicePixelRatioF()
        centre = (left + right) / 2 - self.pan.x() * mm, (top + bottom) / 2 - self.pan.y() * mm
        wide, high = self.width() * ratio, self.height() * ratio
        shrink = max(1.0, float(np.sqrt(wide * high / MOST_PIXELS)), 2.0 if self._coarse else 1.0)
        columns, rows = max(int(round(wide / shrink)), 2), max(int(round(high / shrink)), 2)
        self._raster = key, Raster(plane, centre, (columns, rows), self.width() * mm / columns)
        return self._raster[1]

    def frame(self) -> QRectF:
        """The image fills the pane, whatever the zoom."""
        return QRectF(self.rect()) if self.state.planes.get(self.name) is not None else QRectF()

    def picture(self) -> tuple[QPixmap, tuple[float, float]] | None:
        raster = self.raster()
        if raster is None or self.width() < 4 or self.height() < 4:
            return None
        plane = raster.plane
        where = (*plane.origin_mm, *plane.right, *plane.down, *raster.centre, raster.size, raster.mm_per_px)
        key = (*where, self._coarse, *self.state.key())
        if self._kept is None or self._kept[0] != key:
            start = time.perf_counter()
            pixels = self.state.pixels(self.name, raster, self._coarse)
            if pixels is None:
                return None
            self._kept = key, to_pixmap(np.ascontiguousarray(pixels)), raster
            self.took_s = time.perf_counter() - start
            if not self._coarse:
                self._slow = self.took_s > SLOW_S
        return self._kept[1], (self._kept[2].mm_per_px, self._kept[2].mm_per_px)

    def affine(self) -> NDArray[np.float64] | None:
        raster = self.raster()
        return None if raster is None else raster.affine

    @property
    def pixels_per_mm(self) -> float:
        """How large a millimetre is drawn."""
        return 1.0 / self.mm_per_px()

    @property
    def normal(self) -> NDArray[np.float64] | None:
        """(3,) unit LPS vector across the slice; None without an image."""
        plane = self.state.shown(self.name)
        return None if plane is None else plane.normal

    # What is drawn over it ---------------------------------------------------------------------------------------

    def overlay(self, painter: QPainter) -> None:
        plane, a = self.state.shown(self.name), Qt.AlignmentFlag
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(VIEW_COLOURS[self.name]))
        painter.drawRoundedRect(QRectF(8, 9, 3, 11), 1.5, 1.5)
        painter.translate(8, 0)
        self.corner(painter, self.title, a.AlignTop | a.AlignLeft, strong=True)
        painter.translate(-8, 0)
        if plane is None:
            return
        if self._kept is None:
            self.corner(painter, "This study has no such plane", a.AlignCenter)
            return
        self._draw_outlines(painter)
        if self.state.display.cross_shown:
            self.sisters.draw(painter, "" if self._held is None else self._held.name)
        left, right, top, bottom = letters_of(plane.right, plane.down)
        for letter, where in (
            (left, a.AlignLeft | a.AlignVCenter),
            (right, a.AlignRight | a.AlignVCenter),
            (top, a.AlignTop | a.AlignHCenter),
            (bottom, a.AlignBottom | a.AlignHCenter),
        ):
            self.corner(painter, letter, where, strong=True)
        self._corners(painter, plane)
        for mark in self.marks:
            mark(painter, self)

    def _corners(self, painter: QPainter, plane: Plane) -> None:
        a, state = Qt.AlignmentFlag, self.state
        note, frame, wide = state.note(self.name), state.frame, self.width() > 330
        over = state.fused_note(self.name, self._kept[2] if self._kept is not None else None)
        lines = ["moved by hand"] if state.by_hand(self.name) else []
        if self.name == SHORT and frame is not None:
            height = float((plane.origin_mm - frame.apex_mm) @ frame.up)
            lines.append(f"{height:.0f} of {frame.length_mm:.0f} mm" + (" from the apex" if wide else ""))
        self.corner(painter, "\n".join([*lines, *filter(None, (note, over))]), a.AlignBottom | a.AlignLeft)
        if not state.is_cine and self.width() > 260:
            d = state.display
            self.corner(painter, f"W {d.window:.0f}  L {d.level:.0f}", a.AlignBottom | a.AlignRight)
        self.corner(painter, self._under, a.AlignTop | a.AlignRight)

    def _draw_outlines(self, painter: QPainter) -> None:
        state, raster = self.state, self._kept[2] if self._kept is not None else None
        if not state.outlines or state.lines is None or state.points_mm is None or raster is None:
            return
        plane = raster.plane
        key = (id(state.lines), id(state.points_mm), *plane.origin_mm, *plane.normal, *raster.centre, self.mm_per_px(),
               self.width(), self.height())  # fmt: skip
        if self._segments is None or self._segments[0] != key:
            rect, (columns, rows) = self.frame(), raster.size
            found: dict[str, list[QLineF]] = {}
            for name, ends in state.lines.at(plane, state.points_mm).items():
                if len(ends):
                    at = (raster.to_pixels(ends) + 0.5) * [rect.width() / columns, rect.height() / rows]
                    found[name] = [QLineF(x1, y1, x2, y2) for x1, y1, x2, y2 in at.reshape(-1, 4).tolist()]
            self._segments = key, found
        for name, lines in self._segments[1].items():
            painter.setPen(QPen(QColor(state.line_colours.get(name, "#FFFFFF")), 1.3))
            painter.drawLines(lines)

    def drawn_mm(self) -> list[tuple[str, NDArray[np.float64]]]:
        """(colour, (s, 2, 3) LPS ends of segments) of the outlines that are drawn."""
        state, plane = self.state, self.state.shown(self.name)
        if not state.outlines or state.lines is None or state.points_mm is None or plane is None:
            return []
        found = state.lines.at(plane, state.points_mm)
        return [(state.line_colours.get(name, "#FFFFFF"), ends) for name, ends in found.items() if len(ends)]

    # The hand ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.state.active = self.name
        found = self.sisters.at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if found is not None and not shift:
            self._held = Held(found[0], found[1], event.position())
            self.activated.emit(self)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            if event.buttons() == Qt.MouseButton.NoButton:
                over = self.sisters.at(event.position())
                shapes = {True: Qt.CursorShape.SizeBDiagCursor, False: Qt.CursorShape.OpenHandCursor}
                self.setCursor(Qt.CursorShape.ArrowCursor if over is None else shapes[over[1]])
            super().mouseMoveEvent(event)
            return
        self._held = self.sisters.drag(self._held, event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
        super().mouseReleaseEvent(event)
        self.update()

    def step(self, by: int) -> None:
        self.state.step(self.name, by)

    def window_by(self, width: float, level: float) -> None:
        s = self.state
        if s.is_cine:
            reach = max(s.window, 1e-6)
            s.set_window(s.window + 2 * reach * width, s.level + 1.5 * reach * level)
        elif s.display.volume is not None:
            d = s.display
            reach = max(d.own_window[0], 200.0) if s.display.volume.modality == "CT" else d.own_window[0]
            d.set_window(d.window + width * 2.0 * reach, d.level + level * 1.5 * reach)

    def hover(self, point: QPointF, event: QMouseEvent) -> None:
        place = self.place_mm(event.position())
        if place is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.state.set_cross(place, self.name)
        text = self.state.value_at(place, self.name)
        if text != self._under:
            self._under = text
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._under = ""
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        keys, turned = event.modifiers(), event.angleDelta()
        shift, alt = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
        if keys & (shift | alt) and not keys & Qt.KeyboardModifier.ControlModifier:
            notches = (turned.y() or turned.x()) / 120.0
            self.state.turn(self.name, TURN_DEG * notches, tilt=bool(keys & alt))
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: object) -> None:
        key, shift = event.key(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier  # type: ignore[attr-defined]
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.state.turn(self.name, TURN_DEG if key == Qt.Key.Key_Right else -TURN_DEG)
        elif shift and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.state.turn(self.name, TURN_DEG if key == Qt.Key.Key_Up else -TURN_DEG, tilt=True)
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type]
