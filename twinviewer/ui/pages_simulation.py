"""The inspector's page Simulate: the baseline, therapies, scenarios."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from twinviewer.domain import Comparison, Organ, Suitability, Therapy
from twinviewer.session import combining
from twinviewer.session.case import BASELINE, NO_SIMULATION, Case, can_simulate
from twinviewer.session.metric_names import HEADLINE
from twinviewer.ui.combined import Answer, Combining, Latest, Question, explain
from twinviewer.ui.farewell import discard
from twinviewer.ui.fit_panel import FitPanel
from twinviewer.ui.follow import Follow
from twinviewer.ui.form import Form
from twinviewer.ui.number_tables import DeltaTable, MeasureTable
from twinviewer.ui.page import Action, Page
from twinviewer.ui.pages_compare import of_reentry
from twinviewer.ui.progress_bar import ProgressBar
from twinviewer.ui.theme import Look
from twinviewer.ui.therapy_panel import TherapyPanel

EXPLAINED_MS = 500
"""How long values must rest before cells are paced to say what they mean."""
ON_THE_HEART = "electrode_"
"""Settings that have a tool of their own beside the form."""


class SimulatePage(Page):
    """Baseline, therapies, run. ``run_asked`` carries the scenario's name, "" for a new one, and its list of therapies;
    ``list_edited`` the same of a scenario whose list was changed without a wish to simulate it."""

    baseline_asked = Signal(dict)
    run_asked = Signal(str, object)
    list_edited = Signal(str, object)
    cancel_asked = Signal()
    pick_asked = Signal(str, str, bool)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Simulate", "First the beat as it is, then the beat under a therapy.")
        self._organ: Organ | None = None
        self._offer: tuple[object, ...] = ()
        self._editing = ""
        self._taken: object = None
        self._case = Case()
        self._asked: tuple[object, ...] = ()
        self._wish = ("", "")
        self._found: Answer | None = None
        self._question: Question | None = None
        self.tools: list[Action] = []
        self.combined = Latest(Combining(), "combined")
        self.combined.answered.connect(self._answered)
        self.explained = Latest(explain, "explained")
        self.explained.answered.connect(self._explained)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(EXPLAINED_MS)
        self._pause.timeout.connect(self._explain)
        self.setup_form: Form | None = None

        self._none = self.note()
        self._baseline_head = self.section("BASELINE")
        self.baseline = self.action("Simulate the baseline", "run", primary=True)
        self.baseline.clicked.connect(self._ask_baseline)
        self._settings = QPushButton("Settings of this heart")
        self._settings.setProperty("role", "link")
        self._settings.setCheckable(True)
        self._settings.toggled.connect(self._show_settings)
        self.column.addWidget(self._settings)
        self._setup_box = QWidget()
        self._setup_column = QVBoxLayout(self._setup_box)
        self._setup_column.setContentsMargins(0, 0, 0, 0)
        self._setup_box.hide()
        self.column.addWidget(self._setup_box)
        self.fit = FitPanel(look)
        self.column.addWidget(self.fit)
        self._tool_row = QHBoxLayout()
        self._tool_row.setSpacing(6)
        self.column.addLayout(self._tool_row)

        self._therapy_head = self.section("THERAPY")
        self.panel = TherapyPanel(look)
        self.panel.edited.connect(self._list_edited)
        self.panel.touched.connect(self._touched)
        self.panel.pick_asked.connect(self.pick_asked)
        self.column.addWidget(self.panel)
        self.follow = Follow(look)
        self.follow.asked.connect(lambda: self._ask("run"))
        self.column.addWidget(self.follow)
        self.run = self.action("Simulate this therapy", "run", primary=True)
        self.run.clicked.connect(lambda: self._ask("run"))
        self.another = self.action("Add as another scenario", "scenario")
        self.another.clicked.connect(lambda: self._ask("another"))
        self.fresh = QPushButton("Start a new scenario")
        self.fresh.setProperty("role", "link")
        self.fresh.clicked.connect(self.start_new)
        self.column.addWidget(self.fresh)
        self.note_line = self.note()

        self._progress = QWidget()
        row = QHBoxLayout(self._progress)
        row.setContentsMargins(0, 0, 0, 0)
        inner = QVBoxLayout()
        inner.setSpacing(3)
        self._progress_text = QLabel()
        self._progress_text.setProperty("role", "small")
        self._progress_text.setWordWrap(True)
        self._bar = ProgressBar()
        inner.addWidget(self._progress_text)
        inner.addWidget(self._bar)
        row.addLayout(inner, 1)
        self.cancel = Action("Cancel", "cancel", look)
        self.cancel.clicked.connect(self.cancel_asked)
        row.addWidget(self.cancel)
        self._progress.hide()
        self.column.addWidget(self._progress)

        self._delta_head = self.section("WHAT CHANGES")
        self.deltas = DeltaTable(look)
        self.column.addWidget(self.deltas)
        self.metrics = MeasureTable(look)
        self.column.addWidget(self.metrics)
        self.end()

    def add_tool(self, text: str, sign: str, ask: Callable[[], object], panel: QWidget | None = None) -> Action:
        """A button beside the settings for what is set on the heart itself, and its controls below."""
        button = Action(text, sign, self.look)
        button.clicked.connect(lambda: ask())
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._tool_row.addWidget(button, 1)
        self.tools.append(button)
        if panel is not None:
            self.column.insertWidget(self.column.indexOf(self._tool_row) + 1, panel)
        return button

    def _show_settings(self, on: bool) -> None:
        self._setup_box.setVisible(on)

    # What is offered -------------------------------------------------------------------------------------------

    def offer(self, organ: Organ | None, therapies: Mapping[str, Therapy], verdicts: Mapping[str, Suitability]) -> None:
        """Which settings and therapies there are, with a reason for each that does not fit."""
        key = (organ, tuple(therapies), tuple(verdicts.values()))
        if key == self._offer:
            return
        self._offer = key
        self._organ = organ
        self.panel.offer(therapies, verdicts)
        self._asked = ()
        _empty(self._setup_column)
        self.setup_form = None
        if organ is not None and organ.setup_parameters:
            typed = [one for one in organ.setup_parameters if not one.name.startswith(ON_THE_HEART)]
            self.setup_form = Form(typed, self.look)
            self._setup_column.addWidget(self.setup_form)
        self._settings.setVisible(self.setup_form is not None)
        self._look()

    def choose_therapy(self, name: str) -> None:
        """Begin a new scenario with this therapy."""
        self.start_new()
        self.panel.add(name)

    def start_new(self) -> None:
        """An empty list for a new scenario."""
        self._editing, self._taken = "", None
        self.panel.show_uses(())
        self._show_actions()
        self._look()

    def edit(self, case: Case, scenario_name: str) -> None:
        """Show a scenario's own therapies, to be changed; of the baseline: begin a new one."""
        self._case = case
        scenario = case.find(scenario_name)
        if scenario is None:
            return
        if scenario_name == BASELINE:
            if self._editing:
                self.start_new()
            return
        self._editing, self._taken = scenario_name, scenario.therapies
        self.panel.show_uses(scenario.therapies)
        self._show_actions()
        self._look()

    @property
    def editing(self) -> str:
        """The scenario whose therapies stand here, "" for a new one."""
        return self._editing

    def picked(self, parameter: str, choice: str, node: int) -> None:
        """A site was clicked on the heart."""
        self.panel.picked(parameter, choice, node)

    def stop_picking(self, parameter: str) -> None:
        """No site is asked for any more."""
        self.panel.stop_picking(parameter)

    # How the therapies go together -----------------------------------------------------------------------------

    def _look(self) -> None:
        """Ask what is to be said of the list, unless that is known."""
        case, baseline = self._case, self._case.baseline
        uses = self.panel.uses()
        said = [(use.therapy, tuple(use.values.items()), use.on) for use in uses]
        key = (None if baseline is None else baseline.setup, case.mesh, case.engine, *said)
        if not self._offer or key == self._asked:
            return
        self._asked = key
        question = Question(uses, None if baseline is None else baseline.setup, case.mesh, case.engine)
        self.combined.ask(question)
        self.explained.ask(None)
        more = baseline is not None and combining.explained(uses)
        self.panel.explained.say("Pacing a cell under these drugs…" if more else "")
        self._question = question
        if more:
            self._pause.start()
        else:
            self._pause.stop()

    def _explain(self) -> None:
        self.explained.ask(self._question)

    def _explained(self, texts: tuple[str, ...]) -> None:
        self.panel.explained.say("\n".join(f"{text}." for text in texts))

    def close_down(self) -> None:
        """End what is still being found out."""
        self._pause.stop()
        self.combined.close()
        self.explained.close()

    def _answered(self, found: Answer) -> None:
        self._found = found
        self.panel.show_conflicts(found.conflicts)
        self.panel.show_verdicts(found.verdicts)
        self._show_actions()
        (wish, of), self._wish = self._wish, ("", "")
        if wish and of == self._editing and not combining.impossible(found.conflicts):
            uses = found.question.uses
            if wish == "edit":
                self.list_edited.emit(self._editing, uses)
            else:
                self.run_asked.emit("" if wish == "another" else self._editing, uses)

    def _ask(self, wish: str) -> None:
        """Do as is wished once it is known how the therapies go together."""
        self._wish = (wish, self._editing)
        self._asked = ()
        self._look()

    def _list_edited(self) -> None:
        self._show_actions()
        if self.follow.switch.isChecked() and self.panel.rows:
            self.follow.changed()
        if self._editing:
            self._ask("edit")
        else:
            self._look()

    def _touched(self) -> None:
        self.follow.changed()
        self._look()

    def _show_actions(self) -> None:
        """What may be done with the list, and how it is called."""
        case = self._case
        known = can_simulate(case)
        ready = case.mesh is not None and known
        first = "Build the model first" if known else NO_SIMULATION
        scenario = case.find(self._editing) if self._editing else None
        count = len(self.panel.rows)
        refusal = "" if self._found is None else combining.impossible(self._found.conflicts)
        self._therapy_head.setText("NEW SCENARIO" if scenario is None else f"SCENARIO · {scenario.label}")
        new = "Simulate this therapy" if count <= 1 else "Simulate these therapies"
        self.run.setText(new if scenario is None else "Simulate with these values")
        may = ready and (bool(count) or scenario is not None) and not refusal
        why = first if not ready else refusal or "Choose a therapy first"
        self.run.allow(may, why)
        self.follow.setEnabled(may)
        self.another.allow(may, why)
        self.another.setVisible(known and scenario is not None)
        self.fresh.setVisible(known and scenario is not None)

    # What is shown ---------------------------------------------------------------------------------------------

    def show_case(self, case: Case, comparison: Comparison | None, shown: str) -> None:
        """Follow the case; shown: the scenario in view."""
        self._case = case
        known = can_simulate(case)
        self._none.say("" if known else f"{NO_SIMULATION}. It is measured on the page Model.", "info")
        self.show_section(self._baseline_head, known, self.baseline, *self.tools)
        self._settings.setVisible(known and self.setup_form is not None)
        self.show_section(self._therapy_head, known, self.panel, self.follow, self.run)
        ready = case.mesh is not None and known
        first = "Build the model first" if known else NO_SIMULATION
        baseline = case.baseline
        simulated = baseline is not None and baseline.run is not None
        self.baseline.allow(ready, first)
        for tool in self.tools:
            tool.allow(ready, first)
        if self.setup_form is not None and baseline is not None:
            fitted = {n: q.value for n, q in baseline.setup.parameters.items() if n not in self.setup_form.touched}
            self.setup_form.set_values(fitted)
        self.fit.show_fit(None if baseline is None else baseline.setup.fit)
        self.baseline.lead(not simulated)
        self.run.lead(simulated)
        self.baseline.setText("Simulate the baseline again" if simulated else "Simulate the baseline")
        scenario = case.find(self._editing) if self._editing else None
        if self._editing and scenario is None:
            self.start_new()
        elif scenario is not None and scenario.therapies is not self._taken:  # undone, or changed elsewhere
            self._taken = scenario.therapies
            self.panel.show_uses(scenario.therapies)
        self._show_actions()
        self._look()
        other = case.find(shown)
        self.note_line.say(*of_reentry(other))
        if comparison is not None and other is not None and baseline is not None:
            assert baseline.run is not None and other.run is not None
            self.metrics.hide()
            self.deltas.show()
            self._delta_head.setText("WHAT CHANGES")
            sources = (baseline.run.metrics, other.run.metrics)
            colours = (baseline.colour, other.colour)
            self.deltas.show_comparison(comparison, other.label, colours, sources, HEADLINE)
        elif simulated and baseline is not None and baseline.run is not None:
            self.deltas.hide()
            self.metrics.show()
            self._delta_head.setText("BASELINE")
            self.metrics.show_values(baseline.run.metrics, HEADLINE)
        else:
            self._delta_head.setText("RESULTS APPEAR HERE")
            self.show_section(self._delta_head, known)
            self.deltas.hide()
            self.metrics.hide()

    def show_progress(self, text: str, fraction: float | None) -> None:
        """How far the simulation is; None when none runs."""
        self._progress.setVisible(fraction is not None)
        if fraction is not None:
            self._progress_text.setText(text)
            self._bar.show_fraction(fraction)

    def _ask_baseline(self) -> None:
        self.baseline_asked.emit({} if self.setup_form is None else self.setup_form.chosen())


def _empty(column: QVBoxLayout) -> None:
    while column.count():
        widget = column.takeAt(0).widget()
        if widget is not None:
            widget.hide()
            discard(widget)
