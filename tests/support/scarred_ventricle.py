"""A left ventricle as a half ellipsoid with a thin wall and helical fibres, and on it two patches of dead tissue with a
strip of surviving muscle between: the isthmus of a scar, as ventricular tachycardias use it."""

from functools import lru_cache

import numpy as np
from thick_ventricle import _shell

from twinviewer.domain import OrganMesh, Quantity, Setup
from twinviewer.organs.heart.coordinates import LongAxis, aha_segments
from twinviewer.organs.heart.scar import marked, with_painted

RADIUS_MM, LENGTH_MM, WALL_MM = 25.0, 75.0, 4.0
CORE_MM = 22.0
"""Half the width of both cores with the isthmus between them, along the circumference."""
ISTHMUS_MM = 8.0
CORE_FROM_MM, CORE_TO_MM = -58.0, -12.0
"""From the apex's side to the base's, below the plane of the valve."""
RING_MM = 4.0
BORDER_SPEED = 0.3
AXIS = LongAxis(np.array([0.0, 0, -LENGTH_MM]), np.zeros(3), np.array([-1.0, 0, 0]), np.array([0.0, -1, 0]))


@lru_cache(maxsize=1)
def ventricle() -> OrganMesh:
    """The mesh with what the engine and the therapies ask for, painted with the scar."""
    points, tets, depth, skin, _, outer = _shell(RADIUS_MM, LENGTH_MM, WALL_MM, 3, 40, 96)
    mesh = OrganMesh(
        organ="heart", points_mm=points, tets=tets.astype(np.int32),
        surfaces={
            "lv_endocardium": np.ascontiguousarray(skin[:, ::-1], np.int32),
            "epicardium": np.ascontiguousarray(skin + outer, np.int32),
            "rv_endocardium": np.ascontiguousarray(skin[:1] + outer, np.int32),
        },
        point_fields={
            "transmural": depth, "aha_segment": aha_segments(AXIS, points),
            "apicobasal": 1.0 + points[:, 2] / LENGTH_MM,
            "rv_segment": np.zeros(len(points), np.int8), "rotational_rad": AXIS.angle_rad(points),
        },
        cell_fields={"chamber": np.ones(len(tets), np.int8), "fibre": fibres(points, tets, depth)},
        landmarks={}, wall_points=len(points), uid="scarred", label_uid="analytic",
    )  # fmt: skip
    return with_painted(mesh, scar(points))


def fibres(points: np.ndarray, tets: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """(m, 3) from +60 degrees inside to -60 degrees outside, along the wall."""
    middle, share = points[tets].mean(axis=1), depth[tets].mean(axis=1)
    normal = middle / np.array([RADIUS_MM, RADIUS_MM, LENGTH_MM]) ** 2
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    round_ = np.cross([0.0, 0.0, 1.0], normal)
    round_ /= np.maximum(np.linalg.norm(round_, axis=1, keepdims=True), 1e-9)
    angle = np.radians(60.0 - 120.0 * share)[:, None]
    made = np.cos(angle) * round_ + np.sin(angle) * np.cross(normal, round_)
    return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9))


def scar(points: np.ndarray) -> np.ndarray:
    """(n,) 1 in both cores, 0.5 in the isthmus and in a ring round it all."""
    across, height = RADIUS_MM * np.arctan2(points[:, 1], points[:, 0]), points[:, 2]
    tall = (height > CORE_FROM_MM) & (height < CORE_TO_MM)
    core = tall & (np.abs(across) > ISTHMUS_MM / 2) & (np.abs(across) < CORE_MM)
    ring = (np.abs(across) < CORE_MM + RING_MM) & (height > CORE_FROM_MM - RING_MM) & (height < CORE_TO_MM + RING_MM)
    return np.where(core, 1.0, np.where(ring, 0.5, 0.0)).astype(np.float32)


def at(height_mm: float, across_mm: float = 0.0, depth: float = 1.0) -> int:
    """The point of the mesh nearest to a place on the wall."""
    turn, radius = across_mm / RADIUS_MM, RADIUS_MM * np.sqrt(1.0 - (height_mm / LENGTH_MM) ** 2) + WALL_MM * depth
    place = np.array([radius * np.cos(turn), radius * np.sin(turn), height_mm])
    return int(np.argmin(np.linalg.norm(ventricle().points_mm - place, axis=1)))


def setup() -> Setup:
    """A baseline without stimuli: 0.6 m/s along the fibres, 0.3 across, a third of it in the border zone."""
    mesh = ventricle()
    core, border = marked(mesh)
    scale = np.where(core, 0.0, np.where(border, BORDER_SPEED, 1.0))
    values = {"conduction_fibre_m_s": 0.6, "conduction_cross_m_s": 0.3, "conduction_endocardial_m_s": 1.2}
    given = {name: Quantity(value, "m/s", "assumed", "test") for name, value in values.items()}
    given["heart_rate_bpm"] = Quantity(70.0, "bpm", "assumed", "test")
    return Setup(mesh, given, (), {"conduction_scale": scale, "contractility_scale": np.where(core, 0.0, 1.0)})
