"""What a brush covers against the ball, capsule and disc that it stands for."""

import numpy as np
import pytest

from twinviewer.domain import Grid
from twinviewer.segmentation.edit.brush import Brush, stroke

FINE = Grid((80, 90, 100), np.diag([0.5, 0.5, 0.5, 1.0]))
THICK = Grid((30, 120, 100), np.diag([0.4, 0.4, 1.5, 1.0]))
SHEARED = Grid(
    (60, 90, 100), np.array([[0.5, 0.0, 0.0, -9.0], [0.0, 0.5, 0.3, 4.0], [0.0, 0.0, 0.7, 2.0], [0, 0, 0, 1]])
)


def volume_mm3(grid: Grid, brush: Brush, start: np.ndarray, end: np.ndarray) -> float:
    covered = stroke(grid, brush, start, end)
    assert covered is not None
    return float(np.count_nonzero(covered[1])) * grid.voxel_ml * 1000.0


@pytest.mark.parametrize("grid", [FINE, THICK, SHEARED])
def test_a_ball_has_its_volume_whatever_the_voxels(grid: Grid) -> None:
    here = grid.centre_mm
    assert volume_mm3(grid, Brush(8.0), here, here) == pytest.approx(4 / 3 * np.pi * 8.0**3, rel=0.01)


@pytest.mark.parametrize("grid", [FINE, THICK, SHEARED])
def test_a_stroke_is_a_capsule_without_gaps(grid: Grid) -> None:
    middle = grid.centre_mm
    start, end = middle - [6.0, 4.0, 2.0], middle + [6.0, 4.0, 2.0]
    length = float(np.linalg.norm(end - start))
    expected = np.pi * 5.0**2 * length + 4 / 3 * np.pi * 5.0**3
    assert volume_mm3(grid, Brush(5.0), start, end) == pytest.approx(expected, rel=0.01)


def test_the_box_of_a_ball_is_no_larger_than_it_must_be() -> None:
    covered = stroke(FINE, Brush(8.0), FINE.centre_mm, FINE.centre_mm)
    assert covered is not None
    assert all(mask_side in (31, 32, 33) for mask_side in covered[1].shape)
    assert all(covered[1].any(axis=axes).all() for axes in ((1, 2), (0, 2), (0, 1)))


@pytest.mark.parametrize(("axis", "normal"), [(0, (0, 0, 1)), (1, (0, 1, 0)), (2, (1, 0, 0))])
@pytest.mark.parametrize("grid", [FINE, THICK])
def test_a_disc_in_a_slice_stays_in_it_and_has_its_area(grid: Grid, axis: int, normal: tuple[int, ...]) -> None:
    here = grid.centre_mm
    covered = stroke(grid, Brush(9.0, (float(normal[0]), float(normal[1]), float(normal[2]))), here, here)
    assert covered is not None
    box, mask = covered
    assert mask.shape[axis] == 1
    middle = grid.to_ijk(here[None])[0][::-1][axis]
    assert abs(box[axis].start - middle) <= 0.5 + 1e-9
    pixel = np.prod([s for a, s in enumerate(grid.spacing_mm[::-1]) if a != axis])
    assert np.count_nonzero(mask) * pixel == pytest.approx(np.pi * 9.0**2, rel=0.02)


def test_a_disc_in_a_slice_of_a_sheared_stack_stays_in_it() -> None:
    normal = np.cross(SHEARED.affine[:3, 0], SHEARED.affine[:3, 1])
    here = SHEARED.to_mm(np.array([[50.0, 45.0, 30.0]]))[0]
    covered = stroke(SHEARED, Brush(6.0, tuple(normal)), here, here)
    assert covered is not None and covered[1].shape[0] == 1 and covered[0][0].start == 30
    assert np.count_nonzero(covered[1]) * 0.25 == pytest.approx(np.pi * 36.0, rel=0.03)


def test_a_disc_in_an_oblique_plane_covers_every_voxel_that_the_plane_shows() -> None:
    normal = np.array([0.3, -0.5, 0.8])
    normal /= np.linalg.norm(normal)
    here = FINE.centre_mm
    covered = stroke(FINE, Brush(7.0, tuple(normal)), here, here)
    assert covered is not None
    painted = np.zeros(FINE.shape, bool)
    painted[covered[0]] = covered[1]
    right = np.cross(normal, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(normal, right)
    u, v = np.meshgrid(np.arange(-6.0, 6.01, 0.1), np.arange(-6.0, 6.01, 0.1))
    inside = np.hypot(u, v) < 6.2  # a voxel's diagonal within the disc: its centre may lie further out than the point
    seen = here + u[inside][:, None] * right + v[inside][:, None] * down
    i, j, k = np.rint(FINE.to_ijk(seen)).astype(int).T
    assert painted[k, j, i].all()
    k, j, i = np.nonzero(painted)
    off = (FINE.to_mm(np.stack([i, j, k], axis=1)) - here) @ normal
    assert np.abs(off).max() <= 0.25 * np.abs(normal).sum() + 1e-6


@pytest.mark.parametrize("normal", [None, (0.0, 0.0, 1.0), (0.5, 0.5, 0.7)])
def test_the_smallest_brush_still_paints_the_voxels_on_its_way(normal: tuple[float, float, float] | None) -> None:
    covered = stroke(FINE, Brush(0.01, normal), FINE.to_mm(np.array([[10.2, 10, 10]]))[0], np.array([20.0, 9.0, 5.0]))
    assert covered is not None
    places = np.argwhere(covered[1])
    assert len(places) >= 30
    steps = np.abs(np.diff(places[np.argsort(places[:, 2], kind="stable")], axis=0))
    assert steps.max() <= 2


def test_beside_the_grid_there_is_nothing_to_paint() -> None:
    assert stroke(FINE, Brush(5.0), np.full(3, -50.0), np.full(3, -50.0)) is None
    edge = stroke(FINE, Brush(8.0), np.zeros(3), np.zeros(3))
    assert edge is not None
    eighth = np.count_nonzero(edge[1]) * 0.125
    assert eighth == pytest.approx(np.pi / 6 * 8.25**3, rel=0.05)  # the corner voxel's centre is half a voxel inside
