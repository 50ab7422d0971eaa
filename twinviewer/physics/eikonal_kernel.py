"""The banded sweep behind :mod:`twinviewer.physics.eikonal` (numba, no GIL, any number of threads).

The sweep is a delta-stepping one (Meyer, Sanders 2003) with elements for edges. Vertices wait in bands by the time of
their earliest neighbour that has news. The earliest band is taken as a whole: each of its vertices is solved anew from
all elements round it, and where its arrival falls by more than a tolerance its later neighbours have to wait in turn;
by the time they are solved most of what they depend on is known. Anisotropy breaks the causality that fast marching
needs; solving a vertex again mends it, and what comes out is a fixed point of the local updates. Compare Fu, Kirby,
Whitaker, SIAM J Sci Comput 35:C473 (2013).

Within a band all vertices are solved from the arrivals before it, so the order does not matter: threads claim pieces
of the band, and the result does not depend on how many they are. The elements round a piece are first gathered into
columns and then solved without branches, sixteen at a time where the processor has such registers.
"""

import numba as nb
import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.atomics import claim, fetch, give_way, load, store, take_part
from twinviewer.physics.eikonal_local import FAR, through_edge, through_faces
from twinviewer.physics.eikonal_metric import DEAD, DEAD_BITS, DEAD_CODE, SHIFT

COLUMNS = 512
PIECE = 64
"""Vertices that a thread claims at a time."""
BANDS = 4096
AHEAD = 4
"""Vertices by which memory is asked for ahead of its use."""
PATIENCE = 400
"""Looks at a counter before a thread that waits offers its core to others."""


NEXT, LIMIT, DONE, STOP, FIRST, SIZE = 0, 8, 16, 24, 32, 40
"""Where the shared counters stand, each in a cache line of its own."""


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
    near_start: NDArray[np.int32],
    near: NDArray[np.int32],
    tet_start: NDArray[np.int32],
    local: NDArray[np.uint16],
    codes: NDArray[np.uint16],
    base: np.uint32,
    triangles: NDArray[np.int32],
    sides: NDArray[np.float32],
    tri_start: NDArray[np.int32],
    tri_entry: NDArray[np.int32],
    columns: NDArray[np.float32],
    value: NDArray[np.float32],
    owner: NDArray[np.int32],
    around: NDArray[np.float32],
    found: NDArray[np.float32],
) -> None:
    """found[first:last]: arrivals at waiting[first:last] from all cells round them, never later than before."""
    bits = columns.view(np.uint32)
    n = 0
    for p in range(first, last):
        if p + AHEAD < last:
            z = waiting[p + AHEAD]
            for at in range(6 * tet_start[z], 6 * tet_start[z + 1], 32):
                fetch(codes, at)
            for at in range(3 * tet_start[z], 3 * tet_start[z + 1], 32):
                fetch(local, at)
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
            best = min(best, through_edge(t1, t2, xa, np.float32(0.5) * (xa + ab - xb), ab))
        found[p] = best
        for q in range(near_start[x], near_start[x + 1]):
            around[q - near_start[x]] = arrival[near[q]]
        size, done = tet_start[x + 1] - tet_start[x], 0
        while done < size:
            part = min(size - done, COLUMNS - n)
            for j in range(3):
                at = 3 * tet_start[x] + j * size + done
                for i in range(part):
                    columns[j, n + i] = around[local[at + i]]
            for j in range(6):
                at = 6 * tet_start[x] + j * size + done
                for i in range(part):
                    code = codes[at + i]
                    word = (np.uint32(code) << SHIFT) + base
                    bits[3 + j, n + i] = DEAD_BITS if code == DEAD_CODE else word
            owner[n : n + part] = p
            n += part
            done += part
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
    near_start: NDArray[np.int32],
    near: NDArray[np.int32],
    tet_start: NDArray[np.int32],
    local: NDArray[np.uint16],
    codes: NDArray[np.uint16],
    base: np.uint32,
    triangles: NDArray[np.int32],
    sides: NDArray[np.float32],
    tri_start: NDArray[np.int32],
    tri_entry: NDArray[np.int32],
    columns: NDArray[np.float32],
    around: NDArray[np.float32],
    leader: bool,
) -> None:
    """Solve pieces of the present band until there are none (the leader), or until the sweep is over (its helpers).

    A piece is claimed only while the band it belongs to is open, and a band closes only when all its pieces are done;
    so what the shared counters say of a claimed piece stays true. columns: (9, COLUMNS), around: (most neighbours,),
    room of this thread alone.
    """
    value, owner = np.empty(COLUMNS, np.float32), np.empty(COLUMNS, np.int32)
    idle = 0
    while True:
        piece = claim(shared, NEXT, LIMIT)
        if piece < 0:
            if load(shared, STOP) != 0 or (leader and load(shared, NEXT) >= load(shared, LIMIT)):
                return
            idle += 1
            if idle > PATIENCE:
                give_way()
            continue
        idle = 0
        begin = (piece - load(shared, FIRST)) * PIECE
        end = min(begin + PIECE, load(shared, SIZE))
        _solve(
            waiting, begin, end, arrival, near_start, near, tet_start, local, codes, base, triangles, sides, tri_start,
            tri_entry, columns, value, owner, around, found,
        )  # fmt: skip
        take_part(shared, DONE)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    shared: NDArray[np.int64],
    waiting: NDArray[np.int32],
    found: NDArray[np.float32],
    arrival: NDArray[np.float32],
    near_start: NDArray[np.int32],
    near: NDArray[np.int32],
    tet_start: NDArray[np.int32],
    local: NDArray[np.uint16],
    codes: NDArray[np.uint16],
    base: np.uint32,
    triangles: NDArray[np.int32],
    sides: NDArray[np.float32],
    tri_start: NDArray[np.int32],
    tri_entry: NDArray[np.int32],
    columns: NDArray[np.float32],
    around: NDArray[np.float32],
    sources: NDArray[np.int32],
    band: float,
    tolerance: float,
) -> tuple[int, int]:
    """Lower ``arrival`` in place until no vertex falls by more than the tolerance; vertices solved, and bands.

    arrival: (n,) ms, FAR where unknown, already lowered at the sources. shared: zeros; waiting, found: (n,) room that
    the helpers in :func:`assist` see. near …: the grid's lists. band: ms, width of a band.
    """
    n = arrival.shape[0]
    head = np.full(BANDS, -1, np.int32)
    after, before = np.empty(n, np.int32), np.empty(n, np.int32)
    due = np.full(n, -1, np.int32)  # the band in which a vertex waits
    queued, solved, bands, now, claimed = 0, 0, 0, 0, 0
    begin = FAR
    size = sources.shape[0]
    for i in range(size):
        waiting[i] = sources[i]
        begin = min(begin, arrival[sources[i]])
    per_ms = 1.0 / band
    while True:
        for i in range(size):
            y = waiting[i]
            if y < 0:
                continue
            t = arrival[y]
            wish = min(max(int((t - begin) * per_ms), now), now + BANDS - 1)
            b = wish % BANDS
            for q in range(near_start[y], near_start[y + 1]):
                z = near[q]
                if arrival[z] <= t + tolerance or 0 <= due[z] <= wish:
                    continue
                if due[z] >= 0:  # it waits in a later band: take it out
                    queued -= 1
                    if before[z] >= 0:
                        after[before[z]] = after[z]
                    else:
                        head[due[z] % BANDS] = after[z]
                    if after[z] >= 0:
                        before[after[z]] = before[z]
                after[z], before[z], due[z] = head[b], -1, wish
                if head[b] >= 0:
                    before[head[b]] = z
                head[b] = z
                queued += 1
        if queued == 0:
            break
        while head[now % BANDS] < 0:
            now += 1
        bands += 1
        size, z = 0, head[now % BANDS]
        head[now % BANDS] = -1
        while z >= 0:
            waiting[size] = z
            due[z] = -1
            size += 1
            z = after[z]
        queued -= size
        solved += size
        pieces = (size + PIECE - 1) // PIECE
        store(shared, FIRST, claimed)
        store(shared, SIZE, size)
        store(shared, DONE, 0)
        claimed += pieces
        store(shared, LIMIT, claimed)
        assist(
            shared, waiting, found, arrival, near_start, near, tet_start, local, codes, base, triangles, sides,
            tri_start, tri_entry, columns, around, True,
        )  # fmt: skip
        idle = 0
        while load(shared, DONE) < pieces:
            idle += 1
            if idle > PATIENCE:
                give_way()
        for i in range(size):
            if found[i] < arrival[waiting[i]] - tolerance:
                arrival[waiting[i]] = found[i]
            else:
                waiting[i] = -1
    store(shared, STOP, 1)
    return solved, bands
