"""Fit of a beating heart to what is known of a patient.

Parameters are positive and known beforehand as a population knows them: their logarithms t are normal about t0 with
standard deviation s. Measurements y have normal errors e. The fit minimises

    sum ((y - f(t)) / (c e))^2 + sum ((t - t0) / s)^2

by Levenberg-Marquardt steps with the response of the steady beat (fit_response.py). Where the data say nothing, t stays
at t0 rather than anywhere. c = 1 would give the most probable t, which meets a good measurement of an unusual patient
only in part; with c = CLOSELY what was measured is shown as it was measured. Intervals allow for that, and say what the
data tell: fit_intervals.py. The search starts from a beat that was adapted to the chief targets (fit_adapt.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.fit_response import FittedHeart, Reading, Response, Start, respond, steady_from
from twinviewer.physics.heartbeat import Beat

Array = NDArray[np.float64]

CLOSELY = 0.35
"""Measurements are met this much more closely than their errors ask."""
MOST_ROUNDS = 16
LONGEST_STEP = 0.35
"""Of a logarithm in one round: a third more or less."""


@dataclass(frozen=True, slots=True)
class Known:
    """A number known of the patient. error: its standard deviation. read: the same number of a simulated beat."""

    name: str
    value: float
    error: float
    read: Reading

    def __post_init__(self) -> None:
        if not (np.isfinite(self.value) and np.isfinite(self.error) and self.error > 0.0):
            raise EngineError(
                "a measurement that the model is fitted to is not a number",
                where=f"{self.name} = {self.value} ± {self.error}",
                remedy="Correct the measurement",
            )


@dataclass(frozen=True, slots=True)
class Free:
    """A parameter to be fitted. median and spread (standard deviation of the logarithm): of the population. low, high:
    beyond them no search goes."""

    name: str
    median: float
    spread: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The most probable parameters. slopes (g, q): of the numbers ``known`` with the logarithms of ``free`` at the
    steady beat; watched (w, q): the same of numbers that were only looked at. rounds, beats: how long the search took.
    settled: whether it came to rest."""

    value: dict[str, float]
    response: Response
    slopes: Array
    watched: Array
    rounds: int
    beats: int
    settled: bool

    @property
    def beat(self) -> Beat:
        """The steady beat."""
        return self.response.beat


def fit(
    heart: FittedHeart,
    value: Mapping[str, float],
    start: Start,
    known: Sequence[Known],
    free: Sequence[Free],
    watched: Sequence[Reading] = (),
) -> Fit:
    """Fit ``free`` so that ``known`` are met as well as their errors ask.

    value: all parameters, where to begin. start: a beat that is nearly steady with them. watched: numbers whose slopes
    are wanted besides. EngineError when the circulation diverges at the start.
    """
    fitted = {**value, **{one.name: float(np.clip(value[one.name], one.low, one.high)) for one in free}}
    names, readings, seen = [one.name for one in free], [*(one.read for one in known), *watched], len(known)
    target, error = np.array([one.value for one in known]), CLOSELY * np.array([one.error for one in known])
    centre, spread = np.log([one.median for one in free]), np.array([one.spread for one in free])
    bottom, top = np.log([one.low for one in free]), np.log([one.high for one in free])

    def cost(values: Array, logs: Array) -> float:
        return float((((values[:seen] - target) / error) ** 2).sum() + (((logs - centre) / spread) ** 2).sum())

    start, _, beats = steady_from(heart, fitted, start)
    response = respond(heart, fitted, start, names, readings)
    beats += 9 + len(names)
    damping, settled, rounds = 1e-3, False, 0
    logs = np.log([fitted[name] for name in names])
    now = cost(response.values, logs)
    while rounds < MOST_ROUNDS and not settled:
        rounds += 1
        last = fitted
        slopes = response.slopes[:seen] / error[:, None]
        normal = slopes.T @ slopes + np.diag(1.0 / spread**2)
        pull = slopes.T @ ((target - response.values[:seen]) / error) - (logs - centre) / spread**2
        for _ in range(6):
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), pull)
            step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
            trial_logs = np.clip(logs + step, bottom, top)
            step = trial_logs - logs
            trial = {**fitted, **dict(zip(names, np.exp(trial_logs).tolist(), strict=True))}
            try:
                moved = response.start.moved(response.shift @ step)
                begun, beat, took = steady_from(heart, trial, moved, response.settle)
                then = cost(np.array([read(beat) for read in readings]), trial_logs)
            except EngineError:  # too far: the circulation diverged there
                then, took = np.inf, 1
            beats += took
            small = float(np.abs(step).max()) < 2e-3
            if then < now or (small and then < now + 1e-3):
                settled = damping < 1e-2 and (
                    small or now - then < 1e-3 * (1.0 + now)
                )  # else it is damping that made it small
                fitted, logs, start, now = trial, trial_logs, begun, then
                damping = max(damping / 5.0, 1e-6)
                break
            damping = max(damping * 8.0, 1e-2)
        else:
            break
        try:
            response = respond(heart, fitted, start, names, readings)
        except EngineError:  # at the edge of what a heart can be: the last point whose slopes are known stands
            fitted, settled = last, False
            break
        beats += 9 + len(names)
    return Fit(fitted, response, response.slopes[:seen], response.slopes[seen:], rounds, beats, settled)
