"""Rows of a narrow form: a quiet label above its field, and a file with a button to choose it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from twinviewer.ui.icons import icon
from twinviewer.ui.theme import Look


class Labelled(QWidget):
    """One field, or several side by side, under a label."""

    def __init__(self, text: str, *fields: QWidget) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self.label = QLabel(text)
        self.label.setProperty("role", "quiet")
        column.addWidget(self.label)
        row = QHBoxLayout()
        row.setSpacing(6)
        for one in fields:
            row.addWidget(one, 1)
            if not one.accessibleName():
                one.setAccessibleName(text)
        column.addLayout(row)
        self.label.setBuddy(fields[0])


def line(hint: str = "", tip: str = "", most: int = 200) -> QLineEdit:
    """A line to type in."""
    made = QLineEdit()
    made.setPlaceholderText(hint)
    made.setToolTip(tip)
    made.setMaxLength(most)
    return made


class FileField(QWidget):
    """A path that can be typed or chosen."""

    changed = Signal()

    def __init__(self, look: Look, hint: str, title: str) -> None:
        super().__init__()
        self.look, self._title = look, title
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.line = line(hint, most=1000)
        self.line.setAccessibleName(title)
        self.line.textChanged.connect(self.changed)
        self._button = QToolButton()
        self._button.setToolTip(title)
        self._button.setAccessibleName(f"{title}: choose")
        self._button.clicked.connect(self._choose)
        row.addWidget(self.line, 1)
        row.addWidget(self._button)
        look.changed.connect(self._draw)
        self._draw()

    def text(self) -> str:
        """The path; "" for none."""
        return self.line.text().strip()

    def setText(self, text: str) -> None:
        """Show a path."""
        self.line.setText(text)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self._title, "", "PEM (*.pem *.crt *.cer *.key);;All files (*)")
        if chosen:
            self.line.setText(chosen)

    def _draw(self) -> None:
        self._button.setIcon(icon("folder", self.look.tokens))
