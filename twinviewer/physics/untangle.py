"""Undo what few elements a smooth motion turns inside out: even out the displacement around them.

A continuous map of Jacobian 1 inverts nothing, but straight-edged elements sample it. Where one falls below a share of
its reference volume, its corners and their neighbours take half of the mean displacement of their own neighbours, and
again, until all elements stand. Far from them nothing moves.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_SHARE = 0.05
ROUNDS = 40


@njit(cache=True)
def volume_ratios(points: NDArray[np.floating], tets: NDArray[np.int32], reference_ml: Array, ratio: Array) -> float:
    """Fill ratio (m,): each tetrahedron's volume to its reference (<= 0: inverted). Returns the whole volume in mL."""
    total = 0.0
    for t in range(tets.shape[0]):
        a, b, c, d = tets[t, 0], tets[t, 1], tets[t, 2], tets[t, 3]
        ax, ay, az = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        bx, by, bz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        cx, cy, cz = points[d, 0] - points[a, 0], points[d, 1] - points[a, 1], points[d, 2] - points[a, 2]
        volume = (ax * (by * cz - bz * cy) - ay * (bx * cz - bz * cx) + az * (bx * cy - by * cx)) / 6000.0
        total += volume
        ratio[t] = volume / reference_ml[t]
    return total


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Points joined by an edge of a tetrahedron: those of point i are to[start[i] : start[i + 1]]."""

    start: NDArray[np.intp]
    to: NDArray[np.integer]

    @classmethod
    def of(cls, tets: NDArray[np.int32], points: int) -> "Neighbours":
        edges = tets[:, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]].reshape(-1, 2)
        edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
        return cls(np.searchsorted(edges[:, 0], np.arange(points + 1)), edges[:, 1])


@njit(cache=True)
def _even(moved: Array, rows: NDArray[np.integer], start: NDArray[np.intp], to: NDArray[np.integer]) -> None:
    new = np.empty((rows.shape[0], 3))
    for k in range(rows.shape[0]):
        i = rows[k]
        count = start[i + 1] - start[i]
        for axis in range(3):
            mean = 0.0
            for j in range(start[i], start[i + 1]):
                mean += moved[to[j], axis]
            new[k, axis] = 0.5 * (moved[i, axis] + mean / max(count, 1))
    for k in range(rows.shape[0]):
        moved[rows[k]] = new[k]


def untangle(
    points: Array, reference: Array, tets: NDArray[np.int32], reference_ml: Array, neighbours: Neighbours
) -> tuple[float, float]:
    """Mend ``points`` in place. Returns the wall's volume in mL and the smallest ratio left (<= 0: not mended)."""
    ratio = np.empty(len(tets))
    total = volume_ratios(points, tets, reference_ml, ratio)
    if ratio.min() >= LEAST_SHARE:
        return total, float(ratio.min())
    moved = points - reference
    rows = np.empty(0, dtype=np.intp)
    for _ in range(ROUNDS):
        corners = np.unique(tets[ratio < LEAST_SHARE])
        around = [neighbours.to[neighbours.start[i] : neighbours.start[i + 1]] for i in corners]
        rows = np.unique(np.concatenate([rows, corners, *around]).astype(np.intp))
        _even(moved, rows, neighbours.start, neighbours.to)
        points[rows] = reference[rows] + moved[rows]
        total = volume_ratios(points, tets, reference_ml, ratio)
        if ratio.min() >= LEAST_SHARE:
            break
    return total, float(ratio.min())
