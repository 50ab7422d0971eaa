"""Passive laws of muscle, as second Piola-Kirchhoff stress S and stiffness ∂S/∂E of a strain. kPa.

Guccione et al., J Biomech Eng 113:42 (1991), transversely isotropic about the fibre f:

    W = C/2 (exp Q − 1),  Q = b_f E_ff² + b_t (E_ss² + E_nn² + 2 E_sn²) + 2 b_fs (E_fs² + E_fn²)

which in invariants, with a = f·E f, is Q = b_t tr E² + (b_f + b_t − 2 b_fs) a² + 2 (b_fs − b_t) |E f|².

Holzapfel and Ogden, Phil Trans R Soc A 367:3445 (2009), with fibre f and sheet s:

    W = a/2b (e^{b(I₁−3)} − 1) − a ln J + Σ_{i=f,s} a_i/2b_i (e^{b_i (I₄ᵢ−1)²} − 1) + a_fs/2b_fs (e^{b_fs I₈²} − 1)

fibre and sheet terms only in stretch. The term −a ln J, nothing where volume is kept, leaves the unstrained state free
of stress. Both laws are those of the whole strain, not of its isochoric part. Active stress adds T f⊗f to S (Land et
al., Proc R Soc A 471:20150641, 2015).

Six components stand in the order 00, 11, 22, 01, 12, 02; stiffness is by engineering shear (2 E₀₁ …).
"""

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

GUCCIONE, HOLZAPFEL_OGDEN = 0, 1
MOST_EXPONENT = 60.0
"""Above it the strain is far from any tissue; the solver takes a smaller step."""


@dataclass(frozen=True, slots=True)
class Law:
    """A passive law. kind: GUCCIONE or HOLZAPFEL_OGDEN; constants: (8,) as its kernel reads them."""

    kind: int
    constants: NDArray[np.float64] = field(default_factory=lambda: np.zeros(8))


def guccione(c_kpa: float, fibre: float, across: float, shear: float) -> Law:
    """b_f, b_t and b_fs as fibre, across and shear."""
    return Law(GUCCIONE, np.array([c_kpa, fibre, across, shear, 0.0, 0.0, 0.0, 0.0]))


def holzapfel_ogden(
    a_kpa: float, b: float, fibre: tuple[float, float], sheet: tuple[float, float] = (0.0, 1.0),
    both: tuple[float, float] = (0.0, 1.0),
) -> Law:  # fmt: skip
    """fibre, sheet, both: (a_i in kPa, b_i) of I₄f, I₄s and I₈fs."""
    return Law(HOLZAPFEL_OGDEN, np.array([a_kpa, b, *fibre, *sheet, *both]))


@njit(cache=True)
def _dyad(stiffness, a, factor):  # type: ignore[no-untyped-def]
    for i in range(6):
        for j in range(6):
            stiffness[i, j] += factor * a[i] * a[j]


@njit(cache=True)
def stress(kind, k, right, inverse, fibre, sheet, s, stiffness):  # type: ignore[no-untyped-def]
    """S and ∂S/∂E into s (6,) and stiffness (6, 6). right: C (3, 3); inverse: its inverse. False where a strain is
    absurd."""
    s[:] = 0.0
    stiffness[:, :] = 0.0
    one = (0, 1, 2, 0, 1, 0)
    two = (0, 1, 2, 1, 2, 2)
    work = np.empty(6)
    if kind == 0:
        c, bf, bt, bfs = k[0], k[1], k[2], k[3]
        e = np.empty((3, 3))
        ef = np.zeros(3)
        square = 0.0
        for i in range(3):
            for j in range(3):
                e[i, j] = 0.5 * (right[i, j] - (1.0 if i == j else 0.0))
                square += e[i, j] * e[i, j]
                ef[i] += e[i, j] * fibre[j]
        along = fibre[0] * ef[0] + fibre[1] * ef[1] + fibre[2] * ef[2]
        slide = ef[0] * ef[0] + ef[1] * ef[1] + ef[2] * ef[2]
        ka, kb = bf + bt - 2.0 * bfs, 2.0 * (bfs - bt)
        q = bt * square + ka * along * along + kb * slide
        if not q < 60.0:
            return False
        front = 0.5 * c * np.exp(q)
        for n in range(6):
            i, j = one[n], two[n]
            work[n] = (
                2.0 * bt * e[i, j] + 2.0 * ka * along * fibre[i] * fibre[j] + kb * (fibre[i] * ef[j] + ef[i] * fibre[j])
            )
            s[n] = front * work[n]
        _dyad(stiffness, work, front)
        for n in range(6):
            i, j = one[n], two[n]
            stiffness[n, n] += front * (2.0 * bt if n < 3 else bt)
            work[n] = fibre[i] * fibre[j]
        _dyad(stiffness, work, 2.0 * ka * front)
        half = 0.5 * kb * front
        for n in range(6):
            i, j = one[n], two[n]
            for m in range(6):
                p, r = one[m], two[m]
                total = 0.0
                if j == p:
                    total += fibre[i] * fibre[r]
                if j == r:
                    total += fibre[i] * fibre[p]
                if i == p:
                    total += fibre[j] * fibre[r]
                if i == r:
                    total += fibre[j] * fibre[p]
                stiffness[n, m] += half * total
        return True
    trace = right[0, 0] + right[1, 1] + right[2, 2]
    a, b = k[0], k[1]
    if not b * (trace - 3.0) < 60.0:
        return False
    front = a * np.exp(b * (trace - 3.0))
    for n in range(6):
        unit = 1.0 if n < 3 else 0.0
        work[n] = unit
        s[n] = front * unit - a * inverse[one[n], two[n]]
    _dyad(stiffness, work, 2.0 * b * front)
    for n in range(6):
        i, j = one[n], two[n]
        for m in range(6):
            p, r = one[m], two[m]
            stiffness[n, m] += a * (inverse[i, p] * inverse[j, r] + inverse[i, r] * inverse[j, p])
    for term in range(3):
        ai, bi = k[2 + 2 * term], k[3 + 2 * term]
        if ai == 0.0:
            continue
        left = sheet if term == 1 else fibre
        side = fibre if term == 0 else sheet
        invariant = 0.0
        for i in range(3):
            for j in range(3):
                invariant += left[i] * right[i, j] * side[j]
        stretch = invariant if term == 2 else invariant - 1.0
        if term < 2 and stretch <= 0.0:
            continue
        if not bi * stretch * stretch < 60.0:
            return False
        front = ai * np.exp(bi * stretch * stretch)
        for n in range(6):
            i, j = one[n], two[n]
            work[n] = 0.5 * (left[i] * side[j] + side[i] * left[j])
            s[n] += 2.0 * front * stretch * work[n]
        _dyad(stiffness, work, 4.0 * front * (1.0 + 2.0 * bi * stretch * stretch))
    return True
