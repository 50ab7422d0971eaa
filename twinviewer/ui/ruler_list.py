"""What was measured by hand, as rows of the case tree: kind, value with unit, and its way out."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from twinviewer.domain import Ruler
from twinviewer.session.rulers import NAMES, details, words
from twinviewer.ui.icons import icon, pixmap
from twinviewer.ui.theme import Look, ui_font

SIGNS = {"distance": "ruler", "angle": "angle", "polyline": "path", "area": "area", "ellipse": "ellipse"}


class RulerRow(QWidget):
    """Click: go to where it lies. The cross removes it, which can be undone."""

    chosen = Signal(str)
    removed = Signal(str)

    def __init__(self, look: Look, ruler: Ruler) -> None:
        super().__init__()
        self.look, self.ruler = look, ruler
        self.setFixedHeight(28)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(f"{NAMES[ruler.kind]}\n{details(ruler)}\nClick to go there")
        self.setAccessibleName(f"{NAMES[ruler.kind]} {words(ruler)}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        out = QToolButton()
        out.setIcon(icon("close", look.tokens, look.tokens.quiet))
        out.setIconSize(QSize(12, 12))
        out.setToolTip(f"Remove this {NAMES[ruler.kind].lower()}")
        out.setAccessibleName(out.toolTip())
        out.clicked.connect(lambda: self.removed.emit(ruler.uid))
        row.addWidget(out)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(t.accent), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 1, -4, -1), 6, 6)
        sign = pixmap(SIGNS[self.ruler.kind], t, QSize(16, 16), t.quiet, self.devicePixelRatioF())
        painter.drawPixmap(12, (self.height() - 16) // 2, sign)
        painter.setFont(ui_font(13))
        painter.setPen(QColor(t.text))
        space = self.width() - 36 - 30
        text = painter.fontMetrics().elidedText(words(self.ruler), Qt.TextElideMode.ElideRight, space)
        painter.drawText(QRectF(36, 0, space, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        used = painter.fontMetrics().horizontalAdvance(text) + 8
        painter.setFont(ui_font(11, QFont.Weight.Normal))
        painter.setPen(QColor(t.quiet))
        name = NAMES[self.ruler.kind] + (" in 3D" if self.ruler.nodes is not None else "")
        if painter.fontMetrics().horizontalAdvance(name) < space - used:
            painter.drawText(QRectF(36 + used, 0, space - used, self.height()), Qt.AlignmentFlag.AlignVCenter, name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.ruler.uid)

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def keyPressEvent(self, event: object) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # type: ignore[attr-defined]
            self.chosen.emit(self.ruler.uid)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):  # type: ignore[attr-defined]
            self.removed.emit(self.ruler.uid)
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type]
