"""The cells of Mitchell–Schaeffer (2003) and Bueno-Orovio et al. (2008) for many nodes at once, in single precision.

Formulas and figures: twinviewer/physics/cells/phenomenological.py (the reference that tests compare with). A chunk of
CHUNK nodes lies in one flat array, row after row, so that compilers turn each loop into vector code. Both sides of a
threshold are computed and one is chosen. Gates use exp(-z) ~ 1/(1 + z + z²/2 + z³/6): error below z⁴/24,
never unstable.

FAST and SLOW are factors of a node: for Mitchell–Schaeffer on the inward current and on tau_close, for Bueno-Orovio on
the fast and the slow inward current. First order in the step.
"""

from numba import njit
from numpy import float32 as f
from numpy.typing import NDArray

from twinviewer.physics.monodomain.fast_math import CHUNK, exp32

# Mitchell–Schaeffer: voltage, gate, factors.
MS_V, MS_H, MS_FAST, MS_SLOW = range(4)
MS_ROWS = 4

# Bueno-Orovio: voltage, gates v w s, which layer (0 or 1 each), factors.
BO_V, BO_FV, BO_W, BO_S, BO_ENDO, BO_MID, BO_FAST, BO_SLOW = range(8)
BO_ROWS = 8


@njit(cache=True, fastmath=True, error_model="numpy", inline="always")
def _keep(z):  # type: ignore[no-untyped-def]
    """About exp(-z) for z >= 0."""
    return f(1.0) / (f(1.0) + z * (f(1.0) + z * (f(0.5) + z * f(1.0 / 6.0))))


@njit(cache=True, fastmath=True, error_model="numpy")
def mitchell_schaeffer_chunk(w: NDArray, b: int, dt: float, table: NDArray) -> None:
    """Advance the CHUNK cells whose rows start at w[b] by dt ms. table (1, 5): parameters of the cell."""
    if b < 0:  # tells the compiler that no index wraps round
        return
    in_, out, gate = f(1.0) / table[0, 0], f(1.0) / table[0, 1], table[0, 4]
    opened, closing = _keep(dt / table[0, 2]), f(1.0) / table[0, 3]
    for i in range(CHUNK):
        u = w[b + MS_V * CHUNK + i]
        h = w[b + MS_H * CHUNK + i]
        closed = h * _keep(dt * closing / w[b + MS_SLOW * CHUNK + i])
        h = f(1.0) + (h - f(1.0)) * opened if u < gate else closed
        inward = h * u * u * (f(1.0) - u) * in_ * w[b + MS_FAST * CHUNK + i]
        w[b + MS_H * CHUNK + i] = h
        w[b + MS_V * CHUNK + i] = u + dt * (inward - u * out)


@njit(cache=True, fastmath=True, error_model="numpy", inline="always")
def _half_step(x):  # type: ignore[no-untyped-def]
    """(1 + tanh x) / 2."""
    return f(1.0) / (f(1.0) + exp32(f(-2.0) * x))


@njit(cache=True, fastmath=True, error_model="numpy")
def _bo_gates(w: NDArray, b: int, dt: float, table: NDArray) -> None:
    if b < 0:
        return
    a1, e1, m1 = table[0, 1], table[1, 1], table[2, 1]
    a3, e3, m3 = table[0, 3], table[1, 3], table[2, 3]
    a4, e4, m4 = table[0, 4], table[1, 4], table[2, 4]
    for i in range(CHUNK):
        u = w[b + BO_V * CHUNK + i]
        endo, mid = w[b + BO_ENDO * CHUNK + i], w[b + BO_MID * CHUNK + i]
        v = w[b + BO_FV * CHUNK + i]
        below = u < (a1 + endo * e1 + mid * m1)
        tau = (a3 + endo * e3 + mid * m3) if below else (a4 + endo * e4 + mid * m4)
        tau = f(1.4506) if u > f(0.3) else tau
        target = f(1.0) if below else f(0.0)
        target = f(0.0) if u > f(0.3) else target
        w[b + BO_FV * CHUNK + i] = target + (v - target) * _keep(dt / tau)
    a2, e2, m2 = table[0, 2], table[1, 2], table[2, 2]
    a5, e5, m5 = table[0, 5], table[1, 5], table[2, 5]
    a6, e6, m6 = table[0, 6], table[1, 6], table[2, 6]
    a7, e7, m7 = table[0, 7], table[1, 7], table[2, 7]
    a8, e8, m8 = table[0, 8], table[1, 8], table[2, 8]
    a9, e9, m9 = table[0, 9], table[1, 9], table[2, 9]
    a19, e19, m19 = table[0, 19], table[1, 19], table[2, 19]
    a20, e20, m20 = table[0, 20], table[1, 20], table[2, 20]
    for i in range(CHUNK):
        u = w[b + BO_V * CHUNK + i]
        endo, mid = w[b + BO_ENDO * CHUNK + i], w[b + BO_MID * CHUNK + i]
        x = w[b + BO_W * CHUNK + i]
        low, high = (a5 + endo * e5 + mid * m5), (a6 + endo * e6 + mid * m6)
        tau = low + (high - low) * _half_step((a7 + endo * e7 + mid * m7) * (u - (a8 + endo * e8 + mid * m8)))
        target = f(1.0) - u / (a19 + endo * e19 + mid * m19)
        target = (a20 + endo * e20 + mid * m20) if u > (a2 + endo * e2 + mid * m2) else target
        tau = (a9 + endo * e9 + mid * m9) if u > f(0.13) else tau
        target = f(0.0) if u > f(0.13) else target
        w[b + BO_W * CHUNK + i] = target + (x - target) * _keep(dt / tau)
    a17, e17, m17 = table[0, 17], table[1, 17], table[2, 17]
    for i in range(CHUNK):
        u = w[b + BO_V * CHUNK + i]
        endo, mid = w[b + BO_ENDO * CHUNK + i], w[b + BO_MID * CHUNK + i]
        x = w[b + BO_S * CHUNK + i]
        tau = (a17 + endo * e17 + mid * m17) if u > f(0.13) else f(2.7342)
        target = _half_step(f(2.0994) * (u - f(0.9087)))
        w[b + BO_S * CHUNK + i] = target + (x - target) * _keep(dt / tau)


@njit(cache=True, fastmath=True, error_model="numpy")
def _bo_voltage(w: NDArray, b: int, dt: float, table: NDArray) -> None:
    if b < 0:
        return
    a0, e0, m0 = table[0, 0], table[1, 0], table[2, 0]
    a2, e2, m2 = table[0, 2], table[1, 2], table[2, 2]
    a10, e10, m10 = table[0, 10], table[1, 10], table[2, 10]
    a11, e11, m11 = table[0, 11], table[1, 11], table[2, 11]
    a12, e12, m12 = table[0, 12], table[1, 12], table[2, 12]
    a13, e13, m13 = table[0, 13], table[1, 13], table[2, 13]
    a14, e14, m14 = table[0, 14], table[1, 14], table[2, 14]
    a15, e15, m15 = table[0, 15], table[1, 15], table[2, 15]
    a16, e16, m16 = table[0, 16], table[1, 16], table[2, 16]
    a18, e18, m18 = table[0, 18], table[1, 18], table[2, 18]
    for i in range(CHUNK):
        u = w[b + BO_V * CHUNK + i]
        endo, mid = w[b + BO_ENDO * CHUNK + i], w[b + BO_MID * CHUNK + i]
        fast = w[b + BO_FV * CHUNK + i] * (u - f(0.3)) * ((a0 + endo * e0 + mid * m0) - u)
        fast = fast / (a10 + endo * e10 + mid * m10)
        slow = w[b + BO_W * CHUNK + i] * w[b + BO_S * CHUNK + i] / (a18 + endo * e18 + mid * m18)
        one, two = (a13 + endo * e13 + mid * m13), (a14 + endo * e14 + mid * m14)
        tau = one + (two - one) * _half_step((a15 + endo * e15 + mid * m15) * (u - (a16 + endo * e16 + mid * m16)))
        rest = (a12 + endo * e12 + mid * m12) if u > (a2 + endo * e2 + mid * m2) else (a11 + endo * e11 + mid * m11)
        above = slow * w[b + BO_SLOW * CHUNK + i] - f(1.0) / tau
        slope = above if u > f(0.13) else -u / rest
        slope += fast * w[b + BO_FAST * CHUNK + i] if u > f(0.3) else f(0.0)
        w[b + BO_V * CHUNK + i] = u + dt * slope


@njit(cache=True, fastmath=True, error_model="numpy")
def bueno_orovio_chunk(w: NDArray, b: int, dt: float, table: NDArray) -> None:
    """Advance the CHUNK cells whose rows start at w[b] by dt ms. table (3, 21): epi, endo - epi, mid - epi."""
    _bo_gates(w, b, dt, table)
    _bo_voltage(w, b, dt, table)
