"""Plots under one time cursor: ECG, volumes, pressures, PV loop, each scenario in its own colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from twinviewer.ui.curves import Curves
from twinviewer.ui.ecg_strip import EcgStrip
from twinviewer.ui.plot_marks import CursorLine, Dot
from twinviewer.ui.theme import Look, mix, ui_font

SAMPLES = 240
"""Points a curve is drawn with: more than a plot has pixels across, few enough to draw at every frame."""


@dataclass(frozen=True, slots=True)
class Line:
    """A trace in a plot: its name in Run.traces, what the legend says, and how it is drawn."""

    trace: str
    label: str
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    width: float = 1.8


VOLUMES = (Line("lv_volume_ml", "LV"), Line("rv_volume_ml", "RV", Qt.PenStyle.DashLine, 1.3))
PRESSURES = (
    Line("lv_pressure_mmhg", "LV"),
    Line("aortic_pressure_mmhg", "aorta", Qt.PenStyle.DashLine, 1.3),
    Line("rv_pressure_mmhg", "RV", Qt.PenStyle.DotLine, 1.3),
)
_SAMPLE = {Qt.PenStyle.SolidLine: "━━", Qt.PenStyle.DashLine: "╌╌", Qt.PenStyle.DotLine: "┈┈"}


class PlotBox(QWidget):
    """A heading with unit and legend over some drawing."""

    def __init__(self, title: str, unit: str, body: QWidget, legend: str = "", tools: Sequence[QWidget] = ()) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 2, 4, 4)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(6)
        name = QLabel(title)
        name.setProperty("role", "section")
        row.addWidget(name)
        for text in (unit, legend):
            if text:
                label = QLabel(text)
                label.setProperty("role", "small")
                row.addWidget(label)
        row.addStretch(1)
        for tool in tools:
            row.addWidget(tool)
        column.addLayout(row)
        column.addWidget(body, 1)


class _Chart(pg.PlotWidget):
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
        item.layout.setContentsMargins(0, 2, 4, 0)
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


class TimeChart(_Chart):
    """Traces over one beat, with the common cursor. Clicking seeks."""

    def __init__(self, look: Look, lines: Sequence[Line]) -> None:
        super().__init__(look)
        self.lines = tuple(lines)
        self._cursor = CursorLine(self.viewport())
        self._fraction = 0.0
        self._curves: tuple[Curves, ...] = ()
        self.restyle()

    def restyle(self) -> None:
        super().restyle()
        if hasattr(self, "_cursor"):
            self._cursor.colour = self.look.tokens.text
            self._cursor.update()

    def set_curves(self, curves: Sequence[Curves]) -> None:
        """Draw the scenarios, baseline first."""
        self._curves = tuple(curves)
        for item in list(self.getPlotItem().curves):
            self.removeItem(item)
        low, high, period = np.inf, -np.inf, 0.0
        for curve in self._curves:
            period = max(period, curve.run.period_s)
            for line in self.lines:
                trace = curve.run.traces.get(line.trace)
                if trace is None:
                    continue
                time_s = np.linspace(0.0, curve.run.period_s, SAMPLES)
                values = np.interp(time_s, trace.time_s, trace.values)
                low, high = min(low, float(values.min())), max(high, float(values.max()))
                pen = self.pen(curve.colour, line.width, line.style)
                item = pg.PlotCurveItem(1000 * time_s, values, pen=pen, antialias=True)
                self.addItem(item)
        self._cursor.setVisible(bool(self._curves))
        if period and np.isfinite(low):
            margin = 0.06 * max(high - low, 1e-6)
            self.setXRange(0, 1000 * period, padding=0)
            self.setYRange(low - margin, high + margin, padding=0)

    def show_fraction(self, fraction: float) -> None:
        """Where the cursor is, 0..1 of the beat."""
        self._fraction = fraction
        if self._curves:
            place = self.pixel(1000 * fraction * self._curves[0].run.period_s, 0.0)
            box = self.plot_box()
            self._cursor.place(place.x(), box.top(), box.bottom())

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_cursor"):
            self.show_fraction(self._fraction)

    def mousePressEvent(self, event: object) -> None:
        if self._curves:
            x = self.getPlotItem().vb.mapSceneToView(self.mapToScene(event.position().toPoint())).x()
            self.sought.emit(min(max(x / 1000.0 / self._curves[0].run.period_s, 0.0), 0.999))


class LoopChart(_Chart):
    """LV pressure over LV volume, with the present moment as a dot."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._curves: tuple[Curves, ...] = ()
        self._dots: list[Dot] = []
        self._fraction = 0.0

    def set_curves(self, curves: Sequence[Curves]) -> None:
        """Draw the scenarios, baseline first."""
        needed = ("lv_volume_ml", "lv_pressure_mmhg")
        self._curves = tuple(c for c in curves if all(name in c.run.traces for name in needed))
        for item in list(self.getPlotItem().curves):
            self.removeItem(item)
        ends: list[tuple[float, float, float, float]] = []
        for curve in self._curves:
            time_s = np.linspace(0.0, curve.run.period_s, SAMPLES)
            volume, pressure = (
                np.interp(time_s, curve.run.traces[name].time_s, curve.run.traces[name].values) for name in needed
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
            volume, pressure = (curve.run.traces[name].at(time_s) for name in ("lv_volume_ml", "lv_pressure_mmhg"))
            dot.place(self.pixel(volume, pressure))

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_dots"):
            self.show_fraction(self._fraction)


class Plots(QWidget):
    """All plots in a row. ``sought`` carries the fraction of the beat that the user clicked."""

    sought = Signal(float)
    twelve_shown = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.look = look
        self._curves: tuple[Curves, ...] = ()
        self.ecg = EcgStrip(look)
        self.volumes = TimeChart(look, VOLUMES)
        self.pressures = TimeChart(look, PRESSURES)
        self.loop = LoopChart(look)
        switch = QToolButton()
        switch.setText("12 leads")
        switch.setProperty("role", "pill")
        switch.setCheckable(True)
        switch.setToolTip("Show all twelve leads, or lead II alone")
        switch.toggled.connect(self.show_twelve)
        self.twelve = switch
        self.ecg_box = PlotBox("ECG", "25 mm/s · 10 mm/mV", self.ecg, tools=(switch,))
        self.volume_box = PlotBox("VOLUMES", "mL", self.volumes, _legend(VOLUMES))
        self.pressure_box = PlotBox("PRESSURES", "mmHg", self.pressures, _legend(PRESSURES))
        self.loop_box = PlotBox("PV LOOP", "mmHg / mL", self.loop)
        self.hint = QLabel("ECG, volumes, pressures and the PV loop appear here when a beat has been simulated.")
        self.hint.setProperty("role", "quiet")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        boxes = QWidget()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(boxes)
        row = QHBoxLayout(boxes)
        row.setContentsMargins(0, 0, 4, 2)
        row.setSpacing(4)
        self._row = row
        for box, stretch in ((self.ecg_box, 5), (self.volume_box, 4), (self.pressure_box, 4), (self.loop_box, 3)):
            row.addWidget(box, stretch)
        for chart in (self.volumes, self.pressures):
            chart.sought.connect(self.sought)

    def show_twelve(self, on: bool) -> None:
        """Twelve leads need the room of two plots: the loop and the pressures step aside."""
        self.ecg.set_twelve(on)
        self.twelve_shown.emit(on)
        self.pressure_box.setVisible(not on)
        self._row.setStretch(0, 9 if on else 5)

    def set_curves(self, curves: Sequence[Curves]) -> None:
        """Draw the scenarios, baseline first."""
        same = len(curves) == len(self._curves) and all(
            a.run is b.run and a.colour == b.colour for a, b in zip(curves, self._curves, strict=True)
        )
        if same:
            return
        self._curves = tuple(curves)
        self._stack.setCurrentIndex(1 if curves else 0)
        for part in (self.ecg, self.volumes, self.pressures, self.loop):
            part.set_curves(curves)

    def show_time(self, time_s: float, period_s: float) -> None:
        """Move the common cursor. Runs at another rate are shown at the same phase."""
        if not self._curves or not self.isVisible():
            return
        first = self._curves[0].run.period_s
        self.ecg.show_time(time_s * first / period_s)
        for part in (self.volumes, self.pressures, self.loop):
            part.show_fraction((time_s % period_s) / period_s)


def _legend(lines: Sequence[Line]) -> str:
    return "   ".join(f"{_SAMPLE[line.style]} {line.label}" for line in lines)
