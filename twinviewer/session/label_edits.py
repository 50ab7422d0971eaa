"""Labels changed by hand as steps of the Case: each named, each kept as the boxes that it changed."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelEdit, LabelMap, SegmentationError, Volume
from twinviewer.session.case import Case
from twinviewer.session.labels_in_hand import in_hand, over, taken, tell

MOST_EDITS = 50
"""Edits that a Case keeps, and that can be undone; the oldest are forgotten first."""
MOST_BYTES = 256 << 20
"""Of their boxes, uncompressed."""
BY_HAND = ", edited by hand"
FORGOTTEN = ", edited by hand (first steps forgotten)"
NEW = "new label map, drawn by hand"


def apply_edit(case: Case, edit: LabelEdit, *, in_place: bool = False) -> Case:
    """The Case after an edit: the model and the scenarios made from older labels are dropped.

    in_place: take the array of labels that are in hand and change it, so that nothing is copied; the Case before must
    then be given to ``History.push`` with this one, and is not to be used otherwise. SegmentationError where the edit
    does not fit the labels.
    """
    before = labels_of(case)
    if in_place:
        labels = taken(before)
        array = in_hand(labels)
        assert array is not None
        put(array, edit)
        return with_edit(case, edit, over(labels, array))
    try:
        return with_edit(case, edit, edit.applied(before))
    except ValueError as error:
        raise SegmentationError(str(error)) from error


def put(array: NDArray[np.uint8], edit: LabelEdit, *, back: bool = False, strict: bool = False) -> None:
    """Write an edit into a (t, k, j, i) array; where it is there already, nothing (strict: that is refused too).
    SegmentationError, and nothing written, if the array is neither as before nor as after it."""
    waiting = []
    for box in edit.boxes:
        old, new = (box.after, box.before) if back else (box.before, box.after)
        place = array[(box.phase, *box.where)]
        if place.shape != old.shape:
            raise SegmentationError(f"{edit.action} does not fit these labels")
        if np.array_equal(place, old):
            waiting.append((box, place, new))
        elif strict or not np.array_equal(place, new):
            raise SegmentationError(f"{edit.action} does not fit these labels")
    for box, place, new in waiting:
        place[...] = new
        tell(array, box, new)


def with_edit(case: Case, edit: LabelEdit, labels: LabelMap) -> Case:
    """The Case with labels that have the edit in them already, and with the edit among its edits."""
    kept, dropped = _within_limits((*case.label_edits, edit))
    base = labels.made_by.removesuffix(FORGOTTEN).removesuffix(BY_HAND)
    forgot = dropped or labels.made_by.endswith(FORGOTTEN)
    names = labels.names if edit.names_after is None else dict(edit.names_after)
    labels = replace(labels, made_by=base + (FORGOTTEN if forgot else BY_HAND), names=names)
    if case.labels is not None:
        labels = replace(labels, notes=case.labels.notes)
    return case.changed(edit.action, labels=labels, label_edits=kept)


def before_edits(labels: LabelMap, edit: LabelEdit, *, first: bool) -> LabelMap:
    """The labels before an edit in all but their array. first: whether it is the oldest edit that is known."""
    made_by = labels.made_by.removesuffix(BY_HAND) if first else labels.made_by
    names = labels.names if edit.names_before is None else dict(edit.names_before)
    return replace(labels, names=names, made_by=made_by)


def new_labels(case: Case, names: Iterable[str]) -> Case:
    """The Case with an empty label map of these structures (1, 2, 3 …) on the grid and phases of its volume.

    SegmentationError where no volume is open. The array takes memory only where it is drawn into.
    """
    if not isinstance(case.image, Volume):
        raise SegmentationError("No volume is open to draw labels on", remedy="Open a CT or MR volume first")
    volume = case.image
    numbered = dict(enumerate(names, start=1))
    if not 0 < len(numbered) < 256 or len(set(numbered.values())) < len(numbered):
        raise SegmentationError("A label map has 1 to 255 structures, each with its own name")
    array = np.zeros((volume.phases, *volume.grid.shape), np.uint8)
    labels = LabelMap(array, volume.grid, numbered, volume.phase_percent, NEW, volume.uid)
    return case.changed("New label map", labels=over(labels, array), label_edits=())


def labels_of(case: Case) -> LabelMap:
    """The Case's labels. SegmentationError, saying what to do, where there are none."""
    if case.labels is None:
        raise SegmentationError("There are no labels to edit", remedy="Segment the images, or make a new label map")
    return case.labels


def volumes_ml(labels: LabelMap, phase: int) -> dict[str, float]:
    """Volume of each structure at a phase, counted from 1; the last where there are not so many."""
    counts = np.zeros(256, np.int64)
    for plane in labels.data[min(phase, labels.phases) - 1]:  # each by itself: counting widens it eightfold
        counts += np.bincount(plane.ravel(), minlength=256)
    return {name: float(counts[value]) * labels.grid.voxel_ml for value, name in labels.names.items()}


def _within_limits(edits: tuple[LabelEdit, ...]) -> tuple[tuple[LabelEdit, ...], bool]:
    """The youngest edits that may be kept, always one, and whether any was dropped."""
    kept: list[LabelEdit] = []
    total = 0
    for edit in reversed(edits):
        total += edit.bytes
        if kept and (len(kept) == MOST_EDITS or total > MOST_BYTES):
            return tuple(reversed(kept)), True
        kept.append(edit)
    return tuple(reversed(kept)), False
