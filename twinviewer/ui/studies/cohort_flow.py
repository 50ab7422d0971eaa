"""The verb "Virtual cohort": keeps its sheet with the case, runs cohorts in a worker, shows and saves what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from twinviewer.report.cohort_picture import cohort_picture
from twinviewer.session import catalog
from twinviewer.session.case import Scenario
from twinviewer.session.studies.cohort.files import write_cohort
from twinviewer.session.studies.cohort.published import DESIGN
from twinviewer.session.studies.cohort.step import CohortResult, compute_cohort_kept, result_of
from twinviewer.session.studies.door import duration, worker_count
from twinviewer.session.studies.study import Study
from twinviewer.session.studies.sweep.step import accept_study, free_study_name
from twinviewer.session.therapy_use import in_force
from twinviewer.ui.studies.cohort_sheet import START, TITLE, CohortSheet
from twinviewer.ui.studies.runner import StudyRunner

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

KEY = "cohort"
POINT_S = 0.33
"""What a simulation takes on a core of the machine that this was written on."""


def ask_cohort(window: MainWindow) -> None:
    """Show the window's sheet of cohorts."""
    flow = window.findChild(CohortFlow)
    (flow if flow is not None else CohortFlow(window)).ask()


class CohortFlow(QObject):
    """One for a window; its sheet is made when first asked for."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.sheet: CohortSheet | None = None
        self.runner: StudyRunner | None = None
        self._name = ""
        self._drawn: tuple[object, ...] = ()
        window.presenter.case_changed.connect(self._refresh)

    @property
    def studies(self) -> tuple[Study, ...]:
        """Cohorts of the case."""
        return tuple(one for one in self.w.presenter.case.studies if one.kind == "cohort")

    def ask(self) -> None:
        """Show the sheet."""
        if self.w.presenter.case.baseline is None:
            self.w.messages.tell("No heart to sample round yet", "Prepare the baseline first.", "caution")
            return
        if self.sheet is None:
            self.sheet = CohortSheet(self.w.look, self.w)
            self.runner = StudyRunner(self.w, KEY, self.sheet)
            self.sheet.start_asked.connect(self._run)
            self.sheet.stop_asked.connect(self.runner.stop)
            self.sheet.wish_changed.connect(self._say_cost)
            self.sheet.study_chosen.connect(self._choose)
            self.sheet.save_asked.connect(self._ask_where)
        self._drawn = ()
        self.sheet.show()
        self.sheet.raise_()
        self._refresh()

    def _treating(self) -> tuple[Scenario, ...]:
        """Scenarios with a therapy that the case's own engine answers for in moments."""
        case = self.w.presenter.case
        if case.mesh is None or not case.engine:
            return ()
        engine, found = catalog.engine(case.engine), []
        for one in case.treated:
            uses = in_force(one.therapies)
            known = [catalog.therapies().get(use.therapy) for use in uses]
            if uses and all(t is not None and catalog.offer(t, engine, case.mesh).ok for t in known):
                found.append(one)
        return tuple(found)

    def _refresh(self) -> None:
        sheet, case = self.sheet, self.w.presenter.case
        if sheet is None or not sheet.isVisible():
            return
        key = (id(case.baseline), case.scenarios, case.studies, self._name)
        if key == self._drawn:
            return
        self._drawn = key
        studies = self.studies
        if self._name not in [one.name for one in studies]:
            self._name = studies[-1].name if studies else ""
        sheet.offer(self._treating(), studies, self._name)
        sheet.show_result(self._shown())
        self._say_cost()

    def _shown(self) -> CohortResult | None:
        study = next((one for one in self.studies if one.name == self._name), None)
        return None if study is None else result_of(study)

    def _choose(self, name: str) -> None:
        self._name = name
        self._refresh()

    def _say_cost(self) -> None:
        sheet = self.sheet
        if sheet is None or self.runner is None or self.runner.job is not None:
            return
        if not self.sheet_scenario():
            sheet.say_cost("", "Add a scenario with a therapy first: it is what the virtual patients are treated with.")
            return
        count = 2 * sheet.count.value() + (DESIGN if sheet.source.currentData() != "patient" else 0)
        cores = worker_count(None, count)
        sheet.say_cost(f"{count} simulations: about {duration(count * POINT_S / cores)} on {cores} cores")

    def sheet_scenario(self) -> Scenario | None:
        """The scenario that the sheet names."""
        name = self.sheet.scenario.currentData() if self.sheet is not None else None
        return next((one for one in self._treating() if one.name == name), None)

    def _run(self) -> None:
        p, sheet, runner = self.w.presenter, self.sheet, self.runner
        scenario, baseline = self.sheet_scenario(), p.case.baseline
        if sheet is None or runner is None or scenario is None or baseline is None:
            return
        name = free_study_name(p.case, f"{scenario.label}, {sheet.count.value()} patients")

        def accept(study: Study) -> None:
            sheet.show_rest()
            self._name = study.name
            p.accept(accept_study(p.case, study))
            self._say_cost()

        def ended(why: str) -> None:
            kept = "" if why else "Stopped. What is simulated is kept: starting again goes on from there."
            sheet.show_rest(why or kept, "alarm" if why else "info", "" if why else "Go on where it stopped")
            self._say_cost()

        runner.begin(
            TITLE, compute_cohort_kept, p.case.engine, baseline.setup, p.case.patient, in_force(scenario.therapies),
            name, sheet.count.value(), str(sheet.source.currentData()), sheet.seed.value(),
            str(sheet.response.currentData() or ""), done=accept, ended=ended,
        )  # fmt: skip
        sheet.start.setText(START)

    def _ask_where(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.sheet, "Folder for table, numbers and picture")
        if folder:
            self.save(Path(folder))

    def save(self, folder: Path) -> None:
        """Write the shown cohort into a folder; what stands in the way is said."""
        found = self._shown()
        if found is None or self.sheet is None:
            return
        try:
            write_cohort(found, folder, self._name)
            cohort_picture(found, folder / "cohort.png", f"{self._name}, {self.w.presenter.case.title}")
        except OSError as error:
            self.sheet.note.say(f"The files cannot be written: {error.strerror or error}", "alarm")
            return
        self.sheet.note.say("Written: cohort.csv, cohort.json, cohort.png", "info")
