"""Valve rings, vessels, fat and indexed values: analytic necks, the demo patient's own solids, a real scan."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ideal_heart import BASE_MM, LV_LENGTH_MM, LV_RADIUS_MM, ideal_heart, ideal_labels

from twinviewer.domain import Grid, LabelMap, Patient, Quantity, Volume
from twinviewer.geometry.cross_section import Section, axes_of, outlined
from twinviewer.geometry.thickness import shell_thickness
from twinviewer.organs.heart.demo.anatomy import Anatomy, anatomy, demo_labels, label_points
from twinviewer.organs.heart.demo.shape import dilated
from twinviewer.organs.heart.measure import measure
from twinviewer.organs.heart.measures.collected import Collected
from twinviewer.organs.heart.measures.complete import completed
from twinviewer.organs.heart.measures.fat import epicardial_fat
from twinviewer.organs.heart.measures.rings import BY_AXIS, BY_HINGES, find_ring
from twinviewer.organs.heart.measures.valves import measure_valves
from twinviewer.organs.heart.measures.vessels import measure_vessels
from twinviewer.organs.heart.measures.wall_map import with_thickness

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
SEED = 2026
NORMAL = np.array([0.35, -0.2, 0.9]) / np.linalg.norm([0.35, -0.2, 0.9])


def necked(a: float, b: float, spacing_mm: float = 1.5) -> LabelMap:
    """Two blobs joined by an elliptic neck of half axes a, b across NORMAL, parted in its middle."""
    count = int(100 / spacing_mm)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = -(count - 1) / 2 * spacing_mm + np.array([0.3, -0.4, 0.2])
    grid = Grid((count,) * 3, affine)
    k, j, i = np.indices(grid.shape)
    p = grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float))
    across, along = axes_of(NORMAL)
    h = p @ NORMAL
    wide = 1.0 + (h / 14.0) ** 2
    inside = ((p @ across / a) ** 2 + (p @ along / b) ** 2 < wide**2) & (np.abs(h) < 26.0)
    data = np.where(inside, np.where(h < 0, 2, 4), 0).astype(np.uint8).reshape(1, *grid.shape)
    return LabelMap(data, grid, {2: "lv_blood", 4: "la_blood"}, np.zeros(1), "made", "made")


def test_ring_of_a_tilted_neck() -> None:
    a, b = 17.0, 12.0
    ring = find_ring(necked(a, b), 0, "lv_blood", "la_blood")
    assert ring is not None
    assert ring.cut.area_mm2 == pytest.approx(np.pi * a * b, rel=0.02)
    assert ring.cut.widths_mm == pytest.approx((2 * b, 2 * a), rel=0.02)
    assert abs(ring.cut.normal @ NORMAL) > np.cos(np.deg2rad(1.0)) and ring.cut.normal @ NORMAL > 0
    assert np.linalg.norm(ring.cut.centre_mm) < 0.5


def test_chambers_that_do_not_touch_have_no_ring() -> None:
    labels = necked(17.0, 12.0)
    data = labels.data.copy()
    h = np.einsum("kjic,c->kji", _places(labels.grid), NORMAL)
    data[0][np.abs(h) < 8.0] = 0
    assert find_ring(replace(labels, data=data), 0, "lv_blood", "la_blood") is None
    assert find_ring(labels, 0, "lv_blood", "aorta") is None


def _places(grid: Grid) -> np.ndarray:
    k, j, i = np.indices(grid.shape)
    return grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float)).reshape(*grid.shape, 3)


@cache
def demo() -> tuple[Anatomy, dict[str, Quantity]]:
    labels = demo_labels(0.0, 1.5, SEED)
    out = Collected(1.5)
    ring = measure_valves(out, labels, 0, "demo", {})
    measure_vessels(out, labels, 0, "demo", ring)
    return anatomy(dilated(SEED)), dict(out)


def true_section(heart: Anatomy, centre: np.ndarray, normal: np.ndarray, labels: tuple[int, ...]) -> Section:
    """The solids themselves cut by a plane of the heart frame, on a grid of 0.2 mm."""
    grain, ticks = 0.2, np.arange(-25.0, 25.1, 0.2)
    across, along = axes_of(normal)
    u, v = np.meshgrid(ticks, ticks, indexing="ij")
    places = centre + u.reshape(-1, 1) * across + v.reshape(-1, 1) * along
    inside = np.isin(label_points(heart, None, heart.shape.to_lps(places), 0.0), labels).reshape(u.shape)
    found = outlined(inside.astype(float), centre, normal, across, along, grain)
    assert found is not None
    return found


def test_aortic_ring_of_the_demo_patient() -> None:
    heart, found = demo()
    place, normal = heart.places.aortic, heart.places.aortic_normal
    # 1 mm towards the ventricle; beside the tract the ventricle is open, there the root above bounds the ring
    grain, ticks = 0.2, np.arange(-25.0, 25.1, 0.2)
    across, along = axes_of(normal)
    u, v = np.meshgrid(ticks, ticks, indexing="ij")
    flat = place + u.reshape(-1, 1) * across + v.reshape(-1, 1) * along

    def at(height: float) -> np.ndarray:
        return label_points(heart, None, heart.shape.to_lps(flat + height * normal), 0.0).reshape(u.shape)

    blood = np.isin(at(-1.0), (2, 6)) & (at(8.0) == 6)
    truth = outlined(blood.astype(float), place, normal, across, along, grain)
    assert truth is not None
    assert found["aortic_annulus_area_diameter_mm"].value == pytest.approx(truth.area_diameter_mm, rel=0.02)
    assert found["aortic_annulus_mean_mm"].value == pytest.approx(np.mean(truth.widths_mm), rel=0.02)
    # twice the tract's own radius, which the sinuses' feet widen a little
    assert found["aortic_annulus_min_mm"].value == pytest.approx(2 * heart.shape.aortic_radius, rel=0.06)


def test_a_border_that_lies_askew_is_not_taken_for_the_ring() -> None:
    """The same heart, ventricle and aorta parted by a plane that leans by 20°, as segmenting may do."""
    heart, found = demo()
    labels = demo_labels(0.0, 1.5, SEED)
    places = heart.shape.to_heart(_places(labels.grid).reshape(-1, 3)) - heart.places.aortic
    across, _ = axes_of(heart.places.aortic_normal)
    leaning = np.cos(np.deg2rad(20.0)) * heart.places.aortic_normal + np.sin(np.deg2rad(20.0)) * across
    near = (np.linalg.norm(places, axis=1) < 22.0) & np.isin(labels.data[0].ravel(), (2, 6))
    data = labels.data[0].ravel().copy()
    data[near] = np.where(places[near] @ leaning > 0, 6, 2)
    ring = find_ring(replace(labels, data=data.reshape(labels.data.shape)), 0, "lv_blood", "aorta")
    assert ring is not None and ring.how.startswith(BY_AXIS)
    want = heart.places.aortic_normal @ heart.shape.axes
    assert ring.cut.normal @ want > np.cos(np.deg2rad(6.0))
    assert ring.cut.area_diameter_mm == pytest.approx(found["aortic_annulus_area_diameter_mm"].value, rel=0.05)


def test_vessels_of_the_demo_patient() -> None:
    heart, found = demo()
    tube = heart.places.aorta
    assert found["ascending_aorta_mm"].value == pytest.approx(2 * tube.radii[3:].max(), rel=0.02)
    sinus = true_section(heart, heart.places.sinus_centres.mean(axis=0), heart.places.aortic_normal, (6,))
    assert found["aortic_sinus_mm"].value == pytest.approx(sinus.area_diameter_mm, rel=0.02)
    assert 2 * tube.radii[1] < found["sinotubular_mm"].value < 2 * tube.radii[3]
    trunk = heart.places.pulmonary_trunk.radii
    assert 2 * trunk.min() < found["pulmonary_trunk_mm"].value < 2 * trunk.max()
    for name, quantity in found.items():
        assert quantity.low is not None and quantity.low < quantity.value < (quantity.high or 0.0), name


def test_inlets_of_the_demo_patient() -> None:
    heart, found = demo()
    radius = float(heart.places.ra_funnel.radii[0])
    assert found["tricuspid_annulus_septolateral_mm"].value == pytest.approx(2 * radius, rel=0.06)
    # of the mitral funnel's circle the outflow tract takes a part away
    circle = np.pi * heart.places.mitral_radius**2 / 100.0
    assert 0.75 * circle < found["mitral_annulus_area_cm2"].value < 1.1 * circle
    assert found["mitral_annulus_ap_mm"].value < found["mitral_annulus_intercommissural_mm"].value


def test_three_hinge_points_decide_the_plane() -> None:
    labels = demo_labels(0.0, 2.0, SEED)
    heart = anatomy(dilated(SEED))
    across, along = axes_of(heart.places.aortic_normal)
    tilt = 0.2 * across + 0.98 * heart.places.aortic_normal
    first, second = axes_of(tilt)
    turns = np.deg2rad([0.0, 120.0, 240.0])
    hinges = [heart.places.aortic + 12 * (np.cos(t) * first + np.sin(t) * second) for t in turns]
    landmarks = {f"aortic_hinge_{k}": heart.shape.to_lps(h[None])[0] for k, h in enumerate(hinges, start=1)}
    ring = find_ring(labels, 0, "lv_blood", "aorta", landmarks)
    assert ring is not None and ring.how == BY_HINGES
    want = tilt / np.linalg.norm(tilt) @ heart.shape.axes
    assert ring.cut.normal @ want > np.cos(np.deg2rad(0.1))


def test_shape_of_the_ideal_ventricle() -> None:
    """A truncated ellipsoid: length, sphericity and inner diameter by formula."""
    mesh, labels = ideal_heart(), ideal_labels()
    known = measure(labels, mesh)
    found = completed(known, None, mesh, _nothing(labels.grid), Patient("P"))
    length = LV_LENGTH_MM + BASE_MM
    assert found["lv_length_mm"].value == pytest.approx(length, rel=0.04)
    third = BASE_MM - length / 3.0
    inner = 2 * LV_RADIUS_MM * np.sqrt(1 - (third / LV_LENGTH_MM) ** 2)
    assert found["lv_diameter_mm"].value == pytest.approx(inner, rel=0.03)
    ball = np.pi / 6 * found["lv_length_mm"].value ** 3 / 1000
    assert found["lv_sphericity_index"].value == pytest.approx(known["lv_volume_ml"].value / ball)
    assert found["lv_relative_wall_thickness"].value == pytest.approx(2 * 10.0 / inner, rel=0.1)


def _nothing(grid: Grid, hu: float = 50.0) -> Volume:
    return Volume(np.full((1, *grid.shape), hu, np.int16), grid, "CT", np.zeros(1), None, "made")


def test_volumes_and_masses_are_indexed_where_the_body_is_known() -> None:
    labels, mesh = ideal_labels(), ideal_heart()
    known = measure(labels, mesh)
    assert not [
        name
        for name in completed(known, None, mesh, _nothing(labels.grid), Patient("P"))
        if "index_" in name and "m2" in name
    ]
    found = completed(known, None, mesh, _nothing(labels.grid), Patient("P", "F", 50.0, 65.0, 168.0))
    surface = np.sqrt(168.0 * 65.0 / 3600.0)
    for side in ("lv", "rv", "la", "ra"):
        assert found[f"{side}_volume_index_ml_m2"].value == pytest.approx(found[f"{side}_volume_ml"].value / surface)
    assert found["rv_mass_index_g_m2"].value == pytest.approx(found["rv_mass_g"].value / surface)


def test_fat_round_a_ball_of_heart() -> None:
    """A ball in a shell of fat: the sac stands a layer outside, so fat of that layer counts, and no more."""
    labels = necked(14.0, 14.0)
    away = np.linalg.norm(_places(labels.grid), axis=-1)
    ball = np.where(away < 25.0, np.where(_places(labels.grid)[..., 2] > 0, 2, 3), 0).astype(np.uint8)
    labels = replace(labels, data=ball[None], names={2: "lv_blood", 3: "rv_blood"})
    image = np.where(away < 25.0, 300, np.where(away < 40.0, -90, -800)).astype(np.int16)
    volume = replace(_nothing(labels.grid), data=image[None])
    found = epicardial_fat(labels, volume, 0, "made")
    assert found is not None and found.low is not None and found.high is not None

    def shell(layer: float) -> float:
        return 4 / 3 * np.pi * ((25.0 + layer) ** 3 - 25.0**3) / 1000

    # the first half voxel outside is no whole voxel of fat after the median
    assert found.value == pytest.approx(shell(5.0), rel=0.12)
    assert found.low == pytest.approx(shell(2.5), rel=0.3) and found.high == pytest.approx(shell(7.5), rel=0.1)
    assert epicardial_fat(labels, replace(volume, modality="MR"), 0, "made") is None


def test_all_names_are_in_the_docs() -> None:
    listed = set(re.findall(r"`([a-z]+_[a-z0-9_]+)`", DOCS.read_text(encoding="utf-8")))
    labels, mesh = ideal_labels(), ideal_heart()
    patient = Patient("P", "F", 50.0, 65.0, 168.0)
    found = completed(measure(labels, mesh), labels, mesh, _nothing(labels.grid, -90.0), patient)
    assert set(found) | set(demo()[1]) <= listed


def test_thickness_map_of_the_ideal_wall() -> None:
    """10 mm between the ellipsoids at the middle of the lateral wall; the right wall has 4 mm."""
    mesh = with_thickness(ideal_heart())
    field = mesh.point_fields["thickness_mm"]
    assert np.isnan(field[mesh.wall_points :]).all() and not np.isnan(field[: mesh.wall_points]).any()
    segment = mesh.point_fields["aha_segment"]
    assert np.median(field[np.isin(segment, (11, 12))]) == pytest.approx(10.0, abs=0.6)
    right = field[(segment == 0) & (mesh.point_fields["rv_segment"] == 2)]
    assert np.median(right) == pytest.approx(4.0, abs=0.8)


def test_thickness_between_two_balls() -> None:
    inner, triangles = _ball(20.0)
    outer, _ = _ball(29.0)
    between = inner * 1.2
    points = np.concatenate([inner, outer, between])
    at = np.arange(2 * len(inner), 3 * len(inner))
    found = shell_thickness(points, at, triangles, triangles + len(inner))
    assert found == pytest.approx(np.full(len(at), 9.0), abs=0.1)


def _ball(radius: float) -> tuple[np.ndarray, np.ndarray]:
    import pyvista as pv

    mesh = pv.Icosphere(radius=radius, nsub=4)
    return np.asarray(mesh.points, float), np.asarray(mesh.regular_faces)
