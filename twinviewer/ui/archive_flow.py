"""The verb "From the archive": keeps its sheet with the window, talks to archives in a worker of its own.

No worker is started and no socket opened before a button asks an archive that the user has set up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from twinviewer.archive.node import Node, to_document
from twinviewer.archive.query import SeriesRow, StudyRow
from twinviewer.domain import TwinviewerError
from twinviewer.session import archive_jobs, archive_nodes
from twinviewer.session.jobs import Job, JobRunner
from twinviewer.ui.archive_kept import ArchiveKept
from twinviewer.ui.archive_setup import ArchiveSetup
from twinviewer.ui.archive_sheet import ArchiveSheet
from twinviewer.ui.archive_words import can_go_on, found_words

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

NAME = "archive flow"
POLL_MS = 40
GOODBYE_S = 0.4


def ask_archive(window: MainWindow) -> None:
    """Show the window's sheet of archives."""
    flow = window.findChild(ArchiveFlow)
    (flow if flow is not None else ArchiveFlow(window)).ask()


class ArchiveFlow(QObject):
    """One for a window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName(NAME)
        self.w = window
        self.sheet = ArchiveSheet(window.look, window)
        self.kept = ArchiveKept(self.sheet, self._forgotten)
        self.setup = ArchiveSetup(self.sheet, self.refresh)
        self.job: Job | None = None
        self.came = ""
        self._runner: JobRunner | None = None
        self._searched = False
        self._asked: dict[str, str] = {}
        self._next_skip = 0
        self._stopped = False
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        s = self.sheet
        for signal, do in (
            (s.search_asked, self.search), (s.more_asked, self.search_on), (s.retrieve_asked, self.retrieve),
            (s.stop_asked, self.stop),
            (s.test_asked, lambda: self.test(self.node, "", s.node_note)), (s.open_asked, self._open),
            (s.results.chosen_changed, self.refresh), (s.search.changed, self.refresh),
            (s.node_chosen, self._node_chosen), (self.setup.changed, self._node_chosen),
        ):  # fmt: skip
            signal.connect(do)
        s.results.opened.connect(self.list_series)
        s.form.test_asked.connect(lambda node, secret: self.test(node, secret, s.form.note))

    # What is ---------------------------------------------------------------------------------------------------

    @property
    def node(self) -> Node | None:
        """The archive that is asked."""
        return self.setup.node

    def ask(self) -> None:
        """Show the sheet."""
        self.sheet.show()
        self.sheet.raise_()
        self.sheet.activateWindow()
        self.kept.weigh()
        self.refresh()

    def refresh(self) -> None:
        """Show what can be done now, and why not what cannot."""
        s, node = self.sheet, self.node
        busy = "wait for what is running, or stop it" if self.job is not None else ""
        none = "" if node is not None else "set up an archive first"
        s.edit.allow(node is not None, none)
        s.test.allow(not (busy or none), busy or none, "Call the archive and see whether it answers")
        empty = "fill in at least one field; * in the name finds everybody" if s.search.query().empty else ""
        s.go.allow(not (busy or none or empty), busy or none or empty)
        s.retrieve.allow(not (busy or self._why_not()), busy or self._why_not())
        if self.job is None:
            s.told.setText("" if self._why_not() else self._chosen_text())
        s.more.setVisible(bool(self._next_skip) and self.job is None)
        s.open_came.setVisible(bool(self.came) and self.job is None)
        s.show_results(self._searched and node is not None)
        if node is None:
            s.empty.say(
                "series", "No archive is set up",
                "A hospital's archive is reached by DICOMweb or DIMSE. Twinviewer calls none before you set one up, "
                "and then only when you press Test, Search or Retrieve.",
                (("Set up an archive", "add", lambda: self.setup.edit(None)),) if not s.forming else (),
            )  # fmt: skip
        elif not self._searched:
            s.empty.say("patient", "Whom are you looking for?", f"Search {node.name} by name, ID, accession, date "
                        "or modality. Series are listed under each study.")  # fmt: skip

    def _why_not(self) -> str:
        studies, series = self.sheet.results.chosen()
        if not studies and not series:
            return "choose studies or series in the list"
        of = [self.sheet.results.study(row.study_uid) for row in series]
        people = {(row.patient_id, row.patient_name) for row in (*studies, *of) if row is not None}
        return "one patient at a time" if len(people) > 1 else ""

    def _chosen_text(self) -> str:
        studies, single = self.sheet.results.chosen()
        images = sum(row.instances for row in (*studies, *single))
        series = len(single) + sum(row.series_count for row in studies)
        return f"{series} series, {images} images chosen" if series and images else ""

    def _node_chosen(self) -> None:
        """Another archive: what the last one had is not its."""
        self.sheet.results.show_studies(())
        self._searched, self._next_skip = False, 0
        self.came = ""
        self.sheet.node_note.say("")
        self.sheet.note.say("")
        self.refresh()

    def test(self, node: Node | None, secret: str, note: Any) -> None:
        """Call an archive and say in a note what it answers."""
        if node is None:
            return
        note.say("")
        self._begin(
            f"Calling {node.place}", archive_jobs.compute_knock, node, secret,
            done=lambda said: note.say(said, "good"), failed=lambda error: note.say(str(error), "alarm"),
        )  # fmt: skip

    # Searching and fetching ------------------------------------------------------------------------------------

    def search(self) -> None:
        """Ask for studies."""
        if self.node is None or self.job is not None:
            return
        self.came = ""
        self._asked, self._next_skip = asdict(self.sheet.search.query()), 0
        self.sheet.results.show_studies(())
        self._search(0)

    def search_on(self) -> None:
        """Ask for the studies that follow those in view, by the question that they answer."""
        if self._next_skip:
            self._search(self._next_skip)

    def _search(self, skip: int) -> None:
        node, tree = self.node, self.sheet.results
        if node is None or self.job is not None:
            return

        def done(document: Any) -> None:
            found = archive_jobs.found_studies(document)
            self._searched = True
            self.sheet.show_results(True)
            if not skip:
                tree.show_studies(found.rows)
            fresh = tree.add_studies(found.rows) if skip else len(found.rows)
            shown = tree.studies()
            self._next_skip = found.next_skip if can_go_on(found, shown, fresh) else 0
            self.sheet.note.say(found_words(found, shown, fresh), "caution" if shown else "info")

        self._begin("Searching", archive_jobs.compute_studies, node, "", self._asked, skip, done=done)

    def list_series(self, study: StudyRow, then: Callable[[], None] | None = None) -> None:
        """Ask for the series of a study and show them under it."""
        node = self.node
        if node is None:
            return
        if self.job is not None:
            QTimer.singleShot(POLL_MS, lambda: self.list_series(study, then))  # it was opened by the search itself
            return

        def done(document: Any) -> None:
            found = archive_jobs.found_series(document)
            self.sheet.results.show_series(study.uid, found.rows)
            if not found.rows:
                self.sheet.note.say("The archive lists no series in this study", "caution")
            elif found.more:
                self.sheet.note.say(
                    f"The study has more than these {len(found.rows)} series: choose among them", "caution"
                )
            elif then is not None:
                QTimer.singleShot(0, then)

        self._begin("Listing series", archive_jobs.compute_series, node, "", study.uid, done=done)

    def retrieve(self) -> None:
        """Fetch what is chosen, then open it like any folder."""
        node = self.node
        studies, single = self.sheet.results.chosen()
        if node is None or self.job is not None or self._why_not():
            return
        wanted: list[SeriesRow] = list(single)
        for study in studies:
            series = self.sheet.results.series_of(study.uid)
            if series is None:
                self.list_series(study, self.retrieve)
                return
            wanted += series
        first = self.sheet.results.study(wanted[0].study_uid)
        folder = archive_nodes.place_for(
            node, first.patient_id if first is not None else "", {one.study_uid for one in wanted}
        )

        def done(document: Any) -> None:
            got = archive_jobs.retrieved(document)
            self.came = got.folder
            self.kept.weigh()
            size = f"{got.instances} images, {got.size_bytes / 1e6:.1f} MB"
            if got.notes:
                self.sheet.note.say(f"{size} came. {'. '.join(got.notes)}.", "caution")
            elif self.sheet.isVisible():
                self.sheet.note.say(f"{size} came", "good")
                self._open()
            else:
                self.w.messages.tell(f"{size} came from the archive", "File > From the archive… opens them.")

        self.came = ""
        rows = [asdict(one) for one in wanted]
        self._begin("Retrieving", archive_jobs.compute_retrieve, node, "", rows, str(folder), done=done, bar=True)

    def stop(self) -> None:
        """End what runs; the archive is told."""
        if self.job is not None:
            self._stopped = True
            self.job.cancel(gently=True)
            self._poll()

    def _open(self) -> None:
        if self.came:
            self.sheet.hide()
            self.w.open_path(Path(self.came))
            self.w.raise_()

    # The worker ------------------------------------------------------------------------------------------------

    def _begin(
        self,
        text: str,
        function: Callable[..., Any],
        node: Node,
        secret: str,
        *arguments: Any,
        done: Callable[[Any], None],
        failed: Callable[[TwinviewerError], None] | None = None,
        bar: bool = False,
    ) -> None:
        if self.job is not None:
            return
        known = secret or self.setup.secret(node)
        if self._runner is None:
            self._runner = archive_jobs.archive_runner()
        self.sheet.note.say("")
        self.sheet.node_note.say("")

        def rest() -> None:
            self.job = None
            self._timer.stop()
            self.sheet.show_busy("")

        def finished(result: Any) -> None:
            rest()
            done(result)
            self.refresh()

        def refused(error: TwinviewerError) -> None:
            rest()
            (failed or (lambda why: self.sheet.note.say(str(why), "alarm")))(error)
            self.refresh()

        def stopped() -> None:
            rest()
            self.sheet.note.say("Stopped. Nothing of the series under way was kept." if bar else "Stopped.")
            self.refresh()

        self.job = self._runner.submit(
            function, to_document(node), known, *arguments, done=finished, failed=refused, cancelled=stopped,
            progress=lambda fraction, told: self.sheet.show_busy(told or text, fraction, bar), name=text,
            deadline_s=archive_jobs.LONGEST_S,
        )  # fmt: skip
        self.sheet.show_busy(text, 0.0, bar)
        self._timer.start()
        self.refresh()

    def _poll(self) -> None:
        if self._runner is not None:
            self._runner.poll()

    def _forgotten(self) -> None:
        self.came = ""
        self.refresh()

    def close_down(self) -> None:
        """End the worker; the window closes. What runs has a moment to say goodbye and to clear up after itself."""
        self._timer.stop()
        job, self.job = self.job, None
        if self._runner is not None:
            if job is not None:
                job.cancel(gently=True)
            if job is not None or self._stopped:
                self._runner.submit(archive_jobs.compute_tidied)
            until_s = time.monotonic() + GOODBYE_S
            while self._runner.busy and time.monotonic() < until_s:
                self._runner.poll(0.02)
            self._runner.close()
            self._runner = None
