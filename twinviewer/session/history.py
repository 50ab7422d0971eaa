"""Undo and redo: a bounded list of Cases that share their read-only arrays, so that a step back costs nothing.

Labels that hands change are the exception: only the present Case has them in full. The others of one line of edits keep
the boxes that changed (``label_line.py``), so that memory goes with the change and not with 512^3.
"""

from dataclasses import dataclass, replace

import numpy as np

from twinviewer.domain import LabelEdit, LabelMap
from twinviewer.session.case import Case
from twinviewer.session.label_line import LabelLine, stripped, unedited
from twinviewer.session.labels_in_hand import claimed

MOST_BYTES = 1 << 29
"""Of all edits of labels that can be undone or redone; beyond it the oldest Cases are forgotten."""


@dataclass(eq=False)
class _Entry:
    """One Case. undo: what the menu calls the step that led here. line, at: where its labels stand in a line of edits;
    the case then holds all of them but their array."""

    case: Case
    undo: str
    line: LabelLine | None = None
    at: int = 0


class History:
    """The Cases of one session in order. ``current`` is the one on screen.

    length: how many Cases are kept; the oldest are forgotten first, sooner where edits take much memory. A Case that
    comes with edits of its labels from another session can be undone edit by edit; it is given to the history, which
    changes its labels in place.
    """

    def __init__(self, first: Case | None = None, length: int = 50) -> None:
        self._length = max(1, length)
        self._entries: list[_Entry] = []
        self._at = -1
        self._last_revision = -1
        self._current = self._arrive(first or Case())
        self._forget()
        self._last_revision = max(self._last_revision, self._current.revision)

    @property
    def current(self) -> Case:
        """The present Case."""
        return self._current

    def push(self, case: Case, action: str = "") -> Case:
        """Accept a new Case; what had been undone is forgotten. Returns it with its own, never reused, revision."""
        accepted = replace(case, action=action or case.action, revision=self._next_revision(case.revision))
        before = self._entries[self._at]
        del self._entries[self._at + 1 :]
        edit = _one_more_edit(self._current, accepted)
        if edit is not None and accepted.labels is not None:
            self._edited(before, accepted, edit, accepted.labels)
        elif before.line is not None and accepted.labels is self._current.labels:
            self._append(_Entry(stripped(accepted), accepted.action, before.line, before.at))
        else:
            accepted = self._arrive(accepted)
        self._forget()
        self._current = accepted
        return accepted

    def amend(self, case: Case) -> Case:
        """Put another Case in the place of the present one without a step to undo (a message, not a change)."""
        entry = self._entries[self._at]
        amended = replace(case, revision=self.current.revision, action=self.current.action)
        if entry.line is not None and amended.labels is self._current.labels:
            entry.case = stripped(amended)
        else:
            self._entries[self._at] = _Entry(amended, entry.undo)
        self._current = amended
        return amended

    def undo(self) -> Case:
        """Step back; stays at the first Case."""
        return self._go(max(0, self._at - 1))

    def redo(self) -> Case:
        """Step forward again; stays at the last Case."""
        return self._go(min(len(self._entries) - 1, self._at + 1))

    @property
    def can_undo(self) -> bool:
        """Whether there is a Case before this one."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether a Case was undone that can come back."""
        return self._at < len(self._entries) - 1

    @property
    def undo_text(self) -> str:
        """What undo would take back, for the menu; empty if there is nothing."""
        return self._entries[self._at].undo if self.can_undo else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again, for the menu; empty if there is nothing."""
        return self._entries[self._at + 1].undo if self.can_redo else ""

    @property
    def bytes_of_edits(self) -> int:
        """What all edits of labels take in memory, those of undone steps included."""
        edits = {id(edit): edit.bytes for entry in self._entries for edit in _edits_of(entry)}
        return sum(edits.values())

    def __len__(self) -> int:
        return len(self._entries)

    def _go(self, at: int) -> Case:
        if at != self._at:
            entry = self._entries[at]
            self._current = entry.case if entry.line is None else entry.line.case(entry.case, entry.at)
            self._at = at
        return self._current

    def _next_revision(self, at_least: int) -> int:
        self._last_revision = max(self._last_revision + 1, at_least)
        return self._last_revision

    def _append(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self._at = len(self._entries) - 1

    def _forget(self) -> None:
        """Let the oldest Cases go where there are too many, or where their edits take too much."""
        self._entries = self._entries[-self._length :]
        self._forget_unreachable()
        while len(self._entries) > 2 and self.bytes_of_edits > MOST_BYTES:
            del self._entries[0]
            self._forget_unreachable()
        self._at = len(self._entries) - 1

    def _forget_unreachable(self) -> None:
        for line in {id(one.line): one.line for one in self._entries if one.line is not None}.values():
            line.forget_before(min(one.at for one in self._entries if one.line is line))

    def _edited(self, before: _Entry, accepted: Case, edit: LabelEdit, labels: LabelMap) -> None:
        """One more edit: the Cases before it give up the array that they share."""
        if before.line is None:
            line = LabelLine(self._current.labels)
            for entry in self._entries:
                if entry.line is None and entry.case.labels is self._current.labels:
                    entry.case, entry.line, entry.at = stripped(entry.case), line, 0
        else:
            line = before.line
        line.extend(before.at, edit, labels)
        self._append(_Entry(stripped(accepted), accepted.action, line, before.at + 1))

    def _arrive(self, case: Case) -> Case:
        """A Case of its own; the steps that its labels went through before are put before it. These labels come from a
        file, and are changed in place."""
        if not case.label_edits or case.labels is None:
            self._append(_Entry(case, case.action))
            return case
        case = replace(case, labels=claimed(case.labels))
        assert case.labels is not None
        line = LabelLine(case.labels)
        undo = case.action
        earlier = unedited(case)
        for at, (older, edit) in enumerate(zip(earlier, case.label_edits, strict=True)):
            line.extend(at, edit, case.labels)
            numbered = replace(older, revision=self._next_revision(older.revision))
            self._append(_Entry(numbered, undo, line, at))
            undo = edit.action
        self._append(_Entry(stripped(case), undo, line, len(earlier)))
        return case


def _one_more_edit(before: Case, after: Case) -> LabelEdit | None:
    """The edit by which the labels of two Cases differ, None where they differ otherwise or not at all."""
    new, old = after.label_edits, before.label_edits
    if before.labels is None or after.labels is None or after.labels is before.labels or not new:
        return None
    rest = new[:-1]
    kept = old[len(old) - len(rest) :]  # the oldest may have been forgotten
    if len(rest) > len(old) or any(a is not b for a, b in zip(rest, kept, strict=True)) or new[-1] in old:
        return None
    edit, data = new[-1], after.labels.data
    if before.labels.data.shape != data.shape:
        return None
    return edit if all(np.array_equal(data[(box.phase, *box.where)], box.after) for box in edit.boxes) else None


def _edits_of(entry: _Entry) -> tuple[LabelEdit, ...]:
    return (*entry.case.label_edits, *(entry.line.edits if entry.line is not None else ()))
