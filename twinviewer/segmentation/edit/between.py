"""Slices between drawn ones, by their shapes (Raya and Udupa, IEEE Trans Med Imaging 1990;9:32).

Each drawn slice becomes a map of signed distances to its outline; between two of them the maps are mixed in proportion,
and the shape is where the mixture is positive. Where two outlines hardly overlap (a vessel that runs obliquely), both
are led along the line between their middles first, so that the vessel goes on and does not vanish.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.segmentation.edit.patch import Labels, Patch, whole
from twinviewer.segmentation.edit.write import BACKGROUND, Over, Spacing, region, rewritten

Plane = NDArray[np.bool_]
OVERLAP = 0.5
"""Share of the smaller of two outlines below which they are led along the line between their middles."""


def interpolated(
    labels: Labels, value: int, axis: int, spacing_kji: Spacing, over: Over = BACKGROUND, mend: slice | None = None
) -> Patch | None:
    """The slices across an axis (0, 1, 2 for k, j, i) that lie between slices with the structure and have none of it.

    mend: slices that are taken for empty whatever they hold, and made anew from those on both sides; only these are
    changed then. None where nothing lies between two drawn slices.
    """
    box = region(labels, value, 0.0, spacing_kji)
    if box is None:
        return None
    if mend is not None:  # the neighbours' shapes may reach further than the bad slice
        box = tuple(whole(labels.shape)[a] if a == axis else side for a, side in enumerate(box))  # type: ignore[assignment]
    pixel = tuple(s for a, s in enumerate(spacing_kji) if a != axis)
    stack = np.moveaxis(labels[box] == value, axis, 0)
    drawn = stack.any(axis=(1, 2))
    bad = np.zeros(len(stack), bool)
    if mend is not None:
        bad[mend] = True
    numbers = np.flatnonzero(drawn & ~bad)
    wanted = stack.copy()
    for low, high in zip(numbers[:-1], numbers[1:], strict=True):
        gap = range(low + 1, high)
        if mend is not None and not bad[low + 1 : high].any():
            continue
        if len(gap):
            wanted[low + 1 : high] = _mixed(stack[low], stack[high], len(gap), pixel)
    if mend is not None:
        wanted[~bad] = stack[~bad]
    return rewritten(labels, box, value, np.moveaxis(wanted, 0, axis), over)


def _mixed(low: Plane, high: Plane, count: int, pixel_mm: tuple[float, ...]) -> Plane:
    """(count, rows, columns) shapes at equal steps between two."""
    maps = [_signed(low, pixel_mm), _signed(high, pixel_mm)]
    smaller = min(np.count_nonzero(low), np.count_nonzero(high))
    led = np.count_nonzero(low & high) < OVERLAP * smaller
    way = np.subtract(*(np.mean(np.nonzero(plane), axis=1) for plane in (high, low))) if led else np.zeros(2)
    out = np.zeros((count, *low.shape), bool)
    for n in range(count):
        share = (n + 1) / (count + 1)
        first, second = maps
        if led:
            first = ndimage.shift(first, share * way, order=1, mode="nearest")
            second = ndimage.shift(second, (share - 1.0) * way, order=1, mode="nearest")
        out[n] = (1.0 - share) * first + share * second > 0.0
    return out


def _signed(plane: Plane, pixel_mm: tuple[float, ...]) -> NDArray[np.float64]:
    """Distance to the outline in mm, positive inside; the outline runs between voxel centres."""
    padded = np.pad(plane, 1)  # what lies beyond the box is outside
    inside = ndimage.distance_transform_edt(padded, sampling=pixel_mm)[1:-1, 1:-1]
    outside = ndimage.distance_transform_edt(~plane, sampling=pixel_mm)
    half = 0.5 * float(np.mean(pixel_mm))
    return np.where(plane, inside - half, half - outside)
