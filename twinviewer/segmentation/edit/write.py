"""A mask that a tool wants a structure to be, written with regard to the others."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.segmentation.edit.patch import Box, Labels, Patch, grown, joined, margin_voxels
from twinviewer.segmentation.edit.rule import Rule

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
"""Voxel edge lengths along k, j, i in mm."""
Over = frozenset[int] | None
"""Labels that may be written over, None for all."""
BACKGROUND: Over = frozenset({0})


def region(labels: Labels, values: int | list[int], margin_mm: float, spacing_kji: Spacing) -> Box | None:
    """The box round structures with a margin in mm, cut at the array's edge; None where there are none."""
    box: Box | None = None
    for value in [values] if isinstance(values, int) else values:
        box = joined(box, bounds(labels, value))
    return None if box is None else grown(box, margin_voxels(margin_mm, spacing_kji), labels.shape)


def bounds(labels: Labels, value: int) -> Box | None:
    """The smallest box round one structure; None where there is none of it. Some 20 ms for 512^3."""
    low, high = _bounds(labels, np.uint8(value))
    if high[0] < 0:
        return None
    k, j, i = (slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
    return k, j, i


@njit(cache=True, nogil=True)
def _bounds(labels: Labels, value: np.uint8) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    depth, height, width = labels.shape
    low, high = np.full(3, 1 << 40, np.int64), np.full(3, -1, np.int64)
    for k in range(depth):
        for j in range(height):
            row = labels[k, j]
            count = 0
            for i in range(width):  # without a way out, so that it is done many voxels at a time
                count += row[i] == value
            if count == 0:
                continue
            low[0], high[0] = min(low[0], k), k
            low[1], high[1] = min(low[1], j), max(high[1], j)
            i = 0
            while row[i] != value:
                i += 1
            low[2] = min(low[2], i)
            i = width - 1
            while row[i] != value:
                i -= 1
            high[2] = max(high[2], i)
    return low, high


def rewritten(
    labels: Labels, box: Box, value: int, wanted: Mask, over: Over = BACKGROUND, left: int = 0
) -> Patch | None:
    """The box with the structure where it is wanted and may be. over: labels that it may replace; left: what stays
    where it no longer is. None where that changes nothing."""
    now = labels[box]
    own = now == value
    after = now.copy()
    after[own & ~wanted] = left
    after[wanted & ~own & Rule(over).allowed(now)] = value
    return None if np.array_equal(after, now) else Patch.of(box, after)
