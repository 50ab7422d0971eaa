"""A pair of calliper legs on ECG paper: drag from one wave to another, read time, height and rate."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from twinviewer.ui.theme import Look, ui_font

LEAST_PX = 3.0
STEP_S = 0.002
"""How far an arrow key moves the second leg: half a pixel of common paper, below what a reader can tell."""
_PAD = 6.0


class Calliper:
    """Two points in widget pixels, kept in seconds and millivolts so that they stay on their waves when paper scales.

    ``scale`` gives (pixels a second, pixels a millivolt) of the paper as it is drawn now.
    """

    def __init__(self, look: Look, scale: Callable[[], tuple[float, float]]) -> None:
        self.look, self._scale = look, scale
        self._from: tuple[float, float] | None = None
        self._to: tuple[float, float] | None = None

    def _paper(self, at: QPointF) -> tuple[float, float]:
        per_s, per_mv = self._scale()
        return at.x() / per_s, at.y() / per_mv

    def begin(self, at: QPointF) -> None:
        """Set the first leg; a former pair goes."""
        self._from, self._to = self._paper(at), None

    def drag(self, at: QPointF, upright: bool = False) -> None:
        """Set the second leg. upright: keep the height of the first, so that only time is measured."""
        if self._from is not None:
            time_s, height = self._paper(at)
            self._to = time_s, self._from[1] if upright else height

    def end(self) -> None:
        """A click without a drag takes the callipers away."""
        per_s, per_mv = self._scale()
        if self._from is not None and self._to is not None:
            across = abs(self._to[0] - self._from[0]) * per_s
            if max(across, abs(self._to[1] - self._from[1]) * per_mv) >= LEAST_PX:
                return
        self.clear()

    def clear(self) -> None:
        self._from = self._to = None

    def nudge(self, steps: int) -> bool:
        """Move the second leg in time by steps; whether there is one."""
        if self._to is None:
            return False
        self._to = self._to[0] + steps * STEP_S, self._to[1]
        return True

    @property
    def shown(self) -> bool:
        return self._from is not None and self._to is not None

    @property
    def time_ms(self) -> float:
        """Between the legs, always positive; 0 without legs."""
        return 0.0 if self._from is None or self._to is None else 1000.0 * abs(self._to[0] - self._from[0])

    @property
    def height_mv(self) -> float:
        """From the first leg to the second, upwards positive."""
        return 0.0 if self._from is None or self._to is None else self._from[1] - self._to[1]

    @property
    def text(self) -> str:
        """Time, height, and the rate of a rhythm with this interval where it can be one."""
        parts = [f"{self.time_ms:.0f} ms", f"{self.height_mv:+.2f} mV".replace("-", "−")]
        if 250.0 <= self.time_ms <= 2500.0:
            parts.append(f"{60000.0 / self.time_ms:.0f} /min")
        return "   ".join(parts)

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Legs over the height of the paper, the span between them, and the reading beside it."""
        if self._from is None or self._to is None:
            return
        per_s, per_mv = self._scale()
        one = QPointF(self._from[0] * per_s, self._from[1] * per_mv)
        other = QPointF(self._to[0] * per_s, self._to[1] * per_mv)
        t = self.look.tokens
        colour = QColor(t.accent)
        painter.setPen(QPen(colour, 1.2))
        for x in (one.x(), other.x()):
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.drawLine(QPointF(one.x(), other.y()), other)
        painter.setPen(QPen(colour, 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(min(one.x(), other.x()), one.y()), QPointF(max(one.x(), other.x()), one.y()))
        font = ui_font(12, QFont.Weight.DemiBold)
        painter.setFont(font)
        size = painter.fontMetrics().boundingRect(self.text)
        box = QRectF(0.0, 0.0, size.width() + 2 * _PAD, size.height() + _PAD)
        x = max(one.x(), other.x()) + _PAD
        if x + box.width() > area.right():
            x = min(one.x(), other.x()) - _PAD - box.width()
        y = min(max(other.y() - box.height() - 2.0, area.top() + 2.0), area.bottom() - box.height() - 2.0)
        box.moveTo(min(max(x, area.left() + 2.0), area.right() - box.width() - 2.0), y)
        painter.setPen(Qt.PenStyle.NoPen)
        back = QColor(t.panel)
        back.setAlpha(230)
        painter.setBrush(back)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(t.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.text)
