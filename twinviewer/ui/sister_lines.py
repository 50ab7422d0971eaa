"""Where the other cardiac views cut one of them: lines that can be turned by their ends and moved by their middles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from twinviewer.geometry.cardiac_planes import FOUR, SHORT, THREE, TWO, cross

if TYPE_CHECKING:
    from twinviewer.ui.oblique_view import ObliqueView

VIEW_COLOURS = {SHORT: "#E5B454", FOUR: "#5BC58C", TWO: "#D98FD0", THREE: "#6FA8E8"}
"""Each view's colour: of its mark, of its line in the other views, and of its frame in 3D."""
GRAB_PX, GAP_PX = 6.0, 10.0
TURN_BEYOND, KNOB_AT = 0.45, 0.8
"""A line held farther out than this share of its half turns; nearer to its middle it moves. Where its knobs are."""
LEAST_SINE = 0.17
"""Planes less than 10 degrees apart have no line in common that would say anything."""
CROSS_MM = 2.0


@dataclass(frozen=True, slots=True)
class Held:
    """A line in the hand: of which view, whether it is turned or moved, and where it was held last."""

    name: str
    turns: bool
    last: QPointF


class SisterLines:
    """The lines in one view."""

    def __init__(self, view: ObliqueView) -> None:
        self.view = view

    def found(self) -> dict[str, tuple[QPointF, QPointF]]:
        """By view: (the point that its line turns about, unit direction), in widget pixels.

        Long axes all meet in the ventricle's own, so that among themselves they show no line.
        """
        view, state = self.view, self.view.state
        own, lines = state.shown(view.name), {}
        if own is None:
            return {}
        for name in state.planes:
            other = state.shown(name)
            if name == view.name or other is None or SHORT not in (name, view.name):
                continue
            along = cross(own.normal, other.normal)
            if np.linalg.norm(along) < LEAST_SINE:
                continue
            along = along / np.linalg.norm(along)
            inward = cross(other.normal, along)  # in the other plane, towards this one
            pivot = other.origin_mm + inward * (
                float((own.origin_mm - other.origin_mm) @ own.normal) / float(inward @ own.normal)
            )
            point, _ = view.point_of(pivot)
            ahead, _ = view.point_of(pivot + 10.0 * along)
            lines[name] = point, (ahead - point) / max(QLineF(point, ahead).length(), 1e-6)
        return lines

    def half(self, point: QPointF, along: QPointF) -> float:
        """How far a line reaches to the nearer edge of the pane."""
        spans = []
        for at, step, size in ((point.x(), along.x(), self.view.width()), (point.y(), along.y(), self.view.height())):
            if abs(step) > 1e-6:
                spans += [abs((0 - at) / step), abs((size - at) / step)]
        return max(min(spans, default=60.0), 30.0)

    def draw(self, painter: QPainter, held: str) -> None:
        """All lines, that of the view in the hand in full colour, and the crosshair where it lies in the plane."""
        view = self.view
        reach = float(view.width() + view.height())
        for name, (point, along) in self.found().items():
            colour = QColor(VIEW_COLOURS[name])
            colour.setAlpha(255 if held == name else 150)
            painter.setPen(QPen(colour, 1.0))
            painter.setBrush(colour)
            knob = self.half(point, along) * KNOB_AT
            for side in (-1.0, 1.0):
                painter.drawLine(QLineF(point + along * side * GAP_PX, point + along * side * reach))
                painter.drawEllipse(point + along * side * knob, 2.4, 2.4)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        here = view.state.cross_mm
        if here is None:
            return
        point, away = view.point_of(here)
        if abs(away) < CROSS_MM:
            painter.setPen(QPen(QColor("#E6EAF0"), 1.0))
            for dx, dy in ((6.0, 0.0), (0.0, 6.0)):
                painter.drawLine(QLineF(point.x() - dx, point.y() - dy, point.x() + dx, point.y() + dy))

    def at(self, place: QPointF) -> tuple[str, bool] | None:
        """(view, whether it would be turned) of the line under the pointer."""
        if not self.view.state.display.cross_shown:
            return None
        for name, (point, along) in self.found().items():
            away = place - point
            aside = abs(away.x() * along.y() - away.y() * along.x())
            far = abs(away.x() * along.x() + away.y() * along.y())
            if aside < GRAB_PX and far > 4.0:
                return name, far > TURN_BEYOND * self.half(point, along)
        return None

    def drag(self, held: Held, now: QPointF) -> Held:
        """Turn or move the plane of a line with the pointer."""
        view, state = self.view, self.view.state
        own, plane = state.shown(view.name), state.planes.get(held.name)
        line = self.found().get(held.name)
        if own is None or plane is None or line is None:
            return held
        if held.turns:  # Qt counts angles against the clock, the image's normal turns with it
            degrees = -QLineF(line[0], held.last).angleTo(QLineF(line[0], now))
            plane = plane.turned(own.normal, degrees, plane.origin_mm)
        else:
            before, after = view.place_mm(held.last), view.place_mm(now)
            if before is not None and after is not None:
                plane = plane.moved(float((after - before) @ plane.normal))
        state.put(held.name, plane)
        return Held(held.name, held.turns, now)
