"""The demo patient's truth agrees with itself: finer grids, voxel counts, kept muscle, order of contraction."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, LabelMap
from twinviewer.organs.heart.demo.anatomy import (
    Anatomy,
    anatomy,
    atlas_labels,
    demo_labels,
    heart_grid,
    label_grid,
    label_points,
)
from twinviewer.organs.heart.demo.layers import LABELS
from twinviewer.organs.heart.demo.motion import Beat
from twinviewer.organs.heart.demo.render import cover, near_heart
from twinviewer.organs.heart.demo.shape import dilated
from twinviewer.organs.heart.demo.truth import landmarks

PHASES = np.arange(10) * 10.0
SEED = 2026


@pytest.fixture(scope="module")
def heart() -> Anatomy:
    return anatomy(dilated(SEED))


@pytest.fixture(scope="module")
def volumes(heart: Anatomy) -> NDArray[np.float64]:
    """(t, label) mL by coverage, as the truth is made, on a 2 mm grid."""
    grid = heart_grid(heart.shape, 2.0)
    points = grid.to_mm(np.argwhere(near_heart(heart, grid))[:, ::-1].astype(np.float64))
    beat = Beat(heart)
    return np.stack([cover(heart, beat, points, p, 2.0).volumes * grid.voxel_ml for p in PHASES])


@pytest.fixture(scope="module")
def labels() -> LabelMap:
    return demo_labels([0.0, 40.0], 1.5, SEED)


def test_a_dilated_ventricle_that_ejects_a_third(volumes: NDArray[np.float64]) -> None:
    lv, rv = volumes[:, 2], volumes[:, 3]
    assert 190 < lv[0] < 220 and lv.argmax() == 0
    assert 27 < 100 * (lv[0] - lv.min()) / lv[0] < 33
    assert PHASES[lv.argmin()] in (40.0, 50.0)
    # both sides eject, the right one more completely; the atria fill meanwhile
    assert 30 < 100 * (rv[0] - rv.min()) / rv[0] < 55
    assert volumes[4, 4] > 1.1 * volumes[0, 4] and volumes[4, 5] > volumes[0, 5]


def test_truth_is_what_voxels_count_up_to(volumes: NDArray[np.float64], labels: LabelMap) -> None:
    for at, phase in ((0, 0), (1, 4)):
        for value in (1, 2, 3, 4, 5, 6, 7):
            assert labels.volume_ml(LABELS[value], at) == pytest.approx(volumes[phase, value], rel=0.01)
        assert labels.volume_ml(LABELS[8], at) == pytest.approx(volumes[phase, 8], rel=0.03)  # 2 to 3 voxels thick
    counted = 1 - labels.volume_ml("lv_blood", 1) / labels.volume_ml("lv_blood", 0)
    assert counted == pytest.approx(1 - volumes[4, 2] / volumes[0, 2], abs=0.01)


def test_truth_does_not_depend_on_the_grid(heart: Anatomy, volumes: NDArray[np.float64]) -> None:
    """At 0.8 mm the left ventricle's volumes move by less than half a percent."""
    middle = heart.shape.to_lps(np.array([[0.0, 0.0, -45.0]]))[0]
    affine = np.diag([0.8, 0.8, 0.8, 1.0])
    affine[:3, 3] = middle - 65.0
    fine = Grid((163, 163, 163), affine)
    for phase in (0.0, 40.0):
        found = label_grid(heart, Beat(heart), fine, phase)
        for value in (1, 2):
            counted = np.count_nonzero(found == value) * fine.voxel_ml
            assert counted == pytest.approx(volumes[int(phase // 10), value], rel=0.005)


def test_muscle_is_kept(volumes: NDArray[np.float64]) -> None:
    for wall in (volumes[:, 1], volumes[:, 1] + volumes[:, 8]):
        assert np.ptp(wall) / wall[0] < 0.03


def test_motion_keeps_volume_in_the_wall(heart: Anatomy) -> None:
    """The Jacobian of the map back to end-diastole is 1 in the left ventricle's wall."""
    rng = np.random.default_rng(0)
    grid = heart_grid(heart.shape, 3.0)
    beat = Beat(heart)
    for phase in (10.0, 40.0, 60.0):
        wall = np.argwhere(label_grid(heart, beat, grid, phase) == 1)
        points = heart.shape.to_heart(grid.to_mm(rng.permutation(wall)[:1500, ::-1].astype(np.float64)))
        points = points[points[:, 2] < -14]
        step = 0.05
        columns = []
        for axis in range(3):
            shift = np.zeros(3)
            shift[axis] = step
            ahead, behind = (np.stack(beat.at_end_diastole(*(points + s * shift).T, phase), axis=1) for s in (1, -1))
            columns.append((ahead - behind) / (2 * step))
        jacobian = np.linalg.det(np.stack(columns, axis=2))
        assert np.median(jacobian) == pytest.approx(1, abs=0.003)
        assert np.mean(np.abs(jacobian - 1) < 0.05) > 0.95


def test_every_structure_is_one_piece(labels: LabelMap) -> None:
    for at in range(labels.phases):
        for name in LABELS.values():
            mask = labels.mask(name, at)
            parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
            assert count > 0
            largest = np.bincount(parts.ravel())[1:].max()
            assert largest / mask.sum() > 0.995, name


def test_the_lateral_wall_is_late(heart: Anatomy) -> None:
    """Where the endocardium lies on a ray through septum and lateral wall, phase by phase."""
    beat = Beat(heart)
    reach = np.arange(0.0, 45.0, 0.25)
    times = np.arange(0.0, 100.0, 4.0)
    radius = {}
    for wall, sign in (("septum", 1.0), ("lateral", -1.0)):
        line = np.stack([sign * reach + 2.0, 0 * reach, 0 * reach - 35.0], axis=1)
        # leaflets and papillary muscles are blood here
        radius[wall] = np.array(
            [0.25 * np.count_nonzero(label_points(heart, beat, heart.shape.to_lps(line), t) == 2) for t in times]
        )
    early = times < 16
    # the septum flashes inwards while the lateral wall is still being stretched
    assert radius["septum"][0] - radius["septum"][early].min() > 1.0
    assert radius["lateral"][early].max() >= radius["lateral"][0]
    half = {w: times[np.argmax(r[0] - r > 0.5 * (r[0] - r.min()))] for w, r in radius.items()}
    assert half["lateral"] - half["septum"] >= 10.0


def test_no_thin_spot_in_the_left_wall(heart: Anatomy) -> None:
    grid = heart_grid(heart.shape, 1.0)
    found = label_grid(heart, None, grid, 0.0)
    inside, blood = np.isin(found, (1, 2)), found == 2
    rim = blood & ~ndimage.binary_erosion(blood)
    depth = ndimage.distance_transform_edt(inside)
    at = np.argwhere(rim)
    level = heart.shape.to_heart(grid.to_mm(at[:, ::-1].astype(np.float64)))[:, 2]
    thickness = depth[tuple(at[level < -14].T)] - 0.5
    assert thickness.min() > 5.0
    assert 7.5 < np.median(thickness) < 10.0


def test_landmarks_lie_where_they_say(heart: Anatomy) -> None:
    found = landmarks(heart)
    axis = heart.shape.axes[2]
    assert axis[0] < 0 < axis[1] and axis[2] > 0  # from the apex: right, back, up

    def label(point: NDArray[np.float64]) -> int:
        return int(label_points(heart, None, point[None], 0.0)[0])

    assert label(found["mitral_centre"] - 9 * axis) == 2 and label(found["mitral_centre"] + 4 * axis) == 4
    into_atrium = heart.places.tricuspid_normal @ heart.shape.axes
    assert label(found["tricuspid_centre"] - 10 * into_atrium) == 3
    assert label(found["tricuspid_centre"] + 4 * into_atrium) == 5
    assert label(found["lv_apex_endo"] + 2 * axis) == 2
    assert label(found["lv_apex"] + 2 * axis) == 1 and label(found["lv_apex"] - 2 * axis) != 1


def test_the_atlas_is_another_heart(labels: LabelMap) -> None:
    atlas = atlas_labels(2.0)
    assert 100 < atlas.volume_ml("lv_blood") < 150 < labels.volume_ml("lv_blood")
    other = demo_labels(0.0, 3.0, seed=7)
    own = demo_labels(0.0, 3.0, seed=SEED)
    ratio = [other.volume_ml(n) / own.volume_ml(n) for n in LABELS.values()]
    assert max(abs(r - 1) for r in ratio) > 0.02
    for map_ in (atlas, own):
        assert map_.names == LABELS and map_.data.dtype == np.uint8 and not map_.data.flags.writeable
