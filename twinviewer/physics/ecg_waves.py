"""The waves of a QRS complex in one lead, named as a reader names them: q, r, s and r'.

A wave is what lies between two crossings of the level at QRS onset and stands out by MIN_MV. What is negative before
the first positive wave is Q; the first positive one R, the negative one after it S, the next positive one R'. A complex
without a positive wave is QS, counted as Q. A notch is a second top of the R wave with a dip between, or a shoulder:
a place within the upper half of the wave where the trace all but stops (Strauss et al., Am J Cardiol 107:927, 2011).
mV and ms.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

MIN_MV = 0.03
SLUR_SMOOTH_MS, SLUR_SHARE, UPPER, SLUR_MS = 3.0, 0.12, 0.5, 20.0
"""A top or shoulder: slower than this share of the wave's steepest rise or fall, in its upper half; a slur lasts as
long as the fourth."""


@dataclass(frozen=True, slots=True)
class Waves:
    """Heights in mV, q and s positive downwards, 0 where absent; durations in ms; tops_ms: of R, after QRS onset;
    still_ms: the longest of them."""

    q_mv: float
    r_mv: float
    s_mv: float
    r2_mv: float
    q_ms: float
    r_ms: float
    tops_ms: tuple[float, ...]
    still_ms: float

    @property
    def net_mv(self) -> float:
        """Height above minus depth below the line."""
        return max(self.r_mv, self.r2_mv) - max(self.q_mv, self.s_mv)

    @property
    def notched(self) -> bool:
        """Whether R has more than one top, a shoulder, or a slurred (flat) top."""
        return len(self.tops_ms) > 1 or self.still_ms >= SLUR_MS


def waves(lead_mv: NDArray[np.float64], onset_ms: float, end_ms: float, rate_hz: float = 1000.0) -> Waves:
    """The waves of one lead between QRS onset and end (ms of the trace)."""
    step = 1000.0 / rate_hz
    first, last = round(onset_ms / step), round(end_ms / step)
    trace = np.asarray(lead_mv, float)[first : last + 1] - float(lead_mv[first])
    edges = np.flatnonzero(np.diff(np.signbit(trace))) + 1
    parts = [(k, part) for k, part in zip([0, *edges], np.split(trace, edges), strict=True)]
    parts = [(k, part) for k, part in parts if np.abs(part).max() >= MIN_MV]
    q = r = s = r2 = q_ms = r_ms = still_ms = 0.0
    tops: tuple[float, ...] = ()
    for start, part in parts:
        height = float(part[np.abs(part).argmax()])
        if height > 0.0 and r == 0.0:
            r, r_ms = height, len(part) * step
            found = _tops(part, step)
            tops = tuple(float(start + 0.5 * (a + b)) * step for a, b in found)
            still_ms = max((step * (b - a) for a, b in found), default=0.0)
        elif height > 0.0:
            r2 = max(r2, height)
        elif r == 0.0:
            q, q_ms = max(q, -height), q_ms + len(part) * step
        else:
            s = max(s, -height)
    return Waves(q, r, s, r2, q_ms, r_ms, tops, still_ms)


def _tops(part: NDArray[np.float64], step: float) -> list[tuple[int, int]]:
    """Tops and shoulders of a positive wave: first and last sample."""
    smooth = gaussian_filter1d(part, SLUR_SMOOTH_MS / step, mode="constant")
    slope = np.gradient(smooth)
    still = (np.abs(slope) < SLUR_SHARE * np.abs(slope).max()) & (smooth > UPPER * smooth.max())
    starts = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in zip(starts[::2], starts[1::2], strict=True)]
