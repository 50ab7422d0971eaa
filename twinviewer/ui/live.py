"""What a simulation shows before it is done: the voltage of a long one, frame after frame; of a beat, excitation, ECG
and QRS first and the other numbers next, while the heart still moves as it did before. Values that are only tried (a
lead under the mouse, a slider on its way) are shown in the same way and never enter the Case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial as bound
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from twinviewer.domain import Comparison, Frame, Run, Setup, TwinviewerError
from twinviewer.scene.electrical import MEMBRANE
from twinviewer.scene.state import SceneState
from twinviewer.session import catalog
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.comparison import compare
from twinviewer.session.partial import Partial
from twinviewer.session.simulate import setup_uid
from twinviewer.session.therapy_list import same
from twinviewer.session.therapy_use import TherapyUse, in_force
from twinviewer.session.trying import QUICK, compute_try, sketched

if TYPE_CHECKING:
    from twinviewer.ui.presenter import Presenter

COMPUTING, TRIED = "motion as before: being computed", "motion as before: let go to compute it"


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """The newest frame of a scenario whose run is not there yet."""

    scenario: str
    frame: Frame


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Values tried on a scenario of the Case. shown: the setup to be drawn, where the lead has moved."""

    of: Scenario
    uses: tuple[TherapyUse, ...]
    shown: Setup


@dataclass(frozen=True, slots=True, eq=False)
class _Sketch:
    """What is told of a scenario's setup, or of a trial."""

    run: Run
    setup: Setup
    trial: Trial | None = None

    def of(self, scenario: Scenario) -> bool:
        """Whether it is still the scenario's: nothing is shown of values that are no longer wanted."""
        if self.trial is None or scenario is not self.trial.of:
            awaited = scenario.run is None
            if self.trial is not None:  # what was tried has been taken, and its own run is on the way
                return awaited and _taken(self.trial.uses, scenario.therapies)
            return awaited and scenario.setup is self.setup
        return True


class LiveRun(QObject):
    """Keeps what is known while jobs run. ``changed`` asks for another picture, ``told`` for other numbers too."""

    changed = Signal()
    told = Signal()

    def __init__(self, presenter: "Presenter") -> None:
        super().__init__(presenter)
        self._presenter = presenter
        self.now: Live | None = None
        self._sketches: dict[str, _Sketch] = {}
        self._moved: dict[str, Run] = {}
        self._wanted: Trial | None = None
        self._asked: Trial | None = None
        self._next: Callable[[], None] | None = None
        self._compared: dict[tuple[str, str], tuple[Run, Run, Comparison]] = {}
        self._telling = QTimer(self)  # two that come together are shown once
        self._telling.setSingleShot(True)
        self._telling.setInterval(0)
        self._telling.timeout.connect(self.told)
        presenter.frame_reached.connect(self._reached)
        presenter.jobs_changed.connect(self._follow)
        presenter.case_changed.connect(self._remember)
        presenter.failed.connect(lambda *_: self._refused())

    # What is known ---------------------------------------------------------------------------------------------

    def over(self, case: Case) -> Case:
        """The Case as it is shown: scenarios that are being computed with what is told of them. Never to be kept."""
        if not self._sketches:
            return case
        shown = []
        for scenario in case.scenarios:
            sketch = self._sketches.get(scenario.name)
            known = sketch is not None and sketch.of(scenario)
            shown.append(replace(scenario, run=sketch.run, setup=sketch.setup) if sketch and known else scenario)
        return replace(case, scenarios=tuple(shown))

    def sketch(self, name: str) -> bool:
        """Whether what is shown of a scenario is not yet all of it."""
        scenario = self._presenter.case.find(name)
        sketch = self._sketches.get(name)
        return scenario is not None and sketch is not None and sketch.of(scenario)

    def comparison(self, name: str, reference: str = BASELINE) -> Comparison | None:
        """A reference against a scenario as they are shown now; None until both have told something."""
        if not self.sketch(name) and not self.sketch(reference):
            return self._presenter.comparison(name, reference)
        case = self.over(self._presenter.case)
        first, other = case.find(reference), case.find(name)
        if first is None or other is None or other is first or first.run is None or other.run is None:
            return None
        key = (reference, name)
        known = self._compared.get(key)
        if known is None or known[0] is not first.run or known[1] is not other.run:
            self._compared[key] = known = (first.run, other.run, compare(first, other, moving=False))
        return known[2]

    def picture(self, state: SceneState) -> SceneState:
        """The scene with a word on each heart that is not yet known whole."""
        case = self._presenter.case
        waiting = {
            scenario.colour: COMPUTING if self._presenter.runs(scenario.name) else TRIED
            for scenario in case.scenarios
            if self.sketch(scenario.name)
        }
        if not waiting:
            return state
        return replace(
            state,
            panes=tuple(
                replace(pane, note=waiting[pane.accent]) if pane.accent in waiting and pane.values is None else pane
                for pane in state.panes
            ),
        )

    # Trials ----------------------------------------------------------------------------------------------------

    def try_out(self, name: str, uses: Sequence[TherapyUse], shown: Setup | None = None) -> bool:
        """Excite a scenario's heart under these therapies as soon as may be; whether that can be done.

        One question is on its way at a time, and of those that gather meanwhile only the newest is asked.
        """
        case = self._presenter.case
        scenario = case.find(name)
        if scenario is None or case.baseline is None or scenario is case.baseline or case.engine not in QUICK:
            return False
        if same(in_force(uses), in_force(scenario.therapies)):
            self.drop(name)  # back where it was
            return True
        self._wanted = Trial(scenario, tuple(uses), shown or scenario.setup)
        self._ask()
        return True

    def drop(self, name: str) -> None:
        """Values that were tried are not wanted any more."""
        self._wanted = None
        sketch = self._sketches.get(name)
        if sketch is not None and sketch.trial is not None:
            del self._sketches[name]
            self.told.emit()

    def _refused(self) -> None:
        """The Case did not take what was tried: it is shown as it is."""
        for name in [name for name, one in self._sketches.items() if one.trial is not None]:
            self.drop(name)

    def after(self, act: Callable[[], None]) -> None:
        """Do something as soon as no trial is on its way: its worker knows this heart, another one does not. What was
        tried last is not asked any more."""
        self._wanted, self._next = None, act
        self._ask()

    def _ask(self) -> None:
        if self._asked is not None:
            return
        act, self._next = self._next, None
        if act is not None:
            QTimer.singleShot(0, act)  # what has just been told is drawn first
            return
        trial, baseline = self._wanted, self._presenter.case.baseline
        if trial is None or baseline is None:
            return
        self._wanted, self._asked = None, trial
        self._presenter.look_up(
            compute_try, self._presenter.case.engine, baseline.setup, trial.uses, done=bound(self._answered, trial),
            failed=lambda error: self._answered(trial, error),
        )  # fmt: skip

    def _answered(self, trial: Trial, found: Partial | TwinviewerError) -> None:
        self._asked = None
        scenario = self._presenter.case.find(trial.of.name)
        if scenario is not None and isinstance(found, Partial):
            sketch = _Sketch(self._sketched(scenario, found), trial.shown, trial)
            if sketch.of(scenario) and not self._is_further(scenario):
                self._sketches[scenario.name] = sketch
                self.told.emit()
        self._ask()

    def _is_further(self, scenario: Scenario) -> bool:
        """Whether the scenario's own run has told of itself already."""
        known = self._sketches.get(scenario.name)
        return known is not None and known.trial is None and known.of(scenario)

    # Runs ------------------------------------------------------------------------------------------------------

    def _reached(self, name: str, reached: Frame | Partial) -> None:
        if isinstance(reached, Partial):
            self._told(name, reached)
        elif MEMBRANE in reached.fields:
            self.now = Live(name, reached)
            self.changed.emit()

    def _told(self, name: str, found: Partial) -> None:
        case = self._presenter.case
        scenario = case.find(name)
        if scenario is None or scenario.run is not None or case.engine not in catalog.engines():
            return
        if found.uid != setup_uid(catalog.engine(case.engine), scenario.setup):
            return  # of values that are no longer wanted
        self._sketches[name] = _Sketch(self._sketched(scenario, found), scenario.setup)
        self._telling.start()

    def _sketched(self, scenario: Scenario, found: Partial) -> Run:
        baseline = self._presenter.case.baseline
        before = scenario.run or self._moved.get(scenario.name) or (baseline.run if baseline is not None else None)
        return sketched(found, scenario.setup.mesh, before)

    def _remember(self) -> None:
        """The Case changed: what moves now is how a heart goes on moving while its next beat is computed."""
        case = self._presenter.case
        kept = {one.name: self._moved[one.name] for one in case.scenarios if one.name in self._moved}
        kept |= {one.name: one.run for one in case.scenarios if one.run is not None}
        self._moved = {name: run for name, run in kept.items() if _fits(run, case)}
        self._sketches = {
            one.name: self._sketches[one.name]
            for one in case.scenarios
            if one.name in self._sketches and self._sketches[one.name].of(one)
        }
        self._compared.clear()

    def _follow(self) -> None:
        if self.now is not None and not self._presenter.runs(self.now.scenario):
            self.now = None
            self.changed.emit()
        p = self._presenter
        gone = [
            name
            for name, one in self._sketches.items()
            if not p.runs(name) and (one.trial is None or p.case.find(name) is not one.trial.of)
        ]
        for name in gone:  # its run has failed or was cancelled
            del self._sketches[name]
        if gone:
            self.told.emit()


def _taken(tried: Sequence[TherapyUse], now: Sequence[TherapyUse]) -> bool:
    """Whether a scenario's therapies have the values that were tried; it may name more."""
    pairs = list(zip(in_force(tried), in_force(now), strict=False))
    return len(in_force(tried)) == len(in_force(now)) and all(
        one.therapy == other.therapy and one.values.items() <= other.values.items() for one, other in pairs
    )


def _fits(run: Run, case: Case) -> bool:
    return case.mesh is not None and run.points_mm.shape[1] == len(case.mesh.points_mm)
