"""Meshes prepared for the eikonal sweep: numbered along a space-filling curve, with cells and neighbours by vertex.

A sweep follows a front through the mesh and reads what lies round each vertex, so its speed is that of the caches:
numbered along Morton's curve (1966), what is close in space is close in memory. Every list is made by counting sort.
"""

import numba as nb
import numpy as np
from numpy.typing import NDArray

_BITS = 10
"""Bits of the curve an axis: 1024 cells along the longest side of the mesh."""


@nb.njit(cache=True, nogil=True, error_model="numpy")
def curve_order(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """(n,) points in the order in which Morton's curve meets them. points: (n, 3), finite."""
    n = points.shape[0]
    low, span = np.empty(3), 1e-9
    for c in range(3):
        least, most = points[0, c], points[0, c]
        for i in range(n):
            least, most = min(least, points[i, c]), max(most, points[i, c])
        low[c] = least
        span = max(span, most - least)
    cells = (1 << _BITS) - 1
    code = np.empty(n, np.int64)
    for i in range(n):
        word = np.int64(0)
        for c in range(3):
            x = np.int64((points[i, c] - low[c]) / span * cells)
            for b in range(_BITS):
                word |= ((x >> b) & 1) << (3 * b + c)
        code[i] = word
    order = np.arange(n).astype(np.int32)
    other = np.empty(n, np.int32)
    half = (3 * _BITS + 1) // 2
    for turn in range(2):  # radix sort, stable
        shift = half * turn
        count = np.zeros((1 << half) + 1, np.int32)
        for i in range(n):
            count[((code[i] >> shift) & ((1 << half) - 1)) + 1] += 1
        for b in range(1 << half):
            count[b + 1] += count[b]
        for i in range(n):
            v = order[i]
            b = (code[v] >> shift) & ((1 << half) - 1)
            other[count[b]] = v
            count[b] += 1
        order, other = other, order
    return order


@nb.njit(cache=True, nogil=True, error_model="numpy")
def renumbered(cells: NDArray[np.int32], rank: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Cells with their vertices renamed by rank and sorted by the least; and which cell each one was."""
    m, corners = cells.shape
    least = np.empty(m, np.int32)
    count = np.zeros(rank.shape[0] + 1, np.int32)
    for k in range(m):
        low = rank[cells[k, 0]]
        for i in range(1, corners):
            low = min(low, rank[cells[k, i]])
        least[k] = low
        count[low + 1] += 1
    for v in range(rank.shape[0]):
        count[v + 1] += count[v]
    out, was = np.empty((m, corners), np.int32), np.empty(m, np.int32)
    for k in range(m):
        at = count[least[k]]
        count[least[k]] += 1
        was[at] = k
        for i in range(corners):
            out[at, i] = rank[cells[k, i]]
    return out, was


@nb.njit(cache=True, nogil=True, error_model="numpy")
def adjacency(cells: NDArray[np.int32], points: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Cells round each vertex: (points+1,) starts and the packed entries cell * corners + corner."""
    corners = cells.shape[1]
    start = np.zeros(points + 1, np.int32)
    for k in range(cells.shape[0]):
        for i in range(corners):
            start[cells[k, i] + 1] += 1
    for v in range(points):
        start[v + 1] += start[v]
    fill = start[:-1].copy()
    entry = np.empty(cells.size, np.int32)
    for k in range(cells.shape[0]):
        for i in range(corners):
            v = cells[k, i]
            entry[fill[v]] = k * corners + i
            fill[v] += 1
    return start, entry


@nb.njit(cache=True, nogil=True, error_model="numpy")
def neighbours(
    tets: NDArray[np.int32],
    tet_start: NDArray[np.int32],
    tet_entry: NDArray[np.int32],
    triangles: NDArray[np.int32],
    tri_start: NDArray[np.int32],
    tri_entry: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Vertices that share a cell with each vertex: (n+1,) starts and the vertices."""
    n = tet_start.shape[0] - 1
    start = np.zeros(n + 1, np.int32)
    seen = np.full(n, -1, np.int32)
    out = np.empty(max(16, 16 * n), np.int32)
    used = 0
    for x in range(n):
        seen[x] = x
        most = used + 3 * (tet_start[x + 1] - tet_start[x]) + 2 * (tri_start[x + 1] - tri_start[x])
        if most > out.shape[0]:
            longer = np.empty(most + out.shape[0] // 2, np.int32)
            longer[:used] = out[:used]
            out = longer
        for q in range(tet_start[x], tet_start[x + 1]):
            k = tet_entry[q] >> 2
            for i in range(4):
                y = tets[k, i]
                if seen[y] != x:
                    seen[y] = x
                    out[used] = y
                    used += 1
        for q in range(tri_start[x], tri_start[x + 1]):
            k = tri_entry[q] // 3
            for i in range(3):
                y = triangles[k, i]
                if seen[y] != x:
                    seen[y] = x
                    out[used] = y
                    used += 1
        start[x + 1] = used
    return start, out[:used].copy()


@nb.njit(cache=True, nogil=True, error_model="numpy")
def faulty(points: NDArray[np.float64], tets: NDArray[np.int32]) -> tuple[int, int, int, int]:
    """Flat and inverted tetrahedra: how many of each and the first (−1 if none). Inverted is against the majority."""
    flat, inverted, positive, first_flat, first_plus, first_minus = 0, 0, 0, -1, -1, -1
    for k in range(tets.shape[0]):
        a, b, c, d = tets[k, 0], tets[k, 1], tets[k, 2], tets[k, 3]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        wx, wy, wz = points[d, 0] - points[a, 0], points[d, 1] - points[a, 1], points[d, 2] - points[a, 2]
        volume = ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx)
        size = max(ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz, wx * wx + wy * wy + wz * wz)
        if volume * volume <= 1e-16 * size * size * size:
            flat += 1
            first_flat = k if first_flat < 0 else first_flat
        elif volume > 0.0:
            positive += 1
            first_plus = k if first_plus < 0 else first_plus
        else:
            inverted += 1
            first_minus = k if first_minus < 0 else first_minus
    if inverted > positive:
        return flat, first_flat, positive, first_plus
    return flat, first_flat, inverted, first_minus


@nb.njit(cache=True, nogil=True, error_model="numpy")
def mean_edge(points: NDArray[np.float64], cells: NDArray[np.int32]) -> float:
    """Mean length in mm of the cells' first edges."""
    total = 0.0
    for k in range(cells.shape[0]):
        a, b = cells[k, 0], cells[k, 1]
        x, y, z = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1], points[a, 2] - points[b, 2]
        total += np.sqrt(x * x + y * y + z * z)
    return total / max(cells.shape[0], 1)
