"""A row of the case tree that stands for one thing of the user's: sign, text, and a cross that takes it away."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from twinviewer.ui.icons import icon, pixmap
from twinviewer.ui.theme import Look, ui_font

HEIGHT_PX, SIGN_PX, TEXT_PX, CROSS_PX = 28, 16, 36, 30
"""Of the row and its sign; where the text begins; what the cross takes at the end."""


class TreeRow(QWidget):
    """Click or Enter: ``chosen``. The cross, Delete or Backspace: ``removed``. Both carry the uid."""

    chosen = Signal(str)
    removed = Signal(str)

    def __init__(self, look: Look, uid: str, sign: str, text: str, *, what: str, remark: str = "") -> None:
        """what: what it is, for the cross ("Remove this ..."). remark: a quiet word behind the text, where it fits."""
        super().__init__()
        self.look, self.uid, self.sign, self.text, self.remark = look, uid, sign, text, remark
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)  # painted anew as the mouse comes and goes
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        out = QToolButton()
        out.setIcon(icon("close", look.tokens, look.tokens.quiet))
        out.setIconSize(QSize(12, 12))
        out.setToolTip(f"Remove this {what}")
        out.setAccessibleName(out.toolTip())
        out.clicked.connect(lambda: self.removed.emit(uid))
        row.addWidget(out)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(t.accent), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 1, -4, -1), 6, 6)
        sign = pixmap(self.sign, t, QSize(SIGN_PX, SIGN_PX), t.quiet, self.devicePixelRatioF())
        painter.drawPixmap(12, (self.height() - SIGN_PX) // 2, sign)
        painter.setFont(ui_font(13))
        painter.setPen(QColor(t.text))
        space = self.width() - TEXT_PX - CROSS_PX
        middle = Qt.AlignmentFlag.AlignVCenter
        text = painter.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, space)
        painter.drawText(QRectF(TEXT_PX, 0, space, self.height()), middle, text)
        used = painter.fontMetrics().horizontalAdvance(text) + 8
        painter.setFont(ui_font(11, QFont.Weight.Normal))
        painter.setPen(QColor(t.quiet))
        if painter.fontMetrics().horizontalAdvance(self.remark) < space - used:
            painter.drawText(QRectF(TEXT_PX + used, 0, space - used, self.height()), middle, self.remark)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.uid)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.uid)
        else:
            super().keyPressEvent(event)
