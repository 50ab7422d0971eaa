"""Two structures, or one at two phases, put together: added, taken away, or kept only where they meet."""

from typing import Literal

import numpy as np

from twinviewer.segmentation.edit.patch import Labels, Patch, box_of, joined
from twinviewer.segmentation.edit.shape import within
from twinviewer.segmentation.edit.write import BACKGROUND, Mask, Over, Spacing, region, rewritten

Operation = Literal["add", "subtract", "intersect"]


def combined(
    labels: Labels,
    value: int,
    other: Mask,
    operation: Operation,
    spacing_kji: Spacing,
    margin_mm: float = 0.0,
    over: Over = BACKGROUND,
) -> Patch | None:
    """The structure with the other (a mask of the same shape, grown by a margin in mm) added, without it, or only where
    it lies in it. Added voxels replace what may be replaced and the other structure itself never gets in the way if
    its label is among ``over``."""
    box = joined(region(labels, value, 0.0, spacing_kji), box_of(other) if operation == "add" else None)
    if box is None:
        return None
    reach = tuple(int(np.ceil(margin_mm / s)) + 1 for s in spacing_kji)
    k, j, i = (
        slice(max(side.start - more, 0), min(side.stop + more, size))
        for side, more, size in zip(box, reach, labels.shape, strict=True)
    )
    box = (k, j, i)
    near = within(other[box], margin_mm, spacing_kji)
    own = labels[box] == value
    wanted = {"add": own | near, "subtract": own & ~near, "intersect": own & near}[operation]
    return rewritten(labels, box, value, wanted, over)


def renumbered(labels: Labels, table: dict[int, int]) -> Patch | None:
    """Labels given other numbers (0: removed), all at once."""
    box = box_of(np.isin(labels, list(table)))
    if box is None:
        return None
    numbers = np.arange(256, dtype=np.uint8)
    numbers[list(table)] = list(table.values())
    return Patch.of(box, numbers[labels[box]])
