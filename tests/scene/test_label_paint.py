"""Labels over slices: the colours that were asked for, outlines where two structures meet, and patches like wholes."""

import numpy as np
import pytest

from twinviewer.domain import Grid, LabelMap, Volume
from twinviewer.scene.label_paint import LabelColours
from twinviewer.scene.slices import ORIENTATIONS, patch_of, repaint, slice_image

NAMES = {1: "lv_blood", 2: "lv_myocardium", 7: "aorta"}
COLOURS = {"lv_blood": "#FF0000", "aorta": "#0000FF"}  # the muscle is hidden


def study(flip: int = 1) -> tuple[Volume, LabelMap]:
    rng = np.random.default_rng(4)
    affine = np.diag([2.0, 3.0 * flip, 5.0, 1.0])
    grid = Grid((9, 11, 13), affine)
    data = rng.integers(-200, 600, (1, *grid.shape)).astype(np.int16)
    labels = rng.choice(np.array([0, 1, 2, 7], np.uint8), (1, *grid.shape))
    phases = np.zeros(1)
    return Volume(data, grid, "CT", phases, None, "x"), LabelMap(labels, grid, NAMES, phases, "test", "x")


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_pixel_has_the_colour_of_its_label(orientation: str) -> None:
    volume, labels = study()
    plain = slice_image(volume, orientation, 4)
    shown = slice_image(volume, orientation, 4, labels=labels, colours=COLOURS, opacity=0.25, outline=False)
    only = LabelMap(labels.data, labels.grid, {1: "lv_blood"}, labels.phase_percent, "test", "x")
    red = slice_image(volume, orientation, 4, labels=only, colours=COLOURS, opacity=1.0, outline=False)
    blood = (red.rgb == [255, 0, 0]).all(axis=2)
    assert blood.mean() == pytest.approx(0.25, abs=0.1)
    np.testing.assert_array_equal(shown.rgb[blood][:, 0], (0.75 * plain.rgb[blood][:, 0] + 0.25 * 255).astype(int))
    np.testing.assert_array_equal(shown.rgb[blood][:, 1], (0.75 * plain.rgb[blood][:, 1]).astype(int))
    untouched = (shown.rgb == plain.rgb).all(axis=2)
    assert untouched.mean() > 0.35  # background and the hidden muscle


def test_an_outline_is_where_a_shown_structure_ends() -> None:
    grid = Grid((1, 7, 7), np.eye(4))
    data = np.zeros((1, 1, 7, 7), np.uint8)
    data[0, 0, 2:5, 2:5] = 1
    volume = Volume(np.full(data.shape, 250, np.int16), grid, "CT", np.zeros(1), None, "x")
    labels = LabelMap(data, grid, {1: "lv_blood"}, np.zeros(1), "test", "x")
    rgb = slice_image(volume, "axial", 0, labels=labels, colours=COLOURS, opacity=0.0).rgb
    red = (rgb == [255, 0, 0]).all(axis=2)
    assert red.sum() == 8 and not red[3, 3] and red[2:5, 2:5].sum() == 8  # the rim of the square, not its middle


@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_patch_painted_again_is_like_the_whole(orientation: str, flip: int) -> None:
    volume, labels = study(flip)
    band = (100.0, 300.0)
    before = slice_image(volume, orientation, 5, labels=labels, colours=COLOURS, band=band)
    data = labels.data.copy()
    start, stop = (3, 4, 5), (7, 8, 9)
    data[0, 3:7, 4:8, 5:9] = 1
    changed = LabelMap(data, labels.grid, NAMES, labels.phase_percent, "test", "x")
    after = slice_image(volume, orientation, 5, labels=changed, colours=COLOURS, band=band)
    patch = patch_of(labels.grid, orientation, 5, start, stop)
    assert patch is not None
    assert not np.array_equal(before.rgb, after.rgb)
    repaint(before, data[0], labels.grid, orientation, patch, LabelColours.of(NAMES, COLOURS, 0.25))
    np.testing.assert_array_equal(before.rgb, after.rgb)
    assert patch_of(labels.grid, orientation, 0, start, stop) is None
