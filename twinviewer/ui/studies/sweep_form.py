"""What is swept: a therapy, and for each of its parameters one value or a range, made from what it declares."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from twinviewer.domain import Parameter, ParameterValue, Therapy
from twinviewer.session.studies.sweep.plan import NOWHERE, SEGMENT_PICKS, axis_values
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.farewell import discard
from twinviewer.ui.form import ChoiceField, NumberField, SwitchField, decimals_of, step_of, tooltip_of
from twinviewer.ui.theme import Look

RANGE_SHARE = 0.2
"""A range is first offered this share of the bounds to both sides of the default."""
COUNT = 5


class SweepForm(QWidget):
    """``changed``: another therapy, value or range."""

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.therapy: Therapy | None = None
        self.rows: dict[str, VaryRow] = {}
        self.box = ComboBox()
        self.box.setAccessibleName("Therapy to sweep")
        self.box.activated.connect(lambda _: self._chosen())
        self._place = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.box)
        hint = QLabel("Tick what is to vary")
        hint.setProperty("role", "small")
        column.addWidget(hint)
        column.addLayout(self._place)
        column.addStretch(1)
        self._inside: QWidget | None = None
        self._therapies: dict[str, Therapy] = {}

    def offer(self, therapies: Mapping[str, Therapy], first: str = "crt") -> None:
        """The therapies to choose from; the one in view stays where it is still offered."""
        if list(therapies) == list(self._therapies):
            return
        self._therapies = dict(therapies)
        now = self.therapy.name if self.therapy is not None else first
        with QSignalBlocker(self.box):
            self.box.clear()
            for name, one in therapies.items():
                self.box.addItem(one.label, name)
                self.box.setItemData(self.box.count() - 1, one.summary, Qt.ItemDataRole.ToolTipRole)
            self.box.setCurrentIndex(max(self.box.findData(now), 0))
        self._chosen()

    def choose(self, name: str) -> None:
        """Show one therapy."""
        self.box.setCurrentIndex(max(self.box.findData(name), 0))
        self._chosen()

    def over(self) -> list[str]:
        """What varies, as on the command line."""
        return [f"{name}={text}" for name, row in self.rows.items() if (text := row.range_text())]

    def values(self) -> dict[str, ParameterValue]:
        """What stays as it is."""
        return {name: row.value() for name, row in self.rows.items() if not row.varies}

    def _chosen(self) -> None:
        therapy = self._therapies.get(str(self.box.currentData()))
        if therapy is None or therapy is self.therapy:
            return
        self.therapy = therapy
        if self._inside is not None:
            self._inside.hide()
            discard(self._inside)
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.rows = {}
        for parameter in therapy.parameters:
            if parameter.pick.endswith("_node"):
                continue  # a point of the mesh is clicked on the heart
            row = VaryRow(parameter, self.look)
            row.changed.connect(partial(self._turned, parameter))
            self.rows[parameter.name] = row
            column.addWidget(row)
        self._place.addWidget(self._inside)
        first = next((row for row in self.rows.values() if row.parameter.pick in SEGMENT_PICKS), None)
        first = first or next((row for row in self.rows.values() if row.parameter.kind == "number"), None)
        if first is not None:
            first.vary(True)
        self.changed.emit()

    def _turned(self, parameter: Parameter) -> None:
        if parameter.pick in SEGMENT_PICKS and self.rows[parameter.name].varies:  # a lead has one place
            for row in self.rows.values():
                if row.parameter.pick in SEGMENT_PICKS and row.parameter.name != parameter.name:
                    row.vary(False)
        self.changed.emit()


class VaryRow(QWidget):
    """One parameter: a tick whether it varies, and below it its value or its range."""

    changed = Signal()

    def __init__(self, parameter: Parameter, look: Look) -> None:
        super().__init__()
        self.parameter = parameter
        self.tick = QCheckBox(parameter.label)
        self.tick.setToolTip(tooltip_of(parameter))
        self.tick.toggled.connect(self._show)
        self.one: NumberField | ChoiceField | SwitchField
        if parameter.kind == "number":
            self.one = NumberField(parameter)
        elif parameter.kind == "choice":
            self.one = ChoiceField(parameter, look)
            if self.one.pick is not None:
                self.one.pick.hide()
        else:
            self.one = SwitchField(parameter, look)
        self.one.changed.connect(lambda _: self.changed.emit())
        self.many: RangeField | ListField | QLabel
        if parameter.kind == "number":
            self.many = RangeField(parameter)
            self.many.changed.connect(self.changed)
        elif parameter.kind == "choice":
            self.many = ListField(parameter)
            self.many.changed.connect(self.changed)
        else:
            self.many = QLabel("off and on")
            self.many.setProperty("role", "quiet")
        self.many.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 2)
        grid.setVerticalSpacing(3)
        grid.addWidget(self.tick, 0, 0)
        grid.addWidget(self.one, 1, 0)
        grid.addWidget(self.many, 2, 0)

    @property
    def varies(self) -> bool:
        """Whether it is ticked."""
        return self.tick.isChecked()

    def vary(self, on: bool) -> None:
        """Tick it or not; emits nothing."""
        with QSignalBlocker(self.tick):
            self.tick.setChecked(on)
        self.one.setVisible(not on)
        self.many.setVisible(on)

    def value(self) -> ParameterValue:
        """The one value."""
        return self.parameter.check(self.one.value())

    def range_text(self) -> str:
        """The range as on the command line, "" where it does not vary."""
        if not self.varies:
            return ""
        return "False,True" if isinstance(self.many, QLabel) else self.many.text()

    def _show(self, on: bool) -> None:
        self.vary(on)
        self.changed.emit()


class RangeField(QWidget):
    """From, to, and how many values, all within the declared bounds."""

    changed = Signal()

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self.parameter = parameter
        step = step_of(parameter)
        least = -1e6 if parameter.minimum is None else parameter.minimum
        most = 1e6 if parameter.maximum is None else parameter.maximum
        reach = RANGE_SHARE * (most - least) if most - least < 1e6 else 10.0 * step
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        default = float(parameter.default)
        self.low, self.high = QDoubleSpinBox(), QDoubleSpinBox()
        ends = (max(least, default - reach), min(most, default + reach))
        for box, end, word in ((self.low, ends[0], "From"), (self.high, ends[1], "To")):
            box.setDecimals(decimals_of(step))
            box.setRange(least, most)
            box.setSingleStep(step)
            box.setValue(least + round((end - least) / step) * step if least > -1e6 else end)
            box.setAlignment(Qt.AlignmentFlag.AlignRight)
            box.setKeyboardTracking(False)
            box.setFixedWidth(66)
            box.setAccessibleName(f"{word}, {parameter.label}")
            box.valueChanged.connect(self.changed)
        self.count = QSpinBox()
        self.count.setRange(1, 50)
        self.count.setValue(COUNT)
        self.count.setFixedWidth(48)
        self.count.setAccessibleName(f"Number of values, {parameter.label}")
        self.count.valueChanged.connect(self.changed)
        for widget in (self.low, _quiet("to"), self.high, _quiet(parameter.unit), _quiet("in"), self.count):
            row.addWidget(widget)
        row.addStretch(1)

    def text(self) -> str:
        """As on the command line."""
        return f"{self.low.value():.9g}:{self.high.value():.9g}:{self.count.value()}"

    def set_range(self, low: float, high: float, count: int) -> None:
        """Show another range."""
        self.low.setValue(low)
        self.high.setValue(high)
        self.count.setValue(count)


class ListField(QWidget):
    """Which choices: a menu in which each is ticked or not."""

    changed = Signal()

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self.parameter = parameter
        self.button = QPushButton()
        self.button.setAccessibleName(f"Choices of {parameter.label}")
        menu = _Menu(self.button)
        self.actions_: dict[str, QAction] = {}
        all_, none = menu.addAction("All"), menu.addAction("None")
        all_.triggered.connect(lambda: self.set_keys(list(self.actions_)))
        none.triggered.connect(lambda: self.set_keys([]))
        menu.addSeparator()
        offered = set(axis_values(parameter))
        for choice in parameter.choices:
            if choice.key == NOWHERE and choice.key not in offered:
                continue
            action = menu.addAction(choice.label)
            action.setCheckable(True)
            action.setChecked(True)
            action.toggled.connect(lambda _: self._told())
            self.actions_[choice.key] = action
        self.button.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button, 1)
        self._told()

    def keys(self) -> list[str]:
        """Those that are ticked."""
        return [key for key, action in self.actions_.items() if action.isChecked()]

    def set_keys(self, keys: Sequence[str]) -> None:
        """Tick exactly these."""
        for key, action in self.actions_.items():
            with QSignalBlocker(action):
                action.setChecked(key in keys)
        self._told()

    def text(self) -> str:
        """As on the command line; never empty, so that nothing ticked is said and not taken for all."""
        return ",".join(self.keys()) or ","

    def _told(self) -> None:
        chosen = self.keys()
        every = len(chosen) == len(self.actions_)
        self.button.setText(f"All {len(chosen)}" if every else f"{len(chosen)} of {len(self.actions_)}")
        self.changed.emit()


class _Menu(QMenu):
    """Stays open while choices are ticked."""

    def mouseReleaseEvent(self, event: object) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            action.toggle()
        else:
            super().mouseReleaseEvent(event)


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "small")
    return label
