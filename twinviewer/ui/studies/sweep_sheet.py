"""The sheet of a sweep: therapy and ranges on the left; map, front and ranked table on the right."""

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from twinviewer.scene.bullseye import Scale
from twinviewer.session.studies.sweep.plan import Plan
from twinviewer.session.studies.sweep.ranking import (
    TARGETS,
    Ranked,
    Row,
    Table,
    Target,
    best_of_places,
    by_segment,
    pareto,
    ranked,
)
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.page import Action, quiet_label
from twinviewer.ui.studies.sheet import StudySheet
from twinviewer.ui.studies.sweep_form import SweepForm
from twinviewer.ui.studies.sweep_map import FrontPlot, SweepMap
from twinviewer.ui.studies.sweep_table import RankedTable
from twinviewer.ui.theme import Look

INTRO = "One therapy over its places and settings: every combination simulated on this heart, then ranked."
EMPTY = "What was simulated will be ranked here, mapped by segment, and held against a second target."
FIRST, SECOND = "qrs_ms", "stroke_work_mmhg_ml"


class SweepSheet(StudySheet):
    """``scenario_asked`` carries the row to make a scenario of; ``shown_on_heart``: look again at what is to be laid on
    the heart; ``exported`` asks for a table."""

    scenario_asked = Signal(object)
    shown_on_heart = Signal()
    exported = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "Sweep", INTRO, "Simulate all", parent)
        self.plan: Plan | None = None
        self.table: Table | None = None
        self.form = SweepForm(look)
        self.inputs.addWidget(self.form)
        self.first, self.second = ComboBox(), ComboBox()
        self.first.setAccessibleName("Ranked by")
        self.second.setAccessibleName("Held against")
        for box in (self.first, self.second):
            box.activated.connect(lambda _: self._draw())
        self.best_only = QCheckBox("Best of each place")
        self.best_only.setChecked(True)
        self.best_only.toggled.connect(lambda _: self._draw())
        top = QHBoxLayout()
        for widget in (_quiet("Ranked by"), self.first, _quiet("against"), self.second):
            top.addWidget(widget)
        top.addStretch(1)
        top.addWidget(self.best_only)
        self.map, self.front, self.rows = SweepMap(look), FrontPlot(look), RankedTable(look)
        self.map.chosen.connect(self._segment_chosen)
        self.front.chosen.connect(self.choose)
        self.rows.chosen.connect(self.choose)
        middle = QHBoxLayout()
        middle.setSpacing(14)
        middle.addWidget(self.map, 4)
        middle.addWidget(self.front, 5)
        self.said = quiet_label("")
        self.heart = QPushButton("Show on heart")
        self.heart.setCheckable(True)
        self.heart.toggled.connect(lambda _: self.shown_on_heart.emit())
        self.make = Action("Make scenario", "add", look)
        self.make.clicked.connect(self._make)
        self.save = QPushButton("Save table…")
        self.save.clicked.connect(self.exported)
        bottom = QHBoxLayout()
        bottom.addWidget(self.said, 1)
        for button in (self.save, self.heart, self.make):
            bottom.addWidget(button)
        self.empty = QLabel(EMPTY)
        self.empty.setProperty("role", "quiet")
        self.empty.setWordWrap(True)
        self._filled = QWidget()
        column = QVBoxLayout(self._filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(middle, 5)
        column.addWidget(self.rows, 4)
        column.addLayout(bottom)
        self.results.addWidget(self.empty)
        self.results.addWidget(self._filled)
        self._filled.hide()
        self.order: tuple[Ranked, ...] = ()

    @property
    def targets(self) -> tuple[Target, Target]:
        """What is ranked by, and what that is held against."""
        one, other = str(self.first.currentData() or FIRST), str(self.second.currentData() or SECOND)
        return TARGETS[one], TARGETS[other]

    @property
    def selected(self) -> Row | None:
        """The combination that is chosen."""
        return self.rows.selected()

    def show_table(self, plan: Plan, table: Table | None) -> None:
        """The answers so far; None clears."""
        self.plan, self.table = plan, table
        known = table is not None and any(not row.failure for row in table.rows)
        self.empty.setVisible(not known)
        self._filled.setVisible(known)
        if known and table is not None:
            self._offer(table)
            self._draw()

    def map_of(self) -> tuple[np.ndarray, Scale] | None:
        """(17,) values as the map shows them and their scale; None where there is no map."""
        if self.table is None or not self.map.isVisibleTo(self):
            return None
        return self.map.values, self.map.scale

    def choose(self, row: Row) -> None:
        """Mark one combination everywhere."""
        if not self.rows.select(row) and self.best_only.isChecked():
            self.best_only.setChecked(False)
            self.rows.select(row)
        self._mark(row)

    def _offer(self, table: Table) -> None:
        names = [target.metric for target in table.targets]
        for box, first in ((self.first, FIRST), (self.second, SECOND)):
            if [box.itemData(k) for k in range(box.count())] == names:
                continue
            kept = box.currentData() or first
            box.clear()
            for target in table.targets:
                box.addItem(f"{target.label}, {target.first} first", target.metric)
            box.setCurrentIndex(max(box.findData(kept if kept in names else first), 0))

    def _draw(self) -> None:
        table, plan = self.table, self.plan
        if table is None or plan is None:
            return
        first, second = self.targets
        self.order = ranked(table.rows, first)
        placed = plan.site is not None and any(one.segment for one in table.places.values())
        several = plan.site is not None and len(plan.axes) > 1
        self.best_only.setVisible(several)
        shown = best_of_places(self.order) if several and self.best_only.isChecked() else self.order
        chosen = [first, *([second] if second is not first else [])]
        rest = [target for target in table.targets if target not in chosen]
        self.rows.show_ranked(plan, shown, [*chosen, *rest])
        self.map.setVisible(placed)
        if placed:
            hidden = {number: why.reason for number, why in table.hidden.items()}
            self.map.show_map(by_segment(self.order), first, hidden)
        words = {id(row): self._words(row) for row in table.rows}
        front = pareto(table.rows, first, second)
        self.front.show_rows(table.rows, front, first, second, table.baseline, words)
        row = self.selected
        self._mark(row)
        self._say(first)
        self.shown_on_heart.emit()

    def _words(self, row: Row) -> str:
        assert self.plan is not None
        values = ", ".join(axis.text(value) for axis, value in zip(self.plan.axes, row.values, strict=True))
        numbers = "<br>".join(
            f"{target.label} {target.text(row.numbers[target.metric])} {target.unit}"
            for target in dict.fromkeys(self.targets)
            if target.metric in row.numbers
        )
        return f"<b>{values}</b><br>{numbers}" + (f"<br>{row.masked.reason}" if row.masked else "")

    def _say(self, first: Target) -> None:
        """The best in words, with its ties and the untreated heart beside it."""
        assert self.table is not None and self.plan is not None
        offered = [one for one in self.order if one.rank]
        failed = sum(bool(row.failure) for row in self.table.rows)
        text = ""
        if offered:
            best = [one for one in offered if one.rank == 1]
            value = f"{first.text(best[0].value)} {first.unit}"
            base = self.table.baseline.get(first.metric)
            against = f", untreated {first.text(base)}" if base is not None else ""
            tied = f"; {len(best)} combinations cannot be told apart" if len(best) > 1 else ""
            text = f"Best {first.label}: {value}{against}{tied}."
        if any(row.masked is not None for row in self.table.rows):
            text += " Hatched and hollow: simulated, but no lead gets there."
        if failed:
            text += f" {failed} could not be simulated: the table says why."
        self.said.setText(text)

    def _mark(self, row: Row | None) -> None:
        self.front.select(row)
        self.map.mark(row.segment if row is not None else 0)
        self.make.allow(
            row is not None and not row.failure,
            "Choose a row, a segment or a dot first",
            "Add it to the case, to compare",
        )
        if row is not None:
            self.shown_on_heart.emit()

    def _segment_chosen(self, number: int) -> None:
        one = next((one for one in self.order if one.row.segment == number), None)
        if one is not None:
            self.choose(one.row)

    def _make(self) -> None:
        if self.selected is not None:
            self.scenario_asked.emit(self.selected)


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "quiet")
    return label
