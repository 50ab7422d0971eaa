"""What it costs the wall to be bent: strain and change of volume, as a quadratic form in the modes' coefficients.

Small strain in the frame that turns with each element (corotated linear elasticity), and Gauss-Newton on the volume
ratio J - 1, which keeps muscle nearly incompressible through large contractions (it loses 2-4 % at most: Yin FC, Chan
CC, Judd RM. Am J Physiol 1996;271:H1887). The wall is sampled at a fixed set of elements, since the modes are smooth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.quality import six_volumes
from twinviewer.organs.heart.template.shape import Template

Array = NDArray[np.float64]
SAMPLES = 1000
_PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
_LEAST_J = 0.15
_WATCHED_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class WallStrain:
    """slope: (s, k, 3) gradient of each function of the basis with respect to the positions that count as unstrained,
    at s elements. share: (s,) of the wall that each stands for."""

    slope: Array
    share: Array

    @classmethod
    def at(
        cls,
        template: Template,
        basis: Array,
        points_mm: Array,
        also: NDArray[np.integer] | None = None,
        samples: int = SAMPLES,
    ) -> "WallStrain":
        """basis: (n, k) functions on the wall's points; points_mm: (n, 3) the unstrained wall. also: further elements
        to watch, because a bend comes near to folding them."""
        spread = template.samples(samples)
        chosen = spread if also is None else np.concatenate([spread, also])
        corner = points_mm[template.tets[chosen]]
        inverse = np.linalg.inv(corner[:, 1:] - corner[:, :1])  # (s, 3 axes, 3 corners)
        on = basis[template.tets[chosen]]
        share = np.full(len(chosen), _WATCHED_SHARE / samples)
        share[:samples] = 1.0 / samples
        return cls(np.einsum("sac,sck->ska", inverse, on[:, 1:] - on[:, :1]), share)

    def form(self, coefficients: Array, stiffness: float, volume: float) -> tuple[Array, Array]:
        """H (3k, 3k) and b (3k,): stiffness * mean |strain|^2 + volume * mean (J - 1)^2 is x.H.x - 2 b.x + const near
        the given (k, 3) coefficients."""
        s, k, _ = self.slope.shape
        now = np.eye(3) + np.einsum("kb,ska->sba", coefficients, self.slope)
        u, _, vt = np.linalg.svd(now)
        u[:, :, -1] *= np.sign(np.linalg.det(u @ vt))[:, None]  # a turn, no mirror image
        turn = u @ vt
        rows = np.empty((s, 7, k, 3))
        rest = np.empty((s, 7))
        for place, (a, b) in enumerate(_PAIRS):
            weight = np.sqrt(stiffness) * (1.0 if a == b else np.sqrt(0.5))
            both = np.einsum("sc,sk->skc", turn[:, :, a], self.slope[:, :, b])
            if a == b:
                rows[:, place] = weight * both
                rest[:, place] = weight * (1.0 - turn[:, a, a])
            else:
                rows[:, place] = weight * (both + np.einsum("sc,sk->skc", turn[:, :, b], self.slope[:, :, a]))
                rest[:, place] = -weight * (turn[:, b, a] + turn[:, a, b])
        ratio = np.linalg.det(now)
        # an element near to folding over weighs more, so that none does
        weight = np.sqrt(volume) / np.maximum(ratio, _LEAST_J)
        cofactor = np.stack([np.cross(now[:, :, i - 2], now[:, :, i - 1]) for i in range(3)], axis=2)
        rows[:, 6] = weight[:, None, None] * np.einsum("sca,ska->skc", cofactor, self.slope)
        linear = np.einsum("skc,kc->s", np.einsum("sca,ska->skc", cofactor, self.slope), coefficients)
        rest[:, 6] = weight * (1.0 - ratio + linear)
        root = np.sqrt(self.share)
        # single precision is ample for a quadratic form that only keeps the bend smooth, and twice as quick
        flat = (rows * root[:, None, None, None]).reshape(s * 7, 3 * k).astype(np.float32)
        right = flat.T @ (rest * root[:, None]).ravel().astype(np.float32)
        return (flat.T @ flat).astype(np.float64), right.astype(np.float64)


def narrowest(template: Template, points_mm: Array, rest_mm: Array, count: int, below: float) -> NDArray[np.int64]:
    """Up to ``count`` elements whose volume is less than ``below`` of their volume at rest, the worst first."""
    ratio = six_volumes(points_mm, template.tets) / six_volumes(rest_mm, template.tets)
    low = np.flatnonzero(ratio < below)
    return low[np.argsort(ratio[low], kind="stable")[:count]].astype(np.int64)
