"""Valves against Gorlin's and Rayleigh's laws, and their diseases against how they are graded."""

import math
from functools import lru_cache

import numpy as np
import pytest
from patched_heart import beat_of, heart, output_l_min, stroke_ml

from twinviewer.domain import EngineError
from twinviewer.physics.heart_model import valve_of
from twinviewer.physics.heartbeat import Beat
from twinviewer.physics.valves import Valve, valve_flow


@lru_cache(maxsize=12)
def beat(name: str = "", cm2: float = 0.0) -> Beat:
    return beat_of(heart(), **({name: cm2} if name else {}))


def back_ml(found: Beat, valve: str) -> tuple[float, float]:
    """Regurgitant volume, mL, and fraction."""
    flow = found[f"{valve}_flow_ml_s"]
    back = -float(np.clip(flow, None, 0.0).mean())
    return back * found.period_s, back / float(np.clip(flow, 0.0, None).mean())


def gorlin_cm2(found: Beat, valve: str, upstream: str, downstream: str) -> float:
    """Area after Gorlin with the hydraulic constant: rms flow / (51.6 sqrt(mean gradient)) (rho 1.06 g/mL)."""
    flow = found[f"{valve}_flow_ml_s"]
    opened = flow > 1.0
    drop = (found[f"{upstream}_pressure_mmhg"] - found[f"{downstream}_pressure_mmhg"])[opened].mean()
    return float(np.sqrt((flow[opened] ** 2).mean() / drop) / 51.6 * math.sqrt(1.06))


@pytest.mark.parametrize("area", [0.6, 1.0, 2.0, 4.0])
def test_blood_starts_as_rayleigh_says_and_ends_as_gorlin_says(area: float) -> None:
    valve, drop, step = Valve(0.0, area, 1e9), 20.0, 1e-5
    # a hole of radius a conducts like a tube of area / length = 2a
    radius_m = math.sqrt(area * 1e-4 / math.pi)
    inertance = 1060.0 / (2.0 * radius_m) / 133.322 * 1e-6
    flow = 0.0
    for i in range(40000):
        flow = valve_flow(valve, drop, flow, step)
        if i == 10:
            assert flow == pytest.approx(11 * step * drop / inertance, rel=0.02)
    velocity_m_s = math.sqrt(2.0 * drop * 133.322 / 1060.0)
    assert flow == pytest.approx(velocity_m_s * 100.0 * area, rel=0.02)


def test_momentum_carries_blood_against_pressure_and_no_further_than_the_leaflets() -> None:
    tight, leaking = Valve(0.0, 4.0, 1e9), Valve(0.0, 4.0, 1e9, 0.3)
    assert valve_flow(tight, -5.0, 300.0, 1e-3) > 200.0
    for valve, end in ((tight, 0.0), (leaking, -100.0 * 0.3 * math.sqrt(2.0 * 60.0 * 133.322 / 1060.0))):
        flow = 300.0
        for _ in range(4000):
            flow = valve_flow(valve, -60.0, flow, 5e-4)
        assert flow == pytest.approx(end, rel=1e-3, abs=1e-9)


def test_half_the_step_changes_no_flow() -> None:
    course = []
    for step in (5e-4, 2.5e-4):
        flow, volume = 0.0, 0.0
        for i in range(round(0.3 / step)):
            flow = valve_flow(Valve(0.0, 4.0, 1e9), 12.0 * math.cos(math.pi * (i + 0.5) * step / 0.25), flow, step)
            volume += flow * step
        course.append(volume)
    assert course[0] == pytest.approx(course[1], rel=5e-3)


def test_a_normal_valve_costs_little() -> None:
    found = beat()
    opened = found["aortic_flow_ml_s"] > 1.0
    # mean Doppler gradient of normal native aortic valves: a few mmHg; peak velocity 1.0 to 1.7 m/s
    assert 1.0 < (found["lv_pressure_mmhg"] - found["aortic_pressure_mmhg"])[opened].mean() < 6.0
    assert 1.0 < found["aortic_flow_ml_s"].max() / 4.0 / 100.0 < 1.7
    assert max(back_ml(found, valve)[0] for valve in ("mitral", "aortic", "tricuspid", "pulmonary")) < 0.1


@pytest.mark.parametrize("area", [0.7, 1.0, 1.5])
def test_gorlin_finds_a_narrow_aortic_valve_again(area: float) -> None:
    assert gorlin_cm2(beat("aortic_area_cm2", area), "aortic", "lv", "aortic") == pytest.approx(area, rel=0.1)


@pytest.mark.parametrize("area", [1.0, 1.5])
def test_gorlin_finds_a_narrow_mitral_valve_again(area: float) -> None:
    assert gorlin_cm2(beat("mitral_area_cm2", area), "mitral", "la", "lv") == pytest.approx(area, rel=0.1)


def test_severe_aortic_stenosis_is_severe_by_its_gradient() -> None:
    # below 1 cm2 with a normal output: mean gradient 40 mmHg and more, peak velocity above 4 m/s (ACC/AHA 2020)
    found, healthy = beat("aortic_area_cm2", 0.7), beat()
    opened = found["aortic_flow_ml_s"] > 1.0
    assert (found["lv_pressure_mmhg"] - found["aortic_pressure_mmhg"])[opened].mean() > 40.0
    assert found["aortic_flow_ml_s"].max() / 0.7 / 100.0 > 4.0
    assert found["lv_pressure_mmhg"].max() > healthy["lv_pressure_mmhg"].max() + 30.0
    assert stroke_ml(found) < stroke_ml(healthy)
    # it takes longer to empty through (ejection time is prolonged in aortic stenosis)
    assert opened.mean() > 1.1 * (healthy["aortic_flow_ml_s"] > 1.0).mean()


def test_mitral_stenosis_holds_blood_before_the_lungs() -> None:
    found, healthy = beat("mitral_area_cm2", 1.0), beat()
    assert found["la_pressure_mmhg"].mean() > healthy["la_pressure_mmhg"].mean() + 4.0
    assert found["pulmonary_artery_pressure_mmhg"].mean() > healthy["pulmonary_artery_pressure_mmhg"].mean() + 3.0
    assert output_l_min(found) < 0.9 * output_l_min(healthy)


def test_mitral_regurgitation_grows_with_its_orifice_as_it_is_graded() -> None:
    # orifice 0.2 cm2: 30 to 45 mL a beat; 0.4 cm2: 60 mL and, in a normal ventricle, half of the stroke (ASE 2017)
    rows = [back_ml(beat("mitral_leak_cm2", leak), "mitral") for leak in (0.1, 0.2, 0.4)]
    volumes, shares = zip(*rows, strict=True)
    assert volumes[0] < volumes[1] < volumes[2] and shares[0] < shares[1] < shares[2]
    assert 30.0 < volumes[1] < 45.0
    assert 60.0 < volumes[2] < 80.0 and 0.42 < shares[2] < 0.6
    found, healthy = beat("mitral_leak_cm2", 0.4), beat()
    assert stroke_ml(found) > 1.2 * stroke_ml(healthy)
    assert output_l_min(found) < 0.85 * output_l_min(healthy)
    assert found["la_pressure_mmhg"].max() > healthy["la_pressure_mmhg"].max() + 6.0


def test_aortic_regurgitation_widens_the_pulse() -> None:
    # orifice 0.3 cm2 and more is severe, with some 60 mL and half of the stroke (ASE 2017)
    volume, share = back_ml(beat("aortic_leak_cm2", 0.3), "aortic")
    assert 45.0 < volume < 75.0 and 0.38 < share < 0.6
    found, healthy = (beat(*which)["aortic_pressure_mmhg"] for which in (("aortic_leak_cm2", 0.3), ("", 0.0)))
    assert found.min() < healthy.min() - 20.0
    assert np.ptp(found) > 1.3 * np.ptp(healthy)


@pytest.mark.parametrize(("name", "value"), [("area", 0.0), ("area", math.nan), ("leak", -0.1), ("leak", 9.0)])
def test_a_valve_that_cannot_be_is_named(name: str, value: float) -> None:
    with pytest.raises(EngineError, match=f"mitral_{name}_cm2"):
        valve_of({f"mitral_{name}_cm2": value}, "mitral")
