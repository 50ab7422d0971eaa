"""Holes filled, notches closed, spurs taken off."""

import numpy as np
from scipy import ndimage

from twinviewer.segmentation import mask as masks
from twinviewer.segmentation.edit.patch import Labels, Patch
from twinviewer.segmentation.edit.write import BACKGROUND, Over, Spacing, region, rewritten


def filled(
    labels: Labels, value: int, spacing_kji: Spacing, over: Over = BACKGROUND, axis: int | None = None
) -> Patch | None:
    """What the structure encloses becomes structure, where it may. axis: 0, 1, 2 to look in each slice across k, j or
    i by itself (a ring is filled there, which a tube in space is not); None for holes in space."""
    box = region(labels, value, 0.0, spacing_kji)
    if box is None:
        return None
    own = labels[box] == value
    if axis is None:
        return rewritten(labels, box, value, masks.filled(own), over)
    wanted = own.copy()
    for n in range(own.shape[axis]):
        place = tuple(n if a == axis else slice(None) for a in range(3))
        wanted[place] = ndimage.binary_fill_holes(own[place])
    return rewritten(labels, box, value, wanted, over)


def closed(labels: Labels, value: int, radius_mm: float, spacing_kji: Spacing, over: Over = BACKGROUND) -> Patch | None:
    """Gaps and notches filled that a ball of that radius cannot enter."""
    box = region(labels, value, 2.0 * radius_mm, spacing_kji)
    if box is None:
        return None
    return rewritten(labels, box, value, masks.closed(labels[box] == value, radius_mm, spacing_kji), over)


def opened(labels: Labels, value: int, radius_mm: float, spacing_kji: Spacing) -> Patch | None:
    """Only what a ball of that radius reaches inside: spurs and bridges that are thinner go."""
    box = region(labels, value, 2.0 * radius_mm, spacing_kji)
    if box is None:
        return None
    padded = np.pad(labels[box] == value, 1, mode="edge")  # the edge of the images is no border of the structure
    wanted = masks.opened(padded, radius_mm, spacing_kji)[1:-1, 1:-1, 1:-1]
    return rewritten(labels, box, value, wanted)
