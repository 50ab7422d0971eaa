"""The working copy that strokes are drawn into: made at once, or in a thread where the labels are large."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from twinviewer.domain import LabelMap, Volume

if TYPE_CHECKING:
    from twinviewer.session.label_draft import LabelDraft

WAIT_MS = 30
SMALL_BYTES = 64 << 20
"""Labels below this are copied at once."""


class DraftSource(QObject):
    """``ready`` when ``draft`` is the one that was asked for last."""

    ready = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.draft: LabelDraft | None = None
        self._of: LabelMap | None = None
        self._thread = ThreadPoolExecutor(1, "labels")
        self._copying: tuple[Future[LabelDraft], LabelMap] | None = None

    def fits(self, labels: LabelMap | None) -> bool:
        """Whether strokes on the draft are strokes on these labels."""
        return self.draft is not None and (self.draft.follows(labels) or (labels is not None and labels is self._of))

    def used(self) -> None:
        """The draft has become the Case's own: what it was copied from is no longer like it."""
        self._of = None

    def take(self, labels: LabelMap, volume: Volume | None) -> None:
        """Make a draft of these labels."""
        from twinviewer.session.label_draft import LabelDraft

        self.draft, self._of = None, labels
        if labels.data.nbytes <= SMALL_BYTES:
            self._copying = None
            self.draft = LabelDraft(labels, volume)
            self.ready.emit()
        elif self._copying is None or self._copying[1] is not labels:
            self._copying = self._thread.submit(LabelDraft, labels, volume), labels
            self._wait()

    def let_go(self, labels: LabelMap | None) -> None:
        """A draft of other labels than these is not kept: its array may be large."""
        self._copying = None
        if not self.fits(labels):
            self.draft = self._of = None

    def close(self) -> None:
        """End the thread."""
        self._copying = None
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _wait(self) -> None:
        if self._copying is None:
            return
        future = self._copying[0]
        if not future.done():
            QTimer.singleShot(WAIT_MS, self._wait)
            return
        self._copying = None
        self.draft = future.result()
        self.ready.emit()
