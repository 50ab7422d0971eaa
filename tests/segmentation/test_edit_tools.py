"""Tools that mend labels, against shapes whose truth is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import Grid, SegmentationError
from twinviewer.segmentation.edit import (
    between,
    carry,
    combine,
    compete,
    fill,
    grow,
    islands,
    plane,
    shape,
    smooth,
    split,
)
from twinviewer.segmentation.edit.patch import Patch, box_of, boxes_between
from twinviewer.segmentation.edit.trace import traced
from twinviewer.segmentation.edit.write import bounds

ONE = (1.0, 1.0, 1.0)
THICK = (3.0, 0.8, 0.8)
Labels = NDArray[np.uint8]


def places(shape_: tuple[int, int, int], spacing: tuple[float, float, float]) -> NDArray[np.float64]:
    """(3, k, j, i) mm from the middle of the array."""
    lines = ((np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape_, spacing, strict=True))
    return np.stack(np.meshgrid(*lines, indexing="ij"))


def ball(
    radius: float, shape_: tuple[int, int, int] = (48, 48, 48), spacing: tuple[float, float, float] = ONE,
    at: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> NDArray[np.bool_]:  # fmt: skip
    away = places(shape_, spacing) - np.array(at)[:, None, None, None]
    return np.asarray(np.square(away).sum(axis=0) <= radius**2)


def with_patch(labels: Labels, patch: Patch | None) -> Labels:
    assert patch is not None
    out = labels.copy()
    out[patch.where] = patch.after
    return out


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return 2.0 * float(np.count_nonzero(a & b)) / float(np.count_nonzero(a) + np.count_nonzero(b))


def test_boxes_of_a_change_are_apart_and_small() -> None:
    before = np.zeros((70, 70, 70), np.uint8)
    after = before.copy()
    line = np.arange(5, 65)
    after[line, line, line] = 1
    boxes = boxes_between(before, after, (10, 20, 30), 2)
    out = np.zeros((100, 100, 110), np.uint8)
    for box in boxes:
        assert not out[box.where].any() and box.phase == 2
        out[box.where] = box.after
    assert np.array_equal(out[10:80, 20:90, 30:100], after)
    assert sum(box.before.size for box in boxes) < 0.35 * 60**3


def test_bounds_are_those_of_the_mask() -> None:
    labels = (ball(7.0, (20, 30, 40), at=(-4.0, 6.0, 9.0)) * 3).astype(np.uint8)
    assert bounds(labels, 3) == box_of(labels == 3) and bounds(labels, 2) is None


@pytest.mark.parametrize("kind", ["gaussian", "median"])
@pytest.mark.parametrize("spacing", [ONE, THICK])
def test_smoothing_takes_noise_and_leaves_volume_and_place(
    kind: smooth.Kind, spacing: tuple[float, float, float]
) -> None:
    size = (48, 48, 48) if spacing == ONE else (20, 60, 60)
    clean = ball(15.0, size, spacing)
    rng = np.random.default_rng(3)
    distance = np.sqrt(np.square(places(size, spacing)).sum(axis=0))
    rough = np.where(np.abs(distance - 15.0) < 2.5, rng.random(size) < 0.5, clean)
    labels = np.asarray(rough, np.uint8)
    found = with_patch(labels, smooth.smoothed(labels, 1, 2.5 if kind == "gaussian" else 6.0, spacing, kind=kind)) == 1
    assert np.count_nonzero(found) == pytest.approx(np.count_nonzero(rough), rel=0.01)
    truth = distance <= (0.75 / np.pi * np.count_nonzero(rough) * np.prod(spacing)) ** (1 / 3)
    assert dice(found, truth) > 0.96 > dice(rough, truth) + 0.02


def test_smoothing_leaves_protected_neighbours_alone() -> None:
    labels = np.where(ball(14.0), 1, 0).astype(np.uint8)
    labels[:, :, 24:][labels[:, :, 24:] > 0] = 2
    found = with_patch(labels, smooth.smoothed(labels, 1, 3.0, ONE))
    assert np.array_equal(found == 2, labels == 2)
    assert np.count_nonzero(found == 1) == pytest.approx(np.count_nonzero(labels == 1), rel=0.01)


def test_smoothing_together_opens_no_gap_and_keeps_each_volume() -> None:
    inner, outer = ball(10.0), ball(15.0)
    rng = np.random.default_rng(4)
    labels = np.where(inner, 2, np.where(outer, 1, 0)).astype(np.uint8)
    near = np.abs(np.sqrt(np.square(places(labels.shape, ONE)).sum(axis=0)) - 10.0) < 1.5  # type: ignore[arg-type]
    labels[near] = rng.integers(1, 3, int(near.sum()))
    found = with_patch(labels, smooth.smoothed_together(labels, [1, 2], 2.0, ONE))
    for value in (1, 2):
        assert np.count_nonzero(found == value) == pytest.approx(np.count_nonzero(labels == value), rel=0.01)
    assert (found[inner] > 0).all()
    assert dice(found == 2, inner) > dice(labels == 2, inner) + 0.01


def test_holes_are_filled_in_space_or_in_slices() -> None:
    labels = (ball(15.0) & ~ball(6.0)).astype(np.uint8)
    assert np.array_equal(with_patch(labels, fill.filled(labels, 1, ONE)) == 1, ball(15.0))
    tube = labels.copy()
    tube[:, 23:25, 23:25] = 0  # a way out along k
    assert fill.filled(tube, 1, ONE) is None
    whole = with_patch(tube, fill.filled(tube, 1, ONE, axis=0)) == 1
    assert np.count_nonzero(ball(15.0) & ~whole) < 60
    held = labels.copy()
    held[24, 24, 24] = 5
    assert with_patch(held, fill.filled(held, 1, ONE))[24, 24, 24] == 5


def test_closing_fills_a_cleft_and_opening_takes_a_spur() -> None:
    labels = ball(15.0).astype(np.uint8)
    cleft = labels.copy()
    cleft[:, :, 24:26] = 0
    assert dice(with_patch(cleft, fill.closed(cleft, 1, 2.0, ONE)) == 1, labels == 1) > 0.99
    spur = labels.copy()
    spur[24, 24, 38:46] = 1
    found = with_patch(spur, fill.opened(spur, 1, 2.0, ONE))
    assert not found[24, 24, 42:].any() and dice(found == 1, labels == 1) > 0.98


@pytest.mark.parametrize("spacing", [ONE, THICK])
@pytest.mark.parametrize("margin", [2.0, 6.0, -3.0, -6.0])
def test_a_margin_moves_the_surface_by_it(margin: float, spacing: tuple[float, float, float]) -> None:
    size = (60, 60, 60) if spacing == ONE else (26, 80, 80)
    labels = ball(15.0, size, spacing).astype(np.uint8)
    found = with_patch(labels, shape.resized(labels, 1, margin, spacing)) == 1
    radius = (0.75 / np.pi * np.count_nonzero(found) * np.prod(spacing)) ** (1 / 3)
    assert radius == pytest.approx(15.0 + margin, abs=0.25 if spacing == ONE else 0.5)
    assert dice(found, ball(15.0 + margin, size, spacing)) > (0.96 if spacing == ONE else 0.92)


def test_a_margin_below_a_voxel_moves_the_surface_if_it_is_nearer_to_one_than_to_none() -> None:
    spacing = (1.5, 1.5, 1.5)
    labels = ball(15.0, (40, 40, 40), spacing).astype(np.uint8)
    assert shape.resized(labels, 1, 0.5, spacing) is None
    found = with_patch(labels, shape.resized(labels, 1, 1.0, spacing)) == 1
    radius = (0.75 / np.pi * np.count_nonzero(found) * 1.5**3) ** (1 / 3)
    assert radius == pytest.approx(16.0, abs=0.4)


def test_a_shell_has_its_thickness_and_its_lumen_a_name() -> None:
    labels = ball(15.0).astype(np.uint8)
    inside = with_patch(labels, shape.hollowed(labels, 1, 4.0, ONE, "inside", lumen=2))
    assert np.array_equal(inside > 0, labels > 0) and dice(inside == 2, ball(11.0)) > 0.97
    outside = with_patch(labels, shape.hollowed(labels, 1, 4.0, ONE, "outside", lumen=2))
    assert np.array_equal(outside == 2, labels == 1) and dice(outside > 0, ball(19.0)) > 0.97


def test_a_sphere_comes_back_from_every_fourth_slice() -> None:
    for axis in range(3):
        truth = ball(18.0, (49, 49, 49))
        drawn = np.zeros_like(truth)
        some = tuple(slice(None, None, 4) if a == axis else slice(None) for a in range(3))
        drawn[some] = truth[some]
        labels = drawn.astype(np.uint8)
        found = with_patch(labels, between.interpolated(labels, [1], axis, ONE)) == 1
        assert dice(found, truth) > 0.97
        assert np.array_equal(found & drawn, drawn)


def test_an_oblique_vessel_goes_on_between_slices_that_do_not_overlap() -> None:
    k, j, i = places((41, 61, 61), ONE)
    truth = (np.hypot(j, i - 1.2 * k) <= 5.0) & (np.abs(k) <= 16)
    drawn = truth.copy()
    drawn[[n for n in range(41) if n % 8 != 4]] = False
    labels = drawn.astype(np.uint8)
    assert dice(with_patch(labels, between.interpolated(labels, [1], 0, ONE)) == 1, truth) > 0.95


def test_a_bad_slice_is_made_anew_from_its_neighbours() -> None:
    truth = ball(18.0)
    labels = truth.astype(np.uint8)
    labels[20:22] = 0
    labels[20, 5:40, 5:12] = 1
    found = with_patch(labels, between.interpolated(labels, [1], 0, ONE, mend=slice(20, 22)))
    assert dice(found[20:22] == 1, truth[20:22]) > 0.98
    assert np.array_equal(np.delete(found, [20, 21], 0), np.delete(labels, [20, 21], 0))


def blurred(mask: NDArray[np.bool_], inside: float, outside: float, noise: float = 10.0) -> NDArray[np.float32]:
    from scipy import ndimage

    image = ndimage.gaussian_filter(np.where(mask, inside, outside).astype(np.float32), 0.7)
    return image + np.random.default_rng(5).normal(0.0, noise, mask.shape).astype(np.float32)


def test_growing_fills_what_is_bright_and_hangs_together() -> None:
    here, there = ball(10.0, at=(0, 0, -12.0)), ball(7.0, at=(0, 0, 14.0))
    image = blurred(here | there, 300.0, 0.0)
    labels = np.zeros(image.shape, np.uint8)
    seeds = np.array([[24, 24, 12]])
    low, high = grow.range_at(image, seeds, ONE, 4.0)
    assert 200.0 < low < 300.0 < high < 400.0
    found = with_patch(labels, grow.region_grown(labels, image, 1, seeds, 150.0, 500.0, 40.0, ONE)) == 1
    assert dice(found, here) > 0.97 and not found[there].any()
    near = with_patch(labels, grow.region_grown(labels, image, 1, seeds, 150.0, 500.0, 5.0, ONE)) == 1
    assert np.count_nonzero(near) == np.count_nonzero(ball(5.0, (11, 11, 11)))
    with pytest.raises(SegmentationError, match="No starting place"):
        grow.region_grown(labels, image, 1, seeds, 800.0, 900.0, 40.0, ONE)


def test_growing_is_held_by_a_neck_and_by_what_is_protected() -> None:
    here, there = ball(10.0, at=(0, 0, -12.0)), ball(9.0, at=(0, 0, 12.0))
    bridge = (np.hypot(*places((48, 48, 48), ONE)[:2]) <= 2.0) & (np.abs(places((48, 48, 48), ONE)[2]) < 10)
    image = blurred(here | there | bridge, 300.0, 0.0)
    labels = np.zeros(image.shape, np.uint8)
    seeds = np.array([[24, 24, 12]])
    free = with_patch(labels, grow.region_grown(labels, image, 1, seeds, 150.0, 500.0, 60.0, ONE)) == 1
    held = with_patch(labels, grow.region_grown(labels, image, 1, seeds, 150.0, 500.0, 60.0, ONE, neck_mm=6.0)) == 1
    assert free[there].mean() > 0.9 and held[there].mean() < 0.02 and dice(held, here) > 0.95
    labels[:, :, 22:26] = 7
    walled = with_patch(labels, grow.region_grown(labels, image, 1, seeds, 150.0, 500.0, 60.0, ONE))
    assert not (walled[there] == 1).any() and (walled[:, :, 22:26] == 7).all()


@pytest.mark.parametrize("method", ["watershed", "random_walker"])
def test_structures_that_compete_meet_at_the_edge_between_them(method: compete.Method) -> None:
    one, other = ball(9.0, at=(0, 0, -8.5)), ball(9.0, at=(0, 0, 8.5))
    image = blurred(one, 300.0, 0.0) + blurred(other, 150.0, 0.0)
    labels = np.zeros(image.shape, np.uint8)
    labels[ball(3.0, at=(0, 0, -8.5))], labels[ball(3.0, at=(0, 0, 8.5))] = 1, 2
    found = with_patch(labels, compete.competed(labels, image, [1, 2], 12.0, ONE, edge_mm=1.0, method=method))
    assert dice(found == 1, one) > 0.93 and dice(found == 2, other) > 0.93
    with pytest.raises(SegmentationError, match="Nothing is drawn"):
        compete.competed(np.zeros_like(labels), image, [1, 2], 12.0, ONE)


def test_the_level_line_through_the_pointer_encloses_a_disc_bright_or_dark() -> None:
    row, column = np.mgrid[-30:31, -30:31]
    cone = -np.hypot(row, column)
    for sign in (1.0, -1.0):
        mask = traced(sign * cone, (30, 42))
        assert np.count_nonzero(mask) == pytest.approx(np.pi * 12.0**2, rel=0.03)
    ring = np.abs(np.hypot(row, column) - 10.0)
    assert np.count_nonzero(traced(-ring, (30, 43))) == pytest.approx(np.pi * 13.0**2, rel=0.04)
    with pytest.raises(SegmentationError, match="does not close"):
        traced(column.astype(float), (30, 30))


def test_level_tracing_works_in_straight_and_oblique_planes() -> None:
    grid = Grid((40, 50, 50), np.diag([0.8, 0.8, 1.0, 1.0]))
    away = grid.to_mm(np.indices(grid.shape)[::-1].reshape(3, -1).T) - grid.centre_mm
    image = -np.linalg.norm(away, axis=1).reshape(grid.shape)
    for normal in (np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]), np.array([0.3, 0.4, 0.85])):
        unit = normal / np.linalg.norm(normal)
        side = np.cross(unit, [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        made = plane.cut(image, grid, grid.centre_mm + 9.0 * side, normal, 60.0)
        radius = -float(made.values[made.at])  # of the pixel that the point lies in
        assert abs(radius - 9.0) < 0.6
        box, mask = plane.covered(grid, made, traced(made.values, made.at))
        k, j, i = (index + part.start for index, part in zip(np.nonzero(mask), box, strict=True))
        found = grid.to_mm(np.stack([i, j, k], axis=1).astype(float)) - grid.centre_mm
        assert np.linalg.norm(found, axis=1).max() < 10.2
        thickness = np.abs(unit @ grid.affine[:3, :3]).sum()
        assert np.abs(found @ unit).max() <= 0.5 * thickness + 0.5
        assert len(k) * 0.64 / thickness == pytest.approx(np.pi * radius**2, rel=0.05)


def test_slices_of_the_body_belong_to_axes_of_the_array() -> None:
    assert [plane.axis_of(Grid((4, 5, 6), np.eye(4)), name) for name in ("axial", "coronal", "sagittal")] == [0, 1, 2]
    sagittal_stack = Grid((4, 5, 6), np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]]))
    assert [plane.axis_of(sagittal_stack, name) for name in ("axial", "coronal", "sagittal")] == [1, 2, 0]


def test_islands() -> None:
    labels = (ball(9.0, at=(0, 0, -12.0)) | ball(6.0, at=(0, 0, 10.0)) | ball(2.0, at=(15.0, 0, 0))).astype(np.uint8)
    large, middle, small = ball(9.0, at=(0, 0, -12.0)), ball(6.0, at=(0, 0, 10.0)), ball(2.0, at=(15.0, 0, 0))
    assert np.array_equal(with_patch(labels, islands.largest_kept(labels, 1, ONE)) == 1, large)
    assert np.array_equal(with_patch(labels, islands.small_removed(labels, 1, 0.1, ONE)) == 1, large | middle)
    assert np.array_equal(with_patch(labels, islands.one_kept(labels, 1, (24, 24, 34), ONE)) == 1, middle)
    apart = islands.apart(labels, 1, [4, 5, 6], 0.1, ONE)
    assert apart is not None and apart[1] == 1
    found = with_patch(labels, apart[0])
    assert np.array_equal(found == 4, middle) and np.array_equal(found == 1, large | small)


def test_splits_by_a_plane_and_at_a_neck() -> None:
    one, other = ball(10.0, at=(0, 0, -8.0)), ball(8.0, at=(0, 0, 8.0))
    labels = (one | other).astype(np.uint8)
    grid = Grid(labels.shape, np.eye(4))  # type: ignore[arg-type]
    k, j, i = places(grid.shape, ONE)
    cut = with_patch(labels, split.cut(labels, grid, 1, 2, grid.centre_mm, np.array([1.0, 1.0, 0.0])))
    assert np.array_equal(cut == 2, (labels == 1) & (i + j > 0))
    found = with_patch(labels, split.parted(labels, 1, [2], ONE))
    lens = -8.0 + (10.0**2 - 8.0**2 + 16.0**2) / (2 * 16.0)  # where the two spheres meet
    assert dice(found == 1, (labels == 1) & (i < lens)) > 0.97
    assert dice(found == 2, (labels == 1) & (i >= lens)) > 0.96
    with pytest.raises(SegmentationError, match="no necks"):
        split.parted(ball(10.0).astype(np.uint8), 1, [2, 3], ONE)


def test_structures_put_together() -> None:
    one, other = ball(10.0, at=(0, 0, -5.0)), ball(10.0, at=(0, 0, 5.0))
    labels = one.astype(np.uint8)
    grown = ball(12.0, at=(0, 0, 5.0))
    assert np.array_equal(with_patch(labels, combine.combined(labels, 1, other, "subtract", ONE)) == 1, one & ~other)
    assert np.array_equal(with_patch(labels, combine.combined(labels, 1, other, "intersect", ONE)) == 1, one & other)
    assert np.array_equal(with_patch(labels, combine.combined(labels, 1, other, "add", ONE)) == 1, one | other)
    away = with_patch(labels, combine.combined(labels, 1, other, "subtract", ONE, 2.0)) == 1
    assert dice(away, one & ~grown) > 0.96
    labels[other & ~one] = 2
    assert np.array_equal(with_patch(labels, combine.renumbered(labels, {2: 1})) == 1, one | other)


def test_structures_are_carried_by_the_motion_of_the_images() -> None:
    early, late = ball(14.0, (44, 44, 44)), ball(10.5, (44, 44, 44), at=(0.0, 1.5, 1.5))
    images = [blurred(mask, 300.0, 50.0, 5.0) for mask in (early, late)]
    source, target = early.astype(np.uint8), np.zeros((44, 44, 44), np.uint8)
    plain = with_patch(target, carry.copied(source, target, [1], ONE)) == 1
    assert np.array_equal(plain, early) and dice(plain, late) < 0.65
    said: list[float] = []
    patch = carry.carried(source, target, *images, [1], ONE, report=lambda share, _: said.append(share))
    assert dice(with_patch(target, patch) == 1, late) > 0.95
    assert len(said) > 20 and said == sorted(said)
