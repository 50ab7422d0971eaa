"""Messages that do not stop the work: what happened, where, and what to do about it."""

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from twinviewer.domain import TwinviewerError
from twinviewer.ui.farewell import discard
from twinviewer.ui.icons import icon, pixmap
from twinviewer.ui.theme import Look

KEPT = 3
NEWS_MS = 9000
"""How long plain news stay; what asks for care stays until it is dismissed."""


class _Message(QFrame):
    def __init__(self, strip: "MessageStrip", look: Look, kind: str, text: str, detail: str) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setProperty("kind", kind)
        self.kind, self.text, self.detail = kind, text, detail
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(10)
        colour = {"alarm": look.tokens.alarm, "caution": look.tokens.caution}.get(kind, look.tokens.accent_text)
        sign = QLabel()
        sign.setPixmap(
            pixmap(
                "about" if kind == "info" else "caution", look.tokens, QSize(18, 18), colour, self.devicePixelRatioF()
            )
        )
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(0)
        headline = QLabel(text)
        headline.setProperty("role", "strong")
        headline.setTextFormat(Qt.TextFormat.PlainText)
        headline.setWordWrap(True)
        headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(headline)
        if detail:
            more = QLabel(detail)
            more.setProperty("role", "quiet")
            more.setTextFormat(Qt.TextFormat.PlainText)
            more.setWordWrap(True)
            more.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(more)
        row.addLayout(column, 1)
        shut = QToolButton()
        shut.setIcon(icon("close", look.tokens))
        shut.setToolTip("Dismiss this message")
        shut.setAccessibleName("Dismiss this message")
        shut.clicked.connect(lambda: strip.dismiss(self))
        row.addWidget(shut, 0, Qt.AlignmentFlag.AlignTop)


class MessageStrip(QWidget):
    """The newest messages, above the views. Nothing here is modal; news go by themselves, warnings stay."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._shown: list[_Message] = []
        self.hide()

    @property
    def texts(self) -> tuple[str, ...]:
        """What is on the screen now, oldest first."""
        return tuple(message.text for message in self._shown)

    def tell(self, text: str, detail: str = "", kind: str = "info") -> None:
        """Show a message; kind is "info", "caution" or "alarm". The same text is shown once."""
        for old in list(self._shown):
            if old.text == text:
                self.dismiss(old)
        message = _Message(self, self.look, kind, text, detail)
        self._shown.append(message)
        self._column.addWidget(message)
        if kind == "info":
            QTimer.singleShot(NEWS_MS, message, lambda: self.dismiss(message))
        while len(self._shown) > KEPT:
            self.dismiss(self._shown[0])
        self.show()

    def tell_error(self, error: BaseException, doing: str = "") -> None:
        """Show an error: what, where, remedy. An untyped one is named as a fault of the program."""
        if isinstance(error, TwinviewerError):
            where = f"{error.what} ({error.where})" if error.where else error.what
            self.tell(where, error.remedy, "alarm")
            return
        what = f"{doing} failed" if doing else "Something went wrong inside the program"
        self.tell(what, f"{type(error).__name__}: {error}. Your case is unchanged; please report this.", "alarm")

    def dismiss(self, message: _Message) -> None:
        """Take one message away, if it is still there."""
        if message not in self._shown:
            return
        self._shown.remove(message)
        self._column.removeWidget(message)
        discard(message)
        if not self._shown:
            self.hide()

    def clear(self) -> None:
        """Take all messages away."""
        for message in list(self._shown):
            self.dismiss(message)
