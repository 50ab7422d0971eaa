"""One sound piece of tetrahedra for the wall of both ventricles."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError
from twinviewer.geometry.quality import is_closed_manifold
from twinviewer.geometry.refine import split_through_edges
from twinviewer.geometry.stuffing import stuff
from twinviewer.geometry.surfaces import boundary_triangles
from twinviewer.organs.heart.wall import WallShape

Array = NDArray[np.float64]
Triangles = NDArray[np.int32]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]


def wall_tetrahedra(shape: WallShape, cell_mm: float) -> tuple[Array, NDArray[np.int32]]:
    """One sound piece of tetrahedra in the frame's local mm."""
    frame = shape.frame
    extent = frame.spacing_mm * (np.array(frame.shape[::-1]) - 1)
    points, tets = stuff(shape.distance, frame.origin_mm, frame.origin_mm + extent, cell_mm)
    beside = _tet_parts(len(points), tets)
    tets = tets[beside == np.argmax(np.bincount(beside))]
    for _ in range(6):
        surface = boundary_triangles(tets)
        if is_closed_manifold(surface):
            break
        tets = tets[~_at_bad_edges(tets, surface)]
    else:
        raise MeshError("The wall touches itself, so that its surface is not a single skin")
    used, inverse = np.unique(tets, return_inverse=True)
    return split_through_edges(points[used], inverse.reshape(tets.shape))


def largest_parts(points: Array, tets: NDArray[np.integer], right: Mask) -> Mask:
    """Give stray pieces of each chamber's wall to the other, so that each is one piece."""
    for value in (True, False):
        member = np.nonzero(right == value)[0]
        if len(member) == 0:
            continue
        of = _tet_parts(len(points), tets[member])
        stray = member[of != np.argmax(np.bincount(of))]
        right = right.copy()
        right[stray] = not value
    return right


def _tet_parts(count: int, tets: NDArray[np.integer]) -> Index:
    """(m,) which connected part each tetrahedron is in."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows, columns = np.repeat(tets[:, 0], 3), tets[:, 1:].ravel()
    graph = coo_matrix((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1][tets[:, 0]], dtype=np.int64)


def _at_bad_edges(tets: NDArray[np.integer], surface: Triangles) -> Mask:
    """Tetrahedra with a boundary face at an edge that more than two boundary faces share."""
    top = int(tets.max()) + 1
    pairs = np.sort(np.concatenate([surface[:, [0, 1]], surface[:, [1, 2]], surface[:, [2, 0]]]), axis=1).astype(
        np.int64
    )
    code, count = np.unique(pairs[:, 0] * top + pairs[:, 1], return_counts=True)
    bad = code[count > 2]
    ends = np.zeros(top, dtype=bool)
    ends[bad // top] = ends[bad % top] = True
    return np.asarray(ends[tets].sum(axis=1) >= 2)
