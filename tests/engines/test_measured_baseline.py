"""Where a mesh brings a measured motion, the baseline is that motion, and a therapy changes it by what is simulated."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import OrganMesh, Quantity, Records, Run, Setup, silent
from twinviewer.engines.beat import ENGINE
from twinviewer.engines.beat.measured import matched
from twinviewer.organs.heart.setup import setup
from twinviewer.session.simulate import collect

pytestmark = pytest.mark.slow

TURN_DEG = 6.0


def measurements() -> dict[str, Quantity]:
    volume = ideal_heart().enclosed_ml("lv_cavity")
    return {
        "lv_edv_ml": Quantity(volume, "mL", "measured", "test"),
        "lv_esv_ml": Quantity(0.5 * volume, "mL", "measured", "test"),
    }


@lru_cache(maxsize=1)
def plain() -> tuple[Setup, Run]:
    """The ideal heart without images: kinematic motion alone."""
    made = setup(ideal_heart(), measurements(), Records(), {})
    return made, collect(ENGINE, made, silent)


@lru_cache(maxsize=1)
def filmed() -> OrganMesh:
    """The same heart with a film of its beat, in which it turns besides, by TURN_DEG at end systole: a motion that
    changes no volume and that the kinematic reconstruction does not have."""
    mesh, (_, run) = ideal_heart(), plain()
    lv = np.array([mesh.enclosed_ml("lv_cavity", p) for p in run.points_mm])
    start = int(np.argmax(lv))
    order = (start + np.arange(len(lv))) % len(lv)
    emptied = (lv.max() - lv[order]) / np.ptp(lv)
    axis = mesh.landmarks["mitral_centre"] - mesh.landmarks["lv_apex"]
    axis = axis / np.linalg.norm(axis)
    centre = mesh.landmarks["lv_apex"]
    frames = []
    for frame, share in zip(run.points_mm[order], emptied, strict=True):
        angle = np.radians(TURN_DEG) * share
        arm = frame - centre
        turned = arm * np.cos(angle) + np.cross(axis, arm) * np.sin(angle)
        frames.append(centre + turned + np.outer(arm @ axis, axis) * (1.0 - np.cos(angle)))
    motion = np.array(frames, dtype=np.float32)
    rest = motion[0].astype(np.float64)
    fraction = np.arange(len(motion)) / len(motion)
    return replace(mesh, points_mm=rest, motion_mm=motion, motion_fraction=fraction, uid="filmed")


@lru_cache(maxsize=1)
def baseline() -> tuple[Setup, Run]:
    made = setup(filmed(), measurements(), Records(), {})
    return made, collect(ENGINE, made, silent)


def test_the_baseline_is_the_film_at_the_same_volumes() -> None:
    mesh, (_, run) = filmed(), baseline()
    lv = np.array([mesh.enclosed_ml("lv_cavity", p) for p in run.points_mm])
    shown = matched(mesh, lv)
    away = np.linalg.norm(run.points_mm[:, : mesh.wall_points] - shown, axis=2)
    assert away.mean() < 0.5 and np.percentile(away, 99) < 3.0
    # the turn of the film is there, which no kinematic map makes: its mean arm is about 30 mm
    assert np.linalg.norm(shown - plain()[1].points_mm[0, : mesh.wall_points], axis=2).max() > 3.0


def test_its_cavities_hold_what_the_circulation_says() -> None:
    mesh, (_, run) = filmed(), baseline()
    for side in ("lv", "rv"):
        trace = run.traces[f"{side}_volume_ml"]
        said = np.interp(run.time_s, trace.time_s, trace.values)
        held = [mesh.enclosed_ml(f"{side}_cavity", p) for p in run.points_mm]
        assert held == pytest.approx(said, rel=0.01)


def test_no_therapy_is_exactly_no_difference_and_a_therapy_is_the_simulated_difference() -> None:
    made, run = baseline()
    control = collect(ENGINE, replace(made, untreated=made), silent)
    assert np.array_equal(control.points_mm, run.points_mm)
    weak = made.parameters["contractility_lv_kpa"]
    treated = replace(
        made.with_parameter("contractility_lv_kpa", weak.with_value(0.7 * weak.value, "chosen", "test")), untreated=made
    )
    weaker = collect(ENGINE, treated, silent)
    before, (setup_before, run_before) = ideal_heart(), plain()
    same = setup_before.parameters["contractility_lv_kpa"]
    plainly = collect(
        ENGINE,
        setup_before.with_parameter("contractility_lv_kpa", same.with_value(0.7 * same.value, "chosen", "test")),
        silent,
    )
    wall = before.wall_points
    got = weaker.points_mm[:, :wall] - run.points_mm[:, :wall]
    expected = plainly.points_mm[:, :wall] - run_before.points_mm[:, :wall]
    moved = np.linalg.norm(expected, axis=2)
    assert moved.max() > 1.5
    # turned by up to 6 degrees between film and plain heart, and cavities brought to volume once more
    assert np.linalg.norm(got - expected, axis=2).mean() < 0.35 * moved.mean() + 0.3
