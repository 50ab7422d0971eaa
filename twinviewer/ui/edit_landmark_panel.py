"""The controls for valves and apex: a name each to go to, and the aortic hinge points."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from twinviewer.session.landmarks import HINGES, LANDMARKS
from twinviewer.ui.farewell import discard
from twinviewer.ui.page import Note, quiet_label
from twinviewer.ui.theme import Look

HINT = "Drag a point in a slice or in 3D. A ring is a point that lies off the slice: click its name to go there."
WHY_HINGES = (
    "The aortic ring is measured in the plane of the cusps' three hinge points, once they are placed: drag each to the "
    "lowest place of its cusp."
)


class LandmarkPanel(QWidget):
    """``sought`` carries a name to go to; the others are its buttons."""

    sought = Signal(str)
    hinges_asked = Signal(bool)
    done = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QLabel("VALVES AND APEX")
        head.setProperty("role", "section")
        column.addWidget(head)
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        column.addLayout(self._grid)
        self.names: dict[str, QToolButton] = {}
        self.hint = quiet_label(HINT)
        self.hint.setProperty("role", "small")
        column.addWidget(self.hint)
        self.why = quiet_label(WHY_HINGES)
        self.why.setProperty("role", "small")
        column.addWidget(self.why)
        self.note = Note(look)
        column.addWidget(self.note)
        row = QHBoxLayout()
        self.hinges = QPushButton("Place aortic hinge points")
        self.hinges.clicked.connect(lambda: self.hinges_asked.emit(HINGES[0] not in self.names))
        self.finish = QPushButton("Done")
        self.finish.clicked.connect(self.done)
        row.addWidget(self.hinges, 1)
        row.addWidget(self.finish)
        column.addLayout(row)
        self.hide()

    def show_names(self, names: tuple[str, ...], possible: bool) -> None:
        """One row a landmark. possible: whether there are labels that hinge points can be found in."""
        self.hinges.setText("Remove hinge points" if HINGES[0] in names else "Place aortic hinge points")
        self.hinges.setEnabled(possible or HINGES[0] in names)
        self.why.setVisible(possible or HINGES[0] in names)
        if tuple(self.names) == names:
            return
        for button in self.names.values():
            button.hide()
            discard(button)
        self.names = {}
        for place, name in enumerate(names):
            button = QToolButton()
            button.setText(LANDMARKS[name])
            button.setToolTip("Go there in the slices")
            button.setProperty("role", "pill")
            button.clicked.connect(lambda _=False, name=name: self.sought.emit(name))
            self.names[name] = button
            self._grid.addWidget(button, place // 2, place % 2)
