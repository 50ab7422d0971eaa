"""One tool for a whole structure, with its numbers: try it, keep it or take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from twinviewer.domain import LabelMap, ParameterValue
from twinviewer.scene.palette import ANATOMY
from twinviewer.ui.farewell import discard
from twinviewer.ui.form import Form
from twinviewer.ui.page import quiet_label
from twinviewer.ui.theme import Look

if TYPE_CHECKING:
    from twinviewer.session.label_tools import Tool

CLICK = "Click in a slice."
SUITS: dict[str, dict[str, ParameterValue]] = {"smooth": {"over": "anything"}}
"""Where the first choice is another one in the window: a smoothed border moves between neighbours, too."""


class LabelToolBox(QWidget):
    """``asked`` when the tool is to act, with True where it is only to be tried; ``kept`` what was tried stays or goes;
    ``left`` the box is closed; ``cancelled`` what runs is not wanted any more."""

    asked = Signal(bool)
    kept = Signal(bool)
    cancelled = Signal()
    left = Signal()
    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.tool: Tool | None = None
        self.form: Form | None = None
        self._touched: dict[str, dict[str, ParameterValue]] = {}
        self._shown: tuple[object, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.head = QLabel()
        self.head.setProperty("role", "strong")
        self.summary = quiet_label()
        self.summary.setProperty("role", "small")
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the structure")
        self.name.returnPressed.connect(lambda: self.asked.emit(False))
        self._place = QVBoxLayout()
        self.hint = QLabel(CLICK)
        self.hint.setProperty("role", "strong")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.try_, self.apply = QPushButton("Preview"), QPushButton("Apply")
        self.keep, self.back = QPushButton("Keep"), QPushButton("Take back")
        self.stop, self.close_ = QPushButton("Cancel"), QPushButton("Close")
        for button in (self.apply, self.keep):
            button.setProperty("role", "primary")
        self.try_.clicked.connect(lambda: self.asked.emit(True))
        self.apply.clicked.connect(lambda: self.asked.emit(False))
        self.keep.clicked.connect(lambda: self.kept.emit(True))
        self.back.clicked.connect(lambda: self.kept.emit(False))
        self.stop.clicked.connect(self.cancelled)
        self.close_.clicked.connect(self.left)
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.try_, self.apply, self.keep, self.back, self.stop, self.close_):
            row.addWidget(button)
        for widget in (self.head, self.summary, self.name):
            column.addWidget(widget)
        column.addLayout(self._place)
        column.addWidget(self.hint)
        column.addWidget(self.bar)
        column.addLayout(row)
        self.hide()

    def show_tool(self, tool: Tool | None, labels: LabelMap | None, active: str, *, closes: bool = True) -> None:
        """Show a tool's numbers; None hides the box. active: the structure that it acts on. closes: whether it stands
        for itself, not for a tool of the row."""
        self.setVisible(tool is not None)
        if tool is None or labels is None:
            self.tool = None
            return
        key = (tool.name, active, tuple(labels.names.items()))
        if key != self._shown:
            self._shown = key
            self._fill(tool, labels, active)
        self.tool = tool
        self._closes = closes
        self.head.setVisible(closes)
        self.head.setText(tool.label)
        self.summary.setText(tool.summary)
        self.say("")

    def _fill(self, tool: Tool, labels: LabelMap, active: str) -> None:
        from twinviewer.session.label_tools import parameters_of

        if self.form is not None:
            if self.tool is not None:
                self._touched[self.tool.name] = self.form.chosen()
            self._place.removeWidget(self.form)
            self.form.hide()
            discard(self.form)
            self.form = None
        parameters = parameters_of(tool, labels, active)
        named = any(one.pick == "name" for one in parameters)
        self.name.setVisible(named)
        if named:
            known = [name for name in ANATOMY if name not in labels.names.values()]
            self.name.setText(active if tool.name == "rename" else "")
            self.name.setPlaceholderText(f"Name, for instance {known[0]}" if known else "Name")
        plain = [replace(one, pick="") for one in parameters if one.pick not in ("structure", "name")]
        if plain:
            self.form = Form(plain, self.look)
            self.form.set_values({**SUITS.get(tool.name, {}), **self._touched.get(tool.name, {})})
            self.form.touched |= set(self._touched.get(tool.name, {})) & {one.name for one in plain}
            self.form.changed.connect(self._changed)
            self._place.addWidget(self.form)

    def _changed(self, _: str) -> None:
        self.say("")
        self.changed.emit()

    def values(self, active: str) -> dict[str, ParameterValue]:
        """What the tool is to be given."""
        found: dict[str, ParameterValue] = dict(self.form.values()) if self.form is not None else {}
        if self.tool is not None:
            for one in self.tool.parameters:
                if one.pick == "structure":
                    found[one.name] = active
                elif one.pick == "name":
                    found[one.name] = "_".join(self.name.text().lower().split())
        return found

    @property
    def waits_for_click(self) -> bool:
        """Whether it acts where the images are clicked, and not before."""
        if self.tool is None:
            return False
        values: Mapping[str, ParameterValue] = {} if self.form is None else self.form.values()
        wants = values.get("what") == "clicked" or float(values.get("mend_mm", 0.0)) > 0.0
        return self.tool.points in ("one", "many") or wants

    def say(self, state: str, fraction: float = 0.0) -> None:
        """ "" ready, "running", or "tried": a result is in view that is not kept yet."""
        ready = state == ""
        clicked = self.waits_for_click
        changes_names = self.tool is not None and self.tool.group == "structures"
        for button, on in (
            (self.try_, ready and not clicked and not changes_names), (self.apply, ready and not clicked),
            (self.keep, state == "tried"), (self.back, state == "tried"), (self.stop, state == "running"),
            (self.close_, ready and self._closes),
        ):  # fmt: skip
            button.setVisible(on)
        self.hint.setVisible(ready and clicked)
        self.bar.setVisible(state == "running")
        self.bar.setRange(0, 100 if fraction > 0.0 else 0)
        self.bar.setValue(round(100 * fraction))
        if state == "tried":
            self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    _closes = True
