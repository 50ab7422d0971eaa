"""Local solvers and the banded sweep behind :mod:`twinviewer.physics.eikonal` (numba, no GIL, any number of threads).

The first arrival at a vertex x through a face with arrivals t_i is Fermat's principle on one element:
min over points y of the face of t(y) + |x − y|_M, with t linear on the face and |v|_M = √(vᵀD⁻¹v). An element enters
only by the squares of its edge lengths in its own metric, so that scaling the speed by s divides them by s².

The sweep is a delta-stepping one (Meyer, Sanders 2003) with elements for edges. Vertices wait in bands by the time at
which a neighbour was excited. The earliest band is taken as a whole: each of its vertices is solved anew from all
elements round it, and where its arrival falls by more than a tolerance its later neighbours wait again. Anisotropy
breaks the causality that fast marching needs; taking a vertex up again mends it, and what comes out is a fixed point
of the local updates. Compare Fu, Kirby, Whitaker, SIAM J Sci Comput 35:C473 (2013). With bands of a tenth of an edge's
time a vertex is solved 1.4 times.

Within a band all vertices are solved from the arrivals before it, so the order does not matter: threads claim pieces
of the band, and the result does not depend on how many they are. The elements round a piece are first gathered into
columns and then solved without branches, sixteen at a time where the processor has such registers.
"""

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.atomics import claim, load, store, take_part
from twinviewer.physics.eikonal_metric import DEAD

FAR = np.float32(1e6)
"""Arrival of a vertex that nothing has reached, in ms."""
COLUMNS = 512
PIECE = 64
"""Vertices that a thread claims at a time."""
BANDS = 4096

_FAST = {"nnan", "ninf", "nsz", "contract", "arcp"}  # no reassociation: sums with FAR must not cancel
_OTHER = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]], np.int64)
"""The corners opposite to each corner."""
_EDGE = np.array([[0, 1, 2, 3, 4, 5], [0, 3, 4, 1, 2, 5], [1, 3, 5, 0, 2, 4], [2, 4, 5, 0, 1, 3]], np.int64)
"""For each corner x with opposite corners a, b, c: where the edges xa xb xc ab ac bc stand in 01 02 03 12 13 23."""
_F: Any = np.float32

NEXT, LIMIT, DONE, STOP, FIRST, SIZE = 0, 8, 16, 24, 32, 40
"""Where the shared counters stand, each in a cache line of its own."""


@nb.njit(inline="always", error_model="numpy", fastmath=_FAST)
def _through_edge(t1: float, t2: float, a: float, b: float, c: float) -> float:
    """Arrival at x through the edge 1-2. a = |x−1|², b = (x−1)·(2−1), c = |2−1|², all in the metric.

    t(s) + |x − y(s)| is convex in s, so its least value on the edge lies at the stationary s, brought back to the edge.
    """
    d = t2 - t1
    k = c - d * d
    s = (b - d * np.sqrt(max(a * c - b * b, _F(0)) / max(k, _F(1e-30)))) / max(c, _F(1e-30))
    s = min(max(s, _F(0)), _F(1))
    end = _F(0) if d > _F(0) else _F(1)
    s = s if k > _F(0) else end
    return t1 * (_F(1) - s) + t2 * s + np.sqrt(max(a + s * (c * s - _F(2) * b), _F(0)))


@nb.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def through_faces(columns: NDArray[np.float32], out: NDArray[np.float32], n: int) -> None:
    """Arrivals at x through n faces 1-2-3. columns: (9, ·) t1 t2 t3, |x−1|² |x−2|² |x−3|², |1−2|² |1−3|² |2−3|².

    The least over the plane of the face counts where it lies on the face; else it lies on one of its edges.
    """
    c0, c1, c2, c3, c4, c5 = columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]
    c6, c7, c8 = columns[6], columns[7], columns[8]
    for i in range(n):
        t1, t2, t3, x1, x2, x3, e12, e13, e23 = c0[i], c1[i], c2[i], c3[i], c4[i], c5[i], c6[i], c7[i], c8[i]
        d2, d3 = t2 - t1, t3 - t1
        uw = _F(0.5) * (e12 + e13 - e23)
        pu, pw = _F(0.5) * (x1 + e12 - x2), _F(0.5) * (x1 + e13 - x3)
        det = e12 * e13 - uw * uw
        solid = det > _F(1e-6) * e12 * e13
        inverse = _F(1) / max(det, _F(1e-30))
        i22, i33, i23 = e13 * inverse, e12 * inverse, -uw * inverse
        steep = i22 * d2 * d2 + _F(2) * i23 * d2 * d3 + i33 * d3 * d3  # squared slowness of t along the face
        height = x1 - (i22 * pu * pu + _F(2) * i23 * pu * pw + i33 * pw * pw)
        length = np.sqrt(max(height, _F(0)) / max(_F(1) - steep, _F(1e-6)))
        r2, r3 = pu - length * d2, pw - length * d3
        z2, z3 = i22 * r2 + i23 * r3, i23 * r2 + i33 * r3
        inside = (z2 >= _F(0)) & (z3 >= _F(0)) & (z2 + z3 <= _F(1))
        t = t1 + z2 * d2 + z3 * d3 + length
        t = t if solid & (steep < _F(0.9999)) & (height > _F(0)) & inside else FAR
        t = min(t, _through_edge(t1, t2, x1, pu, e12))
        t = min(t, _through_edge(t1, t3, x1, pw, e13))
        out[i] = min(t, _through_edge(t2, t3, x2, _F(0.5) * (x2 + e23 - x3), e23))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _lower(
    columns: NDArray[np.float32],
    value: NDArray[np.float32],
    owner: NDArray[np.int32],
    n: int,
    found: NDArray[np.float32],
) -> None:
    through_faces(columns, value, n)
    for i in range(n):
        if value[i] < found[owner[i]]:
            found[owner[i]] = value[i]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _solve(
    waiting: NDArray[np.int32],
    first: int,
    last: int,
    arrival: NDArray[np.float32],
    tets: NDArray[np.int32],
    edges: NDArray[np.float32],
    tet_start: NDArray[np.int32],
    tet_entry: NDArray[np.int32],
    triangles: NDArray[np.int32],
    sides: NDArray[np.float32],
    tri_start: NDArray[np.int32],
    tri_entry: NDArray[np.int32],
    columns: NDArray[np.float32],
    value: NDArray[np.float32],
    owner: NDArray[np.int32],
    found: NDArray[np.float32],
) -> None:
    """found[first:last]: arrivals at waiting[first:last] from all cells round them, never later than before."""
    n = 0
    for p in range(first, last):
        x = waiting[p]
        best = arrival[x]
        for q in range(tri_start[x], tri_start[x + 1]):
            k = tri_entry[q] // 3
            lx = tri_entry[q] - 3 * k
            if sides[k, 0] >= DEAD:
                continue
            la, lb = (lx + 1) % 3, (lx + 2) % 3
            xa, xb, ab = sides[k, lb], sides[k, la], sides[k, lx]
            t1, t2 = arrival[triangles[k, la]], arrival[triangles[k, lb]]
            best = min(best, _through_edge(t1, t2, xa, _F(0.5) * (xa + ab - xb), ab))
        found[p] = best
        for q in range(tet_start[x], tet_start[x + 1]):
            k, lx = tet_entry[q] >> 2, tet_entry[q] & 3
            for i in range(3):
                columns[i, n] = arrival[tets[k, _OTHER[lx, i]]]
            for i in range(6):
                columns[3 + i, n] = edges[k, _EDGE[lx, i]]
            owner[n] = p
            n += 1
            if n == COLUMNS:
                _lower(columns, value, owner, n, found)
                n = 0
    _lower(columns, value, owner, n, found)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def assist(
    shared: NDArray[np.int64],
    waiting: NDArray[np.int32],
    found: NDArray[np.float32],
    arrival: NDArray[np.float32],
    tets: NDArray[np.int32],
    edges: NDArray[np.float32],
    tet_start: NDArray[np.int32],
    tet_entry: NDArray[np.int32],
    triangles: NDArray[np.int32],
    sides: NDArray[np.float32],
    tri_start: NDArray[np.int32],
    tri_entry: NDArray[np.int32],
    leader: bool,
) -> None:
    """Solve pieces of the present band until there are none (the leader), or until the sweep is over (its helpers).

    A piece is claimed only while the band it belongs to is open, and a band closes only when all its pieces are done;
    so what the shared counters say of a claimed piece stays true.
    """
    columns, value = np.empty((9, COLUMNS), np.float32), np.empty(COLUMNS, np.float32)
    owner = np.empty(COLUMNS, np.int32)
    while True:
        piece = claim(shared, NEXT, LIMIT)
        if piece < 0:
            if load(shared, STOP) != 0 or (leader and load(shared, NEXT) >= load(shared, LIMIT)):
                return
            continue
        begin = (piece - load(shared, FIRST)) * PIECE
        end = min(begin + PIECE, load(shared, SIZE))
        _solve(
            waiting, begin, end, arrival, tets, edges, tet_start, tet_entry, triangles, sides, tri_start, tri_entry,
            columns, value, owner, found,
        )  # fmt: skip
        take_part(shared, DONE)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    shared: NDArray[np.int64],
    waiting: NDArray[np.int32],
    found: NDArray[np.float32],
    arrival: NDArray[np.float32],
    tets: NDArray[np.int32],
    edges: NDArray[np.float32],
    tet_start: NDArray[np.int32],
    tet_entry: NDArray[np.int32],
    triangles: NDArray[np.int32],
    sides: NDArray[np.float32],
    tri_start: NDArray[np.int32],
    tri_entry: NDArray[np.int32],
    near_start: NDArray[np.int32],
    near: NDArray[np.int32],
    sources: NDArray[np.int32],
    band: float,
    tolerance: float,
) -> int:
    """Lower ``arrival`` in place until no vertex falls by more than the tolerance; how often a vertex was solved.

    arrival: (n,) ms, FAR where unknown, already lowered at the sources. shared: zeros; waiting, found: (n,) room that
    the helpers in :func:`assist` see. band: ms, width of a band. All counted from a common start of about 0 ms.
    """
    n = arrival.shape[0]
    head, link = (
        np.full(BANDS, -1, np.int32),
        np.full(n, -2, np.int32),
    )  # link: next in its band, −1 last, −2 not in one
    queued, solved, now = 0, 0, 0
    begin = FAR
    for i in range(sources.shape[0]):
        begin = min(begin, arrival[sources[i]])
    per_ms = 1.0 / band
    size, claimed = sources.shape[0], 0
    for i in range(size):
        waiting[i] = sources[i]
    while True:
        for i in range(size):
            y = waiting[i]
            if y < 0:
                continue
            t = arrival[y]
            b = min(max(int((t - begin) * per_ms), now), now + BANDS - 1) % BANDS
            for q in range(near_start[y], near_start[y + 1]):
                z = near[q]
                if link[z] == -2 and arrival[z] > t:
                    link[z] = head[b]
                    head[b] = z
                    queued += 1
        if queued == 0:
            break
        while head[now % BANDS] < 0:
            now += 1
        size, z = 0, head[now % BANDS]
        head[now % BANDS] = -1
        while z >= 0:
            waiting[size] = z
            size += 1
            after = link[z]
            link[z] = -2
            z = after
        queued -= size
        solved += size
        pieces = (size + PIECE - 1) // PIECE
        store(shared, FIRST, claimed)
        store(shared, SIZE, size)
        store(shared, DONE, 0)
        claimed += pieces
        store(shared, LIMIT, claimed)
        assist(
            shared, waiting, found, arrival, tets, edges, tet_start, tet_entry, triangles, sides, tri_start, tri_entry,
            True,
        )  # fmt: skip
        while load(shared, DONE) < pieces:
            pass
        for i in range(size):
            if found[i] < arrival[waiting[i]] - tolerance:
                arrival[waiting[i]] = found[i]
            else:
                waiting[i] = -1
    store(shared, STOP, 1)
    return solved
