"""The sheet of archives: which one, what is searched for, what it has, and how far a retrieval is."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from twinviewer.archive.node import Node
from twinviewer.ui.archive_node_form import NodeForm
from twinviewer.ui.archive_results import ResultTree
from twinviewer.ui.archive_search import SearchForm
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.empty_state import EmptyState
from twinviewer.ui.page import Action, Note, quiet_label
from twinviewer.ui.progress_bar import ProgressBar
from twinviewer.ui.read_out import foot_line
from twinviewer.ui.theme import Look

TITLE = "From the archive"
LEFT_PX = 312
CLAIM_HERE = "Research only, not for clinical use"


class ArchiveSheet(QDialog):
    """Signals for everything that a button asks; the flow does it and says what came of it."""

    search_asked = Signal()
    more_asked = Signal()
    retrieve_asked = Signal()
    stop_asked = Signal()
    test_asked = Signal()
    edit_asked = Signal()
    add_asked = Signal()
    open_asked = Signal()
    forget_asked = Signal()
    node_chosen = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.look = look
        self.setWindowTitle(TITLE)
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._placed = False
        self.search, self.results, self.form = SearchForm(look), ResultTree(), NodeForm(look)
        self.empty = EmptyState(look)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._left())
        row.addLayout(self._right(), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(8)
        column.addLayout(row, 1)
        column.addLayout(foot_line(CLAIM_HERE))
        self.search.asked.connect(self._enter)

    def _left(self) -> QWidget:
        head = QLabel(TITLE)
        head.setProperty("role", "title")
        self.node = ComboBox()
        self.node.setAccessibleName("Archive")
        self.node.setPlaceholderText("None is set up")
        self.node.currentIndexChanged.connect(lambda _: self.node_chosen.emit())
        self.add = Action("", "add", self.look)
        self.add.setToolTip("Set up another archive")
        self.add.setAccessibleName("Set up another archive")
        self.add.setFixedWidth(36)
        self.edit = Action("Settings…", "rename", self.look)
        self.test = Action("Test", "check", self.look)
        self.test.setToolTip("Call the archive and see whether it answers (C-ECHO, or a search for one study)")
        for button, signal in ((self.add, self.add_asked), (self.edit, self.edit_asked), (self.test, self.test_asked)):
            button.setAutoDefault(False)
            button.clicked.connect(signal)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self.node, 1)
        first.addWidget(self.add)
        second.setSpacing(6)
        second.addWidget(self.test, 1)
        second.addWidget(self.edit, 1)
        self.node_note = Note(self.look)
        self.go = Action("Search", "search", self.look, primary=True)
        self.go.setDefault(True)
        self.go.clicked.connect(self.search_asked)
        asking = QWidget()
        inner = QVBoxLayout(asking)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(10)
        inner.addLayout(first)
        inner.addLayout(second)
        inner.addWidget(self.node_note)
        inner.addWidget(self.search)
        inner.addWidget(self.go)
        inner.addStretch(1)
        self._asking, self._pages = asking, QStackedLayout()
        self._pages.addWidget(asking)
        self._pages.addWidget(self.form)
        left = QWidget()
        left.setFixedWidth(LEFT_PX)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(head)
        column.addLayout(self._pages, 1)
        return left

    def _right(self) -> QVBoxLayout:
        self.note = Note(self.look)
        self.bar = ProgressBar()
        self.bar.setAccessibleName("Progress of the archive")
        self.told = quiet_label("")
        self.kept = quiet_label("")
        self.forget = Action("Delete", "trash", self.look)
        self.more = Action("Next studies", "search", self.look)
        self.stop = Action("Stop", "cancel", self.look)
        self.open_came = Action("Open what came", "folder", self.look)
        self.retrieve = Action("Retrieve and open", "drop", self.look, primary=True)
        signals = (
            (self.forget, self.forget_asked), (self.stop, self.stop_asked), (self.open_came, self.open_asked),
            (self.retrieve, self.retrieve_asked), (self.more, self.more_asked),
        )  # fmt: skip
        for button, signal in signals:
            button.setAutoDefault(False)
            button.clicked.connect(signal)
        self._views = QStackedLayout()
        self._views.addWidget(self.results)
        self._views.addWidget(self.empty)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.kept)
        foot.addWidget(self.forget)
        foot.addWidget(self.told, 1)
        foot.addWidget(self.more)
        foot.addWidget(self.stop)
        foot.addWidget(self.open_came)
        foot.addWidget(self.retrieve)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addLayout(self._views, 1)
        column.addWidget(self.note)
        column.addWidget(self.bar)
        column.addLayout(foot)
        self.told.setWordWrap(False)
        self.kept.setWordWrap(False)
        for one in (self.bar, self.more, self.stop, self.open_came):
            one.hide()
        return column

    def sizeHint(self) -> QSize:
        return QSize(1240, 700)

    def showEvent(self, event: QShowEvent) -> None:
        if not self._placed:
            room = self.screen().availableGeometry()
            self.resize(self.sizeHint().boundedTo(QSize(room.width() - 40, room.height() - 60)))
            self._placed = True
        super().showEvent(event)

    def show_nodes(self, nodes: tuple[Node, ...], chosen: str) -> None:
        """The archives that are set up, and which is asked."""
        self.node.blockSignals(True)
        self.node.clear()
        for one in nodes:
            self.node.addItem(one.name, one.name)
            self.node.setItemData(self.node.count() - 1, one.place, Qt.ItemDataRole.ToolTipRole)
        self.node.setCurrentIndex(max(0, self.node.findData(chosen)) if nodes else -1)
        self.node.blockSignals(False)

    def show_form(self, on: bool) -> None:
        """The form of one archive in place of the search."""
        self._pages.setCurrentWidget(self.form if on else self._asking)
        self.go.setDefault(not on)

    @property
    def forming(self) -> bool:
        """Whether the form of an archive is in view."""
        return self._pages.currentWidget() is self.form

    def show_results(self, on: bool) -> None:
        """The tree, or in place of it words about what to do."""
        self._views.setCurrentWidget(self.results if on else self.empty)

    def show_busy(self, text: str, fraction: float = 0.0, bar: bool = False) -> None:
        """Something is under way; "" for nothing. bar: it can say how far it is."""
        self.told.setText(text)
        self.stop.setVisible(bool(text))
        self.bar.setVisible(bool(text) and bar)
        self.bar.show_fraction(fraction)

    def _enter(self) -> None:
        if self.go.isEnabled():
            self.search_asked.emit()
