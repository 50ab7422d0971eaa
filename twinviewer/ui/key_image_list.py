"""Key images as rows of the case tree: the name, and the way out."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from twinviewer.domain import KeyImage
from twinviewer.ui.key_image_dialog import KeyImageDialog
from twinviewer.ui.theme import Look
from twinviewer.ui.tree_row import TreeRow


class KeyImageRow(TreeRow):
    """Click: go back to that view. Double click or F2: its name and note. The cross removes it, which can be undone."""

    renamed = Signal(str, str, str)

    def __init__(self, look: Look, key: KeyImage) -> None:
        super().__init__(look, key.uid, "star", key.title, what="key image")
        self.key = key
        said = [
            key.title,
            key.note,
            f"W {key.window:.0f}  L {key.level:.0f}",
            "Click to go there, F2 for name and note",
        ]
        self.setToolTip("\n".join(line for line in said if line))
        self.setAccessibleName(f"Key image {key.title}")

    def ask_name(self) -> None:
        """Another name, and a note."""
        dialog = KeyImageDialog(self, self.key)
        if dialog.exec() and dialog.title:
            self.renamed.emit(self.key.uid, dialog.title, dialog.note)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.ask_name()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self.ask_name()
        else:
            super().keyPressEvent(event)
