"""The inspector's page Compare: what was found in a sentence, which scenarios stand side by side, what differs."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QToolTip

from twinviewer.domain import Comparison
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.delta_csv import delta_csv
from twinviewer.session.finding import GROUPS, MOST, is_same, listed, sentence
from twinviewer.session.reentry_words import reentry_words
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.curves import Curves
from twinviewer.ui.delta_table import NO_INTERVAL, Column, ComparisonTable
from twinviewer.ui.icons import icon
from twinviewer.ui.page import Page, quiet_label
from twinviewer.ui.scenario_picks import ScenarioPicks
from twinviewer.ui.segment_maps import SegmentMaps
from twinviewer.ui.theme import Look

MAP_PX = 178
UNSURE = f"Better and worse as literature has it; “?”: {NO_INTERVAL}. Point at a number for its source."
SURE = "Better and worse as literature has it; with the 90 % interval of each change. Point at a number for its source."


class ComparePage(Page):
    """Two or three scenarios, everything that differs."""

    ticked = Signal(str, bool)
    referred = Signal(str)
    simulate_asked = Signal()
    sure_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Compare", "")
        self.intro.hide()  # the pictures say that they share camera, moment and colours
        self.hint = self.note()
        self.go = self.action("Choose a therapy", "run", primary=True)
        self.go.clicked.connect(self.simulate_asked)
        self.finding = QLabel()
        self.finding.setWordWrap(True)
        self.finding.setTextFormat(Qt.TextFormat.RichText)
        self.finding.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.finding.setAccessibleName("What was found")
        self.column.addWidget(self.finding)
        self._picks_head = self.section("SIDE BY SIDE")
        self.picks = ScenarioPicks(look)
        self.picks.ticked.connect(self.ticked)
        self.picks.referred.connect(self.referred)
        self.column.addWidget(self.picks)
        self._table_head = self.section("WHAT DIFFERS")
        row = QHBoxLayout()
        row.setSpacing(6)
        self.group = ComboBox()
        self.group.setAccessibleName("Which numbers are listed")
        self.group.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for name in GROUPS:
            self.group.addItem(name, name)
        self.group.activated.connect(lambda _: self._draw())
        row.addWidget(self.group, 1)
        self.copy = QToolButton()
        self.copy.setToolTip("Copy this table as CSV (Ctrl+C)")
        self.copy.setAccessibleName("Copy this table as CSV")
        self.copy.clicked.connect(self.copy_csv)
        row.addWidget(self.copy)
        self.column.addLayout(row)
        self.deltas = ComparisonTable(look)
        self.column.addWidget(self.deltas)
        self.nothing = quiet_label("Not one number differs: the scenarios are the same.")
        self.column.addWidget(self.nothing)
        self.footnote = quiet_label(UNSURE)
        self.footnote.setProperty("role", "small")
        self.column.addWidget(self.footnote)
        self.sure = QPushButton("How sure is this…")
        self.sure.setProperty("role", "link")
        self.sure.setToolTip("Draw hearts that could be this patient's, and see how far each number moves")
        self.sure.clicked.connect(self.sure_asked)
        self.sure.hide()
        self.column.addWidget(self.sure)
        self._segments_head = self.section("BY SEGMENT")
        self.segments = SegmentMaps(look, MAP_PX)
        self.column.addWidget(self.segments)
        self.end()
        self._reference: Scenario | None = None
        self._columns: tuple[Column, ...] = ()
        look.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.copy.setIcon(icon("table", self.look.tokens))
        self._tell()

    def show_case(
        self, case: Case, reference: Scenario | None, comparisons: Mapping[str, Comparison], compared: Sequence[str]
    ) -> None:
        """Follow the case. comparisons: scenario -> it against the reference, of those side by side. compared: their
        names, the reference first."""
        ready = [s for s in case.scenarios if s.run is not None]
        can = reference is not None and reference.run is not None and bool(comparisons)
        self.go.setVisible(not can)
        self.finding.setVisible(can)
        for widget in (self.group, self.copy, self.deltas, self.footnote, self.segments):
            widget.setVisible(can)
        self.show_section(self._picks_head, can, self.picks)
        self.show_section(self._table_head, can)
        self.show_section(self._segments_head, can)
        said = [of_reentry(case.find(name)) for name in compared[1:]] if can else []
        told = next((one for one in said if one[0]), ("", ""))
        wanted = "" if can else "Simulate the baseline and one therapy; both then stand here side by side."
        self.hint.say(told[0] or wanted, told[1] or "info")
        self.picks.show_scenarios(ready, compared)
        self._reference = reference if can else None
        self._columns = tuple(
            Column(scenario, {delta.name: delta for delta in comparisons[name].deltas})
            for name in compared[1:]
            if name in comparisons and (scenario := case.find(name)) is not None
        ) if can else ()  # fmt: skip
        self._tell()
        self._draw()

    def show_curves(self, curves: Sequence[Curves], clock_s: float) -> None:
        """The beats whose segments are mapped, the reference first, and the period of their clock."""
        self.segments.set_curves(curves, clock_s)
        QTimer.singleShot(0, self, self._settle)

    def _tell(self) -> None:
        """The finding in words, a line a scenario, with its colour."""
        if self._reference is None:
            self.finding.setText("")
            return
        against = "" if self._reference.name == BASELINE else self._reference.label
        lines = []
        for column in self._columns:
            words = sentence(column.scenario.label, tuple(column.deltas.values()), against)
            label, _, rest = words.partition(": ")
            lines.append(f"<span style='color:{column.scenario.colour}'>●</span> <b>{label}</b>: {rest}")
        self.finding.setText("<br>".join(lines))

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics that are listed now."""
        return listed([tuple(c.deltas.values()) for c in self._columns], str(self.group.currentData() or MOST))

    def _draw(self) -> None:
        names = self.names if self._columns else ()
        self.deltas.show_columns(self._reference, self._columns, names)
        same = all(is_same(delta) for column in self._columns for delta in column.deltas.values())
        self.nothing.setVisible(bool(self._columns) and (same or not names))
        for widget in (self.footnote, self.sure):
            widget.setVisible(bool(self._columns) and not same)
        known = any(delta.low is not None for column in self._columns for delta in column.deltas.values())
        self.footnote.setText(SURE if known else UNSURE)
        QTimer.singleShot(0, self, self._settle)

    def _settle(self) -> None:
        """Rows have come or gone: the page is as tall as they need. Qt keeps the former height where rows wrap."""
        inside = self.widget().layout()
        inside.invalidate()
        self.widget().setMinimumHeight(inside.totalHeightForWidth(self.viewport().width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._settle)

    def csv(self) -> str:
        """The table in view as CSV; "" where there is none."""
        if self._reference is None:
            return ""
        columns = [(column.scenario, tuple(column.deltas.values())) for column in self._columns]
        return delta_csv(self._reference, columns, self.names)

    def copy_csv(self) -> None:
        """Put the table in view on the clipboard."""
        text = self.csv()
        if text:
            QGuiApplication.clipboard().setText(text)
            place = self.copy.mapToGlobal(self.copy.rect().bottomLeft())
            QToolTip.showText(place, f"{len(text.splitlines()) - 1} lines copied", self.copy)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_csv()
        else:
            super().keyPressEvent(event)


def of_reentry(scenario: Scenario | None) -> tuple[str, str]:
    """What its run says of re-entry, and the kind of note."""
    return (
        reentry_words(scenario.run, scenario.setup) if scenario is not None and scenario.run is not None else ("", "")
    )
