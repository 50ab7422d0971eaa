"""Hearts with the numbers that a published population has: a response surface turned round.

Some 70 simulations of the untreated heart, spread over its parameters, give quadratic surfaces of ejection fraction,
pressures, end-diastolic volume and QRS (least squares; McKay's Latin hypercube, Technometrics 21:239, 1979). For every
virtual patient rate, pressures, ejection fraction, QRS and volume are drawn and the parameters found whose surfaces
meet them. How far the simulated patients then are from what was drawn is part of the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import qmc

from twinviewer.domain import EngineError, Setup
from twinviewer.session.metric_names import label_of
from twinviewer.session.studies.cohort.hearts import (
    PULSE_MMHG,
    SPEED_M_S,
    SPEEDS,
    Cohort,
    check,
    correlated,
    gather,
    related,
)
from twinviewer.session.studies.cohort.people import Person, within
from twinviewer.session.studies.spreads import spreads
from twinviewer.session.studies.study import Answer, Point

Array = NDArray[np.float64]

REACH: Mapping[str, float] = {
    "contractility_lv_kpa": 0.9,
    "systemic_resistance_mmhg_s_ml": 0.75,
    "systemic_compliance_ml_mmhg": 0.8,
    "stressed_volume_ml": 0.3,
    "heart_rate_bpm": 0.45,
    "stiffness_lv_kpa": 0.4,
    "pulmonary_resistance_mmhg_s_ml": 0.7,
    "conduction_fibre_m_s": 0.35,
}
"""Parameter -> how far the surfaces reach from the baseline, in its logarithm."""
FREE = tuple(REACH)[:4]
TARGETS = ("lv_ef_percent", "systolic_mmhg", "diastolic_mmhg")
READ = {
    "lv_ef_percent": "lv_ef_percent",
    "systolic_mmhg": "systolic_aortic_mmhg",
    "diastolic_mmhg": "diastolic_aortic_mmhg",
    "lv_edv_ml": "lv_edv_ml",
    "qrs_ms": "qrs_ms",
}
METRICS = frozenset(READ.values())
MISS = {"lv_ef_percent": 1.0, "systolic_mmhg": 3.0, "diastolic_mmhg": 3.0}
"""What a found heart may be off on the surface."""
BLOOD, FILLED = 0.12, 0.15
"""Standard deviations, in logarithms, of the blood for a size and of how full that heart is: of the many hearts with
the drawn pressures and ejection fraction the likeliest is taken, and its size meets the drawn volume."""
DESIGN = 80
CALIBRATION = "calibration"
DRAWN = ("heart_rate_bpm", "systolic_mmhg", "diastolic_mmhg", "lv_ef_percent", "qrs_ms", "lv_edv_index_ml_m2")


def design(setup: Setup, seed: int, count: int = DESIGN) -> tuple[Point, ...]:
    """Points of the untreated heart from which the surfaces are made. EngineError as :func:`cohort.check`."""
    check(setup)
    cube = 2.0 * qmc.LatinHypercube(len(REACH), rng=np.random.default_rng([seed, 7])).random(count) - 1.0
    cube[0] = 0.0
    steps = cube * np.array(list(REACH.values()))
    return tuple(
        Point(f"{CALIBRATION} {k + 1}", parameters=_moved(setup, dict(zip(REACH, map(float, row), strict=True))))
        for k, row in enumerate(steps)
    )


def _moved(setup: Setup, step: Mapping[str, float]) -> dict[str, float]:
    """Parameters at a step of logarithms; what goes along goes along."""
    moved = {name: setup.value(name) * float(np.exp(value)) for name, value in step.items()}
    moved["contractility_rv_kpa"] = setup.value("contractility_rv_kpa") * float(
        np.exp(0.5 * step["contractility_lv_kpa"])
    )
    moved["stiffness_rv_kpa"] = setup.value("stiffness_rv_kpa") * float(np.exp(step["stiffness_lv_kpa"]))
    for name in SPEEDS:
        moved[name] = setup.value(name) * float(np.exp(step["conduction_fibre_m_s"]))
    return moved


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """coefficients: name of a target -> (terms,). error: name -> standard deviation of what the surface leaves, in the
    target's unit (lv_edv_ml and qrs_ms are fitted as logarithms; their errors are shares). base: at no step."""

    coefficients: Mapping[str, Array]
    error: Mapping[str, float]
    base: Mapping[str, float]
    used: int

    @classmethod
    def of(cls, setup: Setup, points: Sequence[Point], answers: Sequence[Answer]) -> "Surfaces":
        """Fitted to calibration points. EngineError where too few of them gave a beat."""
        rows, values = [], []
        for point, answer in zip(points, answers, strict=True):
            if not answer.failure and set(answer.metrics) >= METRICS:
                rows.append([np.log(point.parameters[name] / setup.value(name)) for name in REACH])
                values.append([answer.metrics[metric] for metric in READ.values()])
        steps = np.array(rows).reshape(-1, len(REACH))
        terms = _terms(steps)
        if len(steps) < terms.shape[1] + 8:
            raise EngineError(
                f"Only {len(steps)} of {len(points)} calibration beats came to an end",
                remedy="Sample round this patient instead",
            )
        found, error, base = {}, {}, {}
        for k, name in enumerate(READ):
            y = np.array(values)[:, k]
            y = np.log(y) if name in LOGARITHMS else y
            solved = np.linalg.lstsq(terms, y, rcond=None)[0]
            left = y - terms @ solved
            found[name], error[name] = solved, float(np.sqrt(left @ left / (len(y) - terms.shape[1])))
            base[name] = float(np.exp(solved[0])) if name in LOGARITHMS else float(solved[0])
        return cls(found, error, base, len(steps))

    def at(self, step: Array) -> dict[str, float]:
        """Every target at steps (parameters of REACH,) of logarithms."""
        terms = _terms(step[None])[0]
        value = {name: float(terms @ c) for name, c in self.coefficients.items()}
        return {name: float(np.exp(v)) if name in LOGARITHMS else v for name, v in value.items()}


LOGARITHMS = ("lv_edv_ml", "qrs_ms")
CURVED = 5
"""Of REACH, so many leading parameters bend the surfaces; the rest tilt them."""


def _terms(steps: Array) -> Array:
    """(n, terms): 1, all parameters, products of the first CURVED ones."""
    i, j = np.triu_indices(CURVED)
    return np.hstack([np.ones((len(steps), 1)), steps, steps[:, i] * steps[:, j]])


def from_published(setup: Setup, surfaces: Surfaces, source: str, count: int, seed: int) -> Cohort:
    """``count`` patients of a population "crt" or "adults". EngineError where hardly any fits this heart."""
    of = spreads(source)
    nuisance = {name: spreads("patient")[name] for name in ("stiffness_lv_kpa", "pulmonary_resistance_mmhg_s_ml")}
    share = spreads("people_" + source)["women_share"].mean
    per_man = 1.0 / (1.0 - share + share * related("size", _EVE))
    order = list(REACH)

    def heart(rng: np.random.Generator, person: Person) -> tuple[float, dict[str, float], dict[str, float]] | str:
        z = correlated(rng, DRAWN)
        drawn = {name: of[name].at(z[name]) for name in DRAWN}
        if bad := [name for name in DRAWN if not of[name].holds(drawn[name])]:
            return f"{label_of(bad[0])} beyond who was enrolled"
        low, high = PULSE_MMHG
        if not low <= drawn["systolic_mmhg"] - drawn["diastolic_mmhg"] <= high:
            return "pulse pressure too small or too large"
        index = drawn["lv_edv_index_ml_m2"] * per_man * related("size", Person(person.sex, 60.0, 1.0, 1.0))
        step = np.zeros(len(order))
        step[order.index("heart_rate_bpm")] = np.log(drawn["heart_rate_bpm"] / setup.value("heart_rate_bpm"))
        for name, spread in nuisance.items():
            step[order.index(name)] = np.log(within(rng, spread))
        # fronts on the reference heart: as late as wanted, whatever the way they have to go
        step[order.index("conduction_fibre_m_s")] = np.log(surfaces.base["qrs_ms"] / drawn["qrs_ms"])
        solved = _solve(surfaces, step, drawn)
        if isinstance(solved, str):
            return solved
        parameters = _moved(setup, dict(zip(order, map(float, solved), strict=True)))
        size = index * person.bsa_m2 / surfaces.at(solved)["lv_edv_ml"]
        low, high = SPEED_M_S
        if not low <= parameters["conduction_fibre_m_s"] * size ** (1.0 / 3.0) <= high:
            return "conduction in muscle too slow or too fast"
        return size, drawn, parameters

    return gather(source, count, seed, heart)


_EVE = Person("F", 60.0, 160.0, 60.0)


def _solve(surfaces: Surfaces, step: Array, drawn: Mapping[str, float]) -> Array | str:
    """The step whose surfaces meet what was drawn, within the surfaces' reach; else which of it they cannot meet."""
    reach = np.array([REACH[name] for name in FREE])
    fixed = np.abs(step[len(FREE) :]) / np.array([REACH[name] for name in list(REACH)[len(FREE) :]])
    if fixed.max() > 1.15:
        return f"{label_of(list(REACH)[len(FREE) + int(fixed.argmax())])} out of this model's reach"

    def off(x: Array) -> Array:
        step[: len(FREE)] = x
        found = surfaces.at(step)
        missed = [(found[name] - drawn[name]) / (0.1 * MISS[name]) for name in TARGETS]
        filled = np.log(found["lv_edv_ml"] / surfaces.base["lv_edv_ml"]) / FILLED
        return np.array([*missed, filled, x[FREE.index("stressed_volume_ml")] / BLOOD])

    best = least_squares(off, np.zeros(len(FREE)), bounds=(-1.1 * reach, 1.1 * reach), xtol=1e-5, ftol=1e-5)
    missed = np.abs(off(best.x)[: len(TARGETS)]) * 0.1
    if missed.max() > 1.0:
        return f"{label_of(TARGETS[int(missed.argmax())])} out of this model's reach"
    step[: len(FREE)] = best.x
    return step
