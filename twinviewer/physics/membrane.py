"""Membrane potential from activation and recovery times: the shape that the ECG's lead fields see.

V(t) = V_rest + V_A [S(t − τ) − R(t − ρ)], S and R the integrals of the kernels in ecg.py. It is a picture of where the
wall is depolarised, in keeping with the ECG; it is no ionic model.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.ecg import AMPLITUDE_MV, BIN_MS, repolarisation_kernel, upstroke_kernel

REST_MV = -85.0


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
