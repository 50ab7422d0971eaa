"""Poor tetrahedra made better by moving their points: up the gradient of their shape, refused where another suffers.

Shape is the mean ratio q = 12 (3V)^(2/3) / Σl² (Liu A, Joe B. Relationship between tetrahedron shape measures. BIT
34, 1994): 1 for a regular tetrahedron, 0 for a flat one. Points of the skin only slide along it.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.quality import dihedral_range_deg, scaled_jacobian, six_volumes
from twinviewer.geometry.relax import SOUND_DEG
from twinviewer.geometry.surfaces import boundary_triangles, vertex_normals

Array = NDArray[np.float64]
_OPPOSITE = ((1, 3, 2), (0, 2, 3), (0, 3, 1), (0, 1, 2))  # cross product looks towards the corner


def improve(
    points_mm: Array,
    tets: NDArray[np.integer],
    wanted: float = 0.32,
    rounds: int = 12,
    held: NDArray[np.integer] | None = None,
    longest_mm: float = np.inf,
) -> Array:
    """(n, 3) points after working on tetrahedra whose scaled Jacobian is below ``wanted``. The skin keeps its shape
    but for second order; no scaled Jacobian below ``wanted``, no dihedral angle beyond 12° and 158°, and no edge longer
    than ``longest_mm`` becomes worse. held: points that stay."""
    points = points_mm
    skin = boundary_triangles(tets)
    outer = np.zeros(len(points), dtype=bool)
    outer[skin] = True
    for attempt in range(rounds):
        shape = scaled_jacobian(points, tets)
        poor = shape < wanted
        if not poor.any():
            break
        work = tets[poor]
        move = _uphill(points, work, wanted - shape[poor])
        ids = np.unique(work)
        on = ids[outer[ids]]
        normal = vertex_normals(points, skin)[on]
        move[on] -= np.einsum("ij,ij->i", move[on], normal)[:, None] * normal
        if attempt > rounds // 2:  # what is left is held by the skin: let every second go by the inner points alone
            move[on] *= float(attempt % 2)
        if held is not None:
            move[held] = 0.0
        points = _accepted(points, tets, ids, move, wanted, longest_mm)
    return points


def _uphill(points: Array, tets: NDArray[np.integer], weight: Array) -> Array:
    """(n, 3) moves of up to a sixth of an edge in the sense in which the mean ratio of the tets rises."""
    p = points[tets]
    six = np.maximum(six_volumes(points, tets), 1e-9)
    squares = sum(((p[:, i] - p[:, j]) ** 2).sum(axis=1) for i in range(4) for j in range(i))
    edge = np.sqrt(squares / 6.0)
    move = np.zeros_like(points)
    share = np.zeros(len(points))
    for corner in range(4):
        a, b, c = (p[:, k] for k in _OPPOSITE[corner])
        grows = np.cross(b - a, c - a)  # gradient of six times the volume
        grows *= np.sign(np.einsum("ij,ij->i", grows, p[:, corner] - a))[:, None]
        spread = 2.0 * (3.0 * p[:, corner] - a - b - c)  # gradient of the sum of squared edges
        slope = (2.0 / 3.0) * grows / six[:, None] - spread / squares[:, None]
        slope *= (edge / np.maximum(np.linalg.norm(slope, axis=1), 1e-12) * weight)[:, None]
        at = tets[:, corner]
        for axis in range(3):
            move[:, axis] += np.bincount(at, slope[:, axis], minlength=len(points))
        share += np.bincount(at, weight, minlength=len(points))
    return np.asarray(move / np.maximum(share, 1e-12)[:, None] / 6.0)


def _accepted(
    points: Array, tets: NDArray[np.integer], ids: NDArray[np.integer], move: Array, wanted: float, longest_mm: float
) -> Array:
    """Points moved; moves that spoil a tetrahedron are halved, then refused."""
    touched = np.zeros(len(points), dtype=bool)
    touched[ids] = True
    near = tets[touched[tets].any(axis=1)]
    least = np.minimum(scaled_jacobian(points, near), wanted) - 1e-9
    sharp, blunt = dihedral_range_deg(points, near)
    sharp, blunt = np.minimum(sharp, SOUND_DEG[0]) - 1e-9, np.maximum(blunt, SOUND_DEG[1]) + 1e-9
    long = np.maximum(_longest(points, near), longest_mm) + 1e-9 if np.isfinite(longest_mm) else None
    share = np.zeros(len(points))
    share[ids] = 1.0
    for attempt in range(16):
        moved = points + share[:, None] * move
        low, high = dihedral_range_deg(moved, near)
        bad = (scaled_jacobian(moved, near) < least) | (low < sharp) | (high > blunt)
        if long is not None:
            bad |= _longest(moved, near) > long
        if not bad.any():
            return moved
        share[np.unique(near[bad])] *= 0.4 if attempt < 4 else 0.0
    return points


def _longest(points: Array, tets: NDArray[np.integer]) -> Array:
    """(m,) longest edge of each tetrahedron in mm."""
    p = [points[tets[:, k]] for k in range(4)]
    between = (p[i] - p[j] for i in range(4) for j in range(i))
    return np.asarray(np.sqrt(np.maximum.reduce([np.einsum("ij,ij->i", b, b) for b in between])))
