"""How beats of different length stand beside each other: at the same share of the beat, or at the same time since QRS.

One clock runs for all. The time of a scenario's own beat is ``clock * scale + shift``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from twinviewer.domain import Run

BY_SHARE, SINCE_QRS = "share", "qrs"
ALIGNMENTS = {BY_SHARE: "Same share of the beat", SINCE_QRS: "Same time since QRS"}
ONSET = "excitation_ms"
_SAME_S = 5e-4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a beat stands on the common clock."""

    scale: float = 1.0
    shift_s: float = 0.0


def onset_s(run: Run) -> float:
    """When the ventricles are first excited, after the start of P; 0 where the run does not say."""
    known = run.metrics.get(ONSET)
    return 0.0 if known is None else known.value / 1000.0


def clock_s(runs: Sequence[Run], aligned: str) -> float:
    """The period of the common clock; the first run is the reference. Since QRS it is the longest beat's, so that all
    are seen whole."""
    if not runs:
        return 1.0
    return max(run.period_s for run in runs) if aligned == SINCE_QRS else runs[0].period_s


def place(run: Run, reference: Run, aligned: str) -> Place:
    """How a run's own time follows from the clock's."""
    if aligned == SINCE_QRS:
        return Place(1.0, onset_s(run) - onset_s(reference))
    return Place(run.period_s / reference.period_s, 0.0)


def one_rate(runs: Sequence[Run]) -> bool:
    """Whether all beats last equally long, so that shares and milliseconds are one axis."""
    periods = [run.period_s for run in runs]
    return not periods or max(periods) - min(periods) < _SAME_S


def rate_bpm(run: Run) -> float:
    """The true heart rate of a run."""
    known = run.metrics.get("heart_rate_bpm")
    return 60.0 / run.period_s if known is None else known.value
