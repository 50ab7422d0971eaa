"""Membrane potential from activation and recovery times: the shape that the ECG's lead fields see.

V(t) = V_rest + V_A [S(t − τ) − R(t − ρ)], S and R the integrals of the kernels
that the ECG is made of (ecg.py). It is a picture of where the
wall is depolarised, in keeping with the ECG; it is no ionic model.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

REST_MV = -85.0
AMPLITUDE_MV = 100.0
"""From rest to plateau, about −85 to +15 mV."""
BIN_MS = 0.5
UPSTROKE_MS = 1.0
"""Standard deviation of S': an upstroke of some 3 ms, tissue and recording together."""
REPOLARISATION_MS = (14.0, 30.0)
"""R' is a Gaussian (standard deviation first) drawn out towards early times by an exponential (second): phase 2 bends
slowly into phase 3, which ends fast. That makes the T wave's slow rise and quicker fall."""


def upstroke_kernel(spread_ms: float = UPSTROKE_MS) -> tuple[NDArray[np.float64], float]:
    """S' sampled every BIN_MS with sum 1/BIN_MS, and the time of its first sample."""
    s = np.arange(-round(5.0 * spread_ms / BIN_MS), round(5.0 * spread_ms / BIN_MS) + 1) * BIN_MS
    shape = np.exp(-0.5 * (s / spread_ms) ** 2)
    return shape / (shape.sum() * BIN_MS), float(s[0])


def repolarisation_kernel() -> tuple[NDArray[np.float64], float]:
    """R' sampled every BIN_MS with sum 1/BIN_MS and mean time 0, and the time of its first sample."""
    spread, tail = REPOLARISATION_MS
    gauss, first = upstroke_kernel(spread)
    early = np.exp(np.arange(-round(8.0 * tail / BIN_MS), 1) * BIN_MS / tail)
    shape = np.convolve(gauss, early)
    s = first - (len(early) - 1) * BIN_MS + np.arange(len(shape)) * BIN_MS
    shape /= shape.sum() * BIN_MS
    return shape, float(s[0] - (s * shape).sum() * BIN_MS)


@cache
def _steps() -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
    """Times and values of S and R, each rising from 0 to 1."""
    made: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for shape, first_ms in (upstroke_kernel(), repolarisation_kernel()):
        made.append((np.asarray(first_ms + np.arange(len(shape)) * BIN_MS), np.cumsum(shape) * BIN_MS))
    return tuple(made)


def membrane_mv(
    time_ms: float, activation_ms: NDArray[np.floating], recovery_ms: NDArray[np.floating], period_ms: float
) -> NDArray[np.float32]:
    """(n,) potentials at one moment of a beat that repeats; NaN where the wall is never activated.

    activation_ms, recovery_ms: (n,) on the clock of time_ms, the second after the first.
    """
    (up_ms, up), (down_ms, down) = _steps()
    since = (time_ms - activation_ms - up_ms[0]) % period_ms + up_ms[0]  # an upstroke begins a little before its middle
    left = since - (recovery_ms - activation_ms)
    risen = np.interp(since, up_ms, up)
    fallen = np.interp(left, down_ms, down)
    value = REST_MV + AMPLITUDE_MV * (risen - fallen)
    # a slow beat before may still be falling when this one starts
    value += AMPLITUDE_MV * (1.0 - np.interp(left + period_ms, down_ms, down))
    return np.asarray(np.where(np.isfinite(activation_ms), value, np.nan), dtype=np.float32)
