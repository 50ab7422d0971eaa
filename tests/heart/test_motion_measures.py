"""Volumes, rates, travel of the rings and their intervals, on motions whose answer is known in closed form."""

import re
from pathlib import Path

import numpy as np
import pytest
from thick_ventricle import LENGTH_MM, RADIUS_MM, WALL_MM, moving, scaled, thick_ventricles

from twinviewer.domain import MeshError
from twinviewer.organs.heart.motion import measure_motion, motion_curves
from twinviewer.organs.heart.motion.body import body_surface_m2
from twinviewer.organs.heart.motion.rings import find_rings
from twinviewer.organs.heart.motion.volumes import cavity_ml, peak_fraction, rates, scatter_ml

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
RR_S = 0.9
FRAMES = 25


def breathing(frames: int = FRAMES, depth: float = 0.3):
    """A beat in which the left volume is EDV (1 - depth (1 - cos 2πf)), shrinking evenly."""
    at = np.arange(frames) / frames
    factor = (1.0 - depth * (1.0 - np.cos(2 * np.pi * at))) ** (1 / 3)
    return moving([scaled(s, s) for s in factor])


def test_volumes_of_half_ellipsoids_and_what_a_map_makes_of_them() -> None:
    """The volume of any shape goes with the determinant of an affine map: EF = 1 - λ²μ."""
    found = measure_motion(moving([scaled(1.0, 1.0), scaled(0.8, 0.9)]))
    assert found["lv_edv_ml"].value == pytest.approx(2 / 3 * np.pi * RADIUS_MM**2 * LENGTH_MM / 1000, rel=0.005)
    for side in ("lv", "rv"):
        assert found[f"{side}_ef_percent"].value == pytest.approx(100 * (1 - 0.8**2 * 0.9), abs=1e-3)
        stroke = found[f"{side}_edv_ml"].value - found[f"{side}_esv_ml"].value
        assert found[f"{side}_stroke_volume_ml"].value == pytest.approx(stroke)


def test_mass_is_the_muscle_at_end_diastole() -> None:
    found = measure_motion(moving([scaled(0.9, 0.9), scaled(1.0, 1.0)]))
    outer = (RADIUS_MM + WALL_MM) ** 2 * (LENGTH_MM + WALL_MM)
    muscle_ml = 2 / 3 * np.pi * (outer - RADIUS_MM**2 * LENGTH_MM) / 1000
    assert found["lv_mass_g"].value == pytest.approx(1.05 * muscle_ml, rel=0.005)
    assert found["lv_muscle_change_percent"].value == pytest.approx(100 * (0.9**3 - 1), abs=1e-2)


def test_rates_of_a_sinusoidal_volume() -> None:
    """V = EDV (1 - a (1 - cos 2πt/T)): the steepest slope is 2π a EDV / T, at a quarter and three quarters."""
    found = measure_motion(breathing(), RR_S)
    expected = 2 * np.pi * 0.3 * found["lv_edv_ml"].value / RR_S
    assert found["lv_peak_ejection_ml_s"].value == pytest.approx(expected, rel=0.01)
    assert found["lv_peak_filling_ml_s"].value == pytest.approx(expected, rel=0.01)
    curves = motion_curves(breathing())
    steepest = rates(curves.lv_ml, curves.fraction, RR_S)
    assert steepest is not None
    assert steepest.ejection_fraction == pytest.approx(0.25, abs=0.01)
    assert steepest.early_filling_fraction == pytest.approx(0.75, abs=0.01)
    assert found["lv_gcs_peak_time_ms"].value == pytest.approx(1000 * RR_S / 2, abs=2.0)


def test_early_filling_is_not_the_atrium_s() -> None:
    """A slow early wave of 60 mL and a fast late one of 40 mL: the late slope is the steeper, and not the answer."""
    at = np.arange(40) / 40

    def wave(start: float, stop: float) -> np.ndarray:
        x = np.clip((at - start) / (stop - start), 0, 1)
        return x - np.sin(2 * np.pi * x) / (2 * np.pi)  # steepest slope 2 / (stop - start)

    volume = 150 - 100 * wave(0.0, 0.35) + 60 * wave(0.35, 0.65) + 40 * wave(0.85, 1.0)
    got = rates(volume, at, 1.0)
    assert got is not None
    assert got.early_filling_ml_s == pytest.approx(60 * 2 / 0.30, rel=0.03)
    assert got.ejection_ml_s == pytest.approx(100 * 2 / 0.35, rel=0.03)


def test_rates_do_not_mind_where_the_beat_starts_or_uneven_frames() -> None:
    rng = np.random.default_rng(3)
    at = np.sort((np.arange(25) + rng.uniform(-0.2, 0.2, 25)) / 25 + 0.02)
    one = rates(100 + 40 * np.cos(2 * np.pi * at), at, RR_S)
    two = rates(100 + 40 * np.cos(2 * np.pi * (at - 0.4)), at, RR_S)
    assert one is not None and two is not None
    assert one.ejection_ml_s == pytest.approx(2 * np.pi * 40 / RR_S, rel=0.01)
    assert two.ejection_ml_s == pytest.approx(one.ejection_ml_s, rel=0.01)
    assert two.ejection_fraction == pytest.approx(0.65, abs=0.02)


def test_scatter_of_the_frames_is_found_and_widens_the_rates() -> None:
    at = np.arange(30) / 30
    smooth = 120 + 40 * np.cos(2 * np.pi * at) + 8 * np.sin(10 * np.pi * at)
    noisy = [smooth + np.random.default_rng(seed).normal(0.0, 1.5, 30) for seed in range(40)]
    found = [scatter_ml(volume, at) for volume in noisy]
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(1.5, rel=0.1)
    assert scatter_ml(smooth, at) == pytest.approx(0.0, abs=1e-9)
    assert scatter_ml(smooth[:18], at[:18]) is None


def test_peak_between_two_frames() -> None:
    at = np.arange(20) / 20
    assert peak_fraction(-np.cos(2 * np.pi * (at - 0.367)), at) == pytest.approx(0.367, abs=0.003)
    assert peak_fraction(-np.cos(2 * np.pi * (at - 0.999)), at) == pytest.approx(0.999, abs=0.003)
    assert peak_fraction(np.zeros(20), at) is None and peak_fraction(np.array([0.0, 1.0]), at[:2]) is None


def test_rings_travel_with_the_map() -> None:
    """Shrinking along the axis by μ with the tip held, rings at height h above the tip come down by (1 - μ) h; seen
    from the chest, a heart carried up by 4 mm travels 4 mm less."""
    tip = LENGTH_MM + WALL_MM

    def one(lift: float):
        def move(points: np.ndarray) -> np.ndarray:
            return np.column_stack([0.9 * points[:, :2] + 3.0, 0.85 * (points[:, 2] + tip) - tip + lift])

        return measure_motion(moving([lambda p: p, move]))

    still, lifted = one(0.0), one(4.0)
    for name in ("mapse_mm", "mapse_septal_mm", "mapse_lateral_mm", "tapse_mm"):
        assert still[name].value == pytest.approx(0.15 * tip, abs=1e-3), name
        assert lifted[name].value == pytest.approx(0.15 * tip - 4.0, abs=1e-3), name


def test_sides_of_the_rings() -> None:
    mesh = thick_ventricles()
    rings = find_rings(mesh)
    assert rings.up == pytest.approx([0.0, 0.0, 1.0], abs=1e-6)
    # the right ventricle stands at -x
    assert (
        mesh.points_mm[rings.septal, 0].max() < -RADIUS_MM / 2 < RADIUS_MM / 2 < mesh.points_mm[rings.lateral, 0].min()
    )
    assert mesh.points_mm[rings.tricuspid, 0].max() < -80.0
    assert np.abs(mesh.points_mm[np.concatenate([rings.septal, rings.lateral, rings.tricuspid]), 2]).max() < 1e-6


def test_a_tilting_ring_travels_more_on_one_side() -> None:
    def tilt(points: np.ndarray) -> np.ndarray:
        out = points.copy()
        out[:, 2] -= np.maximum(1 + points[:, 2] / LENGTH_MM, 0.0) * (10.0 + points[:, 0] / RADIUS_MM * 4.0)
        out[:, :2] *= 0.9
        return out

    found = measure_motion(moving([lambda p: p, tilt]))
    assert found["mapse_lateral_mm"].value > found["mapse_mm"].value + 3 > found["mapse_septal_mm"].value + 6
    assert found["mapse_mm"].value == pytest.approx(10.0, abs=0.1)


def test_two_phases_give_no_rates_and_no_times() -> None:
    found = measure_motion(moving([scaled(1.0, 1.0), scaled(0.8, 0.9)], np.array([0.0, 0.35])), RR_S)
    assert {"lv_ef_percent", "lv_gcs_percent", "mapse_mm", "cardiac_output_l_min"} <= set(found)
    assert not [name for name in found if "peak" in name]


def test_output_and_indices() -> None:
    """A man of 180 cm and 80 kg has 2.00 m² (Mosteller); SV × 60 / RR."""
    found = measure_motion(breathing(), RR_S, 180.0, 80.0)
    assert found["body_surface_m2"].value == pytest.approx(2.0)
    assert found["cardiac_output_l_min"].value == pytest.approx(found["lv_stroke_volume_ml"].value * 60 / RR_S / 1000)
    assert found["lv_edv_index_ml_m2"].value == pytest.approx(found["lv_edv_ml"].value / 2)
    assert found["lv_mass_index_g_m2"].unit == "g/m²" and found["cardiac_index_l_min_m2"].unit == "L/min/m²"
    assert not [name for name in measure_motion(breathing(), RR_S, 180.0) if "index" in name]
    with pytest.raises(ValueError, match="1.8 cm"):
        body_surface_m2(1.8, 80.0)


def test_every_number_has_an_origin_a_source_and_a_name_in_the_docs() -> None:
    listed = set(re.findall(r"`([a-z]+_[a-z0-9_]+)`", DOCS.read_text(encoding="utf-8")))
    for name, q in measure_motion(breathing(), RR_S, 170.0, 70.0).items():
        assert name in listed or name in ("mapse_mm", "tapse_mm"), name
        assert q.origin == "measured" and q.source and np.isfinite(q.value)
        if q.low is not None:
            assert q.high is not None and q.low <= q.value <= q.high
        else:
            assert name in ("heart_rate_bpm", "body_surface_m2"), name


def test_intervals_hold_when_the_faces_are_moved() -> None:
    """The endocardium 1 mm further out in both phases moves the numbers to the edge of their intervals, no further."""
    mesh = thick_ventricles()
    normal = mesh.points_mm / np.array([RADIUS_MM, RADIUS_MM, LENGTH_MM]) ** 2
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-9)[:, None]
    shift = np.where(mesh.point_fields["transmural"] == 0.0, 1.0, 0.0)[:, None] * normal
    shift[mesh.point_fields["aha_segment"] == 0] = 0.0
    one = measure_motion(moving([scaled(1.0, 1.0), scaled(0.8, 0.9)]))
    two = measure_motion(moving([lambda p: p + shift, lambda p: scaled(0.8, 0.9)(p) + shift]))
    for name in ("lv_edv_ml", "lv_esv_ml", "lv_ef_percent", "lv_stroke_volume_ml", "lv_mass_g"):
        low, high = one[name].low, one[name].high
        assert low is not None and high is not None
        moved = two[name].value - one[name].value
        half = high - one[name].value if moved > 0 else one[name].value - low
        assert 0.4 * half < abs(moved) <= 1.1 * half, name
    for name in ("lv_gcs_percent", "lv_endo_gcs_percent", "lv_wall_thickening_percent", "lv_wall_thickness_mm"):
        low, high = one[name].low, one[name].high
        assert low is not None and high is not None
        assert low <= two[name].value <= high, name


def test_no_motion_is_refused_with_a_reason() -> None:
    with pytest.raises(MeshError, match="no measured motion"):
        motion_curves(thick_ventricles())
    mesh = moving([scaled(1.0, 1.0), scaled(0.9, 0.9)])
    with pytest.raises(MeshError, match="inwards"):
        cavity_ml(np.asarray(mesh.motion_mm), mesh.surfaces["lv_cavity"][:, ::-1])


def test_only_two_ventricles_or_one() -> None:
    """Without a right ventricle the left one is measured all the same."""
    mesh = moving([scaled(1.0, 1.0), scaled(0.8, 0.9)])
    left = type(mesh)(
        **{name: getattr(mesh, name) for name in type(mesh).__slots__ if name not in ("surfaces", "landmarks")},
        surfaces={name: t for name, t in mesh.surfaces.items() if not name.startswith("rv")},
        landmarks={"lv_apex": mesh.landmarks["lv_apex"]},
    )
    found = measure_motion(left)
    assert found["lv_ef_percent"].value == pytest.approx(42.4, abs=1e-3)
    assert "tapse_mm" not in found and "rv_ef_percent" not in found
