"""One structure made two or more: by a plane, or at its narrowest places."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, Reporter, SegmentationError, silent
from twinviewer.segmentation import mask as masks
from twinviewer.segmentation.edit.patch import Labels, Patch
from twinviewer.segmentation.edit.write import Spacing, region

LEAST_SHARE = 0.02
"""Of the structure: a part smaller than that is a spur, and not what a split is for."""
HALVINGS = 7


def cut(
    labels: Labels, grid: Grid, value: int, new_value: int, point_mm: NDArray[np.floating], normal: NDArray[np.floating]
) -> Patch | None:
    """What lies on the side of a plane that its (3,) LPS normal points to becomes a structure of its own; None where
    the plane misses it."""
    box = region(labels, value, 0.0, grid.spacing_mm[::-1])
    if box is None:
        return None
    own = labels[box] == value
    columns = grid.affine[:3, :3]
    steps = np.asarray(normal, float) @ columns  # along i, j, k
    corner = grid.to_mm(np.array([[side.start for side in box[::-1]]], float))[0]
    start = float((corner - np.asarray(point_mm, float)) @ np.asarray(normal, float))
    k, j, i = (np.arange(size) * step for size, step in zip(own.shape, steps[::-1], strict=True))
    beyond = own & (start + k[:, None, None] + j[:, None] + i > 0.0)
    if not beyond.any() or beyond.sum() == own.sum():
        return None
    return Patch.of(box, np.where(beyond, np.uint8(new_value), labels[box]))


def parted(labels: Labels, value: int, new_values: list[int], spacing_kji: Spacing, report: Reporter = silent) -> Patch:
    """Parted at its necks into one part more than there are new values; the largest keeps its label.

    The structure is worn down from its surface by as little as makes that many pieces of it, and these grow back until
    they meet: watershed of the distance to the surface (Vincent and Soille, IEEE PAMI 1991;13:583). SegmentationError
    where no wearing down gives that many.
    """
    from skimage.segmentation import watershed

    box = region(labels, value, 0.0, spacing_kji)
    wanted = len(new_values) + 1
    if box is None:
        raise SegmentationError("There is nothing to split")
    padded = np.pad(labels[box] == value, 1)
    depth = masks.distance_inside(padded, spacing_kji)
    least = LEAST_SHARE * np.count_nonzero(padded)

    def cores(worn_mm: float) -> tuple[NDArray[np.int32], list[int]]:
        pieces, _ = ndimage.label(depth > worn_mm)
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        # a core has lost a rim: it is judged by what it would be with it
        whole_sizes = np.cbrt(sizes * float(np.prod(spacing_kji))) + 2.0 * worn_mm * (sizes > 0)
        big = [int(n) for n in np.argsort(-sizes) if whole_sizes[n] ** 3 >= least * float(np.prod(spacing_kji))]
        return pieces, [n for n in big if sizes[n] > 0]

    levels = np.unique(np.round(depth[padded], 3))
    levels = np.concatenate([[0.0], levels[:: max(1, len(levels) // 60)]])
    chosen = None
    for n, worn in enumerate(levels[:-1]):
        report(0.8 * n / len(levels), "Looking for necks")
        pieces, big = cores(float(worn))
        if len(big) >= wanted:
            chosen = pieces, big
            break
    if chosen is None:
        raise SegmentationError(
            f"It has no necks that part it into {wanted}", remedy="Ask for fewer parts, or split it by a plane"
        )
    pieces, big = chosen
    markers = np.zeros(padded.shape, np.int32)
    for number, piece in enumerate(big[:wanted], start=1):
        markers[pieces == piece] = number
    report(0.9, "Growing back")
    parts = watershed(-depth, markers, mask=padded)[1:-1, 1:-1, 1:-1]
    sizes = np.bincount(parts.ravel(), minlength=wanted + 1)[1 : wanted + 1]
    table = np.zeros(wanted + 1, np.uint8)
    table[1 + np.argsort(-sizes, kind="stable")] = [value, *new_values]
    return Patch.of(box, np.where(parts > 0, table[parts], labels[box]))
