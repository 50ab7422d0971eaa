"""Hearts that could be this patient: each is a fit to measurements and to a population that are off by their errors.

With y* = y + e x and t0* = t0 + s z, x and z standard normal, one draw minimises what the fit itself minimises
(heart_fit.py), y* and t0* in place of y and t0. Where the response is linear, draws have the fit's own value as their
mean and the covariance of fit_intervals.Knowledge.after; where it is not, each still meets its own y*, as a heart must
that shall be this patient's (randomised maximum likelihood: Oliver, He & Reynolds, Proc ECMOR V, 1996; Chen & Oliver,
Math Geosci 44:1, 2012). Inputs x and z are independent, so that what comes out can be traced back to each.

The minimum is sought from the fit on by chord steps: the slopes there, mended by Broyden's rule with each beat seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.fit_response import FittedHeart, Response, Start, steady_from
from twinviewer.physics.heart_fit import CLOSELY, Free, Known

Array = NDArray[np.float64]

MOST_BEATS_SEEN = 6
CLOSE = 0.1
"""A step shorter than so many standard deviations of what is left is the last one."""
LONGEST_STEP = 0.6
STEADY = 2e-4
"""Largest change from beat to beat of a draw: far below what measurements err."""


@dataclass(frozen=True, slots=True, eq=False)
class Middle:
    """What draws are made round: all parameters, their steady beat, and its response to ``free`` with readings of
    ``known``, as they stand in the fit."""

    value: Mapping[str, float]
    response: Response
    known: Sequence[Known]
    free: Sequence[Free]


@dataclass(frozen=True, slots=True)
class Draw:
    """value: all parameters. off: root mean square of simulated less y*, in errors of the measurements; a draw that
    met nothing is no patient. beats: what it took."""

    value: dict[str, float]
    off: float
    beats: int


def draw(
    heart: FittedHeart, middle: Middle, changed: Mapping[str, float], measured: Array, before: Array, seed: Start
) -> Draw:
    """One heart. measured (g,), before (q,): standard normal x and z. changed: parameters that are not fitted and have
    another value in this heart. seed: a beat near by. EngineError where no beat of such a heart becomes steady."""
    known, free = middle.known, middle.free
    names = [one.name for one in free]
    error = CLOSELY * np.array([one.error for one in known])
    spread = np.array([one.spread for one in free])
    target = np.array([one.value for one in known]) + np.array([one.error for one in known]) * measured
    centre = np.log([one.median for one in free]) + spread * before
    bottom, top = np.log([one.low for one in free]), np.log([one.high for one in free])
    slopes = middle.response.slopes[: len(known)].copy()
    value = {**middle.value, **changed}
    logs = np.log([value[name] for name in names])
    seen, start, beats = _seen(heart, value, seed, middle)
    best = (np.inf, value, np.inf)
    last_logs, last_seen = logs, seen
    for number in range(MOST_BEATS_SEEN):
        cost = float((((seen - target) / error) ** 2).sum() + (((logs - centre) / spread) ** 2).sum())
        if cost < best[0]:
            off = float(np.sqrt(np.mean(((seen - target) * CLOSELY / error) ** 2))) if len(known) else 0.0
            best = (cost, value, off)
        if number:
            moved = logs - last_logs
            if (length := float(moved @ moved)) > 1e-8:
                slopes += np.outer(seen - last_seen - slopes @ moved, moved) / length
        weighted = slopes / error[:, None]
        precision = weighted.T @ weighted + np.diag(1.0 / spread**2)
        pull = weighted.T @ ((target - seen) / error) - (logs - centre) / spread**2
        step = np.clip(np.linalg.solve(precision, pull), -LONGEST_STEP, LONGEST_STEP)
        step = np.clip(logs + step, bottom, top) - logs
        left = np.sqrt(np.diag(np.linalg.inv(precision)))
        last_logs, last_seen = logs, seen
        for _ in range(4):
            trial = {**value, **dict(zip(names, np.exp(logs + step).tolist(), strict=True))}
            if float(np.max(np.abs(step) / left)) < CLOSE:  # as good as there
                return Draw(trial, best[2], beats)
            try:
                seen, start, took = _seen(heart, trial, start.moved(middle.response.shift @ step), middle)
                break
            except EngineError:
                step = 0.5 * step
        else:
            break
        beats += took
        logs, value = logs + step, trial
    if not np.isfinite(best[0]):
        raise EngineError("no heart meets these measurements", remedy="Draw another")
    return Draw(best[1], best[2], beats)


def _seen(heart: FittedHeart, value: Mapping[str, float], start: Start, middle: Middle) -> tuple[Array, Start, int]:
    """What is read of the steady beat, where it begins, beats taken. EngineError."""
    start, beat, took = steady_from(heart, value, start, middle.response.settle, STEADY, 30)
    seen = np.array([one.read(beat) for one in middle.known])
    if not np.isfinite(seen).all():
        raise EngineError("a number of a drawn heart's beat is not finite")
    return seen, start, took
