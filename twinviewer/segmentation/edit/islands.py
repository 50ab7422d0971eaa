"""Pieces of a structure that do not touch (by faces of voxels): kept, dropped, or made structures of their own."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.segmentation.edit.patch import Box, Labels, Patch
from twinviewer.segmentation.edit.write import Spacing, region, rewritten


def largest_kept(labels: Labels, value: int, spacing_kji: Spacing) -> Patch | None:
    """Only the largest piece."""
    found = _pieces(labels, value, spacing_kji)
    if found is None:
        return None
    box, pieces, sizes = found
    return rewritten(labels, box, value, pieces == int(np.argmax(sizes)))


def small_removed(labels: Labels, value: int, least_ml: float, spacing_kji: Spacing) -> Patch | None:
    """Without pieces smaller than a volume in mL."""
    found = _pieces(labels, value, spacing_kji)
    if found is None:
        return None
    box, pieces, sizes = found
    return rewritten(labels, box, value, (sizes >= _voxels(least_ml, spacing_kji))[pieces])


def one_kept(labels: Labels, value: int, at: tuple[int, int, int], spacing_kji: Spacing) -> Patch | None:
    """Only the piece that holds a voxel (k, j, i); None where the structure is not there."""
    found = _pieces(labels, value, spacing_kji)
    if found is None or labels[at] != value:
        return None
    box, pieces, _ = found
    k, j, i = (n - side.start for n, side in zip(at, box, strict=True))
    return rewritten(labels, box, value, pieces == pieces[k, j, i])


def apart(
    labels: Labels, value: int, new_values: list[int], least_ml: float, spacing_kji: Spacing
) -> tuple[Patch, int] | None:
    """The largest piece keeps its label, the next ones get new ones in order of size, as far as labels and pieces of at
    least that volume go. Also the number of labels used. None where there is only one piece."""
    found = _pieces(labels, value, spacing_kji)
    if found is None:
        return None
    box, pieces, sizes = found
    order = [int(n) for n in np.argsort(-sizes, kind="stable") if sizes[n] >= max(_voxels(least_ml, spacing_kji), 1)]
    table = np.full(len(sizes), value, np.uint8)
    used = list(zip(order[1:], new_values, strict=False))
    for piece, new in used:
        table[piece] = new
    if not used:
        return None
    return Patch.of(box, np.where(pieces > 0, table[pieces], labels[box])), len(used)


def without_small(mask: NDArray[np.bool_], least_voxels: float) -> NDArray[np.bool_]:
    """A mask without pieces of fewer voxels."""
    pieces, _ = ndimage.label(mask)
    large = np.bincount(pieces.ravel()) >= least_voxels
    large[0] = False
    return np.asarray(large[pieces])


def _pieces(
    labels: Labels, value: int, spacing_kji: Spacing
) -> tuple[Box, NDArray[np.int32], NDArray[np.float64]] | None:
    """The box round a structure, the number of the piece of each voxel (0 outside), and voxels of each piece (0: 0)."""
    box = region(labels, value, 0.0, spacing_kji)
    if box is None:
        return None
    pieces, _ = ndimage.label(labels[box] == value)
    sizes = np.bincount(pieces.ravel()).astype(np.float64)
    sizes[0] = 0.0
    return box, pieces, sizes


def _voxels(volume_ml: float, spacing_kji: Spacing) -> float:
    return volume_ml * 1000.0 / float(np.prod(spacing_kji)) * (1.0 - 1e-9)
