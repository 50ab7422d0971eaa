"""Key images as rows of the case tree: the name, and the way out."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QSizePolicy, QToolButton, QWidget

from twinviewer.domain import KeyImage
from twinviewer.ui.icons import icon, pixmap
from twinviewer.ui.theme import Look, ui_font


class KeyImageRow(QWidget):
    """Click: go back to that view. Double click or F2: name it. The cross removes it, which can be undone."""

    chosen = Signal(str)
    removed = Signal(str)
    renamed = Signal(str, str)

    def __init__(self, look: Look, key: KeyImage) -> None:
        super().__init__()
        self.look, self.key = look, key
        self.setFixedHeight(28)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(f"{key.title}\nW {key.window:.0f}  L {key.level:.0f}\nClick to go there, F2 to name it")
        self.setAccessibleName(f"Key image {key.title}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        out = QToolButton()
        out.setIcon(icon("close", look.tokens, look.tokens.quiet))
        out.setIconSize(QSize(12, 12))
        out.setToolTip("Remove this key image")
        out.setAccessibleName(out.toolTip())
        out.clicked.connect(lambda: self.removed.emit(key.uid))
        row.addWidget(out)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(t.accent), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 1, -4, -1), 6, 6)
        sign = pixmap("star", t, QSize(16, 16), t.quiet, self.devicePixelRatioF())
        painter.drawPixmap(12, (self.height() - 16) // 2, sign)
        painter.setFont(ui_font(13))
        painter.setPen(QColor(t.text))
        space = self.width() - 36 - 30
        text = painter.fontMetrics().elidedText(self.key.title, Qt.TextElideMode.ElideRight, space)
        painter.drawText(QRectF(36, 0, space, self.height()), Qt.AlignmentFlag.AlignVCenter, text)

    def ask_name(self) -> None:
        """Another name."""
        name, ok = QInputDialog.getText(self, "Key image", "Name", text=self.key.title)
        if ok and name.strip():
            self.renamed.emit(self.key.uid, name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.key.uid)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.ask_name()

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def keyPressEvent(self, event: object) -> None:
        key = event.key()  # type: ignore[attr-defined]
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.key.uid)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.key.uid)
        elif key == Qt.Key.Key_F2:
            self.ask_name()
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type]
