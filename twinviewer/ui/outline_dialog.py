"""Outlining a structure by its values: a preset or two values, with what becomes of specks and holes."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from twinviewer.domain import Parameter
from twinviewer.ui.dialog_buttons import DialogButtons
from twinviewer.ui.form import Form
from twinviewer.ui.page import quiet_label
from twinviewer.ui.theme import Look

BETWEEN = "between"
INTRO = (
    "Every voxel within these values becomes part of the structure. Correct it by hand afterwards. It is measured and "
    "shown; no simulation exists for it yet."
)


class OutlineDialog(QDialog):
    """``chosen`` carries the values, the structure's name ("" for the preset's own), and whether to keep the others."""

    chosen = Signal(object, str, bool)

    def __init__(
        self, parent: QWidget | None, look: Look, parameters: Sequence[Parameter], there: bool, note: str = ""
    ) -> None:
        """there: whether there are structures already. note: what a user must know first."""
        super().__init__(parent)
        self.setWindowTitle("Outline a structure")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel("Outline a structure by its values")
        head.setProperty("role", "title")
        column.addWidget(head)
        column.addWidget(quiet_label(f"{note} {INTRO}".strip()))
        preset = parameters[0]
        self.form = Form(parameters, look, frozenset({"preset"}) if len(preset.choices) < 2 else frozenset())
        self.form.changed.connect(self._changed)
        column.addWidget(self.form)
        self.name_row = QWidget()
        row = QHBoxLayout(self.name_row)
        row.setContentsMargins(0, 0, 0, 0)
        label = QLabel("Name")
        label.setProperty("role", "quiet")
        self.name = QLineEdit()
        self.name.setPlaceholderText("tumour, liver, implant …")
        self.name.setAccessibleName("Name of the structure")
        self.name.setMaxLength(48)
        row.addWidget(label)
        row.addWidget(self.name, 1)
        column.addWidget(self.name_row)
        self.keep = QCheckBox("Keep the structures that are there")
        self.keep.setChecked(True)
        self.keep.setVisible(there)
        column.addWidget(self.keep)
        column.addLayout(DialogButtons(self, "Outline"))
        self.accepted.connect(
            lambda: self.chosen.emit(self.form.values(), self.name.text(), there and self.keep.isChecked())
        )
        self.setMinimumWidth(460)
        self._changed()

    def _changed(self, *_: object) -> None:
        """Two values only where they count."""
        between = self.form.values().get("preset") == BETWEEN
        for key in ("low", "high"):
            self.form.show_field(key, between)
        self.name_row.setVisible(between)
        self.adjustSize()
