"""First arrival of excitation in anisotropic muscle with a fast endocardial layer.

Equation: √(∇τᵀ D ∇τ) = 1 with D = v_t² I + (v_f² − v_t²) f fᵀ in each tetrahedron, and |∇τ| = 1/v_e along the triangles
of the endocardium that the Purkinje network feeds. Both are solved in one sweep; whichever path is faster wins.
Franzone, Guerri (1990) derive the equation from the bidomain; Keener (1991) shows when it holds.

Eikonal times are min-plus linear: τ(x) = min over sites s of (t_s + T_s(x)). A field per site is solved once and any
set of delays is then exact by :func:`combine`.

A point source is a singularity at which piecewise linear arrivals are poor, and the error travels outwards. Within a
few edges of a source the arrival is therefore set from the straight path (exact where the metric is constant).

Lengths in mm, times in ms, speeds in m/s (= mm/ms).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.eikonal_kernel import FAR, adjacency, ball_radius, connected_ball, metric_edges, sweep

BALL_EDGES = 3.0
"""Radius, in mean edge lengths, round a source within which arrivals come from the straight path."""
TOLERANCE_MS = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class EikonalGrid:
    """Topology of a mesh, made once and reused by every solve.

    points_mm: (n, 3). tets: (m, 4). triangles: (k, 3) of the endocardial layer, may be empty. edge_mm: mean edge.
    """

    points_mm: NDArray[np.float64]
    tets: NDArray[np.int32]
    triangles: NDArray[np.int32]
    tet_start: NDArray[np.int32]
    tet_entry: NDArray[np.int32]
    tri_start: NDArray[np.int32]
    tri_entry: NDArray[np.int32]
    edge_mm: float

    @classmethod
    def build(
        cls, points_mm: ArrayLike, tets: ArrayLike | None = None, triangles: ArrayLike | None = None
    ) -> "EikonalGrid":
        """Index a mesh. Either cells may be missing: triangles alone make a geodesic solver for a thin wall.

        Raises EngineError where a cell points outside the points, or a coordinate is not finite.
        """
        points = np.ascontiguousarray(points_mm, np.float64)
        cells = np.ascontiguousarray(np.zeros((0, 4)) if tets is None else tets, np.int32).reshape(-1, 4)
        layer = np.ascontiguousarray(np.zeros((0, 3)) if triangles is None else triangles, np.int32).reshape(-1, 3)
        if not np.isfinite(points).all():
            bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
            raise EngineError("The mesh has points that are not finite", where=f"{len(bad)} points, first {bad[0]}")
        for name, block in (("tetrahedra", cells), ("triangles", layer)):
            if block.size and (block.min() < 0 or block.max() >= len(points)):
                raise EngineError(f"The {name} use points that do not exist", where=f"{len(points)} points")
        if not cells.size and not layer.size:
            raise EngineError("There is nothing that could conduct: no tetrahedra and no triangles")
        shown = cells if cells.size else layer
        edge = float(np.linalg.norm(points[shown[:, 0]] - points[shown[:, 1]], axis=1).mean())
        return cls(points, cells, layer, *adjacency(cells, len(points)), *adjacency(layer, len(points)), edge)

    def medium(
        self,
        fibre: ArrayLike | None,
        fibre_speed_m_s: float,
        cross_speed_m_s: float,
        *,
        scale: ArrayLike | None = None,
        layer_nodes: ArrayLike | None = None,
        layer_speed_m_s: float = 0.0,
    ) -> "Medium":
        """How this mesh conducts.

        fibre: (m, 3) unit vectors, None = isotropic at the cross speed. scale: (m,) factor on the speed, 0 = dead.
        layer_nodes: (n,) truth; a triangle conducts fast where all three corners do. Raises EngineError.
        """
        speeds = (fibre_speed_m_s, cross_speed_m_s)
        if not all(np.isfinite(speed) and speed > 0.0 for speed in speeds):
            raise EngineError("Conduction speeds must be above zero", where=f"fibre, cross = {speeds} m/s")
        m = len(self.tets)
        along = np.zeros((m, 3)) if fibre is None else np.ascontiguousarray(fibre, np.float64)
        factor = np.ones(m) if scale is None else np.ascontiguousarray(scale, np.float64)
        if along.shape != (m, 3) or factor.shape != (m,):
            raise EngineError("Fibres and conduction scale must have one row an element", where=f"{m} elements")
        if not np.isfinite(along).all() or not np.isfinite(factor).all() or (factor < 0.0).any():
            raise EngineError("Fibres or conduction scale hold values that are not finite, or below zero")
        edges = metric_edges(
            self.points_mm, self.tets, along, factor, fibre_speed_m_s if fibre is not None else cross_speed_m_s,
            cross_speed_m_s,
        )  # fmt: skip
        on = np.zeros(len(self.points_mm), bool) if layer_nodes is None else np.asarray(layer_nodes, bool)
        fast: NDArray[np.bool_] = np.asarray(on[self.triangles].all(axis=1) & (layer_speed_m_s > 0.0))
        sides = np.full(self.triangles.shape, np.inf, np.float32)
        corner = self.points_mm[self.triangles[fast]]
        opposite = corner[:, [2, 0, 1]] - corner[:, [1, 2, 0]]
        sides[fast] = (opposite**2).sum(axis=2) / max(layer_speed_m_s, 1e-9) ** 2
        return Medium(self, along, factor, edges, sides, fast, fibre_speed_m_s, cross_speed_m_s, layer_speed_m_s)


@dataclass(frozen=True, slots=True, eq=False)
class Medium:
    """An EikonalGrid with speeds: what :meth:`activation_ms` is asked of. Made by :meth:`EikonalGrid.medium`."""

    grid: EikonalGrid
    fibre: NDArray[np.float64]
    scale: NDArray[np.float64]
    edges: NDArray[np.float32]
    sides: NDArray[np.float32]
    fast: NDArray[np.bool_]
    fibre_speed_m_s: float
    cross_speed_m_s: float
    layer_speed_m_s: float

    @property
    def conducting(self) -> NDArray[np.bool_]:
        """(n,) points that belong to at least one conducting element or layer triangle."""
        mask = np.zeros(len(self.grid.points_mm), bool)
        mask[self.grid.tets[self.scale > 0.0]] = True
        mask[self.grid.triangles[self.fast]] = True
        return mask

    def activation_ms(
        self, nodes: Sequence[int], times_ms: Sequence[float] | None = None, *, ball_mm: float | None = None
    ) -> NDArray[np.float64]:
        """(n,) first arrival in ms from sites excited at times_ms (default 0); NaN at points that do not conduct.

        ball_mm: radius of the source treatment, 0 = none (default BALL_EDGES mean edges). Raises EngineError where a
        site lies outside conducting tissue, a time is not finite, or conducting tissue is not reached.
        """
        grid, conducting = self.grid, self.conducting
        site = np.atleast_1d(np.asarray(nodes, np.int64))
        start = np.zeros(len(site)) if times_ms is None else np.atleast_1d(np.asarray(times_ms, np.float64))
        if not len(site) or len(start) != len(site) or not np.isfinite(start).all():
            raise EngineError("Excitation needs at least one site, and one finite time for each", where=f"{len(site)}")
        for node in site:
            if not 0 <= node < len(conducting) or not conducting[node]:
                raise EngineError("A stimulus lies in tissue that does not conduct", where=f"point {node}")
        radius = BALL_EDGES * grid.edge_mm if ball_mm is None else ball_mm
        seeds, arrivals = [site], [start]
        for node, time in zip(site, start, strict=True):
            for near, travel in self._straight(int(node), radius):
                seeds.append(near)
                arrivals.append(time + travel)
        found = sweep(
            grid.tets, self.edges, grid.tet_start, grid.tet_entry, grid.triangles, self.sides, grid.tri_start,
            grid.tri_entry, np.concatenate(seeds), np.concatenate(arrivals), TOLERANCE_MS,
        )  # fmt: skip
        lost = np.flatnonzero(conducting & ~(found < FAR))
        if len(lost):
            x, y, z = grid.points_mm[lost].mean(axis=0)
            raise EngineError(
                f"Excitation does not reach {len(lost)} of {int(conducting.sum())} points of the wall",
                where=f"round ({x:.0f}, {y:.0f}, {z:.0f}) mm LPS",
                remedy="The mesh has loose pieces, or dead tissue cuts a piece off",
            )
        return np.where(conducting, found, np.nan)

    def _straight(self, node: int, radius: float) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Points near a source and their travel times along straight lines, in the muscle and in the layer."""
        if radius <= 0.0:
            return []
        grid, out = self.grid, []
        own_tets = grid.tet_entry[grid.tet_start[node] : grid.tet_start[node + 1]] // 4
        if len(own_tets) and self.scale[own_tets[0]] > 0.0:
            own = float(self.scale[own_tets[0]])
            reach = ball_radius(grid.points_mm, grid.tets, self.scale, node, own, radius)
            near = connected_ball(
                grid.points_mm, grid.tets, self.scale > 0.0, grid.tet_start, grid.tet_entry, node, reach * 0.999
            )
            line = grid.points_mm[near] - grid.points_mm[node]
            out.append((near, 0.5 * (self._travel(line, near[:1]) + self._travel(line, near)) / own))
        if self.fast[grid.tri_entry[grid.tri_start[node] : grid.tri_start[node + 1]] // 3].any():
            near = connected_ball(
                grid.points_mm, grid.triangles, self.fast, grid.tri_start, grid.tri_entry, node, radius
            )
            out.append(
                (near, np.linalg.norm(grid.points_mm[near] - grid.points_mm[node], axis=1) / self.layer_speed_m_s)
            )
        return out

    def _travel(self, line: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float64]:
        """√(dᵀ D⁻¹ d) in ms with the mean fibre tensor round each point of ``at`` (one, or one a line)."""
        grid = self.grid
        tensor = np.empty((len(at), 3, 3))
        for row, v in enumerate(at):
            f = self.fibre[grid.tet_entry[grid.tet_start[v] : grid.tet_start[v + 1]] // 4]
            tensor[row] = f.T @ f / max(len(f), 1)
        along = np.einsum("ni,nij,nj->n", line, np.broadcast_to(tensor, (len(line), 3, 3)), line)
        across = (line**2).sum(axis=1) / self.cross_speed_m_s**2
        return np.sqrt(across + (1.0 / self.fibre_speed_m_s**2 - 1.0 / self.cross_speed_m_s**2) * along)


def combine(fields_ms: Sequence[NDArray[np.float64]], times_ms: Sequence[float]) -> NDArray[np.float64]:
    """min over s of (times_ms[s] + fields_ms[s]): exact for any delays from one field a site. NaN stays."""
    if not len(fields_ms) or len(fields_ms) != len(times_ms):
        raise EngineError("Combining activation needs one time for each of at least one field")
    total = fields_ms[0] + times_ms[0]
    for field, time in zip(fields_ms[1:], times_ms[1:], strict=True):
        total = np.minimum(total, field + time)
    return total
