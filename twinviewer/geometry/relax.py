"""Small moves of mesh points that shorten over-long edges or straighten rims, refused wherever angles would suffer."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.quality import edge_list, least_dihedral_deg, six_volumes
from twinviewer.geometry.surfaces import boundary_triangles, vertex_normals

Array = NDArray[np.float64]
Index = NDArray[np.int64]
SOUND_DEG = 12.0  # a move may not leave a dihedral angle below this, unless it was below before and gets no worse


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
    before = np.minimum(least_dihedral_deg(points_mm, near), SOUND_DEG)
    share = np.zeros(len(points_mm))
    share[ids] = 1.0
    move = np.zeros_like(points_mm)
    move[ids] = move_mm
    for attempt in range(6):
        moved = points_mm + share[:, None] * move
        bad = (least_dihedral_deg(moved, near) < before - 1e-9) | (six_volumes(moved, near) <= 0)
        if not bad.any():
            return moved
        share[np.unique(near[bad])] *= 0.5 if attempt < 3 else 0.0
    return points_mm


def straighten_rims(
    points_mm: Array, tets: NDArray[np.integer], loops: list[NDArray[np.integer]], rounds: int = 3
) -> Array:
    """(n, 3) points after drawing the zigzag of closed loops of points towards the middle of their neighbours."""
    points = points_mm
    for _ in range(rounds):
        for loop in loops:
            here = points[loop]
            middle = 0.5 * (np.roll(here, 1, axis=0) + np.roll(here, -1, axis=0))
            points = accept(points, tets, np.asarray(loop, dtype=np.int64), 0.5 * (middle - here))
    return points
