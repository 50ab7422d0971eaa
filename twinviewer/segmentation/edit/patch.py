"""What a tool changed: one box of a phase as it is afterwards, and its parts that differ from what was there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelBox

Box = tuple[slice, slice, slice]
"""Slices of a (k, j, i) array."""
Start = tuple[int, int, int]
Labels = NDArray[np.uint8]

TILE = 32
"""Edge of the blocks that a change is kept in, voxels: a thin diagonal change does not keep the whole box round it."""
MOST_TILES = 512
"""Of one change; larger ones are kept in larger blocks, since each costs time of its own when it is saved."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """start: (k, j, i) of the first voxel. after: (dk, dj, di) uint8, the labels as the tool leaves them there."""

    start: Start
    after: Labels

    @property
    def where(self) -> Box:
        """The box as slices of a (k, j, i) array."""
        return box_at(self.start, self.after.shape)

    @classmethod
    def of(cls, box: Box, after: Labels) -> "Patch":
        """The patch of a box whose slices have starts."""
        return cls((box[0].start, box[1].start, box[2].start), after)


def box_at(start: Start, shape: tuple[int, ...]) -> Box:
    """Slices of a box of that shape."""
    k, j, i = (slice(int(first), int(first + size)) for first, size in zip(start, shape, strict=True))
    return k, j, i


def whole(shape: tuple[int, ...]) -> Box:
    """The box that is all of an array."""
    return box_at((0, 0, 0), shape)


def grown(box: Box, margin: tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """The box with a margin in voxels on both sides, cut at the array's edge."""
    k, j, i = (
        slice(max(side.start - more, 0), min(side.stop + more, size))
        for side, more, size in zip(box, margin, shape, strict=True)
    )
    return k, j, i


def joined(one: Box | None, other: Box | None) -> Box | None:
    """The smallest box round both."""
    if one is None or other is None:
        return one or other
    k, j, i = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return k, j, i


def margin_voxels(margin_mm: float, spacing_kji: tuple[float, float, float]) -> tuple[int, int, int]:
    """Voxels along k, j, i that hold a margin in mm, and one more."""
    k, j, i = (int(np.ceil(margin_mm / step)) + 1 for step in spacing_kji)
    return k, j, i


def box_of(mask: NDArray[np.bool_]) -> Box | None:
    """The smallest box round a (k, j, i) mask, None for an empty one."""
    rows = np.logical_or.reduce(mask, axis=2)
    along_k, along_j = np.logical_or.reduce(rows, axis=1), np.logical_or.reduce(rows, axis=0)
    if not along_k.any():
        return None
    k, j = _ends(along_k), _ends(along_j)
    return k, j, _ends(np.logical_or.reduce(mask[k, j], axis=(0, 1)))


def _ends(line: NDArray[np.bool_]) -> slice:
    seen = np.flatnonzero(line)
    return slice(int(seen[0]), int(seen[-1]) + 1)


def boxes_between(before: Labels, after: Labels, start: Start, phase: int) -> tuple[LabelBox, ...]:
    """The blocks in which two (dk, dj, di) arrays differ, cut to what differs. start: where they lie in the phase."""
    found = []
    depth, height, width = before.shape
    edge = max(TILE, int(np.ceil(np.cbrt(before.size / MOST_TILES))))
    for k in range(0, depth, edge):
        for j in range(0, height, edge):
            for i in range(0, width, edge):
                tile = np.s_[k : k + edge, j : j + edge, i : i + edge]
                box = changed_box(before[tile], after[tile], (start[0] + k, start[1] + j, start[2] + i), phase)
                if box is not None:
                    found.append(box)
    return tuple(found)


def changed_box(before: Labels, after: Labels, start: Start, phase: int) -> LabelBox | None:
    """The one box round all that differs, None where nothing does."""
    differs = box_of(before != after)
    if differs is None:
        return None
    first = (start[0] + differs[0].start, start[1] + differs[1].start, start[2] + differs[2].start)
    kept = [np.array(array[differs], order="C") for array in (before, after)]
    for array in kept:
        array.setflags(write=False)
    return LabelBox(phase, first, kept[0], kept[1])
