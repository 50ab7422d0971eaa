"""A round brush in mm: a ball, or a disc in a plane, led along a stroke without gaps.

Distances are taken in LPS mm through the grid's affine, so that thick slices and sheared stacks come out right.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.domain import Grid
from twinviewer.segmentation.edit.patch import Box, box_of

Mask = NDArray[np.bool_]
Point = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Brush:
    """normal: (3,) LPS normal of the image plane that a disc lies in; None for a ball.

    A disc takes the voxels whose cells that plane cuts: in a plane along the voxels just the one slice.
    """

    radius_mm: float = 5.0
    normal: tuple[float, float, float] | None = None


def stroke(grid: Grid, brush: Brush, start_mm: Point, end_mm: Point) -> tuple[Box, Mask] | None:
    """What the brush covers on its way between two (3,) LPS points, as a box of the grid and a mask in it.

    None where it misses the grid. The voxels that the way itself runs through are always covered, however small the
    brush.
    """
    columns = np.ascontiguousarray(grid.affine[:3, :3], dtype=np.float64)
    ends_mm = np.array([start_mm, end_mm], dtype=np.float64)
    normal, half = np.zeros(3), 0.0
    if brush.normal is not None:
        normal = np.asarray(brush.normal, np.float64) / np.linalg.norm(brush.normal)
        half = 0.5 * float(np.abs(normal @ columns).sum())
    way = _way(grid, ends_mm + 1e-6 * half * normal)  # between two slices as the disc decides
    rows = np.linalg.inv(columns)  # row a: how far voxel axis a advances for each mm
    flat = rows - np.outer(rows @ normal, normal)
    reach = brush.radius_mm * np.linalg.norm(flat, axis=1) + half * np.abs(rows @ normal)
    ends = grid.to_ijk(ends_mm)
    low = np.minimum(np.ceil(ends.min(axis=0) - reach - 1e-9), way.min(axis=0)).astype(int)
    high = np.maximum(np.floor(ends.max(axis=0) + reach + 1e-9), way.max(axis=0)).astype(int) + 1
    size = np.array(grid.shape[::-1])
    low, high = np.clip(low, 0, size), np.clip(high, 0, size)
    if (high <= low).any():
        return None
    out = np.zeros(tuple(int(n) for n in (high - low)[::-1]), np.bool_)
    _capsule(out, columns, grid.to_mm(low[None].astype(np.float64))[0], ends_mm, brush.radius_mm, normal, half)
    inside = ((way >= low) & (way < high)).all(axis=1)
    i, j, k = (way[inside] - low).T
    out[k, j, i] = True
    tight = box_of(out)
    if tight is None:
        return None
    k, j, i = (slice(int(a) + side.start, int(a) + side.stop) for a, side in zip(low[::-1], tight, strict=True))
    return (k, j, i), out[tight]


def _way(grid: Grid, ends_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n, 3) voxels (i, j, k) that the straight way runs through."""
    length = float(np.linalg.norm(ends_mm[1] - ends_mm[0]))
    steps = int(np.ceil(2.0 * length / min(grid.spacing_mm))) + 1
    along = np.linspace(0.0, 1.0, steps)[:, None]
    points = ends_mm[0] + along * (ends_mm[1] - ends_mm[0])
    return np.unique(np.rint(grid.to_ijk(points)).astype(np.int64), axis=0)


@njit(cache=True, nogil=True)
def _capsule(
    out: Mask, columns: NDArray[np.float64], origin: Point, ends: NDArray[np.float64], radius: float, normal: Point,
    half: float,
) -> None:  # fmt: skip
    """Mark voxels whose centre lies within the radius of the line between the ends; in a disc, of its image in the
    plane, and no further than half from the plane. normal: zeros for a ball."""
    depth, height, width = out.shape
    a0, a1, a2 = ends[0, 0], ends[0, 1], ends[0, 2]
    b0, b1, b2 = ends[1, 0] - a0, ends[1, 1] - a1, ends[1, 2] - a2
    n0, n1, n2 = normal[0], normal[1], normal[2]
    disc = half > 0.0
    rise = b0 * n0 + b1 * n1 + b2 * n2
    f0, f1, f2 = b0 - rise * n0, b1 - rise * n1, b2 - rise * n2
    squared = f0 * f0 + f1 * f1 + f2 * f2
    limit = radius * radius * (1.0 + 1e-9)
    slack = 1e-6 * half
    for k in range(depth):
        for j in range(height):
            p0 = origin[0] + columns[0, 1] * j + columns[0, 2] * k - a0
            p1 = origin[1] + columns[1, 1] * j + columns[1, 2] * k - a1
            p2 = origin[2] + columns[2, 1] * j + columns[2, 2] * k - a2
            for i in range(width):
                x0, x1, x2 = p0 + columns[0, 0] * i, p1 + columns[1, 0] * i, p2 + columns[2, 0] * i
                t = 0.0
                if squared > 0.0:
                    t = min(max((x0 * f0 + x1 * f1 + x2 * f2) / squared, 0.0), 1.0)
                x0, x1, x2 = x0 - t * b0, x1 - t * b1, x2 - t * b2
                distance = x0 * x0 + x1 * x1 + x2 * x2
                if disc:
                    off = x0 * n0 + x1 * n1 + x2 * n2
                    if off <= slack - half or off > half + slack:
                        continue
                    distance -= off * off
                out[k, j, i] = distance <= limit
