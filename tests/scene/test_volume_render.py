"""Volumes ready to be drawn: box, thinning and place in space; and that they are drawn where they are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import Grid, LabelMap
from twinviewer.geometry.cardiac_planes import rotation
from twinviewer.scene import new_plotter
from twinviewer.scene.stage import Stage
from twinviewer.scene.state import Camera, PaneState, SceneState, Section
from twinviewer.scene.volume_data import VolumeData, VolumeLook, box_of, volume_data
from twinviewer.scene.volume_render import PRESETS


def grid(flip: float = 1.0) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = rotation(np.array([0.2, 1.0, 0.1]), 25.0) @ np.diag([0.9, 0.9, flip * 1.8])
    affine[:3, 3] = (-20.0, 30.0, 100.0)
    return Grid((40, 64, 60), affine)


def centre_of_mass(data: VolumeData) -> NDArray[np.float64]:
    where = np.argwhere(data.values > 0)
    weight = data.values[tuple(where.T)].astype(float)
    ijk = (where * weight[:, None]).sum(axis=0)[::-1] / weight.sum()
    return np.asarray(ijk @ data.affine[:3, :3].T + data.affine[:3, 3])


@pytest.mark.parametrize("flip", [1.0, -1.0])
@pytest.mark.parametrize("most", [10**9, 20_000, 4_000])
def test_thinned_voxels_stay_in_their_place(flip: float, most: int) -> None:
    space = grid(flip)
    voxels = np.zeros(space.shape, np.int16)
    voxels[12:24, 24:40, 30:42] = 500
    true = space.to_mm(np.array([[35.5, 31.5, 17.5]]))[0]
    data = volume_data(voxels, space, None, most)
    assert data.values.size <= most and data.values.flags.c_contiguous
    assert np.linalg.det(data.affine[:3, :3]) > 0
    np.testing.assert_allclose(centre_of_mass(data), true, atol=0.8)


def test_thinned_voxels_are_means_and_grow_like_cubes() -> None:
    voxels = np.random.default_rng(1).normal(100.0, 30.0, (40, 64, 60)).astype(np.float32)
    data = volume_data(voxels, grid(), None, 30_000)
    edges = np.array(data.step) * grid().spacing_mm
    assert edges.max() / edges.min() < 2.0
    expected = 30.0 / np.sqrt(np.prod(data.step))
    assert data.values.std() == pytest.approx(expected, rel=0.1)
    assert data.values.mean() == pytest.approx(voxels.mean(), abs=1.0)


def test_the_box_goes_round_the_labels() -> None:
    space = grid()
    found = np.zeros((1, *space.shape), np.uint8)
    found[0, 18:22, 30:34, 30:34] = 1
    labels = LabelMap(found, space, {1: "lv_blood"}, np.zeros(1), "test", "")
    box = box_of(labels, space)
    assert box is not None
    for part, (first, last), mm in zip(box, ((18, 22), (30, 34), (30, 34)), space.spacing_mm[::-1], strict=True):
        assert first - 18 / mm - 2 <= part.start <= first and last <= part.stop <= last + 18 / mm + 2
    none = LabelMap(np.zeros_like(found), space, {}, np.zeros(1), "test", "")
    assert box_of(none, space) is None


def test_it_is_drawn_where_it_is_and_cut_with_the_heart() -> None:
    """A bright cube right of the middle is seen there; what lies on the side that is cut off is gone."""
    from beating_ball import ball

    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -60.0
    voxels = np.zeros((60, 60, 60), np.int16)
    voxels[20:40, 20:40, 36:54] = 900  # x from 12 to 48 mm
    look = VolumeLook(volume_data(voxels, Grid((60, 60, 60), affine), None, 10**9), "heart")
    pane = PaneState("", ball(), structures=())
    eye = Camera((0.0, -400.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    plotter = new_plotter((240, 200), samples=0)
    try:
        stage = Stage(plotter)

        def seen(**changes: object) -> NDArray[np.uint8]:
            stage.apply(SceneState((pane,), camera=eye, background="#000000", **changes))  # type: ignore[arg-type]
            plotter.render()
            picture = np.asarray(plotter.screenshot(return_img=True))[:150, :, :3].max(
                axis=2
            )  # above the cube of letters
            return np.asarray(picture > 60)

        whole = seen(volume=look)
        columns = np.flatnonzero(whole.any(axis=0))
        assert whole.sum() > 1500 and columns.min() > 118  # LPS x grows to the right, seen from the front
        cut = seen(volume=look, section=Section((30.0, 0.0, 0.0), (1.0, 0.0, 0.0)))
        assert 0.3 < cut.sum() / whole.sum() < 0.7
        faint = seen(volume=VolumeLook(look.data, "heart", shift=2000.0))
        assert faint.sum() < 0.05 * whole.sum()
        assert not seen().any()
    finally:
        plotter.close()


def test_presets_rise_in_value_and_start_from_nothing() -> None:
    for name, preset in PRESETS.items():
        values = [point[0] for point in preset.points]
        assert values == sorted(values) and len(set(values)) == len(values), name
        assert preset.points[0][4] == 0.0, name
        assert all(0.0 <= part <= 1.0 for point in preset.points for part in point[1:]), name
