"""Masks against balls of known size; the random walk against potentials that can be written down."""

import numpy as np
import pytest

from twinviewer.domain import Grid
from twinviewer.segmentation import mask as m
from twinviewer.segmentation.partition import random_walk
from twinviewer.segmentation.working_grid import covering, image_on, labels_on

SPACING = (1.5, 1.0, 1.0)


def _ball(radius_mm: float, at: tuple[float, ...] = (30, 30, 30)) -> np.ndarray:
    shape = (40, 60, 60)
    where = np.moveaxis(np.indices(shape), 0, -1) * np.array(SPACING)
    return np.linalg.norm(where - np.array(at), axis=-1) < radius_mm


def test_eroding_and_dilating_a_ball_changes_its_radius() -> None:
    ball = _ball(15.0)
    for made, radius in ((m.erode(ball, 5.0, SPACING), 10.0), (m.dilate(ball, 5.0, SPACING), 20.0)):
        volume = made.sum() * 1.5
        assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.12)


def test_distance_grows_by_one_mm_a_mm() -> None:
    ball = _ball(15.0)
    assert m.distance_inside(ball, SPACING).max() == pytest.approx(15.0, abs=1.2)
    assert m.distance_outside(ball, SPACING)[20, 30, 55] == pytest.approx(25 - 15, abs=1.2)


def test_opening_removes_a_branch_and_closing_fills_a_notch() -> None:
    ball = _ball(15.0)
    branch = ball.copy()
    branch[19:22, 29:32, 40:58] = True
    assert not m.opened(branch, 4.0, SPACING)[20, 30, 55]
    assert m.opened(branch, 4.0, SPACING).sum() == pytest.approx(ball.sum(), rel=0.06)
    notch = ball & ~(np.indices(ball.shape)[2] == 30)
    assert m.closed(notch, 3.0, SPACING)[20, 30, 30]


def test_holes_crumbs_and_smoothing_keep_the_volume() -> None:
    ball = _ball(15.0)
    broken = ball.copy()
    broken[20, 28:31, 28:31] = False
    broken[2, 2, 2] = True
    whole = m.filled(m.largest_piece(broken))
    assert np.array_equal(whole, ball)
    assert m.smoothed(ball, 2.0, SPACING).sum() == pytest.approx(ball.sum(), rel=0.002)


def test_the_walk_along_a_rod_is_linear() -> None:
    rod = np.ones((1, 1, 41), dtype=bool)
    seeds = np.zeros(rod.shape, dtype=int)
    seeds[0, 0, 0], seeds[0, 0, -1] = 3, 7
    labels, probability = random_walk(rod, seeds, tolerance=1e-9)
    assert labels.tolist() == [3, 7]
    assert probability[1, 0, 0] == pytest.approx(np.linspace(0, 1, 41), abs=1e-4)


def test_two_balls_are_parted_at_their_neck() -> None:
    region = _ball(14.0, at=(30, 30, 18)) | _ball(11.0, at=(30, 30, 41))
    seeds = np.zeros(region.shape, dtype=int)
    seeds[20, 30, 12], seeds[20, 30, 44] = 1, 2
    _, probability = random_walk(region, seeds)
    border = int(np.argmax(probability[1, 20, 30] > 0.5))
    neck = int(np.argmin(region[:, :, 18:42].sum(axis=(0, 1)))) + 18
    assert abs(border - neck) <= 1


def test_voxels_out_of_reach_get_no_label() -> None:
    region = np.ones((1, 1, 9), dtype=bool)
    region[0, 0, 4] = False
    seeds = np.zeros(region.shape, dtype=int)
    seeds[0, 0, 0] = 1
    _, probability = random_walk(region, seeds)
    assert probability[0, 0, 0, 6:].max() < 0.01


def test_labels_survive_the_way_to_a_tilted_grid_and_back() -> None:
    angle = np.deg2rad(20.0)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]) * 0.8
    grid = Grid((60, 70, 80), affine)
    centre = grid.centre_mm
    index = np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3)[:, ::-1]
    inside = (np.linalg.norm(grid.to_mm(index.astype(float)) - centre, axis=1) < 15).reshape(grid.shape)
    work = covering(grid, 1.5)
    image = image_on(work, inside.astype(np.float32), affine)
    back = labels_on(grid, (image > 0.5).astype(np.uint8) * 4, work)
    assert back.max() == 4
    overlap = 2 * ((back == 4) & inside).sum() / ((back == 4).sum() + inside.sum())
    assert overlap > 0.96
