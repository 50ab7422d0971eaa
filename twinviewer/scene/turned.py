"""The three slices turned out of the scanner's axes, still at right angles to each other: double-oblique slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid
from twinviewer.geometry.cardiac_planes import rotation
from twinviewer.scene.slices import ORIENTATIONS, directions

MOST_PX = 900
"""Pixels across, at most: of finer voxels every other one is shown when a view is turned."""
STRAIGHT_DEG = 0.05

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Where the three slices look. normals, rights: orientation -> (3,) unit LPS vectors across the slice, and the way
    that image right would go in the untouched view. turned: whether they have left the grid's own axes."""

    normals: Mapping[str, Vector]
    rights: Mapping[str, Vector]
    downs: Mapping[str, Vector]
    turned: bool = False

    @classmethod
    def of(cls, grid: Grid) -> Axes:
        """Along the grid."""
        found = {name: directions(grid, name) for name in ORIENTATIONS}
        return cls({n: d[2] for n, d in found.items()}, {n: d[0] for n, d in found.items()},
                   {n: d[1] for n, d in found.items()})  # fmt: skip

    def straight(self, orientation: str) -> bool:
        """Whether a slice still looks along the grid, though others may not."""
        along = np.cross(self.rights[orientation], self.downs[orientation])
        cosine = abs(float(along @ self.normals[orientation]))
        return bool(np.degrees(np.arccos(min(cosine, 1.0))) < STRAIGHT_DEG)

    def frame(self, orientation: str) -> tuple[Vector, Vector, Vector]:
        """(right, down, normal) unit vectors of a slice. Its right stays as near to the untouched view's as can be, so
        that a view which is turned from another one does not spin."""
        normal, down0 = self.normals[orientation], self.downs[orientation]
        right = self.rights[orientation] - (self.rights[orientation] @ normal) * normal
        if np.linalg.norm(right) < 0.3:  # nearly along the normal: take the other side as guide
            down = down0 - (down0 @ normal) * normal
            down /= np.linalg.norm(down)
            right = np.cross(down, normal)
            return (right if right @ self.rights[orientation] >= 0 else -right), down, normal
        right = right / np.linalg.norm(right)
        down = np.cross(normal, right)
        return right, (down if down @ down0 >= 0 else -down), normal

    def about(self, orientation: str, degrees: float) -> Axes:
        """The two other slices turned about this one's normal; positive from its image right to its image down."""
        right, down, _ = self.frame(orientation)
        turn = rotation(np.cross(right, down), degrees)
        return replace(
            self, normals={n: v if n == orientation else turn @ v for n, v in self.normals.items()}, turned=True
        )

    def facing(self, orientation: str, normal: Vector) -> Axes:
        """All three turned by the least angle that brings one slice's normal, or its opposite, to a direction."""
        old = self.normals[orientation]
        goal = normal / np.linalg.norm(normal)
        goal = goal if goal @ old >= 0 else -goal
        axis, cosine = np.cross(old, goal), float(np.clip(old @ goal, -1, 1))
        if np.degrees(np.arccos(cosine)) < STRAIGHT_DEG:
            return self
        turn = rotation(axis / np.linalg.norm(axis), float(np.degrees(np.arccos(cosine))))
        return replace(self, normals={n: turn @ v for n, v in self.normals.items()}, turned=True)


def pixels(
    grid: Grid, axes: Axes, orientation: str, through_mm: Vector, room: tuple[float, float] | None = None
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """((4, 4) affine of (column, row, step, 1) to LPS mm, (columns, rows)) of a turned slice that holds a place and
    spans the whole grid. room: so many pixels (across, down) can be seen; no more are made, and none finer than voxels.
    """
    right, down, normal = axes.frame(orientation)
    ends = np.array([[0, side - 1] for side in grid.shape[::-1]])
    corners = grid.to_mm(np.array([[i, j, k] for i in ends[0] for j in ends[1] for k in ends[2]], float))
    low, high = [], []
    for way in (right, down):
        along = corners @ way
        low.append(float(along.min()))
        high.append(float(along.max()))
    finest = min(grid.spacing_mm)
    sides = [high[0] - low[0], high[1] - low[1]]
    px = max(finest, sides[0] / MOST_PX, sides[1] / MOST_PX)
    if room is not None:  # the picture is fitted into the pane, so that the tighter side decides
        px = max(px, sides[0] / room[0], sides[1] / room[1])
    columns, rows = (max(int(np.ceil((h - l) / px)) + 1, 2) for l, h in zip(low, high, strict=True))  # noqa: E741
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = right * px, down * px, normal * finest
    affine[:3, 3] = low[0] * right + low[1] * down + float(through_mm @ normal) * normal
    return affine, (columns, rows)
