"""Opacified blood shared among the chambers: seeds from the bent atlas, borders from the blood itself."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.organs.heart.atlas import (
    AORTA,
    BLOOD_LABELS,
    LA_BLOOD,
    OTHER,
    PULMONARY_ARTERY,
    RA_BLOOD,
)
from twinviewer.organs.heart.valves import VALVES, cut_at_valve
from twinviewer.segmentation.mask import (
    Mask,
    Spacing,
    bounding_box,
    closed,
    dilate,
    distance_inside,
    distance_outside,
    erode,
    filled,
    largest_piece,
    smoothed,
)
from twinviewer.segmentation.partition import random_walk
from twinviewer.segmentation.working_grid import WorkingGrid

LEAST_POUCH_ML, MOST_POUCH_ML = 0.3, 25.0
"""Appendages hold a few mL; what is larger and as thin as a branch is a neighbour that was not parted."""
Labels = NDArray[np.uint8]
Float = NDArray[np.float32]


def between_grids(array: NDArray[np.generic], source: WorkingGrid, target: WorkingGrid, order: int) -> NDArray:
    """An array of one upright grid on another: the nearest voxel (order 0) or linear (order 1), edges repeated."""
    ratio = target.spacing_mm / source.spacing_mm
    offset = ((target.origin_mm - source.origin_mm) / source.spacing_mm)[::-1]
    out = np.asarray(array)
    for axis in range(3):  # upright grids: one axis after the other
        last = out.shape[axis] - 1
        where = np.clip(offset[axis] + ratio * np.arange(target.shape[axis]), 0, last)
        if order == 0:
            out = out.take(np.floor(where + 0.5).astype(np.intp), axis=axis)
            continue
        low = np.minimum(where.astype(np.intp), max(last - 1, 0))
        shape = [1, 1, 1]
        shape[axis] = -1
        share = (where - low).astype(np.float32).reshape(shape)
        one, two = out.take(low, axis=axis), out.take(np.minimum(low + 1, last), axis=axis)
        out = one + share * (two - one)
    return out


def seeds_from(label: Labels, depth: Float, blood: Mask, spacing: Spacing, mouth_mm: float) -> NDArray[np.int16]:
    """The cores of the expected structures where there is blood, well away from its edge; blood far off is OTHER."""
    seeds = np.zeros(label.shape, dtype=np.int16)
    inner = distance_inside(blood, spacing)
    to_heart = distance_outside((label > 0) & (label != OTHER), spacing)
    for value in (*BLOOD_LABELS, OTHER):
        mine = label == value
        if not mine.any():
            continue
        deepest = float(np.quantile(depth[mine], 0.98))
        # the deep core, and the middle line of what is narrower (outflow tracts, appendages)
        inside = np.where(mine, depth, 0.0)
        least = 2.5 if value in (AORTA, PULMONARY_ARTERY) else 4.0
        ridge = (inside > least) & (inside >= 0.9 * ndimage.maximum_filter(inside, size=5))
        core = mine & blood & ((depth > max(3.0, 0.45 * deepest)) | ridge)
        if value == OTHER:
            # a vein's first stretch is left open: seeds at its mouth would eat into the atrium, phase after phase
            core &= to_heart > mouth_mm
        room = core & (inner > 2.5)
        seeds[room if room.any() else core] = value
    seeds[(to_heart > 22.0) & blood & (seeds == 0)] = OTHER
    return seeds


def _corners(mask: Mask) -> tuple[list[int], list[int]]:
    box = bounding_box(mask)
    return [s.start or 0 for s in box], [(s.stop or n) - 1 for s, n in zip(box, mask.shape, strict=True)]


def share_blood(
    blood: Mask,
    ease: Float,
    label: Labels,
    depth: Float,
    work: WorkingGrid,
    registered: WorkingGrid,
    mouth_mm: float,
    step_mm: float = 2.4,
) -> Labels:
    """Chamber of each blood voxel.

    blood, ease: (k, j, i) on ``work``; ease 0..1 is low where a thin wall dilutes blood. label, depth: the heart
    on ``registered``. mouth_mm: how far veins are left open. Returns labels on ``work``;
    0 outside blood and where no seed can be reached.
    """
    middle = work.coarser(max(step_mm, 1.5 * work.spacing_mm)) if work.spacing_mm < step_mm else work
    coarse_blood = between_grids(blood.astype(np.float32), work, middle, 1) > 0.5
    expected = between_grids(label, registered, middle, 0)
    deep = between_grids(depth, registered, middle, 1)
    seeds = seeds_from(expected, deep, coarse_blood, middle.spacing_kji, mouth_mm)
    names, probability = random_walk(
        coarse_blood, seeds, np.maximum(between_grids(ease, work, middle, 1), 0.02), tolerance=3e-3
    )
    # voxels at the rim of the fine blood mask lie outside the coarse one: they take their neighbour's chamber
    reached = probability.sum(axis=0) > 0.05
    if not reached.any():
        return np.zeros(work.shape, dtype=np.uint8)
    nearest = ndimage.distance_transform_edt(~reached, return_distances=False, return_indices=True)
    out = np.zeros(work.shape, dtype=np.uint8)
    best = np.zeros(work.shape, dtype=np.float32)
    for name, layer in zip(names, probability, strict=True):
        layer = layer[tuple(nearest)]
        low, high = (middle.to_mm(np.array([c], dtype=float))[0] for c in _corners(layer > 0.02))
        window = work.cropped(low - middle.spacing_mm, high + middle.spacing_mm)
        start = np.rint(work.to_kji(window.origin_mm[None])[0]).astype(int)
        box = tuple(slice(int(a), int(a) + n) for a, n in zip(start, window.shape, strict=True))
        fine = between_grids(layer, middle, window, 1)
        better = fine > best[box]
        out[box][better] = name
        best[box][better] = fine[better]
    out[~blood] = 0
    return out


def tidy_chambers(labels: Labels, spacing: Spacing) -> Labels:
    """Chambers in one piece each, without veins, holes and loose ends; valves flat."""
    for lower, upper in VALVES:
        cut_at_valve(labels, lower, upper, spacing)
    out = np.zeros_like(labels)
    for value in BLOOD_LABELS:
        mask = labels == value
        if not mask.any():
            continue
        if value in (LA_BLOOD, RA_BLOOD):
            body = without_branches(mask, 5.0, spacing)
            mask = body | blind_pouches(mask & ~body, body, labels == OTHER, spacing)
        elif value in (AORTA, PULMONARY_ARTERY):
            mask = without_branches(mask, 4.0, spacing)
        else:
            mask = without_branches(mask, 1.6, spacing)
        out[mask] = value
    return out


def without_branches(mask: Mask, radius_mm: float, spacing: Spacing) -> Mask:
    """The largest piece without what is thinner than a ball; its own rim, which no ball fills, is kept."""
    core = largest_piece(erode(mask, radius_mm, spacing))
    return dilate(core, radius_mm + 1.5 * float(np.mean(spacing)), spacing) & mask


def blind_pouches(branches: Mask, body: Mask, beyond: Mask, spacing: Spacing) -> Mask:
    """Branches of an atrium that end in themselves: appendages. A vein goes on into blood that is not the heart's."""
    pieces, count = ndimage.label(branches)
    out = np.zeros(branches.shape, dtype=np.bool_)
    if count == 0:
        return out
    size_ml = np.bincount(pieces.ravel()) * float(np.prod(spacing)) / 1000.0
    blind = (size_ml > LEAST_POUCH_ML) & (size_ml < MOST_POUCH_ML)
    blind[0] = False
    around = np.ones((3, 3, 3), dtype=np.bool_)
    blind[np.unique(pieces[ndimage.binary_dilation(beyond, around)])] = False
    joined = np.zeros(count + 1, dtype=np.bool_)
    joined[np.unique(pieces[ndimage.binary_dilation(body, around)])] = True
    out[(blind & joined)[pieces]] = True
    return out


def own_edge(mask: Mask, image: Float, muscle: float, spacing: Spacing, rim_mm: float = 4.0) -> Mask:
    """Voxels in a chamber's rim that are darker than half-way between muscle and this chamber's own blood.

    One threshold for both sides of the heart puts the brighter side's edge too far out.
    """
    out = np.zeros(mask.shape, dtype=np.bool_)
    box = bounding_box(mask, 1)
    part, value = mask[box], image[box]
    layers = max(1, round(rim_mm / float(np.mean(spacing))))
    inner = ndimage.binary_erosion(part, iterations=layers)
    core = value[ndimage.binary_erosion(inner, iterations=max(1, layers // 2))]
    if core.size >= 50:
        out[box] = part & ~inner & (value < 0.5 * (muscle + float(np.median(core))))
    return out


def mixing_blood(labels: Labels, image: Float, weak_from: float, expected: Mask, spacing: Spacing) -> Mask:
    """The right atrium with its poorly mixed blood: weaker than the pool, joined to it, where it is expected."""
    atrium = labels == RA_BLOOD
    may = (image > weak_from) & ((labels == 0) | (labels == OTHER)) & dilate(expected | atrium, 4.0, spacing)
    grown = largest_piece(ndimage.binary_opening(may, iterations=1) | atrium)
    return without_branches(grown | atrium, 5.0, spacing)


def blood_mask(image: Float, blood_from: float, body: Mask) -> Mask:
    """Opacified blood joined to the heart: bright voxels that a neck of more than about 3 mm joins to ``body``."""
    bright = image > blood_from
    core = ndimage.binary_erosion(bright)
    pieces, _ = ndimage.label(core)
    wanted = np.unique(pieces[core & body])
    joined = np.isin(pieces, wanted[wanted > 0])
    return np.asarray(ndimage.binary_dilation(joined) & bright)


def round_ventricle(mask: Mask, allowed: Mask, spacing: Spacing, notch_mm: float, sigma_mm: float) -> Mask:
    """A ventricle with its papillary muscles and trabeculae counted as blood, smooth, without holes."""
    grown = (closed(mask, notch_mm, spacing) & allowed) | mask
    return largest_piece(filled(smoothed(filled(grown), sigma_mm, spacing)))
