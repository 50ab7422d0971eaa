"""What differs between scenarios: each in a column against the reference, with change, interval and, by a source, the
word better or worse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from twinviewer.domain import Delta, Quantity
from twinviewer.session.case import Scenario
from twinviewer.session.directions import BETTER, verdict
from twinviewer.session.finding import NOT_APART, is_same, percent_of, signed, still
from twinviewer.session.metric_names import label_of, number_of, short_of
from twinviewer.ui.farewell import discard
from twinviewer.ui.number_tables import provenance
from twinviewer.ui.theme import Look

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
UP, DOWN = "↑", "↓"
NO_INTERVAL = "interval not computed"
HEAD_PX, NAME_PX = 62, 76


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A scenario and its changes against the reference."""

    scenario: Scenario
    deltas: Mapping[str, Delta]


def interval_of(delta: Delta) -> str:
    """ "−38 to −22", "" where nobody has computed it."""
    if delta.low is None or delta.high is None:
        return ""
    return f"{signed(delta.name, delta.low)} to {signed(delta.name, delta.high)}"


class ComparisonTable(QWidget):
    """One row a metric. Arrow and word carry the verdict, colour only repeats it."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.rows: tuple[tuple[str, ...], ...] = ()
        self._key: tuple[object, ...] = ()
        self._given: tuple[Scenario | None, tuple[Column, ...], tuple[str, ...]] = (None, (), ())
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(6)
        self.grid.setVerticalSpacing(6)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        look.changed.connect(self._draw)

    def show_columns(self, reference: Scenario | None, columns: Sequence[Column], names: Sequence[str]) -> None:
        """Show these metrics; without a reference nothing."""
        self._given = (reference, tuple(columns), tuple(names))
        rows = tuple(
            (name, *(f"{d.baseline}{d.other}{d.low}{d.high}" for c in columns if (d := c.deltas.get(name)) is not None))
            for name in names
        )
        heads = tuple((s.label, s.colour) for s in (reference, *(c.scenario for c in columns)) if s is not None)
        if (rows, heads) != self._key:
            self._key = (rows, heads)
            self._draw()

    def _clear(self) -> None:
        while self.grid.count():
            widget = self.grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                discard(widget)
        for column in range(self.grid.columnCount()):
            self.grid.setColumnStretch(column, 0)

    def _draw(self) -> None:
        reference, columns, names = self._given
        self._clear()
        self.rows = ()
        if reference is None or not columns or not names:
            return
        known: Mapping[str, Quantity] = {} if reference.run is None else reference.run.metrics
        alone = len(columns) == 1
        self.grid.setColumnStretch(0, 1)
        self.grid.setColumnMinimumWidth(0, NAME_PX)
        heads = [(reference.label, reference.colour), *((c.scenario.label, c.scenario.colour) for c in columns)]
        for place, (label, colour) in enumerate(heads, start=1):
            self.grid.addWidget(self._head(label, colour), 0, place, _RIGHT)
        if alone:
            self.grid.addWidget(_label("Change", _RIGHT, "small"), 0, 3)
        shown = []
        for line, name in enumerate(names, start=1):
            first = next((c.deltas[name] for c in columns if name in c.deltas), None)
            if first is None:
                continue
            self.grid.addWidget(self._name(first), line, 0)
            base = _label(number_of(name, first.baseline), _RIGHT, "quiet")
            base.setToolTip(provenance(name, known[name]) if name in known else label_of(name))
            self.grid.addWidget(base, line, 1)
            texts = [name, number_of(name, first.baseline)]
            for place, column in enumerate(columns, start=2):
                delta = column.deltas.get(name)
                if delta is None:
                    self.grid.addWidget(_label("–", _RIGHT, "quiet"), line, place)
                    texts.append("–")
                    continue
                value = number_of(name, delta.other)
                lines = self._change(delta, known, alone)
                metrics = {} if column.scenario.run is None else column.scenario.run.metrics
                if alone:
                    cell = _label(value, _RIGHT)
                    cell.setToolTip(provenance(name, metrics[name]) if name in metrics else label_of(name))
                    self.grid.addWidget(cell, line, 2)
                    change = _label("<br>".join(lines), _RIGHT)
                    self.grid.addWidget(change, line, 3)
                else:
                    change = _label("<br>".join((value, *lines)), _RIGHT)
                    self.grid.addWidget(change, line, place)
                change.setToolTip(self._tip(delta, known, metrics))
                texts += [value, said(delta, known)]
            shown.append(tuple(texts))
        self.rows = tuple(shown)

    def _head(self, label: str, colour: str) -> QLabel:
        head = _label("", _RIGHT, "small")
        head.setText(head.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, HEAD_PX))
        head.setToolTip(label)
        head.setStyleSheet(f"border-bottom: 2px solid {colour}; padding-bottom: 2px;")
        return head

    def _name(self, delta: Delta) -> QLabel:
        quiet = self.look.tokens.quiet
        unit = "" if delta.unit == "1" else delta.unit
        name = _label(f"{short_of(delta.name)} <span style='color:{quiet};font-size:11px'>{unit}</span>", _LEFT)
        name.setWordWrap(True)
        name.setMinimumWidth(NAME_PX)
        name.setToolTip(label_of(delta.name))
        return name

    def _change(self, delta: Delta, known: Mapping[str, Quantity], alone: bool) -> list[str]:
        """The lines of a cell: change with percent; interval; word."""
        t = self.look.tokens
        small = f"<span style='color:{t.quiet};font-size:11px'>{{}}</span>"
        if is_same(delta):
            return [f"0 {small.format('same')}"]
        if still(delta):
            return [signed(delta.name, delta.change)]
        share = small.format(percent_of(delta)) if percent_of(delta) else ""
        lines = [f"<b>{signed(delta.name, delta.change)}</b>"]
        if share and alone:
            lines[0] += f"&nbsp; {share}"
        elif share:
            lines.append(share)
        if delta.low is not None:
            lines.append(small.format(interval_of(delta)))
        if delta.apart is False:
            lines.append(small.format(NOT_APART))
        found = verdict(delta, known)
        if found is not None:
            colour = (t.good if found.word == BETTER else t.alarm) if found.sure else t.quiet
            lines.append(f"<span style='color:{colour};font-size:11px'>{said(delta, known)}</span>")
        return lines

    def _tip(self, delta: Delta, known: Mapping[str, Quantity], metrics: Mapping[str, Quantity]) -> str:
        parts = [f"<b>{label_of(delta.name)}</b>", f"{delta.change:+.4g} {delta.unit}".replace("-", "−")]
        if percent_of(delta):
            parts[-1] += f" ({percent_of(delta)})"
        parts.append(f"90 % interval: {interval_of(delta)} {delta.unit}" if delta.low is not None else NO_INTERVAL)
        if delta.apart is False:
            parts.append(f"The interval contains 0: the two {NOT_APART}")
        found = verdict(delta, known)
        if found is not None:
            parts.append(f"{found.word.capitalize()}{'' if found.sure else '?'}: {found.rule.said}")
        if delta.name in metrics:
            parts.append(f"<i>{metrics[delta.name].source}</i>")
        return "<br>".join(parts)


def said(delta: Delta, known: Mapping[str, Quantity]) -> str:
    """ "↓ better", "↑ worse?", "same", "cannot be told apart" or ""; a question mark where no interval is known."""
    if is_same(delta):
        return "same"
    if still(delta):
        return ""
    if delta.apart is False:
        return NOT_APART
    found = verdict(delta, known)
    if found is None:
        return ""
    return f"{UP if delta.change > 0 else DOWN} {found.word}{'' if found.sure else '?'}"


def _label(text: str, align: Qt.AlignmentFlag, role: str = "") -> QLabel:
    label = QLabel(text)
    label.setAlignment(align)
    if role:
        label.setProperty("role", role)
    return label
