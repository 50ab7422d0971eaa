"""The fields of a search: name, ID, accession, date, modality."""

from datetime import date, timedelta

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QDateEdit, QLineEdit, QVBoxLayout, QWidget

from twinviewer.archive.query import Query
from twinviewer.ui.archive_fields import Labelled, line
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.theme import Look

DAYS = {"Any date": None, "Today": 0, "Yesterday and today": 1, "Last 7 days": 7, "Last 30 days": 30,
        "Last 12 months": 365}  # fmt: skip
BETWEEN = "Between…"
MODALITIES = ("Any modality", "CT", "MR", "US", "XA", "PT", "NM", "SR", "SEG", "RTSTRUCT", "ECG")


class SearchForm(QWidget):
    """``asked`` when Enter is pressed in a field; :meth:`query` says what was typed."""

    asked = Signal()
    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        wild = "Its beginning is enough; * and ? stand for anything"
        self.name = line("Family, Given", wild, 64)
        self.patient_id = line(tip="Exactly; * stands for anything", most=64)
        self.accession = line(tip="Exactly; * stands for anything", most=16)
        self.days, self.modality = ComboBox(), ComboBox()
        self.days.addItems([*DAYS, BETWEEN])
        self.modality.addItems(list(MODALITIES))
        self.first, self.last = QDateEdit(QDate.currentDate().addDays(-30)), QDateEdit(QDate.currentDate())
        for edge, name in ((self.first, "First date"), (self.last, "Last date")):
            edge.setDisplayFormat("yyyy-MM-dd")
            edge.setCalendarPopup(False)
            edge.setButtonSymbols(QDateEdit.ButtonSymbols.NoButtons)
            edge.setAccessibleName(name)
            edge.dateChanged.connect(self.changed)
        self.between = Labelled("First and last date", self.first, self.last)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for one in (
            Labelled("Patient's name", self.name), Labelled("Patient ID", self.patient_id),
            Labelled("Accession number", self.accession), Labelled("Study date", self.days), self.between,
            Labelled("Modality", self.modality),
        ):  # fmt: skip
            column.addWidget(one)
        self.between.hide()
        self.days.currentTextChanged.connect(lambda text: self.between.setVisible(text == BETWEEN))
        for box in (self.days, self.modality):
            box.currentIndexChanged.connect(self.changed)
        for typed in (self.name, self.patient_id, self.accession):
            typed.textChanged.connect(self.changed)
            typed.returnPressed.connect(self.asked)

    def query(self) -> Query:
        """What is asked for."""
        first = last = ""
        chosen = self.days.currentText()
        if chosen == BETWEEN:
            first, last = (str(edge.date().toString("yyyyMMdd")) for edge in (self.first, self.last))
        elif DAYS[chosen] is not None:
            first = (date.today() - timedelta(days=DAYS[chosen] or 0)).strftime("%Y%m%d")
        modality = self.modality.currentText() if self.modality.currentIndex() else ""
        return Query(_typed(self.name), _typed(self.patient_id), _typed(self.accession), first, last, modality)


def _typed(field: QLineEdit) -> str:
    return field.text().strip()
