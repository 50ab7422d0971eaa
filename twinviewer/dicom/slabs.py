"""Parallel planes of one series that are several stacks: slabs with a gap between them, or of different steps.

Places alone decide where they can: a gap that is wider than the steps on both of its sides parts two slabs, unless it
is one that lost slices leave and that is filled as such (``slice_geometry``). Stacks that lie in one another, as a fine
one within a coarse one does, have no gap; there the order tells in which their images were numbered, if each is even
then.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twinviewer.dicom.slice_geometry import SAME_PLACE_MM, UNEVEN, Spread, spread

LEAST_SLICES = 3
"""Fewer slices are no slab of their own worth parting a stack for; beside two slabs they are a row all the same."""
MOST_SLABS = 8

Positions = NDArray[np.float64]


def slabs(positions_mm: Positions, normal: Positions, lie: Spread) -> list[NDArray[np.intp]]:
    """Which slices of (n, 3) positions, rising along ``normal``, form which stack; one array where they are one, or
    cannot be told apart. lie: of all of them."""
    count = len(positions_mm)
    whole = [np.arange(count)]
    if count < 2 * LEAST_SLICES or (lie.regular and lie.step_mm == 0.0):
        return whole
    edges = [0, *_cuts(np.diff(positions_mm @ normal), lie), count]
    found = [np.arange(start, stop) for start, stop in pairwise(edges)]
    return found if len(found) > 1 and _sound(found, positions_mm, normal) else whole


def numbered_apart(distances_mm: Positions, positions_mm: Positions, normal: Positions) -> list[NDArray[np.intp]]:
    """The same of images in the order of their numbers, (n,) distances along the normal: runs of one step each."""
    whole = [np.arange(len(distances_mm))]
    steps = np.diff(distances_mm)
    edges = [0]
    for i in range(1, len(steps)):
        first = edges[-1]
        fresh = i == first  # the first step of a run says what its step is
        if not fresh and abs(steps[i] - steps[first]) > UNEVEN * abs(steps[first]):
            edges.append(i + 1)
    edges.append(len(distances_mm))
    found = [np.arange(start, stop) for start, stop in pairwise(edges) if stop > start]
    if len(found) < 2 or min(map(len, found)) < LEAST_SLICES:
        return whole
    found = [one[np.argsort(distances_mm[one], kind="stable")] for one in found]
    if any(np.diff(distances_mm[one]).min() <= SAME_PLACE_MM for one in found):
        return whole
    return found if _sound(found, positions_mm, normal) else whole


def told(found: Sequence[NDArray[np.intp]], positions_mm: Positions, normal: Positions) -> str:
    """One sentence on stacks that are kept apart, with their numbers."""
    parts = []
    for one in found:
        along = np.sort(positions_mm[one] @ normal)
        step = f" {float(np.median(np.diff(along))):.3g} mm apart" if len(one) > 1 else ""
        parts.append(f"{len(one)} slice{'s' if len(one) != 1 else ''}{step}")
    ends = [(float((positions_mm[one] @ normal).min()), float((positions_mm[one] @ normal).max())) for one in found]
    between = [second[0] - first[1] for first, second in pairwise(sorted(ends))]
    gaps = ", ".join(f"{gap:.3g}" for gap in between if gap > 0)
    across = f", with {gaps} mm between them" if gaps else ""
    return f"The series holds {len(found)} stacks of parallel slices, kept apart: {'; '.join(parts)}{across}"


def _cuts(gaps: Positions, lie: Spread) -> list[int]:
    """Numbers of the slices at which another slab begins."""
    cuts: list[int] = []
    for i in range(len(gaps)):
        before = gaps[i - 1] if i else None
        after = gaps[i + 1] if i + 1 < len(gaps) else None
        sides = [one for one in (before, after) if one is not None]
        if sides and gaps[i] > 1.5 * max(sides):
            alike = len(sides) == 2 and abs(sides[0] - sides[1]) <= UNEVEN * max(sides)
            if not (lie.step_mm > 0 and (alike or len(sides) == 1)):  # else slices are lacking, and are filled
                cuts.append(i + 1)
        elif lie.step_mm == 0 and _turns(gaps, i):
            cuts.append(i + 1)
    return cuts


def _turns(gaps: Positions, i: int) -> bool:
    """Whether one step ends and another begins with the gap after slice ``i``; that slice is the first slab's."""
    if i < LEAST_SLICES - 1 or i + LEAST_SLICES - 1 > len(gaps):
        return False
    before, after = gaps[i - LEAST_SLICES + 1 : i], gaps[i : i + LEAST_SLICES - 1]
    even = np.ptp(before) <= UNEVEN * before[0] and np.ptp(after) <= UNEVEN * after[0]
    return bool(even and abs(before[0] - after[0]) > UNEVEN * max(before[0], after[0]) and after[0] <= 4 * before[0])


def _sound(found: Sequence[NDArray[np.intp]], positions_mm: Positions, normal: Positions) -> bool:
    """Whether there are two slabs at least, not too many pieces, and each slab can be read by itself."""
    large = [one for one in found if len(one) >= LEAST_SLICES]
    if len(large) < 2 or len(found) > MOST_SLABS:
        return False
    lies = [spread(positions_mm[one], normal) for one in large]
    return all(lie.regular or lie.step_mm > 0 for lie in lies)
