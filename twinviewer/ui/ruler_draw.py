"""Rulers over an image: lines, handles and words, on every view in which they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from twinviewer.domain import Ruler, RulerKind
from twinviewer.scene.slices import fraction_of, frame_at
from twinviewer.session.rulers import words
from twinviewer.ui.oblique_view import ObliqueView
from twinviewer.ui.plane_view import PlaneView
from twinviewer.ui.slice_view import SliceView
from twinviewer.ui.theme import ui_font

COLOUR, FRESH = "#FFD166", "#3FB6C6"
"""Of what is kept, and of what is being drawn."""
OTHER_PHASE = 90
"""Alpha of a ruler that was drawn at another moment of the beat."""
THIN_MM = 1.0
GRAB_PX = 9.0
HANDLE_PX = 3.0
HOW = {
    "distance": "Drag from one place to another, or click both. In 3D click two places on the heart.",
    "angle": "Click an arm's end, the vertex, and the other end. In 3D on the heart.",
    "polyline": "Click along the path; a double click or Enter ends it, a click on its start closes an area.",
    "ellipse": "Drag across what is to be measured: area, mean and SD.",
}
"""How each is placed."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """Where a view looks: unit vectors of its image, what its places are shifted by, and which frame it shows."""

    right: NDArray[np.float64]
    down: NDArray[np.float64]
    shift_mm: NDArray[np.float64]
    plane: int
    frame: int
    fraction: float
    view: str
    thick_mm: float


def spot_of(view: Any) -> Spot | None:
    """What a ruler that is drawn there must keep; None where the view shows nothing."""
    if isinstance(view, SliceView):
        image, volume = view.slice(), view.display.volume
        if image is None or volume is None:
            return None
        right, down = image.affine[:3, 0] / image.spacing_mm[0], image.affine[:3, 1] / image.spacing_mm[1]
        thick = float(np.linalg.norm(image.affine[:3, 2])) / 2 + 0.01
        phase = view.display.phase
        fraction = float(volume.phase_percent[phase]) / 100.0 % 1.0
        return Spot(right, down, np.zeros(3), -1, phase, fraction, view.orientation, thick)
    if isinstance(view, PlaneView):
        affine = view.plane.affine
        right, down = (affine[:3, n] / np.linalg.norm(affine[:3, n]) for n in (0, 1))
        fraction = fraction_of(view.plane, view.frame_index)
        return Spot(right, down, np.zeros(3), view.number - 1, view.frame_index, fraction, "", np.inf)
    if isinstance(view, ObliqueView):
        state, plane = view.state, view.state.shown(view.name)
        if plane is None or state.image is None:
            return None
        native = state.native(view.name)
        if state.cine is None:
            volume = state.display.volume
            phase = state.display.phase
            fraction = 0.0 if volume is None else float(volume.phase_percent[phase]) / 100.0 % 1.0
            return Spot(plane.right, plane.down, np.zeros(3), -1, phase, fraction, view.name, THIN_MM)
        if native is None:
            return Spot(plane.right, plane.down, np.zeros(3), -1, 0, state.fraction, view.name, THIN_MM)
        frame = frame_at(state.cine.stack.planes[native.number], state.fraction)
        shift = state.cine.shift_mm[native.number]
        return Spot(plane.right, plane.down, shift, native.number, frame, state.fraction, view.name, np.inf)
    return None


def lies_in(ruler: Ruler, view: Any, spot: Spot) -> bool:
    """Whether a ruler belongs to what a view shows."""
    if ruler.right is None:
        return False
    if ruler.plane >= 0 or spot.plane >= 0:
        return ruler.plane == spot.plane
    return all(abs(view.point_of(place)[1]) <= spot.thick_mm for place in _outline_mm(ruler.kind, ruler.points_mm))


def ellipse_of(one: NDArray[np.float64], other: NDArray[np.float64], spot: Spot) -> NDArray[np.float64]:
    """(3, 3) centre and ends of half-axes of the ellipse in the box between two corners."""
    centre, across = (one + other) / 2, (other - one) / 2
    wide, high = abs(float(across @ spot.right)), abs(float(across @ spot.down))
    return np.array([centre, centre + wide * spot.right, centre + high * spot.down])


def _outline_mm(kind: RulerKind, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(p, 3) the line that is drawn."""
    if kind == "ellipse":
        turn = np.linspace(0.0, 2.0 * np.pi, 73)[:, None]
        return np.asarray(points[0] + np.cos(turn) * (points[1] - points[0]) + np.sin(turn) * (points[2] - points[0]))
    return np.vstack([points, points[:1]]) if kind == "area" else points


def draw_ruler(painter: QPainter, view: Any, ruler: Ruler, spot: Spot, fresh: bool, alone: bool) -> None:
    """One ruler with its words. fresh: it is being drawn. alone: handles are shown, so that it can be held."""
    colour = QColor(FRESH if fresh else COLOUR)
    if ruler.frame != spot.frame and not fresh:
        colour.setAlpha(OTHER_PHASE)
    points = ruler.points_mm + spot.shift_mm
    line = QPolygonF([view.point_of(place)[0] for place in _outline_mm(ruler.kind, points)])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 110), 3.0))
    painter.drawPolyline(line)
    painter.setPen(QPen(colour, 1.4))
    painter.drawPolyline(line)
    ends = [view.point_of(place)[0] for place in points]
    if alone or ruler.kind in ("distance", "angle"):
        painter.setBrush(colour)
        for end in ends:
            painter.drawEllipse(end, HANDLE_PX if alone else 2.0, HANDLE_PX if alone else 2.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    text = words(ruler)
    if text:
        _write(painter, view, text, _beside(ruler.kind, ends, line), colour)


def _beside(kind: RulerKind, ends: Sequence[QPointF], line: QPolygonF) -> QPointF:
    """Where the words stand: to the right of the rightmost end, of an angle beside its vertex."""
    if kind == "angle" and len(ends) == 3:
        return ends[1] + QPointF(9, 4)
    return max((line.at(n) for n in range(line.size())), key=lambda point: point.x()) + QPointF(8, 4)


def _write(painter: QPainter, view: Any, text: str, at: QPointF, colour: QColor) -> None:
    painter.setFont(ui_font(12, QFont.Weight.DemiBold))
    box = QRectF(painter.fontMetrics().boundingRect(text))
    x = min(max(at.x(), 4.0), view.width() - box.width() - 6.0)
    y = min(max(at.y(), box.height() + 2.0), view.height() - 6.0)
    painter.setPen(QColor(0, 0, 0, 200))
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        painter.drawText(QPointF(x + dx, y + dy), text)
    painter.setPen(colour)
    painter.drawText(QPointF(x, y), text)


def end_at(rulers: Sequence[Ruler], view: Any, spot: Spot, place: QPointF) -> tuple[Ruler, int] | None:
    """The ruler, and the number of its point, that is drawn under the pointer; the newest first."""
    for ruler in reversed(rulers):
        if lies_in(ruler, view, spot):
            for number, point in enumerate(ruler.points_mm + spot.shift_mm):
                if QLineF(view.point_of(point)[0], place).length() < GRAB_PX:
                    return ruler, number
    return None


def moved(ruler: Ruler, number: int, place: NDArray[np.float64]) -> Ruler:
    """With one point elsewhere; an ellipse keeps its axes at right angles."""
    points = ruler.points_mm.copy()
    if ruler.kind != "ellipse":
        points[number] = place
    elif number == 0:
        points += place - points[0]
    else:
        arm = points[number] - points[0]
        along = arm / max(float(np.linalg.norm(arm)), 1e-9)
        points[number] = points[0] + max(abs(float((place - points[0]) @ along)), 0.5) * along
    return replace(ruler, points_mm=points, values={})


def near(one: QPointF | None, other: QPointF) -> bool:
    """Whether two places in a widget are one to the hand."""
    return one is not None and QLineF(one, other).length() < GRAB_PX
