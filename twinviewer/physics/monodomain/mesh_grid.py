"""From a tetrahedral wall to a grid of cells, and results back to the wall's points.

A cell's share of tissue is the part of its 3³ sample points that lie in a conducting tetrahedron; its fibre is the mean
direction of their tetrahedra (without sign), its conduction scale their mean. Tetrahedra of scale 0 (scar core,
ablation) are not tissue. Pieces of fewer than CRUMB cells are left out. Results go back by trilinear interpolation over
the corners that are tissue, or from the nearest node where there is none.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from twinviewer.domain import EngineError
from twinviewer.physics.monodomain.grid import VoxelGrid

SAMPLES = 3
CRUMB = 27


@njit(cache=True, nogil=True, error_model="numpy")
def _sample(points, tets, fibre, scale, step, count, hits, axis, speed, near):  # type: ignore[no-untyped-def]
    """Add every sample point inside a tetrahedron to its cell; samples lie (i + 1/2) step from the origin."""
    seen = np.zeros((count[2] * SAMPLES, count[1] * SAMPLES, count[0] * SAMPLES), np.bool_)
    low, high = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for t in range(tets.shape[0]):
        if scale[t] <= 0.0:
            continue
        p = points[tets[t, 0]]
        m = np.empty((3, 3))
        for c in range(3):
            for d in range(3):
                m[d, c] = points[tets[t, c + 1], d] - p[d]
        det = (m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1]) - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
               + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0]))  # fmt: skip
        if abs(det) < 1e-12:
            continue
        inverse = np.linalg.inv(m)
        for d in range(3):
            a = min(points[tets[t, 0], d], points[tets[t, 1], d], points[tets[t, 2], d], points[tets[t, 3], d])
            b = max(points[tets[t, 0], d], points[tets[t, 1], d], points[tets[t, 2], d], points[tets[t, 3], d])
            low[d] = max(0, int(np.ceil(a / step - 0.5)))
            high[d] = min(count[d] * SAMPLES - 1, int(np.floor(b / step - 0.5)))
        for k in range(low[2], high[2] + 1):
            for j in range(low[1], high[1] + 1):
                for i in range(low[0], high[0] + 1):
                    x, y, z = (i + 0.5) * step - p[0], (j + 0.5) * step - p[1], (k + 0.5) * step - p[2]
                    u = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2] * z
                    v = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2] * z
                    w = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2] * z
                    if u < -1e-9 or v < -1e-9 or w < -1e-9 or u + v + w > 1.0 + 1e-9 or seen[k, j, i]:
                        continue
                    seen[k, j, i] = True
                    ck, cj, ci = k // SAMPLES, j // SAMPLES, i // SAMPLES
                    hits[ck, cj, ci] += 1
                    speed[ck, cj, ci] += scale[t]
                    near[ck, cj, ci] = t
                    s = 0.0
                    for d in range(3):
                        s += axis[ck, cj, ci, d] * fibre[t, d]
                    for d in range(3):
                        axis[ck, cj, ci, d] += fibre[t, d] if s >= 0.0 else -fibre[t, d]


@dataclass(frozen=True, slots=True, eq=False)
class ImmersedWall:
    """A wall as cells. fibre: (cells, 3); scale: (cells,) factor on the speed; tet: (cells,) one of each cell's own.
    wall_points: (p, 3) mm of the mesh; nodes, weights: (p, 8) how their values come from the grid's nodes."""

    grid: VoxelGrid
    fibre: NDArray[np.float64]
    scale: NDArray[np.float64]
    tet: NDArray[np.int64]
    wall_points: NDArray[np.float64]
    nodes: NDArray[np.int64]
    weights: NDArray[np.float64]

    def to_mesh(self, values: ArrayLike) -> NDArray[np.float64]:
        """(n,) values of the grid's nodes -> (p,) of the mesh's points; NaN counts as absent."""
        at = np.asarray(values, np.float64)[self.nodes]
        weight = np.where(np.isfinite(at), self.weights, 0.0)
        total = weight.sum(axis=1)
        found = (weight * np.nan_to_num(at)).sum(axis=1)
        return np.divide(found, total, out=np.full(len(total), np.nan), where=total > 1e-9)

    def to_nodes(self, values: ArrayLike) -> NDArray[np.generic]:
        """(p,) values of the mesh's points -> (n,) of the grid's nodes, from the nearest point."""
        nearest = cKDTree(self.wall_points).query(self.grid.points_mm)[1]
        return np.asarray(values)[nearest]

    def layers(self, transmural: ArrayLike, endo_to: float = 0.3, epi_from: float = 0.7) -> NDArray[np.int8]:
        """(n,) 0 epi, 1 endo, 2 mid from (p,) the way through the wall, 0 endocardium … 1 epicardium."""
        depth = self.to_nodes(np.asarray(transmural, np.float64)).astype(np.float64)
        return np.where(depth < endo_to, 1, np.where(depth < epi_from, 2, 0)).astype(np.int8)


def immerse(points_mm: ArrayLike, tets: ArrayLike, fibre: ArrayLike, spacing_mm: float,
            conduction_scale: ArrayLike | None = None) -> ImmersedWall:  # fmt: skip
    """Cells of a wall. points_mm: (p, 3) LPS; tets: (m, 4); fibre: (m, 3) unit; conduction_scale: (m,) on the speed.

    Raises EngineError where nothing conducts, an input is not finite, or the spacing is not above zero.
    """
    points, cells = np.asarray(points_mm, np.float64), np.ascontiguousarray(tets, np.int64)
    direction = np.ascontiguousarray(fibre, np.float64)
    factor = np.ones(len(cells)) if conduction_scale is None else np.ascontiguousarray(conduction_scale, np.float64)
    if not np.isfinite(spacing_mm) or spacing_mm <= 0.0:
        raise EngineError("The width of a cell must be above zero", where=f"{spacing_mm} mm")
    if direction.shape != (len(cells), 3) or factor.shape != (len(cells),):
        raise EngineError("Fibres and conduction scale must have one row an element", where=f"{len(cells)} elements")
    if not (np.isfinite(points).all() and np.isfinite(direction).all() and np.isfinite(factor).all()):
        raise EngineError("Points, fibres or conduction scale hold values that are not finite")
    if not (factor > 0.0).any():
        raise EngineError("The tissue does not conduct at all", where=f"conduction scale 0 in {len(cells)} elements")
    used = points[np.unique(cells[factor > 0.0])]
    origin = used.min(axis=0) - 0.5 * spacing_mm
    count = np.ceil((used.max(axis=0) - origin) / spacing_mm + 0.5).astype(np.int64)
    shape = tuple(count[::-1].tolist())
    hits, near = np.zeros(shape, np.int32), np.full(shape, -1, np.int64)
    axis, speed = np.zeros((*shape, 3)), np.zeros(shape)
    _sample(points - origin, cells, direction, factor, spacing_mm / SAMPLES, count, hits, axis, speed, near)
    pieces, number = ndimage.label(hits > 0, np.ones((3, 3, 3)))
    if number > 1:
        size = np.bincount(pieces.ravel())
        hits[np.isin(pieces, np.flatnonzero(size < CRUMB))] = 0
    grid = VoxelGrid.build(hits / SAMPLES**3, spacing_mm, origin)
    on = hits > 0
    mean = axis[on]
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    nodes, weights = _corners(grid, points)
    return ImmersedWall(grid, mean, speed[on] / hits[on], near[on], points, nodes, weights)


def _corners(grid: VoxelGrid, points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(p, 8) nodes round each point and their trilinear weights, over those that are tissue."""
    place = (points - grid.origin_mm) / grid.spacing_mm
    cell = np.floor(place).astype(np.int64)
    part = place - cell
    known = grid.node_map()
    nodes, weights = np.zeros((len(points), 8), np.int64), np.zeros((len(points), 8))
    top = np.array(known.shape[::-1])
    for n, (x, y, z) in enumerate(np.ndindex(2, 2, 2)):
        corner = cell + (x, y, z)
        inside = ((corner >= 0) & (corner < top)).all(axis=1)
        i, j, k = np.clip(corner, 0, top - 1).T
        node = known[k, j, i]
        share = np.where((x, y, z), part, 1.0 - part).prod(axis=1)
        nodes[:, n] = np.maximum(node, 0)
        weights[:, n] = np.where(inside & (node >= 0), share, 0.0)
    alone = weights.sum(axis=1) < 1e-6
    if alone.any():
        nodes[alone, 0] = grid.nearest(points[alone])
        weights[alone, 0] = 1.0
    return nodes, weights
