"""The sheet "How sure is this": what to draw, how far it is, and what came out."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from twinviewer.session.case import BASELINE, Scenario
from twinviewer.session.studies.uncertainty.bands import Spread
from twinviewer.session.studies.uncertainty.draws import LEAST
from twinviewer.session.studies.uncertainty.sensitivity import Ranking
from twinviewer.session.studies.uncertainty.step import SAMPLES
from twinviewer.session.studies.uncertainty.words import LIMITS, foundation, gain, sentence, trust
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.farewell import discard
from twinviewer.ui.page import quiet_label
from twinviewer.ui.studies.sheet import StudySheet
from twinviewer.ui.studies.uncertainty_bars import InputBars
from twinviewer.ui.studies.uncertainty_table import IntervalTable
from twinviewer.ui.switch import LabelledSwitch
from twinviewer.ui.theme import Look

INTRO = (
    "Measurements have errors, and not all of a heart can be measured. Hearts are drawn that fit what is known of this "
    "patient as well as the baseline does, and each is simulated in every scenario."
)
RUNS = (("All of them", 0), ("48, an emulator answers for the rest", 48), ("32, an emulator, for a first look", 32))
START = "Find out"


class UncertaintySheet(StudySheet):
    """``run_asked`` carries names of scenarios, how many hearts, and how many of them to simulate (0: all)."""

    run_asked = Signal(list, int, int)
    asked_about = Signal(str, str)
    bands_toggled = Signal(bool)
    wish_changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "How sure is this", INTRO, START, parent)
        self._boxes: dict[str, QCheckBox] = {}
        self._spread: Spread | None = None
        self._scenarios: Sequence[Scenario] = ()
        self._fill_inputs()
        self.results.addWidget(self._make_answers(), 1)
        self.start_asked.connect(lambda: self.run_asked.emit(*self.wish))

    def sizeHint(self) -> QSize:
        screen = self.screen()
        room = screen.availableGeometry().size() if screen is not None else QSize(1180, 800)
        return QSize(min(1180, room.width() - 40), min(800, room.height() - 60))

    @property
    def wish(self) -> tuple[list[str], int, int]:
        """Names of scenarios, hearts, and how many of them are simulated (0: all)."""
        chosen = [name for name, box in self._boxes.items() if box.isChecked()]
        return chosen, self.hearts.value(), int(self.runs.currentData())

    def _fill_inputs(self) -> None:
        column = self.inputs
        column.addWidget(_section("SCENARIOS"))
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        column.addLayout(self._list)
        self._slow = quiet_label()
        column.addWidget(self._slow)
        column.addSpacing(6)
        column.addWidget(_section("HEARTS"))
        self.hearts = QSpinBox()
        self.hearts.setRange(LEAST, 1024)
        self.hearts.setSingleStep(64)
        self.hearts.setValue(SAMPLES)
        self.hearts.setSuffix(" hearts")
        self.hearts.setAccessibleName("How many hearts intervals stand on")
        column.addWidget(self.hearts)
        column.addWidget(quiet_label("Simulated:"))
        self.runs = ComboBox()
        self.runs.setAccessibleName("How many hearts are simulated")
        for label, count in RUNS:
            self.runs.addItem(label, count)
        column.addWidget(self.runs)
        column.addStretch(1)
        self.bands = LabelledSwitch(self.look, "Show it in the window: bands on curves, hatching on bullseyes")
        self.bands.setChecked(True)
        self.bands.toggled.connect(self.bands_toggled)
        column.addWidget(self.bands)
        self.hearts.valueChanged.connect(lambda _: self.wish_changed.emit())
        self.runs.currentIndexChanged.connect(lambda _: self.wish_changed.emit())

    def _make_answers(self) -> QWidget:
        answers = QWidget()
        column = QVBoxLayout(answers)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setProperty("role", "title")
        self.bars = InputBars(self.look)
        self.gain = QLabel()
        self.gain.setWordWrap(True)
        self.trust = quiet_label()
        self.table = IntervalTable(self.look)
        self.table.chosen.connect(self.asked_about)
        self.everything = LabelledSwitch(self.look, "All numbers")
        self.everything.toggled.connect(lambda _: self._draw_table())
        self.about = quiet_label()
        self.empty = quiet_label(
            "Nothing has been drawn yet. Each number will get a 90 % interval, each change as well, and where an "
            "interval of a change holds nothing at all, the two scenarios cannot be told apart."
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self.said, self.bars, self.gain, self.trust):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        column.addWidget(self.everything)
        column.addWidget(self.about)
        column.addWidget(self.empty, 1)
        return answers

    def offer(self, scenarios: Sequence[Scenario], slow: Sequence[str]) -> None:
        """The scenarios that can be drawn, and labels of those that cannot."""
        kept = {name: box.isChecked() for name, box in self._boxes.items()}
        for box in self._boxes.values():
            self._list.removeWidget(box)
            discard(box)
        self._boxes = {}
        for one in scenarios:
            box = QCheckBox(one.label)
            box.setChecked(kept.get(one.name, True) or one.name == BASELINE)
            box.setEnabled(one.name != BASELINE)
            if one.name == BASELINE:
                box.setToolTip("What changes is told against it")
            box.toggled.connect(lambda _: self.wish_changed.emit())
            self._boxes[one.name] = box
            self._list.addWidget(box)
        self._slow.setText(f"Not drawn, as their engine takes minutes for one: {', '.join(slow)}" if slow else "")
        self._slow.setVisible(bool(slow))

    def show_spread(self, spread: Spread | None, scenarios: Sequence[Scenario]) -> None:
        """What came out; None before anything has."""
        self._spread, self._scenarios = spread, scenarios
        have = spread is not None and bool(spread.hearts)
        for widget in (self.said, self.bars, self.gain, self.trust, self.table, self.everything, self.about):
            widget.setVisible(have)
        self.empty.setVisible(not have)
        self.bands.setVisible(have)
        if have and spread is not None:
            self.about.setText(f"≈ cannot be told apart from the baseline. {foundation(spread)} {LIMITS}")
            self._draw_table()

    def show_ranking(self, metric: str, scenario: Scenario, ranking: Ranking | None) -> None:
        """What a number depends on."""
        self.table.choose(metric, scenario.name)
        change = scenario.name != BASELINE
        where = f"{scenario.label}. " if change else ""
        if ranking is None:
            self.said.setText(f"{where}This does not vary, whatever is uncertain." if self._spread else "")
        else:
            self.said.setText(where + sentence(ranking, change))
        self.bars.show_ranking(ranking)
        self.gain.setText(gain(ranking) if ranking is not None else "")
        self.gain.setVisible(bool(self.gain.text()))
        self.trust.setText(trust(ranking) if ranking is not None and ranking.shares else "")
        self.trust.setVisible(bool(self.trust.text()))

    def _draw_table(self) -> None:
        if self._spread is not None:
            self.table.show_spread(self._spread, self._scenarios, self.everything.isChecked())


def _section(text: str) -> QLabel:
    head = QLabel(text)
    head.setProperty("role", "section")
    return head
