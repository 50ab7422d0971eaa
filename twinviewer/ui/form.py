"""Parameter → widget. Everything a form shows comes from the declared Parameter: bounds, step, unit, choices, help."""

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from twinviewer.domain import Parameter, ParameterValue
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.icons import icon
from twinviewer.ui.switch import Switch
from twinviewer.ui.theme import Look

TICKS = 1000
CLICKED = ("_segment", "_node")
"""Kinds of site that a click on the heart gives."""


class _Spin(QDoubleSpinBox):
    """A number box that leaves the wheel to the scrolling panel unless it has the focus."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _Slider(QSlider):
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def step_of(parameter: Parameter) -> float:
    """The declared step, else a hundredth of the range rounded down to 1, 2 or 5 of its decade."""
    if parameter.step:
        return parameter.step
    if parameter.minimum is None or parameter.maximum is None or parameter.maximum <= parameter.minimum:
        return 1.0
    raw = (parameter.maximum - parameter.minimum) / 100
    decade = 10.0 ** math.floor(math.log10(raw))
    return max(f for f in (1.0, 2.0, 5.0) if f * decade <= raw * 1.0001) * decade


def decimals_of(step: float) -> int:
    """How many decimals a step needs."""
    return max(0, min(6, -math.floor(math.log10(step) + 1e-9)))


def tooltip_of(parameter: Parameter) -> str:
    """Help, bounds, default and source as one tooltip."""
    lines = [f"<b>{parameter.label}</b>"]
    if parameter.help:
        lines.append(parameter.help)
    if parameter.kind == "number" and parameter.minimum is not None and parameter.maximum is not None:
        lines.append(f"{parameter.minimum:g} to {parameter.maximum:g} {parameter.unit}, default {parameter.default:g}")
    lines.append(f"<i>Source: {parameter.source}</i>")
    return "<br>".join(lines)


class NumberField(QWidget):
    """A slider and a box that always agree and never leave the declared bounds."""

    changed = Signal(float)

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self.parameter = parameter
        self.step = step_of(parameter)
        low = -1e6 if parameter.minimum is None else parameter.minimum
        high = 1e6 if parameter.maximum is None else parameter.maximum
        self.box = _Spin()
        self.box.setDecimals(decimals_of(self.step))
        self.box.setRange(low, high)
        self.box.setSingleStep(self.step)
        self.box.setKeyboardTracking(False)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.box.setFixedWidth(72)
        self.box.setAccessibleName(parameter.label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.slider: QSlider | None = None
        if parameter.minimum is not None and parameter.maximum is not None:
            self.slider = _Slider(Qt.Orientation.Horizontal)
            self.slider.setRange(0, TICKS)
            self.slider.setMinimumWidth(48)
            self.slider.setAccessibleName(parameter.label)
            self.slider.valueChanged.connect(self._slid)
            row.addWidget(self.slider, 1)
        row.addWidget(self.box)
        self._unit = QLabel(parameter.unit)
        self._unit.setProperty("role", "small")
        self._unit.setMinimumWidth(34)
        row.addWidget(self._unit)
        self.box.valueChanged.connect(self._typed)
        self.set_value(float(parameter.default))

    def value(self) -> float:
        """The value, in the parameter's unit, within its bounds."""
        return self.box.value()

    def set_unit(self, unit: str) -> None:
        """Write another unit behind the number."""
        self._unit.setText(unit)

    def set_value(self, value: ParameterValue) -> None:
        """Show a value; out of bounds it is clamped."""
        with QSignalBlocker(self.box):
            self.box.setValue(float(value))
        self._place()

    def _place(self) -> None:
        if self.slider is not None:
            with QSignalBlocker(self.slider):
                low, high = self.box.minimum(), self.box.maximum()
                self.slider.setValue(round((self.box.value() - low) / max(high - low, 1e-12) * TICKS))

    def _slid(self, tick: int) -> None:
        low, high = self.box.minimum(), self.box.maximum()
        raw = low + (high - low) * tick / TICKS
        self.box.setValue(low + round((raw - low) / self.step) * self.step)

    def _typed(self, value: float) -> None:
        self._place()
        self.changed.emit(value)


class ChoiceField(QWidget):
    """A list of choices, and a button to click the choice in 3D where the parameter says what may be picked."""

    changed = Signal(str)
    pick_asked = Signal(bool)

    def __init__(self, parameter: Parameter, look: Look) -> None:
        super().__init__()
        self.box = ComboBox()
        self.box.setAccessibleName(parameter.label)
        self.box.setMinimumContentsLength(8)
        self.box.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for choice in parameter.choices:
            self.box.addItem(choice.label, choice.key)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.box, 1)
        self.pick: QToolButton | None = None
        if parameter.pick.endswith(CLICKED):
            self.pick = QToolButton()
            self.pick.setCheckable(True)
            self.pick.setIcon(icon("pick", look.tokens, look.tokens.accent_text))
            self.pick.setToolTip("Click the site on the 3D heart instead")
            self.pick.setAccessibleName(f"Pick {parameter.label} on the heart")
            self.pick.toggled.connect(self.pick_asked)
            row.addWidget(self.pick)
        self.set_value(parameter.default)
        self.box.currentIndexChanged.connect(lambda _: self.changed.emit(self.value()))

    def value(self) -> str:
        """The key of the chosen entry."""
        return str(self.box.currentData())

    def set_value(self, value: ParameterValue) -> None:
        """Choose by key; an unknown key leaves the choice as it is."""
        index = self.box.findData(value)
        if index >= 0:
            with QSignalBlocker(self.box):
                self.box.setCurrentIndex(index)


class SwitchField(QWidget):
    """An on/off parameter."""

    changed = Signal(bool)

    def __init__(self, parameter: Parameter, look: Look) -> None:
        super().__init__()
        self.box = Switch(look)
        self.box.setAccessibleName(parameter.label)
        self.box.setChecked(bool(parameter.check(parameter.default)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        row.addStretch(1)
        self.box.toggled.connect(self.changed)

    def value(self) -> bool:
        """On or off."""
        return self.box.isChecked()

    def set_value(self, value: ParameterValue) -> None:
        """Show a state."""
        with QSignalBlocker(self.box):
            self.box.setChecked(bool(value))
        self.box.update()


Field = NumberField | ChoiceField | SwitchField


class Form(QWidget):
    """A form made from declared Parameters. ``changed`` carries the name; ``pick_asked`` the name, and on or off."""

    changed = Signal(str)
    pick_asked = Signal(str, bool)

    def __init__(self, parameters: Sequence[Parameter], look: Look, hidden: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.parameters = tuple(parameters)
        self.fields: dict[str, Field] = {}
        self.labels: dict[str, QLabel] = {}
        self.touched: set[str] = set()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        row = 0
        for parameter in self.parameters:
            field = self._field(parameter, look)
            self.fields[parameter.name] = field
            if parameter.name in hidden:
                field.setParent(self)
                field.hide()
                continue
            label = QLabel(parameter.label)
            label.setProperty("role", "quiet")
            label.setWordWrap(True)
            label.setToolTip(tooltip_of(parameter))
            self.labels[parameter.name] = label
            field.setToolTip(tooltip_of(parameter))
            if isinstance(field, SwitchField):
                line = QHBoxLayout()
                line.addWidget(label, 1)
                line.addWidget(field)
                grid.addLayout(line, row, 0)
                row += 1
            else:
                grid.addWidget(label, row, 0)
                grid.addWidget(field, row + 1, 0)
                row += 2
            grid.setRowMinimumHeight(row, 2)
            row += 1

    def show_field(self, name: str, on: bool) -> None:
        """Show or hide one field with its label."""
        for widget in (self.labels.get(name), self.fields.get(name)):
            if widget is not None:
                widget.setVisible(on)

    def _field(self, parameter: Parameter, look: Look) -> Field:
        field: Field
        if parameter.kind == "number":
            field = NumberField(parameter)
        elif parameter.kind == "choice":
            field = ChoiceField(parameter, look)
            field.pick_asked.connect(lambda on, name=parameter.name: self.pick_asked.emit(name, on))
        else:
            field = SwitchField(parameter, look)
        field.changed.connect(lambda _, name=parameter.name: self._changed(name))
        return field

    def _changed(self, name: str) -> None:
        self.touched.add(name)
        self.changed.emit(name)

    def chosen(self) -> dict[str, ParameterValue]:
        """Only what the user has set: a default says nothing about this patient."""
        return {name: value for name, value in self.values().items() if name in self.touched}

    def values(self) -> dict[str, ParameterValue]:
        """Every parameter's value, checked against its own declaration."""
        return {p.name: p.check(self.fields[p.name].value()) for p in self.parameters}

    def set_values(self, values: Mapping[str, ParameterValue]) -> None:
        """Show values; names that the form does not know are ignored. Emits nothing."""
        for name, value in values.items():
            if name in self.fields:
                self.fields[name].set_value(value)

    def set_picking(self, name: str, on: bool) -> None:
        """Press or release the pick button of a parameter."""
        field = self.fields.get(name)
        if isinstance(field, ChoiceField) and field.pick is not None:
            field.pick.setChecked(on)
