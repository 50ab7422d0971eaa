"""Positions of the mesh over a beat: segment strains give the shape, the circulation's volumes give the size.

At each frame the segments' midwall areas (relative to the relaxed heart of the images) give the pattern of radial
motion and the shortening of the long axis; one number a ventricle, found by the secant method, then makes the mesh's
cavity volume equal to the circulation's (physics/kinematics.py). The displacement is evened out along the wall's layers
and elements brought back to their volume (physics/wall_volume.py); atria, vessels and lids follow (attached.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, OrganMesh, enclosed_volume_ml
from twinviewer.geometry.attached import Attached
from twinviewer.physics.heart_model import RIGHT_OFFSET
from twinviewer.physics.kinematics import MotionField, limited
from twinviewer.physics.wall_volume import Neighbours, even_out, keep_volumes

VOLUME_TOLERANCE = 1e-3
# Rounds of evening out of the wall's displacement along its layers
ROUNDS = 10
# Share of the last frame's volume correction that a frame starts with; less than all, so that the beat closes
KEPT = 0.7
# Evening out and element volumes change the cavities a little: the map then aims past them, so often
AIMS, AIM_TOLERANCE = 5, 4e-3
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
        placed = field.place(
            rows, limited(u[rows] + shift, field.most[rows]), np.zeros(len(rows)), shortening, further_mm
        )
        return enclosed_volume_ml(placed, left.triangles)

    guess[0] = _secant(lv, wanted_ml[0], guess[0])
    u = limited(u + guess[0], field.most)

    def rv(shift: float) -> float:
        rows = right.rows
        placed = field.place(rows, u[rows], f[rows] + shift, shortening, further_mm)
        return enclosed_volume_ml(placed, right.triangles)

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
    attached = Attached(mesh)
    neighbours = Neighbours.in_layers(mesh)
    reference = mesh.points_mm.astype(np.float64)
    # what one frame found is where the next one starts
    guess, beyond, correction = [0.0, 0.0], [1.0, 1.0], np.zeros_like(reference)
    for k in range(len(course.lv_ml)):
        correction *= KEPT
        area = course.area_ratio[k]
        # fibres run all ways in the plane of the wall, so length and girth share the change of its area
        shortening = 1.0 - float(np.sqrt((area[left] * left_share).sum()))
        # the right free wall shortens mostly lengthwise: 80 % of its stroke (Carlsson, Am J Physiol 293:H636, 2007)
        right_shortening = 1.0 - float((area[~left] * right_share).sum()) ** RIGHT_LENGTHWISE
        further_mm = field.right.length_mm * float(np.clip(right_shortening - shortening, -0.03, 0.15))
        shape_left = field.left_ratio * (area[left] ** 2 / (1.0 - shortening) - 1.0)
        shape_right = -(area[~left] ** 2 / (1.0 - right_shortening) - 1.0)
        shape_left = np.clip(shape_left - (shape_left * left_share).sum(), -0.5, 0.5)
        shape_right = np.clip(shape_right - (shape_right * right_share).sum(), -0.3, 0.3)
        wanted = (float(course.lv_ml[k]), float(course.rv_ml[k]))
        for pattern in PATTERNS:
            u = field.left_weight @ (pattern * shape_left)
            f = field.right.weight @ (pattern * shape_right)
            for _ in range(AIMS):
                aim = [beyond[side] * wanted[side] for side in (0, 1)]
                shifted = _fit(field, cavity, u, f, (aim[0], aim[1]), guess, shortening, further_mm)
                points = field.place(every, *shifted, shortening, further_mm)
                moved = even_out(points - reference, neighbours, ROUNDS) + correction
                points = reference + moved
                volume, least = keep_volumes(points, mesh.tets, tet_ml, neighbours)
                correction += points - reference - moved
                attached.close(points)
                got = tuple(enclosed_volume_ml(points[side.rows], side.triangles) for side in cavity)
                if all(abs(g - w) < AIM_TOLERANCE * w for g, w in zip(got, wanted, strict=True)):
                    break
                beyond = [b + 1.0 - g / w for b, w, g in zip(beyond, wanted, got, strict=True)]
            if least > 0.0:
                break
        else:
            raise EngineError(
                "the wall would turn inside out",
                where=f"frame {k + 1}, smallest element at {100.0 * least:.0f} % of its volume",
                remedy="Build the model with finer elements",
            )
        attached.follow(points, {"la": float(course.la_ratio[k]), "ra": float(course.ra_ratio[k])})
        yield Pose(
            points_mm=points,
            lv_ml=mesh.enclosed_ml("lv_cavity", points),
            rv_ml=mesh.enclosed_ml("rv_cavity", points),
            wall_ratio=volume / float(tet_ml.sum()),
            least_tet=least,
            pattern=pattern,
        )
