"""About, and the sheet of shortcuts."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from twinviewer import __version__
from twinviewer.ui.actions import Actions
from twinviewer.ui.icons import pixmap
from twinviewer.ui.theme import Look

MOUSE = (
    ("Slice: wheel, arrows", "next or previous slice"),
    ("Slice: left drag", "window width and level"),
    ("Slice: middle drag", "pan"),
    ("Slice: right drag, Ctrl+wheel", "zoom"),
    ("Slice: Shift+move", "crosshair in all views, cine planes too"),
    ("Slice: drag a line", "near the crossing to move that slice, farther out to turn the two others; R straightens"),
    ("Slice: double click", "maximise and back"),
    ("Cardiac view: wheel", "short axis from apex to base, others sideways"),
    ("Cardiac view: Shift+wheel, left and right", "turn about the ventricle's axis"),
    ("Cardiac view: Alt+wheel, Shift+up and down", "tilt"),
    ("Cardiac view: drag a line", "by its middle to move that view, by its ends to turn it"),
    ("Cardiac view: Shift+move", "crosshair; the short axis goes along"),
    ("Measuring: left drag or clicks", "place points; drag an end to move it"),
    ("Editing labels: left drag", "paint or erase, in a slice or on the surface in 3D"),
    ("Editing labels: Ctrl+left drag", "erase the structure that is painted"),
    ("Editing labels: Ctrl+wheel", "size of the brush"),
    ("3D: left drag", "rotate"),
    ("3D: middle drag, Shift+left drag", "pan"),
    ("3D: right drag, wheel", "zoom"),
    ("Keypad 1, 3, 7", "anterior, left, superior view; with Shift the opposite"),
)


class AboutBox(QDialog):
    """What this program is, and what it is not."""

    def __init__(self, parent: QWidget, look: Look, renderer: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Twinviewer")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        head = QHBoxLayout()
        sign = QLabel()
        sign.setPixmap(pixmap("beat", look.tokens, QSize(40, 40), look.tokens.accent, self.devicePixelRatioF()))
        head.addWidget(sign)
        title = QLabel(f"Twinviewer {__version__}")
        title.setProperty("role", "title")
        head.addWidget(title, 1)
        column.addLayout(head)
        text = QLabel(
            "From a patient's images to the patient's own beating heart, and what a simulated therapy would change.\n\n"
            "Research software, not for clinical use. It has not been validated on patients. Every outcome is a "
            "simulated scenario, never a recommendation.\n\n"
            f"Apache-2.0 licence. Renderer: {renderer or 'none'}."
        )
        text.setWordWrap(True)
        text.setMinimumWidth(420)
        column.addWidget(text)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)


class ShortcutSheet(QDialog):
    """All keys and what the mouse does."""

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and mouse")
        inside = QWidget()
        inside.setObjectName("page")
        grid = QGridLayout(inside)
        grid.setContentsMargins(24, 16, 24, 16)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(5)
        keys = [
            (action.shortcut().toString(), actions.name(key))
            for key, action in actions.all.items()
            if not action.shortcut().isEmpty()
        ]
        for side, (title, pairs) in enumerate((("KEYS", keys), ("MOUSE", list(MOUSE)))):
            head = QLabel(title)
            head.setProperty("role", "section")
            grid.addWidget(head, 0, 2 * side)
            for row, (what, meaning) in enumerate(pairs, start=1):
                left, right = QLabel(what), QLabel(meaning)
                left.setProperty("role", "strong")
                right.setProperty("role", "quiet")
                grid.addWidget(left, row, 2 * side)
                grid.addWidget(right, row, 2 * side + 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.addWidget(area)
        self.resize(1000, 600)
