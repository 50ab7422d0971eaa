"""Cleaning of binary masks with radii in mm: open, close, largest piece, holes, smoothing that keeps the volume."""

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.segmentation.ball import within

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
"""Voxel edge lengths in the order of the array's axes (k, j, i), mm."""


def _to_nearest(mask: Mask, spacing_kji: Spacing) -> NDArray[np.float32]:
    """Distance in mm of each voxel to the nearest voxel of a mask that is not empty."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(s) for s in spacing_kji[::-1]])
    signed = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return np.where(mask, np.float32(0.0), np.maximum(sitk.GetArrayFromImage(signed), np.float32(0.0)))


def distance_inside(mask: Mask, spacing_kji: Spacing) -> NDArray[np.float32]:
    """Distance in mm from inside to the nearest voxel outside, 0 outside. The array's edge is no border."""
    out = np.zeros(mask.shape, dtype=np.float32)
    if mask.all():
        out[:] = np.inf
    elif mask.any():
        box = bounding_box(mask, 1)
        out[box] = _to_nearest(~mask[box], spacing_kji)
    return out


def distance_outside(mask: Mask, spacing_kji: Spacing) -> NDArray[np.float32]:
    """Distance in mm of each voxel outside the mask to the nearest voxel inside, 0 inside; inf for an empty mask."""
    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    return _to_nearest(mask, spacing_kji)


def bounding_box(mask: Mask, margin: int = 0) -> tuple[slice, ...]:
    """Slices of the smallest box round a mask, with a margin in voxels, within the array; all of it if empty."""
    box = []
    for axis in range(mask.ndim):
        seen = np.flatnonzero(mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis)))
        if seen.size == 0:
            return (slice(None),) * mask.ndim
        box.append(slice(max(int(seen[0]) - margin, 0), min(int(seen[-1]) + 1 + margin, mask.shape[axis])))
    return tuple(box)


def signed_distance(mask: Mask, spacing_kji: Spacing) -> NDArray[np.float32]:
    """Positive inside, negative outside, in mm; zero lies half a voxel from the outermost voxel centres."""
    half = 0.5 * float(np.mean(spacing_kji))
    inside, outside = distance_inside(mask, spacing_kji), distance_outside(mask, spacing_kji)
    return np.where(mask, inside - half, half - outside).astype(np.float32)


def erode(mask: Mask, radius_mm: float, spacing_kji: Spacing) -> Mask:
    """All voxels that lie more than ``radius_mm`` inside."""
    out = np.zeros(mask.shape, dtype=np.bool_)
    box = bounding_box(mask, 1)
    out[box] = mask[box] & ~within(~mask[box], radius_mm, spacing_kji)
    return out


def dilate(mask: Mask, radius_mm: float, spacing_kji: Spacing) -> Mask:
    """The mask and everything within ``radius_mm`` of it."""
    out = np.zeros(mask.shape, dtype=np.bool_)
    if mask.any():
        box = bounding_box(mask, int(np.ceil(radius_mm / min(spacing_kji))) + 1)
        out[box] = within(mask[box], radius_mm, spacing_kji)
    return out


def opened(mask: Mask, radius_mm: float, spacing_kji: Spacing) -> Mask:
    """What a ball of that radius can reach inside the mask: thin branches go, round bodies stay."""
    core = erode(mask, radius_mm, spacing_kji)
    return dilate(core, radius_mm, spacing_kji) & mask if core.any() else core


def closed(mask: Mask, radius_mm: float, spacing_kji: Spacing) -> Mask:
    """Fill notches and gaps that a ball of that radius cannot enter from outside. Pads, so edges do not matter."""
    if not mask.any():
        return mask
    pad = [int(np.ceil(radius_mm / s)) + 1 for s in spacing_kji]
    box = bounding_box(mask)
    big = np.pad(mask[box], [(p, p) for p in pad])
    shrunk = erode(dilate(big, radius_mm, spacing_kji), radius_mm, spacing_kji) | big
    out = mask.copy()
    out[box] = shrunk[tuple(slice(p, -p) for p in pad)]
    return out


def largest_piece(mask: Mask) -> Mask:
    """The largest 6-connected piece; the empty mask stays empty."""
    box = bounding_box(mask)
    pieces, count = ndimage.label(mask[box])
    if count <= 1:
        return np.asarray(mask, dtype=np.bool_)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    out = np.zeros(mask.shape, dtype=np.bool_)
    out[box] = pieces == int(np.argmax(sizes))
    return out


def filled(mask: Mask) -> Mask:
    """Without holes: background that no path (6-connected) joins to the outside of the mask's box becomes mask."""
    box = bounding_box(mask, 1)
    pieces, count = ndimage.label(np.pad(~mask[box], 1, constant_values=True))
    out = mask.copy()
    if count > 1:
        inner = pieces[(slice(1, -1),) * mask.ndim]
        out[box] = mask[box] | ((inner > 0) & (inner != pieces.flat[0]))
    return out


def smoothed(mask: Mask, sigma_mm: float, spacing_kji: Spacing) -> Mask:
    """Round off the surface with a Gaussian; its level is chosen so that the voxel count stays."""
    count = int(np.count_nonzero(mask))
    if count == 0 or sigma_mm <= 0:
        return mask
    box = bounding_box(mask, int(np.ceil(2.0 * sigma_mm / min(spacing_kji))))
    soft = ndimage.gaussian_filter(
        mask[box].astype(np.float32), [sigma_mm / s for s in spacing_kji], mode="nearest", truncate=3.0
    )
    candidates = soft[soft > 0.05]
    if candidates.size <= count:
        return mask
    level = np.partition(candidates, candidates.size - count)[candidates.size - count]
    out = np.zeros(mask.shape, dtype=np.bool_)
    out[box] = soft >= level
    return out
