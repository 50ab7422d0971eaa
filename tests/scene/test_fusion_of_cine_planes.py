"""A second series over planes with gaps, and planes over a volume: by coordinates, at the moment, said where not."""

import numpy as np
import pytest

from twinviewer.domain import CinePlane, CineStack, Grid, Image, Volume
from twinviewer.geometry.cardiac_planes import Plane
from twinviewer.scene.fusion import Fused, FusionLook
from twinviewer.scene.laid_over import covered, laid_over
from twinviewer.scene.oblique import Raster

FRAMES, THICK_MM, STEP_MM = 5, 6.0, 10.0
LOOK = FusionLook("hot", 0.0, 200.0, 0.5)
SLOPE = np.array([2.0, 5.0, -1.0])


def turned(height_mm: float) -> np.ndarray:
    """A plane tilted by 30 degrees about the patient's left-right axis, some way up its normal."""
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = [1.5, 0, 0], [0, 1.5 * c, 1.5 * s], [0, -s, c]
    affine[:3, 3] = np.array([5.0, 10.0, 15.0]) + height_mm * affine[:3, 2]
    return affine


def stack(planes: int = 3) -> CineStack:
    """Frame f of plane n holds 100 n + f everywhere."""
    shape, times = (40, 50), np.arange(FRAMES) * 0.16
    made = [
        CinePlane(np.stack([np.full(shape, 100 * n + f, np.int16) for f in range(FRAMES)]), turned(STEP_MM * n), times,
                  0.8, f"SAX {n}", THICK_MM) for n in range(planes)
    ]  # fmt: skip
    return CineStack(tuple(made), "MR", "cine")


def slope_volume(far_mm: float = 0.0, phases: int = 1, step_mm: float = 2.0) -> Volume:
    affine = np.diag([1.2, 1.2, step_mm, 1.0])
    affine[:3, 3] = [far_mm - 5.0, -5.0, -10.0]
    grid = Grid((round(120 / step_mm), 90, 80), affine)
    k, j, i = np.indices(grid.shape)
    values = (grid.to_mm(np.stack([i, j, k], -1).reshape(-1, 3)) @ SLOPE).reshape(grid.shape).astype(np.float32)
    data = np.stack([values + 1000 * phase for phase in range(phases)])
    return Volume(data, grid, "PT", np.arange(phases) * 100.0 / phases, None, "slope")


def pixels_mm(affine: np.ndarray, rows: int, columns: int) -> np.ndarray:
    row, column = np.indices((rows, columns))
    return column[..., None] * affine[:3, 0] + row[..., None] * affine[:3, 1] + affine[:3, 3]


def test_a_volume_is_sampled_on_the_planes_own_pixels() -> None:
    fused = Fused(slope_volume(), LOOK, "PET")
    for plane in stack().planes:
        found, inside = fused.values(plane.grid.affine, (50, 40), 30.0)
        at = pixels_mm(plane.affine, 40, 50)
        assert inside.all()
        np.testing.assert_allclose(found, at @ SLOPE, atol=0.02)
        assert fused.notes(plane.affine, (50, 40)) == [] and fused.stands_still


def test_of_several_phases_the_one_of_the_moment() -> None:
    fused = Fused(slope_volume(phases=4), LOOK, "PET")
    plane = stack().planes[1]
    base = pixels_mm(plane.affine, 40, 50) @ SLOPE
    for percent, phase in ((0.0, 0), (30.0, 1), (55.0, 2), (95.0, 0)):
        np.testing.assert_allclose(fused.values(plane.grid.affine, (50, 40), percent)[0], base + 1000 * phase, atol=0.1)
    assert not fused.stands_still


def test_where_it_does_not_reach_is_counted_said_and_left_as_it_was() -> None:
    plane = stack().planes[0]
    black = np.full((40, 50, 3), 90, np.uint8)
    far = Fused(slope_volume(500.0), LOOK, "PET", doubt="frame of reference overruled")
    assert far.notes(plane.affine, (50, 40)) == ["frame of reference overruled", "PET does not reach here"]
    np.testing.assert_array_equal(far.over(black, plane.grid.affine), black)
    half = slope_volume(5.0 + 37.5)  # begins at 37.5 mm, less half a voxel: at 36.9
    share = np.mean(5.0 + 1.5 * np.arange(50) > 36.9)
    assert covered(laid_over(half), plane.affine, (50, 40)) == pytest.approx(share, abs=0.03)
    (said,) = Fused(half, LOOK, "PET").notes(plane.affine, (50, 40))
    assert said.startswith("PET reaches ") and float(said.split()[2]) == pytest.approx(100 * share, abs=3)
    painted = Fused(half, LOOK, "PET").over(black, plane.grid.affine)
    np.testing.assert_array_equal(painted[:, :20], black[:, :20])
    assert (painted[30:, 24:] != black[30:, 24:]).any(-1).all()


def test_slices_far_apart_are_laid_over_as_scanned() -> None:
    volume = slope_volume(step_mm=10.0)
    fused = Fused(volume, LOOK, "LGE")
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]]).T  # coronal, 1 mm
    affine[:3, 3] = [10.0, 20.0, 0.3]
    found, _ = fused.values(affine, (30, 60))
    z = np.arange(60.0) + 0.3
    nearest = volume.grid.affine[2, 3] + 10.0 * np.round((z - volume.grid.affine[2, 3]) / 10.0)
    column, steps = found[:, 12], np.unique(found[:, 12])
    assert len(steps) == len(np.unique(nearest)) and np.corrcoef(column, nearest)[0, 1] == pytest.approx(-1.0)
    assert fused.notes(affine, (30, 60)) == ["LGE in steps of 10 mm"]


def test_planes_over_a_volume_are_as_thick_as_they_were_scanned_and_no_thicker() -> None:
    cine = stack()
    source = laid_over(cine)
    normal = cine.planes[0].normal
    down = np.array([1.0, 0, 0])
    middle = cine.planes[0].affine @ [25.0, 20.0, 0.0, 1.0]
    across = Raster(Plane(middle[:3], normal, down), (10.0, 0.0), (81, 21), 0.5)  # columns run along the normal
    found, inside = source.sample(across.affine, across.size, 45.0)
    height = (pixels_mm(across.affine, 21, 81) - cine.planes[0].affine[:3, 3]) @ normal
    for number in range(3):
        deep = np.abs(height - STEP_MM * number) < THICK_MM / 2 - 0.1
        assert deep.any() and inside[deep].all() and (found[deep] == 100 * number + 2).all()  # 0.36 s: the third frame
    away = np.abs(height[..., None] - STEP_MM * np.arange(3)).min(-1) > THICK_MM / 2 + 0.1
    assert away.any() and not inside[away].any()
    share = float((~away).mean())
    assert covered(source, across.affine, across.size) == pytest.approx(share, abs=0.05)


def test_where_planes_cross_the_nearer_one_is_shown() -> None:
    flat, upright = np.eye(4), np.eye(4)
    upright[:3, :3] = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]).T
    upright[:3, 3] = [0.0, 20.0, -20.0]
    times = np.zeros(1)
    planes = tuple(CinePlane(np.full((1, 40, 40), value, np.int16), affine, times, None, "P", 8.0)
                   for value, affine in ((1, flat), (2, upright)))  # fmt: skip
    source = laid_over(CineStack(planes, "MR", "crossing"))
    assert source.value_at(np.array([10.0, 22.0, 1.0]), 0.0) == 1.0  # 1 mm from one, 2 from the other
    assert source.value_at(np.array([10.0, 21.0, 3.0]), 0.0) == 2.0
    assert source.value_at(np.array([10.0, 30.0, 7.0]), 0.0) is None
    raster = Raster(Plane(np.array([10.0, 20.0, 0.0]), np.array([0, 1.0, 0]), np.array([0, 0, 1.0])), (0.0, 0.0),
                    (7, 7), 1.0)  # fmt: skip
    found, inside = source.sample(raster.affine, raster.size, 0.0)
    dy, dz = np.abs(np.arange(7) - 3)[None], np.abs(np.arange(7) - 3)[:, None]
    clear = np.broadcast_to(dy != dz, (7, 7))
    assert inside.all() and (found[clear] == np.where(dz < dy, 1, 2)[clear]).all()


@pytest.mark.parametrize("image", [slope_volume(), stack()], ids=["volume", "cine"])
def test_said_under_the_pointer_is_what_is_drawn_there(image: Image) -> None:
    fused = Fused(image, LOOK, "2nd", "SUV")
    place = (stack().planes[1].affine @ [12.0, 17.0, 0.0, 1.0])[:3]
    words = fused.said_at(place, 50.0).split()
    here = np.eye(4)
    here[:3, 3] = place
    value = float(fused.values(here, (1, 1), 50.0)[0][0, 0])
    assert words[0] == "2nd" and words[2] == "SUV" and float(words[1]) == pytest.approx(value, abs=5.0)
    assert fused.said_at(np.array([1e4, 0, 0])) == ""
