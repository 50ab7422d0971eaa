"""Which number of a mask, or part of a mesh, is which structure: a table with a guess, for the user to put right."""

import re
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from twinviewer.domain import StructureStyle
from twinviewer.session.mask_import import Row
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.dialog_buttons import DialogButtons
from twinviewer.ui.page import Note, scrolled
from twinviewer.ui.switch import LabelledSwitch
from twinviewer.ui.theme import Look

NOTHING = "Leave out"
_SHOWN_ROWS = 9
_WIDEST_PX = 900


def volume_text(volume_ml: float) -> str:
    """Millilitres as a table shows them."""
    return f"{volume_ml:,.0f} mL".replace(",", "\u202f") if volume_ml >= 9.95 else f"{volume_ml:.2g} mL"


class MaskDialog(QDialog):
    """``chosen`` carries number -> structure, the phase (or None) that a mask of one phase shows, and what else was
    ticked: ``over`` (keep the structures that there are), ``interpolate`` (fill between contours)."""

    chosen = Signal(object, object, object)
    WINDOW, ACTION = "Import mask", "Import"
    QUESTION, INTRO = (
        "Which number is which structure?",
        "What is chosen here takes the place of finding the structures",
    )
    NOUN = "number"
    HEADS = ("NUMBER", "NAME IN THE FILE", "VOLUME", "STRUCTURE")

    def __init__(
        self,
        parent: QWidget | None,
        look: Look,
        rows: Sequence[Row],
        why: str,
        structures: Sequence[str],
        styles: Mapping[str, StructureStyle],
        phases: tuple[int, int],
        any_name: bool = False,
        keeps: bool = False,
        gaps: bool = False,
    ) -> None:
        """phases: of the mask, and of the images. any_name: structures may be called anything. keeps: there are
        structures that may be kept. gaps: contours are missing on slices, and could be filled between."""
        super().__init__(parent)
        self.setWindowTitle(self.WINDOW)
        self.any_name, self.styles = any_name, styles
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel(self.QUESTION)
        head.setProperty("role", "title")
        column.addWidget(head)
        intro = QLabel(f"{why.rstrip('.')}. {self.INTRO}.")
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
        for place, text in enumerate(self.HEADS):
            label = QLabel(text)
            label.setProperty("role", "section")
            grid.addWidget(label, 0, place, right if place in (0, 2) else Qt.AlignmentFlag.AlignLeft)
        self.boxes: dict[int, ComboBox] = {}
        self.volumes: dict[int, QLabel] = {}
        for at, (value, name, volume_ml, guess) in enumerate(rows, start=1):
            grid.addWidget(QLabel(str(value)), at, 0, right)
            said = QLabel(name or "no name")
            said.setProperty("role", "" if name else "quiet")
            grid.addWidget(said, at, 1)
            self.volumes[value] = QLabel(volume_text(volume_ml))
            grid.addWidget(self.volumes[value], at, 2, right)
            box = self._box(f"Structure of number {value}", structures, styles, guess)
            grid.addWidget(box, at, 3)
            self.boxes[value] = box
        area = scrolled(inside)
        area.setMinimumWidth(min(inside.sizeHint().width() + 24, _WIDEST_PX))
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
        self.more(column)
        self.over = self._tick(look, column, "Keep the structures that there are where this names none", keeps)
        self.interpolate = self._tick(look, column, "Fill between contours where slices were skipped", gaps)
        self.note = Note(look)
        column.addWidget(self.note)
        buttons = DialogButtons(self, self.ACTION)
        self.go = buttons.go
        column.addLayout(buttons)
        phase = self.phase
        self.accepted.connect(
            lambda: self.chosen.emit(self.meaning(), None if phase is None else phase.value() - 1, self.options())
        )
        self.setMinimumWidth(560)
        self._told()

    def meaning(self) -> dict[int, str]:
        """Number -> structure, "" where it is left out."""
        out = {}
        for value, box in self.boxes.items():
            typed = box.currentText().strip()
            if self.any_name and typed != box.itemText(box.currentIndex()):
                out[value] = "_".join(re.findall(r"\w+", typed))
            else:
                out[value] = str(box.currentData() or "")
        return out

    def options(self) -> dict[str, object]:
        """What was ticked."""
        return {"over": self.over.isChecked(), "interpolate": self.interpolate.isChecked()}

    def more(self, column: QVBoxLayout) -> None:
        """Room for what another table asks besides."""

    def _tick(self, look: Look, column: QVBoxLayout, text: str, offered: bool) -> LabelledSwitch:
        box = LabelledSwitch(look, text)
        box.setVisible(offered)
        column.addWidget(box)
        return box

    def _box(
        self, called: str, structures: Sequence[str], styles: Mapping[str, StructureStyle], guess: str
    ) -> ComboBox:
        box = ComboBox()
        box.setAccessibleName(called)
        box.addItem(NOTHING, "")
        for one in dict.fromkeys([*([guess] if guess else []), *structures] if self.any_name else structures):
            style = styles.get(one)
            box.addItem(style.label if style else one.replace("_", " "), one)
        box.setEditable(self.any_name)
        box.setCurrentIndex(max(box.findData(guess), 0))
        box.currentTextChanged.connect(self._told)
        return box

    def _told(self, *_: object) -> None:
        chosen = [name for name in self.meaning().values() if name]
        twice = sorted({name for name in chosen if chosen.count(name) > 1})
        self.go.setEnabled(bool(chosen))
        if not chosen:
            self.note.say(f"No {self.NOUN} is given a structure yet", "caution")
        elif twice:
            names = ", ".join(self.styles[one].label if one in self.styles else one.replace("_", " ") for one in twice)
            self.note.say(f"Several {self.NOUN}s together make {names}", "info")
        else:
            self.note.say("")
