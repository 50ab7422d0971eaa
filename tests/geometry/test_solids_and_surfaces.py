"""Voxels to smooth surfaces: position to a tenth of a voxel, volume kept, frames with rotation and reflection."""

import numpy as np
import pytest

from twinviewer.domain import Grid, MeshError
from twinviewer.geometry.lids import lid
from twinviewer.geometry.quality import is_closed_manifold
from twinviewer.geometry.solids import frame_around, smooth_solid
from twinviewer.geometry.surfaces import area_mm2, boundary_loops, isosurface, volume_ml


def ball(spacing_mm: float, radius_mm: float, affine: np.ndarray | None = None) -> tuple[Grid, np.ndarray, np.ndarray]:
    n = int(np.ceil((2 * radius_mm + 16) / spacing_mm))
    grid = Grid((n, n, n), np.diag([spacing_mm] * 3 + [1.0]) if affine is None else affine)
    k, j, i = np.meshgrid(*[np.arange(n)] * 3, indexing="ij")
    centre = grid.centre_mm + 0.3
    where = grid.to_mm(np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1))
    return grid, (np.linalg.norm(where - centre, axis=1) < radius_mm).reshape(n, n, n), centre


def test_smooth_ball_lies_where_the_ball_is() -> None:
    grid, mask, centre = ball(1.5, 22.0)
    frame = frame_around(grid, mask, 8.0)
    points, triangles = isosurface(smooth_solid(frame, frame.crop(mask).astype(bool), 1.5))
    off = np.linalg.norm(points - centre, axis=1) - 22.0
    assert np.abs(off).max() < 0.45 and off.std() < 0.15
    assert is_closed_manifold(triangles)
    assert volume_ml(points, triangles) == pytest.approx(4 / 3 * np.pi * 22.0**3 / 1000, rel=0.01)
    assert area_mm2(points, triangles) == pytest.approx(4 * np.pi * 22.0**2, rel=0.015)


def test_decimated_surface_keeps_the_voxels_volume() -> None:
    grid, mask, _ = ball(1.2, 20.0)
    frame = frame_around(grid, mask, 8.0)
    wanted = float(mask.sum()) * grid.voxel_ml
    points, triangles = isosurface(smooth_solid(frame, frame.crop(mask).astype(bool), 1.2), 1500, wanted)
    assert len(triangles) < 2200
    assert volume_ml(points, triangles) == pytest.approx(wanted, rel=1e-3)


def test_left_handed_and_turned_grids() -> None:
    """An image stored feet first, rotated: the surface still looks outwards and lies in LPS."""
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, -1.0]])
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array([1.0, 1.2, 1.6])
    affine[:3, 3] = [-120.0, 30.0, 400.0]
    grid, mask, centre = ball(1.0, 14.0, affine)
    frame = frame_around(grid, mask, 6.0)
    points, triangles = isosurface(smooth_solid(frame, frame.crop(mask).astype(bool), 1.6))
    assert volume_ml(points, triangles) == pytest.approx(float(mask.sum()) * grid.voxel_ml, rel=0.015)
    assert np.allclose(points.mean(axis=0), centre, atol=0.3)


def test_fine_grids_are_pooled() -> None:
    grid, mask, centre = ball(0.45, 9.0)
    frame = frame_around(grid, mask, 5.0)
    assert frame.pool == (3, 3, 3)
    points, triangles = isosurface(smooth_solid(frame, frame.crop(mask).astype(bool), 1.2))
    assert np.abs(np.linalg.norm(points - centre, axis=1) - 9.0).max() < 0.3
    assert volume_ml(points, triangles) == pytest.approx(
        float(mask.sum()) * grid.voxel_ml, rel=0.02
    )  # facets of 1.35 mm on a radius of 9


def test_a_shape_at_the_edge_of_the_image_is_closed() -> None:
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[:10, 5:15, 5:15] = True
    grid = Grid((20, 20, 20), np.diag([2.0, 2.0, 2.0, 1.0]))
    frame = frame_around(grid, mask, 8.0)
    _, triangles = isosurface(smooth_solid(frame, frame.crop(mask).astype(bool), 2.0))
    assert is_closed_manifold(triangles)


def test_sheared_and_empty_grids_are_refused() -> None:
    affine = np.eye(4)
    affine[0, 2] = 0.3
    mask = np.ones((4, 4, 4), dtype=bool)
    with pytest.raises(MeshError, match="sheared"):
        frame_around(Grid((4, 4, 4), affine), mask, 1.0)
    with pytest.raises(MeshError, match="empty"):
        frame_around(Grid((4, 4, 4), np.eye(4)), ~mask, 1.0)


def test_lid_over_a_bent_loop_has_the_least_area() -> None:
    """A hemisphere's rim, bent like a saddle, is closed; a flat rim gets exactly the disc's polygon area."""
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    rim = np.stack([20 * np.cos(angle), 20 * np.sin(angle), np.zeros(60)], axis=1)
    flat = lid(rim, np.arange(60))
    assert len(flat) == 58
    assert area_mm2(rim, flat) == pytest.approx(0.5 * 60 * 400 * np.sin(2 * np.pi / 60), rel=1e-9)
    bent = rim + np.stack([0 * angle, 0 * angle, 4 * np.cos(2 * angle)], axis=1)
    assert area_mm2(bent, lid(bent, np.arange(60))) < 1.1 * np.pi * 400
    # the lid runs against the loop: a cone over the loop and the lid close
    tip = np.concatenate([bent, [[0, 0, -30.0]]])
    cone = np.stack([np.arange(60), (np.arange(60) + 1) % 60, np.full(60, 60)], axis=1)
    loop = boundary_loops(cone)[0]
    assert is_closed_manifold(np.concatenate([cone, lid(tip, loop)]))
