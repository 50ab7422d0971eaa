"""What a cohort shows: how the change is spread, and who responds group by group, with intervals (a forest plot)."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from twinviewer.report.cohort_picture import histogram
from twinviewer.report.strip import ticks
from twinviewer.session.studies.cohort.response import LEVEL, Group
from twinviewer.session.studies.cohort.step import CohortResult
from twinviewer.ui.theme import SMALL_PX, Look, ui_font

ROW_PX, SAID_PX, GAP_PX, HEAD_PX = 23, 18, 8, 36
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
CENTRE, MIDDLE = Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignVCenter


class ChangeHistogram(QWidget):
    """Virtual patients by what changes; those who respond in the accent's colour, beyond the criterion's line."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._found: CohortResult | None = None
        self.setMinimumSize(260, 180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Virtual patients by what changes")
        look.changed.connect(self.update)

    def show_result(self, found: CohortResult | None) -> None:
        """None clears."""
        self._found = found
        if found is not None and found.overall.responders.of:
            one = found.overall
            self.setAccessibleDescription(f"Median {one.median:.3g}, nine in ten from {one.low:.3g} to {one.high:.3g}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t = QPainter(self), self.look.tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(ui_font(SMALL_PX))
        change = self._found.changes if self._found is not None else np.zeros(0)
        change = change[np.isfinite(change)]
        if self._found is None or not len(change):
            painter.end()
            return
        wanted = self._found.criterion
        counts, edges = histogram(change, wanted.by)
        box = QRectF(38.0, HEAD_PX, self.width() - 46.0, self.height() - HEAD_PX - 40.0)
        most, span = max(int(counts.max()), 1), float(edges[-1] - edges[0])

        def x_of(value: float) -> float:
            return box.left() + box.width() * (value - float(edges[0])) / span

        painter.setPen(QColor(t.quiet))
        painter.drawText(QRectF(box.left(), 0, box.width(), 18), LEFT | MIDDLE, "Virtual patients")
        for value in ticks(0.0, float(most), 3):
            if value != round(value):
                continue
            y = box.bottom() - box.height() * value / most
            painter.setPen(QPen(QColor(t.line), 1.0))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(QColor(t.quiet))
            painter.drawText(QRectF(0, y - 8, box.left() - 6, 16), RIGHT | MIDDLE, f"{value:g}")
        painter.setPen(Qt.PenStyle.NoPen)
        for k, count in enumerate(counts):
            if not count:
                continue
            middle = 0.5 * float(edges[k] + edges[k + 1])
            high = box.height() * count / most
            left, right = x_of(float(edges[k])) + 0.5, x_of(float(edges[k + 1])) - 0.5
            painter.setBrush(QColor(t.accent if wanted.met(middle) else t.quiet))
            painter.drawRect(QRectF(left, box.bottom() - high, right - left, high))
        painter.setPen(QColor(t.quiet))
        for value in ticks(float(edges[0]), float(edges[-1]), 6):
            painter.drawText(QRectF(x_of(float(value)) - 30, box.bottom() + 3, 60, 15), CENTRE | MIDDLE, f"{value:g}")
        unit = "Change (%)" if wanted.percent else "Change (in its unit)"
        painter.drawText(QRectF(box.left(), box.bottom() + 20, box.width(), 16), CENTRE | MIDDLE, unit)
        painter.setPen(QPen(QColor(t.text), 1.5))
        at = x_of(wanted.by)
        painter.drawLine(QPointF(at, box.top() - 18), QPointF(at, box.bottom()))
        painter.setFont(ui_font(SMALL_PX))
        side = wanted.by > 0
        words = "responds from here" if side else "responds up to here"
        beside = (
            QRectF(at + 5, box.top() - 19, 160, 15)
            if at < box.center().x()
            else QRectF(at - 165, box.top() - 19, 160, 15)
        )
        painter.drawText(beside, (LEFT if at < box.center().x() else RIGHT) | MIDDLE, words)
        painter.end()


class ForestPlot(QWidget):
    """A row a group: its name, its share with the interval, how many of how many; below a division what can be told."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._found: CohortResult | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(420)
        self.setAccessibleName("Who responds, group by group")
        look.changed.connect(self.update)

    def show_result(self, found: CohortResult | None) -> None:
        """None clears."""
        self._found = found
        rows = [] if found is None else [found.overall, *(g for d in found.divisions for g in d.groups)]
        self.setAccessibleDescription(
            "; ".join(f"{one.label}: {one.responders.count} of {one.responders.of}" for one in rows)
        )
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        height = 24 + ROW_PX + 18
        for division in () if self._found is None else self._found.divisions:
            height += GAP_PX + ROW_PX * len(division.groups) + (SAID_PX if division.difference is not None else 0)
        return QSize(560, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t, found = QPainter(self), self.look.tokens, self._found
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if found is None or not found.overall.responders.of:
            painter.end()
            return
        wide = float(self.width())
        left, right = 150.0, wide - 118.0
        painter.setFont(ui_font(SMALL_PX))
        painter.setPen(QColor(t.quiet))
        painter.drawText(QRectF(0, 0, left, 18), LEFT | MIDDLE, "Responders")
        painter.drawText(QRectF(left, 0, wide - left, 18), RIGHT | MIDDLE, f"{100 * LEVEL:.0f} % intervals")
        bottom = float(self.height() - 18)
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            x = left + (right - left) * share
            painter.setPen(QPen(QColor(t.line), 1.0))
            painter.drawLine(QPointF(x, 20.0), QPointF(x, bottom))
            painter.setPen(QColor(t.quiet))
            painter.drawText(QRectF(x - 24, bottom + 1, 48, 16), CENTRE | MIDDLE, f"{100 * share:.0f} %")
        y = 24.0
        self._row(painter, found.overall, y, left, right)
        y += ROW_PX
        for division in found.divisions:
            y += GAP_PX
            for one in division.groups:
                self._row(painter, one, y, left, right)
                y += ROW_PX
            if division.difference is not None:
                painter.setFont(ui_font(SMALL_PX))
                painter.setPen(QColor(t.accent_text if division.difference.told else t.quiet))
                said = painter.fontMetrics().elidedText(
                    division.difference.said, Qt.TextElideMode.ElideRight, int(wide - 12)
                )
                rect = QRectF(12, y, wide - 12, SAID_PX)
                painter.fillRect(rect, QColor(t.panel))
                painter.drawText(rect, LEFT | MIDDLE, said)
                y += SAID_PX
        painter.end()

    def _row(self, painter: QPainter, one: Group, y: float, left: float, right: float) -> None:
        t, middle = self.look.tokens, y + 0.5 * ROW_PX
        low, high = (left + (right - left) * share for share in one.responders.interval)
        at = left + (right - left) * one.responders.share
        painter.setFont(ui_font(12))
        painter.setPen(QColor(t.text))
        painter.drawText(QRectF(0, y, left - 8, ROW_PX), LEFT | MIDDLE, one.label)
        said = f"{one.responders.count} of {one.responders.of}, {100 * one.responders.share:.0f} %"
        painter.drawText(QRectF(right + 6, y, self.width() - right - 6, ROW_PX), RIGHT | MIDDLE, said)
        painter.setPen(QPen(QColor(t.text), 1.5))
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for end in (low, high):
            painter.drawLine(QPointF(end, middle - 4), QPointF(end, middle + 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.accent))
        painter.drawRect(QRectF(at - 4, middle - 4, 8, 8))
