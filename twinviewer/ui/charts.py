"""Charts under the common time cursor: lines over one beat, and the pressure-volume loop."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPen
from PySide6.QtWidgets import QSizePolicy

from twinviewer.ui.curves import Clock, Curves, Mark, TimeLine
from twinviewer.ui.plot_marks import CursorLine, Dot
from twinviewer.ui.theme import Look, mix, ui_font

SAMPLES = 240
"""Points a curve is drawn with: more than a plot has pixels across, few enough to draw at every frame."""


BAND_ALPHA = 46
LOOP_ALPHA = 14
"""Of one of some forty loops, which lie over each other."""


class Chart(pg.PlotWidget):
    """A bare plot: thin axes, no menus, curves only. Clicking and dragging over it is ``sought``: a share of the
    beat."""

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

    def seek(self, event: QMouseEvent) -> None:
        """The user points at a moment."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.seek(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def restyle(self) -> None:
        """Take the theme's colours."""
        t = self.look.tokens
        self.setBackground(t.panel)
        for side in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(mix(t.line, t.quiet, 0.25), width=1))
            axis.setTextPen(pg.mkPen(t.quiet))


class TimeChart(Chart):
    """Lines over one beat, with the common cursor. Clicking and dragging seek."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._cursor = CursorLine(self.viewport())
        self._fraction = 0.0
        self.lines: tuple[TimeLine, ...] = ()
        self.marks: tuple[Mark, ...] = ()
        self.clock = Clock()
        self._extra: list[object] = []
        self.restyle()

    def restyle(self) -> None:
        super().restyle()
        if hasattr(self, "_cursor"):
            self._cursor.colour = self.look.tokens.text
            self._cursor.update()

    @property
    def period_s(self) -> float:
        """How long the beat is that is drawn."""
        return self.clock.period_s

    def set_lines(self, lines: Sequence[TimeLine], clock: Clock | float, marks: Sequence[Mark] = ()) -> None:
        """Draw these, the first at the back, over one beat; and marks on top. clock: the beat's time as it is written
        below, or its period in seconds."""
        self.lines, self.marks = tuple(lines), tuple(marks)
        self.clock = clock if isinstance(clock, Clock) else Clock(clock)
        for item in (*self.getPlotItem().curves, *self._extra):
            self.removeItem(item)
        self._extra = []
        for line in self.lines:
            self._band(line)
        for line in self.lines:
            pen = self.pen(line.colour, line.width, line.style)
            self.addItem(pg.PlotCurveItem(self._x(line.time_s), line.values, pen=pen, antialias=True))
        self._cursor.setVisible(bool(self.lines))
        if not self.lines:
            return
        low = min(float(one.min()) for line in self.lines for one in (line.values, line.low) if one is not None)
        high = max(float(one.max()) for line in self.lines for one in (line.values, line.high) if one is not None)
        margin = 0.06 * max(high - low, 1e-6)
        self.setXRange(float(self._x(0.0)), float(self._x(self.period_s)), padding=0)
        self.setYRange(low - margin, high + (2.4 if self.marks else 1.0) * margin, padding=0)
        for mark in self.marks:
            self._mark(mark, low - margin, high + margin)
        self.show_fraction(self._fraction)

    def _band(self, line: TimeLine) -> None:
        """What 90 % of the drawn hearts do, behind the lines."""
        if line.low is None or line.high is None:
            return
        none = pg.mkPen(None)
        ends = [pg.PlotCurveItem(self._x(line.time_s), values, pen=none) for values in (line.low, line.high)]
        fill = QColor(line.colour)
        fill.setAlpha(BAND_ALPHA)
        for item in (*ends, pg.FillBetweenItem(*ends, brush=fill)):
            self.addItem(item, ignoreBounds=True)
            self._extra.append(item)

    def _x(self, time_s: NDArray[np.float64] | float) -> NDArray[np.float64] | float:
        """Times of the clock as they are written below."""
        return self.clock.start + self.clock.factor * time_s

    def _mark(self, mark: Mark, low: float, high: float) -> None:
        x = float(self._x(mark.time_s))
        pen = self.pen(self.look.tokens.quiet, 1.0, Qt.PenStyle.DotLine)
        line = pg.PlotCurveItem(np.array([x, x]), np.array([low, high]), pen=pen)
        right = mark.time_s > 0.5 * self.period_s
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
            place = self.pixel(float(self._x(fraction * self.period_s)), 0.0)
            box = self.plot_box()
            self._cursor.place(place.x(), box.top(), box.bottom())

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_cursor"):
            self.show_fraction(self._fraction)

    def seek(self, event: QMouseEvent) -> None:
        if self.lines:
            x = self.getPlotItem().vb.mapSceneToView(self.mapToScene(event.position().toPoint())).x()
            self.sought.emit(min(max((x - self.clock.start) / self.clock.factor / self.period_s, 0.0), 0.999))


class LoopChart(Chart):
    """Pressure over volume of one ventricle ("lv" or "rv"), with the present moment as a dot."""

    def __init__(self, look: Look, side: str = "lv") -> None:
        super().__init__(look)
        self._needed = (f"{side}_volume_ml", f"{side}_pressure_mmhg")
        self._curves: tuple[Curves, ...] = ()
        self._dots: list[Dot] = []
        self._fraction = 0.0
        self._clock_s = 1.0
        self._paths: list[NDArray[np.float64]] = []
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_curves(self, curves: Sequence[Curves], clock_s: float | None = None) -> None:
        """Draw the scenarios, reference first. clock_s: the period that they share; default the first one's."""
        self._clock_s = clock_s or next((c.run.period_s for c in curves), 1.0)
        self._paths = []
        self._curves = tuple(c for c in curves if all(name in c.run.traces for name in self._needed))
        for item in list(self.getPlotItem().curves):
            self.removeItem(item)
        ends: list[tuple[float, float, float, float]] = []
        for curve in self._curves:
            time_s = np.linspace(0.0, curve.run.period_s, SAMPLES)
            volume, pressure = (
                np.interp(time_s, curve.run.traces[name].time_s, curve.run.traces[name].values) for name in self._needed
            )
            self._paths.append(np.stack([volume, pressure], axis=1))
            ends.append((volume.min(), volume.max(), pressure.min(), pressure.max()))
            ends += self._drawn(curve)
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

    def _drawn(self, curve: Curves) -> list[tuple[float, float, float, float]]:
        """Loops of the hearts that could be this one too, behind its own; how far they reach."""
        ends: list[tuple[float, float, float, float]] = []
        faint = QColor(curve.colour)
        faint.setAlpha(LOOP_ALPHA)
        for volume, pressure in () if curve.sure is None else curve.sure.loops(self._needed[0][:2]):
            item = pg.PlotCurveItem(volume, pressure, pen=pg.mkPen(faint, width=2.5 * self.devicePixelRatioF()))
            item.setZValue(-1)
            self.addItem(item)
            ends.append((volume.min(), volume.max(), pressure.min(), pressure.max()))
        return ends

    def show_fraction(self, fraction: float) -> None:
        """Move the dots to a fraction 0..1 of the common beat."""
        self._fraction = fraction
        for curve, dot in zip(self._curves, self._dots, strict=True):
            time_s = float(curve.own_s(fraction * self._clock_s))
            volume, pressure = (curve.run.traces[name].at(time_s) for name in self._needed)
            dot.place(self.pixel(volume, pressure))

    def seek(self, event: QMouseEvent) -> None:
        """The moment of the loop's point that is nearest on the screen."""
        place, best, found = event.position(), np.inf, None
        zero, unit = self.pixel(0.0, 0.0), self.pixel(1.0, 1.0)
        rise = np.array([unit.x() - zero.x(), unit.y() - zero.y()])
        for curve, path in zip(self._curves, self._paths, strict=True):
            away = np.hypot(*(path * rise + (zero.x() - place.x(), zero.y() - place.y())).T)
            nearest = int(np.argmin(away))
            if away[nearest] < best:
                own_s = nearest / (SAMPLES - 1) * curve.run.period_s
                best, found = float(away[nearest]), (own_s - curve.shift_s) / curve.scale / self._clock_s
        if found is not None:
            self.sought.emit(min(found % 1.0, 0.999))

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_dots"):
            self.show_fraction(self._fraction)
