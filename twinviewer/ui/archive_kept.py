"""What was retrieved and lies on this machine: how much, and how to be rid of it."""

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox

from twinviewer.domain import TwinviewerError
from twinviewer.session import archive_nodes
from twinviewer.ui.archive_sheet import ArchiveSheet


class ArchiveKept:
    """The line at the foot of the sheet. forgotten: called when all was deleted."""

    def __init__(self, sheet: ArchiveSheet, forgotten: Callable[[], None]) -> None:
        self.sheet, self._forgotten = sheet, forgotten
        sheet.forget_asked.connect(self._ask)

    def weigh(self) -> None:
        """Say how much is kept."""
        size = archive_nodes.retrieved_bytes()
        text = f"{size / 1e6:,.0f} MB kept on this machine" if size >= 1e6 else "Images kept on this machine"
        self.sheet.kept.setText(text.replace(",", "\u202f") if size else "")
        self.sheet.forget.setVisible(bool(size))
        self.sheet.forget.setToolTip(f"Delete all that was retrieved: {archive_nodes.retrieved_folder()}")

    def _ask(self) -> None:
        box = QMessageBox(self.sheet)
        box.setWindowTitle("Delete what was retrieved")
        box.setText("Delete all images that were retrieved from archives?")
        box.setInformativeText(
            "Cases that were saved with their images keep them; larger ones only refer to these, and would miss them. "
            "They can be retrieved again."
        )
        delete = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Keep", QMessageBox.ButtonRole.RejectRole)
        box.exec()
        if box.clickedButton() is delete:
            self.forget()

    def forget(self) -> None:
        """Delete them."""
        try:
            archive_nodes.forget_retrieved()
        except TwinviewerError as error:
            self.sheet.note.say(str(error), "alarm")
        self.weigh()
        self._forgotten()
