"""The verb behind Simulate > Sweep: from the form to a study, from a row to a scenario, from the map to the heart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from twinviewer.domain import ParameterValue, Setup, TwinviewerError
from twinviewer.session import catalog
from twinviewer.session.studies.door import duration
from twinviewer.session.studies.expected import expected_s
from twinviewer.session.studies.study import Answer, Study
from twinviewer.session.studies.sweep.files import write_csv
from twinviewer.session.studies.sweep.places import Place, places
from twinviewer.session.studies.sweep.plan import Plan, plan, plan_of
from twinviewer.session.studies.sweep.points import WANTED, points
from twinviewer.session.studies.sweep.ranking import Row, table
from twinviewer.session.studies.sweep.step import accept_study, compute_sweep_kept, sweep_input
from twinviewer.ui.studies.overlay import overlay_of
from twinviewer.ui.studies.runner import StudyRunner

if TYPE_CHECKING:
    from twinviewer.ui.studies.sweep_sheet import SweepSheet
    from twinviewer.ui.window import MainWindow

NAME = "Sweep"


class SweepFlow(QObject):
    """Owns the sheet. What is shown is a Study of the case, or one under way that is none yet."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.sheet: SweepSheet | None = None
        self.runner: StudyRunner | None = None
        self.study: Study | None = None
        self._latest: Study | None = None
        self._setup: Setup | None = None
        self._places: tuple[Setup, str, Mapping[ParameterValue, Place]] | None = None
        self._answers: dict[str, Answer] = {}
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.setInterval(150)
        self._counting.timeout.connect(self._count)
        window.presenter.case_changed.connect(self.refresh)

    def why_not(self) -> str:
        """Why nothing can be swept here, "" where it can."""
        case = self.w.presenter.case
        if case.baseline is None:
            return "prepare the baseline first"
        return ""

    def ask(self) -> None:
        """Show the sheet."""
        if self.why_not():
            self.w.messages.tell("Nothing to sweep yet", f"{self.why_not().capitalize()}.", "caution")
            return
        sheet = self._sheet()
        self.refresh()
        sheet.show()
        sheet.raise_()
        sheet.activateWindow()

    def refresh(self) -> None:
        """The case has changed: what was swept of another heart goes, a study that came with the case is shown."""
        sheet, case = self.sheet, self.w.presenter.case
        if sheet is None:
            return
        if case.baseline is None:
            self._forget()
            sheet.say_cost("", "Prepare the baseline first")
            return
        setup, engine = case.baseline.setup, catalog.engine(case.engine)
        if setup is not self._setup:
            self._forget()
            self._setup = setup
            able = {n: one for n, one in catalog.therapies().items() if catalog.answered(one, engine, setup.mesh).ok}
            sheet.form.offer({n: one for n, one in able.items() if catalog.offer(one, engine, setup.mesh).ok})
            self._count()
        if self.runner is not None and self.runner.job is not None:
            return
        kept = [study for study in case.studies if study.kind == "sweep"]
        latest = kept[-1] if kept else None
        if latest is not self._latest:  # what was stopped half-way is in no case, and stays in view
            self._latest = self.study = latest
            self._show(latest)

    # Before it starts ------------------------------------------------------------------------------------------

    def _sheet(self) -> SweepSheet:
        if self.sheet is None:
            from twinviewer.ui.studies.sweep_sheet import SweepSheet  # the window opens without its plots

            self.sheet = SweepSheet(self.w.look, self.w)
            self.runner = StudyRunner(self.w, "sweep", self.sheet)
            self.sheet.form.changed.connect(self._counting.start)
            self.sheet.start_asked.connect(self.start)
            self.sheet.stop_asked.connect(self.runner.stop)
            self.sheet.scenario_asked.connect(self.make_scenario)
            self.sheet.shown_on_heart.connect(self._overlay)
            self.sheet.closed.connect(lambda: self._lay(None))
            self.sheet.exported.connect(self.export)
        return self.sheet

    def asked(self) -> Plan:
        """The plan that the form says. TwinviewerError where it says none."""
        assert self.sheet is not None and self.sheet.form.therapy is not None
        form = self.sheet.form
        assert form.therapy is not None
        return plan([form.therapy.name], form.over(), form.values())

    def _count(self) -> None:
        sheet, case = self.sheet, self.w.presenter.case
        if sheet is None or case.baseline is None or sheet.form.therapy is None:
            return
        try:
            swept = self.asked()
            if not swept.axes:
                sheet.say_cost("", "Tick at least one parameter that is to vary")
                return
            found = points(case.baseline.setup, swept)
        except TwinviewerError as error:
            sheet.say_cost("", error.what)
            return
        if len(found) < 2:
            sheet.say_cost("", "No place is left to simulate: all lie in scar")
            return
        left_out = swept.combinations + 1 - len(found)
        text = f"{len(found)} simulations, about {duration(expected_s(case.baseline.setup, found, WANTED))}"
        sheet.say_cost(text + (f"; {left_out} at dead or missing places left out" if left_out else ""))

    # While it runs ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, or go on with, what the form says."""
        case, sheet, runner = self.w.presenter.case, self._sheet(), self.runner
        assert runner is not None
        try:
            swept = self.asked()
            engine, setup, found, wanted, kept = sweep_input(case, swept)
        except TwinviewerError as error:
            sheet.show_rest(str(error), "alarm")
            return
        self._answers = {}
        self.study = Study(NAME, "sweep", engine, "", found, (), wanted, kept)
        sheet.show_table(swept, None)
        runner.begin(
            NAME, compute_sweep_kept, engine, setup, found, wanted, kept, NAME,
            done=self._done, ended=self._ended, live=self._heard,
        )  # fmt: skip

    def _heard(self, answers: tuple[Answer, ...]) -> None:
        if self.study is None or self.study.answers:
            return
        self._answers |= {answer.point: answer for answer in answers}
        self._show(self._partial())

    def _partial(self) -> Study:
        assert self.study is not None
        one = self.study
        answers = tuple(self._answers[point.name] for point in one.points if point.name in self._answers)
        return Study(one.name, one.kind, one.engine, one.baseline_uid, one.points, answers, one.wanted, one.settings)

    def _done(self, study: Study) -> None:
        sheet = self._sheet()
        try:
            case = accept_study(self.w.presenter.case, study)
        except TwinviewerError as error:  # the heart is another by now
            self.study = None
            sheet.show_rest(str(error), "caution")
            return
        self.study = study
        sheet.show_rest()
        self.w.presenter.accept(case)
        self._show(study)
        self._count()

    def _ended(self, why: str) -> None:
        sheet = self._sheet()
        if why:
            sheet.show_rest(why, "alarm")
        else:
            done = len(self._answers)
            text = f"Stopped after {done} simulations. They are kept." if done else "Stopped."
            sheet.show_rest(text, "info", "Go on")

    # What came of it -------------------------------------------------------------------------------------------

    def _show(self, study: Study | None) -> None:
        sheet, case = self.sheet, self.w.presenter.case
        if sheet is None or case.baseline is None:
            return
        if study is None:
            sheet.show_table(self.asked(), None)
            return
        swept = plan_of(study)
        sheet.show_table(swept, table(study, case.baseline.setup, self._places_of(study, swept)))

    def _places_of(self, study: Study, swept: Plan) -> Mapping[ParameterValue, Place]:
        case = self.w.presenter.case
        assert case.baseline is not None
        key = f"{study.settings}"
        if self._places is None or self._places[0] is not case.baseline.setup or self._places[1] != key:
            self._places = (case.baseline.setup, key, places(case.baseline.setup, swept))
        return self._places[2]

    def make_scenario(self, row: Row) -> None:
        """A scenario of this combination; undone like any other."""
        presenter = self.w.presenter
        name = presenter.add_uses(row.point.therapies)
        if not name:
            return
        case = presenter.case
        made, swept = case.scenario(name), plan_of(self.study) if self.study is not None else None
        if swept is not None:
            words = ", ".join(axis.text(value) for axis, value in zip(swept.axes, row.values, strict=True))
            label = f"{made.label.rstrip('0123456789 ')}: {words}"
            if label not in {one.label for one in case.scenarios}:  # named in the same step that added it
                made = replace(made, label=label)
                presenter.accept(case.with_scenario(made, case.action), step=False)
        self.w.messages.tell(f"{made.label} was added", "Simulate it on the Simulate page, then compare.")

    def export(self) -> None:
        """Ask for a file and write all rows."""
        sheet = self._sheet()
        if self.study is None or sheet.table is None:
            return
        name, _ = QFileDialog.getSaveFileName(sheet, "Save table", "sweep.csv", "CSV (*.csv)")
        if name:
            try:
                write_csv(self.study, sheet.table, sheet.targets[0], Path(name))
            except OSError as error:
                sheet.note.say(f"The table cannot be written: {error.strerror}", "alarm")

    def _overlay(self) -> None:
        sheet, case = self.sheet, self.w.presenter.case
        if sheet is None:
            return
        found = sheet.map_of() if sheet.heart.isChecked() and sheet.isVisible() else None
        if found is None or case.baseline is None:
            self._lay(None)
            return
        values, scale = found
        chosen = sheet.selected
        at = sheet.table.places.get(chosen.place) if chosen and chosen.place is not None and sheet.table else None
        title = f"Sweep: {scale.title} by place of the lead"
        node = at.node if at is not None else -1
        self._lay(overlay_of(case.baseline.setup.mesh, values, scale, title, node))

    def _lay(self, overlay: object) -> None:
        if self.w.choices.overlay is not overlay:
            self.w.choices.set(overlay=overlay)

    def _forget(self) -> None:
        self.study, self._latest, self._answers, self._places = None, None, {}, None
        self._setup = None
        self._lay(None)
        if self.sheet is not None and self.sheet.plan is not None:
            self.sheet.show_table(self.sheet.plan, None)
