"""A simulated beat by AHA segment: when it was excited, what it did, how far it had shortened at end-systole."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Run

ACTIVATION, WORK, STRAIN = "activation_ms", "work_kpa", "strain_fibre"


def by_segment(run: Run, segment: NDArray[np.integer]) -> Mapping[str, NDArray[np.float64]]:
    """(17,) means over the points of each segment, NaN where it has none; only of what the run has.

    segment: (n,) or longer, AHA number of each point, 0 elsewhere. Names: activation_ms and work_kpa as the run's
    fields, strain_fibre in % at the smallest left volume.
    """
    found: dict[str, NDArray[np.float64]] = {}
    for name in (ACTIVATION, WORK):
        if name in run.fields:
            found[name] = means(run.fields[name].values, segment)
    volume = run.traces.get("lv_volume_ml")
    if volume is not None and STRAIN in run.moving_fields:
        smallest = float(volume.time_s[int(np.argmin(volume.values))])
        found[STRAIN] = means(run.field_at(STRAIN, smallest), segment)
    return found


def means(values: NDArray[np.floating], segment: NDArray[np.integer]) -> NDArray[np.float64]:
    """(17,) means of point values over AHA segments 1 to 17, NaN where a segment has no finite one."""
    count = min(len(values), len(segment))
    own, number = np.asarray(values[:count], np.float64), np.asarray(segment[:count]).astype(np.int64)
    known = np.isfinite(own) & (number >= 1) & (number <= 17)
    total = np.bincount(number[known], weights=own[known], minlength=18)[1:]
    points = np.bincount(number[known], minlength=18)[1:]
    return np.divide(total, points, out=np.full(17, np.nan), where=points > 0)
