"""The crosshair of a cine study: one place on every scanned plane, and where the plane under the pointer cuts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from twinviewer.domain import CinePlane

if TYPE_CHECKING:
    from twinviewer.ui.plane_view import PlaneView

CROSS, LINE = "#E6EAF0", "#E5B454"
ARM_PX, GAP_PX = 9.0, 3.0
NEAR_MM = 5.0
"""A place within this of a plane, or within half its thickness, is on it; else it is drawn as a ring, farther off."""
LEAST_SINE = 0.17
"""Planes less than 10 degrees apart have no line in common that would say anything."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaneCross:
    """place_mm: (3,) LPS. of: the plane in which it was pointed at."""

    place_mm: NDArray[np.float64]
    of: CinePlane

    def draw(self, painter: QPainter, view: PlaneView) -> None:
        """On one plane: the cross where it lies in it, a ring where it does not, the line of the plane it came from."""
        self._line(painter, view)
        point, away = view.point_of(self.place_mm)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(CROSS), 1.0))
        if abs(away) <= max(NEAR_MM, view.plane.thickness_mm / 2):
            for dx, dy in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)):
                way = QPointF(dx, dy)
                painter.drawLine(QLineF(point + way * GAP_PX, point + way * ARM_PX))
        else:
            painter.setPen(QPen(QColor(CROSS), 1.0, Qt.PenStyle.DotLine))
            painter.drawEllipse(point, GAP_PX + 1.0, GAP_PX + 1.0)

    def _line(self, painter: QPainter, view: PlaneView) -> None:
        own, other = view.plane.normal, self.of.normal
        along = np.cross(own, other)
        if self.of is view.plane or np.linalg.norm(along) < LEAST_SINE:
            return
        inward = np.cross(other, along)  # in the other plane, towards this one
        gap = float((view.plane.affine[:3, 3] - self.place_mm) @ own)
        pivot = self.place_mm + inward * (gap / float(inward @ own))
        start, end = view.point_of(pivot)[0], view.point_of(pivot + 10.0 * along / np.linalg.norm(along))[0]
        length = QLineF(start, end).length()
        if length < 1e-6:
            return
        reach = (end - start) / length * float(view.width() + view.height() + QLineF(QPointF(), start).length())
        colour = QColor(LINE)
        colour.setAlpha(150)
        painter.setPen(QPen(colour, 1.0))
        painter.drawLine(QLineF(start - reach, start + reach))
