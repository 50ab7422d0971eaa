"""First arrival of excitation in anisotropic muscle with a fast endocardial layer.

Equation: √(∇τᵀ D ∇τ) = 1 with D = v_t² I + (v_f² − v_t²) f fᵀ in each tetrahedron, and |∇τ| = 1/v_e along the triangles
of the endocardium that the Purkinje network feeds. Both are solved in one sweep; whichever path is faster wins.
Franzone, Guerri (1990) derive the equation from the bidomain; Keener (1991) shows when it holds.

Eikonal times are min-plus linear: τ(x) = min over sites s of (t_s + T_s(x)). A field per site is solved once and any
set of delays is then exact by :func:`combine`. A further site costs less still: :meth:`Medium.earlier_ms` solves only
where it comes first.

A point source is a singularity at which piecewise linear arrivals are poor, and the error travels outwards. Within a
few edges of a source the arrival is therefore set from the straight path (exact where the metric is constant).

Lengths in mm, times in ms, speeds in m/s (= mm/ms). Order one in the edge length (docs/verification.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.eikonal_faults import at, refuse_faults, unlikely
from twinviewer.physics.eikonal_local import FAR
from twinviewer.physics.eikonal_mesh import (
    adjacency,
    curve_order,
    edge_lengths,
    local_corners,
    neighbours,
    renumbered,
)
from twinviewer.physics.eikonal_metric import layer_sides
from twinviewer.physics.eikonal_source import straight_paths
from twinviewer.physics.eikonal_threads import metric, swept

BALL_EDGES = 3.0
"""Radius, in mean edge lengths, round a source within which arrivals come from the straight path."""
TOLERANCE_MS = 1e-4
BAND = 0.08
"""Width of a band of the sweep in mean edge times. Narrower: fewer vertices solved twice, more bands."""
SLOWEST_M_S, FASTEST_M_S = 1e-3, 10.0
"""Speeds beyond these are no tissue's: Purkinje fibres reach 2 to 4 m/s."""
LONGEST_MS = 1e5


@dataclass(frozen=True, slots=True, eq=False)
class EikonalGrid:
    """A mesh prepared once for every solve, numbered along a space-filling curve.

    points_mm: (n, 3). tets: (m, 4). triangles: (k, 3) of the endocardial layer, may be empty. edge_mm,
    least_edge_mm: mean and least edge.
    point_was, tet_was, triangle_was: the number that each had where it came from; all that is asked for or handed out
    by public methods is in that numbering.
    """

    points_mm: NDArray[np.float64]
    tets: NDArray[np.int32]
    triangles: NDArray[np.int32]
    point_was: NDArray[np.int32]
    tet_was: NDArray[np.int32]
    triangle_was: NDArray[np.int32]
    rank: NDArray[np.int32]
    tet_start: NDArray[np.int32]
    tet_entry: NDArray[np.int32]
    tri_start: NDArray[np.int32]
    tri_entry: NDArray[np.int32]
    near_start: NDArray[np.int32]
    near: NDArray[np.int32]
    local: NDArray[np.uint16]
    most_near: int
    edge_mm: float
    least_edge_mm: float

    @classmethod
    def build(
        cls, points_mm: ArrayLike, tets: ArrayLike | None = None, triangles: ArrayLike | None = None
    ) -> "EikonalGrid":
        """Index a mesh. Either cells may be missing: triangles alone make a geodesic solver for a thin wall.

        Raises EngineError where a cell points outside the points, a coordinate is not finite, or a tetrahedron is flat
        or turned inside out against the others.
        """
        points = np.ascontiguousarray(points_mm, np.float64)
        cells = np.ascontiguousarray(np.zeros((0, 4)) if tets is None else tets, np.int32).reshape(-1, 4)
        layer = np.ascontiguousarray(np.zeros((0, 3)) if triangles is None else triangles, np.int32).reshape(-1, 3)
        refuse_faults(points, cells, layer)
        was = curve_order(points)
        rank = np.empty_like(was)
        rank[was] = np.arange(len(was), dtype=np.int32)
        tets_, tet_was = renumbered(cells, rank)
        triangles_, triangle_was = renumbered(layer, rank)
        by_tet, by_triangle = adjacency(tets_, len(points)), adjacency(triangles_, len(points))
        near = neighbours(tets_, *by_tet, triangles_, *by_triangle)
        corners = local_corners(tets_, *by_tet, *near)
        points = points[was]
        lengths = edge_lengths(points, tets_ if len(tets_) else triangles_, *near)
        return cls(
            points, tets_, triangles_, was, tet_was, triangle_was, rank, *by_tet, *by_triangle, *near, *corners,
            *lengths,
        )  # fmt: skip

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

        fibre: (m, 3) unit vectors (0 = isotropic there), None = isotropic at the cross speed. scale: (m,) factor on the
        speed, 0 = dead. layer_nodes: (n,) truth; a triangle conducts fast where all three corners do. Raises
        EngineError for speeds that no tissue has, and values that are not finite or lengths that are not one.
        """
        speeds = (fibre_speed_m_s, cross_speed_m_s)
        if not all(SLOWEST_M_S <= speed <= FASTEST_M_S for speed in speeds):
            raise EngineError(
                f"Conduction speeds must lie between {SLOWEST_M_S} and {FASTEST_M_S} m/s",
                where=f"fibre, cross = {speeds} m/s",
            )
        if not 0.0 <= layer_speed_m_s <= FASTEST_M_S:
            raise EngineError(
                f"The fast layer's speed must lie between 0 and {FASTEST_M_S} m/s", where=f"{layer_speed_m_s} m/s"
            )
        m, n = len(self.tets), len(self.points_mm)
        along = np.zeros((m, 3)) if fibre is None else np.ascontiguousarray(fibre, np.float64)
        factor = np.ones(m) if scale is None else np.ascontiguousarray(scale, np.float64)
        on = np.zeros(n, bool) if layer_nodes is None else np.ascontiguousarray(layer_nodes, bool)
        if along.shape != (m, 3) or factor.shape != (m,):
            raise EngineError("Fibres and conduction scale must have one row an element", where=f"{m} elements")
        if on.shape != (n,):
            raise EngineError("The fast layer must have one value a point", where=f"{n} points")
        odd, first_odd, long, first_long, low, high = unlikely(along, factor, FASTEST_M_S / max(speeds))
        if odd:
            self._refuse(odd, "a conduction scale", first_odd, float(factor[first_odd]))
        if long:
            self._refuse(long, "a fibre of the length", first_long, float(np.linalg.norm(along[first_long])))
        codes, base, muscle, edge_ms = metric(
            self, along, factor, fibre_speed_m_s if fibre is not None else cross_speed_m_s, cross_speed_m_s, high
        )
        sides, fast, side_ms = layer_sides(self.points_mm, self.triangles, on[self.point_was], layer_speed_m_s)
        muscle[self.triangles[fast]] = True
        even = bool(high - low < 1e-6)
        live = np.full(m, low > 0.0) if even else factor[self.tet_was] > 0.0
        return Medium(
            self, along, factor, codes, base, sides, live, fast, muscle, even,
            edge_ms if edge_ms > 0.0 else max(side_ms, 1e-3), fibre_speed_m_s, cross_speed_m_s, layer_speed_m_s,
        )  # fmt: skip

    def _refuse(self, count: int, what: str, first: int, value: float) -> None:
        middle = self.points_mm[self.tets[int(np.argmax(self.tet_was == first))]].mean(axis=0)
        raise EngineError(
            f"{count} elements have {what} that is not possible", where=f"{value:.4g} in element {first} {at(middle)}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Medium:
    """An EikonalGrid with speeds: what :meth:`activation_ms` is asked of. Made by :meth:`EikonalGrid.medium`."""

    grid: EikonalGrid
    fibre: NDArray[np.float64]
    scale: NDArray[np.float64]
    codes: NDArray[np.uint16]
    base: np.uint32
    sides: NDArray[np.float32]
    live: NDArray[np.bool_]
    fast: NDArray[np.bool_]
    conducts: NDArray[np.bool_]
    even: bool
    edge_ms: float
    fibre_speed_m_s: float
    cross_speed_m_s: float
    layer_speed_m_s: float

    @property
    def conducting(self) -> NDArray[np.bool_]:
        """(n,) points that belong to at least one conducting element or layer triangle."""
        return self.conducts[self.grid.rank]

    def activation_ms(
        self,
        nodes: Sequence[int],
        times_ms: Sequence[float] | None = None,
        *,
        ball_mm: float | None = None,
        threads: int | None = None,
    ) -> NDArray[np.float64]:
        """(n,) first arrival in ms from sites excited at times_ms (default 0); NaN at points that do not conduct.

        ball_mm: radius of the source treatment, 0 = none (default BALL_EDGES mean edges). threads: how many share the
        work, by default as many as the size of the mesh and the machine suggest; the result does not depend on it.
        Raises EngineError where a site lies outside conducting tissue, a time is not finite, or conducting tissue is
        not reached.
        """
        site, start, zero = self._sites(nodes, times_ms)
        arrival = np.full(len(self.conducts), FAR, np.float32)
        found = self._lowered(arrival, site, start, ball_mm, threads)
        lost = np.flatnonzero(self.conducts & ~(found < FAR))
        if len(lost):
            raise EngineError(
                f"Excitation does not reach {len(lost)} of {int(self.conducts.sum())} points of the wall",
                where=f"round {at(self.grid.points_mm[lost].mean(axis=0))}, within {found[found < FAR].max():.0f} ms",
                remedy="The mesh has loose pieces, or dead tissue cuts a piece off",
            )
        return self._out(found, zero)

    def earlier_ms(
        self,
        field_ms: NDArray[np.float64],
        nodes: Sequence[int],
        times_ms: Sequence[float] | None = None,
        *,
        ball_mm: float | None = None,
        threads: int | None = None,
    ) -> NDArray[np.float64]:
        """(n,) the earlier of a known activation and that from further sites, solved only where the sites come first.

        field_ms: (n,) ms, NaN where not known. Exact where the field comes from this medium or one that is nowhere
        slower: whatever the new wave could reach through tissue that the old one excited first, the old one reaches
        before. Raises EngineError as :meth:`activation_ms`, but points that stay unknown remain NaN.
        """
        if np.shape(field_ms) != self.conducts.shape:
            raise EngineError("A known activation must have one time a point", where=f"{len(self.conducts)} points")
        site, start, zero = self._sites(nodes, times_ms)
        known = np.asarray(field_ms, np.float64)[self.grid.point_was] - zero
        arrival = np.where(np.isfinite(known), known, FAR).astype(np.float32)
        before = arrival.copy()
        found = self._lowered(arrival, site, start, ball_mm, threads)
        earlier = found < before
        out = np.where(earlier, found.astype(np.float64), known) + zero
        return np.ascontiguousarray(out[self.grid.rank])

    def _sites(
        self, nodes: Sequence[int], times_ms: Sequence[float] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], float]:
        """Sites in the grid's numbering, their times after the first, and that first time."""
        site = np.atleast_1d(np.asarray(nodes, np.int64))
        start = np.zeros(len(site)) if times_ms is None else np.atleast_1d(np.asarray(times_ms, np.float64))
        if not len(site) or len(start) != len(site):
            raise EngineError("Excitation needs at least one site, and one time for each", where=f"{len(site)} sites")
        if not np.isfinite(start).all() or np.ptp(start) > LONGEST_MS:
            raise EngineError(f"Excitation times must lie within {LONGEST_MS:.0f} ms", where=f"{start} ms")
        for node in site:
            if not 0 <= node < len(self.conducts):
                raise EngineError("A stimulus lies outside the tissue", where=f"point {node} of {len(self.conducts)}")
            if not self.conducts[self.grid.rank[node]]:
                where = f"point {node} {at(self.grid.points_mm[self.grid.rank[node]])}"
                raise EngineError("A stimulus lies in tissue that does not conduct", where=where)
        first = float(start.min())
        return self.grid.rank[site], start - first, first

    def _lowered(
        self,
        arrival: NDArray[np.float32],
        site: NDArray[np.int32],
        start: NDArray[np.float64],
        ball_mm: float | None,
        threads: int | None,
    ) -> NDArray[np.float32]:
        """``arrival``, lowered in place by waves from the sites."""
        grid = self.grid
        radius = BALL_EDGES * grid.edge_mm if ball_mm is None else ball_mm
        lowered = []
        for node, time in zip(site, start, strict=True):
            for near, travel in straight_paths(self, int(node), radius):
                when = (time + travel).astype(np.float32)
                sooner = when < arrival[near]
                arrival[near[sooner]] = when[sooner]
                lowered.append(near[sooner])
        sources = np.unique(np.concatenate(lowered))
        if len(sources):
            swept(self, arrival, sources, BAND * self.edge_ms, TOLERANCE_MS, threads)
        return arrival

    def _out(self, found: NDArray[np.float32], zero: float) -> NDArray[np.float64]:
        whole = np.where(self.conducts, found.astype(np.float64) + zero, np.nan)
        return np.ascontiguousarray(whole[self.grid.rank])


def combine(fields_ms: Sequence[NDArray[np.floating]], times_ms: Sequence[float]) -> NDArray[np.float64]:
    """min over s of (times_ms[s] + fields_ms[s]): exact for any delays from one field a site. NaN stays."""
    if not len(fields_ms) or len(fields_ms) != len(times_ms):
        raise EngineError("Combining activation needs one time for each of at least one field")
    total = np.asarray(fields_ms[0] + np.float64(times_ms[0]))
    for field, time in zip(fields_ms[1:], times_ms[1:], strict=True):
        np.minimum(total, field + np.float64(time), out=total)
    return total
