"""The sheet that every study has: what it is made of on the left, what came of it on the right, and how far it is."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from twinviewer.ui.page import Action, Note, quiet_label, scrolled
from twinviewer.ui.progress_bar import ProgressBar
from twinviewer.ui.read_out import CLAIM, foot_line
from twinviewer.ui.theme import Look

INPUTS_PX = 312


class StudySheet(QDialog):
    """``start_asked`` and ``stop_asked`` come from its two buttons, ``closed`` when it is put away; what runs goes on.

    inputs, results: columns to fill. A study says :meth:`say_cost` while it is put together, :meth:`show_progress`
    while it runs, :meth:`show_rest` when it has ended.
    """

    start_asked = Signal()
    stop_asked = Signal()
    closed = Signal()

    def __init__(self, look: Look, title: str, intro: str, start: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.look = look
        self.setWindowTitle(title)
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._start_text = start
        self._placed = False
        head = QLabel(title)
        head.setProperty("role", "title")
        self.intro = quiet_label(intro)
        inside = QWidget()
        inside.setObjectName("page")
        self.inputs = QVBoxLayout(inside)
        self.inputs.setContentsMargins(0, 0, 10, 0)
        self.inputs.setSpacing(6)
        area = scrolled(inside)
        self.cost = quiet_label("")
        self.start = Action(start, "run", look, primary=True)
        self.start.clicked.connect(self.start_asked)
        self.stop = Action("Stop", "cancel", look)
        self.stop.setToolTip("What is simulated is kept; starting again goes on from there")
        self.stop.clicked.connect(self.stop_asked)
        self.stop.hide()
        self.bar = ProgressBar()
        self.bar.setAccessibleName(f"Progress of {title}")
        self.bar.hide()
        self.told = quiet_label("")
        self.note = Note(look)
        buttons = QHBoxLayout()
        buttons.addWidget(self.start, 1)
        buttons.addWidget(self.stop)
        left = QVBoxLayout()
        left.setSpacing(8)
        widgets: tuple[QWidget, ...] = (head, self.intro, area, self.cost, self.note, self.bar, self.told)
        for one in widgets:
            left.addWidget(one, 1 if one is area else 0)
        left.addLayout(buttons)
        narrow = QWidget()
        narrow.setFixedWidth(INPUTS_PX)
        narrow.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        self.results = QVBoxLayout()
        self.results.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(narrow)
        row.addLayout(self.results, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(8)
        column.addLayout(row, 1)
        column.addLayout(foot_line(CLAIM))
        self.told.hide()

    def sizeHint(self) -> QSize:
        return QSize(1240, 720)

    def showEvent(self, event: QShowEvent) -> None:
        if not self._placed:  # Qt would give it two thirds of the screen
            room = self.screen().availableGeometry()
            self.resize(self.sizeHint().boundedTo(QSize(room.width() - 40, room.height() - 60)))
            self._placed = True
        super().showEvent(event)

    def say_cost(self, text: str, why_not: str = "") -> None:
        """What starting would cost ("425 simulations, about 40 s"); why_not: what stands in its way, "" for nothing."""
        self.cost.setText(text)
        self.start.allow(not why_not, why_not)
        self.note.say(why_not, "caution")

    @property
    def running(self) -> bool:
        """Whether it shows a study under way."""
        return self.bar.isVisibleTo(self)

    def show_progress(self, fraction: float, text: str) -> None:
        """A study under way: the share done, and a few words ("120 of 425, 20 s left")."""
        self.bar.show_fraction(min(max(fraction, 0.0), 1.0))
        self.told.setText(text)
        self._show_running(True)

    def show_rest(self, text: str = "", kind: str = "info", start: str = "") -> None:
        """Nothing runs. text: how it ended, kind as a Note's; start: what the button says now, by default as first."""
        self._show_running(False)
        self.note.say(text, kind)
        self.start.setText(start or self._start_text)

    def _show_running(self, on: bool) -> None:
        shown: tuple[QWidget, ...] = (self.bar, self.told, self.stop)
        for one in shown:
            one.setVisible(on)
        self.start.setVisible(not on)
        self.cost.setVisible(not on)
        if on:
            self.note.say("")

    def reject(self) -> None:
        """Put away, by Escape or by the window's close button, which Qt leads through here as well."""
        self.closed.emit()
        super().reject()
