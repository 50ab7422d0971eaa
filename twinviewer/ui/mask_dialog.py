"""Which number of a mask is which structure: a table with a guess, for the user to put right."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from twinviewer.domain import StructureStyle
from twinviewer.session.mask_import import Row
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.page import Note
from twinviewer.ui.theme import Look

NOTHING = "Leave out"
_SHOWN_ROWS = 9


class MaskDialog(QDialog):
    """``chosen`` carries number -> structure, and the phase (or None) that a mask of one phase shows."""

    chosen = Signal(object, object)

    def __init__(
        self,
        parent: QWidget | None,
        look: Look,
        rows: Sequence[Row],
        why: str,
        structures: Sequence[str],
        styles: Mapping[str, StructureStyle],
        phases: tuple[int, int],
    ) -> None:
        """phases: of the mask, and of the images."""
        super().__init__(parent)
        self.setWindowTitle("Import mask")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel("Which number is which structure?")
        head.setProperty("role", "title")
        column.addWidget(head)
        intro = QLabel(f"{why}. What is chosen here takes the place of finding the structures.")
        intro.setProperty("role", "quiet")
        intro.setWordWrap(True)
        column.addWidget(intro)
        inside = QWidget()
        inside.setObjectName("page")
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for place, text in enumerate(("NUMBER", "NAME IN THE FILE", "VOLUME", "STRUCTURE")):
            label = QLabel(text)
            label.setProperty("role", "section")
            grid.addWidget(label, 0, place, right if place in (0, 2) else Qt.AlignmentFlag.AlignLeft)
        self.boxes: dict[int, ComboBox] = {}
        for at, (value, name, volume_ml, guess) in enumerate(rows, start=1):
            grid.addWidget(QLabel(str(value)), at, 0, right)
            said = QLabel(name or "no name")
            said.setProperty("role", "" if name else "quiet")
            grid.addWidget(said, at, 1)
            grid.addWidget(QLabel(f"{volume_ml:.0f} mL"), at, 2, right)
            box = ComboBox()
            box.setAccessibleName(f"Structure of number {value}")
            box.addItem(NOTHING, "")
            for one in structures:
                style = styles.get(one)
                box.addItem(style.label if style else one.replace("_", " "), one)
            box.setCurrentIndex(max(box.findData(guess), 0))
            box.currentIndexChanged.connect(self._told)
            grid.addWidget(box, at, 3)
            self.boxes[value] = box
        area = QScrollArea()
        area.setObjectName("panelScroll")
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setMinimumHeight(min(inside.sizeHint().height() + 6, 34 * (_SHOWN_ROWS + 1)))
        column.addWidget(area, 1)
        self.phase: QSpinBox | None = None
        if phases[0] == 1 and phases[1] > 1:
            line = QHBoxLayout()
            says = QLabel(f"The mask shows one phase; the images have {phases[1]}. It is phase")
            says.setProperty("role", "quiet")
            self.phase = QSpinBox()
            self.phase.setRange(1, phases[1])
            self.phase.setAccessibleName("Phase of the mask")
            line.addWidget(says)
            line.addWidget(self.phase)
            line.addStretch(1)
            column.addLayout(line)
        self.note = Note(look)
        column.addWidget(self.note)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.reject)
        self.go = QPushButton("Import")
        self.go.setProperty("role", "primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self.accept)
        buttons.addWidget(cancel)
        buttons.addWidget(self.go)
        column.addLayout(buttons)
        phase = self.phase
        self.accepted.connect(lambda: self.chosen.emit(self.meaning(), None if phase is None else phase.value() - 1))
        self.setMinimumWidth(560)
        self._told()

    def meaning(self) -> dict[int, str]:
        """Number -> structure, "" where it is left out."""
        return {value: str(box.currentData() or "") for value, box in self.boxes.items()}

    def _told(self, *_: object) -> None:
        chosen = [name for name in self.meaning().values() if name]
        twice = sorted({name for name in chosen if chosen.count(name) > 1})
        self.go.setEnabled(bool(chosen))
        if not chosen:
            self.note.say("No number is given a structure yet", "caution")
        elif twice:
            names = ", ".join(name.replace("_", " ") for name in twice)
            self.note.say(f"Several numbers together make {names}", "info")
        else:
            self.note.say("")
