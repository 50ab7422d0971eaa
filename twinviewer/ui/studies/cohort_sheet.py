"""The sheet "Virtual cohort": who is sampled and treated with what, who responds, and what to hold of it."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from twinviewer.session.case import Scenario
from twinviewer.session.metric_names import label_of
from twinviewer.session.studies.cohort.bias import bias_statement
from twinviewer.session.studies.cohort.response import CRITERIA, LEVEL
from twinviewer.session.studies.cohort.step import MOST, PATIENT, PUBLISHED, CohortResult
from twinviewer.session.studies.study import Study
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.page import Action, quiet_label, scrolled
from twinviewer.ui.studies.cohort_views import ChangeHistogram, ForestPlot
from twinviewer.ui.studies.sheet import StudySheet
from twinviewer.ui.theme import Look

TITLE = "Virtual cohort"
INTRO = (
    "Virtual patients of both sexes, all ages and sizes get a heart each, simulated untreated and treated. Who would "
    "respond, and what was assumed about them?"
)
START = "Simulate the cohort"
SOURCES = (("Hearts like this patient's", PATIENT), ("As in published trials or surveys", PUBLISHED))
USUAL = 1000


class CohortSheet(StudySheet):
    """``wish_changed``: something else is asked for. ``study_chosen`` carries the name of a cohort that was made.
    ``save_asked``: the shown one shall be written to files."""

    wish_changed = Signal()
    study_chosen = Signal(str)
    save_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, TITLE, INTRO, START, parent)
        self._fill_inputs()
        self.results.addWidget(self._make_results(), 1)
        self.show_result(None)

    def _fill_inputs(self) -> None:
        column = self.inputs
        self.scenario = self._box("TREATED WITH", "Scenario that treats the virtual patients")
        self.source = self._box("SAMPLED FROM", "Where virtual patients come from")
        for label, key in SOURCES:
            self.source.addItem(label, key)
        self.source.setToolTip(
            "Round this patient: parameters vary as published between people.\n"
            "Published: rate, pressures, ejection fraction, QRS and volume as in CRT trials, or of adults without\n"
            "heart disease where this heart ejects 45 % or more."
        )
        column.addWidget(_section("HOW MANY"))
        self.count = QSpinBox()
        self.count.setRange(10, MOST)
        self.count.setSingleStep(50)
        self.count.setValue(USUAL)
        self.count.setSuffix(" patients")
        self.count.setAccessibleName("How many virtual patients")
        self.count.valueChanged.connect(lambda _: self.wish_changed.emit())
        column.addWidget(self.count)
        self.seed = QSpinBox()
        self.seed.setRange(0, 99999)
        self.seed.setValue(1)
        self.seed.setPrefix("Seed ")
        self.seed.setToolTip("The same seed is the same cohort")
        self.seed.setAccessibleName("Seed of the random draw")
        self.seed.valueChanged.connect(lambda _: self.wish_changed.emit())
        column.addWidget(self.seed)
        self.response = self._box("A RESPONSE IS", "What counts as a response")
        self.response.addItem("What is usual for the therapy", "")
        for key, one in CRITERIA.items():
            self.response.addItem(one.said, key)
            self.response.setItemData(self.response.count() - 1, one.source, Qt.ItemDataRole.ToolTipRole)
        column.addSpacing(8)
        self.made = self._box("COHORTS OF THIS HEART", "Cohort that is shown")
        self.made.activated.connect(lambda _: self.study_chosen.emit(str(self.made.currentData())))
        column.addStretch(1)

    def _box(self, head: str, name: str) -> ComboBox:
        self.inputs.addWidget(_section(head))
        box = ComboBox()
        box.setAccessibleName(name)
        box.currentIndexChanged.connect(lambda _: self.wish_changed.emit())
        self.inputs.addWidget(box)
        return box

    def _make_results(self) -> QWidget:
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setProperty("role", "title")
        self.about = quiet_label()
        self.histogram, self.forest = ChangeHistogram(self.look), ForestPlot(self.look)
        self.statement = QLabel()
        self.statement.setWordWrap(True)
        self.statement.setTextFormat(Qt.TextFormat.RichText)
        self.statement.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.statement.setAlignment(Qt.AlignmentFlag.AlignTop)
        inside = QWidget()
        inside.setObjectName("page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(10)
        column.addWidget(self.forest)
        column.addWidget(self.statement)
        column.addStretch(1)
        area = scrolled(inside)
        self.save = Action("Save table and picture…", "save", self.look)
        self.save.clicked.connect(self.save_asked)
        below = QHBoxLayout()
        below.addWidget(self.about, 1)
        below.addWidget(self.save)
        self.empty = quiet_label(
            "No cohort of this heart yet. It will show how a response is spread over people, who responds by sex, age, "
            "body surface and QRS with 90 % intervals, and in words what the sample leaves out."
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._shown = QWidget()
        whole = QVBoxLayout(self._shown)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(self.said)
        whole.addWidget(self.histogram, 2)
        whole.addWidget(area, 5)
        whole.addLayout(below)
        answers = QWidget()
        both = QVBoxLayout(answers)
        both.setContentsMargins(0, 0, 0, 0)
        both.addWidget(self._shown, 1)
        both.addWidget(self.empty, 1)
        return answers

    def offer(self, scenarios: Sequence[Scenario], studies: Sequence[Study], shown: str) -> None:
        """Scenarios that treat, cohorts that were made, and which of them is shown."""
        for box, rows, now in (
            (self.scenario, [(one.label, one.name) for one in scenarios], str(self.scenario.currentData())),
            (self.made, [(one.name, one.name) for one in studies], shown),
        ):
            box.blockSignals(True)
            box.clear()
            for label, key in rows:
                box.addItem(label, key)
            box.setCurrentIndex(max(box.findData(now), 0) if rows else -1)
            box.blockSignals(False)
        self.made.setEnabled(bool(studies))

    def show_result(self, found: CohortResult | None) -> None:
        """What came of a cohort; None before there is one."""
        have = found is not None and bool(found.members)
        self._shown.setVisible(have)
        self.empty.setVisible(not have)
        self.histogram.show_result(found if have else None)
        self.forest.show_result(found if have else None)
        if found is None or not have:
            return
        one = found.overall
        low, high = one.responders.interval
        self.said.setText(
            f"{100 * one.responders.share:.0f} % would respond ({100 * low:.0f} to {100 * high:.0f} %): "
            f"{found.criterion.said}"
        )
        self.about.setText(
            f"{one.responders.of} virtual patients count; {label_of(found.criterion.metric)} changes by "
            f"{one.median:+.3g} in the middle, nine in ten from {one.low:+.3g} to {one.high:+.3g}"
            f"{' %' if found.criterion.percent else ''}. {100 * LEVEL:.0f} % intervals, seed {found.seed}."
        )
        self.statement.setText(
            "".join(
                f"<p><b>{escape(part.heading)}</b></p><ul style='margin-left:-24px'>"
                + "".join(f"<li>{escape(sentence)}</li>" for sentence in part.sentences)
                + "</ul>"
                for part in bias_statement(found)
            )
        )


def _section(text: str) -> QLabel:
    head = QLabel(text)
    head.setProperty("role", "section")
    return head
