"""Local solvers and the label-correcting sweep behind :mod:`twinviewer.physics.eikonal` (numba, no GIL).

The first arrival at a vertex x through a face with arrivals t_i is Fermat's principle on one element:
min over points y of the face of t(y) + |x − y|_M, with t linear on the face and |v|_M = √(vᵀD⁻¹v). An element enters
only by the squares of its edge lengths in its own metric, so that scaling the speed by s divides them by s².

The sweep is Dijkstra's with elements for edges: the earliest vertex is taken from a heap and updates its neighbours
through the simplices that it closes with vertices taken before. Anisotropy breaks the causality that fast marching
needs, so a vertex whose arrival is lowered later goes back into the heap (label correcting); what comes out is a
fixed point of the local updates. Compare Fu, Kirby, Whitaker, SIAM J Sci Comput 35:C473 (2013).
"""

import heapq

import numba as nb
import numpy as np
from numpy.typing import NDArray

FAR = 1e30
"""Arrival of a vertex that nothing has reached, in ms."""

_EDGE = np.array([[0, 0, 1, 2], [0, 0, 3, 4], [1, 3, 0, 5], [2, 4, 5, 0]], np.int64)
"""Edge number of a pair of local vertices, in the order 01 02 03 12 13 23."""


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
def metric_edges(
    points: NDArray[np.float64],
    tets: NDArray[np.int32],
    fibre: NDArray[np.float64],
    scale: NDArray[np.float64],
    fibre_speed: float,
    cross_speed: float,
) -> NDArray[np.float32]:
    """(m, 6) squared travel times in ms² along the edges 01 02 03 12 13 23; inf where an element does not conduct."""
    along, across = 1.0 / fibre_speed**2, 1.0 / cross_speed**2
    edges = np.empty((tets.shape[0], 6), np.float32)
    for k in range(tets.shape[0]):
        fx, fy, fz = fibre[k, 0], fibre[k, 1], fibre[k, 2]
        slow = 1.0 / scale[k] ** 2 if scale[k] > 0.0 else np.inf
        e = 0
        for i in range(3):
            for j in range(i + 1, 4):
                a, b = tets[k, i], tets[k, j]
                dx, dy, dz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
                f = dx * fx + dy * fy + dz * fz
                edges[k, e] = slow * (across * (dx * dx + dy * dy + dz * dz) + (along - across) * f * f)
                e += 1
    return edges


@nb.njit(cache=True, nogil=True, error_model="numpy")
def ball_radius(
    points: NDArray[np.float64],
    tets: NDArray[np.int32],
    scale: NDArray[np.float64],
    node: int,
    own: float,
    radius: float,
) -> float:
    """Largest radius in mm, up to the one given, in which all elements conduct with the scale ``own``."""
    for k in range(tets.shape[0]):
        if abs(scale[k] - own) > 1e-6:
            for i in range(4):
                v = tets[k, i]
                d2 = 0.0
                for c in range(3):
                    d2 += (points[v, c] - points[node, c]) ** 2
                if d2 < radius * radius:
                    radius = np.sqrt(d2)
    return radius


@nb.njit(cache=True, nogil=True, error_model="numpy")
def connected_ball(
    points: NDArray[np.float64],
    cells: NDArray[np.int32],
    conducts: NDArray[np.bool_],
    start: NDArray[np.int32],
    entry: NDArray[np.int32],
    node: int,
    radius: float,
) -> NDArray[np.int64]:
    """Vertices within radius of a node that conducting cells connect to it without leaving the ball; node first."""
    seen = {np.int64(node): True}
    found = [np.int64(node)]
    at = 0
    while at < len(found):
        v = found[at]
        at += 1
        for q in range(start[v], start[v + 1]):
            k = entry[q] // cells.shape[1]
            if not conducts[k]:
                continue
            for i in range(cells.shape[1]):
                x = np.int64(cells[k, i])
                if x in seen:
                    continue
                d2 = 0.0
                for c in range(3):
                    d2 += (points[x, c] - points[node, c]) ** 2
                if d2 <= radius * radius:
                    seen[x] = True
                    found.append(x)
    return np.array(found)


@nb.njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _through_edge(t1: float, t2: float, a: float, b: float, c: float) -> float:
    """Arrival at x through the edge 1-2. a = |x−1|², b = (x−1)·(2−1), c = |2−1|², all in the metric."""
    best = min(t1 + np.sqrt(a), t2 + np.sqrt(max(a - 2.0 * b + c, 0.0)))
    d = t2 - t1
    k = c - d * d
    if k > 0.0:
        q = (a * c - b * b) / k
        if q > 0.0:
            s = (b - d * np.sqrt(q)) / c
            if 0.0 < s < 1.0:
                best = min(best, t1 + s * d + np.sqrt(max(a - 2.0 * b * s + c * s * s, 0.0)))
    return best


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _through_face(
    t1: float, t2: float, t3: float, x1: float, x2: float, x3: float, e12: float, e13: float, e23: float
) -> float:
    """Arrival at x through the face 1-2-3. xi = |x−i|² and eij = |i−j|² in the metric of the element."""
    d2, d3 = t2 - t1, t3 - t1
    uw = 0.5 * (e12 + e13 - e23)
    pu, pw = 0.5 * (x1 + e12 - x2), 0.5 * (x1 + e13 - x3)
    det = e12 * e13 - uw * uw
    if det > 1e-9 * e12 * e13:
        i22, i33, i23 = e13 / det, e12 / det, -uw / det
        steep = i22 * d2 * d2 + 2.0 * i23 * d2 * d3 + i33 * d3 * d3  # squared slowness of t along the face
        height = x1 - (i22 * pu * pu + 2.0 * i23 * pu * pw + i33 * pw * pw)
        if steep < 1.0 and height > 0.0:
            length = np.sqrt(height / (1.0 - steep))
            r2, r3 = pu - length * d2, pw - length * d3
            z2, z3 = i22 * r2 + i23 * r3, i23 * r2 + i33 * r3
            if z2 >= 0.0 and z3 >= 0.0 and z2 + z3 <= 1.0:
                return t1 + z2 * d2 + z3 * d3 + length
    return min(
        _through_edge(t1, t2, x1, pu, e12),
        _through_edge(t1, t3, x1, pw, e13),
        _through_edge(t2, t3, x2, 0.5 * (x2 + e23 - x3), e23),
    )


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    tets: NDArray[np.int32],
    edges: NDArray[np.float32],
    tet_start: NDArray[np.int32],
    tet_entry: NDArray[np.int32],
    triangles: NDArray[np.int32],
    sides: NDArray[np.float32],
    tri_start: NDArray[np.int32],
    tri_entry: NDArray[np.int32],
    nodes: NDArray[np.int64],
    times: NDArray[np.float64],
    tolerance: float,
) -> NDArray[np.float64]:
    """(n,) first arrivals in ms from the given nodes and times; FAR where nothing arrives.

    edges: from metric_edges. sides: (k, 3) squared travel times of the layer's triangles, opposite to corner 0, 1, 2;
    inf where a triangle does not conduct. A vertex is taken up again when its arrival falls by more than tolerance.
    """
    arrival = np.full(tet_start.shape[0] - 1, FAR)
    taken = np.zeros(arrival.shape[0], np.bool_)
    heap = [(0.0, np.int64(0))]
    heap.pop()
    for i in range(nodes.shape[0]):
        if times[i] < arrival[nodes[i]]:
            arrival[nodes[i]] = times[i]
            heapq.heappush(heap, (times[i], nodes[i]))
    while len(heap) > 0:
        now, v = heapq.heappop(heap)
        if now > arrival[v]:
            continue
        taken[v] = True
        for q in range(tet_start[v], tet_start[v + 1]):
            k, lv = tet_entry[q] >> 2, tet_entry[q] & 3
            if not np.isfinite(edges[k, 0]):
                continue
            for step in range(1, 4):
                lx = (lv + step) & 3
                x = tets[k, lx]
                if arrival[x] <= now:
                    continue
                la, lb = (lv + 1 + step % 3) & 3, (lv + 1 + (step + 1) % 3) & 3
                a, b = tets[k, la], tets[k, lb]
                xv = float(edges[k, _EDGE[lx, lv]])
                if taken[a] and taken[b]:
                    t = _through_face(
                        now, arrival[a], arrival[b],
                        xv, float(edges[k, _EDGE[lx, la]]), float(edges[k, _EDGE[lx, lb]]),
                        float(edges[k, _EDGE[lv, la]]), float(edges[k, _EDGE[lv, lb]]), float(edges[k, _EDGE[la, lb]]),
                    )  # fmt: skip
                elif taken[a] or taken[b]:
                    if not taken[a]:
                        la, a = lb, b
                    va = float(edges[k, _EDGE[lv, la]])
                    t = _through_edge(now, arrival[a], xv, 0.5 * (xv + va - float(edges[k, _EDGE[lx, la]])), va)
                else:
                    t = now + np.sqrt(xv)
                if t < arrival[x] - tolerance:
                    arrival[x] = t
                    heapq.heappush(heap, (t, np.int64(x)))
        for q in range(tri_start[v], tri_start[v + 1]):
            k = tri_entry[q] // 3
            lv = tri_entry[q] - 3 * k
            if not np.isfinite(sides[k, 0]):
                continue
            for step in range(1, 3):
                lx, la = (lv + step) % 3, (lv + 3 - step) % 3
                x, a = triangles[k, lx], triangles[k, la]
                if arrival[x] <= now:
                    continue
                xv = float(sides[k, la])
                if taken[a]:
                    va = float(sides[k, lx])
                    t = _through_edge(now, arrival[a], xv, 0.5 * (xv + va - float(sides[k, lv])), va)
                else:
                    t = now + np.sqrt(xv)
                if t < arrival[x] - tolerance:
                    arrival[x] = t
                    heapq.heappush(heap, (t, np.int64(x)))
    return arrival
