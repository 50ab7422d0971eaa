"""Which structure is painted: a chip each with its colour, number and name; add, rename, remove."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from twinviewer.domain import StructureStyle
from twinviewer.ui.farewell import discard
from twinviewer.ui.icons import icon
from twinviewer.ui.theme import Look, luminance, mix, ui_font

ACROSS = 2
_CHIP = QSize(16, 16)


class LabelStructures(QWidget):
    """``chosen`` carries the label value to paint with; ``asked`` "add", "rename" or "remove"."""

    chosen = Signal(int)
    asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.chips: dict[int, QToolButton] = {}
        self._shown: tuple[tuple[int, str, str, str], ...] = ()
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        for side in range(ACROSS):
            self._grid.setColumnStretch(side, 1)
        column.addLayout(self._grid)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.verbs: dict[str, QToolButton] = {}
        for verb, text, sign in (("add", "Add", "add"), ("rename", "Rename", "rename"), ("remove", "Remove", "trash")):
            button = QToolButton()
            button.setText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(14, 14))
            button.setProperty("role", "pill")
            button.setAccessibleName(f"{text} structure")
            button.clicked.connect(lambda _=False, verb=verb: self.asked.emit(verb))
            self.verbs[verb] = button
            row.addWidget(button)
            button.setProperty("sign", sign)
        row.addStretch(1)
        column.addLayout(row)
        look.changed.connect(self._draw)
        self._draw()

    def show_names(self, names: Mapping[int, str], styles: Mapping[str, StructureStyle]) -> None:
        """Show these structures: label value -> name, and how each name is written and coloured."""
        wanted = tuple((value, name, styles[name].label, styles[name].colour) for value, name in sorted(names.items()))
        if wanted == self._shown:
            return
        value_before = self.value
        self._shown = wanted
        for chip in self.chips.values():
            self._group.removeButton(chip)
            chip.hide()
            discard(chip)
        self.chips = {}
        for place, (value, _, label, _) in enumerate(wanted):
            chip = QToolButton()
            chip.setText(label)
            chip.setCheckable(True)
            chip.setProperty("role", "chip")
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setIconSize(_CHIP)
            chip.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            key = f" ({place + 1})" if place < 9 else ""
            chip.setToolTip(f"Paint {label}{key}")
            chip.setAccessibleName(f"Paint {label}")
            chip.clicked.connect(lambda _=False, value=value: self.chosen.emit(value))
            self._group.addButton(chip)
            self.chips[value] = chip
            self._grid.addWidget(chip, place // ACROSS, place % ACROSS)
        self.choose(value_before)
        self._draw()

    @property
    def value(self) -> int:
        """The label value that is chosen; 0 without structures."""
        return next((value for value, chip in self.chips.items() if chip.isChecked()), 0)

    def choose(self, value: int) -> int:
        """Choose a structure, or the first where there is none of that value; the value now chosen."""
        value = value if value in self.chips else next(iter(self.chips), 0)
        if value:
            self.chips[value].setChecked(True)
        for verb in ("rename", "remove"):
            self.verbs[verb].setEnabled(bool(value))
        return value

    def at(self, place: int) -> int:
        """The label value of the structure in a place from 0; 0 where there is none."""
        values = list(self.chips)
        return values[place] if place < len(values) else 0

    def _draw(self) -> None:
        t = self.look.tokens
        for button in self.verbs.values():
            button.setIcon(icon(str(button.property("sign")), t))
        for place, ((_, _, _, colour), chip) in enumerate(zip(self._shown, self.chips.values(), strict=True)):
            key = str(place + 1) if place < 9 else ""
            chip.setIcon(_swatch(colour, mix(colour, t.text, 0.3), key, chip.devicePixelRatioF()))


def _swatch(colour: str, rim: str, key: str, ratio: float) -> QIcon:
    """The colour, with the key that takes it up."""
    size = _CHIP.width()
    sign = QPixmap(round(size * ratio), round(size * ratio))
    sign.setDevicePixelRatio(ratio)
    sign.fill(Qt.GlobalColor.transparent)
    painter = QPainter(sign)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(rim))
    painter.setBrush(QColor(colour))
    box = QRectF(0.5, 0.5, size - 1.0, size - 1.0)
    painter.drawRoundedRect(box, 3, 3)
    painter.setFont(ui_font(11, QFont.Weight.DemiBold))
    painter.setPen(QColor("#101318" if luminance(colour) > 0.18 else "#FFFFFF"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
    painter.end()
    return QIcon(sign)
