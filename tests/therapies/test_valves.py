"""Valve therapies: what they set, when they refuse, and what the loop makes of it, against Gorlin."""

import numpy as np
import pytest
from ideal_patient import ideal_patient

from twinviewer.domain import Metric, Quantity, Setup, Therapy, TherapyError, Trace
from twinviewer.engines.beat import ENGINE
from twinviewer.therapies import aortic_valve, mitral_clip


def baseline() -> Setup:
    return ideal_patient()


def ill(**areas: float) -> Setup:
    made = baseline()
    for name, value in areas.items():
        made = made.with_parameter(name, Quantity(value, "cm2", "chosen", "test"))
    return made


def beat(chosen: Setup) -> tuple[dict[str, float], dict[str, Trace]]:
    payloads = list(ENGINE.run(chosen))
    numbers = {p.name: p.quantity.value for p in payloads if isinstance(p, Metric)}
    return numbers, {p.name: p for p in payloads if isinstance(p, Trace)}


@pytest.mark.parametrize("therapy", [aortic_valve.THERAPY, mitral_clip.THERAPY])
def test_are_therapies_that_refuse_a_sound_valve(therapy: Therapy) -> None:
    assert isinstance(therapy, Therapy) and therapy.edits == {"valves"}
    assert therapy.edits <= ENGINE.understands
    with pytest.raises(TherapyError, match="settings of this heart"):
        therapy.apply(baseline(), {})


def test_a_prosthesis_has_its_own_area_and_leak() -> None:
    after = aortic_valve.THERAPY.apply(ill(aortic_area_cm2=0.8), {"prosthesis": "evolut_29", "leak_cm2": 0.05})
    assert after.value("aortic_area_cm2") == 1.97 and after.value("aortic_leak_cm2") == 0.05
    assert "Evolut" in after.parameters["aortic_area_cm2"].source
    # a wide valve that leaks may be replaced too
    assert aortic_valve.THERAPY.apply(ill(aortic_leak_cm2=0.4), {}).value("aortic_leak_cm2") == 0.0


def test_a_clip_takes_the_share_of_the_leak() -> None:
    after = mitral_clip.THERAPY.apply(ill(mitral_leak_cm2=0.5), {"leak_less_percent": 80.0, "area_percent": 50.0})
    assert after.value("mitral_leak_cm2") == pytest.approx(0.1)
    assert after.value("mitral_area_cm2") == pytest.approx(2.5)


@pytest.mark.slow
def test_stenosis_obeys_gorlin_and_a_prosthesis_takes_its_gradient() -> None:
    """Severe stenosis: below 1 cm2 and a mean gradient above 40 mmHg go together at a normal output (Gorlin)."""
    narrow = ill(aortic_area_cm2=0.7)
    before, traces = beat(narrow)
    after, _ = beat(aortic_valve.THERAPY.apply(narrow, {}))
    flow = traces["aortic_flow_ml_s"].values
    forward = flow > 1.0
    root_mean_square = float(np.sqrt((flow[forward] ** 2).mean()))
    # Bernoulli with blood of 1060 kg/m3: Q = 50.2 A sqrt(gradient) in mL/s, cm2 and mmHg
    area = root_mean_square / (50.2 * np.sqrt(before["aortic_gradient_mean_mmhg"]))
    assert area == pytest.approx(0.7, rel=0.10)
    assert before["lv_systolic_mmhg"] > before["systolic_aortic_mmhg"] + 15.0
    assert after["aortic_gradient_mean_mmhg"] < 0.4 * before["aortic_gradient_mean_mmhg"]
    assert after["lv_systolic_mmhg"] < before["lv_systolic_mmhg"]
    assert after["stroke_work_mmhg_ml"] / after["lv_stroke_volume_ml"] < (
        before["stroke_work_mmhg_ml"] / before["lv_stroke_volume_ml"]
    )


@pytest.mark.slow
def test_a_clip_brings_blood_forward_again() -> None:
    leaking = ill(mitral_leak_cm2=0.4)
    before, _ = beat(leaking)
    after, _ = beat(mitral_clip.THERAPY.apply(leaking, {}))
    assert before["mitral_regurgitant_percent"] > 25.0  # an orifice of 0.4 cm2 is severe
    assert after["mitral_regurgitant_percent"] < 0.5 * before["mitral_regurgitant_percent"]
    assert after["net_output_l_min"] > before["net_output_l_min"]
    assert after["mean_left_atrial_mmhg"] < before["mean_left_atrial_mmhg"]
    assert after["mitral_gradient_mean_mmhg"] > before["mitral_gradient_mean_mmhg"]
