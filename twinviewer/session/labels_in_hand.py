"""Labels that a hand is changing: one array, changed in place, of which only the present Case is right.

Copying labels of 512^3 at each stroke would cost more than the stroke. So the first one copies them, and from then on
the strokes, undo and redo of one line of edits write into that array. ``settled`` gives a Case that keeps what it has,
for whoever holds on to it (a file that another process writes).
"""

import weakref
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelBox, LabelMap
from twinviewer.session.case import Case

_IN_HAND: dict[int, tuple[weakref.ref[NDArray[np.uint8]], NDArray[np.uint8]]] = {}
"""id of a read-only view -> (it, the array under it that may be written)."""


def in_hand(labels: LabelMap) -> NDArray[np.uint8] | None:
    """The writable (t, k, j, i) array under labels that are in hand; None for labels that nobody may change."""
    found = _IN_HAND.get(id(labels.data))
    return found[1] if found is not None and found[0]() is labels.data else None


def taken(labels: LabelMap) -> LabelMap:
    """The same labels in hand: themselves if they are, else a copy of them."""
    return labels if in_hand(labels) is not None else over(labels, labels.data.copy())


def claimed(labels: LabelMap) -> LabelMap:
    """The same labels in hand without a copy: for those that nobody else holds, such as what a file gave."""
    if in_hand(labels) is not None:
        return labels
    try:
        labels.data.setflags(write=True)
    except ValueError:  # memory that is not ours to write
        return taken(labels)
    array = labels.data.view()
    labels.data.setflags(write=False)
    return over(labels, array)


def over(labels: LabelMap, array: NDArray[np.uint8]) -> LabelMap:
    """The labels with another (t, k, j, i) array, which is in hand from now on."""
    view = array.view()
    view.setflags(write=False)
    key = id(view)
    _IN_HAND[key] = (weakref.ref(view, lambda _: _IN_HAND.pop(key, None)), array)
    return replace(labels, data=view)


def settled(case: Case) -> Case:
    """The same Case with labels that no later stroke changes: of those in hand a copy, without unfinished strokes."""
    array = in_hand(case.labels) if case.labels is not None else None
    if case.labels is None or array is None:
        return case
    data = array.copy()
    for watcher in list(_WATCHERS):
        watcher.without_unfinished(array, data)
    data.setflags(write=False)
    return replace(case, labels=replace(case.labels, data=data))


class Watcher(Protocol):
    """Who must hear of what others write into labels in hand, such as a stroke that is being drawn."""

    def written(self, array: NDArray[np.uint8], box: LabelBox, new: NDArray[np.uint8]) -> None:
        """A box of the array has become new."""
        ...

    def without_unfinished(self, array: NDArray[np.uint8], copy: NDArray[np.uint8]) -> None:
        """Take what is not finished in the array out of a copy of it."""
        ...

    def give_up(self, array: NDArray[np.uint8]) -> None:
        """The array is about to go back or forth: what is not finished in it is to be taken back."""
        ...


_WATCHERS: weakref.WeakSet[Watcher] = weakref.WeakSet()


def watch(watcher: Watcher) -> None:
    """Tell it from now on, as long as it lives."""
    _WATCHERS.add(watcher)


def tell(array: NDArray[np.uint8], box: LabelBox, new: NDArray[np.uint8]) -> None:
    """Tell all who watch."""
    for watcher in list(_WATCHERS):
        watcher.written(array, box, new)


def clear(array: NDArray[np.uint8]) -> None:
    """Have whatever is not finished in an array taken back."""
    for watcher in list(_WATCHERS):
        watcher.give_up(array)
