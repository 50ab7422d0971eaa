"""Lids: closing an opening by the triangulation of its loop with the least area, without new points.

Barequet G, Sharir M. Filling gaps in the boundary of a polyhedron. Comput Aided Geom Des 12, 1995: dynamic programming
over sub-chains of the loop, O(n³). It needs no plane, so that loops bent over two valves are closed as well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.intersections import crossing_between, piercing

_TAKEN_MM2 = 1e9
ROUNDS = 8
"""Where a rim folds over itself no lid without new points is free of it: more tries cost time and mend little."""


def lid(
    points_mm: NDArray[np.float64], loop: NDArray[np.integer], surface: NDArray[np.integer] | None = None
) -> NDArray[np.int32]:
    """(n - 2, 3) triangles over a loop of n point indices, traversed against the loop.

    ``loop`` runs in the sense of the surface's own triangles (as from ``boundary_loops``), so the lid runs against it
    and the whole is closed and oriented alike. surface: the (k, 3) triangles that the loop bounds; the lid then makes
    no second triangle pair at an edge that they already have, and does not run through them where that can be helped.
    """
    banned, areas = _Banned(set(), set()), _areas(points_mm[loop])
    if surface is None:
        return _least(areas, loop, None, banned)
    near = _near(points_mm, loop, surface)
    best: NDArray[np.int32] | None = None
    fewest = -1
    for _ in range(ROUNDS):
        triangles = _least(areas, loop, near, banned)
        crossing = crossings(points_mm, triangles, near)
        if best is None or len(crossing) < fewest:
            best, fewest = triangles, len(crossing)
        if not len(crossing):
            break
        _ban(banned, points_mm, loop, crossing)
    assert best is not None
    return best


@dataclass(slots=True)
class _Banned:
    """Chords of the loop (two point indices, rising) and triangles (three) that run through the surface."""

    chords: set[tuple[int, int]]
    triangles: set[tuple[int, int, int]]


def _near(points: NDArray[np.float64], loop: NDArray[np.integer], surface: NDArray[np.integer]) -> NDArray[np.integer]:
    """The triangles of a surface that a lid over the loop could meet."""
    low, high = points[loop].min(axis=0) - 1.0, points[loop].max(axis=0) + 1.0
    inside = ((points >= low) & (points <= high)).all(axis=1)
    return surface[inside[surface].any(axis=1)]


def crossings(
    points: NDArray[np.float64], triangles: NDArray[np.int32], surface: NDArray[np.integer]
) -> NDArray[np.integer]:
    """(c, 2, 3) pairs of a lid's triangle and what it runs through: of the surface, or of the lid itself."""
    found = []
    for other in (surface, triangles):
        pairs = crossing_between(points, triangles, other)
        if other is triangles:
            pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        found.append(np.stack([triangles[pairs[:, 0]], other[pairs[:, 1]]], axis=1))
    return np.concatenate(found)


def _ban(
    banned: _Banned, points: NDArray[np.float64], loop: NDArray[np.integer], crossing: NDArray[np.integer]
) -> None:
    """No chord again that runs through the surface; where only the surface runs through a triangle, not that again."""
    at = {int(point): place for place, point in enumerate(loop)}
    cut = np.zeros(len(crossing), dtype=bool)
    for i in range(3):
        ends = crossing[:, 0, [i, (i + 1) % 3]]
        through = piercing(points, ends, crossing[:, 1])
        for one, two in ends[through].tolist():
            if abs(at[one] - at[two]) not in (1, len(loop) - 1):
                banned.chords.add((min(one, two), max(one, two)))
        cut |= through
    for low, middle, high in np.sort(crossing[~cut, 0], axis=1).tolist():
        banned.triangles.add((low, middle, high))


def _areas(p: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """By gap g: (n - g, g - 1) twice the areas of the triangles (i, k, i + g) for all k between, of points (n, 3)."""
    found: list[NDArray[np.float64]] = [np.empty((0, 0))] * 2
    for gap in range(2, len(p)):
        first = np.arange(len(p) - gap)
        between = first[:, None] + np.arange(1, gap)[None, :]
        a, b = p[between] - p[first][:, None], (p[first + gap] - p[first])[:, None]
        square = np.einsum("ijk,ijk->ij", a, a) * np.einsum("ijk,ijk->ij", b, b)
        found.append(np.sqrt(np.maximum(square - np.einsum("ijk,ijk->ij", a, np.broadcast_to(b, a.shape)) ** 2, 0.0)))
    return found


def _least(
    areas: list[NDArray[np.float64]],
    loop: NDArray[np.integer],
    surface: NDArray[np.integer] | None,
    banned: _Banned,
) -> NDArray[np.int32]:
    """The lid of least area without what is banned, where there is one."""
    n = len(loop)
    if n < 3:
        return np.empty((0, 3), dtype=np.int32)
    cost = np.zeros((n, n))
    split = np.zeros((n, n), dtype=np.int64)
    if surface is not None:
        place = {int(point): at for at, point in enumerate(loop)}
        for tri in surface[np.isin(surface, loop).sum(axis=1) > 1]:
            at = sorted(place[int(point)] for point in tri if int(point) in place)
            for one, two in zip(at, at[1:] + at[:1], strict=True):
                if abs(one - two) not in (0, 1, n - 1):
                    cost[min(one, two), max(one, two)] = _TAKEN_MM2
    forbidden: dict[int, list[tuple[int, int, float]]] = {}
    for ends in banned.chords:
        low, high = sorted(np.nonzero(np.isin(loop, ends))[0].tolist())
        cost[low, high] += _TAKEN_MM2
    where = {int(point): at for at, point in enumerate(loop)}
    for triangle in banned.triangles:
        low, middle, high = sorted(where[point] for point in triangle)
        forbidden.setdefault(high - low, []).append((low, middle, _TAKEN_MM2))
    for gap in range(2, n):
        first = np.arange(n - gap)
        last = first + gap
        between = first[:, None] + np.arange(1, gap)[None, :]
        total = cost[first[:, None], between] + cost[between, last[:, None]] + areas[gap]
        for one, two, row in forbidden.get(gap, ()):
            total[one, two - one - 1] += row
        best = np.argmin(total, axis=1)
        cost[first, last] += total[first, best]
        split[first, last] = between[first, best]
    triangles = []
    todo = [(0, n - 1)]
    while todo:
        i, j = todo.pop()
        if j - i < 2:
            continue
        k = int(split[i, j])
        triangles.append((loop[i], loop[j], loop[k]))
        todo += [(i, k), (k, j)]
    return np.array(triangles, dtype=np.int32)
