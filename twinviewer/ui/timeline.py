"""The timeline of records: a row for each value, finding and medicine, a mark for each date. Painted by QPainter."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from twinviewer.session.timeline import KINDS, Point, Row
from twinviewer.ui.theme import Look, mix
from twinviewer.ui.timeline_dates import moment_s, point_tip, ticks

ROW_PX, HEAD_PX, AXIS_PX = 26, 22, 22
NAME_PX, VALUE_PX, UNDATED_PX, END_PX = 178, 96, 30, 18
TIP_PX = 8


class TimelineChart(QWidget):
    """Rows under headings. ``row_chosen`` carries the row that the user has clicked or gone to by keyboard."""

    row_chosen = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.rows: tuple[Row, ...] = ()
        self.chosen = -1
        self._span = self._whole = (0.0, 1.0)
        self._undated = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline of records")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self.setMinimumWidth(NAME_PX + VALUE_PX + 120)
        look.changed.connect(self.update)

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show other rows; the chosen one stays chosen if it is still there."""
        if rows == self.rows:
            return
        chosen = self.rows[self.chosen].name if 0 <= self.chosen < len(self.rows) else ""
        self.rows = rows
        self.chosen = next((at for at, row in enumerate(rows) if row.name == chosen), -1)
        dates = [at for row in rows for point in row.points if (at := moment_s(point.when)) is not None]
        first, last = (min(dates), max(dates)) if dates else (0.0, 1.0)
        margin = max(0.03 * (last - first), 7 * 86400.0)
        self._span = self._whole = (first - margin, last + margin)
        self._undated = any(not point.when for row in rows for point in row.points)
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, int(self._tops()[-1]) + 4)

    # Where things are ------------------------------------------------------------------------------------------

    def _tops(self) -> list[float]:
        """Upper edge of each row, and where the last one ends."""
        tops, y, under = [], float(AXIS_PX), ""
        for row in self.rows:
            if KINDS[row.kind] != under:
                under = KINDS[row.kind]
                y += HEAD_PX
            tops.append(y)
            y += ROW_PX
        return [*tops, y]

    def _plot(self) -> tuple[float, float]:
        left = NAME_PX + VALUE_PX + (UNDATED_PX if self._undated else 8)
        return float(left), max(float(self.width() - END_PX), left + 10.0)

    def x_of(self, when: str) -> float:
        """Where a date is; undated entries stand before the axis."""
        left, right = self._plot()
        at = moment_s(when)
        if at is None:
            return left - UNDATED_PX / 2
        first, last = self._span
        return left + (right - left) * (at - first) / (last - first)

    def y_of(self, row: Row, top: float, point: Point) -> float:
        """Numbers rise within their row; what is no number stands in its middle."""
        values = [one.value for one in row.points if one.value is not None]
        middle = top + ROW_PX / 2
        if point.value is None or not values or max(values) - min(values) < 1e-9:
            return middle
        share = (point.value - min(values)) / (max(values) - min(values))
        return middle + (0.5 - share) * (ROW_PX - 12)

    def point_at(self, x: float, y: float) -> tuple[Row, Point] | None:
        """The mark nearest to a place, None where none is near."""
        best, found = float(TIP_PX), None
        for row, top in zip(self.rows, self._tops(), strict=False):
            if not top <= y < top + ROW_PX:
                continue
            for point in row.points:
                away = abs(self.x_of(point.when) - x)
                if away <= best:  # of marks on one another the newest
                    best, found = away, (row, point)
        return found

    def row_at(self, y: float) -> int:
        """Number of the row there, -1 where none is."""
        tops = self._tops()
        return next((at for at, top in enumerate(tops[:-1]) if top <= y < top + ROW_PX), -1)

    # What the user does ----------------------------------------------------------------------------------------

    def choose(self, at: int) -> None:
        """Choose a row."""
        if 0 <= at < len(self.rows):
            self.chosen = at
            self.update()
            self.row_chosen.emit(self.rows[at])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.choose(self.row_at(event.position().y()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl and the wheel zoom in time, about the pointer; without Ctrl the rows scroll."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        left, right = self._plot()
        share = min(max((event.position().x() - left) / (right - left), 0.0), 1.0)
        self.zoom(0.8 if event.angleDelta().y() > 0 else 1.25, share)
        event.accept()

    def mouseDoubleClickEvent(self, _: QMouseEvent) -> None:
        """The whole time again."""
        self._span = self._whole
        self.update()

    def zoom(self, factor: float, share: float = 0.5) -> None:
        """Show ``factor`` times the time now in view, about a place 0..1 of it; never more than all, or less than a
        day."""
        first, last = self._span
        length = min(max((last - first) * factor, 86400.0), self._whole[1] - self._whole[0])
        begin = first + share * (last - first - length)
        begin = min(max(begin, self._whole[0]), self._whole[1] - length)
        self._span = (begin, begin + length)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go from row to row."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is None or not self.rows:
            super().keyPressEvent(event)
        else:
            self.choose(min(max(self.chosen + step, 0), len(self.rows) - 1))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.point_at(event.pos().x(), event.pos().y())
            if found is None:
                at = self.row_at(event.pos().y())
                text = self.rows[at].label if at >= 0 else ""
            else:
                text = point_tip(*found)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    # Painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = self.look.tokens
        painter.fillRect(self.rect(), QColor(t.panel))
        self._paint_axis(painter)
        under = ""
        for at, (row, top) in enumerate(zip(self.rows, self._tops(), strict=False)):
            if KINDS[row.kind] != under:
                under = KINDS[row.kind]
                self._say(painter, under.upper(), QRectF(12, top - HEAD_PX + 4, 300, HEAD_PX - 4), t.quiet, 11, True)
            if at == self.chosen:
                painter.fillRect(QRectF(0, top, self.width(), ROW_PX), QColor(mix(t.panel, t.accent, 0.18)))
            self._paint_names(painter, row, top)
            painter.setClipRect(QRectF(NAME_PX + VALUE_PX - 2, top, self.width(), ROW_PX))  # what lies outside the zoom
            if row.kind in ("finding", "medication"):
                self._paint_bar(painter, row, top)
            self._paint_points(painter, row, top)
            painter.setClipping(False)
        painter.end()

    def _paint_axis(self, painter: QPainter) -> None:
        t = self.look.tokens
        left, right = self._plot()
        bottom = self._tops()[-1]
        first, last = self._span
        for text, at in ticks(first, last, max(int((right - left) / 76), 1)):
            x = left + (right - left) * (at - first) / (last - first)
            painter.setPen(QPen(QColor(t.line), 1))
            painter.drawLine(QPointF(x, AXIS_PX), QPointF(x, bottom))
            self._say(
                painter, text, QRectF(x - 38, 3, 76, AXIS_PX - 4), t.quiet, 11, align=Qt.AlignmentFlag.AlignCenter
            )
        if self._undated:
            place = QRectF(left - UNDATED_PX - 14, 3, UNDATED_PX + 28, AXIS_PX - 4)
            if (right - left) > 200:
                self._say(painter, "undated", place, t.quiet, 11, align=Qt.AlignmentFlag.AlignCenter)

    def _paint_names(self, painter: QPainter, row: Row, top: float) -> None:
        t = self.look.tokens
        now = row.now
        on = now is not None or bool(row.by_hand)
        self._say(painter, row.label, QRectF(12, top, NAME_PX - 18, ROW_PX), t.text if on else t.quiet, 13)
        if row.by_hand:
            self._say(painter, "set by hand", QRectF(NAME_PX, top, VALUE_PX - 10, ROW_PX), t.caution, 12,
                      align=Qt.AlignmentFlag.AlignRight)  # fmt: skip
        elif now is not None and row.kind != "medication":
            self._value(painter, now.text, row.unit, QRectF(NAME_PX, top, VALUE_PX - 10, ROW_PX))
        elif now is None and row.points:
            text = row.points[-1].why_not if row.points[-1].over else "not used"
            self._say(painter, text, QRectF(NAME_PX, top, VALUE_PX - 10, ROW_PX), t.quiet, 12,
                      align=Qt.AlignmentFlag.AlignRight)  # fmt: skip

    def _value(self, painter: QPainter, text: str, unit: str, place: QRectF) -> None:
        t = self.look.tokens
        small = QFontMetrics(self._font(11))
        width = small.horizontalAdvance(f" {unit}") if unit else 0
        right = Qt.AlignmentFlag.AlignRight
        self._say(painter, text, place.adjusted(0, 0, -width - 2, 0), t.text, 13, align=right)
        self._say(painter, unit, place, t.quiet, 11, align=right)

    def _paint_bar(self, painter: QPainter, row: Row, top: float) -> None:
        """From when it was first said to when it was over, or to the present day of the record."""
        begin = self.x_of(row.points[0].when)
        end = self.x_of(row.points[-1].when) if row.points[-1].over else self._plot()[1]
        t = self.look.tokens
        colour = QColor(mix(t.panel, t.accent if row.now is not None else t.quiet, 0.45))
        painter.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        if end > begin:
            painter.drawLine(QPointF(begin, top + ROW_PX / 2), QPointF(end, top + ROW_PX / 2))

    def _paint_points(self, painter: QPainter, row: Row, top: float) -> None:
        t = self.look.tokens
        places = [(point, QPointF(self.x_of(point.when), self.y_of(row, top, point))) for point in row.points]
        dated = [place for point, place in places if point.when and point.value is not None]
        if len(dated) > 1:
            painter.setPen(QPen(QColor(mix(t.panel, t.quiet, 0.55)), 1.2))
            painter.drawPolyline(QPolygonF(dated))
        for point, place in places:
            if point.why_not.endswith("cannot be true"):
                painter.setPen(QPen(QColor(t.alarm), 1.8))
                for slope in (1.0, -1.0):
                    painter.drawLine(place + QPointF(-4, -4 * slope), place + QPointF(4, 4 * slope))
            elif point.in_use:
                painter.setPen(QPen(QColor(t.panel), 1.5))
                painter.setBrush(QColor(t.accent))
                painter.drawEllipse(place, 5.0, 5.0)
            else:
                painter.setPen(QPen(QColor(t.quiet), 1.4))
                painter.setBrush(QColor(t.panel))
                painter.drawEllipse(place, 3.4, 3.4)

    def _font(self, size: int, bold: bool = False):  # type: ignore[no-untyped-def]
        font = self.font()
        font.setPixelSize(size)
        font.setBold(bold)
        return font

    def _say(
        self, painter: QPainter, text: str, place: QRectF, colour: str, size: int, bold: bool = False,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:  # fmt: skip
        font = self._font(size, bold)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, align | Qt.AlignmentFlag.AlignVCenter, shown)
