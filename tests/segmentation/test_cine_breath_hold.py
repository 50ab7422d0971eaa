"""Cine MR: a slice that is moved by hand is moved back, and moving slices back brings them nearer to the meshes."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import CineStack
from twinviewer.segmentation.cine import CineContours
from twinviewer.segmentation.cine.breath_hold import MOST_MM, breath_hold_shifts


@pytest.fixture(scope="module")
def heart(contours: CineContours) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle of the left ventricle, and the direction to the apex, LPS."""
    rings = [contours.at(plane, 0, "lv_endocardium") for plane in (1, 3, 4)]
    base, middle, low = (ring.points_mm.mean(axis=0) for ring in rings if ring is not None)
    return middle, (low - base) / np.linalg.norm(low - base)


def _moved(stack: CineStack, index: int, by_mm: NDArray[np.float64]) -> CineStack:
    planes = list(stack.planes)
    affine = planes[index].affine.copy()
    affine[:3, 3] += by_mm
    planes[index] = replace(planes[index], affine=affine)
    return CineStack(tuple(planes), stack.modality, "moved")


@pytest.mark.parametrize(("index", "size_mm", "turn"), [(1, 4.0, 0.3), (2, 6.0, 2.0), (3, 8.0, 4.0), (4, 6.0, 5.5)])
def test_a_moved_slice_is_moved_back(
    patient: CineStack,
    contours: CineContours,
    heart: tuple[NDArray[np.float64], NDArray[np.float64]],
    index: int,
    size_mm: float,
    turn: float,
) -> None:
    assert contours.shift_mm is not None
    axes = patient.planes[index].affine[:3, :2] / np.linalg.norm(patient.planes[index].affine[:3, :2], axis=0)
    by = axes @ np.array([np.cos(turn), np.sin(turn)]) * size_mm
    found = breath_hold_shifts(_moved(patient, index, by), *heart)
    change = found - contours.shift_mm
    assert np.linalg.norm(change[index] + by) <= 1.5
    assert np.linalg.norm(np.delete(change, index, axis=0), axis=1).max() <= 3.0


def test_shifts_are_small_and_lie_in_their_planes(patient: CineStack, contours: CineContours) -> None:
    assert contours.shift_mm is not None
    for plane, shift in zip(patient.planes, contours.shift_mm, strict=True):
        assert abs(shift @ plane.normal) < 1e-6
        assert np.linalg.norm(shift) <= MOST_MM * 1.42


def test_planes_that_do_not_cross_are_left_where_they_are(
    patient: CineStack, heart: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    found = breath_hold_shifts(CineStack(patient.planes[:6], "MR", "short axes"), *heart)
    assert (found == 0.0).all()
