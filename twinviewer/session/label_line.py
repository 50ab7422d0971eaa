"""A line of edits of one label map: the array stands at one of them, and moves along by the boxes that they changed."""

from dataclasses import replace

import numpy as np

from twinviewer.domain import LabelEdit, LabelMap, SegmentationError
from twinviewer.session.case import Case
from twinviewer.session.label_edits import before_edits, put
from twinviewer.session.labels_in_hand import clear, in_hand, over, taken


class LabelLine:
    """Where the array of a label map stands between its edits. Going along changes the array in place."""

    def __init__(self, labels: LabelMap | None) -> None:
        self._labels = labels
        self._at = 0
        self._edits: dict[int, LabelEdit] = {}  # at -> the edit that leads from there to the next

    @property
    def edits(self) -> tuple[LabelEdit, ...]:
        """All edits of the line that are still known."""
        return tuple(self._edits.values())

    def extend(self, at: int, edit: LabelEdit, labels: LabelMap) -> None:
        """One more edit from there; those that led elsewhere are forgotten. labels: as they are after it."""
        self._edits = {place: known for place, known in self._edits.items() if place < at}
        self._edits[at] = edit
        self._at, self._labels = at + 1, labels

    def forget_before(self, at: int) -> None:
        """Nothing will go back beyond this place."""
        self._edits = {place: edit for place, edit in self._edits.items() if place >= at}

    def case(self, shell: Case, at: int) -> Case:
        """The stripped Case with labels again, as they are at that place of the line."""
        assert self._labels is not None and shell.labels is not None
        if at != self._at:
            labels = taken(self._labels)  # copied once where nobody had them in hand
            array = in_hand(labels)
            assert array is not None
            clear(array)  # a stroke that is still being drawn, or a result that is only tried
            while self._at > at:
                put(array, self._edits[self._at - 1], back=True)
                self._at -= 1
            while self._at < at:
                put(array, self._edits[self._at])
                self._at += 1
            self._labels = over(shell.labels, array)
        return replace(shell, labels=self._labels)


def stripped(case: Case) -> Case:
    """The Case with all of its labels but the array."""
    if case.labels is None:
        return case
    return replace(case, labels=replace(case.labels, data=np.empty((0, 0, 0, 0), np.uint8)))


def without_misfits(case: Case) -> Case:
    """The Case without its edits, and a word about it, if they do not lead to its labels: for Cases from a file.

    The array is changed on the way and left as it was.
    """
    if case.labels is None or not case.label_edits:
        return case
    array = case.labels.data
    array.setflags(write=True)
    undone: list[LabelEdit] = []
    try:
        for edit in reversed(case.label_edits):
            put(array, edit, back=True, strict=True)
            undone.append(edit)
    except SegmentationError:
        return replace(case, label_edits=()).with_message("Segment", MISFIT)
    finally:
        for edit in reversed(undone):
            put(array, edit)
        array.setflags(write=False)
    return case


MISFIT = "What was edited by hand cannot be undone any more: the steps in the file do not lead to its labels"


def unedited(case: Case) -> list[Case]:
    """The Case before each of its edits, oldest first, stripped: without the model, which rested on later labels."""
    found: list[Case] = []
    labels = case.labels
    for number in range(len(case.label_edits) - 1, -1, -1):
        assert labels is not None
        edit = case.label_edits[number]
        labels = before_edits(labels, edit, first=number == 0)
        action = case.label_edits[number - 1].action if number else case.action
        older = case.changed(action, labels=labels, label_edits=case.label_edits[:number])
        found.append(stripped(older))
    return found[::-1]
