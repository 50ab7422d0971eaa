"""What is kept of each node while time passes: when it fired, when it came back, how often (compiled, no GIL).

A node fires when its voltage rises through a threshold, and can fire again only after it has come back to 10 % of its
amplitude above rest (90 % repolarisation, peak and rest its own). Times are linear between two samples.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.physics.monodomain.grid import LANES, VoxelGrid


@njit(cache=True, nogil=True, error_model="numpy")
def _note(a, base, before, live, first, back, last, recovered, count, peak, up, time, gap, threshold, rest):  # type: ignore[no-untyped-def]
    """One sample at ``time``, ``gap`` after the one before. Returns the first place that is not finite, or -1."""
    bad = -1
    for b in range(base.size):
        place = base[b]
        # most blocks rest: one look, without branches, and on
        busy = False
        for l in range(LANES):
            v = a[place + l]
            busy |= up[b * LANES + l] | (v >= threshold) | (not (abs(v) < 1e6))
        if not busy:
            for l in range(LANES):
                before[b * LANES + l] = a[place + l]
            continue
        for l in range(LANES):
            s = b * LANES + l
            v, old = a[place + l], before[s]
            before[s] = v
            if not live[s]:
                continue
            if not (abs(v) < 1e6) and bad < 0:
                bad = s
            if up[s]:
                peak[s] = max(peak[s], v)
                level = rest + 0.1 * (peak[s] - rest)
                if v < level:
                    t = time - gap + gap * (old - level) / (old - v) if old > v else time
                    recovered[s] = t
                    if count[s] == 1:
                        back[s] = t
                    up[s] = False
            elif old < threshold and v >= threshold:
                t = time - gap + gap * (threshold - old) / (v - old)
                last[s] = t
                if count[s] == 0:
                    first[s] = t
                count[s] += 1
                peak[s] = v
                up[s] = True
    return bad


@dataclass(slots=True, eq=False)
class Recorder:
    """Arrays (slots,) of float32 times in ms (NaN: never), int32 counts."""

    grid: VoxelGrid
    live: NDArray[np.bool_]
    before: NDArray[np.float32]
    first: NDArray[np.float32]
    back: NDArray[np.float32]
    last: NDArray[np.float32]
    recovered: NDArray[np.float32]
    count: NDArray[np.int32]
    peak: NDArray[np.float32]
    up: NDArray[np.bool_]

    @classmethod
    def fresh(cls, grid: VoxelGrid, dense: NDArray[np.float32]) -> "Recorder":
        """Nothing has fired."""
        live = np.zeros(grid.slots, bool)
        live[grid.slot] = True
        first, back, last, recovered = (np.full(grid.slots, np.nan, np.float32) for _ in range(4))
        before, count = dense[grid.place()], np.zeros(grid.slots, np.int32)
        up = np.zeros(grid.slots, bool)
        return cls(grid, live, before, first, back, last, recovered, count, before.copy(), up)

    def copy(self) -> "Recorder":
        """One that goes on by itself."""
        changing = (self.before, self.first, self.back, self.last, self.recovered, self.count, self.peak, self.up)
        return Recorder(self.grid, self.live, *(array.copy() for array in changing))  # type: ignore[arg-type]

    def note(self, dense: NDArray[np.float32], time_ms: float, gap_ms: float, threshold: float, rest: float) -> int:
        """Take a sample. Returns the first slot whose voltage is not finite, or -1."""
        return int(_note(dense, self.grid.base, self.before, self.live, self.first, self.back, self.last,
                         self.recovered, self.count, self.peak, self.up, time_ms, gap_ms, np.float32(threshold),
                         np.float32(rest)))  # fmt: skip
