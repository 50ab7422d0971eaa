"""The baseline is this patient's: what is measured is met, what is not told is said, and what cannot be is refused."""

from functools import lru_cache
from pathlib import Path

import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import BaselineFit, Quantity, Records, Setup
from twinviewer.organs.heart.setup import setup
from twinviewer.session import store
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.from_numbers import make_typed
from twinviewer.session.metrics import metrics_document
from twinviewer.session.scenarios import prepare


def measured(value: float, unit: str) -> Quantity:
    return Quantity(value, unit, "measured", "test")


def records(systolic: float, diastolic: float) -> Records:
    return Records(
        {
            "heart_rate_bpm": measured(72.0, "bpm"),
            "qrs_ms": measured(95.0, "ms"),
            "systolic_mmhg": measured(systolic, "mmHg"),
            "diastolic_mmhg": measured(diastolic, "mmHg"),
        },
        {},
    )


def of_ef(percent: float) -> dict[str, Quantity]:
    return {"lv_edv_ml": measured(100.0, "mL"), "lv_esv_ml": measured(100.0 - percent, "mL")}


@lru_cache(maxsize=1)
def known() -> Setup:
    return setup(ideal_heart(), of_ef(58.0), records(118.0, 74.0), {})


@lru_cache(maxsize=1)
def one_phase() -> Setup:
    return setup(ideal_heart(), {}, Records(), {})


def fit_of(made: Setup) -> BaselineFit:
    assert made.fit is not None
    return made.fit


def test_what_is_measured_is_met_and_told() -> None:
    found = fit_of(known())
    assert found.fits
    assert {one.name for one in found.residuals} == {
        "heart_rate_bpm", "qrs_ms", "lv_edv_ml", "rv_edv_ml", "lv_ef_percent", "systolic_mmhg", "diastolic_mmhg",
    }  # fmt: skip
    assert all(abs(one.errors) < 0.5 for one in found.residuals)
    told = {one.name for one in found.parameters if one.is_told}
    assert {"contractility_lv_kpa", "systemic_resistance_mmhg_s_ml", "stressed_volume_ml"} <= told
    for one in found.parameters:
        given = known().parameters[one.name]
        assert given == one.value and given.low is not None and given.high is not None
        assert given.low < given.value < given.high
        assert (given.origin == "fitted") == one.is_told


def test_what_no_one_measured_is_not_told_and_what_would_tell_it_is_said() -> None:
    by_name = {one.name: one for one in fit_of(known()).parameters}
    for name in ("contractility_rv_kpa", "pulmonary_resistance_mmhg_s_ml", "stiffness_lv_kpa"):
        assert not by_name[name].is_told
        assert "cannot tell" in known().parameters[name].source
    assert {"rv_systolic_mmhg", "mean_pulmonary_mmhg"} & set(by_name["contractility_rv_kpa"].asks)
    blind = {one.name: one for one in fit_of(one_phase()).parameters}
    assert not blind["systemic_resistance_mmhg_s_ml"].is_told and not blind["contractility_lv_kpa"].is_told
    assert not any(one.known for one in fit_of(one_phase()).residuals if one.name.endswith("_mmhg"))


def test_an_infarct_lowers_an_ejection_fraction_that_nobody_measured() -> None:
    """A heart that lost the whole territory of the LAD ejects 30 to 45 %: it cannot do with less force what a sound
    one does, and its living muscle is no stronger than it was."""
    made = setup(ideal_heart(), {}, Records(), {"scar_territory": "lad_extensive"})
    note = next(note for note in made.notes if note.startswith("No end-systole"))
    percent = float(note.rsplit("comes to ", 1)[1].split(" %")[0])
    assert 25.0 < percent < 50.0
    assert "lv_ef_percent" not in {one.name for one in fit_of(made).residuals}
    sound = one_phase().value("contractility_lv_kpa")
    assert made.value("contractility_lv_kpa") == pytest.approx(sound, rel=0.2)


def test_what_no_heart_can_do_does_not_fit() -> None:
    """85 % against 230/150 mmHg by a ventricle of normal size and wall: more than twice the force of muscle."""
    found = fit_of(setup(ideal_heart(), of_ef(85.0), records(230.0, 150.0), {}))
    assert not found.fits
    assert all(problem.startswith("Does not fit") for problem in found.problems)


def test_what_the_user_sets_stays() -> None:
    made = setup(ideal_heart(), of_ef(58.0), records(118.0, 74.0), {"lv_filling_pressure_mmhg": 18.0})
    assert made.parameters["lv_filling_pressure_mmhg"].value == 18.0
    assert made.parameters["lv_filling_pressure_mmhg"].origin == "chosen"
    assert "lv_filling_pressure_mmhg" not in {one.name for one in fit_of(made).parameters}


def test_the_fit_is_saved_and_in_the_numbers(tmp_path: Path) -> None:
    case = Case(mesh=ideal_heart(), organ="heart", scenarios=(Scenario(BASELINE, "Baseline", (), known()),))
    store.save(case, tmp_path / "case.twin")
    again = store.load(tmp_path / "case.twin")
    assert again.baseline is not None and again.baseline.setup.fit == known().fit
    document = metrics_document(case)["case"]["scenarios"][BASELINE]["fit"]
    assert document["fits"] is True
    assert document["residuals"]["lv_ef_percent"]["measured"]["value"] == pytest.approx(58.0)


@pytest.mark.slow
def test_a_leaking_valve_does_not_stop_the_fit_of_typed_numbers() -> None:
    """What the right ventricle ejects was assumed, not known: with a leak it is not what the left one ejects."""
    case = prepare(make_typed(Case(), {"lv_edv_ml": 180, "lv_esv_ml": 80}), {"mitral_leak_cm2": 0.3})
    assert case.baseline is not None and case.baseline.setup.fit is not None
    residuals = {one.name: one for one in case.baseline.setup.fit.residuals}
    assert "rv_ef_percent" not in residuals
    assert residuals["lv_ef_percent"].simulated == pytest.approx(100.0 * (1.0 - 80.0 / 180.0), abs=1.5)
