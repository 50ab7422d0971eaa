"""A structure grown from where a user clicked, through all that is as bright and hangs together."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import SegmentationError
from twinviewer.segmentation import mask as masks
from twinviewer.segmentation.edit.patch import Box, Labels, Patch, grown, margin_voxels
from twinviewer.segmentation.edit.rule import Rule
from twinviewer.segmentation.edit.write import BACKGROUND, Over, Spacing

Voxels = NDArray[np.int64]
"""(n, 3) k, j, i."""
SAMPLE_MM = 2.0
"""Radius round a seed whose grey values are taken as the structure's."""

MOSTLY = 0.7
"""Share of the 27 voxels round one that must be in the range for noise to have put it outside."""


def range_at(
    image: NDArray[np.generic], seeds: Voxels, spacing_kji: Spacing, spread: float = 2.5
) -> tuple[float, float]:
    """Grey values round the seeds: their mean less and plus so many standard deviations, the seeds' own included."""
    around = [image[ball] for ball in (_cube(seed, SAMPLE_MM, spacing_kji, image.shape) for seed in seeds)]
    values = np.concatenate([one.ravel() for one in around]).astype(np.float64)
    own = image[tuple(seeds.T)].astype(np.float64)
    low, high = values.mean() - spread * values.std(), values.mean() + spread * values.std()
    return float(min(low, own.min())), float(max(high, own.max()))


def region_grown(
    labels: Labels,
    image: NDArray[np.generic],
    value: int,
    seeds: Voxels,
    low: float,
    high: float,
    reach_mm: float,
    spacing_kji: Spacing,
    neck_mm: float = 0.0,
    over: Over = BACKGROUND,
) -> Patch | None:
    """Everything in [low, high] that hangs together with the seeds and lies within reach_mm of one.

    neck_mm: a passage narrower than that is not gone through, so that a leak through a thin wall is held. Single voxels
    that noise puts outside the range are no gaps, and holes in what has grown are filled. What the structure may not
    replace is not gone through either. SegmentationError where a seed lies outside the grey values.
    """
    if len(seeds) == 0:
        raise SegmentationError("Growing needs a place to start from", remedy="Click into the structure")
    box = _round(seeds, reach_mm, spacing_kji, labels.shape)
    now, grey = labels[box], image[box]
    local = seeds - [side.start for side in box]
    free = (Rule(over).allowed(now) | (now == value)) & _near(local, reach_mm, spacing_kji, now.shape)
    open_ = (grey >= low) & (grey <= high) & free  # type: ignore[operator]
    if not open_[tuple(local.T)].any():
        shown = ", ".join(f"{float(v):g}" for v in grey[tuple(local.T)])
        raise SegmentationError(
            f"No starting place can grow: its grey value is {shown}, wanted are {low:g} to {high:g}",
            remedy="Widen the range, or start elsewhere",
        )
    solid = open_ | (free & (ndimage.uniform_filter(open_.astype(np.float32), 3) > MOSTLY))
    core = masks.erode(solid, 0.5 * neck_mm, spacing_kji) if neck_mm > 0 else open_
    pieces, _ = ndimage.label(core)
    hit = np.unique(pieces[tuple(local.T)])
    if neck_mm > 0 and not hit.any():  # the seed lies near the border: the core that is nearest to it
        nearest = ndimage.distance_transform_edt(pieces == 0, spacing_kji, return_distances=False, return_indices=True)
        hit = np.unique(pieces[tuple(nearest[(slice(None), *local.T)])])
    body = np.isin(pieces, hit[hit > 0])
    if neck_mm > 0:
        body = masks.dilate(body, 0.5 * neck_mm + max(spacing_kji), spacing_kji) & solid
    body = masks.filled(body) & free
    after = np.where(body, np.uint8(value), now)
    return None if np.array_equal(after, now) else Patch.of(box, after)


def _cube(seed: NDArray[np.int64], reach_mm: float, spacing_kji: Spacing, shape: tuple[int, ...]) -> Box:
    return _round(seed[None], reach_mm, spacing_kji, shape)


def _round(seeds: Voxels, reach_mm: float, spacing_kji: Spacing, shape: tuple[int, ...]) -> Box:
    k, j, i = (slice(int(a), int(b) + 1) for a, b in zip(seeds.min(axis=0), seeds.max(axis=0), strict=True))
    return grown((k, j, i), margin_voxels(reach_mm, spacing_kji), (shape[0], shape[1], shape[2]))


def _near(seeds: Voxels, reach_mm: float, spacing_kji: Spacing, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Voxels within reach of a seed."""
    axes = [np.arange(size) for size in shape]
    out = np.zeros(shape, np.bool_)
    for seed in seeds:
        k, j, i = (((line - at) * s) ** 2 for line, at, s in zip(axes, seed, spacing_kji, strict=True))
        out |= k[:, None, None] + j[:, None] + i <= reach_mm**2
    return out
