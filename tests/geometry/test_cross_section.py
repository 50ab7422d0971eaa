"""Cuts and centrelines of analytic tubes, on voxels of 1.5 mm: areas, perimeters and diameters within 2 %."""

import numpy as np
import pytest
from scipy.special import ellipe

from twinviewer.domain import Grid, MeshError
from twinviewer.geometry.centreline import centreline
from twinviewer.geometry.cross_section import axes_of, section, soft

NORMAL = np.array([0.3, -0.5, 0.8]) / np.linalg.norm([0.3, -0.5, 0.8])
CENTRE = np.array([3.2, -4.1, 1.7])
SPACING_MM = 1.5


@pytest.fixture(scope="module")
def grid() -> Grid:
    count = 80
    affine = np.diag([SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = -(count - 1) / 2 * SPACING_MM
    return Grid((count, count, count), affine)


@pytest.fixture(scope="module")
def places(grid: Grid) -> np.ndarray:
    k, j, i = np.indices(grid.shape)
    return grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float)) - CENTRE


def test_tilted_elliptic_tube(grid: Grid, places: np.ndarray) -> None:
    across, along = axes_of(NORMAL)
    a, b = 14.0, 10.0
    tube = ((places @ across / a) ** 2 + (places @ along / b) ** 2 < 1).reshape(grid.shape)
    found = section([soft(tube, grid)], CENTRE + [2.0, 1.0, 0.0], NORMAL, 30.0)
    assert found is not None and not found.cut_off
    assert found.area_mm2 == pytest.approx(np.pi * a * b, rel=0.02)
    assert found.perimeter_mm == pytest.approx(4 * a * ellipe(1 - (b / a) ** 2), rel=0.02)
    assert found.widths_mm == pytest.approx((2 * b, 2 * a), rel=0.02)
    assert found.area_diameter_mm == pytest.approx(2 * np.sqrt(a * b), rel=0.01)
    assert found.inscribed_mm == pytest.approx(2 * b, rel=0.03)
    assert found.chord_mm(across) == pytest.approx(2 * a, rel=0.02)
    assert found.width_mm(along) == pytest.approx(2 * b, rel=0.03)
    assert np.linalg.norm(np.cross(NORMAL, found.centre_mm - CENTRE)) < 0.2


def test_a_cut_that_leaves_the_window_says_so(grid: Grid, places: np.ndarray) -> None:
    slab = (np.abs(places @ NORMAL) < 10.0).reshape(grid.shape)
    found = section([soft(slab, grid)], CENTRE, NORMAL, 20.0)
    assert found is not None and found.cut_off
    assert section([soft(slab, grid)], CENTRE + 30.0 * NORMAL, NORMAL, 20.0) is None


def test_bent_tube(grid: Grid, places: np.ndarray) -> None:
    """Half a torus, as an arch: its diameter everywhere, and the length of its middle circle."""
    across, along = axes_of(NORMAL)
    bend, radius = 35.0, 13.0
    u, v, w = places @ across, places @ along, places @ NORMAL
    torus = ((np.hypot(u, v) - bend) ** 2 + w**2 < radius**2) & (v > -5.0)
    line = centreline(torus.reshape(grid.shape), grid, CENTRE + bend * across - 5.0 * along)
    inner = range(12, len(line.points_mm) - 12, 4)
    sizes = [cut.area_diameter_mm for cut in map(line.cut, inner) if cut is not None]
    assert len(sizes) == len(inner)
    assert sizes == pytest.approx([2 * radius] * len(sizes), rel=0.02)
    assert line.along_mm[-1] == pytest.approx(np.pi * bend + 10.0, rel=0.03)
    there = line.points_mm[8:-8] - CENTRE
    off = np.hypot(np.hypot(there @ across, there @ along) - bend, there @ NORMAL)
    assert off.max() < 1.0


def test_a_vessel_in_two_pieces_is_not_followed(grid: Grid, places: np.ndarray) -> None:
    tube = (np.hypot(places[:, 0], places[:, 1]) < 8.0) & (np.abs(places[:, 2]) > 6.0)
    with pytest.raises(MeshError):
        centreline(tube.reshape(grid.shape), grid, CENTRE - [0, 0, 30.0], CENTRE + [0, 0, 30.0])
    with pytest.raises(MeshError):
        centreline(np.zeros(grid.shape, bool), grid, CENTRE)
