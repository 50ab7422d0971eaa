"""Slices between drawn ones, by their shapes (Raya and Udupa, IEEE Trans Med Imaging 1990;9:32).

Each drawn slice becomes a map of signed distances to its outline; between two of them the maps are mixed in proportion,
and the shape is where the mixture is positive. Where two outlines hardly overlap (a vessel that runs obliquely), both
are led along the line between their middles first, so that the vessel goes on and does not vanish.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.segmentation.edit.patch import Labels, Patch
from twinviewer.segmentation.edit.rule import Rule
from twinviewer.segmentation.edit.write import BACKGROUND, Over, Spacing, region

Plane = NDArray[np.bool_]
OVERLAP = 0.5
"""Share of the smaller of two outlines below which they are led along the line between their middles."""


def interpolated(
    labels: Labels,
    values: list[int],
    axis: int,
    spacing_kji: Spacing,
    over: Over = BACKGROUND,
    mend: slice | None = None,
) -> Patch | None:
    """The slices across an axis (0, 1, 2 for k, j, i) that lie between slices with a structure and have none of it.

    values: structures; where several claim a voxel it goes to the one that lies deeper there. mend: slices that are
    taken for empty of them whatever they hold, and made anew from those on both sides; only these are changed then.
    None where nothing lies between two drawn slices.
    """
    box = region(labels, values, 0.0, spacing_kji)
    if box is None:
        return None
    if mend is not None:
        first, last = max(mend.start - box[axis].start, 0), mend.stop - box[axis].start
        mend = slice(first, max(last, 0))
    pixel = tuple(s for a, s in enumerate(spacing_kji) if a != axis)
    now = np.moveaxis(labels[box], axis, 0)
    deepest = np.zeros(now.shape, np.float32)
    winner = np.zeros(now.shape, np.uint8)
    remade = np.zeros(now.shape[0], bool)
    for value in values:
        stack = now == value
        drawn = stack.any(axis=(1, 2))
        if mend is not None:
            drawn[mend] = False
        numbers = np.flatnonzero(drawn)
        for low, high in zip(numbers[:-1], numbers[1:], strict=True):
            between = range(low + 1, high)
            if mend is not None:
                between = range(max(low + 1, mend.start), min(high, mend.stop))
            if len(between):
                shares = [(n - low) / (high - low) for n in between]
                depth = _mixed(stack[low], stack[high], shares, pixel)
                place = slice(between.start, between.stop)
                deeper = depth > deepest[place]
                deepest[place][deeper] = depth[deeper]
                winner[place][deeper] = value
                remade[place] = True
    if not remade.any():
        return None
    after = now.copy()
    if mend is not None:
        after[remade[:, None, None] & np.isin(now, values)] = 0
    mine = winner > 0
    mine &= Rule(None if over is None else over | {0}).allowed(after) if mend is not None else Rule(over).allowed(after)
    after[mine] = winner[mine]
    after = np.ascontiguousarray(np.moveaxis(after, 0, axis))
    return None if np.array_equal(after, labels[box]) else Patch.of(box, after)


def _mixed(low: Plane, high: Plane, shares: list[float], pixel_mm: tuple[float, ...]) -> NDArray[np.float32]:
    """(n, rows, columns) mm: how deep inside the shapes between two each pixel lies. shares: of the way up."""
    maps = [_signed(low, pixel_mm), _signed(high, pixel_mm)]
    smaller = min(np.count_nonzero(low), np.count_nonzero(high))
    led = np.count_nonzero(low & high) < OVERLAP * smaller
    way = np.subtract(*(np.mean(np.nonzero(plane), axis=1) for plane in (high, low))) if led else np.zeros(2)
    out = np.zeros((len(shares), *low.shape), np.float32)
    for n, share in enumerate(shares):
        first, second = maps
        if led:
            first = ndimage.shift(first, share * way, order=1, mode="nearest")
            second = ndimage.shift(second, (share - 1.0) * way, order=1, mode="nearest")
        out[n] = (1.0 - share) * first + share * second
    return out


def _signed(plane: Plane, pixel_mm: tuple[float, ...]) -> NDArray[np.float64]:
    """Distance to the outline in mm, positive inside; the outline runs between voxel centres."""
    padded = np.pad(plane, 1)  # what lies beyond the box is outside
    inside = ndimage.distance_transform_edt(padded, sampling=pixel_mm)[1:-1, 1:-1]
    outside = ndimage.distance_transform_edt(~plane, sampling=pixel_mm)
    half = 0.5 * float(np.mean(pixel_mm))
    return np.where(plane, inside - half, half - outside)
