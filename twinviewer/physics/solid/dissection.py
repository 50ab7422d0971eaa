"""In which order unknowns are eliminated: nested dissection of the mesh (George, SIAM J Numer Anal 10:345, 1973).

The points are cut in two at the median along an axis; those of one half that touch the other are the separator and come
last; halves are cut again. In a wall, which is thin, separators are short rims, so that factors stay small.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

LEAF = 30
"""Points below which a piece is not cut further."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One block of the tree. nodes: eliminated here; children: pieces eliminated before it."""

    nodes: NDArray[np.int64]
    children: tuple[int, ...]


def dissect(points_mm: NDArray[np.float64], elements: NDArray[np.integer]) -> list[Piece]:
    """Pieces of (n, 3) points joined by elements (m, k), each after its children; the last one is the root."""
    n = len(points_mm)
    rows = np.repeat(np.arange(len(elements)), elements.shape[1])
    touch = csr_array((np.ones(rows.size, np.int8), (rows, elements.ravel())), shape=(len(elements), n))
    near = csr_array(touch.T.astype(np.int32) @ touch.astype(np.int32))
    pieces: list[Piece] = []

    def cut(nodes: NDArray[np.int64]) -> int:
        if len(nodes) <= LEAF:
            pieces.append(Piece(nodes, ()))
            return len(pieces) - 1
        first, rim, second = _best(points_mm, near, nodes)
        children = tuple(cut(half) for half in (first, second) if len(half))
        pieces.append(Piece(rim, children))
        return len(pieces) - 1

    cut(np.unique(elements).astype(np.int64))
    return pieces


def _best(
    points: NDArray[np.float64], near: csr_array, nodes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    own = points[nodes]
    axes = np.linalg.svd(own - own.mean(axis=0), full_matrices=False)[2]
    part = near[nodes]
    owner = np.repeat(np.arange(len(nodes)), np.diff(part.indptr))
    side = np.zeros(near.shape[0], np.int8)
    best = None
    for axis in axes[:2]:
        along = own @ axis
        low = along < np.median(along)
        if not low.any():
            continue
        side[nodes] = np.where(low, 1, 2)
        other = side[part.indices]
        for mine, theirs in ((1, 2), (2, 1)):
            rim = np.zeros(len(nodes), bool)
            rim[owner[(other == theirs) & (side[nodes][owner] == mine)]] = True
            if best is None or rim.sum() < best[0]:
                best = (int(rim.sum()), low.copy(), rim)
    side[nodes] = 0
    if best is None:
        half = len(nodes) // 2
        return nodes[:0], nodes[half:], nodes[:half]
    _, low, rim = best
    return nodes[low & ~rim], nodes[rim], nodes[~low & ~rim]
