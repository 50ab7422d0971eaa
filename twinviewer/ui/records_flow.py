"""Adding records in the window: choose or drop files, read them in a worker, ask where they seem to be another
patient's, fit the baseline anew, and show what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from twinviewer.domain import Setup, TwinviewerError
from twinviewer.session import records_update, scenarios
from twinviewer.session.record_files import Reading, looks_like_records
from twinviewer.session.records_update import OtherPatientError, Update, change_text

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

FILES = "Records (*.json *.csv *.tsv *.fit *.hrm *.txt *.hea *.dat *.dcm);;All files (*)"
DOING = "Add records"
SAID = 4
"""So many changes are named in the message; all stand in the Timeline panel."""


class RecordsFlow(QObject):
    """Verbs behind the menu, the Timeline panel and what is dropped on the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.question: QMessageBox | None = None
        self._told: set[str] = set()
        panel = window.timeline
        panel.add_asked.connect(self.ask)
        window.inspector.importing.records_asked.connect(self.ask)
        panel.back_asked.connect(self.bring_back)
        window.presenter.case_changed.connect(self.refresh)
        window.timeline_dock.visibilityChanged.connect(lambda _: self.refresh())

    @property
    def possible(self) -> bool:
        """Whether there is a patient to add records to."""
        case = self.w.presenter.case
        return bool(case.series) or case.mesh is not None

    def refresh(self) -> None:
        """Show the present records, if the panel is in view."""
        if not self.w.closing and self.w.timeline_dock.isVisible():
            self.w.timeline.show_case(self.w.presenter.case)

    def ask(self) -> None:
        """Choose files."""
        chosen, _ = QFileDialog.getOpenFileNames(self.w, "Add records of this patient", "", FILES)
        if chosen:
            self.add([Path(path) for path in chosen])

    def ask_folder(self) -> None:
        """Choose a folder of records."""
        chosen = QFileDialog.getExistingDirectory(self.w, "Add a folder of records of this patient", "")
        if chosen:
            self.add([Path(chosen)])

    def dropped(self, paths: Sequence[Path]) -> bool:
        """Take what was dropped if it is records; False leaves it to others."""
        if not self.possible and any(path.is_dir() for path in paths):
            return False  # without a patient a folder is looked through for images
        if not paths or not all(looks_like_records(path) for path in paths):
            return False
        if self.possible:
            self.add(paths)
        else:
            self.w.messages.tell("Open the patient's images first", "Records are added to a patient.", "caution")
        return True

    def add(self, paths: Sequence[Path], confirmed: bool = False) -> None:
        """Read records and update the twin with them."""
        self.w.presenter.submit(
            "records", "Import", records_update.compute_reading, [str(path) for path in paths], name="Read records",
            done=lambda reading: self._read(reading, confirmed),
        )  # fmt: skip

    def bring_back(self, at: int) -> None:
        """An earlier twin in the place of the present one."""
        p = self.w.presenter
        try:
            p.accept(records_update.bring_back(p.case, at))
        except TwinviewerError as error:
            p.failed.emit(error, "Bring back")

    # What follows ----------------------------------------------------------------------------------------------

    def _read(self, reading: Reading, confirmed: bool) -> None:
        case = self.w.presenter.case
        try:
            update = records_update.plan_update(case, reading, confirmed=confirmed)
            if update.rebuild:
                values = scenarios.setup_input(replace(case, records=update.records), case.setup_values)
        except OtherPatientError as error:
            self._ask_whose(error, reading)
            return
        except TwinviewerError as error:
            self.w.presenter.failed.emit(error, DOING)
            return
        for refused in update.refused:
            self.w.messages.tell("A file was not taken in", refused, "caution")
        if not update.rebuild or case.mesh is None:
            self._take(records_update.accept_update(case, update), update)
            return
        mesh, had_run = case.mesh, case.baseline is not None and case.baseline.run is not None

        def fitted(setup: Setup) -> None:
            p = self.w.presenter
            if p.case.mesh is not mesh or p.case.records is not case.records:
                return  # the question is no longer the one that was asked
            updated = records_update.accept_update(p.case, update, replace(setup, mesh=mesh))
            self._take(updated, update)
            if had_run:
                p.simulate_all()

        self.w.presenter.submit(
            "setup", "Simulate", records_update.compute_updated_setup, *values, done=fitted,
            name="Fit the baseline to new records",
        )  # fmt: skip

    def _take(self, case: Any, update: Update) -> None:
        p = self.w.presenter
        kept = len(case.earlier) > len(p.case.earlier)
        p.accept(case)
        said = [change_text(change) for change in update.changes if change.kind == "value"]
        kinds = [change.kind for change in update.changes]
        parts = said[:SAID] + ([f"and {len(said) - SAID} more values"] if len(said) > SAID else [])
        parts += [f"findings: {kinds.count('finding')}"] if "finding" in kinds else []
        parts += [f"medicines: {kinds.count('medication')}"] if "medication" in kinds else []
        detail = "; ".join(parts)
        if not update.changes:
            self.w.messages.tell("The records say nothing newer", "They stand on the timeline.")
        else:
            tail = "The earlier twin is kept." if kept else ""
            self.w.messages.tell("Records added", ". ".join(part for part in (detail, tail) if part))
        news = [note for note in update.notes if note not in self._told]
        if news:
            self.w.messages.tell("About these records", "; ".join(news[-3:]))
            self._told |= set(news)
        self.show_panel(1 if kept else 0)

    def show_panel(self, page: int) -> None:
        """Bring the Timeline panel to the front."""
        w = self.w
        w.timeline_dock.show()
        w.timeline_dock.raise_()
        w.make_timeline_room()
        w.timeline.show_case(w.presenter.case)
        w.timeline.turn_to(page)

    def _ask_whose(self, error: OtherPatientError, reading: Reading) -> None:
        """A record of another patient is refused, unless the user knows better."""
        box = QMessageBox(self.w)
        box.setWindowTitle("Another patient's record?")
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setText(f"{error.what.rstrip('.')}.")
        box.setInformativeText(f"File: {error.where}\nNothing has been taken in.")
        take = box.addButton("It is this patient's: add it", QMessageBox.ButtonRole.DestructiveRole)
        leave = box.addButton("Leave it", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(leave)
        take.clicked.connect(lambda: self._read(reading, True))
        self.question = box
        box.open()
