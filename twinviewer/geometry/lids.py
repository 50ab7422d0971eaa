"""Lids: closing an opening by the triangulation of its loop with the least area, without new points.

Barequet G, Sharir M. Filling gaps in the boundary of a polyhedron. Comput Aided Geom Des 12, 1995: dynamic programming
over sub-chains of the loop, O(n³). It needs no plane, so that loops bent over two valves are closed as well.
"""

import numpy as np
from numpy.typing import NDArray

_TAKEN_MM2 = 1e9


def lid(
    points_mm: NDArray[np.float64], loop: NDArray[np.integer], surface: NDArray[np.integer] | None = None
) -> NDArray[np.int32]:
    """(n - 2, 3) triangles over a loop of n point indices, traversed against the loop.

    ``loop`` runs in the sense of the surface's own triangles (as from ``boundary_loops``), so the lid runs against it
    and the whole is closed and oriented alike. surface: the (k, 3) triangles that the loop bounds; the lid then makes
    no second triangle pair at an edge that they already have.
    """
    p = points_mm[loop]
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
    for gap in range(2, n):
        first = np.arange(n - gap)
        last = first + gap
        between = first[:, None] + np.arange(1, gap)[None, :]
        area = np.linalg.norm(np.cross(p[between] - p[first][:, None], (p[last] - p[first])[:, None]), axis=2)
        total = cost[first[:, None], between] + cost[between, last[:, None]] + area
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
