"""Which phases of a label map make a beat, and when each is: sorted, told apart, with what had to be assumed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from twinviewer.domain import LabelMap

NEEDED = ("lv_blood", "lv_myocardium", "rv_blood")  # the second is muscle
MOST_RIPPLE = 0.35  # of the stroke: a second emptying as deep as this is no diastasis
SAME_PHASE = 0.005  # of the beat: 0 and 100 % are one moment, reconstructed twice
WIDE_GAP = 0.31  # of the beat without an image: what happens there is not seen
LEAST_SHARE, MOST_SHARE = 0.25, 4.0  # of the median volume, beyond which a phase's blood was not found rightly
MUSCLE_SHARE = 1.6  # muscle neither grows nor shrinks: beyond this factor it was not found rightly


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """number: (t,) of each phase in the label map, in the order of time; fraction: (t,) of R-R, rising, below 1;
    reference: which of them the mesh was built in. gap: the longest time without an image, of the beat. notes: what was
    assumed or left out."""

    number: NDArray[np.intp]
    fraction: NDArray[np.float64]
    reference: int
    gap: float
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.number)


def gap_of(fraction: NDArray[np.floating]) -> float:
    """The longest time between two frames (t,) of a beat, round the beat; 1 for a single frame."""
    if len(fraction) < 2:
        return 1.0
    return float(np.diff(np.append(fraction, fraction[0] + 1.0)).max())


def beat_phases(labels: LabelMap, reference: int) -> Phases | None:
    """The phases of a label map that show one beat; None where fewer than two do. reference: the mesh's phase."""
    notes: list[str] = []
    percent = np.asarray(labels.phase_percent, dtype=np.float64)
    known = percent.shape == (labels.phases,) and bool(np.isfinite(percent).all()) and float(np.ptp(percent)) > 0.0
    if not known:
        if labels.phases < 2:
            return None
        percent = 100.0 * np.arange(labels.phases) / labels.phases
        notes.append("The images do not say when in the beat each phase is: they are taken to follow evenly")
    fraction = (percent / 100.0) % 1.0
    volume = np.array([[labels.volume_ml(name, t) for name in NEEDED] for t in range(labels.phases)])
    share = volume / np.maximum(np.median(volume, axis=0), 1e-9)
    within = (share >= LEAST_SHARE) & (share <= MOST_SHARE)
    within[:, 1] = (share[:, 1] >= 1.0 / MUSCLE_SHARE) & (share[:, 1] <= MUSCLE_SHARE)
    found = within.all(axis=1) & (volume > 0.0).all(axis=1)
    if not found.all():
        missed = ", ".join(f"{100 * fraction[t]:.0f} %" for t in np.flatnonzero(~found))
        notes.append(
            f"The ventricles were not found, or not rightly, at {missed} of the beat: the motion passes over that"
        )
    kept: list[int] = []
    for t in sorted(np.flatnonzero(found), key=lambda t: (fraction[t], t != reference)):
        if not kept or fraction[t] - fraction[kept[-1]] > SAME_PHASE:
            kept.append(int(t))
        elif t == reference:
            kept[-1] = int(t)
    if len(kept) > 1 and 1.0 - fraction[kept[-1]] + fraction[kept[0]] <= SAME_PHASE:
        kept.remove(kept[-1] if kept[-1] != reference else kept[0])
    if len(kept) < 2 or reference not in kept:
        return None
    number = np.array(kept, dtype=np.intp)
    times = fraction[number]
    gap = gap_of(times)
    if gap > WIDE_GAP:
        after = times[int(np.argmax(np.diff(np.append(times, times[0] + 1.0))))]
        until = (after + gap) % 1.0
        notes.append(
            f"No image between {100 * after:.0f} and {100 * until:.0f} % of R-R: the motion is drawn straight there, "
            "and the largest and smallest volume may lie in between"
        )
    notes += _disorder(volume[number, 0])
    return Phases(number, times, kept.index(reference), gap, tuple(notes))


def _disorder(lv_ml: NDArray[np.float64]) -> list[str]:
    """A note where the left ventricle empties more than once in the beat."""
    thrice = np.tile(lv_ml, 3)
    bottoms, _ = find_peaks(-thrice, prominence=MOST_RIPPLE * max(float(np.ptp(lv_ml)), 1e-9))
    count = int(np.count_nonzero((bottoms >= len(lv_ml)) & (bottoms < 2 * len(lv_ml))))
    if count < 2:
        return []
    return [
        f"The left ventricle empties {count} times in these images' beat: their times may be wrong, or a phase wrongly "
        "labelled"
    ]
