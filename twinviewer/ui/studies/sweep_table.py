"""The rows of a sweep as a table: rank, what varies, and the numbers; ties share a rank, masked rows say why."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from twinviewer.session.studies.sweep.plan import Plan
from twinviewer.session.studies.sweep.ranking import Ranked, Row, Target
from twinviewer.ui.theme import Look

Index = QModelIndex | QPersistentModelIndex
_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_TEXT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
MOST_COLUMNS = 7
"""Of numbers: more would not be read."""


class RankedModel(QAbstractTableModel):
    """Ranked rows; columns are rank, the plan's axes, targets."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.rows: tuple[Ranked, ...] = ()
        self.plan: Plan | None = None
        self.targets: tuple[Target, ...] = ()

    def show(self, plan: Plan, rows: Sequence[Ranked], targets: Sequence[Target]) -> None:
        """Replace everything."""
        self.beginResetModel()
        self.plan, self.rows, self.targets = plan, tuple(rows), tuple(targets)[:MOST_COLUMNS]
        self.endResetModel()

    @property
    def axes(self) -> int:
        """How many columns say what varies."""
        return len(self.plan.axes) if self.plan is not None else 0

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.plan is None else 1 + self.axes + len(self.targets)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        if orientation != Qt.Orientation.Horizontal or self.plan is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_TEXT if 0 < section <= self.axes else _NUMBER)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if section == 0:
            return "" if role == Qt.ItemDataRole.DisplayRole else "Rank; ties share one"
        if section <= self.axes:
            return self.plan.axes[section - 1].parameter.label
        target = self.targets[section - 1 - self.axes]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{target.label}\n{target.unit}"
        return f"{target.label} ({target.unit}), {target.first} first"

    def data(self, index: Index, role: int = 0) -> object:
        if not index.isValid() or self.plan is None:
            return None
        one, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_TEXT if 0 < column <= self.axes else _NUMBER)
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(self.look.tokens.text if one.rank else self.look.tokens.quiet)
        if role == Qt.ItemDataRole.ToolTipRole:
            return one.row.failure or (one.row.masked.reason if one.row.masked else None)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if column == 0:
            return str(one.rank) if one.rank else "\N{EN DASH}"
        if column <= self.axes:
            return self.plan.axes[column - 1].text(one.row.values[column - 1])
        target = self.targets[column - 1 - self.axes]
        value = one.row.numbers.get(target.metric)
        if one.row.failure or value is None:
            return "\N{EN DASH}"
        return target.text(value)


class RankedTable(QTableView):
    """``chosen``: a row was selected by a person."""

    chosen = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.model_ = RankedModel(look)
        self.setModel(self.model_)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAccessibleName("Ranked combinations")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setStretchLastSection(False)
        self.selectionModel().currentRowChanged.connect(self._current)
        look.changed.connect(self.viewport().update)
        self._silent = False

    def show_ranked(self, plan: Plan, rows: Sequence[Ranked], targets: Sequence[Target]) -> None:
        """Replace the rows; the selection goes to the same combination if it is still there."""
        kept = self.selected()
        self._silent = True
        self.model_.show(plan, rows, targets)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        if kept is not None:
            self.select(kept)
        self._silent = False

    def selected(self) -> Row | None:
        """The row that is selected."""
        at = self.currentIndex().row()
        return self.model_.rows[at].row if 0 <= at < len(self.model_.rows) else None

    def select(self, row: Row) -> bool:
        """Select a combination; False where it is not in view. Emits nothing."""
        at = next((k for k, one in enumerate(self.model_.rows) if one.row.point.name == row.point.name), -1)
        if at < 0:
            return False
        before, self._silent = self._silent, True
        self.selectRow(at)
        self.scrollTo(self.model_.index(at, 0))
        self._silent = before
        return True

    def _current(self, now: QModelIndex, _before: QModelIndex) -> None:
        if not self._silent and now.isValid():
            self.chosen.emit(self.model_.rows[now.row()].row)
