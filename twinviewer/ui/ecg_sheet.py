"""The twelve-lead ECG on a sheet of its own: true to scale where the screen has room, with what is read from it."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from twinviewer.ui.curves import Curves
from twinviewer.ui.ecg_strip import EcgStrip
from twinviewer.ui.read_out import CLAIM, foot_line, read_out
from twinviewer.ui.theme import Look

READ = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms", "qtc_ms", "qrs_axis_deg")
SCALE = "25 mm/s   10 mm/mV"
HINT = "Drag over the paper for callipers; Shift keeps the level."


class EcgSheet(QDialog):
    """Stays open beside the window and follows what is in view there."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("12-lead ECG")
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.look = look
        self.ecg = EcgStrip(look)
        self.ecg.set_twelve(True)
        self.read = QLabel()
        self.read.setTextFormat(Qt.TextFormat.RichText)
        self.read.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(6)
        column.addWidget(self.read)
        column.addWidget(self.ecg, 1)
        column.addLayout(foot_line(SCALE, HINT, CLAIM))
        self._curves: tuple[Curves, ...] = ()
        look.changed.connect(self._say)

    def sizeHint(self) -> QSize:
        return QSize(1120, 640)

    def set_curves(self, curves: Sequence[Curves], clock_s: float | None = None) -> None:
        """The scenarios to draw, reference first, and the period of their common clock."""
        self._curves = tuple(curves)
        self.ecg.set_curves(curves, clock_s)
        self._say()

    def _say(self) -> None:
        self.read.setText(read_out(self._curves, READ, self.look))
