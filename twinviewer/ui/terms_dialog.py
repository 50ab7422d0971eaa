"""The terms of a program of others, shown before it is run."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from twinviewer.session import outside_segmenter as outside
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.dialog_buttons import DialogButtons
from twinviewer.ui.switch import LabelledSwitch
from twinviewer.ui.theme import Look


class TermsDialog(QDialog):
    """``chosen`` carries the task, once its terms were accepted, and whether other structures are kept."""

    chosen = Signal(str, bool)

    def __init__(self, parent: QWidget | None, look: Look, keeps: bool) -> None:
        """keeps: there are structures that may be kept."""
        super().__init__(parent)
        self.setWindowTitle("Structures by TotalSegmentator")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel("Structures by TotalSegmentator")
        head.setProperty("role", "title")
        column.addWidget(head)
        self.task = ComboBox()
        self.task.setAccessibleName("Task")
        for name in outside.TASKS:
            self.task.addItem(name, name)
        column.addWidget(self.task)
        self.gives, self.terms = QLabel(), QLabel()
        self.terms.setProperty("role", "quiet")
        for label in (self.gives, self.terms):
            label.setWordWrap(True)
            column.addWidget(label)
        self.accept_terms = LabelledSwitch(look, "I have read these terms and accept them")
        self.over = LabelledSwitch(look, "Keep the structures that there are where it finds none")
        self.over.setVisible(keeps)
        column.addWidget(self.accept_terms)
        column.addWidget(self.over)
        buttons = DialogButtons(self, "Run it")
        self.go = buttons.go
        column.addLayout(buttons)
        self.task.currentIndexChanged.connect(self._told)
        self.accept_terms.toggled.connect(self.go.setEnabled)
        self.accepted.connect(lambda: self.chosen.emit(str(self.task.currentData()), self.over.isChecked()))
        self.setMinimumWidth(560)
        self._told()

    def _told(self, *_: object) -> None:
        name = str(self.task.currentData())
        self.gives.setText(f"{outside.TASKS[name].gives}.")
        self.terms.setText(outside.terms(name))
        self.accept_terms.setChecked(False)  # other terms are to be accepted anew
        self.go.setEnabled(False)
