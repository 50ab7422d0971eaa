"""Slices: voxels end where their patient coordinates say, whatever way the scanner stored them."""

import itertools

import numpy as np
import pytest

from twinviewer.domain import CinePlane, Grid, Volume
from twinviewer.scene.slices import (
    ORIENTATIONS,
    fraction_of,
    frame_at,
    slice_count,
    slice_image,
    slice_index,
    windowed,
)
from twinviewer.segmentation.cine.phases import beat_fraction


def volume(flips: tuple[int, int, int], order: tuple[int, int, int]) -> Volume:
    """A volume whose one bright voxel lies at LPS (12, -6, 30), stored with permuted and flipped axes."""
    spacing = np.array([2.0, 3.0, 5.0])
    size = np.array([10, 12, 14])
    affine = np.eye(4)
    affine[:3, :3] = 0.0
    for column, axis in enumerate(order):
        affine[axis, column] = spacing[axis] * flips[axis]
    lps_of_first = np.array([0.0, -18.0, 0.0])
    start = np.where(np.array(flips) > 0, lps_of_first, lps_of_first + (size - 1) * spacing)
    affine[:3, 3] = start
    shape_ijk = tuple(int(size[axis]) for axis in order)
    grid = Grid((shape_ijk[2], shape_ijk[1], shape_ijk[0]), affine)
    data = np.zeros((1, *grid.shape), np.int16)
    i, j, k = np.round(grid.to_ijk(np.array([[12.0, -6.0, 30.0]]))[0]).astype(int)
    data[0, k, j, i] = 1000
    return Volume(data, grid, "CT", np.zeros(1), None, "x")


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
def test_bright_voxel_is_painted_at_its_lps_place(orientation, order, flips):
    image = volume(flips, order)
    place = np.array([12.0, -6.0, 30.0])
    index = slice_index(image.grid, orientation, place)
    painted = slice_image(image, orientation, index, window=100, level=500)
    row, column = np.argwhere(painted.rgb[:, :, 0] > 0)[0]
    found = painted.affine @ np.array([column, row, 0.0, 1.0])
    assert np.allclose(found[:3], place, atol=1e-9)
    assert painted.count == slice_count(image.grid, orientation)


@pytest.mark.parametrize(
    ("orientation", "letters"),
    [("axial", ("R", "L", "A", "P")), ("coronal", ("R", "L", "H", "F")), ("sagittal", ("A", "P", "H", "F"))],
)
def test_letters_are_those_of_a_reading_room(orientation, letters):
    assert slice_image(volume((1, 1, 1), (0, 1, 2)), orientation, 3).letters == letters


def test_window_spans_its_width():
    grey = windowed(np.array([-150.0, 50.0, 250.0, 650.0, 900.0]), 800, 250)
    assert grey.tolist() == [0, 63, 127, 255, 255]


def test_a_frame_is_shown_from_when_it_was_taken() -> None:
    """Own R-R of each plane; the same answer as the measurements have."""
    frames = np.zeros((4, 2, 2), np.int16)
    for trigger, rr in (([0.0, 0.2, 0.4, 0.6], 0.8), ([0.05, 0.25, 0.45, 0.65], None), ([0.0, 0.3, 0.6, 0.9], 0.85)):
        plane = CinePlane(frames, np.eye(4), np.array(trigger), rr, "", 8.0)
        found = [fraction_of(plane, k) for k in range(4)]
        np.testing.assert_allclose(found, beat_fraction(plane), atol=0.02)
        for k in range(3):
            assert frame_at(plane, found[k] + 1e-6) == k
            assert frame_at(plane, (found[k] + found[k + 1]) / 2) == k
