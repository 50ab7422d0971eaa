"""How slices lie, on positions whose answer is known."""

import numpy as np
import pytest

from twinviewer.dicom.slice_geometry import affine, axes, places, spread, tilt_degrees

NORMAL = np.array([0.0, 0.0, 1.0])


def at(*z: float) -> np.ndarray:
    return np.array([[10.0, 20.0, value] for value in z])


def test_even() -> None:
    found = spread(at(*np.arange(0, 30, 1.5)), NORMAL)
    assert found.regular and found.spacing_mm == 1.5 and found.runs == ((0, 20),)


def test_gap_of_whole_slices_is_missing_slices() -> None:
    found = spread(at(0, 1, 2, 3, 6, 7, 8, 9, 10, 11), NORMAL)
    assert (found.missing, found.uneven, found.runs[0]) == (2, False, (4, 10))


def test_other_gaps_are_uneven() -> None:
    found = spread(at(0, 1, 2, 3, 4.5, 5.5, 6.5), NORMAL)
    assert found.uneven and not found.missing and found.runs[0] == (0, 4)


def test_rounded_positions_are_even() -> None:
    z = np.round(np.arange(200) * 0.625, 1)  # steps of 0.6 and 0.7 mm
    assert spread(at(*np.round(np.arange(200) * 0.625, 3)), NORMAL).regular
    assert spread(at(*z), NORMAL).uneven


def test_a_slice_shifted_sideways_is_uneven() -> None:
    positions = at(0, 1, 2, 3, 4)
    positions[2, 0] += 3.0
    assert spread(positions, NORMAL).uneven


def test_places_merge_what_is_at_one_place() -> None:
    index, where = places(np.array([5.0, 0.0, 5.001, 2.0, 0.0]))
    assert index.tolist() == [2, 0, 2, 1, 0] and where.tolist() == [0.0, 2.0, 5.0]


def test_affine_of_a_tilted_gantry() -> None:
    angle = np.radians(20)
    orientation = [1, 0, 0, 0, np.cos(angle), np.sin(angle)]
    positions = at(0, 2, 4, 6)
    matrix = affine(positions, orientation, (0.5, 0.4))
    assert np.allclose(matrix @ [3, 0, 2, 1], [11.2, 20, 4, 1])
    turned = axes(orientation)
    assert turned is not None and tilt_degrees(positions, turned[2]) == pytest.approx(20)


@pytest.mark.parametrize("bad", [[1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 1, 0]])
def test_directions_that_are_none(bad: list[float]) -> None:
    assert axes(bad) is None
