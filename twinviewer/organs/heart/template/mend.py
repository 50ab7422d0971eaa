"""Elements that a bend has flattened or folded, made sound again by small moves of their corners."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.quality import dihedral_range_deg, edge_list, six_volumes
from twinviewer.geometry.relax import accept
from twinviewer.physics.wall_volume import volume_ratios, widen

Array = NDArray[np.float64]
SOUND_DEG = 9.0
ROUNDS = 20
_RINGS = 2
_WAYS = np.array(
    [w / np.linalg.norm(w) for w in np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3), -1).reshape(-1, 3) if w.any()]
)
LEAST_VOLUME = 0.08
"""Of its volume at rest, below which an element is brought back to it."""


def mend(points_mm: Array, tets: NDArray[np.integer], skin: NDArray[np.integer], least_deg: float = SOUND_DEG) -> Array:
    """(n, 3) points with the corners of elements flatter than ``least_deg`` drawn towards the middle of their
    neighbours: inside the wall all neighbours, on the skin those on the skin. Moves that spoil others are refused."""
    angle = dihedral_range_deg(points_mm, tets)[0]
    near = np.unique(tets[(angle < least_deg) | (six_volumes(points_mm, tets) <= 0)])
    if not len(near):
        return points_mm
    for _ in range(_RINGS):  # only the neighbourhood takes part
        near = np.unique(tets[np.isin(tets, near).any(axis=1)])
    part = np.isin(tets, near).any(axis=1)
    used, local = np.unique(tets[part], return_inverse=True)
    number = np.full(len(points_mm), -1)
    number[used] = np.arange(len(used))
    patch = number[skin[(number[skin] >= 0).all(axis=1)]]
    points = points_mm.copy()
    points[used] = _mended(points_mm[used], local.reshape(-1, 4), patch, np.isin(used, near), least_deg)
    return points


def _mended(
    points_mm: Array, tets: NDArray[np.integer], skin: NDArray[np.integer], free: NDArray[np.bool_], least_deg: float
) -> Array:
    inside, outside = edge_list(tets), edge_list(skin)
    on_skin = np.zeros(len(points_mm), dtype=bool)
    on_skin[skin] = True
    points = points_mm
    for attempt in range(ROUNDS):
        angle = dihedral_range_deg(points, tets)[0]
        angle = np.where(six_volumes(points, tets) > 0, angle, -1.0)
        bad = tets[angle < least_deg]
        if not len(bad):
            break
        ids = np.unique(bad)
        if attempt % 3 == 2:  # now and then the ring round them too, to make room
            ids = np.unique(tets[np.isin(tets, ids).any(axis=1)])
        ids = ids[free[ids]]
        move = np.where(on_skin[ids, None], _middle(points, outside)[ids], _middle(points, inside)[ids]) - points[ids]
        points = accept(points, tets, ids.astype(np.int64), 0.5 * move)
    return _climb(points, tets, free, least_deg)


def _climb(points_mm: Array, tets: NDArray[np.integer], free: NDArray[np.bool_], least_deg: float) -> Array:
    """What neighbours' means do not mend: corner by corner the best of a few small steps is taken, by the flattest
    element round it (hill climbing, as in Freitag LA, Ollivier-Gooch C. Int J Numer Methods Eng 1997;40:3979)."""
    points = points_mm.copy()
    for size in (0.5, 0.5, 0.3, 0.3, 0.2, 0.2, 0.1, 0.1):
        bad = tets[_flatness(points, tets) < least_deg]
        if not len(bad):
            break
        for corner in np.unique(bad):
            if not free[corner]:
                continue
            ring = tets[(tets == corner).any(axis=1)]
            used, local = np.unique(ring, return_inverse=True)
            local = local.reshape(-1, 4)
            place = int(np.searchsorted(used, corner))
            best, worst = points[corner], float(_flatness(points[used], local).min())
            for way in _WAYS:
                tried = points[used]
                tried[place] = points[corner] + size * way
                angle = float(_flatness(tried, local).min())
                if angle > worst + 0.05:
                    best, worst = tried[place], angle
            points[corner] = best
    return points


def _flatness(points: Array, tets: NDArray[np.integer]) -> Array:
    """(m,) smallest dihedral angle in degrees, below zero for a folded element."""
    angle = dihedral_range_deg(points, tets)[0]
    return np.where(six_volumes(points, tets) > 0, angle, angle - 180.0)


def _middle(points: Array, edges: NDArray[np.integer]) -> Array:
    """(n, 3) mean of the neighbours; a point without any stays."""
    count = np.bincount(edges.ravel(), minlength=len(points))
    total = np.stack(
        [
            np.bincount(edges[:, 0], points[edges[:, 1], axis], minlength=len(points))
            + np.bincount(edges[:, 1], points[edges[:, 0], axis], minlength=len(points))
            for axis in range(3)
        ],
        axis=1,
    )
    return np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], points)


def unfold(points_mm: Array, rest_mm: Array, tets: NDArray[np.int32]) -> Array:
    """(n, 3) points with every element brought to LEAST_VOLUME of its volume at rest (physics/wall_volume.py)."""
    reference = np.empty(len(tets))
    volume_ratios(rest_mm, tets, np.ones(len(tets)), reference)
    points = np.ascontiguousarray(points_mm, dtype=np.float64).copy()
    widen(points, tets, reference, LEAST_VOLUME)
    return points
