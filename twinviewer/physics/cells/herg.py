"""Dynamic hERG: IKr as a Markov chain that binds and traps drugs.

Li et al., Circ Arrhythm Electrophysiol 10:e004628 (2017): six drug-free states (two closed C1 C2, two
closed-inactivated IC1 IC2, open O, open-inactivated IO), each rate A exp(B V) q^((T - 20) / 10) at T degrees Celsius.
Drug binds to O and IO at

    k_on = Kmax Ku c^n / (c^n + halfmax)

(c in nM, n the Hill coefficient), leaves O at Ku and IO at Ku scaled by the drug-free ratio O->IO / IO->O (detailed
balance), and is trapped in a closed bound state at Kt; it escapes at Kt / (1 + exp(-(V - Vhalf) / 6.789)).

The chain is linear at a given voltage. Ordered C1 IC1 C2 IC2 O IO Ob IOb Cb its generator has two bands each side, so a
backward Euler step is one banded elimination: unconditionally stable (rates reach 200 / ms), exact in total
probability, and needs no pivoting (the matrix is column-wise diagonally dominant).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

STATES = 9
OPEN = 4
"""Index of the conducting state in the order C1 IC1 C2 IC2 O IO Ob IOb Cb."""

TEMPERATURE_C = 37.0
TRAPPING_PER_MS = 3.5e-5

# From, to, A (1/ms), B (1/mV), q: Li 2017, as in the parameter file of the CiPA project's hERG model.
_RATES = (
    (0, 2, 0.0264, 4.631e-5, 4.843),
    (2, 0, 4.986e-6, -0.004226, 4.23),
    (2, 4, 0.005509, 7.771e-9, 4.22),
    (4, 2, 0.001416, -0.02877, 1.459),
    (1, 3, 0.0007868, 1.535e-8, 4.942),
    (3, 1, 5.455e-6, -0.1688, 4.156),
    (3, 5, 0.001214, 0.008516, 4.962),
    (5, 3, 1.854e-5, -0.04641, 3.769),
    (0, 1, 0.4492, 0.008595, 5.0),
    (1, 0, 0.01241, 0.1725, 5.568),
    (2, 3, 0.3181, 3.613e-8, 4.663),
    (3, 2, 0.3226, -0.0006575, 5.0),
    (4, 5, 0.149, 0.004668, 2.412),
    (5, 4, 0.008978, -0.02215, 5.682),
)
_FROM = np.array([row[0] for row in _RATES])
_TO = np.array([row[1] for row in _RATES])
_BASE = np.array([row[2] * row[4] ** ((TEMPERATURE_C - 20.0) / 10.0) for row in _RATES])
_SLOPE = np.array([row[3] for row in _RATES])


@njit(cache=True)
def _flow(matrix: NDArray[np.float64], source: int, target: int, amount: float) -> None:
    """Enter a transition (rate times step) into the banded matrix I - dt Q, stored as [row, column - row + 2]."""
    matrix[source, 2] += amount
    matrix[target, source - target + 2] -= amount


@njit(cache=True, inline="always")
def drug_free(matrix: NDArray[np.float64], voltage_mv: float, step_ms: float) -> tuple[float, float]:
    """Fill ``matrix`` (9, 5) with I - dt Q of the channel without drugs; the rates (1/ms) of inactivation out of the
    open state and back."""
    matrix[:] = 0.0
    matrix[:, 2] = 1.0
    inactivate, recover = 0.0, 1.0
    for k in range(_FROM.size):
        rate = _BASE[k] * math.exp(_SLOPE[k] * voltage_mv)
        if k == 12:
            inactivate = rate
        elif k == 13:
            recover = rate
        _flow(matrix, _FROM[k], _TO[k], rate * step_ms)
    return inactivate, recover


@njit(cache=True, inline="always")
def solve(matrix: NDArray[np.float64], chain: NDArray[np.float64], states: int) -> None:
    """Solve the banded system for ``chain`` in place; ``matrix`` is used up. No pivots: I - dt Q is an M-matrix."""
    for row in range(states):
        for below in range(row + 1, min(row + 3, states)):
            factor = matrix[below, row - below + 2] / matrix[row, 2]
            if factor != 0.0:
                for column in range(row + 1, min(row + 3, states)):
                    matrix[below, column - below + 2] -= factor * matrix[row, column - row + 2]
                chain[below] -= factor * chain[row]
    for row in range(states - 1, -1, -1):
        total = chain[row]
        for column in range(row + 1, min(row + 3, states)):
            total -= matrix[row, column - row + 2] * chain[column]
        chain[row] = total / matrix[row, 2]


@njit(cache=True)
def herg_step(
    chain: NDArray[np.float64],
    voltage_mv: float,
    step_ms: float,
    bind_per_ms: float,
    unbind_per_ms: float,
    half_mv: float,
    matrix: NDArray[np.float64],
) -> None:
    """Advance the probabilities ``chain`` (9,) in place by one backward Euler step; ``matrix`` (9, 5) is scratch."""
    inactivate, recover = drug_free(matrix, voltage_mv, step_ms)
    if bind_per_ms > 0.0:
        escape = TRAPPING_PER_MS / (1.0 + math.exp(-(voltage_mv - half_mv) / 6.789))
        _flow(matrix, 4, 6, bind_per_ms * step_ms)
        _flow(matrix, 6, 4, unbind_per_ms * step_ms)
        _flow(matrix, 5, 7, bind_per_ms * step_ms)
        _flow(matrix, 7, 5, unbind_per_ms * inactivate / recover * step_ms)
        for bound in (6, 7):
            _flow(matrix, bound, 8, TRAPPING_PER_MS * step_ms)
            _flow(matrix, 8, bound, escape * step_ms)
    solve(matrix, chain, STATES)
