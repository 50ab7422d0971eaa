"""What measurements tell of parameters, from the response of the steady beat at the fitted point.

J: slopes of the measured numbers with the parameters' logarithms, in units of the numbers' errors; P: precision of what
was known of the logarithms before. The data leave the covariance (P + J'J)^-1 (Laplace's approximation). A parameter is
told by them as far as they take variance away, 1 - after / before. Singular values of J P^-1/2 above one count the
combinations that the data know better than was known before. Further measurements are judged likewise: by what would be
left after them.

The fit weighs errors as c times what they are (heart_fit.CLOSELY): t = A (J'y / c^2 + P t0), A = (P + J'J / c^2)^-1,
which is off by A (P + J'J / c^4) A on average. That is what intervals are made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NINETY = 1.645


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Covariances (q, q) of the parameters' logarithms: before anything is known of this patient, by the patient's own
    measurements, and after all, published means that stand in for measurements included. directions: combinations
    that the patient's measurements tell."""

    before: Array
    by_patient: Array
    after: Array
    directions: int

    @property
    def told(self) -> Array:
        """(q,) share of each parameter's variance that the patient's measurements take away."""
        return np.asarray(1.0 - np.diag(self.by_patient) / np.diag(self.before))

    def factor(self, index: int) -> float:
        """The 90 % interval of a parameter reaches from value / factor to value * factor."""
        return float(np.exp(NINETY * np.sqrt(self.after[index, index])))


def knowledge(
    slopes: Array, error: Array, spread: Array, of_patient: NDArray[np.bool_], closely: float = 1.0
) -> Knowledge:
    """slopes (g, q) with logarithms, error (g,), spread (q,) known before. of_patient (g,): rows that were measured in
    this patient. closely: c of the fit."""
    weighted = slopes / error[:, None]
    prior, data = np.diag(1.0 / spread**2), weighted[of_patient]
    singular = np.linalg.svd(data * spread, compute_uv=False) if len(data) else np.zeros(0)
    by_patient = np.linalg.inv(prior + data.T @ data)
    told = weighted.T @ weighted
    gain = np.linalg.inv(prior + told / closely**2)
    after = gain @ (prior + told / closely**4) @ gain
    return Knowledge(
        np.diag(spread**2), np.asarray(by_patient, float), np.asarray(after, float), int((singular > 1.0).sum())
    )


def asks(
    known: Knowledge, index: int, slopes: Mapping[str, Array], error: Mapping[str, float], enough: float, most: int = 4
) -> tuple[str, ...]:
    """Which further measurements, taken together, would tell a parameter; empty where none of them would.

    slopes: name -> (q,) of a number that could be measured; error: its usual standard deviation. Chosen one after the
    other, each the one that leaves the least variance, until no more than ``enough`` is left.
    """
    precision = np.linalg.inv(known.by_patient)
    chosen: list[str] = []
    for _ in range(most):
        left = {
            name: float(np.linalg.inv(precision + np.outer(row, row) / error[name] ** 2)[index, index])
            for name, row in slopes.items()
            if name not in chosen
        }
        if not left:
            return ()
        best = min(left, key=lambda name: left[name])
        chosen.append(best)
        precision = precision + np.outer(slopes[best], slopes[best]) / error[best] ** 2
        if left[best] <= enough:
            return tuple(chosen)
    return ()
