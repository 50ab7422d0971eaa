"""What moves a mesh and does not change from beat to beat, and how a wall that was moved is brought to its place.

The kinematic map and what follows it leave the cavities within some 1 % of the circulation's volumes. Both are brought
there along the directions in which the map itself empties them; then lids are laid over their rims and atria and
vessels follow (geometry/attached.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, enclosed_volume_ml
from twinviewer.geometry.attached import Attached
from twinviewer.physics.kinematics import MotionField
from twinviewer.physics.wall_volume import Neighbours, volume_ratios, widen

Array = NDArray[np.float64]

VOLUME_TOLERANCE = 1e-3
_ROUNDS = 6
_PROBE = 0.02
_LEAST_TET = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """One frame. lv_ml, rv_ml: enclosed by the mesh. wall_ratio: wall volume to its reference. least_tet: the smallest
    tetrahedron's volume to its reference. pattern: how much of the segments' own strain pattern could be shown."""

    points_mm: NDArray[np.float64]
    lv_ml: float
    rv_ml: float
    wall_ratio: float
    least_tet: float
    pattern: float


@dataclass(frozen=True, slots=True, eq=False)
class Cavity:
    """A closed surface on its own points: rows into the mesh, triangles into rows."""

    rows: NDArray[np.integer]
    triangles: NDArray[np.integer]

    @classmethod
    def of(cls, mesh: OrganMesh, surface: str) -> "Cavity":
        rows, triangles = np.unique(mesh.surfaces[surface], return_inverse=True)
        return cls(rows, triangles.reshape(-1, 3))


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """What belongs to a mesh and not to a beat: made once, and shared by threads. field: its kinematic map; cavity,
    ways: left and right cavity and (wall points, 3) mm in which the map fills or empties it."""

    field: MotionField
    cavity: tuple[Cavity, Cavity]
    ways: tuple[Array, Array]
    attached: Attached
    neighbours: Neighbours
    reference: Array

    @classmethod
    def of(cls, field: MotionField) -> "Mover":
        """The mover of a mesh with this map."""
        mesh = field.mesh
        wall = np.arange(mesh.wall_points)
        zero = np.zeros(len(wall))
        rest = field.place(wall, zero, zero, 0.0, 0.0)
        left = (field.place(wall, zero - _PROBE, zero, 0.0, 0.0) - rest) / _PROBE
        right = (field.place(wall, zero, zero + _PROBE, 0.0, 0.0) - rest) / _PROBE
        cavity = (Cavity.of(mesh, "lv_cavity"), Cavity.of(mesh, "rv_cavity"))
        points = mesh.points_mm.astype(np.float64)
        return cls(field, cavity, (left, right), Attached(mesh), Neighbours.in_layers(mesh), points)

    def settle(self, points: Array, pattern: float, lv_ml: float, rv_ml: float, atria: dict[str, float]) -> Pose:
        """The Pose of points (n, 3), moved in place: cavities at these volumes, no element flat, the rest attached."""
        mesh, reference_ml = self.field.mesh, self.field.patches.tet_ml
        for _ in range(_ROUNDS):
            missed = [self._bring(points, side, wanted) for side, wanted in enumerate((lv_ml, rv_ml))]
            if max(missed) < VOLUME_TOLERANCE:
                break
        ratio = np.empty(len(mesh.tets))
        volume = volume_ratios(points, mesh.tets, reference_ml, ratio)
        if float(ratio.min()) < _LEAST_TET:
            widen(points, mesh.tets, reference_ml, _LEAST_TET)
            volume = volume_ratios(points, mesh.tets, reference_ml, ratio)
        self.attached.close(points)
        self.attached.follow(points, atria)
        held = [enclosed_volume_ml(points[side.rows], side.triangles) for side in self.cavity]
        return Pose(points, held[0], held[1], volume / float(reference_ml.sum()), float(ratio.min()), pattern)

    def _bring(self, points: Array, side: int, wanted_ml: float) -> float:
        """Move in place along a cavity's way towards a volume. Returns the relative miss before."""
        way, cavity = self.ways[side], self.cavity[side]
        of_wall = cavity.rows < len(way)
        seen = points[cavity.rows]
        now = enclosed_volume_ml(seen, cavity.triangles)
        seen[of_wall] += _PROBE * way[cavity.rows[of_wall]]
        slope = (enclosed_volume_ml(seen, cavity.triangles) - now) / _PROBE
        step = float(np.clip((wanted_ml - now) / slope, -0.3, 0.3)) if slope else 0.0
        points[: len(way)] += step * way
        return abs(now / wanted_ml - 1.0)
