"""Where the demo patient's tissue truly goes: its known motion maps back to end-diastole, and is solved forwards."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.organs.heart.demo.anatomy import anatomy
from twinviewer.organs.heart.demo.motion import Beat
from twinviewer.organs.heart.demo.shape import HeartShape, dilated

Array = NDArray[np.float64]


class TrueMotion:
    """The demo patient of a seed, or a heart of another shape that moves as it does."""

    def __init__(self, seed: int = 2026, shape: HeartShape | None = None) -> None:
        self.heart = anatomy(dilated(seed) if shape is None else shape)
        self.beat = Beat(self.heart)

    def back(self, points: Array, percent: float) -> Array:
        """(n, 3) of the heart frame at a phase -> end-diastole."""
        if percent % 100.0 == 0.0:
            return points.copy()
        return np.stack(self.beat.at_end_diastole(*np.ascontiguousarray(points.T), percent), axis=1)

    def forth(self, points: Array, percent: float) -> Array:
        """(n, 3) of the heart frame at end-diastole -> a phase, by Newton's method; NaN where it does not arrive."""
        now, best, least = points.copy(), points.copy(), np.full(len(points), np.inf)
        small = 1e-3
        for turn in range(30):
            here = self.back(now, percent)
            miss = np.linalg.norm(points - here, axis=1)
            nearer = miss < least
            best[nearer], least = now[nearer], np.minimum(least, miss)
            if float(np.quantile(least, 0.999)) < 1e-3:
                break
            slope = np.stack([(self.back(now + small * axis, percent) - here) / small for axis in np.eye(3)], axis=2)
            step = np.linalg.solve(slope + 1e-3 * np.eye(3), (points - here)[..., None])[..., 0]
            step *= np.minimum(1.0, 3.0 / np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9))
            now = (best if turn % 5 == 4 else now) + step
        best[least > 0.05] = np.nan
        return best

    def positions(self, points_mm: Array, percents: Sequence[float], reference: float) -> Array:
        """(t, n, 3) LPS mm of what is at points_mm (n, 3) at the reference phase."""
        shape = self.heart.shape
        rest = self.back(shape.to_heart(points_mm), reference)
        return np.array([points_mm if p == reference else shape.to_lps(self.forth(rest, float(p))) for p in percents])
