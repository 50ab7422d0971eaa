"""A structure grown, shrunk or hollowed by millimetres."""

from typing import Literal

import numpy as np

from twinviewer.segmentation import mask as masks
from twinviewer.segmentation.edit.patch import Labels, Patch
from twinviewer.segmentation.edit.write import BACKGROUND, Mask, Over, Spacing, region, rewritten

FEW_VOXELS = 3.5
"""Up to this radius a painted ball is quicker than a map of distances."""
SLACK = 0.4
"""Of a voxel: distances run between voxel centres, and the surface lies between those. Balls of 15 mm grown or shrunk
by 1 to 6 mm come out within 0.4 mm of the radius wanted, at 1 mm, 1.5 mm and 0.8 mm x 0.8 mm x 3 mm; without, 1 mm."""


def resized(
    labels: Labels, value: int, margin_mm: float, spacing_kji: Spacing, over: Over = BACKGROUND
) -> Patch | None:
    """Grown by a margin (negative: shrunk). The edge of the images is no border: nothing shrinks there."""
    box = region(labels, value, abs(margin_mm), spacing_kji)
    if box is None:
        return None
    own = labels[box] == value
    wanted = _grown(own, margin_mm, spacing_kji) if margin_mm > 0 else _shrunk(own, -margin_mm, spacing_kji)
    return rewritten(labels, box, value, wanted, over)


def hollowed(
    labels: Labels,
    value: int,
    wall_mm: float,
    spacing_kji: Spacing,
    side: Literal["inside", "outside"] = "inside",
    lumen: int = 0,
    over: Over = BACKGROUND,
) -> Patch | None:
    """Made a shell of that thickness, inwards from its surface or outwards from it. lumen: the label of what it
    encloses from then on."""
    box = region(labels, value, wall_mm, spacing_kji)
    if box is None:
        return None
    own = labels[box] == value
    if side == "inside":
        return rewritten(labels, box, value, own & ~_shrunk(own, wall_mm, spacing_kji), over, lumen)
    return rewritten(labels, box, value, _grown(own, wall_mm, spacing_kji) & ~own, over, lumen)


def within(near: Mask, margin_mm: float, spacing_kji: Spacing) -> Mask:
    """The mask and all within a margin of it."""
    return _grown(near, margin_mm, spacing_kji) if margin_mm > 0 and near.any() else near


def _grown(own: Mask, margin_mm: float, spacing_kji: Spacing) -> Mask:
    margin_mm += SLACK * min(spacing_kji)
    if margin_mm <= FEW_VOXELS * min(spacing_kji):
        return masks.dilate(own, margin_mm, spacing_kji)
    return np.asarray(masks.distance_outside(own, spacing_kji) <= margin_mm * (1 + 1e-6))


def _shrunk(own: Mask, margin_mm: float, spacing_kji: Spacing) -> Mask:
    if own.all():
        return own
    return own & ~_grown(~own, margin_mm, spacing_kji)
