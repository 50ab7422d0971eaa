"""The beta-blocker against the trials that its numbers come from, and its manners as a therapy."""

import numpy as np
import pytest

from twinviewer.domain import OrganMesh, Quantity, Setup, Therapy, TherapyError
from twinviewer.therapies.beta_blocker import THERAPY, effect, rate_fall_bpm


@pytest.fixture
def setup() -> Setup:
    mesh = OrganMesh("heart", np.zeros((0, 3)), np.zeros((0, 4), np.int32), {}, {}, {}, {}, 0, "mesh", "labels")
    values = {
        "heart_rate_bpm": (81.0, "bpm"),
        "contractility_lv_kpa": (60.0, "kPa"),
        "contractility_rv_kpa": (40.0, "kPa"),
    }
    return Setup(mesh, {n: Quantity(v, u, "fitted", "test") for n, (v, u) in values.items()}, ())


def test_is_a_therapy() -> None:
    assert isinstance(THERAPY, Therapy)
    assert THERAPY.edits == {"heart_rate", "contractility"}


@pytest.mark.parametrize(("resting", "fall"), [(71, 8), (76, 10), (81, 11), (87, 13), (98, 14)])
def test_rate_falls_as_in_merit_hf(resting: float, fall: float) -> None:
    assert rate_fall_bpm(resting) == pytest.approx(fall, abs=1.0)


def test_low_doses_do_most_of_the_work() -> None:
    # MERIT-HF: heart rate fell alike at a mean dose of 76 mg and of 192 mg (Wikstrand 2002)
    assert 0.6 < effect(76.0) / effect(192.0) < 1.0
    assert effect(0.0) == 0.0
    assert effect(200.0) == pytest.approx(1.0)


def test_target_dose_at_81_bpm(setup: Setup) -> None:
    treated = THERAPY.apply(setup, {"metoprolol_mg_day": 200.0})
    assert treated.value("heart_rate_bpm") == pytest.approx(70.0, abs=1.0)
    assert treated.value("contractility_lv_kpa") == pytest.approx(45.0)
    assert treated.value("contractility_rv_kpa") == pytest.approx(30.0)
    assert "metoprolol 200 mg" in treated.parameters["heart_rate_bpm"].source


def test_no_dose_changes_no_value(setup: Setup) -> None:
    treated = THERAPY.apply(setup, {"metoprolol_mg_day": 0.0})
    assert {n: q.value for n, q in treated.parameters.items()} == {n: q.value for n, q in setup.parameters.items()}


def test_the_rate_stops_at_its_floor(setup: Setup) -> None:
    treated = THERAPY.apply(setup, {"metoprolol_mg_day": 200.0, "lowest_rate_bpm": 70.0})
    assert treated.value("heart_rate_bpm") == pytest.approx(70.0, abs=0.9)
    slow = setup.with_parameter("heart_rate_bpm", Quantity(48.0, "bpm", "measured", "test"))
    assert THERAPY.apply(slow, {"lowest_rate_bpm": 50.0}).value("heart_rate_bpm") == 48.0


def test_leaves_the_setup_it_was_given(setup: Setup) -> None:
    THERAPY.apply(setup, {})
    assert setup.value("heart_rate_bpm") == 81.0


@pytest.mark.parametrize("values", [{"metoprolol_mg_day": 500.0}, {"metoprolol_mg_day": -1.0}, {"dose": 1.0}])
def test_refuses_what_it_does_not_know(setup: Setup, values: dict[str, float]) -> None:
    with pytest.raises(TherapyError):
        THERAPY.apply(setup, values)
