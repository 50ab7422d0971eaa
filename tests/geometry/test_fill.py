"""Any structure of a label map becomes tetrahedra of its volume, sound, whatever its shape and voxels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, MeshError
from twinviewer.geometry.fill import easy_edge, expected_tets, fill
from twinviewer.geometry.intersections import crosses_itself
from twinviewer.geometry.manifold import pinched_points, taken_apart
from twinviewer.geometry.quality import components, is_closed_manifold, scaled_jacobian, six_volumes, tet_quality
from twinviewer.geometry.surfaces import volume_ml
from twinviewer.geometry.thick_slices import even_voxels

Mask = NDArray[np.bool_]
SIDE = 48


def axes(spacing: tuple[float, float, float], extent_mm: float = SIDE) -> tuple[NDArray, NDArray, NDArray, Grid]:
    """z, y, x in mm from the middle, and the grid, of voxels sized (x, y, z)."""
    shape = tuple(round(extent_mm / s) for s in spacing[::-1])
    z, y, x = np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing[::-1], strict=True)],
                          indexing="ij")  # fmt: skip
    return z, y, x, Grid(shape, np.diag([*spacing, 1.0]))  # type: ignore[arg-type]


Z, Y, X, CUBES = axes((1.0, 1.0, 1.0))
BALL = X**2 + Y**2 + Z**2 < 18**2


def sponge() -> Mask:
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=X.shape), 2)
    return np.asarray((noise > np.quantile(noise, 0.6)) & BALL)


def staircase() -> Mask:
    """As an unsteady hand paints: each slice of a ball shifted by up to two voxels."""
    rng = np.random.default_rng(3)
    return np.stack([np.roll(one, rng.integers(-2, 3, 2), (0, 1)) for one in BALL])


SHAPES = {
    "ball": BALL,
    "box with sharp edges": (abs(X) < 18) & (abs(Y) < 12) & (abs(Z) < 8),
    "plate of two voxels": (abs(X) < 18) & (abs(Y) < 12) & (abs(Z) < 1),
    "shell of three voxels": BALL & (X**2 + Y**2 + Z**2 > 15**2),
    "sponge": sponge(),
    "seven tenths of a ball's voxels": BALL & (np.random.default_rng(1).random(X.shape) < 0.7),
    "staircase": staircase(),
    "two balls that touch in a point": ((X - 9) ** 2 + Y**2 + Z**2 < 81) | ((X + 9) ** 2 + Y**2 + Z**2 < 81),
    "islands": BALL & ((X // 8 + Y // 8 + Z // 8) % 3 == 0),
    "four voxels": (abs(X) < 1) & (abs(Y) < 1) & (Z > 0) & (Z < 1),
}


def check_sound(mask: Mask, grid: Grid, edge_mm: float) -> None:
    filled = fill(mask, grid, edge_mm)
    quality = tet_quality(filled.points_mm, filled.tets)
    shape = scaled_jacobian(filled.points_mm, filled.tets)
    assert filled.target_ml == pytest.approx(mask.sum() * grid.voxel_ml)
    assert volume_ml(filled.points_mm, filled.surface) == pytest.approx(filled.target_ml, rel=0.01)
    assert quality.inverted == 0 and quality.min_dihedral_deg > 8.0
    assert np.quantile(shape, 0.01) > 0.2
    assert is_closed_manifold(filled.surface) and not len(pinched_points(filled.surface))
    assert not crosses_itself(filled.points_mm, filled.surface)


@pytest.mark.parametrize("name", SHAPES)
def test_any_shape_is_filled(name: str) -> None:
    check_sound(SHAPES[name], CUBES, 3.0)


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 3.0), (0.78, 0.78, 6.5), (2.0, 0.8, 0.8), (1.5, 1.5, 1.5)])
@pytest.mark.parametrize("edge_mm", [2.0, 4.0])
def test_voxels_of_any_form(spacing: tuple[float, float, float], edge_mm: float) -> None:
    z, y, x, grid = axes(spacing)
    check_sound(x**2 + y**2 + z**2 < 15**2, grid, edge_mm)


def test_thick_slices_keep_the_shape() -> None:
    """A ball of 15 mm in slices of 6.5 mm: the surface lies within a millimetre or so of the true one."""
    z, y, x, grid = axes((0.78, 0.78, 6.5))
    filled = fill(x**2 + y**2 + z**2 < 15**2, grid, 2.0)
    centre = grid.centre_mm
    radius = np.linalg.norm(filled.points_mm[np.unique(filled.surface)] - centre, axis=1)
    assert np.abs(radius - 15.0).mean() < 0.5
    mask, fine = even_voxels(x**2 + y**2 + z**2 < 15**2, grid)
    assert max(fine.spacing_mm) < 1.0 and np.allclose(fine.centre_mm, centre, atol=1e-6)
    assert mask.sum() * fine.voxel_ml == pytest.approx(4 / 3 * np.pi * 15**3 / 1000, rel=0.04)


def test_a_grid_that_is_turned_and_mirrored() -> None:
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, -1.0]])
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * 1.2, [10.0, -20.0, 300.0]
    grid = Grid(BALL.shape, affine)
    filled = fill(BALL, grid, 3.0)
    assert volume_ml(filled.points_mm, filled.surface) == pytest.approx(BALL.sum() * grid.voxel_ml, rel=0.01)
    k, j, i = np.nonzero(BALL)
    middle = grid.to_mm(np.stack([i, j, k], axis=1).astype(float)).mean(axis=0)
    size = six_volumes(filled.points_mm, filled.tets)
    weighed = (filled.points_mm[filled.tets].mean(axis=1) * size[:, None]).sum(axis=0) / size.sum()
    assert np.allclose(weighed, middle, atol=0.1)
    assert tet_quality(filled.points_mm, filled.tets).inverted == 0


def test_edges_are_as_wished() -> None:
    """Nearly all within the wish, and as many tetrahedra as were announced."""
    for edge_mm in (2.0, 3.0, 5.0):
        filled = fill(BALL, CUBES, edge_mm)
        quality = tet_quality(filled.points_mm, filled.tets)
        assert 0.7 * edge_mm < quality.mean_edge_mm < 0.9 * edge_mm and quality.p99_edge_mm < 1.1 * edge_mm
        assert quality.tets == pytest.approx(expected_tets(filled.target_ml, edge_mm), rel=0.35)


def test_too_fine_is_refused_with_what_would_do() -> None:
    with pytest.raises(MeshError, match=r"million tetrahedra.*Use edges of 0\.\d mm or more"):
        fill(BALL, CUBES, 0.3)
    with pytest.raises(MeshError, match="empty"):
        fill(np.zeros_like(BALL), CUBES, 3.0)


def test_an_easy_edge_is_neither_dear_nor_coarse() -> None:
    liver, ribs = easy_edge(1500.0, 110_000.0), easy_edge(400.0, 290_000.0)
    assert 3.0 < liver < 8.0 and expected_tets(1500.0, liver) < 200_000
    assert ribs == 3.0


def test_touching_cubes_are_taken_apart() -> None:
    """Two tetrahedra that share a point, or an edge, alone: the skin of the result is a manifold."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]], dtype=float)
    at_a_point = np.array([[0, 1, 2, 3], [0, 4, 6, 5]])
    at_an_edge = np.array([[0, 1, 2, 3], [0, 3, 5, 4]])
    for tets in (at_a_point, at_an_edge):
        p, t = taken_apart(points, tets)
        assert len(t) == 2 and len(p) == 8 and components(t) == 2
