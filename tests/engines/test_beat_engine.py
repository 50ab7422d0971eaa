"""The beat engine from end to end on the ideal heart: healthy, with left bundle branch block, and resynchronised."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import (
    Engine,
    EngineError,
    Field,
    Frame,
    Metric,
    OrganMesh,
    Payload,
    Progress,
    Quantity,
    Records,
    Setup,
    Stimulus,
    Trace,
)
from twinviewer.engines.beat import ENGINE
from twinviewer.organs.heart.setup import SETUP_PARAMETERS, setup

RATE, SYSTOLIC, DIASTOLIC, EF, BLOCKED_EF = 72.0, 115.0, 70.0, 0.58, 0.33


def measured(value: float, unit: str) -> Quantity:
    return Quantity(value, unit, "measured", "test")


@lru_cache(maxsize=1)
def mesh() -> OrganMesh:
    return ideal_heart()


def records(*findings: str, **more: float) -> Records:
    values = {
        "heart_rate_bpm": measured(RATE, "bpm"),
        "systolic_mmhg": measured(SYSTOLIC, "mmHg"),
        "diastolic_mmhg": measured(DIASTOLIC, "mmHg"),
    }
    values |= {name: measured(value, name.rsplit("_", 1)[1]) for name, value in more.items()}
    return Records(values, dict.fromkeys(findings, "test"))


def measurements(ejected: float) -> dict[str, Quantity]:
    return {"lv_edv_ml": measured(100.0, "mL"), "lv_esv_ml": measured(100.0 * (1.0 - ejected), "mL")}


@lru_cache(maxsize=1)
def healthy_setup() -> Setup:
    return setup(mesh(), measurements(EF), records(), {})


@lru_cache(maxsize=1)
def blocked_setup() -> Setup:
    return setup(mesh(), measurements(BLOCKED_EF), records("left_bundle_branch_block", qrs_ms=165.0), {})


def paced(base: Setup) -> Setup:
    """Both ventricles paced: lateral epicardium and right apex, shortly before the intrinsic beat arrives."""
    segment = np.asarray(base.mesh.point_fields["aha_segment"])
    depth = np.asarray(base.mesh.point_fields["transmural"])
    lateral = np.flatnonzero((segment == 11) & (depth > 0.9))
    apex = np.flatnonzero(np.asarray(base.mesh.point_fields["rv_segment"]) == 3)
    leads = (Stimulus("LV lead", int(lateral[len(lateral) // 2]), 125.0), Stimulus("RV lead", int(apex[0]), 140.0))
    return replace(base, stimuli=(*base.stimuli, *leads))


class Result:
    """All payloads of one run, sorted."""

    def __init__(self, chosen: Setup) -> None:
        self.payloads: list[Payload] = list(ENGINE.run(chosen))
        self.frames = [p for p in self.payloads if isinstance(p, Frame)]
        self.fields = {p.name: p for p in self.payloads if isinstance(p, Field)}
        self.traces = {p.name: p for p in self.payloads if isinstance(p, Trace)}
        self.metrics = {p.name: p.quantity for p in self.payloads if isinstance(p, Metric)}

    def value(self, name: str) -> float:
        return self.metrics[name].value


@lru_cache(maxsize=4)
def result(which: str) -> Result:
    chosen = {"healthy": healthy_setup, "blocked": blocked_setup, "paced": lambda: paced(blocked_setup())}
    return Result(chosen[which]())


def test_is_an_engine_that_this_mesh_carries() -> None:
    assert isinstance(ENGINE, Engine)
    assert ENGINE.requires <= mesh().fields


@pytest.mark.parametrize("which", ["healthy", "blocked", "paced"])
def test_every_frame_holds_the_circulations_blood(which: str) -> None:
    found = result(which)
    wall = mesh().wall_ml()
    for frame in found.frames:
        for side in ("lv", "rv"):
            wanted = found.traces[f"{side}_volume_ml"].at(frame.time_s)
            assert mesh().enclosed_ml(f"{side}_cavity", frame.points_mm) == pytest.approx(wanted, rel=0.005)
        assert mesh().wall_ml(frame.points_mm) == pytest.approx(wall, rel=0.015)
        edge = frame.points_mm[mesh().tets[:, 1:]] - frame.points_mm[mesh().tets[:, :1]]
        assert np.linalg.det(edge.astype(np.float64)).min() > 0.0


@pytest.mark.parametrize("which", ["healthy", "blocked"])
def test_beat_is_whole_periodic_and_finite(which: str) -> None:
    found = result(which)
    times = np.array([frame.time_s for frame in found.frames])
    assert times[0] == 0.0 and np.all(np.diff(times) > 0.0) and times[-1] < 60.0 / RATE
    assert np.diff(times).max() < 1.0 / 40.0
    step = [np.abs(b.points_mm - a.points_mm).max() for a, b in zip(found.frames, found.frames[1:], strict=False)]
    assert np.abs(found.frames[0].points_mm - found.frames[-1].points_mm).max() < 2.0 * max(step)
    for trace in found.traces.values():
        assert np.isfinite(trace.values).all()
        assert trace.time_s[-1] == pytest.approx(60.0 / RATE, abs=1e-3)
    wall = mesh().wall_points
    for frame in found.frames:
        for values in frame.fields.values():
            assert np.isfinite(values[:wall]).all() and np.isnan(values[wall:]).all()
    assert np.isfinite(found.fields["work_kpa"].values[:wall]).all()


@pytest.mark.parametrize(("which", "ejected"), [("healthy", EF), ("blocked", BLOCKED_EF)])
def test_fit_meets_what_was_measured(which: str, ejected: float) -> None:
    found = result(which)
    assert found.value("lv_edv_ml") == pytest.approx(mesh().enclosed_ml("lv_cavity"), rel=0.01)
    assert found.value("lv_ef_percent") == pytest.approx(100.0 * ejected, abs=1.0)
    assert found.value("systolic_aortic_mmhg") == pytest.approx(SYSTOLIC, abs=2.0)
    assert found.value("diastolic_aortic_mmhg") == pytest.approx(DIASTOLIC, abs=2.0)
    assert found.value("heart_rate_bpm") == pytest.approx(RATE)
    assert found.value("rv_edv_ml") == pytest.approx(mesh().enclosed_ml("rv_cavity"), rel=0.03)


def test_every_metric_comes_from_the_engine() -> None:
    expected = {
        "lv_edv_ml", "lv_esv_ml", "lv_ef_percent", "lv_stroke_volume_ml", "rv_edv_ml", "rv_ef_percent",
        "lv_dpdt_max_mmhg_s", "stroke_work_mmhg_ml", "systolic_aortic_mmhg", "diastolic_aortic_mmhg",
        "mean_arterial_mmhg", "cardiac_output_l_min", "heart_rate_bpm", "qrs_ms", "total_activation_ms",
    }  # fmt: skip
    found = result("healthy")
    assert expected <= set(found.metrics)
    assert {quantity.origin for quantity in found.metrics.values()} == {"simulated"}
    stroke = found.value("lv_stroke_volume_ml")
    assert stroke == pytest.approx(found.value("lv_edv_ml") - found.value("lv_esv_ml"))
    assert found.value("cardiac_output_l_min") == pytest.approx(stroke * RATE / 1000.0)
    assert found.value("rv_stroke_volume_ml") == pytest.approx(stroke, rel=0.02)


def test_healthy_heart_is_physiological() -> None:
    found = result("healthy")
    assert 105.0 < found.value("lv_systolic_mmhg") < 130.0
    assert 1100.0 < found.value("lv_dpdt_max_mmhg_s") < 2300.0
    assert 15.0 < found.value("rv_systolic_mmhg") < 35.0
    assert found.value("mean_left_atrial_mmhg") < 14.0
    flow = found.traces["aortic_flow_ml_s"]
    # left ventricular ejection time 413 - 1.7 HR ms in men, SD 10 (Weissler, Circulation 37:149, 1968)
    ejection_ms = 1000.0 * float((flow.values[:-1] > 5.0).mean() * flow.time_s[-1])
    assert ejection_ms == pytest.approx(413.0 - 1.7 * RATE, abs=20.0)
    assert found.value("ejection_time_ms") == pytest.approx(ejection_ms, abs=8.0)
    assert found.value("pre_ejection_ms") == pytest.approx(131.0 - 0.4 * RATE, abs=20.0)
    # Doppler of healthy adults: E wave 0.5 to 1.1, aortic jet 0.9 to 1.7 m/s; no valve runs back
    assert 0.5 < found.value("mitral_jet_m_s") < 1.1
    assert 0.9 < found.value("aortic_jet_m_s") < 1.7
    assert found.value("aortic_gradient_peak_mmhg") == pytest.approx(4.0 * found.value("aortic_jet_m_s") ** 2, rel=0.02)
    assert found.value("mitral_regurgitant_ml") == found.value("aortic_regurgitant_ml") == 0.0
    assert found.value("net_output_l_min") == pytest.approx(found.value("cardiac_output_l_min"), rel=0.01)
    assert 8.0 < found.value("mean_pulmonary_mmhg") < 21.0  # 14 +- 3 at rest (Kovacs, Eur Respir J 34:888, 2009)
    assert 0.0 < found.value("mean_right_atrial_mmhg") < 8.0


def test_block_wastes_the_septums_work() -> None:
    healthy, blocked = result("healthy"), result("blocked")
    share = [r.value("septal_work_kpa") / r.value("lateral_work_kpa") for r in (healthy, blocked)]
    assert share[0] > 0.4 and share[1] < 0.5 * share[0]


def test_pacing_restores_force_and_work_because_activation_is_more_even() -> None:
    blocked, treated = result("blocked"), result("paced")
    assert treated.value("septal_lateral_delay_ms") < 0.7 * blocked.value("septal_lateral_delay_ms")
    assert treated.value("lv_dpdt_max_mmhg_s") > 1.03 * blocked.value("lv_dpdt_max_mmhg_s")
    assert treated.value("lv_ef_percent") > blocked.value("lv_ef_percent")
    assert treated.value("septal_work_kpa") > blocked.value("septal_work_kpa") + 1.0


def test_same_setup_same_numbers() -> None:
    again = Result(blocked_setup())
    first = result("blocked")
    assert {n: q.value for n, q in again.metrics.items()} == {n: q.value for n, q in first.metrics.items()}
    assert np.array_equal(again.frames[20].points_mm, first.frames[20].points_mm)


def test_yields_often_and_can_be_closed_anywhere() -> None:
    progress = [p.fraction for p in result("healthy").payloads if isinstance(p, Progress)]
    assert len(progress) > 40 and progress == sorted(progress) and progress[-1] == 1.0
    for stop in (1, 5, 30, 45):
        run = ENGINE.run(healthy_setup())
        for _ in range(stop):
            next(run)
        run.close()
        with pytest.raises(StopIteration):
            next(run)


@pytest.mark.parametrize("name", ["heart_rate_bpm", "contractility_lv_kpa", "systemic_resistance_mmhg_s_ml"])
@pytest.mark.parametrize("bad", [0.0, float("nan"), -1.0])
def test_a_parameter_that_is_not_physical_is_named(name: str, bad: float) -> None:
    quantity = replace(healthy_setup().parameters[name], value=bad)
    broken = healthy_setup().with_parameter(name, quantity)
    with pytest.raises(EngineError, match=name):
        list(ENGINE.run(broken))


def test_setup_says_where_everything_is_from() -> None:
    made = blocked_setup()
    assert all(quantity.source for quantity in made.parameters.values())
    assert made.parameters["heart_rate_bpm"].origin == "measured"
    assert made.parameters["contractility_lv_kpa"].origin == "fitted"
    assert made.parameters["conduction_fibre_m_s"].origin == "fitted"
    assert any("Left bundle branch block" in note for note in made.notes)
    assert any(note.startswith("Fitted in") for note in made.notes)


def test_setup_without_end_systole_says_so() -> None:
    made = setup(mesh(), {"lv_volume_ml": measured(100.0, "mL")}, Records(), {"heart_rate_bpm": 65.0})
    assert made.parameters["contractility_lv_kpa"].origin == "assumed"
    assert made.parameters["heart_rate_bpm"].origin == "chosen"
    assert any("No end-systolic volume" in note for note in made.notes)
    assert any("No blood pressure" in note for note in made.notes)


def test_setup_parameters_are_declared() -> None:
    for parameter in SETUP_PARAMETERS:
        assert parameter.source and parameter.check(parameter.default) == parameter.default
