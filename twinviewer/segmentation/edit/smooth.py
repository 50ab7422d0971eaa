"""Smoothing that keeps volumes: the level at which the blurred shape is cut is chosen so that the voxel count stays."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Reporter, silent
from twinviewer.segmentation.edit.patch import Labels, Patch
from twinviewer.segmentation.edit.rule import Rule
from twinviewer.segmentation.edit.write import BACKGROUND, Mask, Over, Spacing, region, rewritten

Kind = Literal["gaussian", "median"]
LEAST = 0.02
"""Of the blurred shape: what lies lower is never taken."""
ROUNDS = 12
"""Most attempts to find levels that keep all volumes at once."""
KEPT = 0.002
"""Share of each volume by which smoothing together may be off before it looks for better levels."""


def smoothed(
    labels: Labels, value: int, size_mm: float, spacing_kji: Spacing, over: Over = BACKGROUND, kind: Kind = "gaussian"
) -> Patch | None:
    """One structure smoothed. size_mm: standard deviation of the Gaussian, or radius of the ball in which the median is
    taken: detail smaller than that goes. Its volume stays as long as there is room for it."""
    box = region(labels, value, 3.0 * size_mm, spacing_kji)
    if box is None:
        return None
    own = labels[box] == value
    soft = _blurred(own, size_mm, spacing_kji, kind)
    room = own | Rule(over).allowed(labels[box])
    return rewritten(labels, box, value, _keeping_count(soft, room, int(np.count_nonzero(own))), over)


def smoothed_together(
    labels: Labels, values: list[int], size_mm: float, spacing_kji: Spacing, report: Reporter = silent
) -> Patch | None:
    """Several structures at once, so that no gap opens between neighbours: each voxel goes to the highest of the
    blurred shapes, each raised by what keeps its volume. Labels that are not among the values stay as they are."""
    box = region(labels, values, 3.0 * size_mm, spacing_kji)
    if box is None:
        return None
    now = labels[box]
    classes = [0, *values]
    window = [2 * int(np.ceil(2.0 * size_mm / s)) + 1 for s in spacing_kji]
    edge = ndimage.maximum_filter(now, window) != ndimage.minimum_filter(now, window)
    near = edge & np.isin(now, classes)
    if not near.any():
        return None
    soft = np.empty((len(classes), int(near.sum())), np.float32)
    for n, label in enumerate(classes):
        report(0.8 * n / len(classes), "Smoothing")
        soft[n] = _blurred(now == label, size_mm, spacing_kji, "gaussian")[near]
    target = np.array([np.count_nonzero(now[near] == label) for label in classes])
    report(0.9, "Keeping volumes")
    after = now.copy()
    after[near] = np.array(classes, np.uint8)[_winners(soft, target)]
    return None if np.array_equal(after, now) else Patch.of(box, after)


def _blurred(mask: Mask, size_mm: float, spacing_kji: Spacing, kind: Kind) -> NDArray[np.float32]:
    if kind == "gaussian":
        sigma = [size_mm / s for s in spacing_kji]
        return ndimage.gaussian_filter(mask.astype(np.float32), sigma, mode="nearest", truncate=3.0)
    from scipy.signal import oaconvolve  # slow to load, and seldom wanted

    reach = [int(size_mm / s) for s in spacing_kji]
    away = np.meshgrid(*(np.arange(-n, n + 1) * s for n, s in zip(reach, spacing_kji, strict=True)), indexing="ij")
    ball = (np.square(away).sum(axis=0) <= size_mm**2 * (1 + 1e-6)).astype(np.float32)
    padded = np.pad(mask.astype(np.float32), [(n, n) for n in reach], mode="edge")
    counts = np.rint(oaconvolve(padded, ball, mode="valid"))  # whole numbers again: equal ones are to be equal
    return np.asarray(counts / ball.sum(), np.float32)


def _keeping_count(soft: NDArray[np.float32], room: Mask, count: int) -> Mask:
    """Where soft is highest within the room, as many voxels as wanted; of equal ones all or none."""
    candidates = soft[room & (soft > LEAST)]
    if candidates.size <= count:
        return room & (soft > LEAST)
    level = np.partition(candidates, candidates.size - count)[candidates.size - count]
    more, fewer = np.count_nonzero(candidates >= level), np.count_nonzero(candidates > level)
    if fewer and count - fewer < more - count:
        return room & (soft > level)
    return room & (soft >= level)


def _winners(soft: NDArray[np.float32], target: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the highest class of each voxel, with levels that bring the counts near their targets."""
    raised = np.zeros(len(soft), np.float32)
    best, best_off = np.zeros(soft.shape[1], np.int64), np.inf
    steep = np.array([np.count_nonzero(np.abs(one - 0.5) < 0.1) / 0.2 for one in soft]).clip(1.0)
    for _ in range(ROUNDS):
        now = (soft + raised[:, None]).argmax(axis=0)
        count = np.bincount(now, minlength=len(soft))
        off = float(np.max(np.abs(count - target)[1:] / np.maximum(target[1:], 1)))
        if off < best_off:
            best, best_off = now, off
        if off < KEPT:
            break
        raised += (0.7 * (target - count) / steep).clip(-0.1, 0.1).astype(np.float32)
        raised -= raised[0]
    return best
