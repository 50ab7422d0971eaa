"""Tissue as a grid of cubic cells whose corners are the nodes: who is tissue, and where a node's numbers are kept.

Voltage lies in a dense array with a margin, so that a neighbour is a constant step away. Everything else is kept for
tissue only, in blocks of LANES nodes that follow one another along x; a block starts at the first node that no block
holds yet, so no node is in two. The few places of a block that are not tissue are carried along at rest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.monodomain.fast_math import CHUNK

LANES = 8
BLOCKS = CHUNK // LANES


@dataclass(frozen=True, slots=True, eq=False)
class VoxelGrid:
    """Cells and nodes of a piece of tissue. Made by :meth:`build`.

    fill: (k, j, i) float32 share of each cell that is tissue, 0 = none. spacing_mm: edge of a cell. origin_mm: (3,)
    LPS of node (0, 0, 0); axes are those of the frame. nodes_kji: (n, 3) nodes that touch tissue, x fastest.
    slot: (n,) place of a node in arrays of ``slots`` places. base: (blocks,) place of a block's first lane in the dense
    array. stride: steps in the dense array along i, j, k. dense: its size.
    """

    fill: NDArray[np.float32]
    spacing_mm: float
    origin_mm: NDArray[np.float64]
    nodes_kji: NDArray[np.int32]
    slot: NDArray[np.int64]
    base: NDArray[np.int64]
    stride: tuple[int, int, int]
    dense: int

    @classmethod
    def build(cls, fill: ArrayLike, spacing_mm: float, origin_mm: ArrayLike = (0.0, 0.0, 0.0)) -> "VoxelGrid":
        """Index a block of cells. Raises EngineError where there is no tissue, or a size is not above zero."""
        share = np.ascontiguousarray(fill, np.float32)
        if share.ndim != 3 or not np.isfinite(share).all() or (share < 0.0).any() or (share > 1.0).any():
            raise EngineError("The tissue's cells must be an array (k, j, i) of shares between 0 and 1")
        if not np.isfinite(spacing_mm) or spacing_mm <= 0.0:
            raise EngineError("The width of a cell must be above zero", where=f"{spacing_mm} mm")
        if not (share > 0.0).any():
            raise EngineError("There is no conducting tissue", where=f"{share.shape} cells of {spacing_mm} mm")
        tissue = np.pad(share > 0.0, 1)
        nz, ny, nx = share.shape
        touched = np.zeros((nz + 1, ny + 1, nx + 1), bool)
        for c in np.ndindex(2, 2, 2):
            touched |= tissue[c[0] : c[0] + nz + 1, c[1] : c[1] + ny + 1, c[2] : c[2] + nx + 1]
        kji = np.argwhere(touched).astype(np.int32)
        across, rows = nx + 3 + LANES, ny + 3
        stride = (1, across, across * rows)
        place = (kji.astype(np.int64) + (2, 1, 1)) @ np.array(stride[::-1], np.int64)
        first, block = _blocks(place, np.int64(across))
        count = -(-len(first) // BLOCKS) * BLOCKS
        # blocks that only fill the last chunk point into the margin
        base = np.full(count, stride[2] + stride[1] + 1, np.int64)
        base[: len(first)] = first
        slot = block * LANES + (place - first[block])
        size = (nz + 5) * stride[2]
        for array in (share, kji, slot, base):
            array.setflags(write=False)
        origin = np.asarray(origin_mm, np.float64).reshape(3).copy()
        return cls(share, float(spacing_mm), origin, kji, slot, base, stride, size)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.nodes_kji)

    @property
    def slots(self) -> int:
        """Places of arrays in blocks: a multiple of CHUNK."""
        return len(self.base) * LANES

    @property
    def points_mm(self) -> NDArray[np.float64]:
        """(n, 3) LPS of the nodes."""
        return self.origin_mm + self.spacing_mm * self.nodes_kji[:, ::-1].astype(np.float64)

    def place(self) -> NDArray[np.int64]:
        """(slots,) place of every slot in the dense array."""
        return (self.base[:, None] + np.arange(LANES)).reshape(-1)

    def node_map(self) -> NDArray[np.int32]:
        """(k+1, j+1, i+1) number of the node at each corner, -1 where there is none."""
        found = np.full(tuple(n + 1 for n in self.fill.shape), -1, np.int32)
        found[tuple(self.nodes_kji.T)] = np.arange(self.nodes, dtype=np.int32)
        return found

    def nearest(self, points_mm: ArrayLike) -> NDArray[np.int64]:
        """(p,) the node next to each of (p, 3) points in LPS mm."""
        from scipy.spatial import cKDTree

        return cKDTree(self.points_mm).query(np.asarray(points_mm, np.float64).reshape(-1, 3))[1].astype(np.int64)

    def where(self, node: int) -> str:
        """A node in words."""
        x, y, z = self.points_mm[node]
        return f"node {node} at ({x:.1f}, {y:.1f}, {z:.1f}) mm"


def _blocks(place: NDArray[np.int64], row: np.int64) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First place of each block, and the block of each node, for nodes in rising order."""
    block = np.empty(len(place), np.int64)
    first: list[np.ndarray] = []
    # all rows at once: the n-th block of every row starts at the row's first node that is not held yet
    line = place // row
    open_ = np.arange(len(place))
    made = 0
    while len(open_):
        _, starts, inverse = np.unique(line[open_], return_index=True, return_inverse=True)
        begin = place[open_][starts]
        held = place[open_] < begin[inverse] + LANES
        block[open_[held]] = made + inverse[held]
        first.append(begin)
        made += len(begin)
        open_ = open_[~held]
    begins = np.concatenate(first)
    order = np.argsort(begins, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return begins[order], rank[block]
