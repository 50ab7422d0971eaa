"""Cursor and dot over a plot, as small widgets: moving them repaints a strip, not the whole plot."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget


class CursorLine(QWidget):
    """An upright line of one pixel."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.colour = "#FFFFFF"
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def place(self, x: float, top: float, bottom: float) -> None:
        """Stand at x between two heights, in the parent's pixels."""
        self.setGeometry(round(x), round(top), 1, max(round(bottom - top), 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.colour))
        painter.end()


class Dot(QWidget):
    """A filled disc of nine pixels."""

    SIZE = 11

    def __init__(self, parent: QWidget, colour: str) -> None:
        super().__init__(parent)
        self.colour = colour
        self.setFixedSize(self.SIZE, self.SIZE)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.show()

    def place(self, where: QPointF) -> None:
        """Put its middle somewhere, in the parent's pixels."""
        self.move(round(where.x() - self.SIZE / 2), round(where.y() - self.SIZE / 2))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.colour))
        painter.drawEllipse(1, 1, self.SIZE - 2, self.SIZE - 2)
        painter.end()
