"""What an archive has: studies, and under each the series, which are asked for when a study is opened.

Names of patients stand here and nowhere else: not in a title, a log or a file.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from twinviewer.archive.query import SeriesRow, StudyRow

HEADS = ("PATIENT", "ID", "BORN", "DATE", "MODALITY", "DESCRIPTION", "IMAGES")
WIDTHS = (210, 110, 92, 92, 84, 240, 64)
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ROW = Qt.ItemDataRole.UserRole


class ResultTree(QTreeWidget):
    """``opened`` carries a StudyRow whose series are not known yet; ``chosen_changed`` when the choice has changed."""

    opened = Signal(object)
    chosen_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Studies and series that were found")
        self.setColumnCount(len(HEADS))
        self.setHeaderLabels(list(HEADS))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        head = self.header()
        head.setStretchLastSection(False)
        for column, width in enumerate(WIDTHS):
            self.setColumnWidth(column, width)
        head.setSectionResizeMode(HEADS.index("DESCRIPTION"), QHeaderView.ResizeMode.Stretch)
        self.headerItem().setTextAlignment(len(HEADS) - 1, RIGHT)
        self._items: dict[str, QTreeWidgetItem] = {}
        self.itemExpanded.connect(self._expanded)
        self.itemSelectionChanged.connect(self.chosen_changed)

    def show_studies(self, studies: Sequence[StudyRow]) -> None:
        """Show what a search has found, in place of what was there."""
        self.clear()
        self._items = {}
        self.add_studies(studies)
        if len(studies) == 1:
            self._items[studies[0].uid].setSelected(True)
            self._items[studies[0].uid].setExpanded(True)

    def add_studies(self, studies: Sequence[StudyRow]) -> int:
        """Show more below what is there; how many of them were not yet."""
        fresh = [one for one in {one.uid: one for one in studies}.values() if one.uid not in self._items]
        for one in fresh:
            born, held = iso(one.birth_date), str(one.instances or "")
            item = QTreeWidgetItem(
                [one.patient_name or "no name", one.patient_id, born, iso(one.date), one.modalities,
                 one.description, held]
            )  # fmt: skip
            item.setData(0, ROW, one)
            item.setTextAlignment(len(HEADS) - 1, RIGHT)
            item.setToolTip(0, "\n".join(part for part in (one.patient_name, f"{one.sex} {born}".strip()) if part))
            item.setToolTip(5, "\n".join(t for t in (one.description, f"Accession {one.accession}".strip()) if t))
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self.addTopLevelItem(item)
            self._items[one.uid] = item
        return len(fresh)

    def studies(self) -> tuple[StudyRow, ...]:
        """All that is shown."""
        return tuple(item.data(0, ROW) for item in self._items.values())

    def show_series(self, study_uid: str, series: Sequence[SeriesRow]) -> None:
        """Show a study's series under it."""
        item = self._items.get(study_uid)
        if item is None:
            return
        item.takeChildren()
        for one in series:
            number = f"Series {one.number}" if one.number else "Series"
            below = QTreeWidgetItem([number, "", "", "", one.modality, one.description, str(one.instances or "")])
            below.setData(0, ROW, one)
            below.setTextAlignment(len(HEADS) - 1, RIGHT)
            item.addChild(below)
        if not series:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.DontShowIndicator)

    def series_of(self, study_uid: str) -> tuple[SeriesRow, ...] | None:
        """A study's series as shown; None where they are not known yet."""
        item = self._items.get(study_uid)
        if item is None or not item.childCount():
            return None
        return tuple(item.child(i).data(0, ROW) for i in range(item.childCount()))

    def chosen(self) -> tuple[tuple[StudyRow, ...], tuple[SeriesRow, ...]]:
        """Whole studies that are chosen, and single series of others."""
        rows = [item.data(0, ROW) for item in self.selectedItems()]
        studies = tuple(row for row in rows if isinstance(row, StudyRow))
        whole = {row.uid for row in studies}
        return studies, tuple(row for row in rows if isinstance(row, SeriesRow) and row.study_uid not in whole)

    def study(self, uid: str) -> StudyRow | None:
        """The study of a UID."""
        item = self._items.get(uid)
        found = item.data(0, ROW) if item is not None else None
        return found if isinstance(found, StudyRow) else None

    def _expanded(self, item: QTreeWidgetItem) -> None:
        row = item.data(0, ROW)
        if isinstance(row, StudyRow) and not item.childCount():
            self.opened.emit(row)


def iso(day: str) -> str:
    """ "20260112" as "2026-01-12"; other text as it is."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdigit() else day
