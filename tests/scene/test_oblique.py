"""Oblique slices: values against scipy's interpolation, places in space, slabs; scanned planes of a cine study."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CinePlane, CineStack, Grid, LabelMap, Volume
from twinviewer.geometry.cardiac_planes import Plane, rotation, unit
from twinviewer.scene.oblique import ObliqueSlicer, Raster, Slab, slice_of
from twinviewer.scene.oblique_cine import OUTSIDE, CineSlicer
from twinviewer.scene.oblique_lines import ObliqueLines


def oblique_grid() -> Grid:
    """Anisotropic voxels on turned axes, away from the origin."""
    affine = np.eye(4)
    affine[:3, :3] = rotation(np.array([1.0, 2.0, 0.5]), 33.0) @ np.diag([0.8, 1.1, 2.3])
    affine[:3, 3] = (-31.0, 12.0, 140.0)
    return Grid((24, 40, 48), affine)


def a_plane(grid: Grid) -> Plane:
    right = unit(np.array([0.9, 0.3, -0.2]))
    return Plane(grid.centre_mm + 1.7, right, unit(np.cross(right, [0.1, 0.2, 1.0])))


@pytest.fixture(scope="module")
def volume() -> Volume:
    grid = oblique_grid()
    data = np.random.default_rng(4).integers(-900, 1500, (2, *grid.shape)).astype(np.int16)
    return Volume(data, grid, "CT", np.array([0.0, 50.0]), 0.9, "noise")


def expected(volume: Volume, raster: Raster, phase: int, off_mm: float = 0.0) -> NDArray[np.float64]:
    """Linear interpolation by scipy at the pixels' own places."""
    columns, rows = raster.size
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    affine = raster.affine
    points = np.stack([column, row], -1).reshape(-1, 2) @ affine[:3, :2].T + affine[:3, 3]
    ijk = volume.grid.to_ijk(points + off_mm * raster.plane.normal)
    made = ndimage.map_coordinates(
        volume.data[phase].astype(float), ijk[:, ::-1].T, order=1, mode="constant", cval=np.nan
    )
    return np.asarray(made.reshape(rows, columns))


@pytest.mark.parametrize("phase", [0, 1])
def test_every_pixel_has_the_value_of_its_place(volume: Volume, phase: int) -> None:
    raster = Raster(a_plane(volume.grid), (2.5, -3.0), (61, 43), 0.7)
    ours, true = ObliqueSlicer(volume).values(raster, phase).astype(float), expected(volume, raster, phase)
    inside = np.isfinite(true)
    assert inside.mean() > 0.4
    assert np.abs(ours - true)[inside].max() <= 0.55  # whole numbers


def test_slabs_are_centred_and_as_thick_as_said(volume: Volume) -> None:
    raster, slicer = Raster(a_plane(volume.grid), (0.0, 0.0), (31, 25), 0.6), ObliqueSlicer(volume)
    thickness = 6.0
    steps = np.linspace(-thickness / 2, thickness / 2, int(round(thickness / min(volume.grid.spacing_mm))) + 1)
    stack = np.stack([expected(volume, raster, 0, float(off)) for off in steps])
    inside = np.isfinite(stack).all(axis=0)
    assert inside.mean() > 0.5
    for kind, true in (("max", stack.max(axis=0)), ("min", stack.min(axis=0))):
        ours = slicer.values(raster, 0, Slab(kind, thickness)).astype(float)  # type: ignore[arg-type]
        assert np.abs(ours - true)[inside].max() <= 0.55, kind
    mean = slicer.values(raster, 0, Slab("mean", thickness)).astype(float)
    assert np.abs(mean - stack.mean(axis=0))[inside].max() <= 0.55


def test_a_place_and_its_pixel_are_each_other(volume: Volume) -> None:
    raster = Raster(a_plane(volume.grid), (4.0, 1.0), (64, 48), 0.5)
    image = slice_of(raster, np.zeros((48, 64, 3), np.uint8))
    place = (image.affine @ [10.0, 20.0, 0.0, 1.0])[:3]
    np.testing.assert_allclose(raster.to_pixels(place), [10.0, 20.0], atol=1e-9)
    assert abs(raster.plane.away_mm(place[None])[0]) < 1e-9
    middle = raster.to_pixels(raster.plane.to_mm(4.0, 1.0))
    np.testing.assert_allclose(middle, [31.5, 23.5], atol=1e-9)


def test_labels_are_those_of_the_nearest_voxel(volume: Volume) -> None:
    found = (np.arange(np.prod(volume.grid.shape)) % 7).astype(np.uint8).reshape(1, *volume.grid.shape)
    labels = LabelMap(found, volume.grid, {n: str(n) for n in range(1, 7)}, np.zeros(1), "test", "noise")
    raster = Raster(a_plane(volume.grid), (0.0, 0.0), (30, 30), 0.7)
    ours = ObliqueSlicer(volume).structures(raster, labels, 0)
    column, row = np.meshgrid(np.arange(30), np.arange(30))
    points = np.stack([column, row], -1).reshape(-1, 2) @ raster.affine[:3, :2].T + raster.affine[:3, 3]
    at = volume.grid.to_ijk(points)
    sure = np.abs(at - np.floor(at) - 0.5).min(axis=1) > 1e-3  # not half-way between two
    i, j, k = np.round(at).astype(int).T
    assert np.array_equal(ours.ravel()[sure], found[0, k, j, i][sure])


def test_an_axis_aligned_oblique_slice_is_the_slice() -> None:
    grid = Grid((5, 6, 7), np.diag([2.0, 2.0, 3.0, 1.0]))
    data = np.arange(5 * 6 * 7, dtype=np.int16).reshape(1, 5, 6, 7)
    volume = Volume(data, grid, "CT", np.zeros(1), None, "ramp")
    plane = Plane(np.array([6.0, 5.0, 6.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    np.testing.assert_array_equal(ObliqueSlicer(volume).values(Raster(plane, (0.0, 0.0), (7, 6), 2.0), 0), data[0, 2])


# Cine --------------------------------------------------------------------------------------------------------------


def ramp_plane(depth: float, normal_axis: int, label: str, frames: int = 4) -> CinePlane:
    """A plane whose grey value is 100 + x + 2 y + 3 z of each pixel's place in LPS, + 1000 a frame."""
    axes = {0: (1, 2), 1: (0, 2), 2: (0, 1)}[normal_axis]
    affine = np.eye(4)
    affine[:3, :3] = 0.0
    affine[axes[0], 0], affine[axes[1], 1], affine[normal_axis, 2] = 1.5, 1.5, 1.0
    affine[axes[0], 3], affine[axes[1], 3], affine[normal_axis, 3] = -45.0, -45.0, depth
    column, row = np.meshgrid(np.arange(61), np.arange(61))
    places = np.stack([column, row], -1) @ affine[:3, :2].T + affine[:3, 3]
    grey = 100.0 + places @ [1.0, 2.0, 3.0]
    times = np.arange(frames) / frames
    return CinePlane(np.stack([grey + 1000 * f for f in range(frames)]), affine, times, 1.0, label, 6.0)


@pytest.fixture(scope="module")
def stack() -> CineStack:
    shorts = [ramp_plane(10.0 * n, 2, f"SAX {n}") for n in range(5)]
    return CineStack((*shorts, ramp_plane(2.0, 1, "4CH")), "MR", "ramp")


def test_short_axes_are_the_largest_parallel_family(stack: CineStack) -> None:
    slicer = CineSlicer(stack)
    assert slicer.short_axis == (0, 1, 2, 3, 4)
    assert slicer.gap_mm == pytest.approx(10.0) and slicer.can_interpolate


def test_a_scanned_plane_is_shown_unchanged_though_turned(stack: CineStack) -> None:
    slicer = CineSlicer(stack)
    tilt = rotation(np.array([0.0, 0.0, 1.0]), 8.0)
    wanted = Plane(np.array([0.0, 4.0, 15.0]), tilt @ np.array([-1.0, 0, 0]), np.array([0, 0, -1.0]))
    native = slicer.nearest(wanted)
    assert native is not None and stack.planes[native.number].label == "4CH"
    assert native.tilt_deg == pytest.approx(8.0) and native.away_mm == pytest.approx(2.0)
    shown = slicer.as_scanned(wanted, native.number)
    assert abs(shown.normal @ [0, 1, 0]) == pytest.approx(1.0) and shown.down @ wanted.down > 0.99
    raster = Raster(shown, (0.0, 0.0), (21, 17), 1.0)
    values = slicer.native_values(raster, native.number, 0.5)
    column, row = np.meshgrid(np.arange(21), np.arange(17))
    places = np.stack([column, row], -1) @ raster.affine[:3, :2].T + raster.affine[:3, 3]
    np.testing.assert_allclose(places[..., 1], 2.0)
    np.testing.assert_allclose(values, 2100.0 + places @ [1.0, 2.0, 3.0], atol=0.01)


def test_a_view_that_nobody_scanned_is_not_taken_for_another(stack: CineStack) -> None:
    slicer = CineSlicer(stack)
    turned = Plane(np.zeros(3), np.array([0, 1.0, 0]), np.array([0, 0, -1.0]))
    assert slicer.nearest(turned) is None
    short = slicer.nearest(Plane(np.array([0.0, 0, 27.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0])), True)
    assert short is not None and short.number == 3
    assert slicer.step(3, 5, np.array([0, 0, 1.0])) == 4 and slicer.step(3, 1, np.array([0, 0, -1.0])) == 2


def test_between_the_short_axes_it_is_linear_and_beyond_them_there_is_nothing(stack: CineStack) -> None:
    plane = Plane(np.array([0.0, 3.0, 20.0]), np.array([1.0, 0, 0]), np.array([0, 0, -1.0]))
    raster = Raster(plane, (0.0, 0.0), (41, 61), 1.0)
    values = CineSlicer(stack).between_values(raster, 0.25)
    column, row = np.meshgrid(np.arange(41), np.arange(61))
    places = np.stack([column, row], -1) @ raster.affine[:3, :2].T + raster.affine[:3, 3]
    inside = (places[..., 2] >= 0) & (places[..., 2] <= 40)
    np.testing.assert_allclose(values[inside], (1100.0 + places @ [1.0, 2.0, 3.0])[inside], rtol=1e-5)
    assert (values[~inside] == OUTSIDE).all() and (~inside).any()


def test_breath_hold_shifts_move_the_plane_and_not_its_image(stack: CineStack) -> None:
    shift = np.zeros((6, 3))
    shift[5] = (3.0, 1.5, -2.0)
    slicer, still = CineSlicer(stack, shift), CineSlicer(stack)
    wanted = Plane(np.array([0.0, 2.0, 15.0]), np.array([-1.0, 0, 0]), np.array([0, 0, -1.0]))
    moved = Raster(slicer.as_scanned(wanted, 5), (0.0, 0.0), (11, 11), 1.0)
    assert moved.plane.origin_mm[1] == pytest.approx(3.5)
    values, before = slicer.native_values(moved, 5, 0.0), still.native_values(
        Raster(still.as_scanned(wanted, 5), (0.0, 0.0), (11, 11), 1.0), 5, 0.0
    )  # fmt: skip
    np.testing.assert_allclose(values - before, -(3.0 * 1.0 - 2.0 * 3.0), atol=0.01)  # seen 3 mm and -2 mm aside


def test_the_meshs_outline_lies_in_the_plane_and_on_the_mesh() -> None:
    from beating_ball import RADIUS_MM, ball

    mesh = ball()
    plane = Plane(np.array([0.0, 0, 10.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    lines = ObliqueLines(mesh)
    found = lines.at(plane, mesh.points_mm)
    ends = np.concatenate([segment.reshape(-1, 3) for segment in found.values()])
    assert np.abs(plane.away_mm(ends)).max() < 1e-9
    radii = np.linalg.norm(found["myocardium"].reshape(-1, 3), axis=1)
    assert radii.max() == pytest.approx(RADIUS_MM, rel=0.02) and radii.min() == pytest.approx(30.0, rel=0.02)
    smaller = lines.at(plane, 0.5 * mesh.points_mm)["myocardium"]
    assert np.linalg.norm(smaller.reshape(-1, 3), axis=1).max() == pytest.approx(RADIUS_MM / 2, rel=0.02)
