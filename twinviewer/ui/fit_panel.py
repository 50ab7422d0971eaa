"""How well the baseline fits this patient: measured beside simulated, and what the measurements tell of each parameter.

A residual is a bar in errors of its measurement; what lies beyond two of them is no fit. A parameter is a dot with its
90 % interval on the band that the population has; hollow where these data cannot tell it.
"""

from math import log

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from twinviewer.domain import BaselineFit, FittedParameter, Residual
from twinviewer.report.fit_words import asked, counted, origin_of, parameter_label
from twinviewer.session.metric_names import label_of, number_of, short_of
from twinviewer.ui.farewell import discard
from twinviewer.ui.page import Note, quiet_label
from twinviewer.ui.theme import Look

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
REACH = 3.0
"""Errors to the end of a bar's scale; beyond, an arrowhead."""


class _Mark(QWidget):
    """A small drawing in a row of the panel."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.setMinimumWidth(56)
        self.setFixedHeight(14)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(76, 14)

    def _painter(self) -> QPainter:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        return painter


class ResidualBar(_Mark):
    """Simulated less measured, in errors: a bar from the middle, on the band in which it fits."""

    def __init__(self, look: Look, residual: Residual) -> None:
        super().__init__(look)
        self.residual = residual
        text = f"{residual.errors:+.1f} errors of the measurement".replace("-", "−")
        self.setAccessibleName(f"{label_of(residual.name)}: {text}")

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = self.look.tokens, self._painter()
        width, height = float(self.width()), float(self.height())
        middle, scale = width / 2.0, (width / 2.0 - 4.0) / REACH
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(QRectF(middle - 2.0 * scale, 1.0, 4.0 * scale, height - 2.0), 3, 3)
        tone = QColor(t.good if self.residual.met else t.alarm)
        if not self.residual.known:
            tone = QColor(t.quiet)
        reach = max(-REACH, min(REACH, self.residual.errors)) * scale
        painter.setBrush(tone)
        painter.drawRect(QRectF(min(middle, middle + reach), height / 2.0 - 3.0, max(abs(reach), 1.0), 6.0))
        if abs(self.residual.errors) > REACH:
            side = 1.0 if reach > 0.0 else -1.0
            tip = middle + reach + 4.0 * side
            painter.drawPolygon(
                [QPointF(tip, height / 2.0), QPointF(tip - 5.0 * side, 1.0), QPointF(tip - 5.0 * side, height - 1.0)]
            )
        painter.setPen(QPen(QColor(t.quiet), 1))
        painter.drawLine(QPointF(middle, 1.0), QPointF(middle, height - 1.0))


class IntervalBar(_Mark):
    """A parameter's 90 % interval on the population's, on a logarithmic scale over the latter and some more."""

    def __init__(self, look: Look, parameter: FittedParameter) -> None:
        super().__init__(look)
        self.parameter = parameter
        self.setAccessibleName(f"{label_of(parameter.name)}: {asked(parameter)}")

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, one = self.look.tokens, self._painter(), self.parameter
        before, after = one.before, one.value
        if before.low is None or before.high is None or after.low is None or after.high is None:
            return
        width, height = float(self.width()), float(self.height())
        low, high = log(min(before.low, after.value)), log(max(before.high, after.value))
        margin = 0.06 * (high - low)

        def x(value: float) -> float:
            share = (log(value) - low + margin) / (high - low + 2.0 * margin)
            return 5.0 + min(max(share, 0.0), 1.0) * (width - 10.0)

        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(QRectF(x(before.low), 1.0, x(before.high) - x(before.low), height - 2.0), 3, 3)
        tone = QColor(t.alarm if not one.in_range else t.accent if one.is_told else t.quiet)
        painter.setPen(QPen(tone, 2))
        painter.drawLine(QPointF(x(after.low), height / 2.0), QPointF(x(after.high), height / 2.0))
        painter.setBrush(tone if one.is_told else QColor(t.panel))
        painter.setPen(QPen(tone, 1.5))
        painter.drawEllipse(QPointF(x(after.value), height / 2.0), 3.5, 3.5)


class FitPanel(QWidget):
    """The verdict in one line, and behind a link the measurements and the parameters."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.verdict = Note(look)
        column.addWidget(self.verdict)
        self.open = QPushButton("Measured beside simulated")
        self.open.setProperty("role", "link")
        self.open.setCheckable(True)
        self.open.toggled.connect(self._toggle)
        column.addWidget(self.open)
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self._inside.hide()
        column.addWidget(self._inside)
        self._shown: BaselineFit | None = None
        self.bars: list[ResidualBar] = []
        self.intervals: list[IntervalBar] = []
        self.hide()

    def show_fit(self, found: BaselineFit | None) -> None:
        """Show a fit; None hides the panel."""
        self.setVisible(found is not None)
        if found is None or found is self._shown:
            return
        self._shown = found
        kind = "good" if found.fits else "alarm"
        self.verdict.say(counted(found) if found.fits else "\n".join(found.problems), kind)
        while self._grid.count():
            widget = self._grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                discard(widget)
        self.bars, self.intervals = [], []
        line = self._head(0, "", "Known", "Simulated", "In errors")
        for residual in found.residuals:
            line = self._residual(line, residual)
        line = self._head(line, "", "", "Value", "90 % interval")
        for parameter in sorted(found.parameters, key=lambda one: (not one.is_told, -one.told)):
            line = self._parameter(line, parameter)
        legend = quiet_label(
            "Bars: the band is two errors of the measurement, beyond it is no fit; grey where a published mean stands "
            "in. Intervals: the band is what a population has; hollow where these data cannot tell the parameter."
        )
        legend.setProperty("role", "small")
        self._grid.addWidget(legend, line, 0, 1, 4)

    def _toggle(self, on: bool) -> None:
        self._inside.setVisible(on)

    def _head(self, line: int, *texts: str) -> int:
        for column, text in enumerate(texts):
            label = _cell(text, "small", _RIGHT if column in (1, 2) else _LEFT)
            if line:
                label.setContentsMargins(0, 8, 0, 0)
            self._grid.addWidget(label, line, column)
        return line + 1

    def _residual(self, line: int, one: Residual) -> int:
        bar = ResidualBar(self.look, one)
        self.bars.append(bar)
        cells = (
            _cell(short_of(one.name) + self._unit(one.measured.unit), "" if one.known else "quiet", _LEFT),
            _cell(number_of(one.name, one.measured.value), "" if one.known else "quiet"),
            _cell(number_of(one.name, one.simulated), "" if one.met else "strong"),
            bar,
        )
        tip = (
            f"<b>{label_of(one.name)}</b><br>{origin_of(one)}: {number_of(one.name, one.measured.value)} ± "
            f"{number_of(one.name, one.error)} {one.measured.unit}<br>simulated: "
            f"{number_of(one.name, one.simulated)}, {one.errors:+.1f} errors<br><i>{one.measured.source}</i>"
        )
        for column, cell in enumerate(cells):
            cell.setToolTip(tip.replace("-", "−"))
            self._grid.addWidget(cell, line, column)
        return line + 1

    def _parameter(self, line: int, one: FittedParameter) -> int:
        bar = IntervalBar(self.look, one)
        self.intervals.append(bar)
        role = "" if one.is_told else "quiet"
        name = _cell(f"{parameter_label(one.name)}{self._unit(one.value.unit)}", role, _LEFT)
        name.setWordWrap(True)
        name.setMinimumWidth(96)
        value = _cell(number_of(one.name, one.value.value), role)
        assert one.value.low is not None and one.value.high is not None
        tip = (
            f"<b>{parameter_label(one.name)}</b><br>{number_of(one.name, one.value.value)} {one.value.unit} (90 %: "
            f"{number_of(one.name, one.value.low)} to {number_of(one.name, one.value.high)})<br>{asked(one)}<br>"
            f"patients have {one.low:g} to {one.high:g}: <i>{one.range_source}</i><br><i>{one.value.source}</i>"
        )
        for cell, column, wide in ((name, 0, 2), (value, 2, 1), (bar, 3, 1)):
            cell.setToolTip(tip)
            self._grid.addWidget(cell, line, column, 1, wide)
        return line + 1

    def _unit(self, unit: str) -> str:
        return f" <span style='color:{self.look.tokens.quiet};font-size:11px'>{unit}</span>"


def _cell(text: str, role: str = "", align: Qt.AlignmentFlag = _RIGHT) -> QLabel:
    label = QLabel(text)
    label.setAlignment(align)
    if role:
        label.setProperty("role", role)
    return label
