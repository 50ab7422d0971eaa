"""Dynamic hERG under several drugs at once: they compete, one channel holds one of them.

The drug-free chain and the rates are those of herg.py; each drug d adds its own bound states O_d, IO_d and C_d, reached
from the free O and IO only. A backward Euler step over dt solves

    (1 + b_d) O  + ... - dt Ku_d O_d           = O before        b_d = dt k_on,d
    (1 + dt (Ku_d + Kt)) O_d  - dt e_d C_d     = O_d before + b_d O
    (1 + dt (Ku'_d + Kt)) IO_d - dt e_d C_d    = IO_d before + b_d IO
    (1 + 2 dt e_d) C_d - dt Kt (O_d + IO_d)    = C_d before

The three bound states of each drug are eliminated by hand; what is left has two bands each side, as without a drug. Two
drugs that bind alike at half the rate are one drug at the whole rate, exactly (tests/physics).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.physics.cells.herg import TRAPPING_PER_MS, drug_free, solve

FREE = 6
"""Drug-free states, in the order of herg.py; three bound ones of each drug follow."""
BINDING = 3
"""Numbers of one drug: binding and unbinding rates (1/ms), half trapping voltage (mV)."""


@njit(cache=True)
def herg_mixed_step(
    chain: NDArray[np.float64],
    voltage_mv: float,
    step_ms: float,
    bindings: NDArray[np.float64],
    matrix: NDArray[np.float64],
) -> None:
    """Advance ``chain`` (6 + 3 k,) in place under k drugs, ``bindings`` (k, 3); ``matrix`` (9, 5) is scratch."""
    inactivate, recover = drug_free(matrix, voltage_mv, step_ms)
    trap = TRAPPING_PER_MS * step_ms
    for d in range(bindings.shape[0]):
        bind, off = bindings[d, 0] * step_ms, bindings[d, 1] * step_ms
        off_io = off * inactivate / recover
        escape = trap / (1.0 + math.exp(-(voltage_mv - bindings[d, 2]) / 6.789))
        at = FREE + BINDING * d
        own_o, own_io, shared, back, rest_o, rest_io = _eliminated(chain, at, off, off_io, trap, escape)
        matrix[4, 2] += bind - off * bind * own_io * back
        matrix[4, 3] -= off * bind * shared * back
        matrix[5, 2] += bind - off_io * bind * own_o * back
        matrix[5, 1] -= off_io * bind * shared * back
        chain[4] += off * (own_io * rest_o + shared * rest_io) * back
        chain[5] += off_io * (shared * rest_o + own_o * rest_io) * back
    solve(matrix, chain, FREE)
    for d in range(bindings.shape[0]):
        bind, off = bindings[d, 0] * step_ms, bindings[d, 1] * step_ms
        off_io = off * inactivate / recover
        escape = trap / (1.0 + math.exp(-(voltage_mv - bindings[d, 2]) / 6.789))
        at = FREE + BINDING * d
        own_o, own_io, shared, back, rest_o, rest_io = _eliminated(chain, at, off, off_io, trap, escape)
        into_o, into_io = rest_o + bind * chain[4], rest_io + bind * chain[5]
        held_o = (own_io * into_o + shared * into_io) * back
        held_io = (shared * into_o + own_o * into_io) * back
        chain[at + 2] = (chain[at + 2] + trap * (held_o + held_io)) / (1.0 + 2.0 * escape)
        chain[at], chain[at + 1] = held_o, held_io


@njit(cache=True)
def _eliminated(
    chain: NDArray[np.float64], at: int, off: float, off_io: float, trap: float, escape: float
) -> tuple[float, float, float, float, float, float]:
    """The two open bound states of a drug once its closed one is eliminated: their diagonals, what they share, one
    over the determinant, and their right-hand sides."""
    ratio = escape / (1.0 + 2.0 * escape)
    shared = ratio * trap
    own_o, own_io = 1.0 + off + trap - shared, 1.0 + off_io + trap - shared
    back = 1.0 / (own_o * own_io - shared * shared)
    return own_o, own_io, shared, back, chain[at] + ratio * chain[at + 2], chain[at + 1] + ratio * chain[at + 2]
