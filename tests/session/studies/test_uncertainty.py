"""Intervals hold what they should, the emulator says how far off it is, and inputs are named by what they do."""

from functools import lru_cache

import numpy as np
import pytest
from ideal_patient import ideal_patient
from known_hearts import CUFF, FORCE, INPUTS, PILL, STIFF, made

from twinviewer.domain import EngineError, Setup, silent
from twinviewer.organs.heart.plausible import ALONG, SPEED_SPREAD, draw_hearts, uncertain
from twinviewer.session.case import Scenario
from twinviewer.session.studies.point import answer
from twinviewer.session.studies.study import Point, Wanted
from twinviewer.session.studies.uncertainty.bands import Spread, emulated_interval, interval_of
from twinviewer.session.studies.uncertainty.draws import LEAST, normals
from twinviewer.session.studies.uncertainty.emulator import emulate
from twinviewer.session.studies.uncertainty.sensitivity import rank
from twinviewer.session.studies.uncertainty.step import inputs_of
from twinviewer.session.studies.uncertainty.words import apart, sentence, still
from twinviewer.session.therapy_use import TherapyUse


@lru_cache
def spread(count: int = 128) -> Spread:
    return Spread(made(count))


def test_intervals_of_exchangeable_hearts_hold_nine_in_ten() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(4000):
        truth, *drawn = rng.normal(size=20)
        found = interval_of(np.array(drawn))
        held += found.low <= truth <= found.high
    assert held / 4000 == pytest.approx(0.90, abs=0.015)


def test_an_interval_is_that_of_the_distribution_and_a_pair_shares_its_hearts() -> None:
    """work ~ N(10, 3.2), its change ~ N(2, 0.5): far narrower than the two taken apart."""
    found, change = spread().interval("work", "baseline"), spread().interval("work", "pill", "baseline")
    assert found is not None and change is not None
    wide = 1.645 * np.hypot(3.0, np.hypot(1.0, 0.5))
    assert (found.low, found.high) == pytest.approx((10.0 - wide, 10.0 + wide), abs=0.6)
    assert (change.low, change.high) == pytest.approx((2.0 - 0.82, 2.0 + 0.82), abs=0.15)
    assert apart(change) and not found.emulated


def test_what_a_therapy_does_not_touch_changes_exactly_nothing() -> None:
    found = spread().interval("edp", "pill", "baseline")
    assert found is not None and (found.low, found.high) == (0.0, 0.0)
    assert still(found) and not apart(found)


def test_a_change_of_either_sign_cannot_be_told_apart() -> None:
    found = spread().interval("cuff", "pill", "baseline")
    assert found is not None and found.low < 0.0 < found.high and not apart(found)


def test_a_scenario_is_known_by_its_therapies_whatever_its_name() -> None:
    setup = ideal_patient()
    assert spread().like(Scenario("another", "Another", PILL, setup)) == "pill"
    assert spread().like(Scenario("control", "Control", (), setup)) == "baseline"
    off = (TherapyUse("pill", {"dose": 1.0}, on=False),)
    assert spread().like(Scenario("off", "Off", off, setup)) == "baseline"
    assert spread().like(Scenario("more", "More", (TherapyUse("pill", {"dose": 2.0}),), setup)) is None


def test_a_heart_that_fails_under_a_therapy_counts_nowhere() -> None:
    one = Spread(made(110, failing=5))
    assert len(one.hearts) == 109 and 5 not in one.hearts and len(one.values("baseline", "work")) == 109
    assert one.failures == ["diverged"]


def test_segments_are_sure_where_nineteen_in_twenty_hearts_agree() -> None:
    sure = spread().sure_segments("work_kpa", "pill", "baseline")
    assert sure is not None and sure[:9].all() and not sure[9:].any()


def test_a_band_lies_on_the_beat_of_the_baseline() -> None:
    band = spread().band("lv_volume_ml", "pill")
    assert band is not None and band.time_s[-1] == pytest.approx(60.0 / 70.0)
    assert band.low.mean() == pytest.approx(100.0 - 1.645, abs=0.3)
    assert band.high.mean() == pytest.approx(100.0 + 1.645, abs=0.3)


def test_an_emulator_finds_a_polynomial_and_says_its_noise() -> None:
    rng = np.random.default_rng(2)
    rows = normals(20, 96, 5)

    def true(z: np.ndarray) -> np.ndarray:
        return 5.0 + 2.0 * z[:, 3] - 1.0 * z[:, 7] + 0.7 * z[:, 3] * z[:, 7] + 0.4 * z[:, 1] ** 2

    found = emulate(rows, true(rows) + rng.normal(0.0, 0.3, 96))
    assert found.error == pytest.approx(0.3, abs=0.12) and found.q2 > 0.9
    unseen = rng.normal(size=(4000, 20))
    truth = true(unseen) + rng.normal(0.0, 0.3, 4000)
    low, high = np.quantile(truth, [0.05, 0.95])
    interval = emulated_interval(found, 20)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.35) and interval.emulated


def test_few_hearts_are_answered_for_by_an_emulator() -> None:
    few = Spread(made(40))
    assert not few.enough and LEAST > 40
    found, whole = few.interval("work", "baseline"), spread().interval("work", "baseline")
    assert found is not None and whole is not None and found.emulated
    assert (found.low, found.high) == pytest.approx((whole.low, whole.high), abs=1.2)


def test_inputs_are_ranked_by_what_they_do_and_measurements_by_what_they_tell() -> None:
    found = rank(spread(), INPUTS, {"edp": 1.0}, "work", "baseline")
    assert found is not None
    assert [one.input.name for one in found.shares] == [FORCE, STIFF, CUFF]
    assert [one.share for one in found.shares] == pytest.approx([9 / 10.25, 1 / 10.25, 0.25 / 10.25], abs=0.03)
    assert found.explained > 0.97 and all(one.rises for one in found.shares)
    assert found.shares[1].narrowed_by == ("edp",) and found.shares[0].narrowed_by == ()
    of_edp = rank(spread(), INPUTS, {"edp": 1.0}, "edp", "baseline")
    assert of_edp is not None and of_edp.shares[0].input.name == STIFF
    # var 4 and error 1: a fifth of the variance is left
    assert of_edp.gains[0].narrower == pytest.approx(1.0 - np.sqrt(0.2), abs=0.03)
    assert sentence(found, False).startswith("Work depends most on the force (")
    assert rank(spread(), INPUTS, {}, "edp", "pill", "baseline") is None


def test_the_same_seed_draws_the_same_hearts_and_more_of_them_begin_alike() -> None:
    np.testing.assert_array_equal(normals(7, 100, 4), normals(7, 256, 4)[:100])
    assert not np.allclose(normals(7, 100, 4), normals(7, 100, 5))


def test_a_baseline_that_was_not_fitted_is_refused() -> None:
    setup = ideal_patient()
    with pytest.raises(EngineError, match="not fitted"):
        inputs_of("heart", Setup(setup.mesh, setup.parameters, setup.stimuli))


def _row(name: str, value: float) -> np.ndarray:
    names = [one.name for one in uncertain(ideal_patient())]
    row = np.zeros((1, len(names)))
    row[0, names.index(name)] = value
    return row


def _shown(row: np.ndarray, *wanted: str) -> dict[str, float]:
    setup = ideal_patient()
    drawn = draw_hearts(setup, row, silent)[0]
    assert drawn is not None
    found = answer("beat", setup, Point("one", (), drawn.parameters), Wanted(frozenset(wanted)))
    assert not found.failure
    return dict(found.metrics)


def test_no_deviation_at_all_is_the_baseline_itself() -> None:
    setup = ideal_patient()
    drawn = draw_hearts(setup, np.zeros((1, len(uncertain(setup)))), silent)[0]
    assert drawn is not None and dict(drawn.parameters) == {}


def test_a_slower_heart_is_excited_for_as_much_longer() -> None:
    before = _shown(np.zeros((1, len(uncertain(ideal_patient())))), "total_activation_ms")
    after = _shown(_row(ALONG, -1.0), "total_activation_ms")
    assert after["total_activation_ms"] / before["total_activation_ms"] == pytest.approx(np.exp(SPEED_SPREAD), rel=2e-3)


def test_a_heart_meets_the_ejection_fraction_that_its_draw_says_was_measured() -> None:
    """One error of the measurement is a twentieth of it."""
    before = _shown(np.zeros((1, len(uncertain(ideal_patient())))), "lv_ef_percent", "lv_edv_ml")
    after = _shown(_row("lv_ef_percent", 1.0), "lv_ef_percent", "lv_edv_ml")
    assert after["lv_ef_percent"] / before["lv_ef_percent"] == pytest.approx(1.05, abs=0.01)
    assert after["lv_edv_ml"] == pytest.approx(before["lv_edv_ml"], rel=0.01)


@pytest.mark.slow
def test_draws_are_spread_as_wide_as_the_fit_says_its_parameters_are() -> None:
    setup = ideal_patient()
    assert setup.fit is not None
    drawn = draw_hearts(setup, normals(len(uncertain(setup)), 32, 1), silent)
    hearts = [one for one in drawn if one is not None]
    assert len(hearts) >= 31
    # a heart that errs as its measurements do is off by as many errors as its measurements outnumber what they tell
    assert np.median([one.off for one in hearts]) < 1.0
    ratio = []
    for row in setup.fit.parameters:
        assert row.value.high is not None
        said = np.log(row.value.high / row.value.value) / 1.645
        ratio.append(np.std(np.log([one.parameters[row.name] for one in hearts])) / said)
    assert np.exp(np.mean(np.log(ratio))) == pytest.approx(1.0, abs=0.25)
