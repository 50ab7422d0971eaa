"""Name and note of a key image."""

from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from twinviewer.domain import KeyImage
from twinviewer.ui.dialog_buttons import DialogButtons

WIDTH_PX, NOTE_PX = 420, 96


class KeyImageDialog(QDialog):
    """``title`` and ``note`` hold what was typed once it is accepted."""

    def __init__(self, parent: QWidget | None, key: KeyImage) -> None:
        super().__init__(parent)
        self.setWindowTitle("Key image")
        self.setMinimumWidth(WIDTH_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(6)
        self.name = QLineEdit(key.title)
        self.name.setAccessibleName("Name")
        self.name.selectAll()
        self.words = QPlainTextEdit(key.note)
        self.words.setAccessibleName("Note")
        self.words.setPlaceholderText("What is to be seen here; goes into the report and metrics.json")
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(NOTE_PX)
        for text, field in (("Name", self.name), ("Note", self.words)):
            label = QLabel(text)
            label.setProperty("role", "quiet")
            label.setBuddy(field)
            column.addWidget(label)
            column.addWidget(field)
        column.addSpacing(8)
        buttons = DialogButtons(self, "Keep")
        self.go = buttons.go
        self.name.textChanged.connect(lambda text: self.go.setEnabled(bool(text.strip())))
        column.addLayout(buttons)

    @property
    def title(self) -> str:
        """The name."""
        return " ".join(self.name.text().split())

    @property
    def note(self) -> str:
        """What was written about it."""
        return self.words.toPlainText().strip()
