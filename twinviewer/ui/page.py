"""What the pages of the inspector are made of: title, text, notes, sections, one primary action."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from twinviewer.ui.icons import icon, pixmap
from twinviewer.ui.theme import Look


class Note(QFrame):
    """A short remark on a tinted ground. kind: info, good, caution, alarm."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("note")
        self.look = look
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(8)
        self._sign, self._text = QLabel(), QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        self._said = ("", "")
        self.hide()
        look.changed.connect(self._draw)

    def say(self, text: str, kind: str = "info") -> None:
        """Show a remark; an empty one hides the note."""
        self.setVisible(bool(text))
        if (text, kind) != self._said:
            self._said = (text, kind)
            self._draw()

    @property
    def text(self) -> str:
        """The remark in view."""
        return self._said[0]

    def _draw(self) -> None:
        text, kind = self._said
        t = self.look.tokens
        tone = {"good": t.good, "caution": t.caution, "alarm": t.alarm}.get(kind, t.quiet)
        mark = {"good": "check", "info": "about"}.get(kind, "caution")
        self._sign.setPixmap(pixmap(mark, t, QSize(16, 16), tone, self.devicePixelRatioF()))
        self._text.setText(text)
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)


class Action(QPushButton):
    """A button that says why it is disabled."""

    def __init__(self, text: str, sign: str, look: Look, *, primary: bool = False) -> None:
        super().__init__(text)
        self.look, self.sign = look, sign
        if primary:
            self.setProperty("role", "primary")
        self._tip = ""
        look.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        t = self.look.tokens
        self.setIcon(icon(self.sign, t, t.on_accent if self.property("role") == "primary" else t.text))

    def lead(self, on: bool) -> None:
        """Make it the page's primary action, or an ordinary one."""
        role = "primary" if on else ""
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)
            self._draw()

    def allow(self, possible: bool, why_not: str = "", tip: str = "") -> None:
        """Enable or disable; the tooltip carries the reason."""
        self.setEnabled(possible)
        self.setToolTip(tip if possible else why_not)


class Page(QScrollArea):
    """A page of the inspector: everything in one scrolling column."""

    def __init__(self, look: Look, title: str, text: str) -> None:
        super().__init__()
        self.setObjectName("panelScroll")
        self.look = look
        self._rules: dict[QLabel, QFrame] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("page")
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(12, 8, 12, 12)
        self.column.setSpacing(8)
        head = QLabel(title)
        head.setProperty("role", "title")
        self.column.addWidget(head)
        self.intro = QLabel(text)
        self.intro.setProperty("role", "quiet")
        self.intro.setWordWrap(True)
        self.column.addWidget(self.intro)
        self.setWidget(inside)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def section(self, title: str) -> QLabel:
        """A heading with a rule above it."""
        rule = QFrame()
        rule.setObjectName("rule")
        self.column.addSpacing(4)
        self.column.addWidget(rule)
        head = QLabel(title)
        head.setProperty("role", "section")
        head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.column.addWidget(head)
        self._rules[head] = rule
        return head

    def show_section(self, head: QLabel, on: bool, *parts: QWidget) -> None:
        """Show or hide a section: its heading with the rule, and what stands under it."""
        for widget in (self._rules[head], head, *parts):
            widget.setVisible(on)

    def note(self) -> Note:
        """A note in the column, hidden until it says something."""
        made = Note(self.look)
        self.column.addWidget(made)
        return made

    def action(self, text: str, sign: str, *, primary: bool = False) -> Action:
        """A button over the whole width."""
        made = Action(text, sign, self.look, primary=primary)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # the panel's width decides
        made.setMinimumWidth(120)
        self.column.addWidget(made)
        return made

    def end(self) -> None:
        """Push everything to the top."""
        self.column.addStretch(1)


def scrolled(inside: QWidget) -> QScrollArea:
    """A widget that scrolls up and down where it is higher than its place, never sideways."""
    area = QScrollArea()
    area.setObjectName("panelScroll")
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    return area


def quiet_label(text: str = "") -> QLabel:
    """A wrapping label in the quiet tone."""
    label = QLabel(text)
    label.setProperty("role", "quiet")
    label.setWordWrap(True)
    return label
