"""Lids: closing an opening by the triangulation of its loop with the least area, without new points.

Barequet G, Sharir M. Filling gaps in the boundary of a polyhedron. Comput Aided Geom Des 12, 1995: dynamic programming
over sub-chains of the loop, O(n³). It needs no plane, so that loops bent over two valves are closed as well.
"""

import numpy as np
from numpy.typing import NDArray


def lid(points_mm: NDArray[np.float64], loop: NDArray[np.integer]) -> NDArray[np.int32]:
    """(n - 2, 3) triangles over a loop of n point indices, traversed against the loop.

    ``loop`` runs in the sense of the surface's own triangles (as from ``boundary_loops``), so the lid runs against it
    and the whole is closed and oriented alike.
    """
    p = points_mm[loop]
    n = len(loop)
    if n < 3:
        return np.empty((0, 3), dtype=np.int32)
    cost = np.zeros((n, n))
    split = np.zeros((n, n), dtype=np.int64)
    for gap in range(2, n):
        i = np.arange(n - gap)
        k = i[:, None] + np.arange(1, gap)[None, :]
        j = i + gap
        area = np.linalg.norm(np.cross(p[k] - p[i][:, None], (p[j] - p[i])[:, None]), axis=2)
        total = cost[i[:, None], k] + cost[k, j[:, None]] + area
        best = np.argmin(total, axis=1)
        cost[i, j] = total[i, best]
        split[i, j] = k[i, best]
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
