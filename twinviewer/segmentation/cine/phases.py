"""Phases of planes that each had a beat of their own, brought to one beat from 0 to 1."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePlane


def beat_fraction(plane: CinePlane) -> NDArray[np.float64]:
    """(t,) place of each frame in this plane's own beat, 0..1 from R wave to R wave.

    Without an R-R interval, frames that follow each other evenly are taken to fill the beat; without any times, frames
    in their order.
    """
    times = np.asarray(plane.trigger_s, dtype=np.float64)
    count = len(times)
    step = float(np.median(np.diff(times))) if count > 1 else 0.0
    beat = plane.rr_s or (times[-1] + step if count > 1 else 0.0)
    if beat <= 0 or (count > 1 and float(np.ptp(times)) <= 0.0):
        # no times at all: frames in their order, evenly
        return np.arange(count) / count
    return np.clip(times / max(beat, float(times[-1])), 0.0, 1.0)


FEW = 3
"""With so few frames a plane shows moments of the beat, not its course."""


SAME_PHASE = 0.1
"""Planes with few frames are not read between them; a frame stands for this much of the beat about it."""


def shows(plane: CinePlane, fraction: float) -> bool:
    """Whether a plane says anything of this moment: with few frames, only if one of them was taken about then."""
    away = np.abs(beat_fraction(plane) - fraction)
    return len(away) > FEW or float(np.minimum(away, 1.0 - away).min()) <= SAME_PHASE


def follows(plane: CinePlane, planes: Sequence[CinePlane]) -> bool:
    """Whether a plane follows the beat as far as the fullest of ``planes`` does: a still among cines does not."""
    return len(plane.frames) > FEW or max(len(other.frames) for other in planes) <= FEW


def is_cyclic(fraction: NDArray[np.float64]) -> bool:
    """Whether frames at these fractions fill the beat, so that the last is followed by the first."""
    return len(fraction) > 3 and 1.0 - float(fraction[-1] - fraction[0]) < 2.5 / len(fraction)


def at_fraction(
    values: NDArray[np.float64], fraction: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(t, ...) values at ``fraction`` -> (n, ...) at the ``wanted`` ones, linear; round the beat if it closes."""
    if len(fraction) == 1:
        return np.repeat(values, len(wanted), axis=0)
    if is_cyclic(fraction):
        fraction = np.concatenate([fraction[-1:] - 1.0, fraction, fraction[:1] + 1.0])
        values = np.concatenate([values[-1:], values, values[:1]])
    place = np.clip(np.searchsorted(fraction, wanted, side="right") - 1, 0, len(fraction) - 2)
    weight = np.clip((wanted - fraction[place]) / (fraction[place + 1] - fraction[place]), 0.0, 1.0)
    weight = weight.reshape(-1, *([1] * (values.ndim - 1)))
    return values[place] * (1.0 - weight) + values[place + 1] * weight


def common_fractions(planes: Sequence[CinePlane]) -> NDArray[np.float64]:
    """(t,) places in the beat to which all planes are brought: those of the middlemost plane with the most frames.

    With so few frames that planes may show different parts of the beat: all places that any plane shows.
    """
    count = max(len(plane.frames) for plane in planes)
    if count <= FEW:
        return np.unique(np.round(np.concatenate([beat_fraction(plane) for plane in planes]), 3))
    full = [plane for plane in planes if len(plane.frames) == count]
    own = np.unique(beat_fraction(full[len(full) // 2]))
    return own if is_cyclic(own) and own[-1] < 1.0 else np.arange(count) / count
