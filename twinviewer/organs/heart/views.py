"""Where the cardiac views lie in this patient: from the model's landmarks, or before there is one from the labels."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, LabelMap, MeshError, OrganMesh
from twinviewer.geometry.cardiac_planes import HeartFrame, heart_frame

VALVE_REACH_MM = 5.0
"""How far two pools may lie apart to meet in a valve: half of it on either side."""
LEAST_ML = 10.0
"""A left ventricle smaller than this has no axis to speak of."""
GRAIN_MM = 1.5
"""Finer voxels add nothing to a plane through a heart, and seconds of work."""


def frame_of_mesh(mesh: OrganMesh) -> HeartFrame:
    """The frame of a model at its end-diastole. MeshError where it has no landmarks of a heart."""
    marks = mesh.landmarks
    if not {"lv_apex", "mitral_centre", "rv_centre"} <= marks.keys():
        raise MeshError("This model has no apex, mitral valve and right ventricle to take the views from")
    right = mesh.surfaces.get("rv_endocardium", mesh.surfaces.get("rv_cavity"))
    points = None if right is None or not len(right) else mesh.points_mm[np.unique(right)]
    return heart_frame(
        marks["lv_apex"], marks["mitral_centre"], marks["rv_centre"], tricuspid_mm=marks.get("tricuspid_centre"),
        rv_points_mm=points, aortic_mm=marks.get("aortic_centre"), source="model",
    )  # fmt: skip


def frame_of_labels(labels: LabelMap, phase: int = 0) -> HeartFrame:
    """The frame from structures named ``lv_blood``, ``rv_blood``, and where there are any the atria and the aorta.

    The mitral centre is where the left pools meet; without an atrium the axis is the longest one of the ventricle's
    blood, and its base is the end nearer to the right ventricle's base. MeshError with the reason where it cannot be.
    """
    labels, phase = _coarse(labels, phase), 0
    places = {name: _places(labels, name, phase) for name in ("lv_blood", "rv_blood", "la_blood", "aorta")}
    left, right = places["lv_blood"], places["rv_blood"]
    if len(left) * labels.grid.voxel_ml < LEAST_ML or len(right) * labels.grid.voxel_ml < LEAST_ML:
        raise MeshError("The views need the blood of both ventricles", remedy="Find the structures first")
    mitral = _valve(labels, "lv_blood", "la_blood", phase)
    if mitral is None:
        centre = left.mean(axis=0)
        axis = np.linalg.svd((left - centre)[:: max(1, len(left) // 20_000)], full_matrices=False)[2][0]
        along = (left - centre) @ axis
        if abs(along.max()) > abs(along.min()):  # the pool is widest at its base, so that its tip is farther away
            axis, along = -axis, -along
        mitral = left[along > np.percentile(along, 97)].mean(axis=0)
    up = mitral - left.mean(axis=0)
    up = up / np.linalg.norm(up)
    height = left @ up
    apex = left[height < height.min() + 3.0].mean(axis=0)
    return heart_frame(
        apex, mitral, right.mean(axis=0), tricuspid_mm=_valve(labels, "rv_blood", "ra_blood", phase),
        rv_points_mm=right, aortic_mm=_valve(labels, "lv_blood", "aorta", phase), source="labels",
    )  # fmt: skip


def _coarse(labels: LabelMap, phase: int) -> LabelMap:
    """One phase of the labels by every n-th voxel, where they are finer than need be."""
    steps = [max(1, int(GRAIN_MM / mm)) for mm in labels.grid.spacing_mm]
    i, j, k = steps
    data = np.ascontiguousarray(labels.data[min(phase, labels.phases - 1), ::k, ::j, ::i])[None]
    affine = labels.grid.affine.copy()
    affine[:3, :3] *= steps
    grid = Grid((data.shape[1], data.shape[2], data.shape[3]), affine)
    return LabelMap(data, grid, labels.names, labels.phase_percent[:1], labels.made_by, labels.image_uid)


def _places(labels: LabelMap, name: str, phase: int) -> NDArray[np.float64]:
    """(n, 3) LPS mm of a structure's voxels."""
    value = next((value for value, known in labels.names.items() if known == name), None)
    if value is None:
        return np.zeros((0, 3))
    return labels.grid.to_mm(np.argwhere(labels.data[min(phase, labels.phases - 1)] == value)[:, ::-1].astype(float))


def _valve(labels: LabelMap, one: str, other: str, phase: int) -> NDArray[np.float64] | None:
    """(3,) the middle of where two pools meet, None where they do not."""
    values = {known: value for value, known in labels.names.items()}
    if one not in values or other not in values:
        return None
    data = labels.data[min(phase, labels.phases - 1)]
    first, second = data == values[one], data == values[other]
    if not first.any() or not second.any():
        return None
    box = ndimage.find_objects((first | second).astype(np.uint8))[0]
    spacing = labels.grid.spacing_mm[::-1]
    near = [ndimage.distance_transform_edt(~mask[box], sampling=spacing) for mask in (first, second)]
    meet = np.argwhere((near[0] < VALVE_REACH_MM / 2) & (near[1] < VALVE_REACH_MM / 2))
    if len(meet) < 10:
        return None
    start = np.array([part.start for part in box])
    return np.asarray(labels.grid.to_mm((meet + start)[:, ::-1].astype(float)).mean(axis=0))
