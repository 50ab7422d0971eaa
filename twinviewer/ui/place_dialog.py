"""Structures whose references do not hold: on which series their coordinates are to be believed."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from twinviewer.domain import Series
from twinviewer.ui.case_tree import KIND_NAMES, grid_text
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.dialog_buttons import DialogButtons
from twinviewer.ui.theme import Look


class PlaceDialog(QDialog):
    """``chosen`` carries the uid of the series of images on which the structures are put."""

    chosen = Signal(str)

    def __init__(
        self, parent: QWidget | None, look: Look, name: str, fault: str, images: Sequence[Series], at: str
    ) -> None:
        """name: of the structures. fault: what does not hold. at: uid of the series that is offered first."""
        super().__init__(parent)
        self.setWindowTitle("Place structures")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel("Not made on the images that are here")
        head.setProperty("role", "title")
        head.setWordWrap(True)
        column.addWidget(head)
        said = QLabel(f"{name}: {fault[:1].lower()}{fault[1:]}.")
        said.setWordWrap(True)
        column.addWidget(said)
        quiet = QLabel(
            "Their coordinates may hold all the same, for example after a study was anonymised. Put them where the "
            "coordinates say only on images of the same patient and position, and look whether they fit."
        )
        quiet.setProperty("role", "quiet")
        quiet.setWordWrap(True)
        column.addWidget(quiet)
        line = QHBoxLayout()
        label = QLabel("Put them on")
        label.setProperty("role", "quiet")
        self.series = ComboBox()
        self.series.setAccessibleName("Series of images")
        for one in images:
            title = one.description or KIND_NAMES.get(one.kind, one.kind)
            self.series.addItem(f"{title}  ({grid_text(one)})", one.uid)
        self.series.setCurrentIndex(max(self.series.findData(at), 0))
        line.addWidget(label)
        line.addWidget(self.series, 1)
        column.addLayout(line)
        buttons = DialogButtons(self, "Place them there", careful=True)
        self.go = buttons.go
        self.go.setEnabled(bool(images))
        column.addLayout(buttons)
        self.accepted.connect(lambda: self.chosen.emit(str(self.series.currentData())))
        self.setMinimumWidth(520)
