"""90 % intervals of the numbers of the scenarios, and of what therapies change, as one table."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from twinviewer.session.case import BASELINE, Scenario
from twinviewer.session.metric_names import METRICS, order_of, short_of
from twinviewer.session.studies.uncertainty.bands import Spread
from twinviewer.session.studies.uncertainty.words import NOT_APART, apart, change_words, interval_words, still
from twinviewer.ui.theme import Look

FIRST = (
    "qrs_ms", "total_activation_ms", "lv_ef_percent", "lv_edv_ml", "lv_esv_ml", "lv_dpdt_max_mmhg_s",
    "cardiac_output_l_min", "mean_arterial_mmhg", "mean_left_atrial_mmhg", "stroke_work_mmhg_ml", "heart_rate_bpm",
)  # fmt: skip
"""What is listed before all the rest."""


class IntervalTable(QTableWidget):
    """``chosen`` carries the metric and the scenario of the cell that was clicked."""

    chosen = Signal(str, str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._metrics: list[str] = []
        self._scenarios: list[str] = []
        self.setObjectName("numbers")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setAccessibleName("90 % intervals")
        self.verticalHeader().setDefaultSectionSize(26)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setStyleSheet("QHeaderView { background: transparent; }")
        self.currentCellChanged.connect(self._chosen)

    def show_spread(self, spread: Spread, scenarios: Sequence[Scenario], everything: bool) -> None:
        """A row a number; a column for the baseline and one for what each scenario changes."""
        drawn = [one for one in scenarios if spread.like(one) is not None]
        known = spread.metric_names()
        rest = sorted((name for name in known if name not in FIRST), key=order_of) if everything else []
        self._metrics = [name for name in FIRST if name in known] + rest
        self._scenarios = [one.name for one in drawn]
        self.blockSignals(True)
        self.clear()
        self.setRowCount(len(self._metrics))
        self.setColumnCount(len(drawn))
        baseline = next((one.run for one in drawn if one.name == BASELINE), None)
        units = {} if baseline is None else {name: quantity.unit for name, quantity in baseline.metrics.items()}
        for column, one in enumerate(drawn):
            head = QTableWidgetItem(one.label if one.name == BASELINE else f"Δ {one.label}")
            head.setToolTip(one.label if one.name == BASELINE else f"What {one.label} changes, against the baseline")
            head.setForeground(QColor(one.colour))
            self.setHorizontalHeaderItem(column, head)
        for row, metric in enumerate(self._metrics):
            unit = units.get(metric, "")
            name = QTableWidgetItem(f"{short_of(metric)}{', ' + unit if unit else ''}")
            name.setToolTip(METRICS[metric].full if metric in METRICS else metric)
            self.setVerticalHeaderItem(row, name)
            for column, one in enumerate(drawn):
                self.setItem(row, column, self._cell(spread, metric, one))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.blockSignals(False)

    def choose(self, metric: str, scenario: str) -> None:
        """Select a cell without a word to others."""
        if metric in self._metrics and scenario in self._scenarios:
            self.blockSignals(True)
            self.setCurrentCell(self._metrics.index(metric), self._scenarios.index(scenario))
            self.blockSignals(False)

    def _cell(self, spread: Spread, metric: str, one: Scenario) -> QTableWidgetItem:
        own, t = spread.like(one), self.look.tokens
        assert own is not None
        found = spread.interval(metric, own, "" if one.name == BASELINE else BASELINE)
        if found is None:
            return QTableWidgetItem("–")
        if one.name == BASELINE:
            made = QTableWidgetItem(interval_words(metric, found))
        elif still(found):
            made = QTableWidgetItem("no change")
            made.setForeground(QColor(t.quiet))
        elif apart(found):
            made = QTableWidgetItem(change_words(metric, found))
        else:
            made = QTableWidgetItem(f"{change_words(metric, found)}  ≈")
            made.setForeground(QColor(t.quiet))
            made.setToolTip(f"{one.label} and the baseline {NOT_APART} by this number")
        if found.emulated:
            made.setToolTip(f"By an emulator, whose own error is {found.error:.3g} and stands in the interval")
        return made

    def _chosen(self, row: int, column: int, *_: int) -> None:
        if 0 <= row < len(self._metrics) and 0 <= column < len(self._scenarios):
            self.chosen.emit(self._metrics[row], self._scenarios[column])
