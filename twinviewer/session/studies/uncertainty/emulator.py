"""A number that a simulation gives, as a polynomial of independent standard normal inputs, with its own error.

Orthonormal Hermite polynomials of degree two at most, chosen one after the other where they explain most (orthogonal
matching pursuit; sparse polynomial chaos after Blatman & Sudret, J Comput Phys 230:2345, 2011). How many are taken is
what leaves the least error in hearts that were left out, and that error is the emulator's: it is added to every
interval that it stands for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FOLDS = 8
MOST_TERMS = 40
_STILL = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Emulator:
    """mean, and coefficients (k,) of terms (k, 2): inputs of a product, (i, i) the square of one, (i, -1) it alone.
    error: root mean square in hearts that were left out, in the number's unit; left: those residuals (n,). q2: the
    share of variance that it predicts there, 1 at best."""

    mean: float
    terms: NDArray[np.int64]
    coefficients: Array
    error: float
    left: Array
    q2: float

    def at(self, normals: Array) -> Array:
        """(n,) values at (n, d) inputs."""
        return np.asarray(self.mean + _basis(normals, self.terms) @ self.coefficients)


def emulate(normals: Array, values: Array) -> Emulator:
    """normals (n, d), values (n,), all finite. ValueError for fewer than 2 FOLDS."""
    count, inputs = normals.shape
    if count < 2 * FOLDS:
        raise ValueError(f"{count} hearts are too few for an emulator")
    candidates = _candidates(inputs)
    spread = float(values.std())
    if spread <= _STILL * max(1.0, float(np.abs(values).max())):
        none = np.zeros((0, 2), np.int64)
        return Emulator(float(values.mean()), none, np.zeros(0), 0.0, np.zeros(count), 1.0)
    basis = _basis(normals, candidates)
    most = min(MOST_TERMS, count // 3)
    fold = np.arange(count) % FOLDS
    left = np.zeros((most + 1, count))
    for one in range(FOLDS):
        out, kept = fold == one, fold != one
        for terms, mean, coefficients in _pursuit(basis[kept], values[kept], most):
            left[len(terms) :, out] = values[out] - mean - basis[out][:, terms] @ coefficients
    errors = np.sqrt((left**2).mean(axis=1))
    taken = int(np.argmin(errors))
    *_, (terms, mean, coefficients) = _pursuit(basis, values, taken)
    chosen = candidates[terms] if terms else np.zeros((0, 2), np.int64)
    error = float(errors[taken])
    return Emulator(mean, chosen, coefficients, error, left[taken], 1.0 - (error / spread) ** 2)


def _pursuit(basis: Array, values: Array, most: int) -> list[tuple[list[int], float, Array]]:
    """The best fits with 0, 1, 2 … terms: columns, mean, coefficients."""
    centre, middle = basis.mean(axis=0), float(values.mean())
    centred = basis - centre
    length = np.maximum(np.sqrt((centred**2).sum(axis=0)), _STILL)
    left = values - middle
    terms: list[int] = []
    found: list[tuple[list[int], float, Array]] = [([], middle, np.zeros(0))]
    for _ in range(most):
        gain = np.abs(centred.T @ left) / length
        gain[terms] = -1.0
        terms = [*terms, int(np.argmax(gain))]
        solved, *_ = np.linalg.lstsq(centred[:, terms], values - middle, rcond=None)
        left = values - middle - centred[:, terms] @ solved
        found.append((terms, middle - float(centre[terms] @ solved), solved))
    return found


def _candidates(inputs: int) -> NDArray[np.int64]:
    alone = [(i, -1) for i in range(inputs)]
    return np.array(alone + [(i, j) for i in range(inputs) for j in range(i, inputs)], np.int64)


def _basis(normals: Array, terms: NDArray[np.int64]) -> Array:
    """(n, k) orthonormal polynomials."""
    first, second = terms[:, 0], terms[:, 1]
    one = normals[:, first] if len(terms) else np.zeros((len(normals), 0))
    other = normals[:, np.maximum(second, 0)] if len(terms) else one
    square = (one * other - 1.0) / np.sqrt(2.0)
    return np.asarray(np.where(second == -1, one, np.where(second == first, square, one * other)))
