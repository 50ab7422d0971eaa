"""The fit of a heart: virtual patients are found again, intervals hold, and what data do not tell is said."""

from functools import lru_cache

import numpy as np
import pytest
from virtual_patient import (
    BY_CATHETER,
    BY_IMAGES,
    FREE,
    NAMES,
    TYPICAL,
    TYPICAL_VALUE,
    VALUE,
    drawn_from_the_population,
    error_of,
    patient,
    refit,
    virtual_heart,
)

from twinviewer.domain import EngineError
from twinviewer.organs.heart.fit_known import READ
from twinviewer.physics.fit_adapt import Targets, adapt, rest
from twinviewer.physics.fit_intervals import asks, knowledge
from twinviewer.physics.fit_response import BLOOD, FittedHeart, respond, steady_from
from twinviewer.physics.heart_fit import Known, fit

MEASURED = (*BY_IMAGES, *BY_CATHETER)


@lru_cache(maxsize=1)
def heart() -> FittedHeart:
    return virtual_heart()


def test_slopes_are_those_of_changed_hearts_brought_to_rest() -> None:
    readings = [READ[name] for name in BY_IMAGES]
    start, _, _ = steady_from(heart(), TYPICAL_VALUE, rest(heart(), TYPICAL_VALUE), tolerance=1e-6, most_beats=200)
    names = ["contractility_lv_kpa", "systemic_compliance_ml_mmhg", BLOOD, "lv_filling_pressure_mmhg"]
    found = respond(heart(), TYPICAL_VALUE, start, names, readings)
    for k, name in enumerate(names):
        ends = []
        for sign in (-1.0, 1.0):
            changed = {**TYPICAL_VALUE, name: TYPICAL_VALUE[name] * float(np.exp(sign * 0.01))}
            _, beat, _ = steady_from(heart(), changed, start, tolerance=1e-6, most_beats=200)
            ends.append(np.array([read(beat) for read in readings]))
        slope = (ends[1] - ends[0]) / 0.02
        # the least aortic pressure lies where the valve opens, between two samples: its slope is less sure
        close = np.array([0.2 if one == "diastolic_mmhg" else 0.03 for one in BY_IMAGES])
        assert (np.abs(found.slopes[:, k] - slope) < close * np.abs(slope) + 0.02 * np.abs(slope).max()).all()


def test_newton_finds_the_steady_beat_that_beating_comes_to_and_makes_no_blood() -> None:
    start, _, _ = steady_from(heart(), TYPICAL_VALUE, rest(heart(), TYPICAL_VALUE))
    near = respond(heart(), TYPICAL_VALUE, start, NAMES, [READ["lv_edv_ml"]])
    changed = {**TYPICAL_VALUE, "contractility_lv_kpa": 110.0, "systemic_resistance_mmhg_s_ml": 1.1, BLOOD: 1250.0}
    _, plain, slowly = steady_from(heart(), changed, start, tolerance=1e-6, most_beats=200)
    _, beat, quickly = steady_from(heart(), changed, start, near.settle, tolerance=1e-5)
    assert quickly <= 10 < slowly
    for name in ("lv_volume_ml", "rv_volume_ml", "aortic_pressure_mmhg", "pulmonary_artery_pressure_mmhg"):
        assert beat[name] == pytest.approx(plain[name], abs=0.003 * plain[name].max())


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_patient_with_a_catheter_is_found_again_within_5_percent(seed: int) -> None:
    true = patient(heart(), seed)
    result, known = refit(heart(), true.shows, {name: 0.002 * abs(true.shows[name]) for name in MEASURED})
    off = {name: result.value[name] / true.true[name] - 1.0 for name in NAMES}
    assert max(abs(one) for one in off.values()) < 0.05, off
    assert result.settled and known.directions == len(NAMES)


@pytest.mark.parametrize("seed", [4, pytest.param(5, marks=pytest.mark.slow)])
def test_what_images_and_a_cuff_tell_is_found_again_within_5_percent(seed: int) -> None:
    """Where what they do not tell is as in the population."""
    told = set(TYPICAL) - {"contractility_rv_kpa"}
    drawn = patient(heart(), seed, 0.2, TYPICAL)
    result, _ = refit(
        heart(), {n: drawn.shows[n] for n in BY_IMAGES}, {n: error_of(n, drawn.shows[n]) for n in BY_IMAGES}
    )
    assert {n: result.value[n] for n in told} == pytest.approx({n: drawn.true[n] for n in told}, rel=0.05)


def test_without_a_catheter_the_right_heart_and_the_lungs_are_not_told() -> None:
    drawn = patient(heart(), 6)
    error = {name: error_of(name, drawn.shows[name]) for name in MEASURED}
    _, blind = refit(heart(), {n: drawn.shows[n] for n in BY_IMAGES}, error)
    result, seeing = refit(heart(), {n: drawn.shows[n] for n in MEASURED}, error)
    for name in ("pulmonary_resistance_mmhg_s_ml", "pulmonary_compliance_ml_mmhg", "rv_filling_pressure_mmhg"):
        assert blind.told[NAMES.index(name)] < 0.15
    assert blind.factor(NAMES.index("contractility_rv_kpa")) > 1.5
    for name in ("contractility_rv_kpa", "pulmonary_resistance_mmhg_s_ml"):
        assert seeing.factor(NAMES.index(name)) < blind.factor(NAMES.index(name)) - 0.2
    slopes = dict(zip(MEASURED, result.slopes, strict=True))
    further = {name: slopes[name] for name in BY_CATHETER}
    wanted = asks(blind, NAMES.index("pulmonary_resistance_mmhg_s_ml"), further, error, 0.04)
    assert "mean_pulmonary_mmhg" in wanted


@pytest.mark.slow
def test_ninety_percent_intervals_hold_the_truth_nine_times_out_of_ten() -> None:
    held = []
    for seed, (true, shows) in enumerate(drawn_from_the_population(heart(), 16)):
        error = {name: error_of(name, shows[name]) for name in BY_IMAGES}
        noise = np.random.default_rng(seed)
        result, known = refit(heart(), {n: float(noise.normal(shows[n], error[n])) for n in BY_IMAGES}, error)
        held.append([abs(np.log(result.value[n] / true[n])) <= np.log(known.factor(k)) for k, n in enumerate(NAMES)])
    assert len(held) >= 12
    assert 0.85 <= np.mean(held) <= 0.95


@pytest.mark.parametrize("closely", [1.0, 0.35])
def test_covariance_is_that_of_many_linear_fits(closely: float) -> None:
    rng = np.random.default_rng(0)
    slopes, error, spread = rng.normal(size=(4, 3)), np.array([0.5, 1.0, 2.0, 0.3]), np.array([0.5, 1.0, 0.2])
    weighted = slopes / error[:, None]
    solve = np.linalg.inv(np.diag(spread**-2) + weighted.T @ weighted / closely**2) @ weighted.T / closely**2
    true = rng.normal(size=(40_000, 3)) * spread
    seen = (true @ slopes.T + rng.normal(size=(40_000, 4)) * error) / error
    off = seen @ solve.T - true
    found = knowledge(slopes, error, spread, np.ones(4, bool), closely)
    assert found.after == pytest.approx(np.cov(off.T), abs=0.02 * spread.max() ** 2)


def test_a_measurement_that_tells_nothing_leaves_all_as_it_was() -> None:
    found = knowledge(np.zeros((1, 2)), np.ones(1), np.array([0.5, 0.3]), np.ones(1, bool))
    assert found.told == pytest.approx([0.0, 0.0]) and found.directions == 0
    assert asks(found, 0, {"nothing": np.zeros(2)}, {"nothing": 1.0}, 0.1) == ()
    assert asks(found, 0, {"much": np.array([1.0, 0.0])}, {"much": 0.1}, 0.1) == ("much",)


def test_targets_that_are_no_volumes_are_refused() -> None:
    with pytest.raises(EngineError, match="lv_edv_ml"):
        adapt(heart(), VALUE, Targets(-3.0))
    with pytest.raises(EngineError, match="lv_edv_ml"):
        fit(heart(), VALUE, rest(heart(), VALUE), [Known("lv_edv_ml", 100.0, 0.0, READ["lv_edv_ml"])], FREE)
