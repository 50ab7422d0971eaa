"""Slabs against plain numpy, turned slices against the function that fills the voxels, a second series by its place."""

import numpy as np
import pytest

from twinviewer.domain import Grid, Volume
from twinviewer.scene.fusion import Fused, FusionLook
from twinviewer.scene.oblique import ObliqueSlicer
from twinviewer.scene.slab import Slab, gap_mm
from twinviewer.scene.slices import ORIENTATIONS, slice_image, windowed
from twinviewer.scene.turned import Axes, pixels

SHAPE, SPACING = (30, 40, 50), (0.8, 1.0, 1.5)


def made(values: np.ndarray, grid: Grid, modality: str = "CT") -> Volume:
    return Volume(values[None], grid, modality, np.zeros(1), None, "test")


def grid(turn: float = 0.0, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Grid:
    affine = np.diag([*SPACING, 1.0])
    cosine, sine = np.cos(turn), np.sin(turn)
    affine[:3, :3] = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]]) @ affine[:3, :3]
    affine[:3, 3] = shift
    return Grid(SHAPE, affine)


def places(of: Grid) -> np.ndarray:
    k, j, i = np.indices(of.shape)
    return of.to_mm(np.stack([i, j, k], -1).reshape(-1, 3).astype(float)).reshape(*of.shape, 3)


@pytest.mark.parametrize("kind", ["mean", "max", "min"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_slab_joins_the_slices_whose_middles_lie_in_it(kind: str, orientation: str) -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(-1000, 2000, SHAPE).astype(np.int16)
    volume = made(values, grid())
    axis = {"axial": 0, "coronal": 1, "sagittal": 2}[orientation]
    step, index, thick = SPACING[2 - axis], 12, 6.0
    reach = int(thick / 2 / step + 1e-6)
    block = np.moveaxis(values, axis, 0)[index - reach : index + reach + 1]
    flat = {"mean": block.mean(0), "max": block.max(0), "min": block.min(0)}[kind]
    thin = slice_image(volume, orientation, index, 0, 3000.0, 500.0)
    thick_one = slice_image(volume, orientation, index, 0, 3000.0, 500.0, slab=Slab(kind, thick))
    wanted = windowed(flat, 3000.0, 500.0)
    wanted = wanted[::-1] if orientation != "axial" else wanted  # the head is up
    assert np.abs(thick_one.grey.astype(int) - wanted).max() <= 1
    np.testing.assert_array_equal(thick_one.affine, thin.affine)


def test_turned_slices_stay_at_right_angles_and_the_one_that_is_turned_from_stays() -> None:
    axes = Axes.of(grid(0.3))
    after = axes.about("axial", 33.0).about("coronal", -48.0).about("sagittal", 71.0)
    found = np.array([after.normals[name] for name in ORIENTATIONS])
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-12)
    once = axes.about("axial", 33.0)
    np.testing.assert_array_equal(once.normals["axial"], axes.normals["axial"])
    turned = np.degrees(np.arccos(once.normals["coronal"] @ axes.normals["coronal"]))
    assert turned == pytest.approx(33.0)
    assert once.straight("axial") and not once.straight("coronal") and axes.straight("sagittal")
    # positive is from image right to image down: the line of the sagittal slice, straight down, goes to the left
    right, down, normal = once.frame("axial")
    line = np.cross(normal, once.normals["sagittal"])
    line = line if line @ down > 0 else -line
    assert line @ right == pytest.approx(-np.sin(np.radians(33.0)))


def test_facing_brings_a_slice_to_a_direction_by_the_least_turn() -> None:
    axes = Axes.of(grid())
    goal = np.array([0.2, -0.1, 0.9])
    after = axes.facing("axial", -goal)
    np.testing.assert_allclose(after.normals["axial"], goal / np.linalg.norm(goal), atol=1e-12)
    assert axes.facing("axial", np.array([0, 0, -1.0])) is axes and after.turned


def test_a_turned_slice_shows_what_lies_there() -> None:
    of = grid(0.2, (5.0, -7.0, 11.0))
    slope = np.array([3.0, -2.0, 1.5])
    volume = made((places(of) @ slope).astype(np.float32), of)
    axes = Axes.of(of).about("axial", 20.0).about("coronal", 15.0)
    for orientation in ORIENTATIONS:
        affine, size = pixels(of, axes, orientation, of.centre_mm)
        found = ObliqueSlicer(volume).values_at(affine, size, 0)
        rows, columns = np.indices(found.shape)
        at = np.stack([columns, rows, 0 * rows, 0 * rows + 1], -1) @ affine.T
        ijk = of.to_ijk(at[..., :3].reshape(-1, 3)).reshape(*found.shape, 3)
        inside = ((ijk > 0.1) & (ijk < np.array(SHAPE[::-1]) - 1.1)).all(-1)
        assert inside.sum() > 500
        np.testing.assert_allclose(found[inside], (at[..., :3] @ slope)[inside], atol=0.02)
        ends = of.to_ijk((affine @ [size[0] / 2, size[1] / 2, 0, 1])[None, :3])[0]
        assert ((ends > 0) & (ends < np.array(SHAPE[::-1]))).all()


def test_slices_far_apart_are_shown_as_scanned_and_never_between() -> None:
    far = Grid((6, 40, 40), np.diag([1.4, 1.4, 10.0, 1.0]))
    assert gap_mm(far) == 10.0 and gap_mm(grid()) == 0.0
    assert gap_mm(Grid((90, 512, 512), np.diag([0.8, 0.8, 3.0, 1.0]))) == 0.0  # a usual CT
    values = np.broadcast_to((100 * np.arange(6, dtype=np.int16))[:, None, None], far.shape).copy()
    axes = Axes.of(far).about("coronal", 30.0)
    affine, size = pixels(far, axes, "axial", far.centre_mm)
    found = ObliqueSlicer(made(values, far, "MR")).values_at(affine, size, 0)
    seen = found[found > np.iinfo(np.int16).min]
    assert set(np.unique(seen)) <= set(range(0, 600, 100)) and len(np.unique(seen)) > 2


def test_a_second_series_lies_where_its_coordinates_say_on_any_grid() -> None:
    first = grid()
    other = Grid((25, 30, 35), np.array([[0, 1.1, 0, 6.0], [1.3, 0, 0, 4.0], [0, 0, 1.9, -3.0], [0, 0, 0, 1.0]]))
    slope = np.array([2.0, 5.0, -1.0])
    volume = made((places(other) @ slope).astype(np.float32), other, "PT")
    fused = Fused(volume, FusionLook("hot", 0.0, 200.0, 0.5), "PET", "SUV")
    image = slice_image(made(np.zeros(SHAPE, np.int16), first), "coronal", 14, 0, 400.0, 40.0)
    rows, columns = np.indices(image.rgb.shape[:2])
    at = (np.stack([columns, rows, 0 * rows, 0 * rows + 1], -1) @ image.affine.T)[..., :3]
    found, inside = fused.values(image.affine, (columns.shape[1], columns.shape[0]))
    ijk = other.to_ijk(at.reshape(-1, 3)).reshape(at.shape)
    deep = ((ijk > 0.1) & (ijk < np.array([35, 30, 25]) - 1.1)).all(-1)
    assert deep.sum() > 200 and inside[deep].all()
    np.testing.assert_allclose(found[deep], (at @ slope)[deep], atol=0.01)
    outside = ((ijk < -0.6) | (ijk > np.array([35, 30, 25]) - 0.4)).any(-1)
    painted = fused.over(image.rgb, image.affine)
    np.testing.assert_array_equal(painted[outside], image.rgb[outside])
    bright = deep & (at @ slope > 150)
    assert (painted[bright][:, 0].astype(int) - painted[bright][:, 2] > 20).all()  # hot: red before blue
    assert fused.said_at(other.to_mm(np.array([[4.0, 5.0, 6.0]]))[0]).startswith("PET ")
    assert fused.said_at(np.array([1e3, 0, 0])) == ""
