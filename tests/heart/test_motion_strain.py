"""Strain and thickness of the wall on motions whose answer is known in closed form."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from thick_ventricle import LENGTH_MM, RADIUS_MM, WALL_MM, moving, scaled, thick_ventricles, tube

from twinviewer.geometry.surfaces import boundary_triangles
from twinviewer.organs.heart.motion import BULLSEYES, motion_curves
from twinviewer.organs.heart.motion.strain import face, muscle, strain, wall_directions
from twinviewer.organs.heart.motion.thickness import thickness
from twinviewer.scene.bullseye import SCALES

INNER, OUTER, LENGTH = 20.0, 30.0, 60.0
R = np.linspace(INNER, OUTER, 20001)


@dataclass(frozen=True)
class Found:
    """What a frame of a tube gives: strains in %, thickness in mm, volume in mL; inner: strains of the inner face."""

    circumferential: float
    longitudinal: float
    radial: float
    thickness: float
    volume: float
    inner: tuple[float, float]


def tube_motion(move: Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Found:
    """A thick tube in 18 segments, like the ventricle's; ``move`` maps radius, angle and height."""
    points, tets, depth = tube(INNER, OUTER, LENGTH)
    up, phi, z = np.array([0.0, 0.0, 1.0]), np.arctan2(points[:, 1], points[:, 0]), points[:, 2]
    sector, ring = np.floor((phi + np.pi) * 3 / np.pi).astype(int) % 6, np.minimum(z * 3 / LENGTH, 2).astype(int)
    groups = [(sector == k) & (ring == j) for k in range(6) for j in range(3)]
    r, turned, high = move(np.hypot(points[:, 0], points[:, 1]), phi, z)
    moved = np.column_stack([r * np.cos(turned), r * np.sin(turned), high])[None].astype(np.float32)
    wall = muscle(points, tets, depth, groups, np.zeros(3), up)
    got = strain(moved, wall, points)
    thick, volume = thickness(moved, wall, depth, points, got.turn)
    skin = boundary_triangles(tets)
    inner = face(points, skin[(depth[skin] == 0.0).all(axis=1)], groups, np.zeros(3), up)
    endo = strain(moved, inner, points)
    assert inner.amount.sum() == pytest.approx(2 * np.pi * INNER * LENGTH, rel=0.002)
    over = [
        np.average(values[0], weights=wall.amount)
        for values in (got.circumferential_percent, got.longitudinal_percent, got.radial_percent, thick)
    ]
    assert np.ptp(thick) < 0.02 * thick.mean()
    skin_strain = (np.mean(endo.circumferential_percent), np.mean(endo.longitudinal_percent))
    return Found(*over, volume.sum(), skin_strain)


def by_volume(values: np.ndarray) -> float:
    """Mean over the tube's muscle of a function of the radius."""
    return float(np.trapezoid(values * R, R) / np.trapezoid(R, R))


def test_incompressible_contraction_of_a_thick_tube() -> None:
    """r² - r_i² = (R² - R_i²)/μ, z = μZ: λc = r/R, λr = R/(μr), λl = μ; the muscle keeps its volume."""
    inner, along = 12.0, 0.85

    def radius(big: np.ndarray) -> np.ndarray:
        return np.sqrt(inner**2 + (big**2 - INNER**2) / along)

    got = tube_motion(lambda r, phi, z: (radius(r), phi, along * z))
    assert got.circumferential == pytest.approx(100 * (by_volume(radius(R) / R) - 1), abs=0.1)
    assert got.longitudinal == pytest.approx(-15.0, abs=0.01)
    assert got.radial == pytest.approx(100 * (by_volume(R / (along * radius(R))) - 1), abs=0.7)
    assert got.volume == pytest.approx(np.pi * (OUTER**2 - INNER**2) * LENGTH / 1000, rel=0.003)
    assert got.thickness == pytest.approx(radius(np.array(OUTER)) - inner, rel=0.005)
    assert got.inner == pytest.approx((100 * (inner / INNER - 1), -15.0), abs=0.01)


def test_twist_alone_shortens_and_thickens_nothing() -> None:
    """φ → φ + τZ leaves every ring as long as it was, every layer where it was, and the tube as long as it was."""
    tau = np.radians(12.0) / LENGTH
    got = tube_motion(lambda r, phi, z: (r, phi + tau * z, z))
    for value in (got.circumferential, got.longitudinal, got.radial, *got.inner):
        assert value == pytest.approx(0.0, abs=0.3)  # the shear's square counts
    assert got.thickness == pytest.approx(OUTER - INNER, rel=0.003)


def test_layers_that_slide_are_no_thickening() -> None:
    """z → z + s(R - R_i): a material line across the wall becomes longer by √(1 + s²), the wall does not."""
    got = tube_motion(lambda r, phi, z: (r, phi, z + 0.5 * (r - INNER)))
    assert got.radial == pytest.approx(0.0, abs=0.01)
    assert got.thickness == pytest.approx(OUTER - INNER, rel=0.002)


def test_wrinkles_are_no_length() -> None:
    """A contraction to 80 % with 24 waves of 1 mm, steeper than a fit has them: strain and thickness stay those of the
    smooth tube, where the wavy line itself is longer by a third."""

    def wavy(r: np.ndarray, phi: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        wave = np.sin(24 * phi + 0.3 * z)
        return 0.8 * r + 0.3 * (r - INNER) + wave, phi, z

    got = tube_motion(wavy)
    smooth = tube_motion(lambda r, phi, z: (0.8 * r + 0.3 * (r - INNER), phi, z))
    phi = np.linspace(0, 2 * np.pi, 20001)
    line = 0.8 * INNER + np.sin(24 * phi)
    length = np.sum(np.hypot(np.diff(line * np.cos(phi)), np.diff(line * np.sin(phi)))) / (2 * np.pi * INNER)
    assert 100 * (length - 1) > smooth.inner[0] + 20  # what the wavy line itself would say
    assert got.inner[0] == pytest.approx(smooth.inner[0], abs=0.3)
    assert got.circumferential == pytest.approx(smooth.circumferential, abs=0.3)
    assert got.thickness == pytest.approx(smooth.thickness, rel=0.01)


def test_directions_are_orthonormal_and_right_handed_even_at_the_tip() -> None:
    mesh = thick_ventricles()
    radial = mesh.points_mm[:500] - [0.0, 0.0, 40.0]
    radial[0] = [0.0, 0.0, -1.0]
    c, l, r = wall_directions(radial, mesh.points_mm[:500], np.zeros(3), np.array([0.0, 0.0, 1.0]))
    frame = np.stack([c, l, r], axis=1)
    assert np.allclose(frame @ frame.transpose(0, 2, 1), np.eye(3), atol=1e-9)
    assert np.allclose(np.linalg.det(frame), 1.0)


def test_rigid_motion_is_no_strain() -> None:
    turn = Rotation.from_rotvec([0.3, -0.5, 0.8]).as_matrix()
    curves = motion_curves(moving([lambda p: p, lambda p: p @ turn.T + [30.0, -12.0, 7.0], lambda p: p + 5.0]))
    for values in (curves.circumferential_percent[:, :16], curves.longitudinal_percent, curves.radial_percent):
        assert np.abs(values).max() < 2e-3
    assert curves.rv_longitudinal_percent is not None and np.abs(curves.rv_longitudinal_percent).max() < 2e-3
    assert np.ptp(curves.thickness_mm, axis=0).max() < 1e-4
    assert np.ptp(curves.lv_ml) < 1e-3 * curves.lv_ml[0]


def test_even_shrinking_is_the_same_strain_everywhere() -> None:
    curves = motion_curves(moving([scaled(1.0, 1.0), scaled(0.9, 0.9)]))
    assert (curves.ed, curves.es) == (0, 1)
    for name in BULLSEYES[:4]:
        values = curves.bullseye(name)
        assert np.allclose(values[np.isfinite(values)], -10.0, atol=1e-2), name
        assert np.isfinite(values[:16]).all() and np.isfinite(values[16]) == (name != "circumferential_percent")


def test_affine_contraction_of_a_half_ellipsoid() -> None:
    """diag(λ, λ, μ): rings in the short-axis plane shorten by λ at every depth and height; meridians by between the
    two, as the slope of the wall has it: nearly μ at the base."""
    curves = motion_curves(moving([scaled(1.0, 1.0), scaled(0.8, 0.9)]))
    rings = curves.circumferential_percent[1, :16]
    assert np.allclose(rings, -20.0, atol=0.05)
    assert np.allclose(curves.longitudinal_percent[1, :6], -10.0, atol=0.4)
    # arc of the mid-wall meridian from the tip to the base, before and after
    theta = np.linspace(0.0, np.pi / 2, 4001)
    a, b = RADIUS_MM + WALL_MM / 2, LENGTH_MM + WALL_MM / 2
    step = np.hypot(a * np.cos(theta), b * np.sin(theta))
    after = np.hypot(0.8 * a * np.cos(theta), 0.9 * b * np.sin(theta))
    inside = b * np.cos(theta) < LENGTH_MM  # segments 1-16: above the endocardial tip
    # weight of a piece of meridian in the muscle: its length times its ring's, times the wall's depth across it
    weight = step * np.sin(theta) * np.hypot(np.sin(theta) / a, np.cos(theta) / b) ** -1
    expected = np.average((after / step)[inside], weights=weight[inside])
    assert curves.global_longitudinal_percent[1] == pytest.approx(100 * (expected - 1), abs=0.5)


def test_thickness_of_the_ventricle() -> None:
    """At the base of the half ellipsoids the wall is WALL_MM thick by construction."""
    curves = motion_curves(moving([scaled(1.0, 1.0), scaled(0.9, 1.0)]))
    assert np.allclose(curves.bullseye("thickness_mm")[:6], WALL_MM, rtol=0.02)
    assert np.ptp(curves.bullseye("thickness_mm")[6:12]) < 0.05 * WALL_MM


def test_a_segment_that_does_not_thicken_shows_in_that_segment_only() -> None:
    """The endocardium moves in by 3 mm everywhere but in the middle of segment 11, where it moves out."""

    def squeeze(dead: bool):
        def one(points: np.ndarray) -> np.ndarray:
            mesh = thick_ventricles()
            depth = mesh.point_fields["transmural"].astype(float)
            rho = np.hypot(points[:, 0], points[:, 1])
            degree, height = np.degrees(np.arctan2(-points[:, 1], -points[:, 0])), 1.0 + points[:, 2] / LENGTH_MM
            aside = np.minimum(np.abs((degree + 150.0) / 30.0), 1.0)  # segment 11: -180..-120 degrees, middle third
            along = np.minimum(np.abs((height - 0.5) * 6.0), 1.0)
            bump = np.cos(np.pi / 2 * aside) ** 2 * np.cos(np.pi / 2 * along) ** 2
            inward = 3.0 * (1.0 - depth) * (1.0 - (2.5 * bump if dead else 0.0)) * np.minimum(rho / 8.0, 1.0)
            out = points.copy()
            out[:, :2] *= (1.0 - inward / np.maximum(rho, 1e-9))[:, None]
            return out

        return one

    healthy, ill = (motion_curves(moving([scaled(1.0, 1.0), squeeze(dead)])) for dead in (False, True))
    assert healthy.bullseye("thickening_percent")[[6, 8, 10]] == pytest.approx(30.0, abs=2.0)
    for name in ("thickening_percent", "radial_percent", "circumferential_percent"):
        change = ill.bullseye(name) - healthy.bullseye(name)
        others = np.delete(change[:16], 10)
        assert abs(change[10]) > 3.0
        assert np.abs(others).max() < 0.06 * abs(change[10]), name


def test_a_late_wall_peaks_late() -> None:
    """The lateral wall shortens a tenth of a beat after the septum: the map of times to peak says so."""
    at = np.arange(30) / 30

    def at_time(when: float):
        def one(points: np.ndarray) -> np.ndarray:
            late = 0.05 * (1.0 + np.tanh(points[:, 0] / 4.0))  # the septum is at -x
            out = points.copy()
            out[:, :2] *= (1.0 - 0.1 * (1.0 - np.cos(2 * np.pi * (when - late + 0.1))))[:, None]
            return out

        return one

    found = motion_curves(moving([at_time(t) for t in at])).bullseye("time_to_peak_percent")
    assert found[[1, 2, 7, 8]] == pytest.approx(40.0, abs=1.0)
    assert found[[4, 5, 10, 11]] == pytest.approx(50.0, abs=1.0)
    assert np.isnan(found[16])


def test_every_bullseye_has_a_scale() -> None:
    assert set(BULLSEYES) == set(SCALES)
