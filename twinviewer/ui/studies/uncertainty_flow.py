"""The verb "How sure is this": keeps its sheet with the case, runs the study, and lets the views show what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from twinviewer.domain import TwinviewerError
from twinviewer.session.case import BASELINE, Scenario
from twinviewer.session.studies.door import duration, worker_count
from twinviewer.session.studies.study import Study
from twinviewer.session.studies.uncertainty.bands import OfScenario, Spread, of_scenario, spread_of
from twinviewer.session.studies.uncertainty.files import ranking_of
from twinviewer.session.studies.uncertainty.step import (
    accept_spread,
    forget,
    journal_of,
    spread_input,
    spread_job,
    spread_scenarios,
)
from twinviewer.ui.studies.runner import StudyRunner
from twinviewer.ui.studies.uncertainty_sheet import START, UncertaintySheet

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

KEY = "uncertainty"
TITLE = "How sure is this"
DRAW_S, POINT_S = 0.4, 0.2
"""What a heart takes to be drawn, and a point to be simulated, on a core of the machine that this was written on."""


class UncertaintyFlow(QObject):
    """``changed``: what bands and intervals say is another, or they shall be shown or not."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.sheet: UncertaintySheet | None = None
        self.runner: StudyRunner | None = None
        self.shown = True
        self._about = ("", "")
        self._drawn: tuple[object, ...] = ()
        window.presenter.case_changed.connect(self._refresh)

    @property
    def spread(self) -> Spread | None:
        """What has been drawn of the present baseline."""
        return spread_of(self.w.presenter.case)

    def of(self, scenario: Scenario, reference: Scenario | None = None) -> OfScenario | None:
        """What the views show of a scenario: None where it was not drawn, or nothing shall be shown."""
        return of_scenario(self.spread, scenario, reference) if self.shown else None

    def ask(self) -> None:
        """Show the sheet."""
        if self.w.presenter.case.baseline is None:
            self.w.messages.tell("Nothing to be sure of yet", "Simulate the baseline first.", "caution")
            return
        if self.sheet is None:
            self.sheet = UncertaintySheet(self.w.look, self.w)
            self.runner = StudyRunner(self.w, KEY, self.sheet)
            self.sheet.run_asked.connect(self._run)
            self.sheet.stop_asked.connect(self.runner.stop)
            self.sheet.wish_changed.connect(self._say_cost)
            self.sheet.asked_about.connect(self._tell)
            self.sheet.bands_toggled.connect(self._show_bands)
        self._drawn = ()
        self.sheet.show()
        self.sheet.raise_()
        self._refresh()

    def _refresh(self) -> None:
        sheet, case = self.sheet, self.w.presenter.case
        if sheet is None or not sheet.isVisible():
            return
        key = (id(case.baseline), case.scenarios, case.studies)
        if key == self._drawn:
            return
        self._drawn = key
        try:
            able, slow = spread_scenarios(case)
        except TwinviewerError:
            able, slow = case.scenarios, ()
        sheet.offer(able, slow)
        self._say_cost()
        spread = self.spread
        sheet.show_spread(spread, case.scenarios)
        if spread is not None:
            metric, name = self._about
            last = [one for one in case.scenarios if spread.like(one) is not None]
            if case.find(name) is None or metric not in spread.metric_names():
                first = next((one for one in last if spread.like(one) != BASELINE), None)
                self._about = ("qrs_ms" if "qrs_ms" in spread.metric_names() else spread.metric_names()[0],
                               BASELINE if first is None else first.name)  # fmt: skip
            self._tell(*self._about)

    def _tell(self, metric: str, name: str) -> None:
        """What a number of a scenario depends on."""
        case, spread = self.w.presenter.case, self.spread
        scenario = case.find(name)
        if self.sheet is None or spread is None or scenario is None or (own := spread.like(scenario)) is None:
            return
        self._about = (metric, name)
        less = "" if name == BASELINE else BASELINE
        self.sheet.show_ranking(metric, scenario, ranking_of(case, spread, metric, own, less))

    def _say_cost(self) -> None:
        """What starting would cost, and whether an earlier start was stopped on its way."""
        if self.sheet is None or self.runner is None or self.runner.job is not None:
            return
        names, samples, runs = self.sheet.wish
        try:
            _, engine, setup, uses, wanted, _, simulated, _ = spread_input(self.w.presenter.case, names, samples, runs)
        except TwinviewerError as error:
            self.sheet.say_cost("", f"{error.what}. {error.remedy}")
            return
        count, cores = simulated * len(uses), worker_count(None, simulated * len(uses))
        lasts_s = simulated * DRAW_S + count * POINT_S / cores
        self.sheet.say_cost(f"{simulated} hearts, {count} simulations: about {duration(lasts_s)} on {cores} cores")
        stopped = journal_of(engine, setup, wanted).exists()
        self.sheet.start.setText("Go on where it stopped" if stopped else START)

    def _run(self, names: list[str], samples: int, runs: int) -> None:
        p, sheet, runner = self.w.presenter, self.sheet, self.runner
        if sheet is None or runner is None:
            return
        try:
            inputs = spread_input(p.case, names, samples, runs)
        except TwinviewerError as error:
            sheet.show_rest(str(error), "alarm")
            return
        journal = journal_of(inputs[1], inputs[2], inputs[4])

        def accept(study: Study) -> None:
            sheet.show_rest()
            p.accept(accept_spread(p.case, study))
            forget(journal)
            self._say_cost()
            self.changed.emit()

        def ended(why: str) -> None:
            sheet.show_rest(why, "alarm" if why else "info")
            self._say_cost()

        runner.begin(TITLE, spread_job, *inputs, str(journal), done=accept, ended=ended)

    def _show_bands(self, on: bool) -> None:
        self.shown = on
        self.changed.emit()
