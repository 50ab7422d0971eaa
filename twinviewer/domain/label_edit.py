"""One named change of a label map, as the boxes of voxels that it changed: what undo needs, and no more."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain.image import LabelMap


@dataclass(frozen=True, slots=True, eq=False)
class LabelBox:
    """A box of one phase before and after. start: (k, j, i) of its first voxel; before, after: (dk, dj, di) uint8."""

    phase: int
    start: tuple[int, int, int]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]

    @property
    def where(self) -> tuple[slice, slice, slice]:
        """The box as slices of a (k, j, i) array."""
        k, j, i = (slice(first, first + size) for first, size in zip(self.start, self.before.shape, strict=True))
        return k, j, i


@dataclass(frozen=True, slots=True, eq=False)
class LabelEdit:
    """A change by hand: "Paint LV blood", "Split aorta".

    action: what the undo menu names. boxes: disjoint. names_before, names_after: label value -> structure, where the
    change made, renamed or removed a structure; None where it did not.
    """

    action: str
    boxes: tuple[LabelBox, ...]
    names_before: Mapping[int, str] | None = None
    names_after: Mapping[int, str] | None = None

    @property
    def bytes(self) -> int:
        """What it takes to keep."""
        return sum(box.before.nbytes + box.after.nbytes for box in self.boxes)

    def applied(self, labels: LabelMap, *, back: bool = False) -> LabelMap:
        """The labels after the change (back: before it again), sharing nothing that the change touched.

        Raises ValueError where the labels are not those that the change was made to.
        """
        data = labels.data.copy()
        for box in self.boxes:
            old, new = (box.after, box.before) if back else (box.before, box.after)
            place = data[(box.phase, *box.where)]
            if place.shape != old.shape or not np.array_equal(place, old):
                raise ValueError(f"{self.action} does not fit these labels")
            place[...] = new
        data.setflags(write=False)
        names = self.names_before if back else self.names_after
        return LabelMap(
            data, labels.grid, labels.names if names is None else dict(names), labels.phase_percent, labels.made_by,
            labels.image_uid, labels.notes,
        )  # fmt: skip
