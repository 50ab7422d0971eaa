"""Where a triangle surface passes through itself: pairs of triangles that cross, and neighbours folded flat together.

Two triangles in general position cross where an edge of one runs through the inside of the other; signs of volumes of
tetrahedra tell (Guigue P, Devillers O. Fast and robust triangle-triangle overlap test using orientation predicates.
J Graphics Tools 8(1), 2003). Triangles that merely touch, in a shared corner or edge, do not cross.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Index = NDArray[np.int64]
FOLDED_DEG = 0.5
"""Triangles at a common edge with less than this between them lie on each other."""
_AT_ONCE = 400_000


def crossing_pairs(points_mm: Array, triangles: NDArray[np.integer]) -> Index:
    """(c, 2) pairs of triangles that pass through each other or lie folded onto each other, the smaller index first.

    points_mm: (n, 3); triangles: (k, 3). Empty where the surface does not cross itself. Coplanar triangles that overlap
    without a common edge are not found.
    """
    if len(triangles) < 2:
        return np.empty((0, 2), dtype=np.int64)
    found = [np.empty((0, 2), dtype=np.int64)]
    near = _near(points_mm, triangles)
    for start in range(0, len(near), _AT_ONCE):
        pairs = near[start : start + _AT_ONCE]
        found.append(pairs[_cross(points_mm, triangles, pairs)])
    return np.concatenate(found)


def crossing_between(points_mm: Array, one: NDArray[np.integer], two: NDArray[np.integer]) -> Index:
    """(c, 2) pairs (index in ``one``, index in ``two``) that cross; for a short list against another."""
    first, second = points_mm[one], points_mm[two]
    low, high = second.min(axis=1), second.max(axis=1)
    near = [
        np.stack([np.full(len(hit), row), hit], axis=1)
        for row, (least, most) in enumerate(zip(first.min(axis=1), first.max(axis=1), strict=True))
        if len(hit := np.nonzero(((low <= most) & (high >= least)).all(axis=1))[0])
    ]
    if not near:
        return np.empty((0, 2), dtype=np.int64)
    pairs = np.concatenate(near)
    both = np.concatenate([one, two])
    return pairs[_cross(points_mm, both, pairs + [0, len(one)])]


def piercing(points_mm: Array, ends: NDArray[np.integer], triangles: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(c,) whether the segment between two points (c, 2) runs through the inside of the triangle (c, 3) beside it."""
    return _pierces(points_mm[ends[:, 0]], points_mm[ends[:, 1]], points_mm[triangles])


def crosses_itself(points_mm: Array, triangles: NDArray[np.integer]) -> bool:
    """Whether any two triangles of a surface cross."""
    return bool(len(crossing_pairs(points_mm, triangles)))


def _near(points: Array, triangles: NDArray[np.integer]) -> Index:
    """(c, 2) pairs whose boxes overlap. The few large triangles are held against all, the many small by a tree."""
    p = points[triangles]
    middle = p.mean(axis=1)
    reach = np.linalg.norm(p - middle[:, None], axis=2).max(axis=1)
    usual = float(np.quantile(reach, 0.998))
    small = np.nonzero(reach <= usual)[0]
    pairs = [small[cKDTree(middle[small]).query_pairs(2.0 * usual + 1e-9, output_type="ndarray")].astype(np.int64)]
    low, high = p.min(axis=1), p.max(axis=1)
    is_large = reach > usual
    for one in np.nonzero(is_large)[0]:
        hit = ((low <= high[one]) & (high >= low[one])).all(axis=1)
        hit[one] = False
        hit &= ~is_large | (np.arange(len(hit)) > one)
        other = np.nonzero(hit)[0]
        pairs.append(np.stack([np.full(len(other), one), other], axis=1).astype(np.int64))
    every = np.sort(np.concatenate(pairs), axis=1)
    a, b = every.T
    return every[((low[a] <= high[b]) & (high[a] >= low[b])).all(axis=1)]


def _cross(points: Array, triangles: NDArray[np.integer], pairs: Index) -> NDArray[np.bool_]:
    one, two = triangles[pairs[:, 0]], triangles[pairs[:, 1]]
    same = one[:, :, None] == two[:, None, :]
    shared = same.sum(axis=(1, 2))
    out = np.zeros(len(pairs), dtype=bool)
    apart = np.nonzero(shared == 0)[0]
    out[apart] = _apart(points[one[apart]], points[two[apart]])
    corner = np.nonzero(shared == 1)[0]
    first = _led_by(one[corner], same[corner].any(axis=2))
    second = _led_by(two[corner], same[corner].any(axis=1))
    p, q = points[first], points[second]
    out[corner] = _pierces(p[:, 1], p[:, 2], q) | _pierces(q[:, 1], q[:, 2], p)
    edge = np.nonzero(shared == 2)[0]
    first = _led_by(one[edge], ~same[edge].any(axis=2))
    second = _led_by(two[edge], ~same[edge].any(axis=1))
    out[edge] = _folded(points[first], points[second])
    out[shared == 3] = True
    return out


def _led_by(triangles: NDArray[np.integer], which: NDArray[np.bool_]) -> NDArray[np.integer]:
    """(c, 3) corners turned so that the one marked in ``which`` comes first."""
    start = np.argmax(which, axis=1)[:, None]
    return np.take_along_axis(triangles, (start + np.arange(3)) % 3, axis=1)


def _apart(p: Array, q: Array) -> NDArray[np.bool_]:
    out = np.zeros(len(p), dtype=bool)
    for i in range(3):
        j = (i + 1) % 3
        out |= _pierces(p[:, i], p[:, j], q) | _pierces(q[:, i], q[:, j], p)
    return out


def _pierces(a: Array, b: Array, triangle: Array) -> NDArray[np.bool_]:
    """(c,) whether the segment a b runs through the inside of a triangle."""
    u, v, w = triangle[:, 0], triangle[:, 1], triangle[:, 2]
    sides = _volume(a, u, v, w) * _volume(b, u, v, w) < 0
    x, y, z = _volume(a, b, u, v), _volume(a, b, v, w), _volume(a, b, w, u)
    return np.asarray(sides & (((x > 0) & (y > 0) & (z > 0)) | ((x < 0) & (y < 0) & (z < 0))))


def _volume(a: Array, b: Array, c: Array, d: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", b - a, np.cross(c - a, d - a)))


def _folded(p: Array, q: Array) -> NDArray[np.bool_]:
    """(c,) whether two triangles lie on each other; their first corners are those that they do not share."""
    edge = p[:, 2] - p[:, 1]
    edge = edge / np.maximum(np.linalg.norm(edge, axis=1), 1e-300)[:, None]
    arms = []
    for one in (p[:, 0] - p[:, 1], q[:, 0] - p[:, 1]):
        arm = one - np.einsum("ij,ij->i", one, edge)[:, None] * edge
        arms.append(arm / np.maximum(np.linalg.norm(arm, axis=1), 1e-300)[:, None])
    return np.asarray(np.einsum("ij,ij->i", *arms) > np.cos(np.radians(FOLDED_DEG)))
