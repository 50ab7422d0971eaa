"""An empty view says what to do next, and offers to do it."""

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from twinviewer.ui.farewell import discard
from twinviewer.ui.icons import icon, pixmap
from twinviewer.ui.theme import Look


class EmptyState(QWidget):
    """An icon, a title, one or two sentences, and buttons (text, icon, what to do); the first is the primary one."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.look = look
        self._what: tuple[str, str, str] = ("", "", "")
        self._actions: tuple[tuple[str, str, Callable[[], object]], ...] = ()
        self._sign, self._title, self._text = QLabel(), QLabel(), QLabel()
        self._title.setProperty("role", "title")
        self._text.setProperty("role", "quiet")
        for label in (self._sign, self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for label in (self._title, self._text):
            label.setWordWrap(True)
            label.setMaximumWidth(420)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 20, 12)
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(self._sign)
        for label in (self._title, self._text):
            line = QHBoxLayout()
            line.addStretch(1)
            line.addWidget(label, 100)
            line.addStretch(1)
            column.addLayout(line)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(8)
        column.addSpacing(4)
        column.addLayout(self._row)
        column.addStretch(1)
        look.changed.connect(self._draw)

    def say(
        self, sign: str, title: str, text: str, actions: Sequence[tuple[str, str, Callable[[], object]]] = ()
    ) -> None:
        """Show other words."""
        names = tuple(action[:2] for action in actions)
        if (sign, title, text) == self._what and names == tuple(action[:2] for action in self._actions):
            return
        same_buttons = names == tuple(action[:2] for action in self._actions)
        self._what, self._actions = (sign, title, text), tuple(actions)
        self._draw_words()
        if not same_buttons:
            self._draw_buttons()

    def resizeEvent(self, event: object) -> None:
        """Buttons that do not fit side by side stand one below the other."""
        self._lay_out()

    def _lay_out(self) -> None:
        buttons = [self._row.itemAt(i).widget() for i in range(self._row.count())]
        sizes, gap = [b.sizeHint() for b in buttons if b is not None], self._row.spacing()
        side, beside = QBoxLayout.Direction, sum(size.width() + gap for size in sizes) + 40 < self.width()
        self._row.setDirection(side.LeftToRight if beside else side.TopToBottom)
        heights = [size.height() + gap for size in sizes] or [0]
        self._fit_words(max(heights) if beside else sum(heights))

    def _fit_words(self, buttons_px: int) -> None:
        """As many whole sentences as there is room for; the tooltip has the rest."""
        width, text = max(min(self._text.maximumWidth(), self.width() - 40), 1), self._what[2]
        room = self.height() - 52 - buttons_px - self._sign.sizeHint().height()
        room -= self._high(self._title, self._what[1], width)
        said = re.split(r"(?<=[.!?]) ", text)
        while len(said) > 1 and self._high(self._text, " ".join(said), width) > room:
            said.pop()
        self._text.setText(" ".join(said))
        self._text.setToolTip("" if " ".join(said) == text else text)

    @staticmethod
    def _high(label: QLabel, text: str, width: int) -> int:
        area = QRect(0, 0, width, 10_000)
        return label.fontMetrics().boundingRect(area, Qt.TextFlag.TextWordWrap, text).height()

    @property
    def title(self) -> str:
        """The headline in view."""
        return self._title.text()

    def _draw(self) -> None:
        self._draw_words()
        self._draw_buttons()

    def _draw_words(self) -> None:
        sign, title, text = self._what
        if sign:
            tone = self.look.tokens.quiet
            self._sign.setPixmap(pixmap(sign, self.look.tokens, QSize(40, 40), tone, self.devicePixelRatioF()))
        self._title.setText(title)
        self._text.setText(text)
        self._lay_out()

    def _draw_buttons(self) -> None:
        while self._row.count():
            old = self._row.takeAt(0).widget()
            if old is not None:
                discard(old)
        self._row.addStretch(1)
        for number, (label, name, act) in enumerate(self._actions):
            button = QPushButton(label)
            if number == 0:
                button.setProperty("role", "primary")
                button.setIcon(icon(name, self.look.tokens, self.look.tokens.on_accent))
            else:
                button.setIcon(icon(name, self.look.tokens))
            button.clicked.connect(lambda _=False, act=act: act())
            self._row.addWidget(button)
        self._row.addStretch(1)
        self._lay_out()
