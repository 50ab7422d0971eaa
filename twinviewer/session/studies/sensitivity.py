"""Which inputs a number depends on most, and which measurement would make it better known.

Inputs are independent, so that the emulator's main effects share out the variance of the number (emulator.py); the
number is taken by its rank among the hearts (normal scores), so that a few extreme ones do not decide. What a
measurement of X with error e would take away of the variance of Y is, where both are normal,
cov(X, Y)^2 / (var X + e^2): the hearts themselves say how X and Y go together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import UncertainInput
from twinviewer.session.studies.bands import Spread
from twinviewer.session.studies.emulator import FOLDS, emulate

Array = NDArray[np.float64]

WORTH = 0.10
"""A measurement that would narrow less than so much is not named."""
LEAST_SHARE = 0.03
"""Nor an input with less of the variance, which may be chance."""


@dataclass(frozen=True, slots=True)
class Share:
    """An input's part in the variance of a number, 0 to 1; rises: whether the number rises with it."""

    input: UncertainInput
    share: float
    rises: bool
    narrowed_by: tuple[str, ...]
    """Measurements (names of metrics) that would tell the input better, most telling first; its own name: measure it
    again."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A measurement, and by what share the interval of a number would become narrower with it, 0 to 1."""

    measurement: str
    narrower: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """shares: largest first. explained: the share of variance that the emulator predicts in hearts that it has not
    seen: how far the shares can be trusted. gains: largest first."""

    metric: str
    shares: tuple[Share, ...]
    explained: float
    gains: tuple[Gain, ...]


def rank(
    spread: Spread,
    inputs: tuple[UncertainInput, ...],
    measurable: Mapping[str, float],
    metric: str,
    scenario: str,
    less: str = "",
) -> Ranking | None:
    """What a number, or with ``less`` its change, depends on. None where it does not vary, or too few hearts tell."""
    from scipy.stats import norm, rankdata

    rows = spread.normals
    if rows is None or tuple(one.name for one in inputs) != spread.inputs:
        return None
    values = spread.values(scenario, metric)
    if less:
        values = values - spread.values(less, metric)
    known = np.isfinite(values)
    if known.sum() < 2 * FOLDS or np.ptp(values[known]) == 0.0:
        return None
    rows, values = rows[known], values[known]
    scores = norm.ppf((rankdata(values) - 0.5) / len(values))
    found = emulate(rows, scores)
    variance = max(float(scores.var()), 1e-12)
    slope, straight = _straight(rows, scores)
    effects = np.maximum(found.main_effects(len(inputs)), straight) / variance
    effects = effects / max(float(effects.sum()), 1.0)
    seen = {name: spread.values(spread.names[0], name)[known] for name in measurable if name in spread.metric_names()}
    order = np.argsort(-effects)
    shares = tuple(
        Share(inputs[k], float(effects[k]), bool(slope[k] > 0.0), _narrowed_by(inputs[k], rows[:, k], seen, measurable))
        for k in order
        if effects[k] >= LEAST_SHARE
    )
    gains = sorted(_gains(values, seen, measurable), key=lambda one: -one.narrower)
    return Ranking(metric, shares, max(found.q2, 0.0), tuple(one for one in gains if one.narrower >= WORTH))


def _straight(rows: Array, scores: Array) -> tuple[Array, Array]:
    """(d,) slopes of one linear regression on all inputs, and the variance that each surely brings about: what chance
    alone would give is taken off, and a slope of less than two standard errors counts nothing."""
    count, inputs = rows.shape
    slope = np.zeros(inputs)
    if count < 2 * inputs:
        for k in range(inputs):
            slope[k] = float(np.cov(rows[:, k], scores)[0, 1] / rows[:, k].var())
        return slope, np.zeros(inputs)
    basis = np.column_stack([np.ones(count), rows])
    solved, *_ = np.linalg.lstsq(basis, scores, rcond=None)
    left = scores - basis @ solved
    inverse = np.linalg.inv(basis.T @ basis)
    error = np.sqrt(np.diag(inverse)[1:] * float(left @ left) / (count - inputs - 1))
    slope = solved[1:]
    return slope, np.where(np.abs(slope) > 2.0 * error, slope**2 - error**2, 0.0)


def _narrowed_by(
    one: UncertainInput, normal: Array, seen: Mapping[str, Array], measurable: Mapping[str, float]
) -> tuple[str, ...]:
    if one.kind != "parameter":
        return (one.name,)
    gains = sorted(_gains(normal, seen, measurable), key=lambda gain: -gain.narrower)
    worth = tuple(gain.measurement for gain in gains[:2] if gain.narrower >= WORTH)
    return worth or one.asks


def _gains(values: Array, seen: Mapping[str, Array], measurable: Mapping[str, float]) -> list[Gain]:
    """By what share the standard deviation of values (n,) falls with each measurement."""
    out, variance = [], float(values.var())
    for name, numbers in seen.items():
        if not np.isfinite(numbers).all() or variance <= 0.0:
            continue
        together = float(np.mean((numbers - numbers.mean()) * (values - values.mean())))
        spread = float(numbers.var())
        noise = spread / len(values) if spread > 0.0 else 0.0  # a chance correlation is no gain
        taken = max(together**2 - variance * noise, 0.0) / ((spread + measurable[name] ** 2) * variance)
        out.append(Gain(name, 1.0 - float(np.sqrt(max(1.0 - taken, 0.0)))))
    return out
