"""One cardiac view: an oblique slice that fills its pane, the lines of its sisters to turn and move them by."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPixmap, QWheelEvent

from twinviewer.geometry.cardiac_planes import FOUR, SHORT, THREE, TWO, VIEWS, Plane, cross
from twinviewer.scene.slices import letters_of
from twinviewer.ui.cardiac_state import CardiacState
from twinviewer.ui.image_canvas import ImageCanvas, to_pixmap
from twinviewer.ui.theme import Look

if TYPE_CHECKING:
    from twinviewer.scene.oblique import Raster

VIEW_COLOURS = {SHORT: "#E5B454", FOUR: "#5BC58C", TWO: "#D98FD0", THREE: "#6FA8E8"}
"""Each view's colour: of its mark, of its line in the other views, and of its frame in 3D."""
GRAB_PX = 6.0
TURN_BEYOND = 0.45
"""A line held farther out than this share of its half turns; nearer to its middle it moves."""
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
        self._held: tuple[str, bool, QPointF] | None = None
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
            self._draw_sisters(painter)
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
        lines = ["moved by hand"] if state.by_hand(self.name) else []
        if self.name == SHORT and frame is not None:
            height = float((plane.origin_mm - frame.apex_mm) @ frame.up)
            lines.append(f"{height:.0f} of {frame.length_mm:.0f} mm" + (" from the apex" if wide else ""))
        self.corner(painter, "\n".join([*lines, *([note] if note else [])]), a.AlignBottom | a.AlignLeft)
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

    def _sisters(self) -> dict[str, tuple[QPointF, QPointF]]:
        """Where other views cut this one: (a point that it turns about, unit direction), in widget pixels."""
        own, found = self.state.shown(self.name), {}
        if own is None:
            return {}
        for name in self.state.planes:
            other = self.state.shown(name)
            if name == self.name or other is None:
                continue
            along = cross(own.normal, other.normal)
            if np.linalg.norm(along) < 0.17:  # less than 10 degrees between them
                continue
            along = along / np.linalg.norm(along)
            inward = cross(other.normal, along)  # in the other plane, towards this one
            pivot = other.origin_mm + inward * (
                float((own.origin_mm - other.origin_mm) @ own.normal) / float(inward @ own.normal)
            )
            point, _ = self.point_of(pivot)
            ahead, _ = self.point_of(pivot + 10.0 * along)
            length = max(QLineF(point, ahead).length(), 1e-6)
            found[name] = point, (ahead - point) / length
        long = [name for name in found if name != SHORT]
        if self.name != SHORT:  # the long axes all meet in the ventricle's axis: one line says so
            for name in long[1:]:
                found.pop(name)
            for name in long[:1]:
                found.pop(name)
        return found

    def _draw_sisters(self, painter: QPainter) -> None:
        reach = float(self.width() + self.height())
        for name, (point, along) in self._sisters().items():
            colour = QColor(VIEW_COLOURS[name])
            colour.setAlpha(150 if self._held is None or self._held[0] != name else 255)
            painter.setPen(QPen(colour, 1.0))
            gap = 10.0
            for side in (-1.0, 1.0):
                painter.drawLine(QLineF(point + along * side * gap, point + along * side * reach))
            painter.setBrush(colour)
            half = self._half(point, along)
            for side in (-1.0, 1.0):
                painter.drawEllipse(point + along * side * half * 0.8, 2.4, 2.4)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        here = self.state.cross_mm
        if here is not None:
            point, away = self.point_of(here)
            if abs(away) < SAME_MM * 4:
                painter.setPen(QPen(QColor("#E6EAF0"), 1.0))
                for dx, dy in ((6.0, 0.0), (0.0, 6.0)):
                    painter.drawLine(QLineF(point.x() - dx, point.y() - dy, point.x() + dx, point.y() + dy))

    def _half(self, point: QPointF, along: QPointF) -> float:
        """How far a line reaches to the nearer edge of the pane."""
        spans = []
        for at, step, size in ((point.x(), along.x(), self.width()), (point.y(), along.y(), self.height())):
            if abs(step) > 1e-6:
                spans += [abs((0 - at) / step), abs((size - at) / step)]
        return max(min(spans, default=60.0), 30.0)

    # The hand ----------------------------------------------------------------------------------------------------

    def _line_at(self, place: QPointF) -> tuple[str, bool] | None:
        """(view, whether it would be turned) of the sister's line under the pointer."""
        if not self.state.display.cross_shown:
            return None
        for name, (point, along) in self._sisters().items():
            away = place - point
            aside = abs(away.x() * along.y() - away.y() * along.x())
            far = abs(away.x() * along.x() + away.y() * along.y())
            if aside < GRAB_PX and far > 4.0:
                return name, far > TURN_BEYOND * self._half(point, along)
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.state.active = self.name
        found = self._line_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if found is not None and not shift:
            self._held = found[0], found[1], event.position()
            self.activated.emit(self)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            if event.buttons() == Qt.MouseButton.NoButton:
                over = self._line_at(event.position())
                shapes = {True: Qt.CursorShape.SizeBDiagCursor, False: Qt.CursorShape.OpenHandCursor}
                self.setCursor(Qt.CursorShape.ArrowCursor if over is None else shapes[over[1]])
            super().mouseMoveEvent(event)
            return
        name, turns, last = self._held
        own, plane, now = self.state.shown(self.name), self.state.planes.get(name), event.position()
        sister = self._sisters().get(name)
        if own is None or plane is None or sister is None:
            return
        if turns:
            one, other = QLineF(sister[0], last), QLineF(sister[0], now)
            degrees = -one.angleTo(other)  # Qt counts angles against the clock, the image's normal turns with it
            plane = plane.turned(own.normal, degrees, plane.origin_mm)
        else:
            before, after = self.place_mm(last), self.place_mm(now)
            if before is not None and after is not None:
                plane = plane.moved(float((after - before) @ plane.normal))
        self._held = name, turns, now
        self.state.put(name, plane)

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
        text = self.state.value_at(place)
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
