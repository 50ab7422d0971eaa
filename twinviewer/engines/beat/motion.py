"""Positions of the mesh over a beat: segment strains give the shape, the circulation's volumes give the size.

At each frame the segments' midwall areas (relative to the relaxed heart of the images) give the pattern of radial
motion and the shortening of the long axis; one number a ventricle, found by the secant method, then makes the mesh's
cavity volume equal to the circulation's. See physics/kinematics.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import EngineError, OrganMesh
from twinviewer.physics.heart_model import RIGHT_OFFSET
from twinviewer.physics.kinematics import MOST_EMPTIED, MotionField, limited
from twinviewer.physics.untangle import Neighbours, untangle

VOLUME_TOLERANCE = 1e-3
VALVE_REACH_MM = 15.0
WALL_REACH_MM = 14.0
RIGHT_LENGTHWISE = 0.67
# Patterns gentler than the segments' own strain are tried where a tetrahedron would turn inside out.
PATTERNS = (1.0, 0.6, 0.3, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What the motion follows, (t,) and (t, patches): cavity volumes, and patch area relative to the relaxed heart."""

    lv_ml: NDArray[np.float64]
    rv_ml: NDArray[np.float64]
    la_ratio: NDArray[np.float64]
    ra_ratio: NDArray[np.float64]
    area_ratio: NDArray[np.float64]


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


def enclosed_ml(points: NDArray[np.float64], triangles: NDArray[np.integer]) -> float:
    """Volume in mL inside a closed surface."""
    corner = points[triangles]
    corner = corner - corner[:, :1].mean(axis=0)
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2]))) / 6000.0


def _secant(volume: Callable[[float], float], target: float, guess: float) -> float:
    """The x whose volume is the target, from a first guess; volumes fall or rise steadily with x."""
    x0, v0 = guess, volume(guess) - target
    if abs(v0) < VOLUME_TOLERANCE * target:
        return x0
    x1 = guess + 0.02
    v1 = volume(x1) - target
    for _ in range(25):
        if abs(v1) < VOLUME_TOLERANCE * target:
            return x1
        if v1 == v0:
            break
        step = float(np.clip(-v1 * (x1 - x0) / (v1 - v0), -0.3, 0.3))
        x0, v0, x1 = x1, v1, x1 + step
        v1 = volume(x1) - target
    raise EngineError(
        "the mesh cannot take the volume that the circulation asks for",
        where=f"{target:.1f} mL wanted, {target + v1:.1f} mL reached",
        remedy="Check the segmentation, or reduce the contractility of this scenario",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Cavity:
    """A closed surface on its own points: rows into the mesh, triangles into rows."""

    rows: NDArray[np.integer]
    triangles: NDArray[np.integer]

    @classmethod
    def of(cls, mesh: OrganMesh, surface: str) -> "_Cavity":
        rows, triangles = np.unique(mesh.surfaces[surface], return_inverse=True)
        return cls(rows, triangles.reshape(-1, 3))


class _Atrium:
    """An atrium that fills about its valve: what is far from the ventricles' wall swells most."""

    def __init__(self, mesh: OrganMesh, surface: str, landmark: str) -> None:
        self.cavity = _Cavity.of(mesh, surface)
        points = mesh.points_mm[self.cavity.rows]
        centre = np.asarray(mesh.landmarks[landmark], np.float64)
        distance = np.linalg.norm(points - centre, axis=1)
        # the valve is carried by the atrium's own nearest points
        self.valve = np.argsort(distance)[: max(len(distance) // 50, 4)]
        away, _ = cKDTree(mesh.points_mm[: mesh.wall_points]).query(points)
        self.gain = (1.0 - np.exp(-((away / VALVE_REACH_MM) ** 2)))[:, None]
        self.volume_ml = enclosed_ml(points, self.cavity.triangles)

    def fill(self, points: NDArray[np.float64], ratio: float) -> None:
        """Swell or shrink in place to ``ratio`` of the reference volume, as far as that can be done smoothly."""
        placed = points[self.cavity.rows]
        arm = (placed - placed[self.valve].mean(axis=0)) * self.gain
        step = 0.0
        for _ in range(6):
            volume = enclosed_ml(placed + step * arm, self.cavity.triangles)
            step += (ratio * self.volume_ml - volume) / (3.0 * max(volume, 1.0)) * 1.1
            step = float(np.clip(step, -0.4, 0.4))
        points[self.cavity.rows] = placed + step * arm


class _Carried:
    """Atria and vessels near the wall go where the wall goes, so that no gap opens between them."""

    def __init__(self, mesh: OrganMesh) -> None:
        n = len(mesh.points_mm)
        lids = np.concatenate([mesh.surfaces["lv_cavity"].ravel(), mesh.surfaces["rv_cavity"].ravel()])
        self.rows = np.setdiff1d(np.arange(mesh.wall_points, n), lids)
        self.reference = mesh.points_mm
        distance, self.near = cKDTree(mesh.points_mm[: mesh.wall_points]).query(mesh.points_mm[self.rows], k=12)
        weight = 1.0 / (distance + 2.0) ** 2
        self.weight = weight / weight.sum(axis=1, keepdims=True)
        self.share = np.exp(-((distance[:, :1] / WALL_REACH_MM) ** 2))

    def follow(self, points: NDArray[np.float64]) -> None:
        """Blend, in place, the nearest wall's displacement into the points off the wall."""
        gone = points[self.near] - self.reference[self.near]
        carried = self.reference[self.rows] + np.einsum("ij,ijk->ik", self.weight, gone)
        points[self.rows] += self.share * (carried - points[self.rows])


def _fit(
    field: MotionField,
    cavity: tuple[_Cavity, _Cavity],
    u: NDArray[np.float64],
    f: NDArray[np.float64],
    wanted_ml: tuple[float, float],
    guess: list[float],
    shortening: float,
    further_mm: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """u and f with the number added that gives both cavities their volume; ``guess`` keeps the numbers found."""
    left, right = cavity

    def lv(shift: float) -> float:
        rows = left.rows
        placed = field.place(rows, limited(u[rows] + shift, MOST_EMPTIED), np.zeros(len(rows)), shortening, further_mm)
        return enclosed_ml(placed, left.triangles)

    guess[0] = _secant(lv, wanted_ml[0], guess[0])
    u = limited(u + guess[0], MOST_EMPTIED)

    def rv(shift: float) -> float:
        rows = right.rows
        placed = field.place(rows, u[rows], f[rows] + shift, shortening, further_mm)
        return enclosed_ml(placed, right.triangles)

    guess[1] = _secant(rv, wanted_ml[1], guess[1])
    return u, f + guess[1]


def poses(field: MotionField, course: Course) -> Iterator[Pose]:
    """One Pose a row of ``course``. EngineError where a volume cannot be reached or the wall turns inside out."""
    mesh = field.mesh
    left = field.patches.number < RIGHT_OFFSET
    ml = field.patches.wall_ml
    left_share, right_share = ml[left] / ml[left].sum(), ml[~left] / ml[~left].sum()
    tet_ml = field.patches.tet_ml
    every = np.arange(len(mesh.points_mm))
    cavity = (_Cavity.of(mesh, "lv_cavity"), _Cavity.of(mesh, "rv_cavity"))
    atria = [
        (_Atrium(mesh, surface, landmark), ratio)
        for surface, landmark, ratio in (
            ("la", "mitral_centre", course.la_ratio),
            ("ra", "tricuspid_centre", course.ra_ratio),
        )
        if surface in mesh.surfaces and landmark in mesh.landmarks
    ]
    carried = _Carried(mesh)
    neighbours = Neighbours.of(mesh.tets, len(mesh.points_mm))
    guess = [0.0, 0.0]
    for k in range(len(course.lv_ml)):
        area = course.area_ratio[k]
        # fibres run all ways in the plane of the wall, so length and girth share the change of its area
        shortening = 1.0 - float(np.sqrt((area[left] * left_share).sum()))
        # the right free wall shortens mostly lengthwise: 80 % of its stroke (Carlsson, Am J Physiol 293:H636, 2007)
        right_shortening = 1.0 - float((area[~left] * right_share).sum()) ** RIGHT_LENGTHWISE
        further_mm = field.right.length_mm * float(np.clip(right_shortening - shortening, -0.03, 0.15))
        shape_left = field.left_ratio * (area[left] ** 2 / (1.0 - shortening) - 1.0)
        shape_right = -field.right.ratio * (area[~left] ** 2 / (1.0 - right_shortening) - 1.0)
        shape_left = np.clip(shape_left - (shape_left * left_share).sum(), -0.5, 0.5)
        shape_right = np.clip(shape_right - (shape_right * right_share).sum(), -0.3, 0.3)
        wanted = (float(course.lv_ml[k]), float(course.rv_ml[k]))
        for pattern in PATTERNS:
            u = field.left_weight @ (pattern * shape_left)
            f = field.right.weight @ (pattern * shape_right)
            u, f = _fit(field, cavity, u, f, wanted, guess, shortening, further_mm)
            points = field.place(every, u, f, shortening, further_mm)
            volume, least = untangle(points, mesh.points_mm, mesh.tets, tet_ml, neighbours)
            if least > 0.0:
                break
        else:
            raise EngineError(
                "the wall would turn inside out",
                where=f"frame {k + 1}, smallest element at {100.0 * least:.0f} % of its volume",
                remedy="Build the model with finer elements",
            )
        if len(carried.rows):
            carried.follow(points)
        for atrium, ratio in atria:
            atrium.fill(points, float(ratio[k]))
        yield Pose(
            points_mm=points,
            lv_ml=mesh.enclosed_ml("lv_cavity", points),
            rv_ml=mesh.enclosed_ml("rv_cavity", points),
            wall_ratio=volume / float(tet_ml.sum()),
            least_tet=least,
            pattern=pattern,
        )
