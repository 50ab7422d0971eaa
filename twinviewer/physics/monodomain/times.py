"""What a run says of each node: activation, repolarisation, duration; and whether excitation goes round by itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.monodomain.recorder import Recorder

SUSTAINED = 2
"""A circuit is sustained when a node has fired more often than this after the last stimulus, and still does."""
STILL_MS = 400.0


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """All (n,) float32 in ms, NaN where it did not happen.

    activation_ms: first upward crossing; repolarisation_ms: of that first beat; apd90_ms: their difference.
    last_activation_ms, last_repolarisation_ms: latest ones. beats: how often. end_ms: of the run; quiet_from_ms: end of
    the last stimulus.
    """

    activation_ms: NDArray[np.float32]
    repolarisation_ms: NDArray[np.float32]
    last_activation_ms: NDArray[np.float32]
    last_repolarisation_ms: NDArray[np.float32]
    beats: NDArray[np.int32]
    end_ms: float
    quiet_from_ms: float

    @property
    def apd90_ms(self) -> NDArray[np.float32]:
        """(n,) duration of the first beat."""
        return self.repolarisation_ms - self.activation_ms


@dataclass(frozen=True, slots=True)
class Reentry:
    """sustained: excitation still goes round at the end. beats: most that a node fired after the last stimulus.
    cycle_ms: mean cycle length there, NaN without. node: where. lasted_ms: from the last stimulus to the last
    activation anywhere."""

    sustained: bool
    beats: int
    cycle_ms: float
    node: int
    lasted_ms: float


def outcome(recorder: Recorder, end_ms: float, quiet_from_ms: float) -> Outcome:
    """The recorder's arrays by node."""
    slot = recorder.grid.slot
    return Outcome(
        recorder.first[slot], recorder.back[slot], recorder.last[slot], recorder.recovered[slot], recorder.count[slot],
        end_ms, quiet_from_ms,
    )  # fmt: skip


def reentry(before: Outcome, after: Outcome, more_than: int = SUSTAINED, still_ms: float = STILL_MS) -> Reentry:
    """Judge from two outcomes of one run: at the end of the last stimulus' own beat and at the end of the run.

    Sustained: some node fired more than ``more_than`` times in between, and one fired within still_ms of the end.
    """
    extra = after.beats - before.beats
    node = int(np.argmax(extra))
    beats = int(extra[node])
    latest = float(np.nanmax(after.last_activation_ms)) if np.isfinite(after.last_activation_ms).any() else float("nan")
    cycle = float("nan")
    if beats > 1:
        span = float(after.last_activation_ms[node]) - before.end_ms
        cycle = span / (beats - 0.5)
    alive = np.isfinite(latest) and latest > after.end_ms - still_ms
    lasted = max(0.0, latest - after.quiet_from_ms) if np.isfinite(latest) else 0.0
    return Reentry(bool(beats > more_than and alive), beats, cycle, node, lasted)
