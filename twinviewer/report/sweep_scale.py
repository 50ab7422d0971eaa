"""The colours of a sweep's map: one target over what its places gave."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.scene.bullseye import Scale
from twinviewer.session.studies.sweep.ranking import Target


def scale_of(target: Target, values: NDArray[np.floating]) -> Scale:
    """From the lowest to the highest finite value, brought outwards to round ends; a span that the simulation could not
    tell is widened, so that colours never show mere noise."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    least = 4.0 * target.noise(max(abs(low), abs(high))) or 1.0
    if high - low < least:
        middle = (low + high) / 2.0
        low, high = middle - least / 2.0, middle + least / 2.0
    step = 10.0 ** np.floor(np.log10((high - low) / 4.0))
    step *= next(m for m in (1, 2, 5, 10) if m * step * 10 >= high - low)
    low, high = float(np.floor(low / step) * step), float(np.ceil(high / step) * step)
    colours = "activation" if target.first == "lowest" else "work"
    return Scale(target.label, target.unit, low, high, colours, target.decimals)
