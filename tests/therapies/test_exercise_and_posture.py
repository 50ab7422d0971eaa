"""Exercise, posture and valve lesions as therapies: nothing at rest, bounds, and what they refuse."""

import pytest
from healthy_heart import State, setup_of, volunteer

from twinviewer.domain import Setup, Therapy, TherapyError
from twinviewer.engines.beat import ENGINE
from twinviewer.therapies.exercise import THERAPY as EXERCISE
from twinviewer.therapies.posture import THERAPY as POSTURE
from twinviewer.therapies.valve_lesion import THERAPY as LESION

REST = State(70.0, 5.5, 93.0, 8.0)


@pytest.fixture
def setup() -> Setup:
    return setup_of(volunteer(REST))


@pytest.mark.parametrize(
    ("therapy", "still"), [(EXERCISE, {"power_w": 0.0}), (POSTURE, {"angle_deg": 0.0}), (LESION, {})]
)
def test_is_a_therapy_that_at_rest_changes_nothing(setup: Setup, therapy: Therapy, still: dict[str, float]) -> None:
    assert isinstance(therapy, Therapy) and therapy.edits <= ENGINE.understands
    assert therapy.apply(setup, still) is setup


def test_what_changes_grows_with_the_power(setup: Setup) -> None:
    half, full = (EXERCISE.apply(setup, {"power_w": power}) for power in (75.0, 150.0))
    assert full.value("heart_rate_bpm") == pytest.approx(155.0)
    assert half.value("heart_rate_bpm") == pytest.approx(112.5, abs=0.1)
    assert setup.value("contractility_lv_kpa") < half.value("contractility_lv_kpa") < full.value("contractility_lv_kpa")
    assert full.value("vein_resistance_mmhg_s_ml") == pytest.approx(0.35 * 0.3)
    weak = EXERCISE.apply(setup, {"power_w": 150.0, "reserve_percent": 0.0})
    assert weak.value("contractility_lv_kpa") == setup.value("contractility_lv_kpa")
    assert weak.value("systemic_resistance_mmhg_s_ml") > full.value("systemic_resistance_mmhg_s_ml")


def test_upright_and_at_work_go_together(setup: Setup) -> None:
    both = EXERCISE.apply(POSTURE.apply(setup, {}), {})
    assert both.value("heart_rate_bpm") > POSTURE.apply(setup, {}).value("heart_rate_bpm")


def test_no_more_than_there_is(setup: Setup) -> None:
    with pytest.raises(TherapyError, match="keep up"):
        EXERCISE.apply(setup, {"power_w": 200.0, "highest_w": 100.0})
    with pytest.raises(TherapyError, match="faster at rest"):
        fast = setup.parameters["heart_rate_bpm"].with_value(130.0, "chosen", "test")
        EXERCISE.apply(setup.with_parameter("heart_rate_bpm", fast), {"highest_bpm": 120.0})
    with pytest.raises(TherapyError, match="Too little blood"):
        little = setup.parameters["stressed_volume_ml"].with_value(300.0, "chosen", "test")
        POSTURE.apply(setup.with_parameter("stressed_volume_ml", little), {"angle_deg": 90.0})
    with pytest.raises(TherapyError, match="leak through more"):
        LESION.apply(setup, {"aortic_area_cm2": 0.6, "aortic_leak_cm2": 0.8})


def test_a_lesion_is_only_what_was_asked_for(setup: Setup) -> None:
    after = LESION.apply(setup, {"mitral_leak_cm2": 0.4}).parameters
    assert set(after) - set(setup.parameters) == {"mitral_leak_cm2"} and after["mitral_leak_cm2"].value == 0.4
