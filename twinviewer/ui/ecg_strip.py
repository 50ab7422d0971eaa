"""The ECG as on paper: 25 mm/s, 10 mm/mV, 1 mm and 5 mm grid. Lead II alone, or 3×4 leads over a rhythm strip of II.
Dragging over it measures with callipers, a click goes to that moment."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from twinviewer.ui.calliper import Calliper
from twinviewer.ui.charts import BAND_ALPHA
from twinviewer.ui.curves import Curves
from twinviewer.ui.theme import Look, round_pen, ui_font
from twinviewer.ui.thinned import thinned

MM_PER_S, MM_PER_MV = 25.0, 10.0
ROW_MM, LEAD_MM = 15.0, 30.0
"""Room for a row of the 12-lead sheet, and the least for a lead: 1.2 s."""
CLICK_PX = 4
ROWS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))


class EcgStrip(QWidget):
    """Beats repeat along the paper, because the simulated beat is periodic; the cursor runs over all of them, and a dot
    shows where each scenario is in its own beat. ``sought``: the share of the beat that was clicked."""

    sought = Signal(float)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.twelve = False
        self._curves: tuple[Curves, ...] = ()
        self._time_s = 0.0
        self._clock_s = 1.0
        self._pressed: QPointF | None = None
        self._paper: QPixmap | None = None
        self._mm = 4.0
        self.calliper = Calliper(look, lambda: (MM_PER_S * self._mm, MM_PER_MV * self._mm))
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setToolTip(
            "Click: go to that moment. Drag: callipers "
            "(Shift keeps the level, arrow keys move the second leg, Esc clears them)"
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 70)
        look.changed.connect(self._stale)

    def sizeHint(self) -> QSize:
        return QSize(340, 130)

    def set_curves(self, curves: Sequence[Curves], clock_s: float | None = None) -> None:
        """The scenarios to draw, reference first. clock_s: the period that they share; default the first one's."""
        self._curves = tuple(curves)
        self._clock_s = clock_s or next((c.run.period_s for c in curves), 1.0)
        self._stale()

    def set_twelve(self, on: bool) -> None:
        """All twelve leads or lead II alone."""
        self.twelve = on
        self._stale()

    def show_time(self, time_s: float) -> None:
        """Where the cursor is, in the time of the common clock."""
        self._time_s = time_s
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._curves:
            self._pressed = event.position()
            self.calliper.begin(event.position())
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.calliper.drag(event.position(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.calliper.end()
        start, self._pressed = self._pressed, None
        if start is not None and not self.calliper.shown and (event.position() - start).manhattanLength() < CLICK_PX:
            self.sought.emit(self.share_at(event.position()))
        self.update()

    def share_at(self, place: QPointF) -> float:
        """The share 0..1 of the common beat at a place on the paper."""
        wide = self.width() / 4 if self.twelve and place.y() < 0.75 * self.height() else self.width()
        return float((place.x() % wide) / (MM_PER_S * self._mm) / self._clock_s % 1.0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if event.key() == Qt.Key.Key_Escape and self.calliper.shown:
            self.calliper.clear()
        elif not (steps and self.calliper.nudge(steps)):
            super().keyPressEvent(event)
            return
        self.update()

    def resizeEvent(self, event: object) -> None:
        self._stale()

    def _stale(self) -> None:
        self._paper = None
        self.update()

    def _span_mv(self, leads: Sequence[str]) -> tuple[float, float]:
        values = [
            curve.run.traces[f"ecg_{lead}"].values
            for curve in self._curves
            for lead in leads
            if f"ecg_{lead}" in curve.run.traces
        ]
        if not values:
            return -0.5, 1.0
        flat = np.concatenate(values)
        return float(min(flat.min(), -0.2)), float(max(flat.max(), 0.4))

    def _scale(self) -> float:
        """Pixels a millimetre: true to the screen's 96 dpi where it fits, else as large as fits; both axes alike."""
        true = 96.0 / 25.4
        if self.twelve:  # rows may overlap a little, as on paper
            return max(min(true, self.height() / (4 * ROW_MM), self.width() / (4 * LEAD_MM)), 1.2)
        low, high = self._span_mv(["II"])
        return max(min(true * 1.3, self.height() / ((high - low) * MM_PER_MV + 6)), 1.2)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._paper is None:
            self._paper = QPixmap(self.size() * ratio)
            self._paper.setDevicePixelRatio(ratio)
            self._draw_paper(self._paper)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._paper)
        if not self._curves:
            return
        t = self.look.tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.text), 1))
        per_s = MM_PER_S * self._mm
        wide = self.width() / 4 if self.twelve else self.width()
        x = self._paper_s(self._time_s, self._beats(wide)) * per_s
        if self.twelve:
            for column in range(4):
                start = column * self.width() / 4
                painter.drawLine(QPointF(start + x, 0), QPointF(start + x, self.height() * 0.75))
            whole = self._beats(self.width())
            x = self._paper_s(self._time_s, whole) * per_s
            painter.drawLine(QPointF(x, self.height() * 0.75), QPointF(x, self.height()))
        else:
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
            self._draw_dots(painter, "II", QRectF(0, 0, self.width(), self.height()))
        self.calliper.draw(painter, QRectF(self.rect()))

    def _beats(self, wide: float) -> int:
        """How many whole beats of the clock have room; one where beats are lined up at their QRS, which only the first
        of them are."""
        if any(curve.shift_s for curve in self._curves):
            return 1
        return max(1, int(wide / (MM_PER_S * self._mm) / self._clock_s))

    def _paper_s(self, time_s: float, beats: int) -> float:
        return time_s % (beats * self._clock_s)

    def _draw_dots(self, painter: QPainter, lead: str, area: QRectF) -> None:
        """Where each scenario is in its own beat: beats of another length part from the cursor."""
        if len(self._curves) < 2:
            return
        beat, inside = divmod(self._paper_s(self._time_s, self._beats(area.width())), self._clock_s)
        zero = self._zero(lead, area)
        painter.setPen(Qt.PenStyle.NoPen)
        for curve in self._curves:
            trace = curve.run.traces.get(f"ecg_{lead}")
            if trace is None:
                continue
            own = inside * curve.scale + beat * curve.run.period_s  # on paper, which the shift has moved already
            value = trace.at(float(curve.own_s(inside)))
            painter.setBrush(QColor(curve.colour))
            painter.drawEllipse(QPointF(own * MM_PER_S * self._mm, zero - value * MM_PER_MV * self._mm), 3.5, 3.5)

    def _zero(self, lead: str, area: QRectF) -> float:
        """Height of the zero line in an area."""
        low, high = self._span_mv([lead] if not self.twelve else [x for row in ROWS for x in row])
        room = area.height() - (high - low) * MM_PER_MV * self._mm
        return area.top() + max(room, -area.height() * 0.4) / 2 + high * MM_PER_MV * self._mm

    def _draw_paper(self, paper: QPixmap) -> None:
        t = self.look.tokens
        paper.fill(QColor(t.panel))
        painter = QPainter(paper)
        self._mm = self._scale()
        width, height = self.width(), self.height()
        for every, colour in ((1, t.paper_fine), (5, t.paper_coarse)):
            if every * self._mm < 3.0:
                continue
            painter.setPen(QPen(QColor(colour), 1))
            pitch = every * self._mm
            for n in range(int(width / pitch) + 1):
                painter.drawLine(QPointF(round(n * pitch) + 0.5, 0), QPointF(round(n * pitch) + 0.5, height))
            for n in range(int(height / pitch) + 1):
                painter.drawLine(QPointF(0, round(n * pitch) + 0.5), QPointF(width, round(n * pitch) + 0.5))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.twelve:
            for r, row in enumerate(ROWS):
                for c, lead in enumerate(row):
                    self._draw_lead(painter, lead, QRectF(c * width / 4, r * height / 4, width / 4, height / 4))
            self._draw_lead(painter, "II", QRectF(0, 0.75 * height, width, height / 4))
        else:
            self._draw_lead(painter, "II", QRectF(0, 0, width, height))
        painter.end()

    def _draw_band(self, painter: QPainter, curve: Curves, lead: str, area: QRectF, zero: float) -> None:
        """What 90 % of the drawn hearts show in a lead."""
        band = None if curve.sure is None else curve.sure.band(f"ecg_{lead}")
        if band is None:
            return
        period = curve.run.period_s
        fill = QColor(curve.colour)
        fill.setAlpha(BAND_ALPHA)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        for n in range(-1, int(area.width() / (MM_PER_S * self._mm) / period) + 1):
            x = (band.time_s + n * period - curve.shift_s) * MM_PER_S * self._mm + area.left()
            y = [zero - values * MM_PER_MV * self._mm for values in (band.low, band.high)]
            there = zip(x.tolist(), y[0].tolist(), strict=True)
            back = zip(x[::-1].tolist(), y[1][::-1].tolist(), strict=True)
            painter.drawPolygon(QPolygonF([QPointF(a, b) for a, b in (*there, *back)]))

    def _draw_lead(self, painter: QPainter, lead: str, area: QRectF) -> None:
        zero = self._zero(lead, area)
        painter.save()
        painter.setClipRect(QRectF(area.left(), 0, area.width(), self.height()))  # tall waves may reach the next row
        for curve in self._curves:
            self._draw_band(painter, curve, lead, area, zero)
        for curve in self._curves:
            trace = curve.run.traces.get(f"ecg_{lead}")
            if trace is None:
                continue
            period = curve.run.period_s
            beats = int(area.width() / (MM_PER_S * self._mm) / period) + 2
            own_s = np.concatenate([trace.time_s + n * period for n in range(-1, beats)])
            x = (own_s - curve.shift_s) * MM_PER_S * self._mm + area.left()
            y = zero - np.tile(trace.values, beats + 1) * MM_PER_MV * self._mm
            painter.setPen(round_pen(curve.colour, 1.5))
            x, y = thinned(x, y, area.left() - 10.0, area.right() + 10.0)
            painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))
        painter.restore()
        if self.twelve:
            painter.setFont(ui_font(11, QFont.Weight.DemiBold))
            painter.setPen(QColor(self.look.tokens.quiet))
            painter.drawText(area.adjusted(4, 1, 0, 0), Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, lead)
