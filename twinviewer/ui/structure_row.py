"""Structures that lie beside the images (SEG, RTSTRUCT, label maps), as rows below the series that they lie on."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from twinviewer.domain import Series
from twinviewer.session.structure_series import can_lie_anywhere, fault_of, short_fault, structures_text
from twinviewer.ui.icons import icon
from twinviewer.ui.theme import Look, ui_font

INDENT = 20.0
_NAMES = {"SEG": "Segmentation", "RTSTRUCT": "Contours"}


def title_of(series: Series) -> str:
    """What the file calls it, or what it is."""
    return series.description or _NAMES.get(series.modality, series.modality)


class StructureSeriesRow(QWidget):
    """Double click or Enter loads the structures as labels of their series."""

    opened = Signal(str)

    def __init__(self, look: Look, series: Series, depth: int, owner: str) -> None:
        """owner: what the series is called that they lie on, "" where none is known."""
        super().__init__()
        self.look, self.series, self.level = look, series, depth
        self.fault = fault_of(series)
        other = next((w.text for w in series.warnings if w.code == "unreadable_file"), "")
        self.usable = can_lie_anywhere(series) and not other
        self.below = other or short_fault(series) or structures_text(series)
        self.warned = bool(other or self.fault)
        self.setFixedHeight(44)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        lines = [f"<b>{title_of(series)}</b>", structures_text(series)]
        lines += [f"⚠ {warning.text}" for warning in series.warnings]
        if self.usable and self.fault:
            lines.append("Double click to place them by their coordinates")
        elif self.usable:
            lines.append(f"Double click to load them on {owner}" if owner else "Double click to load them")
        self.setToolTip("<br>".join(lines))
        self.setAccessibleName(f"{_NAMES.get(series.modality, 'Structures')} {title_of(series)}, {self.below}")

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = 10.0 + INDENT * self.level
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 1, -4, -1), 6, 6)
        if self.level:  # an elbow from the series above
            painter.setPen(QPen(QColor(t.line), 1))
            painter.drawLine(int(left - 6), 0, int(left - 6), 22)
            painter.drawLine(int(left - 6), 22, int(left), 22)
        sign = icon("segment", t, t.text if self.usable else t.quiet).pixmap(18, 18)
        painter.drawPixmap(int(left + 5), 13, sign)
        x = left + 32.0
        width = self.width() - x - 10.0
        painter.setFont(ui_font(13, QFont.Weight.Medium))
        painter.setPen(QColor(t.text if self.usable else t.quiet))
        middle, end = Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
        title = painter.fontMetrics().elidedText(title_of(self.series), end, int(width))
        painter.drawText(QRectF(x, 5, width, 18), middle, title)
        painter.setFont(ui_font(11))
        painter.setPen(QColor(t.caution if self.warned else t.quiet))
        text = painter.fontMetrics().elidedText(f"⚠ {self.below}" if self.warned else self.below, end, int(width))
        painter.drawText(QRectF(x, 23, width, 15), middle, text)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.usable:
            self.opened.emit(self.series.uid)

    def keyPressEvent(self, event: object) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.usable:
            self.opened.emit(self.series.uid)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()
