"""The mesh's motion: volumes are the circulation's, muscle is kept, nothing turns inside out."""

from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import EngineError, OrganMesh
from twinviewer.engines.beat.motion import Course, poses
from twinviewer.engines.beat.mover import Mover, Pose
from twinviewer.geometry.attached import SWELLING, Attached, shown_ratio
from twinviewer.physics.heart_model import RIGHT_OFFSET, patches_of
from twinviewer.physics.kinematics import limited, motion_field
from twinviewer.physics.wall_volume import Neighbours, even_out, keep_volumes, volume_ratios


@lru_cache(maxsize=1)
def mesh() -> OrganMesh:
    return ideal_heart()


@lru_cache(maxsize=1)
def mover() -> Mover:
    return Mover.of(motion_field(mesh(), patches_of(mesh())))


def move(lv: float, rv: float, lateral: float = 0.0) -> Pose:
    """One pose at these shares of the cavities' volumes; ``lateral``: how much longer the lateral wall's area stays."""
    patches = patches_of(mesh())
    area = np.where(patches.number < RIGHT_OFFSET, lv**0.45, rv**0.4)
    area[np.isin(patches.number, (5, 6, 11, 12, 16))] += lateral
    area[np.isin(patches.number, (2, 3, 8, 9, 14))] -= lateral
    one = np.ones(1)
    course = Course(
        mesh().enclosed_ml("lv_cavity") * lv * one, mesh().enclosed_ml("rv_cavity") * rv * one, one, one, area[None]
    )
    return next(iter(poses(mover(), course)))


@pytest.mark.parametrize(
    ("lv", "rv", "lateral"),
    [(1.0, 1.0, 0.0), (0.4, 0.4, 0.0), (0.7, 0.6, 0.0), (0.7, 0.65, 0.07), (0.9, 0.9, 0.08), (1.1, 1.15, 0.0)],
    ids=["rest", "strong", "weak", "late lateral", "septal flash", "overfilled"],
)
def test_volumes_muscle_and_elements(lv: float, rv: float, lateral: float) -> None:
    pose = move(lv, rv, lateral)
    assert pose.lv_ml == pytest.approx(lv * mesh().enclosed_ml("lv_cavity"), rel=5e-3)
    assert pose.rv_ml == pytest.approx(rv * mesh().enclosed_ml("rv_cavity"), rel=5e-3)
    assert pose.wall_ratio == pytest.approx(1.0, abs=0.01)
    assert pose.least_tet > 0.0
    assert np.isfinite(pose.points_mm).all()


def test_rest_is_the_mesh_itself() -> None:
    assert move(1.0, 1.0).points_mm == pytest.approx(mesh().points_mm, abs=0.2)


def test_base_descends_towards_the_apex_and_the_apex_stays() -> None:
    moved = move(0.45, 0.5).points_mm - mesh().points_mm
    axis = mesh().landmarks["mitral_centre"] - mesh().landmarks["lv_apex"]
    axis = axis / np.linalg.norm(axis)
    high = np.asarray(mesh().point_fields["apicobasal"])[: mesh().wall_points]
    left = np.asarray(mesh().point_fields["aha_segment"])[: mesh().wall_points] > 0
    along = moved[: mesh().wall_points] @ axis
    base, apex = along[left & (high > 0.95)].mean(), along[left & (high < 0.05)].mean()
    assert -20.0 < base < -7.0
    assert abs(apex) < 3.0


def test_wall_thickens_as_it_moves_in() -> None:
    rest, pose = mesh().points_mm, move(0.45, 0.5).points_mm
    segment = np.asarray(mesh().point_fields["aha_segment"])
    depth = np.asarray(mesh().point_fields["transmural"])
    lateral = np.isin(segment, (11, 12))
    axis = mesh().landmarks["mitral_centre"] - mesh().landmarks["lv_apex_endo"]
    axis = axis / np.linalg.norm(axis)

    def radius(points: np.ndarray, rows: np.ndarray) -> float:
        arm = points[rows] - mesh().landmarks["lv_apex_endo"]
        return float(np.linalg.norm(arm - np.outer(arm @ axis, axis), axis=1).mean())

    inner, outer = lateral & (depth < 0.05), lateral & (depth > 0.95)
    assert radius(pose, inner) < 0.8 * radius(rest, inner)
    assert 0.85 * radius(rest, outer) < radius(pose, outer) < radius(rest, outer)


def test_late_lateral_wall_stays_out() -> None:
    even, late = move(0.75, 0.75), move(0.75, 0.75, 0.07)
    segment = np.asarray(mesh().point_fields["aha_segment"])
    inner = np.unique(mesh().surfaces["lv_endocardium"])
    axis = mesh().landmarks["mitral_centre"] - mesh().landmarks["lv_apex_endo"]
    axis = axis / np.linalg.norm(axis)

    def radius(pose: Pose, segments: tuple[int, ...]) -> float:
        arm = pose.points_mm[inner[np.isin(segment[inner], segments)]] - mesh().landmarks["lv_apex_endo"]
        return float(np.linalg.norm(arm - np.outer(arm @ axis, axis), axis=1).mean())

    assert radius(late, (11, 12)) > radius(even, (11, 12)) + 1.0
    assert radius(late, (8, 9)) < radius(even, (8, 9)) - 1.0


def test_an_impossible_volume_is_refused() -> None:
    with pytest.raises(EngineError, match="cannot take the volume"):
        move(0.02, 0.6)


def test_limit_is_smooth_and_bounded() -> None:
    value = np.linspace(-3.0, 1.0, 4001)
    bent = limited(value, np.full_like(value, 0.86))
    assert bent.min() > -0.86
    assert np.all(np.diff(bent) >= 0.0)
    assert np.array_equal(bent[value > -0.6], value[value > -0.6])


def test_an_inverted_element_is_seen_and_mended() -> None:
    rest = mesh().points_mm.astype(np.float64)
    ml = patches_of(mesh()).tet_ml
    moved = rest.copy()
    moved[1000] += 5.0
    ratio = np.empty(len(ml))
    volume_ratios(moved, mesh().tets, ml, ratio)
    assert ratio.min() < 0.0
    volume, least = keep_volumes(moved, mesh().tets, ml, Neighbours.in_layers(mesh()))
    assert least > 0.0 and volume == pytest.approx(ml.sum(), rel=5e-3)


def test_evening_out_keeps_a_shift_and_calms_noise() -> None:
    wall = slice(mesh().wall_points)
    shift = np.tile([3.0, -2.0, 1.0], (len(mesh().points_mm), 1))
    noise = np.random.default_rng(0).normal(0.0, 1.0, shift.shape)
    for added, left in ((0.0, 1e-6), (noise, 0.5)):
        values = even_out(shift + added, Neighbours.in_layers(mesh()), 10)
        assert np.std((values - shift)[wall]) <= left


def test_the_beat_closes() -> None:
    patches = patches_of(mesh())
    share = 1.0 - 0.5 * np.sin(np.linspace(0.0, np.pi, 9)) ** 2
    area = np.tile(share[:, None] ** 0.45, (1, len(patches.number)))
    one = np.ones(9)
    volumes = [mesh().enclosed_ml(f"{side}_cavity") * share for side in ("lv", "rv")]
    *_, last = poses(mover(), Course(volumes[0], volumes[1], one, one, area))
    assert last.points_mm[: mesh().wall_points] == pytest.approx(mesh().points_mm[: mesh().wall_points], abs=1.5)


def test_atria_swell_with_their_volume_up_to_a_limit() -> None:
    assert shown_ratio(1.0) == pytest.approx(1.0) and shown_ratio(1.1) == pytest.approx(1.1, rel=0.01)
    assert np.all(np.diff([shown_ratio(r) for r in (0.3, 0.7, 1.0, 1.5, 3.0)]) > 0.0)
    assert shown_ratio(4.0) <= SWELLING
    attached = Attached(mesh())
    points = mesh().points_mm.astype(np.float64)
    attached.follow(points, {"la": 1.2, "ra": 4.0})
    grown = [mesh().enclosed_ml(name, points) / mesh().enclosed_ml(name) for name in ("la", "ra")]
    assert grown[0] == pytest.approx(shown_ratio(1.2), rel=0.02) and 1.3 < grown[1] <= 1.01 * SWELLING
    assert np.array_equal(points[: mesh().wall_points], mesh().points_mm[: mesh().wall_points])
