"""Tetrahedra whose skin is a manifold: what touches itself in a point or an edge is taken apart."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twinviewer.domain import MeshError
from twinviewer.geometry.surfaces import boundary_triangles

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]
_FACES = ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1))


def parts_of(count: int, tets: NDArray[np.integer]) -> Index:
    """(m,) which part, connected by points, each of the tetrahedra (m, 4) on ``count`` points is in."""
    rows, columns = np.repeat(tets[:, 0], 3), tets[:, 1:].ravel()
    graph = coo_matrix((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1][tets[:, 0]], dtype=np.int64)


def pinched_points(surface: NDArray[np.integer]) -> Index:
    """Points of a closed surface (k, 3) round which its triangles make more than one ring: two parts touch there."""
    corner = surface.ravel().astype(np.int64)
    count = len(corner)
    # corners of one point are linked across each edge at it: (point, neighbour) occurs twice in a closed surface
    forward = np.roll(surface, -1, axis=1).ravel().astype(np.int64)
    backward = np.roll(surface, 1, axis=1).ravel().astype(np.int64)
    top = int(surface.max()) + 1
    code = np.concatenate([corner * top + forward, corner * top + backward])
    which = np.tile(np.arange(count), 2)
    order = np.argsort(code, kind="stable")
    same = np.nonzero(code[order][1:] == code[order][:-1])[0]
    links = (which[order[same]], which[order[same + 1]])
    graph = coo_matrix((np.ones(len(same), dtype=np.int8), links), shape=(count, count))
    ring = connected_components(graph, directed=False)[1]
    rings = np.unique(corner * count + ring) // count
    point, times = np.unique(rings, return_counts=True)
    return np.asarray(point[times > 1], dtype=np.int64)


def without_bad_edges(tets: NDArray[np.int32]) -> NDArray[np.int32]:
    """Tetrahedra (m, 4) without those at edges that have more than two boundary faces. MeshError if that never ends."""
    for _ in range(6):
        surface = boundary_triangles(tets)
        bad = _bad_ends(surface)
        if not len(bad):
            return tets
        tets = tets[np.isin(tets, bad).sum(axis=1) < 2]
    raise MeshError("The wall touches itself, so that its surface is not a single skin")


def taken_apart(points_mm: Array, tets: NDArray[np.integer]) -> tuple[Array, NDArray[np.int32]]:
    """Points (n, 3) and tets (m, 4) where no two parts share a mere point or edge: such points are doubled, and where
    an edge still has four faces the tetrahedra at it are left out. Unused points go. MeshError if that does not end.
    """
    tets = tets.astype(np.int64)
    for attempt in range(16):
        if not len(tets):
            raise MeshError("There is nothing to mesh: the shape is thinner than the mesh spacing")
        surface = boundary_triangles(tets)
        bad = _bad_ends(surface)
        doubtful = np.union1d(pinched_points(surface), bad)
        if not len(doubtful):
            used, inverse = np.unique(tets, return_inverse=True)
            return points_mm[used], inverse.reshape(tets.shape).astype(np.int32)
        if attempt % 2 == 0:
            points_mm, tets = _doubled(points_mm, tets, doubtful)
            continue
        at_bad = np.isin(tets, bad).sum(axis=1) >= 2 if len(bad) else np.isin(tets, doubtful).any(axis=1)
        tets = tets[~at_bad]
    raise MeshError("The shape touches itself, so that its surface is not a single skin", remedy="Use shorter edges")


def _doubled(points: Array, tets: NDArray[np.integer], doubtful: Index) -> tuple[Array, NDArray[np.integer]]:
    """The doubtful points as often as there are groups of tetrahedra round them that hang together by faces."""
    flag = np.zeros(len(points), dtype=bool)
    flag[doubtful] = True
    near = np.nonzero(flag[tets].any(axis=1))[0]
    work = tets[near]
    face = np.concatenate([work[:, list(f)] for f in _FACES])
    owner = np.tile(np.arange(len(work)), 4)
    ordered = np.sort(face, axis=1)
    top = len(points)
    code = (ordered[:, 0] * top + ordered[:, 1]) * top + ordered[:, 2]
    order = np.argsort(code, kind="stable")
    same = np.nonzero(code[order][1:] == code[order][:-1])[0]
    # a node for each corner of the work that is doubtful, linked across faces that hold the point
    node = np.cumsum(flag[work]).reshape(work.shape) - 1
    rows: list[Index] = []
    columns: list[Index] = []
    for corner in range(3):
        shared = ordered[order[same], corner]
        keep = flag[shared]
        for out, tet in ((rows, owner[order[same]][keep]), (columns, owner[order[same + 1]][keep])):
            out.append(node[tet, np.argmax(work[tet] == shared[keep][:, None], axis=1)])
    rows_, columns_ = np.concatenate(rows), np.concatenate(columns)
    count = int(flag[work].sum())
    graph = coo_matrix((np.ones(len(rows_), dtype=np.int8), (rows_, columns_)), shape=(count, count))
    group = connected_components(graph, directed=False)[1]
    point = work[flag[work]]
    _, first = np.unique(group, return_index=True)  # a node of each group, and by it the point
    of_group = point[first]
    _, keeps = np.unique(of_group, return_index=True)  # the first group of a point keeps its number
    number = np.full(len(first), -1, dtype=np.int64)
    number[keeps] = of_group[keeps]
    fresh = number < 0
    number[fresh] = top + np.arange(int(fresh.sum()))
    work[flag[work]] = number[group]
    tets = tets.copy()
    tets[near] = work
    return np.concatenate([points, points[of_group[fresh]]]), tets


def _bad_ends(surface: NDArray[np.integer]) -> Index:
    """Ends of edges that have more than two faces."""
    top = int(surface.max()) + 1
    pairs = np.sort(np.concatenate([surface[:, [0, 1]], surface[:, [1, 2]], surface[:, [2, 0]]]), axis=1).astype(
        np.int64
    )
    code, count = np.unique(pairs[:, 0] * top + pairs[:, 1], return_counts=True)
    bad = code[count > 2]
    return np.union1d(bad // top, bad % top)
