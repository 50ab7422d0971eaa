"""How often excitation comes back to a place by itself, and how long a round takes.

Each place's upstrokes are counted and the latest two kept, from the voltage at every millisecond. A stimulus excites a
place once at most, whichever way it comes: what a place fires more often than there were stimuli are turns of something
that goes round. A place that a premature beat did not reach hides a turn, so the most of all places is taken.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRING_MV = -40.0
SUSTAINED_TURNS = 2
"""Turns from which a circuit counts as sustained, if it still goes when the watch ends."""
STILL_MS = 100.0
"""What goes round fires somewhere all the time: a circuit that is silent for so long has ended."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """turns: most of any place. cycle_ms: median time between the last two upstrokes of the places that came round at
    the end, NaN where none did. lasted_ms: from the last stimulus to the last upstroke anywhere. sustained: at least
    SUSTAINED_TURNS, and still going at the end."""

    turns: int
    cycle_ms: float
    lasted_ms: float
    sustained: bool


class Rounds:
    """Follows the voltage of n places. stimuli: how many there are; last_ms: when the last one begins."""

    def __init__(self, places: int, stimuli: int, last_ms: float) -> None:
        self._stimuli, self._last_ms = stimuli, last_ms
        self._firing = np.zeros(places, bool)
        self._count = np.zeros(places, np.int32)
        self._latest = np.full(places, np.nan, np.float32)
        self._earlier = np.full(places, np.nan, np.float32)

    def follow(self, time_ms: float, voltage_mv: NDArray[np.floating]) -> None:
        """Take the voltage (n,) of one moment in; moments come in order."""
        firing = voltage_mv > FIRING_MV
        new = np.flatnonzero(firing & ~self._firing)
        self._earlier[new] = self._latest[new]
        self._latest[new] = time_ms
        self._count[new] += 1
        self._firing = firing

    def verdict(self, end_ms: float) -> Verdict:
        """What was seen up to the end."""
        turns = max(int(self._count.max(initial=0)) - self._stimuli, 0)
        fired = np.isfinite(self._latest)
        lasted_ms = max(float(self._latest[fired].max()) - self._last_ms, 0.0) if fired.any() else 0.0
        cycle_ms = float("nan")
        if turns:
            came_round = self._count > self._stimuli
            recent = came_round & (self._latest > self._latest[came_round].max() - 50.0)
            cycle_ms = float(np.median((self._latest - self._earlier)[recent]))
        going = turns >= SUSTAINED_TURNS and self._last_ms + lasted_ms > end_ms - STILL_MS
        return Verdict(turns, cycle_ms, lasted_ms, bool(going))
