"""The lines of the two other slices in one slice: held near their crossing they move, farther out they turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

if TYPE_CHECKING:
    from twinviewer.ui.slice_view import SliceView

AXIS_COLOURS = {"axial": "#E5B454", "coronal": "#5BC58C", "sagittal": "#D98FD0"}
"""Each orientation's colour: of its title mark, and of its line in the other views."""
GAP_PX, GRAB_PX = 9.0, 5.0
TURN_BEYOND = 0.55
"""A line held farther out than this share of its half turns, nearer to the crossing it moves."""
KNOB_AT = 0.8
REST, HELD = 120, 255


@dataclass(frozen=True, slots=True)
class Grip:
    """What is in the hand: the slice whose line it is ("" is the crossing itself), and whether it is turned."""

    name: str
    turns: bool
    last: QPointF


class CrossLines:
    """Found from where the slices lie, so that they are right whether these are turned or not."""

    def __init__(self, view: SliceView) -> None:
        self.view = view

    def centre(self) -> QPointF:
        """The crosshair in the widget."""
        return self.view.point_of(self.view.display.cross_mm)[0]

    def ways(self) -> dict[str, QPointF]:
        """By orientation: the unit direction of its line in this widget."""
        view = self.view
        axes = view.display.axes
        if axes is None:
            return {}
        own, here, found = axes.normals[view.orientation], view.display.cross_mm, {}
        start = view.point_of(here)[0]
        for name, normal in axes.normals.items():
            if name != view.orientation:
                end = view.point_of(here + 20.0 * np.cross(own, normal))[0]
                length = QLineF(start, end).length()
                if length > 1e-6:
                    found[name] = (end - start) / length
        return found

    def _reach(self) -> float:
        """How far from the crossing the knobs stand: within the picture that is in sight."""
        rect = self.view.frame().intersected(self.view.rect().toRectF())
        return max(0.5 * min(rect.width(), rect.height()), 40.0)

    def draw(self, painter: QPainter, held: Grip | None, *, knobs: bool) -> None:
        """All lines; with knobs where they are taken to turn."""
        centre, rect = self.centre(), self.view.frame()
        far = float(self.view.width() + self.view.height()) + max(rect.width(), rect.height())
        painter.save()
        painter.setClipRect(rect)
        for name, way in self.ways().items():
            colour = QColor(AXIS_COLOURS[name])
            colour.setAlpha(HELD if held is not None and held.name == name else REST)
            painter.setPen(QPen(colour, 1.0))
            painter.setBrush(colour)
            for side in (-1.0, 1.0):
                painter.drawLine(QLineF(centre + way * side * GAP_PX, centre + way * side * far))
                if knobs:
                    painter.drawEllipse(centre + way * side * KNOB_AT * self._reach(), 2.6, 2.6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.restore()

    def at(self, place: QPointF) -> Grip | None:
        """What would be taken up there; None beside the lines."""
        if self.view.slice() is None or not self.view.display.cross_shown:
            return None
        away = place - self.centre()
        if QPointF.dotProduct(away, away) < GAP_PX**2:
            return Grip("", False, place)
        for name, way in self.ways().items():
            aside = abs(away.x() * way.y() - away.y() * way.x())
            if aside < GRAB_PX and self.view.frame().contains(place):
                far = abs(QPointF.dotProduct(away, way))
                return Grip(name, far > TURN_BEYOND * self._reach(), place)
        return None

    def drag(self, grip: Grip, now: QPointF) -> Grip:
        """Move the crosshair or one slice, or turn the two other slices, with the pointer."""
        view, display = self.view, self.view.display
        place, axes = view.place_mm(now), display.axes
        if place is None or axes is None:
            return grip
        if grip.turns:  # Qt counts angles against the clock
            centre = self.centre()
            degrees = -QLineF(centre, grip.last).angleTo(QLineF(centre, now))
            display.turn(view.orientation, (degrees + 180.0) % 360.0 - 180.0)
        elif grip.name:
            normal = axes.normals[grip.name]
            display.set_cross(display.cross_mm + normal * float((place - display.cross_mm) @ normal))
        else:
            display.set_cross(place)
        return Grip(grip.name, grip.turns, now)
