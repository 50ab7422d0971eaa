"""What a scan knows of one series before it is opened: its slices and phases, and every file or fault by name."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from twinviewer.domain import Series, SliceGrid
from twinviewer.session.grid_text import summary
from twinviewer.ui.grid_canvas import LACKING, MORE, ODD, THERE, GridCanvas, colour_of
from twinviewer.ui.theme import Look

MOST_LINES = 200


class SeriesSheet(QFrame):
    """A popover beside a series' row. Escape or a click elsewhere closes it."""

    open_asked = Signal(str)

    def __init__(self, parent: QWidget, look: Look, series: Series, title: str, usable: bool) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("seriesSheet")
        t = look.tokens
        self.setStyleSheet(f"#seriesSheet {{ background: {t.panel}; border: 1px solid {t.line}; }}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.look, self.series = look, series
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self._label(title, "strong"))
        if series.grid is not None:
            column.addWidget(self._label(summary(series.grid), "quiet"))
            column.addWidget(self._scrolled(GridCanvas(look, series.grid)))
            if not series.grid.complete:
                column.addWidget(self._legend(series.grid))
        faults = [row for row in (series.grid.rows if series.grid is not None else ()) if row.odd]
        lines = [f"{row.label}: {row.odd}" for row in faults] + [warning.text for warning in series.warnings]
        if lines:
            column.addWidget(self._lines(lines))
        if usable:
            go = QPushButton("Open series")
            go.setProperty("role", "primary")
            go.clicked.connect(self._open)
            foot = QHBoxLayout()
            foot.addStretch(1)
            foot.addWidget(go)
            column.addLayout(foot)
            go.setFocus()

    def show_beside(self, row: QWidget) -> None:
        """Beside the row, within the screen."""
        self.adjustSize()
        screen = row.screen() or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        at = row.mapToGlobal(QPoint(row.width() + 8, 0))
        x = min(at.x(), room.right() - self.width() - 8)
        y = min(at.y(), room.bottom() - self.height() - 8)
        self.move(max(x, room.left() + 8), max(y, room.top() + 8))
        self.show()

    def _open(self) -> None:
        self.open_asked.emit(self.series.uid)
        self.close()

    def _label(self, text: str, role: str) -> QLabel:
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setProperty("role", role)
        label.setWordWrap(True)
        label.setMaximumWidth(560)
        return label

    def _scrolled(self, inside: QWidget) -> QScrollArea:
        area = QScrollArea()
        area.setWidget(inside)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tall = inside.height() > 420
        area.setFixedSize(inside.width() + (16 if tall else 2), min(inside.height() + 2, 420))
        _see_through(area, inside)
        return area

    def _lines(self, lines: list[str]) -> QWidget:
        shown = lines[:MOST_LINES]
        if len(lines) > MOST_LINES:
            shown.append(f"and {len(lines) - MOST_LINES} more")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for line in shown:
            column.addWidget(self._label(line, "caution"))
        inside.setFixedWidth(560)
        inside.adjustSize()
        return inside if inside.height() <= 260 else self._scrolled_lines(inside)

    def _scrolled_lines(self, inside: QWidget) -> QScrollArea:
        area = QScrollArea()
        area.setWidget(inside)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedSize(inside.width() + 16, 260)
        _see_through(area, inside)
        return area

    def _legend(self, grid: SliceGrid) -> QWidget:
        box = QWidget()
        line = QHBoxLayout(box)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        t = self.look.tokens
        counts = {THERE: 1, LACKING: grid.lacking, MORE: grid.duplicates, ODD: grid.odd}
        for state, count in counts.items():
            if not count:
                continue
            swatch = QLabel()
            swatch.setFixedSize(11, 11)
            fill = "transparent" if state == LACKING else colour_of(state, t, True).name()
            edge = t.caution if state == LACKING else fill
            swatch.setStyleSheet(f"background: {fill}; border: 1px solid {edge};")
            line.addWidget(swatch)
            line.addWidget(self._label(state, "small"))
            line.addSpacing(10)
        line.addStretch(1)
        return box


def _see_through(area: QScrollArea, inside: QWidget) -> None:
    """On the sheet's own colour, and not on a box of another one."""
    area.viewport().setAutoFillBackground(False)
    inside.setAutoFillBackground(False)
