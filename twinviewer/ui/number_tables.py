"""Tables of numbers: measured values with their provenance, and what a therapy changes."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from twinviewer.domain import Comparison, Quantity
from twinviewer.report.measures import GROUPS, LONG, group_of, paired
from twinviewer.session.metric_names import label_of, number_of, order_of, short_of
from twinviewer.ui.theme import Look

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def provenance(name: str, quantity: Quantity) -> str:
    """Where a number comes from, as a tooltip."""
    value = f"{number_of(name, quantity.value)} {quantity.unit}"
    if quantity.low is not None and quantity.high is not None:
        value += f" (90 %: {number_of(name, quantity.low)} to {number_of(name, quantity.high)})"
    return f"<b>{label_of(name)}</b><br>{value}<br>{quantity.origin}<br><i>{quantity.source}</i>"


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
                widget.deleteLater()


class MeasureTable(_Table):
    """Name, value, unit; the tooltip says origin and source. Long lists stand in groups under headings.

    Where measures were also made by discs, these stand in a column of their own.
    """

    def show_values(
        self, values: Mapping[str, Quantity], only: Sequence[str] = (), groups: Sequence[str] = GROUPS
    ) -> None:
        """Show quantities, known ones first; ``only`` limits them to some names, ``groups`` to some groups."""
        names = [n for n in sorted(values, key=order_of) if (not only or n in only) and group_of(n) in groups]
        pairs = paired(names)
        twice = any(pairs.values())
        headed = len(pairs) >= LONG
        if headed:
            pairs = dict(sorted(pairs.items(), key=lambda pair: GROUPS.index(group_of(pair[0]))))
        rows = tuple(
            (n, number_of(n, values[n].value), number_of(n, values[d].value) if d else "", values[n].unit)
            for n, d in pairs.items()
        )
        if rows == self.rows:
            return
        self.rows = rows
        self._clear()
        left = Qt.AlignmentFlag.AlignLeft
        line, under = 0, ""
        if twice:
            for column, text in ((1, "Model"), (2, "Discs")):
                self.grid.addWidget(_cell(text, "small"), line, column)
            line += 1
        for name, value, by_discs, unit in rows:
            if headed and group_of(name) != under:
                under = group_of(name)
                head = _cell(under, "small", left | Qt.AlignmentFlag.AlignBottom)
                head.setFixedHeight(head.sizeHint().height() + (6 if line else 0))
                self.grid.addWidget(head, line, 0)
                line += 1
            cells = [_cell(label_of(name), "quiet", left), _cell(value), _cell(by_discs, "quiet"), _cell(unit, "small")]
            cells[0].setWordWrap(True)
            cells[3].setAlignment(left | Qt.AlignmentFlag.AlignVCenter)
            for column, cell in enumerate(cells):
                source = pairs[name] if column == 2 and pairs[name] else name
                cell.setToolTip(provenance(source, values[source]))
                if column != 2 or twice:
                    self.grid.addWidget(cell, line, column)
                else:
                    cell.deleteLater()
            line += 1


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
