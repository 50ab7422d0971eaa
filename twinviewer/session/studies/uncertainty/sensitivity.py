"""Which inputs a number depends on most, and which measurement would make it better known.

An input is a parameter as it was drawn, or the error of a measurement. Drawn parameters hang together, as hearts must
meet what was measured, so inputs are taken one after the other, each the one that tells most of what those before it
leave open (forward selection of its value and its square; an F test says where chance begins). The number is taken by
its rank among the hearts (normal scores), so that a few extreme ones do not decide.

What a measurement of X with error e would take away of the variance of Y is, where both are normal,
cov(X, Y)^2 / (var X + e^2): the hearts themselves say how X and Y go together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import UncertainInput
from twinviewer.session.studies.uncertainty.bands import Spread

Array = NDArray[np.float64]

WORTH = 0.10
"""A measurement that would narrow less than so much is not named."""
LEAST_SHARE = 0.01
CHANCE = 0.01
"""An input that would look so good by chance more often than this is not named."""
MOST_INPUTS = 6
FOLDS = 8


@dataclass(frozen=True, slots=True)
class Share:
    """What an input tells of a number beyond those named before it, as a share of variance, 0 to 1; rises: whether the
    number rises with it."""

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
    """shares: in the order in which they were taken. explained: the share of variance that they tell together in
    hearts that were left out. gains: largest first."""

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

    columns = _columns(spread, inputs)
    values = spread.values(scenario, metric)
    if less:
        values = values - spread.values(less, metric)
    known = np.isfinite(values)
    if known.sum() < 3 * FOLDS or np.ptp(values[known]) == 0.0:
        return None
    values, columns = values[known], [one[known] for one in columns]
    scores = norm.ppf((rankdata(values) - 0.5) / len(values))
    seen = {name: spread.values(spread.names[0], name)[known] for name in measurable if name in spread.metric_names()}
    shares = []
    taken = _forward(columns, scores)
    for k, share in taken:
        slope = float(np.cov(columns[k], scores)[0, 1])
        shares.append(Share(inputs[k], share, slope > 0.0, _narrowed_by(inputs[k], columns[k], seen, measurable)))
    gains = sorted(_gains(values, seen, measurable), key=lambda one: -one.narrower)
    explained = _left_out([columns[k] for k, _ in taken], scores)
    return Ranking(metric, tuple(shares), explained, tuple(one for one in gains if one.narrower >= WORTH))


def _columns(spread: Spread, inputs: tuple[UncertainInput, ...]) -> list[Array]:
    """(n,) of each input: a parameter's logarithm as it was drawn, or by how many errors a measurement was off."""
    rows, names = spread.normals, spread.inputs
    out = []
    for one in inputs:
        values = spread.parameters(one.name) if one.kind == "parameter" else None
        if values is not None:
            out.append(np.log(values))
        elif rows is not None and one.name in names:
            out.append(rows[:, names.index(one.name)])
        else:
            out.append(np.zeros(len(spread.hearts)))
    return out


def _basis(columns: list[Array]) -> Array:
    """(n, 1 + 2 k): one, and each column with its square, of mean 0 and deviation 1."""
    count = len(columns[0]) if columns else 0
    parts = [np.ones(count)]
    for column in columns:
        spread = float(column.std())
        plain = (column - column.mean()) / spread if spread > 0.0 else np.zeros(count)
        parts += [plain, plain**2 - 1.0]
    return np.column_stack(parts)


def _forward(columns: list[Array], scores: Array) -> list[tuple[int, float]]:
    """Indices of inputs in the order taken, each with the share of variance that it adds."""
    from scipy.stats import f

    count, taken = len(scores), list[tuple[int, float]]()
    open_ = float(((scores - scores.mean()) ** 2).sum())
    whole, chosen = open_, list[int]()
    while len(chosen) < MOST_INPUTS:
        left = {}
        for k, column in enumerate(columns):
            if k in chosen or float(column.std()) == 0.0:
                continue
            basis = _basis([*(columns[one] for one in chosen), column])
            solved, *_ = np.linalg.lstsq(basis, scores, rcond=None)
            left[k] = float(((scores - basis @ solved) ** 2).sum())
        if not left:
            break
        best = min(left, key=lambda k: left[k])
        free = count - 1 - 2 * (len(chosen) + 1)
        if free < 5:
            break
        ratio = (open_ - left[best]) / 2.0 / max(left[best] / free, 1e-12)
        # the best of many: its chance is that of any of them being as good
        if float(f.sf(ratio, 2, free)) * len(left) > CHANCE:
            break
        share = (open_ - left[best] - 2.0 * left[best] / free) / whole
        if share < LEAST_SHARE:
            break
        chosen.append(best)
        taken.append((best, share))
        open_ = left[best]
    return taken


def _left_out(columns: list[Array], scores: Array) -> float:
    """The share of variance that these inputs predict in hearts that were left out, 0 at least."""
    if not columns:
        return 0.0
    basis, fold = _basis(columns), np.arange(len(scores)) % FOLDS
    off = np.zeros(len(scores))
    for one in range(FOLDS):
        kept = fold != one
        solved, *_ = np.linalg.lstsq(basis[kept], scores[kept], rcond=None)
        off[~kept] = scores[~kept] - basis[~kept] @ solved
    return max(1.0 - float((off**2).sum() / ((scores - scores.mean()) ** 2).sum()), 0.0)


def _narrowed_by(
    one: UncertainInput, column: Array, seen: Mapping[str, Array], measurable: Mapping[str, float]
) -> tuple[str, ...]:
    if one.kind != "parameter":
        return (one.name,)
    gains = sorted(_gains(column, seen, measurable), key=lambda gain: -gain.narrower)
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
