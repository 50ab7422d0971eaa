"""Pieces that every Hodgkin-Huxley cell is made of, for use inside compiled kernels."""

import math

from numba import njit


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
