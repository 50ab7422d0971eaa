"""Two thick-walled half ellipsoids side by side, with all fields of a heart and any motion: volumes and strains of
simple maps are known exactly. The left one stands with its tip down the z axis; the right one beside it at -x."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from twinviewer.domain import OrganMesh
from twinviewer.organs.heart.coordinates import LongAxis, aha_segments

RADIUS_MM, LENGTH_MM, WALL_MM = 22.0, 80.0, 10.0
RV_AT_MM, RV_RADIUS_MM, RV_LENGTH_MM, RV_WALL_MM = -70.0, 26.0, 72.0, 4.0
AXIS = LongAxis(np.array([0.0, 0.0, -LENGTH_MM]), np.zeros(3), np.array([-1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0]))
Map = Callable[[np.ndarray], np.ndarray]


def prisms(triangles: np.ndarray, layer: int, points: np.ndarray) -> np.ndarray:
    """Tetrahedra of the prisms between a layer of triangles and the next, which has its points `layer` further on."""
    a = np.sort(triangles, axis=1)
    b = a + layer
    tets = np.vstack(
        [
            np.column_stack([a[:, 0], a[:, 1], a[:, 2], b[:, 2]]),
            np.column_stack([a[:, 0], a[:, 1], b[:, 1], b[:, 2]]),
            np.column_stack([a[:, 0], b[:, 0], b[:, 1], b[:, 2]]),
        ]
    )
    corner = points[tets]
    negative = np.linalg.det(corner[:, 1:] - corner[:, :1]) < 0
    tets[negative] = tets[negative][:, [0, 2, 1, 3]]
    return tets


def tube(
    inner: float, outer: float, length: float, round_: int = 96, up: int = 24, layers: int = 8
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A thick tube round the z axis from 0 to length: points, tets, depth 0..1."""
    phi, z = np.meshgrid(np.arange(round_) / round_ * 2 * np.pi, np.linspace(0, length, up + 1), indexing="ij")
    a = (np.arange(round_)[:, None] * (up + 1) + np.arange(up)).ravel()
    b = ((np.arange(round_)[:, None] + 1) % round_ * (up + 1) + np.arange(up)).ravel()
    triangles = np.vstack([np.column_stack([a, b, b + 1]), np.column_stack([a, b + 1, a + 1])])
    depth = np.linspace(0, 1, layers + 1)
    points = np.concatenate(
        [
            np.column_stack([r * np.cos(phi.ravel()), r * np.sin(phi.ravel()), z.ravel()])
            for r in inner + depth * (outer - inner)
        ]
    )
    tets = np.concatenate([prisms(triangles + k * phi.size, phi.size, points) for k in range(layers)])
    return points, tets, np.repeat(depth, phi.size)


def _shell(radius: float, length: float, wall: float, layers: int, rings: int = 24, round_: int = 72):
    """Points, tets, depth, and inward-out triangles of the innermost and outermost layer of a half ellipsoid."""
    theta = np.linspace(0, np.pi / 2, rings + 1)[1:]
    phi = np.arange(round_) / round_ * 2 * np.pi
    count = 1 + rings * round_
    depth = np.linspace(0, 1, layers + 1)
    points = []
    for d in depth:
        a, b = radius + d * wall, length + d * wall
        t, f = np.meshgrid(theta, phi, indexing="ij")
        ring = np.stack([a * np.sin(t) * np.cos(f), a * np.sin(t) * np.sin(f), -b * np.cos(t)], axis=-1)
        points += [np.array([[0.0, 0.0, -b]]), ring.reshape(-1, 3)]
    cloud = np.concatenate(points)
    here, after = np.arange(round_), (np.arange(round_) + 1) % round_
    faces = [np.column_stack([np.zeros(round_, dtype=int), 1 + after, 1 + here])]
    for k in range(rings - 1):
        low, high = 1 + k * round_, 1 + (k + 1) * round_
        faces += [
            np.column_stack([low + here, low + after, high + after]),
            np.column_stack([low + here, high + after, high + here]),
        ]
    triangles = np.concatenate(faces)  # looks outwards, away from the axis
    tets = np.concatenate([prisms(triangles + k * count, count, cloud) for k in range(layers)])
    rim = 1 + (rings - 1) * round_ + here
    lid = np.column_stack([np.full(round_, rim[0]), rim, np.roll(rim, -1)])[1:-1]
    return cloud, tets, np.repeat(depth, count), triangles, lid, layers * count


@lru_cache(maxsize=1)
def thick_ventricles() -> OrganMesh:
    """The mesh at end diastole, without motion."""
    cloud, tets, depth, skin, lid, outer = _shell(RADIUS_MM, LENGTH_MM, WALL_MM, 5)
    right = _shell(RV_RADIUS_MM, RV_LENGTH_MM, RV_WALL_MM, 2)
    count = len(cloud)
    points = np.concatenate([cloud, right[0] + [RV_AT_MM, 0.0, 0.0]])
    height = points[count:, 2] / RV_LENGTH_MM
    rv_segment = np.where(height > -1 / 3, 1, np.where(height > -2 / 3, 2, 3))
    surfaces = {
        "lv_endocardium": skin[:, ::-1],
        "epicardium": skin + outer,
        "lv_cavity": np.concatenate([skin, lid]),
        "rv_endocardium": right[3][:, ::-1] + count,
        "rv_cavity": np.concatenate([right[3], right[4]]) + count,
    }
    return OrganMesh(
        organ="heart",
        points_mm=points,
        tets=np.concatenate([tets, right[1] + count]).astype(np.int32),
        surfaces={name: np.ascontiguousarray(t, dtype=np.int32) for name, t in surfaces.items()},
        point_fields={
            "transmural": np.concatenate([depth, right[2]]),
            "aha_segment": np.concatenate([aha_segments(AXIS, cloud), np.zeros(len(right[0]), dtype=np.int8)]),
            "rv_segment": np.concatenate([np.zeros(count), rv_segment]).astype(np.int8),
        },
        cell_fields={"chamber": np.repeat([1, 2], [len(tets), len(right[1])]).astype(np.int8)},
        landmarks={
            "lv_apex": np.array([0.0, 0.0, -LENGTH_MM - WALL_MM]),
            "lv_apex_endo": np.array([0.0, 0.0, -LENGTH_MM]),
            "mitral_centre": np.zeros(3),
            "tricuspid_centre": np.array([RV_AT_MM, 0.0, 0.0]),
            "rv_centre": np.array([RV_AT_MM, 0.0, -30.0]),
        },
        wall_points=len(points),
        uid="thick",
        label_uid="analytic",
    )


def moving(maps: list[Map], fraction: np.ndarray | None = None) -> OrganMesh:
    """The same mesh with one frame a map, each from end diastole's points (n, 3)."""
    mesh = thick_ventricles()
    motion = np.stack([one(mesh.points_mm) for one in maps]).astype(np.float32)
    at = np.arange(len(maps)) / len(maps) if fraction is None else fraction
    return OrganMesh(
        **{name: getattr(mesh, name) for name in OrganMesh.__slots__ if not name.startswith("motion")},
        motion_mm=motion,
        motion_fraction=at,
    )


def scaled(round_: float, long: float) -> Map:
    """Shrink both ventricles round the z axis of the left one by one factor and along it by another."""
    return lambda points: points * np.array([round_, round_, long])
