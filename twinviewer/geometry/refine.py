"""Bisection of edges: where a wall is one tetrahedron thick, edges from face to face get a point in the middle."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.quality import edge_list
from twinviewer.geometry.surfaces import boundary_triangles

Array = NDArray[np.float64]
_PAIRS = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


def through_edges(tets: NDArray[np.integer]) -> NDArray[np.int64]:
    """(e, 2) edges that lie inside but have both ends on the boundary: they run from face to face."""
    surface = boundary_triangles(tets)
    top = int(tets.max()) + 1
    on = np.zeros(top, dtype=bool)
    on[surface] = True
    ends = on[tets]
    pairs = np.concatenate([tets[ends[:, i] & ends[:, j]][:, [i, j]] for i, j in _PAIRS]).astype(np.int64)
    pairs.sort(axis=1)
    code = np.setdiff1d(np.unique(pairs[:, 0] * top + pairs[:, 1]), edge_list(surface) @ [top, 1])
    return np.stack([code // top, code % top], axis=1)


def split_through_edges(points_mm: Array, tets: NDArray[np.integer]) -> tuple[Array, NDArray[np.int32]]:
    """Bisect all through-going edges, longest first, so that every wall has a layer of inner points."""
    points, edges = points_mm, through_edges(tets)
    around = np.zeros(len(points), dtype=bool)
    around[edges] = True
    busy = around[tets].sum(axis=1) > 1
    done, work = tets[~busy].astype(np.int64), tets[busy].astype(np.int64)
    while len(edges):  # new edges have an inner point, so the list only shrinks
        points, work, edges = _bisect(points, work, edges)
    return points, np.concatenate([done, work]).astype(np.int32)


def _bisect(
    points: Array, tets: NDArray[np.int64], edges: NDArray[np.int64]
) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    """Split those of ``edges`` that are the longest such edge of every tetrahedron around them; also what is left."""
    top = len(points)
    length = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    rank = np.argsort(np.argsort(length))
    code = edges @ [top, 1]  # ends are sorted, as in the tetrahedra's own codes below
    order = np.argsort(code)
    local = np.stack([np.sort(tets[:, list(pair)], axis=1) @ [top, 1] for pair in _PAIRS], axis=1)
    at = np.minimum(np.searchsorted(code[order], local), len(code) - 1)
    which = np.where(code[order][at] == local, order[at], -1)  # (m, 6) edge of the list, or -1
    score = np.where(which >= 0, rank[np.maximum(which, 0)], -1)
    best_pair = np.argmax(score, axis=1)
    best = which[np.arange(len(tets)), best_pair]
    uses = np.bincount(which[which >= 0], minlength=len(edges))
    chosen = np.bincount(best[best >= 0], minlength=len(edges)) == uses
    number = np.full(len(edges), -1, dtype=np.int64)
    number[chosen] = top + np.arange(int(chosen.sum()))
    split = (best >= 0) & chosen[np.maximum(best, 0)]
    old, pair, middle = tets[split], np.array(_PAIRS)[best_pair[split]], number[best[split]]
    rows = np.arange(len(old))
    one, two = old.copy(), old.copy()
    one[rows, pair[:, 0]] = middle
    two[rows, pair[:, 1]] = middle
    new = 0.5 * (points[edges[chosen, 0]] + points[edges[chosen, 1]])
    return np.concatenate([points, new]), np.concatenate([tets[~split], one, two]), edges[~chosen]
