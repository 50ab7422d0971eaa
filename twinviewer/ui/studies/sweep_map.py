"""The response map of a sweep, and its front: a bullseye whose masked segments say why, a plot of two targets."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from twinviewer.report.sweep_scale import scale_of
from twinviewer.scene.bullseye import SEGMENTS
from twinviewer.session.studies.sweep.ranking import Row, Target
from twinviewer.ui.bullseye import Bullseye
from twinviewer.ui.charts import Chart
from twinviewer.ui.theme import Look

NEAR_PX = 12.0


class SweepMap(Bullseye):
    """The best value of each segment; hatched where a place is masked or was not asked for."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.reasons: Mapping[int, str] = {}
        self.setMinimumSize(230, 260)

    def show_map(self, values: NDArray[np.float64], target: Target, hidden: Mapping[int, str]) -> None:
        """(17,) best values; hidden: segment -> why it is hatched. What was simulated of it is told all the same."""
        shown = np.asarray(values, float).copy()
        told = {}
        for number, reason in hidden.items():
            value = values[number - 1]
            told[number] = f"{reason} ({target.text(value)} {target.unit})" if np.isfinite(value) else reason
            shown[number - 1] = np.nan
        scale = scale_of(target, shown)
        self.show_values(shown, scale, f"{target.label} ({target.unit}), best of each segment")
        self.reasons = told

    def mark(self, number: int) -> None:
        """Outline a segment as if it were pointed at, 0 for none."""
        if number != self.segment:
            self.segment = number
            self.update()

    def _told(self) -> str:
        if self.segment in self.reasons:
            return f"{self.segment} {SEGMENTS[self.segment - 1].name}: {self.reasons[self.segment]}"
        return super()._told()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self.segment_under(QPointF(event.pos()))
            if number in self.reasons:
                name = SEGMENTS[number - 1].name
                QToolTip.showText(event.globalPos(), f"<b>{number} {name}</b><br>{self.reasons[number]}", self)
                return True
        return super().event(event)


class FrontPlot(Chart):
    """Every combination as a dot over two targets, what no other beats joined by a line, the baseline a cross.
    ``chosen``: a row was clicked."""

    chosen = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Two targets against each other")
        self.setMouseTracking(True)
        self.rows: tuple[Row, ...] = ()
        self.front: tuple[Row, ...] = ()
        self.targets: tuple[Target, Target] | None = None
        self.baseline: tuple[float, float] | None = None
        self.words: Mapping[int, str] = {}
        self._selected: Row | None = None
        self._marks = _Marks(self)
        item = self.getPlotItem()
        item.getAxis("left").setWidth(44)
        item.getAxis("bottom").setHeight(34)

    def restyle(self) -> None:
        super().restyle()
        if hasattr(self, "_marks"):
            self._marks.update()

    def show_rows(
        self,
        rows: Sequence[Row],
        front: Sequence[Row],
        first: Target,
        second: Target,
        baseline: Mapping[str, float],
        words: Mapping[int, str],
    ) -> None:
        """Rows that have both numbers. words: id of a row -> what to say of it."""
        both = {first.metric, second.metric}
        self.rows = tuple(row for row in rows if both <= row.numbers.keys() and not row.failure)
        self.front, self.targets, self.words = tuple(front), (first, second), words
        self.baseline = (baseline[first.metric], baseline[second.metric]) if both <= baseline.keys() else None
        item = self.getPlotItem()
        item.setLabel("bottom", f"{first.label} ({first.unit})")
        item.setLabel("left", f"{second.label} ({second.unit})")
        places = [self._at(row) for row in self.rows] + ([self.baseline] if self.baseline else [])
        if places:
            low, high = np.min(places, axis=0), np.max(places, axis=0)
            pad = np.where(high > low, 0.06 * (high - low), 1.0)
            item.vb.setRange(
                xRange=(low[0] - pad[0], high[0] + pad[0]), yRange=(low[1] - pad[1], high[1] + pad[1]), padding=0
            )
        self._marks.update()

    def select(self, row: Row | None) -> None:
        """Ring one row."""
        self._selected = row
        self._marks.update()

    def _at(self, row: Row) -> tuple[float, float]:
        assert self.targets is not None
        return row.numbers[self.targets[0].metric], row.numbers[self.targets[1].metric]

    def under(self, place: QPointF) -> Row | None:
        """The row nearest to a place of the plot, None where none is near."""
        best, least = None, NEAR_PX
        for row in self.rows:
            away = self.pixel(*self._at(row)) - place
            far = float(np.hypot(away.x(), away.y()))
            if far < least:
                best, least = row, far
        return best

    def seek(self, event: QMouseEvent) -> None:
        row = self.under(event.position())
        if row is not None:
            self.chosen.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.under(event.position())
        if row is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(event.globalPosition().toPoint(), self.words.get(id(row), row.point.name), self)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_marks"):
            self._marks.setGeometry(self.viewport().rect())


class _Marks(QWidget):
    """Dots and lines over the plot, in the screen's own pixels."""

    def __init__(self, plot: FrontPlot) -> None:
        super().__init__(plot.viewport())
        self.plot = plot
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(plot.viewport().rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        plot, t = self.plot, self.plot.look.tokens
        if plot.targets is None or not plot.rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(plot.plot_box().adjusted(-6, -6, 6, 6))
        grey, accent = pg.mkColor(t.quiet), pg.mkColor(t.accent)
        for row in plot.rows:
            place = plot.pixel(*plot._at(row))
            painter.setPen(QPen(grey, 1.2) if row.masked is not None else Qt.PenStyle.NoPen)
            painter.setBrush(Qt.BrushStyle.NoBrush if row.masked is not None else grey)
            painter.drawEllipse(place, 3.0, 3.0)
        ends = [plot.pixel(*plot._at(row)) for row in plot.front]
        painter.setPen(QPen(accent, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(ends)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        for place in ends:
            painter.drawEllipse(place, 4.5, 4.5)
        if plot.baseline is not None:
            x, y = (lambda p: (p.x(), p.y()))(plot.pixel(*plot.baseline))
            painter.setPen(QPen(pg.mkColor(t.text), 2.0))
            painter.drawLine(QPointF(x - 6, y), QPointF(x + 6, y))
            painter.drawLine(QPointF(x, y - 6), QPointF(x, y + 6))
            over = y > 26
            box = QRectF(x - 70, y - 24 if over else y + 8, 140, 16)
            box.moveLeft(min(max(box.left(), 4.0), self.width() - 144.0))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "untreated")
        if plot._selected in plot.rows and plot._selected is not None:
            painter.setPen(QPen(pg.mkColor(t.text), 1.8))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(plot.pixel(*plot._at(plot._selected)), 8.0, 8.0)
        painter.end()
