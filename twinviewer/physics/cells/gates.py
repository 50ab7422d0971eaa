"""Pieces that every Hodgkin-Huxley cell is made of, for use inside compiled kernels."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

# The step follows the voltage: STEP_MV at most, within bounds; longer in diastole
STEP_MV = 0.2
SHORTEST_MS, LONGEST_MS = 0.005, 0.2
DIASTOLE_MV, DIASTOLE_MS = -75.0, 0.5


@njit(cache=True)
def relax(value: float, target: float, time_constant: float, dt: float) -> float:
    """A gate after dt at frozen target and time constant (exact; Rush, Larsen, IEEE Trans Biomed Eng 25:389, 1978)."""
    return target + (value - target) * math.exp(-dt / time_constant)


@njit(cache=True)
def rise(v: float, half: float, slope: float) -> float:
    """Boltzmann curve: 0.5 at ``half``, rising with v where ``slope`` is above zero, falling where below."""
    return 1.0 / (1.0 + math.exp(-(v - half) / slope))


@njit(cache=True)
def over_expm1(x: float) -> float:
    """x / (exp(x) - 1), the constant-field factor, finite at 0."""
    return x / math.expm1(x) if abs(x) > 1e-6 else 1.0 - 0.5 * x


@njit(cache=True)
def step_ms(v: float, slope: float, scale: float) -> float:
    """Time step in ms at voltage v (mV) that changes by ``slope`` (mV/ms); scale: factor on all of it."""
    longest = DIASTOLE_MS if v < DIASTOLE_MV else LONGEST_MS
    return scale * min(max(STEP_MV / max(abs(slope), 1e-6), SHORTEST_MS), longest)


@njit(cache=True)
def sampled(
    trace: NDArray[np.float64], row: int, sample_ms: float, time: float, dt: float,
    v0: float, v1: float, calcium0: float, calcium1: float, slope: float,
) -> int:  # fmt: skip
    """Fill the rows of trace (n, 3: V, calcium, slope) that lie within this step, linearly; returns the next row."""
    while row < trace.shape[0] and row * sample_ms < time + dt:
        part = (row * sample_ms - time) / dt
        trace[row, 0] = v0 + part * (v1 - v0)
        trace[row, 1] = calcium0 + part * (calcium1 - calcium0)
        trace[row, 2] = slope
        row += 1
    return row
