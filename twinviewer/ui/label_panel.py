"""The controls of the hand that mends labels: tool, structure, size, what may be painted over, and grey values."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from twinviewer.domain import LabelMap, Parameter, StructureStyle
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.form import NumberField
from twinviewer.ui.icons import icon
from twinviewer.ui.label_structures import LabelStructures
from twinviewer.ui.label_tool_box import LabelToolBox
from twinviewer.ui.page import Note, quiet_label
from twinviewer.ui.theme import Look

PAINT, ERASE, RANGE, GROW, TRACE = "paint", "erase", "range", "grow", "trace"
BRUSHES = (PAINT, ERASE, RANGE)


@dataclass(frozen=True, slots=True)
class LabelTool:
    """A tool of the row. text: under its icon; title: in the menu; key: of its shortcut; hint: what the hand does."""

    name: str
    text: str
    title: str
    sign: str
    key: str
    hint: str


LABEL_TOOLS = (
    LabelTool(
        PAINT, "Paint", "Paint", "segment", "Shift+P", "Drag in a slice, or on the surface in 3D. Ctrl+drag erases."
    ),
    LabelTool(ERASE, "Erase", "Erase", "erase", "Shift+E", "Drag over what does not belong, in a slice or in 3D."),
    LabelTool(
        RANGE, "Threshold", "Threshold paint", "threshold", "Shift+T",
        "Paints only where the image lies in the range, marked yellow in the slices.",
    ),
    LabelTool(GROW, "Grow", "Grow from seeds", "grow", "Shift+G", ""),
    LabelTool(TRACE, "Trace", "Trace level", "outline", "Shift+L", ""),
)  # fmt: skip
RADIUS = Parameter(
    "radius_mm", "Radius", "number", 5.0, "The user's choice", "mm", 0.5, 30.0, 0.5, help="Ctrl+wheel, or [ and ]"
)
LOW = Parameter("low", "From", "number", 150.0, "The user's choice", "HU", -1024.0, 3071.0, 10.0)
HIGH = Parameter("high", "To", "number", 600.0, "The user's choice", "HU", -1024.0, 3071.0, 10.0)
ANYTHING, NOTHING = "*", ""
"""What may be painted over: all, or the background alone. Else a structure's name."""


class LabelPanel(QWidget):
    """``changed`` when another brush, tool or structure is wanted; the others carry what was asked for."""

    changed = Signal()
    tool_chosen = Signal(str)
    structure_asked = Signal(str)
    whole_asked = Signal(str)
    done = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._tool = self._brush = PAINT
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._row_of_tools())
        self.structures = LabelStructures(look)
        self.structures.chosen.connect(lambda _: self.changed.emit())
        self.structures.asked.connect(self.structure_asked)
        column.addWidget(self.structures)
        self.radius = NumberField(RADIUS)
        self.low, self.high = NumberField(LOW), NumberField(HIGH)
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        self._fields = QGridLayout()
        self._fields.setContentsMargins(0, 0, 0, 0)
        self._fields.setHorizontalSpacing(8)
        self._fields.setVerticalSpacing(2)
        self._fields.setColumnStretch(1, 1)
        for name, field in (("radius", self.radius), ("low", self.low), ("high", self.high)):
            label = quiet_label(field.parameter.label)
            label.setToolTip(field.parameter.help)
            field.setToolTip(field.parameter.help)
            field.changed.connect(lambda _: self.changed.emit())
            self._add_row(name, label, field)
        self.over = ComboBox()
        self.over.setAccessibleName("Paint over")
        self.over.setToolTip("What the brush may take the place of")
        self.over.activated.connect(lambda _: self.changed.emit())
        self._over_label = quiet_label("Paint over")
        self._add_row("over", self._over_label, self.over)
        self._add_row("reach_of", quiet_label("Reaches"), self._pills())
        column.addLayout(self._fields)
        self.box = LabelToolBox(look)
        column.addWidget(self.box)
        self.note = Note(look)
        column.addWidget(self.note)
        self.hint = quiet_label()
        self.hint.setProperty("role", "small")
        column.addWidget(self.hint)
        row = QHBoxLayout()
        self.whole = QPushButton("Whole structure")
        self.whole.setToolTip("Smooth, fill, split and more, on all of the chosen structure")
        self.menu = QMenu(self.whole)
        self.menu.setToolTipsVisible(True)
        self.whole.setMenu(self.menu)
        self.finish = QPushButton("Done")
        self.finish.setToolTip("Leave the hand (Esc)")
        self.finish.clicked.connect(self.done)
        row.addWidget(self.whole, 1)
        row.addWidget(self.finish)
        column.addLayout(row)
        look.changed.connect(self._draw)
        self._draw()
        self.choose_tool(PAINT)
        self.hide()

    def _row_of_tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        self.tools: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        for tool in LABEL_TOOLS:
            button = QToolButton()
            button.setText(tool.text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(QSize(20, 20))
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setToolTip(f"{tool.title} ({tool.key}) {tool.hint}".rstrip())
            button.setAccessibleName(tool.title)
            button.setProperty("role", "tool")
            button.clicked.connect(lambda _=False, name=tool.name: self._tool_clicked(name))
            self._group.addButton(button)
            self.tools[tool.name] = button
            row.addWidget(button, 1)
        return row

    def _pills(self) -> QWidget:
        place = QWidget()
        row = QHBoxLayout(place)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        group = QButtonGroup(self)
        self.flat, self.ball = QToolButton(), QToolButton()
        for button, text, tip in (
            (self.flat, "This slice", "A disc in the slice under the pointer"),
            (self.ball, "3D ball", "A ball through the slices, too"),
        ):
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setCheckable(True)
            button.setProperty("role", "pill")
            button.clicked.connect(lambda _=False: self.changed.emit())
            group.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        self.flat.setChecked(True)
        return place

    def _add_row(self, name: str, label: QWidget, field: QWidget) -> None:
        row = self._fields.rowCount()
        label.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self._fields.addWidget(label, row, 0)
        self._fields.addWidget(field, row, 1)
        self._rows[name] = (label, field)

    def _draw(self) -> None:
        for tool in LABEL_TOOLS:
            self.tools[tool.name].setIcon(icon(tool.sign, self.look.tokens))

    # What is chosen --------------------------------------------------------------------------------------------

    @property
    def tool(self) -> str:
        """The name of the tool in hand."""
        return self._tool

    def _tool_clicked(self, name: str) -> None:
        self.choose_tool(name)
        self.tool_chosen.emit(name)

    def choose_tool(self, name: str) -> None:
        """Take up another tool, with the fields that it needs: one of the row, or of the session by name."""
        self._tool = name
        brush = name in BRUSHES
        if brush:
            self._brush = name
        self._group.setExclusive(False)  # a tool of the menu presses none of them
        for one, button in self.tools.items():
            button.setChecked(one == name)
        self._group.setExclusive(True)
        level = name == RANGE
        shown = {"radius": brush, "reach_of": brush, "over": brush, "low": level, "high": level}
        for row, on in shown.items():
            for widget in self._rows[row]:
                widget.setVisible(on)
        self._over_label.setText("Take away" if name == ERASE else "Paint over")
        hint = next((tool.hint for tool in LABEL_TOOLS if tool.name == name), "")
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    @property
    def brush(self) -> str:
        """The brush that was in hand last."""
        return self._brush

    def show_box(self, labels: LabelMap | None) -> None:
        """Show the numbers of a tool that is no brush, for the chosen structure."""
        if self._tool in BRUSHES:
            self.box.show_tool(None, labels, "")
            return
        from twinviewer.session.label_tools import TOOLS

        active = "" if labels is None else labels.names.get(self.value, "")
        self.box.show_tool(TOOLS[self._tool], labels, active, closes=self._tool not in self.tools)

    @property
    def value(self) -> int:
        """The label value of the chosen structure, 0 for none."""
        return self.structures.value

    @property
    def radius_mm(self) -> float:
        """Of the brush."""
        return self.radius.value()

    def resize_brush(self, steps: int) -> None:
        """Larger or smaller by a seventh a step, and by half a millimetre at least."""
        old = self.radius.value()
        new = old
        for _ in range(abs(steps)):
            new = new + max(new / 7.0, 0.5) if steps > 0 else new - max(new / 8.0, 0.5)
        self.radius.set_value(round(2.0 * new) / 2.0)
        if self.radius.value() != old:
            self.changed.emit()

    @property
    def may_replace(self) -> str:
        """ANYTHING, NOTHING (the background alone), or a structure's name."""
        return str(self.over.currentData() if self.over.currentIndex() >= 0 else ANYTHING)

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest grey value that the threshold brush paints."""
        low, high = self.low.value(), self.high.value()
        return min(low, high), max(low, high)

    # What is shown ---------------------------------------------------------------------------------------------

    def show_structures(self, names: Mapping[int, str], styles: Mapping[str, StructureStyle]) -> None:
        """Show these structures: label value -> name."""
        self.structures.show_names(names, styles)
        wanted = [(ANYTHING, "Anything"), (NOTHING, "Background only")]
        wanted += [(name, f"{styles[name].label} only") for _, name in sorted(names.items())]
        if [self.over.itemData(n) for n in range(self.over.count())] != [data for data, _ in wanted]:
            before = self.may_replace
            self.over.clear()
            for data, text in wanted:
                self.over.addItem(text, data)
            self.over.setCurrentIndex(max(self.over.findData(before), 0))

    def set_range(self, low: float, high: float, unit: str) -> None:
        """Between which grey values the range can be set, and their unit."""
        for field in (self.low, self.high):
            value = field.value()
            field.box.setRange(low, high)
            field.set_unit(unit)
            field.set_value(value)
