"""How far a ring of muscle round blood is really one, in each phase of a slice."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.segmentation.cine.tone import Tone
from twinviewer.segmentation.cine.wall import Walls

_MUSCLE_LIKE = 0.4
"""Within this of muscle, in units of its contrast to blood."""

LEAST_RING = 0.72
"""A slice shows the left ventricle where at least this share of the ring about the blood is muscle."""


def ring_evidence(walls: Walls, stack: Sequence[Walls]) -> NDArray[np.float64]:
    """(t,) 0..1: share of the ring that looks like muscle, times how clearly the cavity is brighter.

    Muscle is judged by the stack's usual share of blood: in a slice through atrium and valves, what was taken for wall
    is far too bright.
    """
    usual = float(np.median([one.tone.muscle / one.tone.blood for one in stack]))
    tone = Tone(muscle=min(walls.tone.muscle, 1.3 * usual * walls.tone.blood), blood=walls.tone.blood)
    s = tone.relative(walls.polar)
    radius = np.arange(s.shape[-1])
    out = np.zeros(len(s))
    for t, frame in enumerate(s):
        inner, outer = walls.inner_mm[t][:, None], walls.outer_mm[t][:, None]
        wall = np.where((radius > inner + 0.5) & (radius < outer - 0.5), frame, np.nan)
        cavity = frame[radius < inner - 1.0]  # papillary muscle may fill half of it
        level = np.nanmedian(np.where(np.isnan(wall).all(axis=1, keepdims=True), 2.0, wall), axis=1)
        share = float(np.mean(np.abs(level) < _MUSCLE_LIKE))
        contrast = float(np.percentile(cavity, 75)) if cavity.size > 20 else 0.5
        out[t] = share * np.clip(contrast / 0.5, 0.0, 1.0)
    return out
