"""Charts under the common time cursor: lines over one beat, and the pressure-volume loop."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QSizePolicy

from twinviewer.ui.curves import Curves, Mark, TimeLine
from twinviewer.ui.plot_marks import CursorLine, Dot
from twinviewer.ui.theme import Look, mix, ui_font

SAMPLES = 240
"""Points a curve is drawn with: more than a plot has pixels across, few enough to draw at every frame."""


class Chart(pg.PlotWidget):
    """A bare plot: thin axes, no menus, no dragging, curves only."""

    sought = Signal(float)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(110, 60)
        item = self.getPlotItem()
        item.layout.setContentsMargins(0, 6, 4, 0)  # half a tick label above the highest
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setStyle(tickLength=-3, tickTextOffset=4, autoExpandTextSpace=True, maxTickLevel=0)
            axis.enableAutoSIPrefix(False)
            axis.setTickFont(ui_font(11))
        item.getAxis("bottom").setHeight(18)
        item.getAxis("left").setWidth(30)
        self.restyle()
        look.changed.connect(self.restyle)

    def pen(self, colour: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        """A pen whose width is in the screen's logical pixels (pyqtgraph's are in the device's)."""
        return pg.mkPen(colour, width=width * self.devicePixelRatioF(), style=style)

    def pixel(self, x: float, y: float) -> QPointF:
        """A point of the plot in the viewport's pixels."""
        return QPointF(self.mapFromScene(self.getPlotItem().vb.mapViewToScene(QPointF(x, y))))

    def plot_box(self) -> QRectF:
        """The plot's inside in the viewport's pixels."""
        return QRectF(self.mapFromScene(self.getPlotItem().vb.sceneBoundingRect()).boundingRect())

    def restyle(self) -> None:
        """Take the theme's colours."""
        t = self.look.tokens
        self.setBackground(t.panel)
        for side in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(mix(t.line, t.quiet, 0.25), width=1))
            axis.setTextPen(pg.mkPen(t.quiet))


class TimeChart(Chart):
    """Lines over one beat, with the common cursor. Clicking seeks."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._cursor = CursorLine(self.viewport())
        self._fraction = 0.0
        self.lines: tuple[TimeLine, ...] = ()
        self.marks: tuple[Mark, ...] = ()
        self.period_s = 1.0
        self._extra: list[object] = []
        self.restyle()

    def restyle(self) -> None:
        super().restyle()
        if hasattr(self, "_cursor"):
            self._cursor.colour = self.look.tokens.text
            self._cursor.update()

    def set_lines(self, lines: Sequence[TimeLine], period_s: float, marks: Sequence[Mark] = ()) -> None:
        """Draw these, the first at the back, over a beat of ``period_s``; and marks on top."""
        self.lines, self.marks, self.period_s = tuple(lines), tuple(marks), period_s
        for item in (*self.getPlotItem().curves, *self._extra):
            self.removeItem(item)
        self._extra = []
        for line in self.lines:
            pen = self.pen(line.colour, line.width, line.style)
            self.addItem(pg.PlotCurveItem(1000 * line.time_s, line.values, pen=pen, antialias=True))
        self._cursor.setVisible(bool(self.lines))
        if not self.lines:
            return
        low = min(float(line.values.min()) for line in self.lines)
        high = max(float(line.values.max()) for line in self.lines)
        margin = 0.06 * max(high - low, 1e-6)
        self.setXRange(0, 1000 * period_s, padding=0)
        self.setYRange(low - margin, high + (2.4 if self.marks else 1.0) * margin, padding=0)
        for mark in self.marks:
            self._mark(mark, low - margin, high + margin)
        self.show_fraction(self._fraction)

    def _mark(self, mark: Mark, low: float, high: float) -> None:
        x = 1000 * mark.time_s
        pen = self.pen(self.look.tokens.quiet, 1.0, Qt.PenStyle.DotLine)
        line = pg.PlotCurveItem(np.array([x, x]), np.array([low, high]), pen=pen)
        right = x > 500 * self.period_s
        text = pg.TextItem(mark.name, color=self.look.tokens.quiet, anchor=(1.0 if right else 0.0, 0.35))
        text.setFont(ui_font(11))
        text.setPos(x, high)
        for item in (line, text):
            self.addItem(item, ignoreBounds=True)
            self._extra.append(item)

    def show_fraction(self, fraction: float) -> None:
        """Where the cursor is, 0..1 of the beat."""
        self._fraction = fraction
        if self.lines:
            place = self.pixel(1000 * fraction * self.period_s, 0.0)
            box = self.plot_box()
            self._cursor.place(place.x(), box.top(), box.bottom())

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_cursor"):
            self.show_fraction(self._fraction)

    def mousePressEvent(self, event: object) -> None:
        if self.lines:
            x = self.getPlotItem().vb.mapSceneToView(self.mapToScene(event.position().toPoint())).x()
            self.sought.emit(min(max(x / 1000.0 / self.period_s, 0.0), 0.999))


class LoopChart(Chart):
    """Pressure over volume of one ventricle ("lv" or "rv"), with the present moment as a dot."""

    def __init__(self, look: Look, side: str = "lv") -> None:
        super().__init__(look)
        self._needed = (f"{side}_volume_ml", f"{side}_pressure_mmhg")
        self._curves: tuple[Curves, ...] = ()
        self._dots: list[Dot] = []
        self._fraction = 0.0

    def set_curves(self, curves: Sequence[Curves]) -> None:
        """Draw the scenarios, baseline first."""
        self._curves = tuple(c for c in curves if all(name in c.run.traces for name in self._needed))
        for item in list(self.getPlotItem().curves):
            self.removeItem(item)
        ends: list[tuple[float, float, float, float]] = []
        for curve in self._curves:
            time_s = np.linspace(0.0, curve.run.period_s, SAMPLES)
            volume, pressure = (
                np.interp(time_s, curve.run.traces[name].time_s, curve.run.traces[name].values) for name in self._needed
            )
            ends.append((volume.min(), volume.max(), pressure.min(), pressure.max()))
            self.addItem(pg.PlotCurveItem(volume, pressure, pen=self.pen(curve.colour, 1.8), antialias=True))
        if ends:
            x0, x1 = min(e[0] for e in ends), max(e[1] for e in ends)
            y0, y1 = min(e[2] for e in ends), max(e[3] for e in ends)
            self.setXRange(x0, x1, padding=0.08)
            self.setYRange(y0, y1, padding=0.08)
        for dot in self._dots:
            dot.hide()
            dot.deleteLater()
        self._dots = [Dot(self.viewport(), curve.colour) for curve in self._curves]
        self.show_fraction(self._fraction)

    def show_fraction(self, fraction: float) -> None:
        """Move the dots to a fraction 0..1 of each beat."""
        self._fraction = fraction
        for curve, dot in zip(self._curves, self._dots, strict=True):
            time_s = fraction * curve.run.period_s
            volume, pressure = (curve.run.traces[name].at(time_s) for name in self._needed)
            dot.place(self.pixel(volume, pressure))

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_dots"):
            self.show_fraction(self._fraction)
