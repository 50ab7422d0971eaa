"""The left ventricle's borders in all short-axis slices, from the surest slice outwards."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Reporter
from twinviewer.segmentation.cine.phases import beat_fraction, is_cyclic
from twinviewer.segmentation.cine.polar import polar_frames
from twinviewer.segmentation.cine.short_axis import Slices
from twinviewer.segmentation.cine.tone import agreed, first_tone
from twinviewer.segmentation.cine.wall import Walls, find_walls


def left_ventricle(
    slices: Slices, centres: NDArray[np.float64], evidence: NDArray[np.float64], report: Reporter
) -> tuple[Walls, ...]:
    """Walls of every slice, base to apex; each slice but the first stays near its neighbour.

    centres: (k, 2) u, v mm and evidence: (k,) from ``locate``.
    """
    count = len(slices.planes)
    first = []
    for k in range(count):
        report(0.0, "Delineating the left ventricle")
        first.append(first_tone(polar_frames(slices, k, centres[k])))
    tones = agreed(first)
    start = _surest(evidence, [len(plane.frames) for plane in slices.planes])
    found: dict[int, Walls] = {}
    order = [start, *range(start + 1, count), *range(start - 1, -1, -1)]
    for done, k in enumerate(order):
        tick = partial(report, done / count, "Delineating the left ventricle")
        tick()
        beside = found.get(k - 1 if k > start else k + 1)
        found[k] = find_walls(slices, k, centres[k], tones[k], cyclic(slices, k), beside, tick)
    return tuple(found[k] for k in range(count))


def _surest(evidence: NDArray[np.float64], phases: list[int]) -> int:
    """The middle slice of those that have all phases, or the one beside it with clearly better evidence."""
    most = max(phases)
    full = [k for k, n in enumerate(phases) if n == most]
    middle = (len(evidence) - 1) / 2
    return min(full, key=lambda k: abs(k - middle) - float(evidence[k]))


def cyclic(slices: Slices, number: int) -> bool:
    """Whether the frames of a slice fill its beat, so that the last is followed by the first."""
    return is_cyclic(beat_fraction(slices.planes[number]))
