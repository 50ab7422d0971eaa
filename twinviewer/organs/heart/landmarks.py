"""Named places of the heart and its long axis."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError
from twinviewer.geometry.surfaces import area_vectors
from twinviewer.organs.heart.coordinates import LongAxis, long_axis
from twinviewer.organs.heart.faces import Faces
from twinviewer.organs.heart.wall import AORTA, LA, LV, PA, RA, RV, WallShape

Array = NDArray[np.float64]
Triangles = NDArray[np.int32]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]


def find_landmarks(shape: WallShape, points: Array, faces: Faces) -> tuple[LongAxis, dict[str, Array]]:
    """The long axis and named places, in LPS mm."""
    septum = faces.every[faces.rv]
    septum = septum[~shape.is_rv(shape.frame.from_lps(points[septum].mean(axis=1)))]
    axis, apex = axis_and_apex(points, faces, septum)
    landmarks = {**apex, "rv_centre": _centroid(shape, RV)}
    lv_base, rv_base = lid_centre(points, faces.lv_lid), lid_centre(points, faces.rv_lid)
    for name, ventricle, beyond, spare in (
        ("mitral_centre", LV, LA, lv_base),
        ("aortic_centre", LV, AORTA, lv_base),
        ("tricuspid_centre", RV, RA, rv_base),
        ("pulmonary_centre", RV, PA, rv_base),
    ):
        landmarks[name] = _valve(shape, ventricle, beyond, spare)
    return axis, landmarks


def lid_centre(points: Array, triangles: Triangles) -> Array:
    """(3,) middle of the area of a lid."""
    weight = np.linalg.norm(area_vectors(points, triangles), axis=1)
    return np.asarray(np.average(points[triangles].mean(axis=1), axis=0, weights=weight))


def axis_and_apex(points: Array, faces: Faces, septum: Triangles) -> tuple[LongAxis, dict[str, Array]]:
    """The long axis of a wall in LPS mm, and the landmarks lv_apex and lv_apex_endo. septum: triangles of its right
    face. Raises MeshError where there is none."""
    if len(septum) == 0:
        raise MeshError("No septum lies between the ventricles", remedy="Check the right ventricle's labels.")
    endo = points[np.unique(faces.every[faces.lv])]
    lv_base = lid_centre(points, faces.lv_lid)
    axis = long_axis(endo, lv_base, points[septum].mean(axis=1), np.linalg.norm(area_vectors(points, septum), axis=1))
    epi = points[np.unique(faces.every[faces.epi])]
    aside = epi - axis.apex_mm - np.outer(axis.height(epi) * axis.length_mm, axis.up)
    near = np.linalg.norm(aside, axis=1) < 8.0
    tip = epi[near] if near.any() else epi
    return axis, {"lv_apex": tip[np.argmin(axis.height(tip))], "lv_apex_endo": axis.apex_mm}


def _voxels_lps(shape: WallShape, where: NDArray[np.integer]) -> Array:
    """(n, 3) cropped voxel indices k, j, i -> LPS mm."""
    frame = shape.frame
    voxel = frame.spacing_mm / np.array(frame.pool[::-1])
    first = frame.origin_mm - (np.array(frame.pool[::-1]) - 1) / 2 * voxel
    return frame.to_lps(first + where[:, ::-1] * voxel)


def _centroid(shape: WallShape, value: int) -> Array:
    return np.asarray(_voxels_lps(shape, np.argwhere(shape.labels == value)).mean(axis=0))


def _valve(shape: WallShape, ventricle: int, beyond: int, spare: Array) -> Array:
    """Mean of the voxel faces at which two pools touch (or nearly do); ``spare`` where they do not."""
    one, two = shape.labels == ventricle, shape.labels == beyond
    for reach in (1, 2, 3):
        found = []
        for axis in range(3):
            for step in (reach, -reach):
                spot = np.argwhere(one & np.roll(two, step, axis=axis)).astype(float)
                spot[:, axis] -= step / 2
                found.append(spot)
        spots = np.concatenate(found)
        if len(spots) >= 20:
            return np.asarray(_voxels_lps(shape, spots).mean(axis=0))
    return spare
