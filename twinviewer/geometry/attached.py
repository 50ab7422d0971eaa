"""Atria, vessels and valve lids follow the wall that they are attached to.

Their displacement is the smoothest one on their surfaces (the graph's Laplace equation, screened) that goes with the
wall where the wall is near and comes to rest far from it, so nothing opens or folds. Atria swell besides, evenly, but
not beyond SWELLING: what the circulation stores in them further is not shown, since the surface of an atrium from one
phase does not say where its wall would give way. Volumes of atria on the mesh are therefore not the circulation's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from twinviewer.domain import OrganMesh, enclosed_volume_ml

Array = NDArray[np.float64]
Rows = NDArray[np.integer]

SWELLING = 1.5
# Within NEAR_MM points hold on to the wall; REST_MM from it they come to rest; swelling rises over RISE_MM
NEAR_MM, REST_MM, RISE_MM, HOLD = 8.0, 60.0, 12.0, 3.0


def shown_ratio(ratio: float) -> float:
    """The ratio itself near 1, bent so that it never passes SWELLING or falls below 1 / SWELLING."""
    room = float(np.log(SWELLING))
    return float(np.exp(room * np.tanh(np.log(max(ratio, 1e-3)) / room)))


class _Sheet:
    """Triangles of some surfaces on their own points, and the Laplacian of their edges."""

    def __init__(self, mesh: OrganMesh, triangles: NDArray[np.integer]) -> None:
        self.rows, local = np.unique(triangles, return_inverse=True)
        self.triangles = local.reshape(-1, 3)
        n = len(self.rows)
        edges = np.concatenate([self.triangles[:, [0, 1]], self.triangles[:, [1, 2]], self.triangles[:, [2, 0]]])
        edges = np.unique(np.sort(edges, axis=1), axis=0)
        points = mesh.points_mm[self.rows].astype(np.float64)
        self.edge_mm = float(np.median(np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)))
        both = np.concatenate([edges, edges[:, ::-1]])
        joins = csc_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n))
        self.degree = np.asarray(joins.sum(axis=1)).ravel()
        self.laplacian = diags_array(self.degree) - joins

    def screened(self, hold: Array, reach_mm: float) -> object:
        """Factors of laplacian + what holds each point + what brings it to rest over ``reach_mm``."""
        rest = self.degree * (self.edge_mm / reach_mm) ** 2 / 4.0
        return splu(csc_array(self.laplacian + diags_array(hold + rest)))

    def rest(self, reach_mm: float) -> Array:
        return np.asarray(self.degree * (self.edge_mm / reach_mm) ** 2 / 4.0)


class _Lid:
    """The valve lids of a cavity: stretched evenly over their rim, which is part of the wall."""

    def __init__(self, mesh: OrganMesh, surface: str) -> None:
        triangles = mesh.surfaces[surface]
        lid = triangles[(triangles >= mesh.wall_points).any(axis=1)]
        self.sheet = _Sheet(mesh, lid) if len(lid) else None
        if self.sheet is not None:
            self.rim = self.sheet.rows < mesh.wall_points
            self.hold = np.where(self.rim, 1e6, 0.0)
            self.factors = self.sheet.screened(self.hold, 1e4)

    def follow(self, points: Array, reference: Array) -> None:
        if self.sheet is None:
            return
        rows = self.sheet.rows
        moved = self.factors.solve(self.hold[:, None] * (points[rows] - reference[rows]))  # type: ignore[attr-defined]
        off = ~self.rim
        points[rows[off]] = reference[rows[off]] + moved[off]


class _Shell:
    """An atrium or a vessel on its own points."""

    def __init__(self, mesh: OrganMesh, surface: str, tree: cKDTree) -> None:
        self.sheet = _Sheet(mesh, mesh.surfaces[surface])
        points = mesh.points_mm[self.sheet.rows]
        distance, self.near = tree.query(points, k=12)
        weight = 1.0 / (distance + 2.0) ** 2
        self.weight = weight / weight.sum(axis=1, keepdims=True)
        self.hold = HOLD * np.exp(-((distance[:, 0] / NEAR_MM) ** 2))
        self.factors = self.sheet.screened(self.hold, REST_MM)
        gain = self.sheet.screened(4.0 * self.hold, RISE_MM)
        self.gain = gain.solve(self.sheet.rest(RISE_MM))[:, None]  # type: ignore[attr-defined]
        self.volume_ml = enclosed_volume_ml(points, self.sheet.triangles)

    def follow(self, points: Array, reference: Array) -> None:
        """Move in place with the wall."""
        rows = self.sheet.rows
        gone = np.einsum("ij,ijk->ik", self.weight, points[self.near] - reference[self.near])
        points[rows] = reference[rows] + self.factors.solve(self.hold[:, None] * gone)  # type: ignore[attr-defined]

    def swell(self, points: Array, ratio: float) -> None:
        """Scale about the middle, in place, what the wall does not hold, to ``shown_ratio`` of the reference volume."""
        placed = points[self.sheet.rows]
        arm = (placed - placed.mean(axis=0)) * self.gain
        wanted = shown_ratio(ratio) * self.volume_ml
        step = 0.0
        for _ in range(8):
            volume = enclosed_volume_ml(placed + step * arm, self.sheet.triangles)
            step += (wanted - volume) / (2.0 * max(volume, 1.0))
            step = float(np.clip(step, -0.5, 0.5))
        points[self.sheet.rows] = placed + step * arm


class Attached:
    """All that is not wall."""

    def __init__(self, mesh: OrganMesh, atria: Sequence[str] = ("la", "ra")) -> None:
        self.reference = mesh.points_mm.astype(np.float64)
        self.lids = [_Lid(mesh, surface) for surface in ("lv_cavity", "rv_cavity")]
        tree = cKDTree(mesh.points_mm[: mesh.wall_points])
        own = [n for n, t in mesh.surfaces.items() if len(t) and t.min() >= mesh.wall_points]
        self.shells = {name: _Shell(mesh, name, tree) for name in own}
        self.atria = [name for name in atria if name in self.shells]

    def close(self, points: Array) -> None:
        """Lay the lids over their rims, in place."""
        for lid in self.lids:
            lid.follow(points, self.reference)

    def follow(self, points: Array, ratios: dict[str, float]) -> None:
        """Move atria and vessels with the wall, in place, and swell each atrium to its ratio."""
        for shell in self.shells.values():
            shell.follow(points, self.reference)
        for name in self.atria:
            self.shells[name].swell(points, ratios[name])
