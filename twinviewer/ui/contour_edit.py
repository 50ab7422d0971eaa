"""Putting a contour or a point right by hand: what lies under the pointer, and how a contour gives way to a pull."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContour, CineContours, CinePoint

SHARE, LEAST_MM, MOST_MM = 0.16, 10.0, 30.0
"""How far along a contour a pull reaches to each side: a share of its length, within bounds."""
MOVABLE = ("mitral", "aortic", "tricuspid", "lv_apex_endo", "lv_apex_epi")
"""Points that the model follows."""

Edit = CineContour | CinePoint


def key_of(edit: Edit) -> tuple[int, int, str, int]:
    """What an edit is about: a later one of the same takes its place."""
    if isinstance(edit, CinePoint):
        return edit.plane, edit.phase, edit.name, edit.side
    return edit.plane, edit.phase, edit.structure, 0


@dataclass(frozen=True, slots=True, eq=False)
class Grip:
    """Something held with the mouse: a contour at one of its points (vertex), or a named point."""

    what: Edit
    vertex: int = 0

    @property
    def place_mm(self) -> NDArray[np.float64]:
        """(3,) where it is held."""
        return self.what.points_mm[self.vertex] if isinstance(self.what, CineContour) else self.what.point_mm

    def moved(self, move_mm: NDArray[np.float64]) -> Edit:
        """The same after a move of the held place by (3,) mm: sure, since a person said so."""
        if isinstance(self.what, CinePoint):
            return replace(self.what, point_mm=self.what.point_mm + move_mm, confidence=1.0)
        return replace(self.what, points_mm=pulled(self.what.points_mm, self.vertex, move_mm), confidence=1.0)


def pulled(points_mm: NDArray[np.float64], vertex: int, move_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) of a closed contour whose vertex is moved by (3,) mm; its neighbours follow, less with distance."""
    edge = np.linalg.norm(np.roll(points_mm, -1, axis=0) - points_mm, axis=1)
    length = float(edge.sum())
    along = np.concatenate([[0.0], np.cumsum(edge)[:-1]])
    away = np.abs(along - along[vertex])
    away = np.minimum(away, length - away)
    reach = min(max(SHARE * length, LEAST_MM), MOST_MM)
    weight = np.where(away < reach, np.cos(0.5 * np.pi * away / reach) ** 2, 0.0)
    moved = points_mm + weight[:, None] * move_mm
    moved.setflags(write=False)
    return moved


def grip(
    place_mm: NDArray[np.float64], contours: Sequence[CineContour], points: Sequence[CinePoint], near_mm: float
) -> Grip | None:
    """What is within near_mm of a place (3,): a movable point before a contour, then the nearest."""
    named = [(float(np.linalg.norm(p.point_mm - place_mm)), Grip(p)) for p in points if p.name in MOVABLE]
    lines = []
    for contour in contours:
        away = np.linalg.norm(contour.points_mm - place_mm, axis=1)
        vertex = int(np.argmin(away))
        step = float(np.linalg.norm(contour.points_mm[vertex] - contour.points_mm[vertex - 1]))
        lines.append((max(float(away[vertex]) - 0.5 * step, 0.0), Grip(contour, vertex)))
    for found in (named, lines):
        close = [pair for pair in found if pair[0] <= near_mm]
        if close:
            return min(close, key=lambda pair: pair[0])[1]
    return None


class Edits:
    """What has been delineated in one plane, with what was moved by hand and is not in the case yet."""

    def __init__(self, contours: CineContours | None, plane: int) -> None:
        found = () if contours is None else (*contours.contours, *contours.points)
        self._found = tuple(one for one in found if one.plane == plane)
        self._moved: dict[tuple[int, int, str, int], Edit] = {}

    def put(self, edit: Edit) -> None:
        """Something stands elsewhere now."""
        self._moved[key_of(edit)] = edit

    def now(self, one: Edit) -> Edit:
        """The same as it stands now."""
        return self._moved.get(key_of(one), one)

    def moved(self, frame: int) -> list[Edit]:
        """What was moved in a frame."""
        return [edit for edit in self._moved.values() if edit.phase == frame]

    def under(self, place_mm: NDArray[np.float64], frame: int, near_mm: float) -> Grip | None:
        """What can be held at a place (3,) in a frame."""
        shown = [self.now(one) for one in self._found if one.phase == frame]
        return grip(
            place_mm,
            [one for one in shown if isinstance(one, CineContour)],
            [one for one in shown if isinstance(one, CinePoint)],
            near_mm,
        )
