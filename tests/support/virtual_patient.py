"""Virtual patients: a heart of twenty patches without a mesh, whose parameters are known because they were drawn."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from twinviewer.domain import EngineError
from twinviewer.organs.heart.fit_known import COULD_MEASURE, CUFF_MMHG, PARAMETERS, READ, REPRODUCED
from twinviewer.organs.heart.setup import POPULATION
from twinviewer.physics.fit_adapt import Targets, adapt, rest
from twinviewer.physics.fit_intervals import Knowledge, knowledge
from twinviewer.physics.fit_response import FittedHeart, steady_from
from twinviewer.physics.heart_fit import CLOSELY, Fit, Free, Known, fit
from twinviewer.physics.sarcomere import duration_at
from twinviewer.physics.walls import Walls

SEGMENTS = np.arange(1, 18)
# distance from the septum, 0 to 1, of each AHA segment
LATENESS = np.array([0.5, 0.1, 0.1, 0.5, 1, 1, 0.5, 0, 0, 0.5, 0.95, 0.95, 0.5, 0.1, 0.5, 0.9, 0.5])
BY_IMAGES = ("lv_edv_ml", "lv_ef_percent", "rv_edv_ml", "rv_ef_percent", "systolic_mmhg", "diastolic_mmhg")
BY_CATHETER = (
    "rv_systolic_mmhg", "mean_pulmonary_mmhg", "diastolic_pulmonary_mmhg", "mean_left_atrial_mmhg",
    "lv_end_diastolic_mmhg", "mean_right_atrial_mmhg", "lv_dpdt_max_mmhg_s", "lv_dpdt_min_mmhg_s",
)  # fmt: skip
LV_ML, RV_ML, WALL_ML, DELAY_S = 140.0, 150.0, 130.0, 0.045
VALUE: Mapping[str, float] = {
    **{name: value for name, (value, *_) in POPULATION.items()},
    "heart_rate_bpm": 70.0,
    "lv_filling_pressure_mmhg": 10.0,
    "rv_filling_pressure_mmhg": 5.0,
}
"""What a fit begins with; a population's medians."""
TYPICAL = {
    "contractility_lv_kpa": 80.0,
    "contractility_rv_kpa": 55.0,
    "systemic_resistance_mmhg_s_ml": 0.85,
    "systemic_compliance_ml_mmhg": 1.4,
    "stressed_volume_ml": 1100.0,
}
"""About what virtual patients are drawn."""
TYPICAL_VALUE = {**VALUE, **TYPICAL}
FREE = tuple(Free(name, VALUE[name], p.spread, p.low / 1.5, p.high * 1.5) for name, p in PARAMETERS.items())

NAMES = [one.name for one in FREE]


def virtual_heart() -> FittedHeart:
    """Seventeen left patches excited from septum to lateral wall, three right ones."""
    walls = Walls(
        wall_of=np.array([1 if s in (2, 3, 8, 9, 14) else 0 for s in SEGMENTS] + [2] * 3),
        wall_ml=np.array([WALL_ML / 17] * 17 + [10.0] * 3),
        area_share=np.array([1 / 17] * 17 + [1 / 3] * 3),
        activation_s=np.concatenate([0.17 + DELAY_S * LATENESS, np.full(3, 0.175)]),
        contractility_kpa=np.ones(20),
        stiffness_kpa=np.full(20, 120.0),
        duration_s=duration_at(70.0),
        relaxation_s=0.032,
    )
    walls = walls.unload(LV_ML, RV_ML, VALUE["lv_filling_pressure_mmhg"], VALUE["rv_filling_pressure_mmhg"])
    return FittedHeart(walls, np.ones(20), LV_ML, RV_ML, ())


@dataclass(frozen=True)
class Patient:
    """true: parameters. shows: numbers of the steady beat."""

    true: dict[str, float]
    shows: dict[str, float]


def patient(heart: FittedHeart, seed: int, spread: float = 0.15, free: Iterable[str] = PARAMETERS) -> Patient:
    """A patient whose parameters ``free`` are drawn about TYPICAL with this standard deviation of the logarithm."""
    rng = np.random.default_rng(seed)
    value = {**VALUE, **TYPICAL}
    for name in free:
        value[name] *= float(np.exp(rng.normal(0.0, spread)))
    _, beat, _ = steady_from(heart, value, rest(heart, value), tolerance=1e-5, most_beats=200)
    return Patient(value, {name: READ[name](beat) for name in (*BY_IMAGES, *BY_CATHETER)})


def error_of(name: str, value: float) -> float:
    """The usual error of a measurement."""
    return COULD_MEASURE.get(name) or (REPRODUCED[name] * value if name in REPRODUCED else CUFF_MMHG)


def refit(heart: FittedHeart, measured: Mapping[str, float], error: Mapping[str, float]) -> tuple[Fit, Knowledge]:
    """Fit all parameters to what was measured, from the population's medians on."""
    edv, high, low = (measured[name] for name in ("lv_edv_ml", "systolic_mmhg", "diastolic_mmhg"))
    esv = edv * (1.0 - measured["lv_ef_percent"] / 100.0)
    targets = Targets(edv, measured["rv_edv_ml"], esv, 0.5 * (high + low), high - low)
    adapted, start, _ = adapt(heart, VALUE, targets)
    known = [Known(name, measured[name], error[name], READ[name]) for name in measured]
    result = fit(heart, adapted, start, known, FREE)
    errors, spread = np.array([one.error for one in known]), np.array([one.spread for one in FREE])
    return result, knowledge(result.slopes, errors, spread, np.ones(len(known), bool), CLOSELY)


def drawn_from_the_population(heart: FittedHeart, count: int) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
    """Parameters and what the steady beat shows. What data do not tell is spread as the population has it, the rest
    about what is typical; every parameter takes its quantiles in some order (a Latin hypercube)."""
    quantiles = norm.ppf((np.arange(count) + 0.5) / count)
    order = np.random.default_rng(1)
    spread = {one.name: 0.25 if one.name in TYPICAL else one.spread for one in FREE}
    steps = {name: order.permutation(quantiles) * spread[name] for name in NAMES}
    for k in range(count):
        value = {**TYPICAL_VALUE, **{name: TYPICAL_VALUE[name] * float(np.exp(steps[name][k])) for name in NAMES}}
        try:
            _, beat, _ = steady_from(heart, value, rest(heart, value), tolerance=1e-5, most_beats=200)
        except EngineError:  # as high a pressure on the right as on the left, at the same size: no such heart
            continue
        yield value, {name: READ[name](beat) for name in BY_IMAGES}
