"""Typed numbers in place of images: the form, what follows from them, and why they may not go together."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from twinviewer.domain import Parameter, ParameterValue, TwinviewerError
from twinviewer.ui.dialog_buttons import DialogButtons
from twinviewer.ui.form import NumberField, tooltip_of
from twinviewer.ui.page import Note
from twinviewer.ui.theme import Look

NOT_TYPED = "not known"
WIDTH_PX = 560
INTRO = (
    "A generic heart is scaled to these numbers and set moving. No image is used, and the window, the report and all "
    "numbers say so."
)


class NumbersDialog(QDialog):
    """Every number with unit, bounds, default and its source. ``chosen`` carries what was typed."""

    chosen = Signal(object)

    def __init__(
        self,
        parent: QWidget | None,
        look: Look,
        numbers: Sequence[Parameter],
        check: Callable[[Mapping[str, ParameterValue]], str],
        values: Mapping[str, ParameterValue] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Model from typed numbers")
        self.numbers, self._check = tuple(numbers), check
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel("Model from typed numbers")
        head.setProperty("role", "title")
        column.addWidget(head)
        intro = QLabel(INTRO)
        intro.setProperty("role", "quiet")
        intro.setWordWrap(True)
        column.addWidget(intro)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(1, 300)
        grid.setColumnStretch(1, 1)
        self.fields: dict[str, NumberField] = {}
        row = 0
        for one in self.numbers:
            optional = float(one.default) == one.minimum == 0.0
            if optional and not any(float(p.default) == 0.0 for p in self.numbers[: self.numbers.index(one)]):
                section = QLabel("IF KNOWN")
                section.setProperty("role", "section")
                grid.addWidget(section, row, 0)
                row += 1
            field = NumberField(one)
            if optional:
                field.box.setSpecialValueText(NOT_TYPED)
            field.box.setFixedWidth(92)
            field.box.setMinimumHeight(field.box.sizeHint().height())
            if values and one.name in values:
                field.set_value(values[one.name])
            label = QLabel(one.label.removesuffix(", if known"))
            label.setProperty("role", "quiet")
            for widget in (label, field):
                widget.setToolTip(tooltip_of(one))
            field.changed.connect(self._told)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
            row += 1
            if not optional:
                grid.addWidget(self._source(one), row, 1)
                row += 1
            self.fields[one.name] = field
        column.addLayout(grid)
        self.note = Note(look)
        column.addWidget(self.note)
        buttons = DialogButtons(self, "Make the model")
        self.go = buttons.go
        column.addLayout(buttons)
        self.accepted.connect(lambda: self.chosen.emit(self.values()))
        self.setMinimumWidth(WIDTH_PX)
        self._told()
        self.ensurePolished()
        self.resize(WIDTH_PX, column.totalHeightForWidth(WIDTH_PX))  # wrapped lines count

    def showEvent(self, event: QShowEvent) -> None:
        """Room for every line, now that fonts are known."""
        self.resize(self.width(), max(self.height(), self.layout().totalHeightForWidth(self.width())))
        super().showEvent(event)

    @staticmethod
    def _source(one: Parameter) -> QLabel:
        text = QLabel(f"{one.minimum:g} to {one.maximum:g} {one.unit}. Default: {one.source}")
        text.setProperty("role", "small")
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignLeft)
        return text

    def values(self) -> dict[str, ParameterValue]:
        """What is typed; an optional number that is not known is left out."""
        found = {one.name: self.fields[one.name].value() for one in self.numbers}
        return {one.name: found[one.name] for one in self.numbers if found[one.name] != 0.0}

    def _told(self, *_: object) -> None:
        """Say what follows, or why these numbers do not go together."""
        try:
            self.note.say(self._check(self.values()), "info")
            self.go.setEnabled(True)
            self.go.setToolTip("")
        except TwinviewerError as error:
            self.note.say(str(error), "caution")
            self.go.setEnabled(False)
            self.go.setToolTip(error.what)
