"""What was measured of each structure of an organ whose structures have any names."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from twinviewer.domain import Quantity, StructureStyle
from twinviewer.report.structures import ROWS, WHOLE, by_structure, plain
from twinviewer.session.metric_names import number_of
from twinviewer.ui.farewell import discard
from twinviewer.ui.number_tables import provenance
from twinviewer.ui.theme import Look


class StructureMeasures(QWidget):
    """A heading with its colour for each structure, and its numbers below; the tooltip says where each is from."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(8)
        self.grid.setVerticalSpacing(4)
        self.grid.setColumnStretch(0, 1)
        self.shown: tuple[tuple[str, float], ...] = ()

    def show_values(
        self, values: Mapping[str, Quantity], structures: tuple[str, ...], styles: Mapping[str, StructureStyle]
    ) -> None:
        """Show the measures of these structures."""
        key = tuple((name, quantity.value) for name, quantity in values.items())
        if key == self.shown:
            return
        self.shown = key
        while self.grid.count():
            widget = self.grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                discard(widget)
        found, apart = by_structure(values, structures)
        line = 0
        for one, rows in found.items():
            style = styles.get(one)
            line = self._head(line, style.label if style else plain(one), style.colour if style else "")
            for row, label in ROWS:
                if row in rows:
                    line = self._row(line, label, rows[row], values[rows[row]], whole=row in WHOLE)
        if apart:
            line = self._head(line, "Between centres", "")
            for label, name in apart.items():
                line = self._row(line, label, name, values[name])

    def _head(self, line: int, text: str, colour: str) -> int:
        dot = f"<span style='color:{colour};font-size:15px'>●</span>&nbsp; " if colour else ""
        head = QLabel(f"{dot}<b>{text}</b>")
        head.setTextFormat(Qt.TextFormat.RichText)
        head.setContentsMargins(0, 6 if line else 0, 0, 0)
        self.grid.addWidget(head, line, 0, 1, 3)
        return line + 1

    def _row(self, line: int, label: str, name: str, quantity: Quantity, *, whole: bool = False) -> int:
        value = f"{quantity.value:.0f}" if whole else number_of(name, quantity.value)
        cells = (QLabel(label), QLabel(value), QLabel(quantity.unit))
        for column, (cell, role) in enumerate(zip(cells, ("quiet", "", "small"), strict=True)):
            cell.setProperty("role", role)
            cell.setToolTip(provenance(name, quantity))
            side = Qt.AlignmentFlag.AlignRight if column == 1 else Qt.AlignmentFlag.AlignLeft
            cell.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.grid.addWidget(cell, line, column)
        cells[0].setWordWrap(True)
        return line + 1
