"""A switch for on/off parameters, painted so that its state reads at a glance."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from twinviewer.ui.theme import Look


class Switch(QAbstractButton):
    """A two-state switch; ``toggled`` as for any checkable button."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(34, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        track = QRectF(1, 2, 32, 16)
        painter.setBrush(QColor(t.accent_fill if on else t.raised))
        painter.setPen(QPen(QColor(t.accent if on or self.hasFocus() else t.line), 1))
        painter.drawRoundedRect(track, 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.on_accent if on else t.quiet))
        painter.drawEllipse(QRectF(19 if on else 3, 4, 12, 12))
