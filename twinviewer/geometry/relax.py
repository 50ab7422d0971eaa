"""Small moves of mesh points that shorten over-long edges or straighten rims, refused wherever angles would suffer."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.quality import dihedral_range_deg, edge_list, six_volumes
from twinviewer.geometry.surfaces import area_vectors, boundary_triangles, vertex_normals

Array = NDArray[np.float64]
Index = NDArray[np.int64]
LEAST_SHARE = 0.12  # of the median volume: the same for a tetrahedron's volume
SOUND_DEG = (12.0, 158.0)  # a move may not leave a dihedral angle beyond these that was not, or was less so, before


def shorten_edges(
    points_mm: Array,
    tets: NDArray[np.integer],
    longest_mm: float,
    distance: Callable[[Array], Array] | None = None,
    rounds: int = 14,
) -> Array:
    """(n, 3) points after pulling together the ends of edges above ``longest_mm``, as far as angles allow.

    Points of the boundary slide along it; with ``distance`` they are put back onto its zero level.
    """
    edges = edge_list(tets)
    surface = boundary_triangles(tets)
    top = len(points_mm)
    along = edge_list(surface)
    on_surface = np.zeros(len(points_mm), dtype=bool)
    on_surface[surface] = True
    # edges through a thin wall from face to face must not draw its faces together: they may only slide
    through = on_surface[edges].all(axis=1) & ~np.isin(edges @ [top, 1], along @ [top, 1])
    points = points_mm
    for attempt in range(rounds):
        a, b = edges.T
        between = points[b] - points[a]
        length = np.linalg.norm(between, axis=1)
        late = attempt >= rounds // 2
        long = (length > longest_mm) & ~(late & through)
        if not long.any():
            break
        a, b, between, length = a[long], b[long], between[long], length[long]
        pull = between * (0.6 * (1.0 - 0.985 * longest_mm / length))[:, None]
        move = np.zeros_like(points)
        np.add.at(move, a, pull)
        np.add.at(move, b, -pull)
        ids = np.unique(np.concatenate([a, b]))
        # the last rounds may cut a corner by tenths of a mm: what is left over lies at sharp rims
        face = ids[on_surface[ids]] if not late else ids[:0]
        normal = vertex_normals(points, surface)[face]
        move[face] -= np.einsum("ij,ij->i", move[face], normal)[:, None] * normal
        if distance is not None and len(face):
            off = distance(points[face] + move[face])
            move[face] -= np.clip(off, -0.2, 0.2)[:, None] * normal
        points = accept(points, tets, ids, move[ids])
    return points


def accept(points_mm: Array, tets: NDArray[np.integer], ids: Index, move_mm: Array) -> Array:
    """Points with each of ``ids`` moved; moves that spoil a tetrahedron are halved, then refused."""
    touched = np.zeros(len(points_mm), dtype=bool)
    touched[ids] = True
    near = tets[touched[tets].any(axis=1)]
    sharp, blunt = dihedral_range_deg(points_mm, near)
    sharp, blunt = np.minimum(sharp, SOUND_DEG[0]) - 1e-9, np.maximum(blunt, SOUND_DEG[1]) + 1e-9
    volume = six_volumes(points_mm, near)
    small = np.minimum(volume, LEAST_SHARE * np.median(volume)) - 1e-9
    share = np.zeros(len(points_mm))
    share[ids] = 1.0
    move = np.zeros_like(points_mm)
    move[ids] = move_mm
    for attempt in range(16):
        moved = points_mm + share[:, None] * move
        least, most = dihedral_range_deg(moved, near)
        bad = (least < sharp) | (most > blunt) | (six_volumes(moved, near) < small)
        if not bad.any():
            return moved
        share[np.unique(near[bad])] *= 0.5 if attempt < 3 else 0.0
    return points_mm


def straighten_rims(
    points_mm: Array, tets: NDArray[np.integer], loops: Sequence[NDArray[np.integer]], rounds: int = 3
) -> Array:
    """(n, 3) points after drawing the zigzag of closed loops of points towards the middle of their neighbours."""
    points = points_mm
    for _ in range(rounds):
        for loop in loops:
            here = points[loop]
            middle = 0.5 * (np.roll(here, 1, axis=0) + np.roll(here, -1, axis=0))
            points = accept(points, tets, np.asarray(loop, dtype=np.int64), 0.5 * (middle - here))
    return points


def round_creases(
    points_mm: Array, tets: NDArray[np.integer], surface: NDArray[np.integer], sharp_deg: float = 30.0, rounds: int = 10
) -> Array:
    """(n, 3) points after smoothing the boundary where it is sharper than ``sharp_deg``.

    A lattice cuts sharp rims into teeth; drawing their points towards their neighbours' mean makes them even edges.
    """
    edges = edge_list(surface)
    count = np.maximum(np.bincount(edges.ravel(), minlength=len(points_mm)), 1)
    points = points_mm
    for _ in range(rounds):
        normal = vertex_normals(points, surface)
        vectors = area_vectors(points, surface)
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-300)[:, None]
        agree = np.ones(len(points))
        for corner in range(3):
            np.minimum.at(agree, surface[:, corner], np.einsum("ij,ij->i", unit, normal[surface[:, corner]]))
        sharp = agree < np.cos(np.radians(sharp_deg))
        if not sharp.any():
            break
        mean = np.zeros_like(points)
        for axis in range(3):
            mean[:, axis] = np.bincount(edges[:, 0], points[edges[:, 1], axis], minlength=len(points))
            mean[:, axis] += np.bincount(edges[:, 1], points[edges[:, 0], axis], minlength=len(points))
        ids = np.nonzero(sharp)[0]
        points = accept(points, tets, ids, 0.5 * (mean[ids] / count[ids, None] - points[ids]))
    return points
