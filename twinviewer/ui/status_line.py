"""The status bar: what runs, how far, cancel; on the right memory and renderer."""

import psutil
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QStatusBar, QToolButton, QWidget

from twinviewer.ui.icons import icon
from twinviewer.ui.progress_bar import ProgressBar
from twinviewer.ui.theme import Look

EVERY_MS = 2000


class StatusLine(QStatusBar):
    """Job text, progress and cancel on the left."""

    cancel_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setSizeGripEnabled(False)
        self.text = QLabel("Ready")
        self.bar = ProgressBar()
        self.bar.setFixedWidth(180)
        self.stop = QToolButton()
        self.stop.setText("Cancel")
        self.stop.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.stop.setIconSize(QSize(13, 13))
        self.stop.setToolTip("Stop what is running (Esc)")
        self.stop.clicked.connect(self.cancel_asked)
        self.memory = QLabel()
        self.memory.setToolTip("Memory of this program and its workers")
        self.renderer = QLabel()
        for widget in (self.text, self.bar, self.stop):
            self.addWidget(widget)
        self.addPermanentWidget(self.memory)
        self.addPermanentWidget(self.renderer)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._measure)
        self._timer.start(EVERY_MS)
        look.changed.connect(self._draw)
        self._draw()
        self._measure()
        self.show_job("", None)

    def _draw(self) -> None:
        self.stop.setIcon(icon("cancel", self.look.tokens))

    def show_job(self, text: str, fraction: float | None, more: int = 0) -> None:
        """What runs; fraction None when nothing does."""
        running = fraction is not None
        self.bar.setVisible(running)
        self.stop.setVisible(running)
        self.text.setText(f"{text}{f'  (and {more} more)' if more else ''}" if running else "Ready")
        if fraction is not None:
            self.bar.show_fraction(fraction)

    def show_renderer(self, name: str) -> None:
        """The OpenGL driver, or that there is none."""
        short = name.split("(")[0].strip() if name else "no OpenGL"
        self.renderer.setText(short)
        self.renderer.setToolTip(name or "3D cannot be drawn on this screen")

    def _measure(self) -> None:
        try:
            own = psutil.Process()
            total = own.memory_info().rss + sum(child.memory_info().rss for child in own.children())
        except psutil.Error:
            return
        self.memory.setText(f"{total / 2**20:.0f} MB")

    def close_down(self) -> None:
        """Stop measuring."""
        self._timer.stop()
