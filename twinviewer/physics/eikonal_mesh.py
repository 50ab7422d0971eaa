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
def local_corners(
    tets: NDArray[np.int32],
    start: NDArray[np.int32],
    entry: NDArray[np.int32],
    near_start: NDArray[np.int32],
    near: NDArray[np.int32],
) -> tuple[NDArray[np.uint16], int]:
    """For each corner of each vertex the three others, as places in the vertex's list of neighbours.

    In blocks: of a vertex with d corners first all d first others, then the second and third ones. Also the most
    neighbours that a vertex has.
    """
    out = np.empty(3 * entry.shape[0], np.uint16)
    place = np.empty(start.shape[0] - 1, np.int32)
    most = 0
    for x in range(start.shape[0] - 1):
        most = max(most, near_start[x + 1] - near_start[x])
        for q in range(near_start[x], near_start[x + 1]):
            place[near[q]] = q - near_start[x]
        at, size = 3 * start[x], start[x + 1] - start[x]
        for i in range(size):
            k, lx = entry[start[x] + i] >> 2, entry[start[x] + i] & 3
            j = 0
            for c in range(4):
                if c != lx:
                    out[at + j * size + i] = place[tets[k, c]]
                    j += 1
    return out, most


@nb.njit(cache=True, nogil=True, error_model="numpy")
def edge_lengths(
    points: NDArray[np.float64], cells: NDArray[np.int32], near_start: NDArray[np.int32], near: NDArray[np.int32]
) -> tuple[float, float]:
    """Mean length in mm of the cells' first edges, and the least of all edges (which the neighbours give)."""
    total, least = 0.0, np.inf
    for k in range(cells.shape[0]):
        a, b = cells[k, 0], cells[k, 1]
        x, y, z = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1], points[a, 2] - points[b, 2]
        total += np.sqrt(x * x + y * y + z * z)
    for a in range(points.shape[0]):
        for q in range(near_start[a], near_start[a + 1]):
            b = near[q]
            if b > a:
                x, y, z = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1], points[a, 2] - points[b, 2]
                least = min(least, x * x + y * y + z * z)
    return total / max(cells.shape[0], 1), np.sqrt(least)
