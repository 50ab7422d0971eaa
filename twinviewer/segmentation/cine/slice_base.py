"""The left ventricle's base where no long axis shows it: from how much of the ring of muscle each slice still has.

The valve plane stands askew to the slices, so the ring does not end at once. A slice well below the base shows all of
it, one at the base about two thirds, one above it less and less. Slices lie far apart, but the base passes by them in
the course of the beat; how far it travels is known beforehand to a third from how much the cavity narrows.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.segmentation.cine.phases import at_fraction
from twinviewer.segmentation.cine.short_axis import Slices
from twinviewer.segmentation.cine.valve_plane import ValvePlane
from twinviewer.segmentation.cine.wall import Walls

Array = NDArray[np.float64]
AT_BASE, PER_MM, LEAST_SHARE = 0.7, 0.035, 0.35
"""Share of the ring in a slice through the middle of the base; its rise for each mm further down: a plane 60 mm across
and 15 degrees askew leaves a slice over 16 mm. Above, atrial wall and septum still look like some ring."""
RING_SD, WHOLE_SD, _MOST_OFF = 0.12, 0.06, 2.5
"""Scatter of that share, of a whole ring's, and what a frame may be off at most (in scatters)."""
FRAMES = 8.0
"""So much the frames of a slice count for, however many they are: neighbours are alike."""
TRAVEL_MM, TRAVEL_SD = 27.0, 0.3
"""Travel of the mitral ring for a cavity whose area would fall to nothing, and its scatter as a share. In health the
ring travels 12 to 15 mm (Hu K et al. Eur Heart J Cardiovasc Imaging 2013;14:205) while the area at mid-wall halves."""
LENGTH, LENGTH_SD = 1.75, 0.25
"""Length of the cavity over its width: a sphericity index (width over length) of about 0.5 to 0.65."""
STEP_MM = 0.5
ROUND = 0.85
"""An ellipsoid ends this much nearer than the fall of its area between the last two slices says."""
LEAST_REACH_MM = 12.0


def beyond_mm(area_mm2: float, before_mm2: float, gap_mm: float) -> tuple[float, bool]:
    """How far a cavity or a wall reaches beyond its last slice, and whether the slices tell.

    area_mm2: of that slice, before_mm2: of the one ``gap_mm`` before it. As an ellipsoid of that fall ends; where the
    last slice is still wide, at most as a half ball does, and then nothing is known.
    """
    fall = (before_mm2 - area_mm2) / gap_mm
    reach = ROUND * area_mm2 / fall if fall > 0 else np.inf
    return float(min(reach, np.sqrt(area_mm2 / np.pi))), bool(reach <= max(gap_mm, LEAST_REACH_MM))


def end_seen(walls: tuple[Walls, ...], whole: list[int], slices: Slices) -> bool:
    """Whether the slices that show the whole wall tell, by its fall, where the heart ends at any moment."""
    if len(whole) < 2:
        return False
    before, last = (walls[k] for k in whole[-2:])
    gap = float(slices.depth_mm[whole[-1]] - slices.depth_mm[whole[-2]])
    areas = [np.pi * (one.outer_mm**2).mean(axis=1) for one in (before, last)]
    above = at_fraction(areas[0], before.fraction, last.fraction)
    return any(beyond_mm(float(a), float(b), gap)[1] for a, b in zip(areas[1], above, strict=True))


def base_from_rings(
    slices: Slices, walls: tuple[Walls, ...], rings: list[Array], whole: list[int], fraction: Array
) -> ValvePlane | None:
    """The likeliest base over the beat, level with the slices; spread_mm is the standard deviation of its place.

    rings: (t,) evidence of each slice (confidence.py). whole: slices with the whole ring in all phases. fraction: (t,)
    phases of the result. None without any whole slice.
    """
    if not whole:
        return None
    # a still among cines does not tell how wide its slice is at other moments
    most = max(len(walls[k].fraction) for k in whole)
    whole = [k for k in whole if len(walls[k].fraction) > 1] if most > 1 else whole
    areas = [at_fraction((walls[k].inner_mm ** 2).mean(axis=1), walls[k].fraction, fraction) for k in whole]
    area = np.sum(areas, axis=0) * np.pi
    narrowing = 1.0 - float(area.min() / area.max())
    course = (area.max() - area) / max(float(np.ptp(area)), 1e-9)
    width = 2.0 * float(np.sqrt(max(float(one.max()) for one in areas)))
    full = int(np.argmax(area))
    last, before = whole[-1], whole[max(len(whole) - 2, 0)]
    rise = max(float(slices.depth_mm[last] - slices.depth_mm[before]), 1.0)
    end = (
        float(slices.depth_mm[last])
        + beyond_mm(np.pi * areas[-1][full], np.pi * areas[max(len(whole) - 2, 0)][full], rise)[0]
    )
    top = np.arange(slices.depth_mm[0] - 60.0, slices.depth_mm[whole[-1]], STEP_MM)
    travel = np.arange(0.0, 26.0, STEP_MM)
    loss = (((end - top) / width - LENGTH) / LENGTH_SD)[:, None] ** 2
    expected = TRAVEL_MM * narrowing
    loss = loss + ((travel - expected) / (TRAVEL_SD * expected + 1.0)) ** 2
    for k, ring in enumerate(rings):
        moved = at_fraction(course, fraction, walls[k].fraction)
        base = top[:, None, None] + travel[:, None] * moved
        share = np.clip(AT_BASE + PER_MM * (slices.depth_mm[k] - base), LEAST_SHARE, 1.0)
        scatter = np.where(share >= 1.0, WHOLE_SD, RING_SD)
        off = np.minimum(np.abs(np.clip(ring, LEAST_SHARE, 1.0) - share) / scatter, _MOST_OFF)
        loss = loss + min(FRAMES, len(ring)) * (off**2).mean(axis=2)
    likely = np.exp(-0.5 * (loss - loss.min()))
    likely /= likely.sum()
    places = top[:, None, None] + travel[:, None] * course
    base = (likely[..., None] * places).sum(axis=(0, 1))
    spread = np.sqrt((likely[..., None] * (places - base) ** 2).sum(axis=(0, 1)))
    middle = np.mean([walls[k].centre for k in whole], axis=0)
    return ValvePlane(fraction, base, middle, np.zeros(2), float(spread.max()), ())
