"""The left ventricle's base from where contours end: a slice without one at a moment is not the ventricle's then.

The base passes by the slices in the course of the beat, as in ``slice_base``, and each frame says on which side of its
slice it was. Between slices only the usual travel of the ring tells, so that the likeliest base over all is taken.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, CineStack
from twinviewer.segmentation.cine.phases import common_fractions
from twinviewer.segmentation.cine.slice_base import FRAMES, STEP_MM, TRAVEL_MM, TRAVEL_SD
from twinviewer.segmentation.cine.volumes import areas_mm2

Array = NDArray[np.float64]
BLUR_MM = 2.0
"""How far from the base readers still differ on whether a slice is drawn."""
MOST_TRAVEL_MM = 26.0


def base_of_ends(contours: CineContours, stack: CineStack) -> tuple[Array, Array, float] | None:
    """(t,) places in the beat, (t,) depth of the base towards the apex from the first short-axis plane in mm, and the
    standard deviation of its place; None where :func:`base_from_ends` finds none."""
    planes = [stack.planes[i] for i in contours.short_axis]
    if len(planes) < 2:
        return None
    wanted = common_fractions(planes)
    depth = np.array([plane.affine[:3, 3] @ planes[0].normal for plane in planes])
    depth = np.abs(depth - depth[0])
    areas = [areas_mm2(contours, stack, name, wanted) for name in ("lv_endocardium", "lv_epicardium")]
    found = base_from_ends(areas[0], areas[1], depth)
    return None if found is None else (wanted, *found)


def base_from_ends(inner_mm2: Array, outer_mm2: Array, depth_mm: Array) -> tuple[Array, float] | None:
    """(t,) depth of the base, mm as ``depth_mm`` is, and the standard deviation of its place.

    inner_mm2, outer_mm2: (slices, t) areas of cavity and wall, 0 without a contour; depth_mm: (slices,) towards the
    apex. None where contours begin on the same slice at all moments, or no slice has one at every moment: then nothing
    passes by.
    """
    shown = outer_mm2 > 0
    moments = np.flatnonzero(shown.any(axis=0))
    if len(moments) < 3:
        return None
    here = shown[:, moments]
    whole = np.flatnonzero(here.all(axis=1))
    first = np.argmax(here, axis=0)
    if not len(whole) or np.ptp(first) == 0:
        return None
    area = inner_mm2[whole].sum(axis=0)
    most = float(area.max())
    if most <= 0:
        return None
    course = (most - area) / max(float(np.ptp(area[moments])), 1e-9)
    expected = TRAVEL_MM * float(np.ptp(area[moments])) / most
    lowest = int(whole[0])
    top = np.arange(depth_mm[0] - 30.0, depth_mm[lowest], STEP_MM)
    travel = np.arange(0.0, MOST_TRAVEL_MM, STEP_MM)
    loss = np.zeros((len(top), len(travel))) + ((travel - expected) / (TRAVEL_SD * expected + 1.0)) ** 2
    for k in range(lowest + 1):  # beyond the last contour it is the apex that ends
        below = depth_mm[k] - (top[:, None, None] + travel[:, None] * course[moments])
        wrong = np.logaddexp(0.0, np.where(here[k], -below, below) / BLUR_MM)
        loss = loss + 2.0 * min(FRAMES, len(moments)) * wrong.mean(axis=2)
    likely = np.exp(-0.5 * (loss - loss.min()))
    likely /= likely.sum()
    places = top[:, None, None] + travel[:, None] * course
    base = np.einsum("ab,abt->t", likely, places)
    spread = np.sqrt(np.einsum("ab,abt->t", likely, (places - base) ** 2))
    return base, float(spread.max())
