"""Undo and redo: a bounded list of Cases that share their read-only arrays, so that a step back costs nothing."""

from dataclasses import replace

from twinviewer.session.case import Case


class History:
    """The Cases of one session in order. ``current`` is the one on screen.

    length: how many Cases are kept; the oldest are forgotten first.
    """

    def __init__(self, first: Case | None = None, length: int = 50) -> None:
        self._length = max(1, length)
        self._cases = [first or Case()]
        self._at = 0
        self._last_revision = self._cases[0].revision

    @property
    def current(self) -> Case:
        """The present Case."""
        return self._cases[self._at]

    def push(self, case: Case, action: str = "") -> Case:
        """Accept a new Case; what had been undone is forgotten. Returns it with its own, never reused, revision."""
        self._last_revision = max(self._last_revision + 1, case.revision)
        accepted = replace(case, action=action or case.action, revision=self._last_revision)
        self._cases = [*self._cases[: self._at + 1], accepted][-self._length :]
        self._at = len(self._cases) - 1
        return accepted

    def amend(self, case: Case) -> Case:
        """Put another Case in the place of the present one without a step to undo (a message, not a change)."""
        self._cases[self._at] = replace(case, revision=self.current.revision, action=self.current.action)
        return self.current

    def undo(self) -> Case:
        """Step back; stays at the first Case."""
        self._at = max(0, self._at - 1)
        return self.current

    def redo(self) -> Case:
        """Step forward again; stays at the last Case."""
        self._at = min(len(self._cases) - 1, self._at + 1)
        return self.current

    @property
    def can_undo(self) -> bool:
        """Whether there is a Case before this one."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether a Case was undone that can come back."""
        return self._at < len(self._cases) - 1

    @property
    def undo_text(self) -> str:
        """What undo would take back, for the menu; empty if there is nothing."""
        return self.current.action if self.can_undo else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again, for the menu; empty if there is nothing."""
        return self._cases[self._at + 1].action if self.can_redo else ""

    def __len__(self) -> int:
        return len(self._cases)
