"""The Timeline panel: the chart, the entries of the row in view, and what the last records changed."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from twinviewer.session.case import Case, Change, EarlierTwin
from twinviewer.session.comparison import compare
from twinviewer.session.metric_names import HEADLINE, label_of, number_of
from twinviewer.session.records_update import earlier_baseline
from twinviewer.session.timeline import Row, record_label, timeline_rows, value_text
from twinviewer.ui.farewell import discard
from twinviewer.ui.page import scrolled
from twinviewer.ui.theme import Look
from twinviewer.ui.timeline import TimelineChart
from twinviewer.ui.timeline_dates import date_text

SIDE_PX = 456
EMPTY = (
    "No records yet. Add an ECG, a FHIR bundle, a table of vitals or a wearable's file; each value then stands here "
)
EMPTY += "with its date, and the newest is the one that the twin uses."
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


class TimelinePanel(QWidget):
    """``add_asked``: choose records. ``back_asked`` carries the position of the earlier twin that is wanted back."""

    add_asked = Signal()
    back_asked = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.look = look
        self._case = Case()
        self._shown: object = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.chart = TimelineChart(look)
        self.chart.row_chosen.connect(self._show_row)
        self.empty = QWidget()
        self.empty.setObjectName("page")
        column = QVBoxLayout(self.empty)
        column.setContentsMargins(16, 12, 16, 12)
        says = QLabel(EMPTY)
        says.setProperty("role", "quiet")
        says.setWordWrap(True)
        self.add = QPushButton("Add records…")
        self.add.clicked.connect(self.add_asked)
        column.addWidget(says)
        column.addWidget(self.add, 0, _LEFT)
        column.addStretch(1)
        self.main = QStackedWidget()
        self.main.addWidget(self.empty)
        self.main.addWidget(scrolled(self.chart))
        row.addWidget(self.main, 1)
        self.side = QWidget()
        self.side.setObjectName("page")
        self.side.setFixedWidth(SIDE_PX)
        beside = QVBoxLayout(self.side)
        beside.setContentsMargins(0, 4, 0, 0)
        beside.setSpacing(2)
        pills = QHBoxLayout()
        pills.setContentsMargins(10, 0, 8, 0)
        pills.setSpacing(4)
        self.pages = QStackedWidget()
        self._group = QButtonGroup(self)
        self.pills: list[QToolButton] = []
        for at, text in enumerate(("Entries", "What changed")):
            pill = QToolButton()
            pill.setText(text)
            pill.setProperty("role", "pill")
            pill.setCheckable(True)
            pill.setIconSize(QSize(0, 0))
            self._group.addButton(pill, at)
            pills.addWidget(pill)
            self.pills.append(pill)
        self._group.idClicked.connect(self.pages.setCurrentIndex)
        pills.addStretch(1)
        self.more = QToolButton()
        self.more.setText("Add records…")
        self.more.setProperty("role", "pill")
        self.more.clicked.connect(self.add_asked)
        pills.addWidget(self.more)
        beside.addLayout(pills)
        beside.addWidget(self.pages, 1)
        self.entries, self.changes = _Grid(), _Grid()
        self.pages.addWidget(scrolled(self.entries))
        self.pages.addWidget(scrolled(self.changes))
        row.addWidget(self.side)
        self.pills[0].setChecked(True)

    def show_case(self, case: Case) -> None:
        """Show what is known of the patient of this case."""
        self._case = case
        key = (id(case.records), tuple(case.setup_values.items()), case.earlier, [id(s.run) for s in case.scenarios])
        if key == self._shown:
            return
        self._shown = key
        rows = timeline_rows(case)
        self.chart.show_rows(rows)
        self.main.setCurrentIndex(1 if rows else 0)
        self.side.setVisible(bool(rows))
        if rows and self.chart.chosen < 0:
            self.chart.chosen = 0
        if rows:
            self._show_row(rows[self.chart.chosen], turn=False)
        self.pills[1].setEnabled(bool(case.earlier))
        self.pills[1].setToolTip("" if case.earlier else "Newer records have not changed the twin yet")
        self._show_changes()
        if not case.earlier:
            self.turn_to(0)

    def turn_to(self, page: int) -> None:
        """0: the entries of a row. 1: what changed."""
        self.pills[page].setChecked(True)
        self.pages.setCurrentIndex(page)

    def _show_row(self, row: Row, turn: bool = True) -> None:
        grid = self.entries
        grid.clear()
        grid.say(0, 0, row.label, "strong", span=3)
        if row.by_hand:
            grid.say(1, 0, f"The twin uses {row.by_hand}.", "caution", span=3)
        line = 2
        for point in reversed(row.points):
            unit = f" {row.unit}" if row.unit else ""
            grid.say(line, 0, date_text(point.when)[:10], "" if point.in_use else "quiet")
            grid.say(line, 1, f"{point.text}{unit}", "strong" if point.in_use else "quiet", align=_RIGHT)
            said = row.verdict if point.in_use else point.why_not
            grid.say(line, 2, said, "good" if said == "in use" else "quiet", wrap=True)
            parts = (point.source, "" if point.file in point.source else point.file)
            said = " · ".join(part for part in parts if part)
            grid.say(line + 1, 0, said, "small", span=3, wrap=True)
            line += 2
        grid.end(line, (0, 0, 1))
        if turn:
            self.turn_to(0)

    def _show_changes(self) -> None:
        grid, earlier = self.changes, self._case.earlier
        grid.clear()
        line = 0
        for at in range(len(earlier) - 1, -1, -1):
            line = self._show_twin(at, earlier[at], line)
        grid.end(line, (1, 0, 0, 0, 0))

    def _show_twin(self, at: int, twin: EarlierTwin, line: int) -> int:
        """What came after an earlier twin: before, after, and how its simulated numbers moved."""
        grid = self.changes
        newest = at == len(self._case.earlier) - 1
        grid.say(line, 0, twin.label, "strong", wrap=True)
        for text, column in (("BEFORE", 1), ("AFTER", 3)):
            grid.say(line, column, text, "section", align=_RIGHT)
        line += 1
        for change in twin.changes:
            self._change(line, change)
            line += 1
        for name, before, after, unit in self._simulated(twin) if newest else ():
            grid.say(line, 0, label_of(name), "quiet", wrap=True)
            grid.say(line, 1, number_of(name, before), "quiet", align=_RIGHT)
            grid.say(line, 3, f"{number_of(name, after)} {unit}", align=_RIGHT)
            grid.say(line, 4, "simulated", "small")
            line += 1
        back = QPushButton("Bring this twin back")
        back.setProperty("role", "link")
        back.setToolTip("Its records, settings and runs take the place of the present ones, which are kept here")
        back.clicked.connect(lambda: self.back_asked.emit(at))
        grid.put(line, back)
        return line + 1

    def _change(self, line: int, change: Change) -> None:
        grid = self.changes
        grid.say(line, 0, record_label(change.kind, change.name), "quiet", wrap=True)
        if change.kind == "value":
            was = value_text(change.name, change.before) if change.before is not None else "–"
            unit = change.after.unit if change.after is not None else ""
            now = f"{value_text(change.name, change.after)} {unit}" if change.after is not None else "–"
        else:
            was, now = ("yes" if change.was else "–"), ("yes" if change.is_now else "over")
        before = grid.say(line, 1, was, "quiet", align=_RIGHT)
        before.setToolTip("" if change.before is None else f"{change.before.origin}: {change.before.source}")
        grid.say(line, 2, (change.before_when[:10] or "undated") if change.was else "", "small")
        after = grid.say(line, 3, now, "strong", align=_RIGHT)
        after.setToolTip("" if change.after is None else f"{change.after.origin}: {change.after.source}")
        grid.say(line, 4, change.after_when[:10] or "undated", "small")

    def _simulated(self, twin: EarlierTwin) -> tuple[tuple[str, float, float, str], ...]:
        """Headline metrics of both twins' baselines, once both have run on one model."""
        was, now = earlier_baseline(twin), self._case.baseline
        if was is None or now is None or was.run is None or now.run is None:
            return ()
        if was.setup.mesh.uid != now.setup.mesh.uid:
            return ()
        deltas = {delta.name: delta for delta in compare(was, now).deltas}
        found = [deltas[name] for name in HEADLINE if name in deltas]
        return tuple((delta.name, delta.baseline, delta.other, delta.unit) for delta in found)


class _Grid(QWidget):
    """Labels in a grid."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 4, 10, 8)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)

    def clear(self) -> None:
        """Take all away."""
        while self._grid.count():
            widget = self._grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                discard(widget)
        for line in range(self._grid.rowCount()):
            self._grid.setRowStretch(line, 0)

    def say(
        self, line: int, column: int, text: str, role: str = "", *, span: int = 1, wrap: bool = False,
        align: Qt.AlignmentFlag = _LEFT,
    ) -> QLabel:  # fmt: skip
        """Put a text into a cell."""
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(wrap)
        label.setAlignment(align | Qt.AlignmentFlag.AlignTop)
        if wrap:
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            label.setProperty("role", role)
        self._grid.addWidget(label, line, column, 1, span)
        return label

    def put(self, line: int, widget: QWidget) -> None:
        """Put a widget over the whole width."""
        self._grid.addWidget(widget, line, 0, 1, 5, _LEFT)

    def end(self, line: int, stretch: tuple[int, ...]) -> None:
        """Push everything to the top. stretch: how the columns share what is left of the width."""
        self._grid.setRowStretch(line, 1)
        for column, share in enumerate(stretch):
            self._grid.setColumnStretch(column, share)

    def texts(self) -> list[str]:
        """What is said, in order."""
        items = (self._grid.itemAt(at) for at in range(self._grid.count()))
        return [w.text() for item in items if item is not None and isinstance(w := item.widget(), QLabel)]
