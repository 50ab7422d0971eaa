"""A study under way from the window: in a worker process, with progress to its sheet, stopped without harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from twinviewer.domain import TwinviewerError
from twinviewer.session.jobs import Job
from twinviewer.ui.studies.sheet import StudySheet

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

LONGEST_S = 24 * 3600.0
TOLD_MS = 200


class StudyRunner(QObject):
    """Starts one study at a time through the presenter, so that it stands in the status line and Esc reaches it."""

    def __init__(self, window: MainWindow, key: str, sheet: StudySheet) -> None:
        super().__init__(window)
        self.w, self.key, self.sheet = window, f"study {key}", sheet
        self._name = ""
        self._told = QTimer(self)
        self._told.setInterval(TOLD_MS)
        self._told.timeout.connect(self._tell)

    @property
    def job(self) -> Job | None:
        """What is under way, None where nothing is."""
        return next((job for job in self.w.presenter.busy if self._name and job.name == self._name), None)

    def begin(
        self,
        name: str,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None],
        ended: Callable[[str], None],
        live: Callable[[Any], None] | None = None,
    ) -> None:
        """Run ``function(*arguments)`` in a worker. done: is given what it returns; may raise typed errors. ended: it
        was stopped ("") or failed (why)."""
        self._name = name
        said = [""]

        def refused(error: TwinviewerError) -> None:
            said[0] = str(error)
            self._rest()
            ended(said[0])

        def stopped() -> None:
            # called before `refused` when it failed: only a stop says nothing more
            QTimer.singleShot(0, told_to_stop)

        def told_to_stop() -> None:
            if not said[0] and self.job is None:
                self._rest()
                ended("")

        def finish(result: Any) -> None:
            self._rest()
            done(result)

        self.w.presenter.submit(
            self.key, "Simulate", function, *arguments, done=finish, name=name, ended=stopped, live=live,
            deadline_s=LONGEST_S, refused=refused,
        )  # fmt: skip
        self.sheet.show_progress(0.0, "Getting ready")
        self._told.start()

    def stop(self) -> None:
        """Stop it now; its answers so far are in its journal."""
        job = self.job
        if job is not None:
            job.cancel()

    def _rest(self) -> None:
        self._told.stop()

    def _tell(self) -> None:
        job = self.job
        if job is None:
            self._told.stop()
        elif job.state == "running":
            self.sheet.show_progress(job.fraction, job.text or "Getting ready")
