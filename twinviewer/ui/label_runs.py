"""Tools for a whole structure: run in a worker, shown for a try where that is cheap, kept as one named step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from twinviewer.domain import LabelEdit, LabelMap, TwinviewerError, Volume

if TYPE_CHECKING:
    from twinviewer.ui.label_hand import LabelHand

KEY = "edit labels"
NO_NAME = "Type a name first"


class LabelRuns(QObject):
    """Takes the box's wishes to a worker, and the worker's answer to the draft or the Case."""

    def __init__(self, hand: LabelHand) -> None:
        super().__init__(hand)
        self.hand = hand
        self.box = hand.panel.box
        self._tried: LabelEdit | None = None
        self._running = False
        self.box.asked.connect(lambda tried: self.run(tried=tried))
        self.box.kept.connect(self._decide)
        self.box.cancelled.connect(self.cancel)
        self.box.changed.connect(self.take_back)
        hand.w.presenter.jobs_changed.connect(self._progress)
        hand.w.presenter.progressed.connect(self._progress)

    @property
    def trying(self) -> bool:
        """Whether a result is in view that is not kept yet."""
        return self._tried is not None

    def run(
        self, *, tried: bool = False, point_mm: NDArray[np.float64] | None = None,
        normal: NDArray[np.float64] | None = None,
    ) -> None:  # fmt: skip
        """Let the tool in the box act on the chosen structure."""
        from twinviewer.session.label_jobs import compute_tool, tool_job

        hand, tool = self.hand, self.box.tool
        self.take_back()
        p, labels = hand.w.presenter, hand.labels
        if tool is None or labels is None or self._running:
            return
        values = self.box.values(labels.names.get(hand.panel.value, ""))
        if values.get("name") == "":
            hand.panel.note.say(NO_NAME, "caution")
            self.box.name.setFocus()
            return
        image = p.case.image
        points = None if point_mm is None else point_mm[None]
        try:
            job = tool_job(
                labels, image if isinstance(image, Volume) else None, tool.name, values, phase=hand.phase,
                points_mm=points, normal=normal,
            )  # fmt: skip
        except TwinviewerError as error:
            self._refuse(error)
            return
        hand.panel.note.say("")
        quick = tool.name in ("add", "rename")
        if quick:
            try:
                self._done(compute_tool(*job), labels, tried=False)
            except TwinviewerError as error:
                self._refuse(error)
            return
        self._running = True
        self.box.say("running")

        def done(edit: LabelEdit) -> None:
            self._running = False
            self.box.say("")
            try:
                self._done(edit, labels, tried=tried)
            except TwinviewerError as error:
                self._refuse(error)

        def ended() -> None:
            self._running = False
            self.box.say("")

        p.submit(KEY, "Segment", compute_tool, *job, done=done, ended=ended, name=tool.label, refused=self._refuse)

    def _refuse(self, error: TwinviewerError) -> None:
        """What the tool says where it cannot act stands beside it."""
        self.hand.panel.note.say(str(error), "caution")

    def _done(self, edit: LabelEdit, labels: LabelMap, *, tried: bool) -> None:
        from twinviewer.session.label_edits import apply_edit

        hand = self.hand
        p = hand.w.presenter
        phases = {one.phase for one in edit.boxes}
        if not hand.on or hand.draft is None or p.case.labels is None or p.case.labels.data.shape != labels.data.shape:
            return
        if tried and edit.names_after is None and phases == {hand.phase}:
            self._tried = edit
            self._lay(edit)
            self.box.say("tried")
            return
        hand.accept(apply_edit(p.case, edit, in_place=True))
        if phases and hand.phase not in phases:
            hand.go_to_phase(min(phases))
        if edit.names_after is not None and edit.names_before is not None:
            new = [value for value in edit.names_after if value not in edit.names_before]
            if new:
                hand.panel.structures.choose(new[0])
                hand.chosen()
        self.box.say("")

    def _lay(self, edit: LabelEdit) -> None:
        """Show an edit without taking it."""
        from twinviewer.segmentation.edit.patch import Patch

        draft = self.hand.draft
        if draft is None:
            return
        draft.begin(0, edit.boxes[0].phase)
        for one in edit.boxes:
            self.hand.touched(draft.put(Patch(one.start, one.after)))

    def _decide(self, keep: bool) -> None:
        edit, draft = self._tried, self.hand.draft
        if not keep:
            self.take_back()
        elif edit is not None and draft is not None:
            self._tried = None
            kept = draft.finish(edit.action)
            self.box.say("")
            if kept is not None:
                self.hand.take(kept)

    def take_back(self) -> None:
        """What was tried goes."""
        if self._tried is not None:
            self._tried = None
            if self.hand.draft is not None:
                self.hand.touched(self.hand.draft.cancel())
            self.box.say("")

    def cancel(self) -> None:
        """Stop what runs."""
        for job in self.hand.w.presenter.busy:
            if job.name == (self.box.tool.label if self.box.tool is not None else ""):
                job.cancel()

    def _progress(self) -> None:
        if self._running and self.box.tool is not None:
            for job in self.hand.w.presenter.busy:
                if job.name == self.box.tool.label:
                    self.box.say("running", job.fraction)
