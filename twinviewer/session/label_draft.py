"""A working copy of labels under a hand: strokes are drawn into it at once, and each becomes one named edit.

The draft's array becomes the Case's own (``labels_in_hand.py``), so that nothing is copied at the end of a stroke.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LabelBox, LabelEdit, LabelMap, SegmentationError, Volume
from twinviewer.segmentation.edit.brush import Brush, stroke
from twinviewer.segmentation.edit.patch import TILE, Box, Labels, Patch, box_at, changed_box, joined
from twinviewer.segmentation.edit.rule import Rule
from twinviewer.session.case import Case
from twinviewer.session.labels_in_hand import in_hand, over, settled, taken, watch

__all__ = ["LabelDraft", "in_hand", "over", "settled", "taken"]


class LabelDraft:
    """Strokes into labels that are in hand.

    Making one copies the labels once, unless they are in hand already; that may be done in a thread. After each change
    of the Case ask :meth:`follows`; where it says no (labels made anew, undone to others), make a new draft.
    """

    def __init__(self, labels: LabelMap, volume: Volume | None = None) -> None:
        self._made_of = labels
        self.labels = taken(labels)
        array = in_hand(self.labels)
        assert array is not None
        stroke(Grid((1, 1, 1), np.eye(4)), Brush(), np.zeros(3), np.zeros(3))  # compiles before the first dab
        self._array = array
        self._volume = volume
        self._phase = 0
        self._value = 0
        self._rule = Rule()
        self._last_mm: NDArray[np.float64] | None = None
        self._before: dict[tuple[int, int, int], Labels] = {}
        self._touched: Box | None = None
        watch(self)

    @property
    def drawing(self) -> bool:
        """Whether a stroke has begun and not ended."""
        return self._last_mm is not None or bool(self._before)

    def follows(self, labels: LabelMap | None) -> bool:
        """Whether these labels are still the ones that this draft draws into."""
        return labels is not None and in_hand(labels) is self._array

    def begin(self, value: int, phase: int = 0, rule: Rule | None = None) -> None:
        """Start a stroke. value: the label to leave, 0 to erase (rule.over says what may be erased or painted over)."""
        self.cancel()
        self._value, self._phase, self._rule = value, min(max(phase, 0), len(self._array) - 1), rule or Rule()

    def dab(self, brush: Brush, at_mm: NDArray[np.floating]) -> Box | None:
        """Lead the brush to a (3,) LPS point, from the last one if the stroke has begun. The box (k, j, i slices) in
        which voxels changed, None if none did."""
        here = np.asarray(at_mm, np.float64)
        last = here if self._last_mm is None else self._last_mm
        self._last_mm = here
        covered = stroke(self.labels.grid, brush, last, here)
        if covered is None:
            return None
        box, mask = covered
        return self._write(box, mask)

    def lift(self) -> None:
        """The next dab of this stroke does not join on to the last one."""
        self._last_mm = None

    def put(self, patch: Patch) -> Box | None:
        """Leave what a tool gives as part of this stroke; None if it changes nothing."""
        now = self._array[self._phase][patch.where]
        return self._replace(patch.where, now, patch.after)

    def finish(self, action: str) -> LabelEdit | None:
        """End the stroke: the edit that it was, None if nothing changed."""
        boxes = []
        for start, before in sorted(self._before.items()):
            after = self._array[self._phase][box_at(start, before.shape)]
            box = changed_box(before, after, start, self._phase)
            if box is not None:
                boxes.append(box)
        self._forget()
        return LabelEdit(action, tuple(boxes)) if boxes else None

    def cancel(self) -> Box | None:
        """Take the stroke back. The box that has to be painted again."""
        touched = self._touched
        self.without_unfinished(self._array, self._array)
        self._forget()
        return touched

    def accept(self, case: Case, edit: LabelEdit) -> Case:
        """The Case after a stroke of this draft: its labels are the draft's own array, nothing is copied.
        SegmentationError where the Case has other labels than those that this draft draws into."""
        from twinviewer.session.label_edits import with_edit

        if case.labels is None or not (case.labels is self._made_of or self.follows(case.labels)):
            raise SegmentationError("The labels have changed since this stroke began", remedy="Draw it again")
        return with_edit(case, edit, over(case.labels, self._array))

    def written(self, array: NDArray[np.uint8], box: LabelBox, new: Labels) -> None:
        """Something else was written into the labels while this stroke is drawn: that is not part of it."""
        if array is not self._array or box.phase != self._phase:
            return
        for start, before in self._before.items():
            here = [
                (max(first, low), min(first + size, low + side))
                for first, size, low, side in zip(box.start, new.shape, start, before.shape, strict=True)
            ]
            if all(low < high for low, high in here):
                inside, source = (
                    tuple(slice(low - base, high - base) for (low, high), base in zip(here, corner, strict=True))
                    for corner in (start, box.start)
                )
                before[inside] = new[source]

    def without_unfinished(self, array: NDArray[np.uint8], copy: NDArray[np.uint8]) -> None:
        """Take this stroke out of a copy of the array."""
        for start, before in self._before.items() if array is self._array else ():
            copy[self._phase][box_at(start, before.shape)] = before

    def give_up(self, array: NDArray[np.uint8]) -> None:
        """Undo or redo comes in the midst of a stroke: the stroke is taken back."""
        if array is self._array:
            self.cancel()

    def _forget(self) -> None:
        self._before, self._touched, self._last_mm = {}, None, None

    def _write(self, box: Box, mask: NDArray[np.bool_]) -> Box | None:
        now = self._array[self._phase][box]
        image = None
        if self._rule.looks and self._volume is not None:
            image = self._volume.data[min(self._phase, self._volume.phases - 1)][box]
        mask = mask & self._rule.allowed(now, image)
        return self._replace(box, now, np.where(mask, np.uint8(self._value), now))

    def _replace(self, box: Box, now: Labels, after: Labels) -> Box | None:
        changed = changed_box(now, after, (box[0].start, box[1].start, box[2].start), self._phase)
        if changed is None:
            return None
        self._remember(changed.where)
        self._array[self._phase][changed.where] = changed.after
        self._touched = joined(self._touched, changed.where)
        return changed.where

    def _remember(self, box: Box) -> None:
        data = self._array[self._phase]
        k, j, i = (range(side.start // TILE * TILE, side.stop, TILE) for side in box)
        for start in ((a, b, c) for a in k for b in j for c in i):
            if start not in self._before:
                tile = box_at(start, (TILE, TILE, TILE))
                self._before[start] = data[tile].copy()
