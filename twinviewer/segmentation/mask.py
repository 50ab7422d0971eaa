"""Cleaning of binary masks with radii in mm: open, close, largest piece, holes, smoothing that keeps the volume."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
"""Voxel edge lengths in the order of the array's axes (k, j, i), mm."""


def distance_inside(mask: Mask, spacing_kji: Spacing) -> NDArray[np.float32]:
    """Distance in mm from inside to the nearest voxel outside, 0 outside. The array's edge is no border."""
    if mask.all():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    return np.asarray(ndimage.distance_transform_edt(mask, sampling=spacing_kji), dtype=np.float32)


def distance_outside(mask: Mask, spacing_kji: Spacing) -> NDArray[np.float32]:
    """Distance in mm of each voxel outside the mask to the nearest voxel inside, 0 inside; inf for an empty mask."""
    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=spacing_kji), dtype=np.float32)


def signed_distance(mask: Mask, spacing_kji: Spacing) -> NDArray[np.float32]:
    """Positive inside, negative outside, in mm; zero lies half a voxel from the outermost voxel centres."""
    half = 0.5 * float(np.mean(spacing_kji))
    inside, outside = distance_inside(mask, spacing_kji), distance_outside(mask, spacing_kji)
    return np.where(mask, inside - half, half - outside).astype(np.float32)


def erode(mask: Mask, radius_mm: float, spacing_kji: Spacing) -> Mask:
    """All voxels that lie more than ``radius_mm`` inside."""
    return np.asarray(distance_inside(mask, spacing_kji) > radius_mm)


def dilate(mask: Mask, radius_mm: float, spacing_kji: Spacing) -> Mask:
    """The mask and everything within ``radius_mm`` of it."""
    return np.asarray(distance_outside(mask, spacing_kji) <= radius_mm)


def opened(mask: Mask, radius_mm: float, spacing_kji: Spacing) -> Mask:
    """What a ball of that radius can reach inside the mask: thin branches go, round bodies stay."""
    core = erode(mask, radius_mm, spacing_kji)
    return dilate(core, radius_mm, spacing_kji) & mask if core.any() else core


def closed(mask: Mask, radius_mm: float, spacing_kji: Spacing) -> Mask:
    """Fill notches and gaps that a ball of that radius cannot enter from outside. Pads, so edges do not matter."""
    pad = [int(np.ceil(radius_mm / s)) + 1 for s in spacing_kji]
    big = np.pad(mask, [(p, p) for p in pad])
    grown = dilate(big, radius_mm, spacing_kji)
    shrunk = erode(grown, radius_mm, spacing_kji) | big
    return shrunk[tuple(slice(p, -p) for p in pad)]


def largest_piece(mask: Mask) -> Mask:
    """The largest 6-connected piece; the empty mask stays empty."""
    pieces, count = ndimage.label(mask)
    if count <= 1:
        return np.asarray(mask, dtype=np.bool_)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(pieces == int(np.argmax(sizes)))


def filled(mask: Mask) -> Mask:
    """Without holes: background that no path (6-connected) joins to the array's edge becomes mask."""
    return np.asarray(ndimage.binary_fill_holes(mask))


def smoothed(mask: Mask, sigma_mm: float, spacing_kji: Spacing) -> Mask:
    """Round off the surface with a Gaussian; its level is chosen so that the voxel count stays."""
    count = int(np.count_nonzero(mask))
    if count == 0 or sigma_mm <= 0:
        return mask
    soft = ndimage.gaussian_filter(
        mask.astype(np.float32), [sigma_mm / s for s in spacing_kji], mode="nearest", truncate=3.0
    )
    candidates = soft[soft > 0.05]
    if candidates.size <= count:
        return mask
    level = np.partition(candidates, candidates.size - count)[candidates.size - count]
    return np.asarray(soft >= level)
