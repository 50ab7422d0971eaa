"""The bullseye as a widget: 17 segments in the colours of one measure, its colour bar, and what is under the mouse."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHelpEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from twinviewer.scene.bullseye import (
    SCALES,
    SEGMENTS,
    SEPTAL_BORDERS_DEG,
    SIDES,
    Scale,
    checked,
    dark_ink,
    segment_at,
    spoken,
)
from twinviewer.ui.theme import SMALL_PX, Look, mix, ui_font

_MARGIN, _SIDE, _BAR, _GAP = 4.0, 15.0, 8.0, 6.0
_WIDE = 260  # from this width on the sides are written out, and values get their full size
# A disc of a smaller radius has no room for figures, or for those after the point; hovering still tells them.
_LEGIBLE, _FOUR_FIGURES = 58.0, 85.0
UNSURE = ", sign not sure"
_BLACK, _WHITE = QColor("#14181E"), QColor("#FFFFFF")


class Bullseye(QWidget):
    """Seventeen values as a polar map. ``hovered`` tells the segment under the mouse (0: none), ``chosen`` a click."""

    hovered = Signal(int)
    chosen = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.scale: Scale = SCALES["longitudinal_percent"]
        self.values: NDArray[np.float64] = checked(None)
        self.segment = 0
        self.title = ""
        self.sure = np.ones(17, bool)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 170)
        self.setAccessibleName("Bullseye")
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, 270)

    def show_values(
        self,
        values: Sequence[float] | NDArray[np.floating] | None,
        scale: Scale | str,
        title: str = "",
        sure: NDArray[np.bool_] | None = None,
    ) -> None:
        """(17,) values, NaN where there is none, by a scale or its name in scene.bullseye.SCALES; None clears. title:
        default the scale's, for example with a phase added. sure: (17,) False where a change may be of either sign,
        which is hatched. KeyError, ValueError for what is not a bullseye."""
        self.scale = SCALES[scale] if isinstance(scale, str) else scale
        self.values = checked(values)
        self.title = title
        self.sure = np.ones(17, bool) if sure is None else np.asarray(sure, bool)
        told = [spoken(segment.number, self.values[segment.number - 1], self.scale) for segment in SEGMENTS]
        self.setAccessibleDescription(f"{self._heading()}. " + "; ".join(told))
        self.update()

    def segment_under(self, place: QPointF) -> int:
        """Number of the segment at a place of the widget, 0 beside the disc."""
        centre, radius = self._disc()
        return segment_at((place.x() - centre.x()) / radius, (centre.y() - place.y()) / radius)

    def point_at(self, number: int) -> None:
        """Mark a segment as if the mouse were on it, 0 for none; without a word to others."""
        self.segment = number
        self.update()

    def _heading(self) -> str:
        return self.title or f"{self.scale.title} ({self.scale.unit})"

    def _told(self) -> str:
        """What stands over the disc while the mouse is on a segment."""
        value, name = self.values[self.segment - 1], SEGMENTS[self.segment - 1].name
        known = f"{self.scale.text(value)} {self.scale.unit}" if np.isfinite(value) else "no value"
        return f"{self.segment} {name}: {known}{'' if self.sure[self.segment - 1] else UNSURE}"

    def _disc(self) -> tuple[QPointF, float]:
        """Centre and radius of the disc: under the title, over the bar."""
        top, below = _MARGIN + 20.0, _MARGIN + _BAR + 17.0
        wide, high = self.width() - 2 * (_MARGIN + _SIDE), self.height() - top - below - 2 * _SIDE
        radius = max(min(wide, high) / 2.0, 20.0)
        return QPointF(self.width() / 2.0, top + _SIDE + max(high / 2.0, radius)), radius

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self.look.tokens
        painter.setFont(ui_font(SMALL_PX))
        painter.setPen(QColor(tokens.text))
        heading = painter.fontMetrics().elidedText(
            self._told() if self.segment else self._heading(),
            Qt.TextElideMode.ElideRight,
            int(self.width() - 2 * _MARGIN),
        )
        top = QRectF(_MARGIN, _MARGIN, self.width() - 2 * _MARGIN, 16.0)
        painter.drawText(top, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, heading)
        centre, radius = self._disc()
        for segment in SEGMENTS:
            self._paint_segment(painter, segment.number, centre, radius)
        if self.segment:
            pen = QPen(QColor(tokens.text), 2.0)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(_placed(SEGMENTS[self.segment - 1].outline(), centre, radius))
        self._paint_values(painter, centre, radius)
        self._paint_sides(painter, centre, radius)
        self._paint_bar(painter, centre, radius)
        painter.end()

    def _paint_segment(self, painter: QPainter, number: int, centre: QPointF, radius: float) -> None:
        tokens = self.look.tokens
        polygon = _placed(SEGMENTS[number - 1].outline(), centre, radius)
        colour = self.scale.colour(self.values[number - 1])
        painter.setPen(
            QPen(QColor(tokens.panel if colour is not None else mix(tokens.raised, tokens.quiet, 0.35)), 1.5)
        )
        painter.setBrush(QColor(tokens.raised) if colour is None else QColor(*colour))
        painter.drawPolygon(polygon)
        if colour is None:
            hatch = QBrush(QColor(mix(tokens.raised, tokens.quiet, 0.45)), Qt.BrushStyle.BDiagPattern)
            painter.setBrush(hatch)
            painter.drawPolygon(polygon)
        elif not self.sure[number - 1]:
            ink = QColor(_BLACK if dark_ink(colour) else _WHITE)
            ink.setAlpha(150)
            painter.setBrush(QBrush(ink, Qt.BrushStyle.FDiagPattern))
            painter.drawPolygon(polygon)

    def _paint_values(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        tokens = self.look.tokens
        painter.setFont(ui_font(int(np.clip(radius * 0.125, 9, 15))))
        scale = self.scale if radius >= _FOUR_FIGURES else replace(self.scale, decimals=0)
        for segment in SEGMENTS if radius >= _LEGIBLE else ():
            value = self.values[segment.number - 1]
            colour = scale.colour(value)
            if colour is None:
                continue  # hatched: a dash would be lost in it
            painter.setPen(_BLACK if dark_ink(colour) else _WHITE)
            x, y = segment.label
            at = QPointF(centre.x() + radius * x, centre.y() - radius * y)
            box = QRectF(at.x() - 30.0, at.y() - 12.0, 60.0, 24.0)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, scale.text(value))
        painter.setPen(QPen(QColor(tokens.text), 1.5))
        for degree in SEPTAL_BORDERS_DEG:
            turn = np.radians(degree)
            ends = (
                QPointF(centre.x() + radius * r * np.cos(turn), centre.y() - radius * r * np.sin(turn))
                for r in (1.015, 1.015 + 7.0 / radius)
            )
            painter.drawLine(*ends)

    def _paint_sides(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        painter.setFont(ui_font(SMALL_PX))
        painter.setPen(QColor(self.look.tokens.quiet))
        full = self.width() >= _WIDE
        for name, degree in SIDES:
            x, y = np.cos(np.radians(degree)), np.sin(np.radians(degree))
            upright = abs(x) < 0.5
            text = name.capitalize() if full and upright else name[0].upper()
            far = radius + (9.0 if upright else 10.0)
            at = QPointF(centre.x() + far * x, centre.y() - far * y)
            painter.drawText(QRectF(at.x() - 40, at.y() - 9, 80, 18), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_bar(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        tokens = self.look.tokens
        half = min(radius, 110.0)
        top = centre.y() + radius + _SIDE + _GAP
        bar = QRectF(centre.x() - half, top, 2 * half, _BAR)
        shade = QLinearGradient(bar.topLeft(), bar.topRight())
        for step in np.linspace(0.0, 1.0, 17):
            rgb = self.scale.colour(self.scale.low + step * (self.scale.high - self.scale.low))
            assert rgb is not None
            shade.setColorAt(float(step), QColor(*rgb))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawRoundedRect(bar, 2.0, 2.0)
        known = self.values[self.segment - 1] if self.segment else np.nan
        if np.isfinite(known):
            share = float(np.clip((known - self.scale.low) / (self.scale.high - self.scale.low), 0.0, 1.0))
            x = bar.left() + share * bar.width()
            painter.setPen(QPen(QColor(tokens.text), 2.0))
            painter.drawLine(QPointF(x, bar.top() - 2.0), QPointF(x, bar.bottom() + 2.0))
        painter.setFont(ui_font(SMALL_PX))
        painter.setPen(QColor(tokens.quiet))
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        below = QRectF(bar.left(), bar.bottom() + 1.0, bar.width(), 15.0)
        for side, value in zip(sides, self.scale.ticks(), strict=True):
            painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, f"{value:g}".replace("-", "−"))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.segment_under(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.segment_under(event.position())
        if number and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(number)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self.segment_under(QPointF(event.pos()))
            if number:
                said = spoken(number, self.values[number - 1], self.scale)
                QToolTip.showText(event.globalPos(), said + ("" if self.sure[number - 1] else UNSURE), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _hover(self, number: int) -> None:
        if number != self.segment:
            self.segment = number
            self.hovered.emit(number)
            self.update()


def _placed(outline: NDArray[np.float64], centre: QPointF, radius: float) -> QPolygonF:
    """A polygon of the unit disc on the screen, where y runs down."""
    return QPolygonF([QPointF(centre.x() + radius * x, centre.y() - radius * y) for x, y in outline])
