"""The whole report from the window: where it goes, made in a worker with progress and cancel, then opened."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from twinviewer.session.case import Case
from twinviewer.ui import exports
from twinviewer.ui.step_bar import Step

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

NAME = "Make report"
LONGEST_S = 1800.0


class ReportFlow(QObject):
    """Connects the page Report with the presenter."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w, self.page = window, window.inspector.report
        self._parent: Path | None = None
        self._unfinished: Path | None = None
        self.page.make_asked.connect(self.make)
        self.page.folder_asked.connect(self.choose)
        self.page.cancel_asked.connect(self.cancel)
        self.page.open_asked.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))
        window.presenter.jobs_changed.connect(self._follow)
        window.presenter.progressed.connect(self._follow)

    def show_case(self, case: Case) -> None:
        """Follow the case."""
        from twinviewer.report.make import possible

        self.page.show_case(case, possible(case))
        self.page.show_place(self.folder())

    def folder(self) -> Path:
        """Where the next report goes: beside the case file, else among the documents; never over another one."""
        path = self.w.presenter.path
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        parent = self._parent or (path.parent if path is not None else Path(documents or Path.home()))
        pseudonym = re.sub(r"[^A-Za-z0-9_-]+", "_", self.w.presenter.case.patient.pseudonym).strip("_") or "case"
        stem = f"{pseudonym[:40]} report {date.today().isoformat()}"
        names = (stem, *(f"{stem} {n}" for n in range(2, 1000)))
        return next((parent / name for name in names if not (parent / name).exists()), parent / stem)

    def choose(self) -> None:
        """Ask for another place."""
        chosen = QFileDialog.getExistingDirectory(self.w, "Folder for reports", str(self.folder().parent))
        if chosen:
            self._parent = Path(chosen)
            self.page.show_place(self.folder())

    def make(self) -> None:
        """Write what is switched on, in a worker."""
        p, page = self.w.presenter, self.page
        if not page.make.isEnabled() or self._job() is not None or not page.chosen():
            return
        self.w.coupling.go(Step.REPORT)
        folder = self.folder()
        self._unfinished = exports.unfinished(folder)

        def done(files: Mapping[str, str]) -> None:
            self._unfinished = None
            pdf = next((path for name, path in files.items() if name.endswith(".pdf")), "")
            page.show_result(str(folder), pdf, f"{len(files)} files in {folder.name}")
            page.show_place(self.folder())
            p.noticed.emit(f"Report written: {folder.name}", str(folder.parent))

        p.submit(
            "report", "Report", exports.write_report, p.case, str(folder), page.chosen(), page.images.isChecked(),
            name=NAME, done=done, ended=self._clean, deadline_s=LONGEST_S,
        )  # fmt: skip

    def cancel(self) -> None:
        """Stop the report alone."""
        job = self._job()
        if job is not None:
            job.cancel()

    def _job(self):  # type: ignore[no-untyped-def]
        return next((job for job in self.w.presenter.busy if job.name == NAME), None)

    def _follow(self) -> None:
        job = self._job()
        self.page.show_progress("" if job is None else job.text or "Starting", None if job is None else job.fraction)

    def _clean(self, again: int = 3) -> None:
        """Take away what a stopped report left; its process may need a moment to be gone."""
        left = self._unfinished
        if left is None:
            return
        shutil.rmtree(left, ignore_errors=True)
        if again:
            QTimer.singleShot(300, lambda: self._clean(again - 1))
        else:
            self._unfinished = None
