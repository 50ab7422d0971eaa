"""The last row of a dialog: Cancel, and the one thing that the dialog is for."""

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton


class DialogButtons(QHBoxLayout):
    """``cancel`` rejects the dialog; ``go`` accepts it and is the primary button."""

    def __init__(self, dialog: QDialog, action: str, *, careful: bool = False) -> None:
        """action: what ``go`` does, in the words on it. careful: Enter presses Cancel, else it presses ``go``."""
        super().__init__()
        self.cancel, self.go = QPushButton("Cancel"), QPushButton(action)
        self.cancel.clicked.connect(dialog.reject)
        self.go.setProperty("role", "primary")
        self.go.clicked.connect(dialog.accept)
        (self.cancel if careful else self.go).setDefault(True)
        self.addStretch(1)
        self.addWidget(self.cancel)
        self.addWidget(self.go)
