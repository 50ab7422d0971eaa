"""Masks with slices much thicker than their pixels, brought to nearly cubic voxels.

Shape-based interpolation: in each slice the signed distance to the outline is computed, distances of neighbouring
slices are interpolated, and what is negative belongs to the shape (Raya SP, Udupa JK. Shape-based interpolation of
multidimensional objects. IEEE Trans Med Imaging 9(1), 1990). A blur wide enough for the slices would lose what the
pixels know; this keeps it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid

THICK = 1.6
"""A spacing that exceeds the next larger one by this factor is refined."""
MOST_PARTS = 12


def even_voxels(mask: NDArray[np.bool_], grid: Grid) -> tuple[NDArray[np.bool_], Grid]:
    """The mask (k, j, i) on a grid whose thickest axis is divided into parts; both as they are where none is thick.

    Voxel volume is divided with them, and the new voxels fill exactly the old ones' box.
    """
    spacing = np.array(grid.spacing_mm)
    thick = int(np.argmax(spacing))
    next_mm = float(np.sort(spacing)[1])
    parts = min(MOST_PARTS, round(float(spacing[thick]) / next_mm))
    if spacing[thick] < THICK * next_mm or parts < 2 or not mask.any():
        return mask, grid
    axis = 2 - thick
    plane_mm = np.delete(spacing, thick)[::-1]
    slices = np.moveaxis(mask, axis, 0)
    box = ndimage.find_objects(slices.any(axis=0).view(np.uint8))[0]
    window = tuple(slice(max(s.start - 2, 0), s.stop + 2) for s in box)
    far = 0.5 * float(spacing[thick])
    distance = np.stack([_signed_mm(one[window], plane_mm, far) for one in slices])
    distance = np.pad(distance, ((1, 1), (0, 0), (0, 0)), constant_values=far)
    fine = np.zeros((len(slices) * parts, *slices.shape[1:]), dtype=bool)
    for part in range(parts):
        at = (part + 0.5) / parts - 0.5  # of a slice, from its middle
        near, share = (1, at) if at >= 0 else (-1, -at)
        here = distance[1:-1]
        other = distance[2:] if near > 0 else distance[:-2]
        fine[(slice(part, None, parts), *window)] = (1.0 - share) * here + share * other < 0
    affine = grid.affine.copy()
    affine[:3, thick] /= parts
    affine[:3, 3] += affine[:3, thick] * (0.5 - parts / 2.0)
    out = np.ascontiguousarray(np.moveaxis(fine, 0, axis))
    k, j, i = out.shape
    return out, Grid((k, j, i), affine)


def _signed_mm(mask: NDArray[np.bool_], spacing_mm: NDArray[np.float64], far_mm: float) -> NDArray[np.float32]:
    """Distance to the outline, negative inside; a slice without any of the shape is ``far_mm`` outside everywhere, so
    that a shape ends half a slice beyond its last one."""
    if not mask.any():
        return np.full(mask.shape, far_mm, dtype=np.float32)
    inside = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing_mm)[1:-1, 1:-1]
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    half = 0.5 * float(np.mean(spacing_mm))
    return np.asarray(np.where(mask, half - inside, outside - half), dtype=np.float32)
