"""Faces that pass through each other, found and drawn apart."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.geometry.quality import edge_list

Array = NDArray[np.float64]
_CELL_MM = 4.0
_ROUNDS, _SWEEPS = 8, 4


def crossings(points_mm: Array, triangles: NDArray[np.integer]) -> NDArray[np.int64]:
    """(k, 3) the two ends of an edge and the number of the triangle that it passes through, for every crossing.

    points_mm: (n, 3); triangles: (m, 3). Edges and triangles that share a point do not count. Segment against triangle
    as in Möller T, Trumbore B. J Graph Tools 1997;2:21.
    """
    edges = np.asarray(edge_list(triangles), dtype=np.int64)
    used = points_mm[np.unique(triangles)]
    low = used.min(axis=0) - 1e-6
    shape = np.floor((used.max(axis=0) - low) / _CELL_MM).astype(np.int64) + 1
    found: NDArray[np.int64] = _crossings(
        np.ascontiguousarray(points_mm, dtype=np.float64),
        np.ascontiguousarray(triangles, dtype=np.int64),
        edges,
        low,
        shape,
    )
    return np.unique(found, axis=0)


def uncrossed(points_mm: Array, rest_mm: Array, triangles: NDArray[np.integer]) -> tuple[Array, int]:
    """(n, 3) points whose faces no longer cross, and how many crossings are left.

    rest_mm: the same wall without crossings. Where faces cross, what moved them from rest is evened out along the skin:
    faces that move alike stay apart.
    """
    found = crossings(points_mm, triangles)
    if not len(found):
        return points_mm, 0
    edges = edge_list(triangles)
    both = np.concatenate([edges, edges[:, ::-1]])
    count = np.maximum(np.bincount(both[:, 0], minlength=len(points_mm)), 1)[:, None]
    moved = points_mm - rest_mm
    near = np.zeros(len(points_mm), dtype=bool)
    for _ in range(_ROUNDS):
        near[found[:, :2]] = True
        near[triangles[found[:, 2]]] = True
        near[both[near[both[:, 0]], 1]] = True  # and their neighbours
        for _ in range(_SWEEPS):
            mean = np.stack([np.bincount(both[:, 0], moved[both[:, 1], k], len(moved)) for k in range(3)], 1) / count
            moved = np.where(near[:, None], mean, moved)
        found = crossings(rest_mm + moved, triangles)
        if not len(found):
            break
    return rest_mm + moved, len(found)


@njit(cache=True, nogil=True)
def _crossings(
    points: Array, triangles: NDArray[np.int64], edges: NDArray[np.int64], low: Array, shape: NDArray[np.int64]
) -> NDArray[np.int64]:  # pragma: no cover (compiled)
    cells = shape[0] * shape[1] * shape[2]
    start = np.zeros(cells + 1, dtype=np.int64)
    box = np.zeros((len(triangles), 6), dtype=np.int64)
    for f in range(len(triangles)):
        for k in range(3):
            a, b, c = points[triangles[f, 0], k], points[triangles[f, 1], k], points[triangles[f, 2], k]
            box[f, k] = int((min(a, b, c) - low[k]) / _CELL_MM)
            box[f, 3 + k] = int((max(a, b, c) - low[k]) / _CELL_MM)
        for x in range(box[f, 0], box[f, 3] + 1):
            for y in range(box[f, 1], box[f, 4] + 1):
                for z in range(box[f, 2], box[f, 5] + 1):
                    start[(x * shape[1] + y) * shape[2] + z + 1] += 1
    for cell in range(cells):
        start[cell + 1] += start[cell]
    place = start[:-1].copy()
    inside = np.zeros(start[-1], dtype=np.int64)
    for f in range(len(triangles)):
        for x in range(box[f, 0], box[f, 3] + 1):
            for y in range(box[f, 1], box[f, 4] + 1):
                for z in range(box[f, 2], box[f, 5] + 1):
                    cell = (x * shape[1] + y) * shape[2] + z
                    inside[place[cell]] = f
                    place[cell] += 1
    out = []
    for e in range(len(edges)):
        i, j = edges[e]
        p, q = points[i], points[j]
        first = np.zeros(3, dtype=np.int64)
        last = np.zeros(3, dtype=np.int64)
        for k in range(3):
            first[k] = int((min(p[k], q[k]) - low[k]) / _CELL_MM)
            last[k] = int((max(p[k], q[k]) - low[k]) / _CELL_MM)
        for x in range(first[0], last[0] + 1):
            for y in range(first[1], last[1] + 1):
                for z in range(first[2], last[2] + 1):
                    cell = (x * shape[1] + y) * shape[2] + z
                    for n in range(start[cell], start[cell + 1]):
                        f = inside[n]
                        a, b, c = triangles[f]
                        if i in (a, b, c) or j in (a, b, c):
                            continue
                        if _meets(p, q, points[a], points[b], points[c]):
                            out.append((i, j, f))
    found = np.zeros((len(out), 3), dtype=np.int64)
    for n in range(len(out)):
        found[n, 0], found[n, 1], found[n, 2] = out[n]
    return found


@njit(cache=True, nogil=True)
def _meets(p: Array, q: Array, a: Array, b: Array, c: Array) -> bool:  # pragma: no cover (compiled)
    wx, wy, wz = q[0] - p[0], q[1] - p[1], q[2] - p[2]
    bx, by, bz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    cx, cy, cz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    hx, hy, hz = wy * cz - wz * cy, wz * cx - wx * cz, wx * cy - wy * cx
    det = bx * hx + by * hy + bz * hz
    if abs(det) < 1e-12:
        return False
    sx, sy, sz = p[0] - a[0], p[1] - a[1], p[2] - a[2]
    u = (sx * hx + sy * hy + sz * hz) / det
    if u <= 0.0 or u >= 1.0:
        return False
    ox, oy, oz = sy * bz - sz * by, sz * bx - sx * bz, sx * by - sy * bx
    v = (wx * ox + wy * oy + wz * oz) / det
    if v <= 0.0 or u + v >= 1.0:
        return False
    t = (cx * ox + cy * oy + cz * oz) / det
    return t > 0.0 and t < 1.0
