"""A switch for on/off parameters, painted so that its state reads at a glance."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QWidget

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


class LabelledSwitch(QWidget):
    """A switch with its words beside it, where a form has no column for them."""

    def __init__(self, look: Look, text: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self.switch = Switch(look)
        self.switch.setAccessibleName(text)
        words = QLabel(text)
        words.setWordWrap(True)
        row.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        self.toggled = self.switch.toggled

    def isChecked(self) -> bool:
        """Whether it is on."""
        return self.switch.isChecked()

    def setChecked(self, on: bool) -> None:
        """Turn it on or off."""
        self.switch.setChecked(on)
