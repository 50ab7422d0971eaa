"""Where the cardiac views lie in this patient: from the model's landmarks, or before there is one from the labels."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, LabelMap, MeshError, OrganMesh
from twinviewer.geometry.cardiac_planes import HeartFrame, heart_frame

VALVE_REACH_MM = 5.0
"""How far two pools may lie apart to meet in a valve: half of it on either side."""
COARSE_MM, LEAST_VOXELS = 2.0, 10
"""The size of voxels that planes are found with; fewer in which two pools meet are no valve."""
LEAST_ML = 10.0
"""A left ventricle smaller than this has no axis to speak of."""
GRAIN_MM = 1.5
"""Finer voxels add nothing to a plane through a heart, and seconds of work."""


def frame_of_mesh(mesh: OrganMesh, corrected: Mapping[str, NDArray[np.float64]] | None = None) -> HeartFrame:
    """The frame of a model at its end-diastole. MeshError where it has no landmarks of a heart.

    corrected: name -> (3,) LPS mm of landmarks that a hand has put right.
    """
    marks = {**mesh.landmarks, **(corrected or {})}
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
    blood, and its base the end where the pool is wider. MeshError with the reason where it cannot be.
    """
    pools = _Pools(labels, min(phase, labels.phases - 1))
    left, right = pools.places_mm("lv_blood"), pools.places_mm("rv_blood")
    if min(len(left), len(right)) * pools.grid.voxel_ml < LEAST_ML:
        raise MeshError("The views need the blood of both ventricles", remedy="Find the structures first")
    mitral = pools.meeting_mm("lv_blood", "la_blood")
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
        apex, mitral, right.mean(axis=0), tricuspid_mm=pools.meeting_mm("rv_blood", "ra_blood"),
        rv_points_mm=right, aortic_mm=pools.meeting_mm("lv_blood", "aorta"), source="labels",
    )  # fmt: skip


class _Pools:
    """The structures of one phase, thinned to voxels of about 2 mm and cut to where they are: quick enough to be asked
    between two frames."""

    def __init__(self, labels: LabelMap, phase: int) -> None:
        step = np.maximum(np.floor(COARSE_MM / np.array(labels.grid.spacing_mm) + 0.25), 1).astype(int)
        data = labels.data[phase][:: step[2], :: step[1], :: step[0]]
        spans = [np.flatnonzero((data > 0).any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
        if not all(len(span) for span in spans):
            raise MeshError("The views need the blood of both ventricles", remedy="Find the structures first")
        first = [int(span[0]) for span in spans]
        self._data = data[tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)]
        affine = labels.grid.affine.copy()
        affine[:3, :3] *= step
        affine[:3, 3] = labels.grid.to_mm((np.array(first[::-1]) * step)[None].astype(float))[0]
        k, j, i = self._data.shape
        self.grid = Grid((k, j, i), affine)
        self._values = {name: value for value, name in labels.names.items()}

    def mask(self, name: str) -> NDArray[np.bool_]:
        """(k, j, i) of one structure; nothing where there is none of that name."""
        if name not in self._values:
            return np.zeros(self._data.shape, np.bool_)
        return np.asarray(self._data == self._values[name])

    def places_mm(self, name: str) -> NDArray[np.float64]:
        """(n, 3) LPS of a structure's voxels."""
        return self.grid.to_mm(np.argwhere(self.mask(name))[:, ::-1].astype(float))

    def meeting_mm(self, one: str, other: str) -> NDArray[np.float64] | None:
        """(3,) the middle of where two pools meet, None where they do not."""
        reach = max(round(VALVE_REACH_MM / 2 / min(self.grid.spacing_mm)), 1)
        grown = [ndimage.binary_dilation(self.mask(name), iterations=reach) for name in (one, other)]
        meet = np.argwhere(grown[0] & grown[1])
        return None if len(meet) < LEAST_VOXELS else self.grid.to_mm(meet[:, ::-1].astype(float)).mean(axis=0)
