"""The inspector's pages for scenarios: Simulate, Report."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from twinviewer.domain import Comparison, Organ, ParameterValue, Suitability, Therapy
from twinviewer.report import can_film, can_report, follows_images
from twinviewer.session.case import NO_SIMULATION, Case, can_simulate
from twinviewer.session.metric_names import HEADLINE
from twinviewer.ui.fit_panel import FitPanel
from twinviewer.ui.follow import Follow
from twinviewer.ui.form import Form
from twinviewer.ui.number_tables import DeltaTable, MeasureTable
from twinviewer.ui.page import Action, Page, quiet_label
from twinviewer.ui.pages_compare import of_reentry
from twinviewer.ui.theme import Look

ON_THE_HEART = "electrode_"
"""Settings that have a tool of their own beside the form."""
HIDDEN_PARAMETERS = frozenset({"lv_lead_node", "rv_lead_node"})
"""Set by clicking on the heart, not by typing."""


class TherapyCard(QFrame):
    """One therapy to choose; greyed with the reason where it does not fit."""

    chosen = Signal(str)

    def __init__(self, therapy: Therapy, verdict: Suitability) -> None:
        super().__init__()
        self.setObjectName("card")
        self.name, self.verdict = therapy.name, verdict
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 7, 10, 7)
        column.setSpacing(1)
        title = QLabel(therapy.label)
        title.setProperty("role", "strong" if verdict.ok else "quiet")
        column.addWidget(title)
        text = quiet_label(therapy.summary if verdict.ok else verdict.reason)
        text.setProperty("role", "small")
        column.addWidget(text)
        self.setToolTip("" if verdict.ok else verdict.reason)
        self.setAccessibleName(therapy.label)

    def set_chosen(self, on: bool) -> None:
        """Outline the card in the accent."""
        self.setProperty("chosen", "true" if on else "false")
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.verdict.ok:
            self.chosen.emit(self.name)


class SimulatePage(Page):
    """Baseline, therapy, run. ``run_asked`` carries (scenario name or "", therapy, values)."""

    baseline_asked = Signal(dict)
    run_asked = Signal(str, str, dict)
    cancel_asked = Signal()
    pick_asked = Signal(str, str, bool)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Simulate", "First the beat as it is, then the beat under a therapy.")
        self._organ: Organ | None = None
        self._therapies: Mapping[str, Therapy] = {}
        self._cards: dict[str, TherapyCard] = {}
        self._group_heads: list[QLabel] = []
        self._offer: tuple[object, ...] = ()
        self._editing = ""
        self.therapy = ""
        self.tools: list[Action] = []
        self.form: Form | None = None
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
        self._card_box = QWidget()
        self._card_column = QVBoxLayout(self._card_box)
        self._card_column.setContentsMargins(0, 0, 0, 0)
        self._card_column.setSpacing(6)
        self.column.addWidget(self._card_box)
        self._others = QPushButton()
        self._others.setProperty("role", "link")
        self._others.clicked.connect(lambda: self._fold(False))
        self._others.hide()
        self.column.addWidget(self._others)
        self._form_box = QWidget()
        self._form_column = QVBoxLayout(self._form_box)
        self._form_column.setContentsMargins(0, 2, 0, 0)
        self.column.addWidget(self._form_box)
        self.follow = Follow(look)
        self.follow.asked.connect(self._ask_run)
        self.column.addWidget(self.follow)
        self.run = self.action("Simulate this therapy", "run", primary=True)
        self.run.clicked.connect(self._ask_run)
        self.another = self.action("Add as another scenario", "scenario")
        self.another.clicked.connect(lambda: self._ask_run(new=True))
        self.note_line = self.note()

        self._progress = QWidget()
        row = QHBoxLayout(self._progress)
        row.setContentsMargins(0, 0, 0, 0)
        inner = QVBoxLayout()
        inner.setSpacing(3)
        self._progress_text = QLabel()
        self._progress_text.setProperty("role", "small")
        self._progress_text.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
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
        self._organ, self._therapies = organ, therapies
        _empty(self._card_column)
        self._cards, self._group_heads = {}, []
        group = ""
        for name, therapy in therapies.items():
            if therapy.group != group:
                group = therapy.group
                self._group_heads.append(quiet_label(group))
                self._card_column.addWidget(self._group_heads[-1])
            card = TherapyCard(therapy, verdicts[name])
            card.chosen.connect(self._card_chosen)
            self._cards[name] = card
            self._card_column.addWidget(card)
        if not therapies:
            self._card_column.addWidget(quiet_label("No therapy is installed."))
        _empty(self._setup_column)
        self.setup_form = None
        if organ is not None and organ.setup_parameters:
            typed = [one for one in organ.setup_parameters if not one.name.startswith(ON_THE_HEART)]
            self.setup_form = Form(typed, self.look)
            self._setup_column.addWidget(self.setup_form)
        self._settings.setVisible(self.setup_form is not None)
        wanted = self.therapy if self.therapy in therapies else next((n for n in therapies if verdicts[n].ok), "")
        self.therapy = ""
        if wanted:
            self.choose_therapy(wanted)

    def _card_chosen(self, name: str) -> None:
        self.choose_therapy(name)
        self._fold(True)

    def _fold(self, on: bool) -> None:
        """Show the chosen therapy alone, so that its form stands below it, or all of them."""
        for name, card in self._cards.items():
            card.setVisible(not on or name == self.therapy)
        for head in self._group_heads:
            head.setVisible(not on)
        others = len(self._cards) - 1
        self._others.setText(f"{others} other therapies" if others > 1 else "The other therapy")
        self._others.setVisible(on and others > 0)

    def choose_therapy(self, name: str) -> None:
        """Show a therapy's form for a new scenario."""
        if name != self.therapy or self._editing:
            self._show_form(name, "")

    def edit(self, case: Case, scenario_name: str) -> None:
        """Show a scenario's own values, to be changed."""
        scenario = case.find(scenario_name)
        if scenario is None or not scenario.therapies:
            return
        use = scenario.therapies[0]
        if self._editing != scenario_name or self.form is None:
            self._show_form(use.therapy, scenario_name)
        if self.form is not None:
            self.form.set_values(use.values)

    def _show_form(self, name: str, editing: str) -> None:
        therapy = self._therapies.get(name)
        if therapy is None:
            return
        self.therapy, self._editing = name, editing
        _empty(self._form_column)
        self.form = Form(therapy.parameters, self.look, HIDDEN_PARAMETERS)
        self.form.pick_asked.connect(self._pick)
        self.form.changed.connect(self._forget_node)
        self.form.changed.connect(self.follow.changed)
        self._form_column.addWidget(self.form)
        for other, card in self._cards.items():
            card.set_chosen(other == name)
        self._fold(self._others.isVisible() or bool(editing))

    def _pick(self, parameter: str, on: bool) -> None:
        declared = next(p for p in self._therapies[self.therapy].parameters if p.name == parameter)
        self.pick_asked.emit(parameter, declared.pick, on)

    def _forget_node(self, name: str) -> None:
        """A segment chosen from the list replaces a node that was clicked before."""
        if self.form is not None and f"{name}_node" in self.form.fields:
            self.form.set_values({f"{name}_node": -1})

    def picked(self, parameter: str, choice: str, node: int) -> None:
        """A site was clicked on the heart."""
        if self.form is not None:
            self.form.set_values({parameter: choice, f"{parameter}_node": node})
            self.form.set_picking(parameter, False)
            self.follow.changed()

    # What is shown ---------------------------------------------------------------------------------------------

    def show_case(self, case: Case, comparison: Comparison | None, shown: str) -> None:
        """Follow the case; shown: the scenario in view."""
        known = can_simulate(case)
        self._none.say("" if known else f"{NO_SIMULATION}. It is measured on the page Model.", "info")
        self.show_section(self._baseline_head, known, self.baseline, *self.tools)
        self._settings.setVisible(known and self.setup_form is not None)
        self.show_section(self._therapy_head, known, self._card_box, self._form_box, self.follow, self.run)
        if not known:
            self._others.hide()
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
        if self._editing and case.find(self._editing) is None:
            self._editing = ""
        scenario = case.find(self._editing) if self._editing else None
        self.run.setText("Simulate with these values" if scenario is not None else "Simulate this therapy")
        why = first if not ready else "Choose a therapy first"
        self.run.allow(ready and bool(self.therapy), why)
        self.follow.setEnabled(ready and bool(self.therapy))
        self.another.setVisible(scenario is not None)
        self._therapy_head.setText("THERAPY" if scenario is None else f"THERAPY · {scenario.label}")
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
            self._bar.setValue(round(1000 * fraction))

    def _ask_baseline(self) -> None:
        self.baseline_asked.emit({} if self.setup_form is None else self.setup_form.chosen())

    def _ask_run(self, *_: object, new: bool = False) -> None:
        if self.form is None:
            return
        values: dict[str, ParameterValue] = self.form.values()
        self.run_asked.emit("" if new else self._editing, self.therapy, values)


class ReportPage(Page):
    """What can leave the program. ``export_asked`` carries which."""

    export_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(
            look, "Report", "Every picture, film and page carries the pseudonym and the words “research only”."
        )
        self._buttons: dict[str, Action] = {}
        for key, text, sign in EXPORTS:
            button = self.action(text, sign, primary=key == "pdf")
            button.clicked.connect(lambda _=False, key=key: self.export_asked.emit(key))
            self._buttons[key] = button
        self.end()

    def show_case(self, case: Case) -> None:
        """Allow what the case has."""
        run = any(scenario.run is not None for scenario in case.scenarios)
        for key in ("film", "picture"):  # what is measured has a film and a picture of its own
            self._buttons[key].setVisible(run or not follows_images(case))
        for key, button in self._buttons.items():
            if key in ("labels", "seg"):
                button.allow(case.labels is not None, "Find the structures first")
            elif key in ("measures", "sr"):
                button.allow(
                    bool(case.measurements) and (key != "sr" or case.image is not None), "Measure images first"
                )
            elif key == "case":
                button.allow(case.image is not None, "Open images first")
            elif key == "picture":
                button.allow(case.mesh is not None, "Build the model first")
            elif key in ("measured", "moments"):
                button.setVisible(follows_images(case))
            elif key == "film":
                button.allow(can_film(case), "Simulate the baseline first")
            else:
                button.allow(can_report(case), "Find the structures or simulate the baseline first")


EXPORTS = (
    ("pdf", "Report as PDF…", "page"),
    ("film", "Film of the beat…", "film"),
    ("picture", "Picture…", "picture"),
    ("measured", "Film beside the images…", "film"),
    ("moments", "Picture beside the images…", "picture"),
    ("metrics", "All numbers as JSON…", "table"),
    ("measures", "Measures as table (CSV)…", "table"),
    ("sr", "Measures as DICOM SR…", "table"),
    ("labels", "Labels as NIfTI…", "segment"),
    ("seg", "Labels as DICOM SEG…", "segment"),
    ("case", "Case file…", "save"),
)


def _empty(column: QVBoxLayout) -> None:
    while column.count():
        widget = column.takeAt(0).widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
