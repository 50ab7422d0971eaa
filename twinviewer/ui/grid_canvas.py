"""The slices and phases of a series, painted: a strip in its row, and all of it with names where one asks."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from twinviewer.domain import GridRow, SliceGrid
from twinviewer.ui.theme import Look, Tokens, mix, ui_font

THERE, LACKING, MORE, ODD = "there", "lacking", "more than once", "unusual"
GUTTER = 64.0
BEAT = 62.0
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ALONG = 30
"""Slices in a line where there is one phase only."""


def state_of(row: GridRow, phase: int) -> str:
    """What is to be said of one image."""
    count = row.images[phase] if phase < len(row.images) else 0
    return LACKING if count == 0 else MORE if count > 1 else ODD if row.odd else THERE


def worst(states: set[str]) -> str:
    """The state that must be seen where several images share a spot."""
    return next((one for one in (LACKING, MORE, ODD) if one in states), THERE)


def colour_of(state: str, t: Tokens, active: bool) -> QColor:
    """Fill of a cell; what lacks is a hole with an edge."""
    if state == THERE:
        return QColor(mix(t.panel, t.accent if active else t.quiet, 0.6))
    return QColor(t.panel if state == LACKING else t.caution)


def paint_strip(painter: QPainter, area: QRectF, grid: SliceGrid, t: Tokens, active: bool) -> float:
    """Slices across and phases down, in the space that there is; the width that was used."""
    slices, phases = len(grid.rows), max(len(grid.phase_percent), 1)
    across = min(slices, max(int(area.width() // 2), 1))
    down = min(phases, max(int(area.height() // 3), 1))
    pitch = min(6.0, area.width() / across)
    high = min(area.height() / down, 12.0) if phases > 1 else min(area.height(), 8.0)
    painter.setPen(Qt.PenStyle.NoPen)
    for column in range(across):
        first = column * slices // across
        rows = grid.rows[first : max((column + 1) * slices // across, first + 1)]
        for line in range(down):
            some = range(line * phases // down, max((line + 1) * phases // down, line * phases // down + 1))
            states = {state_of(row, phase) for row in rows for phase in some}
            # where some are there and some are not, the spot is filled in the colour of what is amiss
            state = worst(states) if len(states) == 1 or LACKING not in states else MORE
            cell = QRectF(
                area.x() + column * pitch, area.y() + line * high, max(pitch - 1.0, 1.0), max(high - 1.0, 1.5)
            )
            if state == LACKING:
                painter.fillRect(QRectF(cell.x(), cell.bottom() - 1.0, cell.width(), 1.0), QColor(t.caution))
            else:
                painter.fillRect(cell, colour_of(state, t, active))
    return across * pitch


@dataclass(frozen=True, slots=True)
class _Cell:
    area: QRectF
    row: GridRow
    phase: int


class GridCanvas(QWidget):
    """Every slice and phase as a cell, with the slice's name, depth and beat; what is odd is told under the mouse."""

    def __init__(self, look: Look, grid: SliceGrid) -> None:
        super().__init__()
        self.look, self.grid = look, grid
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._cells: list[_Cell] = []
        self._single = len(grid.phase_percent) <= 1
        self._lay_out()
        self.setFixedSize(self.sizeHint())
        self.setAccessibleName(f"{len(grid.rows)} slices, {len(grid.phase_percent)} phases, {grid.lacking} lacking")

    def sizeHint(self) -> QSize:
        right = max((cell.area.right() for cell in self._cells), default=0.0)
        bottom = max((cell.area.bottom() for cell in self._cells), default=0.0)
        return QSize(int(right + (4 if self._single else BEAT)), int(bottom + 4))

    def _lay_out(self) -> None:
        grid = self.grid
        if self._single:
            for n, row in enumerate(grid.rows):
                area = QRectF(GUTTER + (n % ALONG) * 13.0, 2.0 + (n // ALONG) * 16.0, 11.0, 13.0)
                self._cells.append(_Cell(area, row, 0))
            return
        phases = len(grid.phase_percent)
        wide = min(16.0, max(4.0, 440.0 / phases))
        high = 18.0 if len(grid.rows) <= 24 else 10.0 if len(grid.rows) <= 60 else 5.0
        for n, row in enumerate(grid.rows):
            for phase in range(phases):
                gap = 1.0 if wide < 8 or high < 8 else 2.0
                area = QRectF(GUTTER + phase * wide, 18.0 + n * high, wide - gap, high - gap)
                self._cells.append(_Cell(area, row, phase))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        seen = QRectF(event.rect()).adjusted(-2, -2, 2, 2)
        for cell in self._cells:
            if not seen.intersects(cell.area):
                continue
            state = state_of(cell.row, cell.phase)
            if state == LACKING:
                painter.setPen(QPen(QColor(t.caution), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(cell.area.adjusted(0.5, 0.5, -0.5, -0.5))
            else:
                painter.fillRect(cell.area, colour_of(state, t, True))
        painter.setFont(ui_font(11))
        if self._single:
            self._numbers(painter, t)
        else:
            self._names(painter, t)

    def _numbers(self, painter: QPainter, t: Tokens) -> None:
        painter.setPen(QColor(t.quiet))
        for n in range(0, len(self._cells), ALONG):
            area = self._cells[n].area
            painter.drawText(QRectF(0, area.y(), GUTTER - 8, area.height()), _RIGHT, str(n + 1))

    def _names(self, painter: QPainter, t: Tokens) -> None:
        phases = len(self.grid.phase_percent)
        firsts = self._cells[::phases]
        high = firsts[1].area.y() - firsts[0].area.y() if len(firsts) > 1 else 18.0
        every = max(1, round(14.0 / high))
        for n, cell in enumerate(firsts):
            if n % every:
                continue
            painter.setPen(QColor(t.caution if cell.row.odd or cell.row.lacks_all else t.text))
            area = QRectF(0, cell.area.y() - 2, GUTTER - 8, max(high, 14.0))
            name = painter.fontMetrics().elidedText(cell.row.label, Qt.TextElideMode.ElideRight, 56)
            painter.drawText(area, _RIGHT, name)
            if cell.row.rr_s:
                painter.setPen(QColor(t.caution if cell.row.odd else t.quiet))
                end = self._cells[n * phases + phases - 1].area.right()
                beat = f"{1000 * cell.row.rr_s:.0f} ms"
                painter.drawText(QRectF(end + 8, area.y(), BEAT - 8, area.height()), _RIGHT, beat)
        painter.setPen(QColor(t.quiet))
        for phase in (0, phases - 1):
            area = self._cells[phase].area
            side = Qt.AlignmentFlag.AlignLeft if phase == 0 else Qt.AlignmentFlag.AlignRight
            x = area.x() if phase == 0 else area.right() - 60
            painter.drawText(QRectF(x, 0, 60, 14), side, f"{self.grid.phase_percent[phase]:.0f} %")
        if any(row.rr_s for row in self.grid.rows):
            end = self._cells[phases - 1].area.right()
            painter.drawText(QRectF(end + 8, 0, BEAT - 8, 14), Qt.AlignmentFlag.AlignRight, "R-R")

    def told_at(self, at: QPointF) -> str:
        """What lies under a point, in words; "" beside the cells."""
        for cell in self._cells:
            if cell.area.adjusted(-1, -1, 1, 1).contains(at):
                return told(cell.row, cell.phase, self.grid)
        return ""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told_at(QPointF(event.pos())), self)
            return True
        return super().event(event)


def told(row: GridRow, phase: int, grid: SliceGrid) -> str:
    """One image in words."""
    name = row.label
    if row.depth_mm is not None:
        name += f", {row.depth_mm:.1f} mm"
    count = len(grid.phase_percent)
    if count > 1:
        name += f", phase {phase + 1} of {count} ({grid.phase_percent[phase]:.0f} % of R-R)"
    if row.lacks_all:
        return f"{name}: no image of this slice is here"
    number = row.images[phase]
    several = f"{number} images lie on one another; the first is used"
    said = "not here" if number == 0 else "" if number == 1 else several
    return f"{name}: " + "; ".join(text for text in (said, row.odd) if text) if said or row.odd else name
