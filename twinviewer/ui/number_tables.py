"""Tables of numbers: measured values with their provenance, and what a therapy changes."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from twinviewer.domain import Comparison, Quantity
from twinviewer.report.measures import GROUPS, LONG, group_of, over_surface, paired
from twinviewer.session.metric_names import label_of, number_of, order_of, short_of
from twinviewer.session.norms import ABOVE, BELOW, Norm
from twinviewer.ui.farewell import discard
from twinviewer.ui.theme import Look

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


_MARKS = {ABOVE: "▲", BELOW: "▼"}
_INDENT = "\u2003"
"""Before what is said of a structure that the row above has named."""
NO_NORMS: Mapping[str, Norm] = {}


def provenance(name: str, quantity: Quantity, norm: Norm | None = None) -> str:
    """Where a number comes from, and what is usual, as a tooltip."""
    value = f"{number_of(name, quantity.value)} {quantity.unit}"
    if quantity.low is not None and quantity.high is not None:
        value += f" (90 %: {number_of(name, quantity.low)} to {number_of(name, quantity.high)})"
    text = f"<b>{label_of(name)}</b><br>{value}<br>{quantity.origin}<br><i>{quantity.source}</i>"
    if norm is not None:
        verdict = norm.verdict(quantity.value)
        reach = " (its interval reaches into it)" if verdict and _reaches(quantity, norm) else ""
        text += f"<br>{verdict.capitalize() or 'Within'} the usual range {norm.said} {quantity.unit}{reach}"
        text += f"<br><i>{norm.origin}</i>"
    return text


def _reaches(quantity: Quantity, norm: Norm) -> bool:
    ends = (quantity.low, quantity.high)
    return any(end is not None and not norm.verdict(end) for end in ends)


def marked(name: str, quantity: Quantity, norm: Norm | None) -> tuple[str, str]:
    """A value as text with a mark where it is out of the usual range, and the role that colours it."""
    verdict = "" if norm is None else norm.verdict(quantity.value)
    text = number_of(name, quantity.value)
    return (f"{_MARKS[verdict]} {text}", "caution") if verdict else (text, "")


def _cell(text: str, role: str = "", align: Qt.AlignmentFlag = _RIGHT) -> QLabel:
    label = QLabel(text)
    label.setAlignment(align)
    if role:
        label.setProperty("role", role)
    return label


class _Table(QWidget):
    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(8)
        self.grid.setVerticalSpacing(5)
        self.grid.setColumnStretch(0, 1)
        self.rows: tuple[tuple[str, ...], ...] = ()

    def _clear(self) -> None:
        while self.grid.count():
            widget = self.grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                discard(widget)


class MeasureTable(_Table):
    """Name, value, unit; the tooltip says origin, source and what is usual. Long lists stand in groups under headings.

    Where measures were also made by discs, or over body surface, these stand in columns of their own.
    """

    def show_values(
        self,
        values: Mapping[str, Quantity],
        only: Sequence[str] = (),
        groups: Sequence[str] = GROUPS,
        norms: Mapping[str, Norm] = NO_NORMS,
    ) -> None:
        """Show quantities, known ones first; ``only`` limits them to some names, ``groups`` to some groups. norms: what
        is usual, by name; a value outside is marked."""
        names = [n for n in sorted(values, key=order_of) if (not only or n in only) and group_of(n) in groups]
        pairs = paired(names)
        indexed = over_surface(list(pairs))
        pairs = {name: discs for name, discs in pairs.items() if name not in indexed.values()}
        twice = any(pairs.values())
        headed = len(pairs) >= LONG
        if headed:
            pairs = dict(sorted(pairs.items(), key=lambda pair: GROUPS.index(group_of(pair[0]))))
        shown = {n: marked(n, values[n], norms.get(n)) for n in (*pairs, *pairs.values(), *indexed.values()) if n}
        rows = tuple(
            (
                n,
                shown[n][0],
                shown[d][0] if d else "",
                _unit(values[n].unit),
                shown[indexed[n]][0] if n in indexed else "",
            )
            for n, d in pairs.items()
        )
        if rows == self.rows:
            return
        self.rows = rows
        self._clear()
        left = Qt.AlignmentFlag.AlignLeft
        line, under, above = 0, "", ""
        heads = ["", "Model" if twice else "", "Discs" if twice else "", "", "per m²" if indexed else ""]
        if any(heads):
            for column, text in enumerate(heads):
                if text:
                    self.grid.addWidget(_cell(text, "small"), line, column)
            line += 1
        for name, value, by_discs, unit, over in rows:
            if headed and group_of(name) != under:
                under = group_of(name)
                head = _cell(under, "small", left | Qt.AlignmentFlag.AlignBottom)
                head.setFixedHeight(head.sizeHint().height() + (6 if line else 0))
                self.grid.addWidget(head, line, 0)
                line += 1
            label, _, part = label_of(name).partition(", ")
            short = f"{_INDENT}{part}" if part and label == above else label_of(name)
            above = label
            texts = (short, value, by_discs, unit, over)
            of = (name, name, pairs[name] or name, name, indexed.get(name, name))
            for column, (text, source) in enumerate(zip(texts, of, strict=True)):
                if (column == 2 and not twice) or (column == 4 and not over):
                    continue
                role = ("quiet", shown[name][1], "quiet", "small", shown[source][1] or "quiet")[column]
                cell = _cell(text, role, left if column in (0, 3) else _RIGHT)
                cell.setWordWrap(column == 0)
                if column == 3:
                    cell.setAlignment(left | Qt.AlignmentFlag.AlignVCenter)
                cell.setToolTip(provenance(source, values[source], norms.get(source)))
                self.grid.addWidget(cell, line, column)
            line += 1


def _unit(unit: str) -> str:
    """A unit as shown: a ratio has none."""
    return "" if unit == "1" else unit


class DeltaTable(_Table):
    """Metric, baseline, scenario, change with unit. Colours are those of the scenarios, never a verdict."""

    def show_comparison(
        self, comparison: Comparison | None, label: str = "", colours: tuple[str, str] = ("", ""),
        sources: tuple[Mapping[str, Quantity], Mapping[str, Quantity]] = ({}, {}), only: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Show the differences; None clears."""
        deltas = [] if comparison is None else [d for d in comparison.deltas if not only or d.name in only]
        deltas.sort(key=lambda d: order_of(d.name))
        rows = tuple((d.name, number_of(d.name, d.baseline), number_of(d.name, d.other)) for d in deltas)
        key = (*rows, (label, *colours))
        if key == self.rows:
            return
        self.rows = key
        self._clear()
        if not deltas:
            return
        for column, (text, colour) in enumerate((("", ""), ("Base", colours[0]), (label, colours[1]), ("Change", ""))):
            head = _cell(text, "small")
            if column == 2:
                head.setToolTip(label)
                head.setText(head.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, 64))
            if colour:
                head.setStyleSheet(f"border-bottom: 2px solid {colour}; padding-bottom: 2px;")
            self.grid.addWidget(head, 0, column)
        for row, delta in enumerate(deltas, start=1):
            shown = number_of(delta.name, abs(delta.change))
            still = not any(digit in "123456789" for digit in shown)
            sign = "" if still else "+" if delta.change > 0 else "−"
            quiet = self.look.tokens.quiet
            name = _cell(
                f"{short_of(delta.name)} <span style='color:{quiet};font-size:11px'>{delta.unit}</span>",
                "",
                Qt.AlignmentFlag.AlignLeft,
            )
            name.setWordWrap(True)
            change = _cell(f"{sign}{shown}", "" if still else "strong")
            percent = "" if delta.percent is None else f" ({delta.percent:+.0f} %)"
            cells = (name, _cell(rows[row - 1][1], "quiet"), _cell(rows[row - 1][2]), change)
            tips = [
                label_of(delta.name),
                *(provenance(delta.name, s[delta.name]) if delta.name in s else "" for s in sources),
            ]
            tips.append(f"{delta.change:+.3g} {delta.unit}{percent}")
            for column, (cell, tip) in enumerate(zip(cells, tips, strict=True)):
                cell.setToolTip(tip)
                self.grid.addWidget(cell, row, column)
