"""One therapy in a scenario's list: its switch, its place, and its form, which folds."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout

from twinviewer.domain import Parameter, ParameterValue, Therapy
from twinviewer.session.scenarios import called
from twinviewer.session.therapy_use import TherapyUse
from twinviewer.ui.form import Form
from twinviewer.ui.icons import icon
from twinviewer.ui.page import quiet_label
from twinviewer.ui.switch import Switch
from twinviewer.ui.theme import Look

NODE, VEIN = "_node", "_vein"
"""Other ways to give the site that a parameter of that stem names: a clicked point, a vein."""
MOST_SHOWN = 3


class Title(QToolButton):
    """The therapy's name; folds its form. Delete takes the therapy out."""

    delete_asked = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.delete_asked.emit()
        else:
            super().keyPressEvent(event)


class TherapyRow(QFrame):
    """``asked`` carries "up", "down", "remove" or "switch"; ``changed``: a value; ``pick_asked``: as a form's, with the
    kind of site. Alt+Up and Alt+Down move it, Delete on its name takes it out."""

    asked = Signal(str)
    changed = Signal()
    pick_asked = Signal(str, str, bool)

    def __init__(self, therapy: Therapy, use: TherapyUse, look: Look) -> None:
        super().__init__()
        self.setObjectName("card")
        self.therapy, self.look = therapy, look
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 5, 8, 6)
        column.setSpacing(2)
        self.title = Title()
        self.title.setText(f" {therapy.label}")
        self.title.setCheckable(True)
        self.title.setAutoRaise(True)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setIconSize(QSize(10, 10))
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.title.setToolTip(f"{therapy.label}: {therapy.summary}")
        self.title.setAccessibleName(f"{therapy.label}, values")
        self.title.delete_asked.connect(lambda: self.asked.emit("remove"))
        self.switch = Switch(look)
        self.switch.setAccessibleName(f"{therapy.label} on")
        self.switch.setToolTip("Switch it off and keep its values")
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.title, 1)
        head.addWidget(self.switch)
        column.addLayout(head)
        self.summary = quiet_label()
        self.summary.setProperty("role", "small")
        self.up = self._button("up", "Move it up: it then acts earlier (Alt+Up)")
        self.down = self._button("down", "Move it down: it then acts later (Alt+Down)")
        self.remove = self._button("remove", "Take it out of this scenario (Delete)")
        line = QHBoxLayout()
        line.setSpacing(0)
        line.setContentsMargins(4, 0, 0, 0)
        line.addWidget(self.summary, 1)
        for button in (self.up, self.down, self.remove):
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(line)
        hidden = frozenset(p.name for p in therapy.parameters if _is_node(p, therapy.parameters))
        self.form = Form(therapy.parameters, look, hidden)
        self.form.pick_asked.connect(self._pick)
        self.form.changed.connect(self._changed)
        column.addWidget(self.form)
        self.title.toggled.connect(self._fold)
        self.switch.toggled.connect(self._switched)
        for keys, verb in (("Alt+Up", "up"), ("Alt+Down", "down")):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda verb=verb: self.asked.emit(verb))
        look.changed.connect(self._draw)
        self._fold(False)
        self.take(use)

    def _button(self, verb: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(22, 20)
        button.setToolTip(tip)
        button.setAccessibleName(f"{self.therapy.label}: {tip}")
        button.clicked.connect(lambda: self.asked.emit(verb))
        return button

    # What it says ----------------------------------------------------------------------------------------------

    def use(self) -> TherapyUse:
        """The therapy as it stands here."""
        return TherapyUse(self.therapy.name, self.form.values(), self.switch.isChecked())

    def take(self, use: TherapyUse) -> None:
        """Show other values; nothing is emitted."""
        defaults = {p.name: p.default for p in self.therapy.parameters}
        self.form.set_values({**defaults, **use.values})
        with QSignalBlocker(self.switch):
            self.switch.setChecked(use.on)
        self._draw()

    def place(self, at: int, count: int) -> None:
        """Where it stands: what cannot be moved has no arrow."""
        self.up.setVisible(count > 1)
        self.down.setVisible(count > 1)
        self.up.setEnabled(at > 0)
        self.down.setEnabled(at < count - 1)

    def open(self, on: bool) -> None:
        """Fold the form out or in."""
        self.title.setChecked(on)

    def picked(self, parameter: str, choice: str, node: int) -> None:
        """A site was clicked on the heart."""
        self.form.set_values({**self._others(parameter), parameter: choice, f"{parameter}{NODE}": node})
        self.form.set_picking(parameter, False)
        self._draw()
        self.changed.emit()

    def _pick(self, parameter: str, on: bool) -> None:
        declared = next(p for p in self.therapy.parameters if p.name == parameter)
        self.pick_asked.emit(parameter, declared.pick, on)

    def _changed(self, name: str) -> None:
        """A segment chosen from the list replaces a point that was clicked, or a vein, before; and so on."""
        self.form.set_values(self._others(name))
        self._draw()
        self.changed.emit()

    def _others(self, name: str) -> dict[str, ParameterValue]:
        """The other ways to give the same site, at rest."""
        stem = name.removesuffix(VEIN)
        ways = {f"{stem}{NODE}"} | ({f"{stem}{VEIN}"} if name == stem else set())
        return {p.name: p.default for p in self.therapy.parameters if p.name in ways}

    def _switched(self, _: bool) -> None:
        self._draw()
        self.asked.emit("switch")

    def _fold(self, on: bool) -> None:
        self.form.setVisible(on)
        self._draw()

    def _draw(self) -> None:
        t = self.look.tokens
        on = self.switch.isChecked()
        tint = t.text if on else t.quiet
        self.title.setIcon(icon("open" if self.title.isChecked() else "closed", t, t.quiet))
        self.title.setStyleSheet(
            f"QToolButton {{ color: {tint}; font-weight: 600; border: 1px solid transparent; background: transparent;"
            f" padding: 2px 0; text-align: left; border-radius: 4px; }}"
            f" QToolButton:focus {{ border-color: {t.accent}; }}"
        )
        for button, sign in ((self.up, "up"), (self.down, "down"), (self.remove, "trash")):
            button.setIcon(icon(sign, t, t.text))
        self.form.setEnabled(on)
        values = self.form.values()
        for parameter in self.therapy.parameters:
            self._say_overruled(parameter, values)
        said = summary(self.therapy, values)
        name = called(TherapyUse(self.therapy.name, values))
        self.title.setText(f" {name}" if name == self.therapy.label else f" {self.therapy.label}: {name.lower()}")
        self.summary.setText(said if on else f"Off · {said}")

    def _say_overruled(self, parameter: Parameter, values: Mapping[str, ParameterValue]) -> None:
        """On a site's label, that it is given in another way."""
        label = self.form.labels.get(parameter.name)
        for way, words in ((NODE, "a clicked point"), (VEIN, "by vein, see below")):
            other = next((p for p in self.therapy.parameters if p.name == f"{parameter.name}{way}"), None)
            if label is None or other is None:
                continue
            if other.check(values[other.name]) != other.check(other.default):
                label.setText(f"{parameter.label}: {words}")
                return
            label.setText(parameter.label)


def _is_node(parameter: Parameter, declared: tuple[Parameter, ...] | list[Parameter]) -> bool:
    """Whether it is set by clicking on the heart, not by typing."""
    stem = parameter.name.removesuffix(NODE)
    return stem != parameter.name and any(one.name == stem for one in declared)


def summary(therapy: Therapy, values: Mapping[str, ParameterValue]) -> str:
    """Its first value, which tells one drug or site from another, and the first few that are not the usual ones."""
    told = []
    given = {p.name: p.check(values.get(p.name, p.default)) for p in therapy.parameters}
    at_rest = {p.name: given[p.name] == p.check(p.default) for p in therapy.parameters}
    for parameter in therapy.parameters:
        name, first = parameter.name, parameter is therapy.parameters[0]
        if any(not at_rest.get(f"{name}{way}", True) for way in (NODE, VEIN)) or (at_rest[name] and not first):
            continue  # given in another way, or as usual
        if name.endswith(NODE):
            told.append("at a clicked point")
            continue
        shown = next((c.label for c in parameter.choices if c.key == given[name]), None)
        if shown is None:
            on = f"{parameter.label.lower()} {'on' if given[name] else 'off'}"
            shown = (
                on
                if parameter.kind == "switch"
                else f"{parameter.label} {float(given[name]):g} {parameter.unit}".strip()
            )
        told.append(shown)
    if not told:
        return "Usual values"
    more = len(told) - MOST_SHOWN
    return " · ".join(told[:MOST_SHOWN]) + (f" · {more} more" if more > 0 else "")
