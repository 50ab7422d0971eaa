"""Simulate while a slider is moved: asked for a moment after the last change, so that a drag asks once."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from twinviewer.ui.switch import Switch
from twinviewer.ui.theme import Look

QUIET_MS = 250
"""How long the values must rest. An answer to values that have changed meanwhile is never shown (session)."""


class Follow(QWidget):
    """A switch with its timer. ``asked``: simulate now, with the values as they are."""

    asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        label = QLabel("Simulate while I change it")
        label.setProperty("role", "quiet")
        self.switch = Switch(look)
        self.switch.setAccessibleName("Simulate while I change it")
        for part in (label, self.switch):
            part.setToolTip("The whole display follows each change of this scenario's values")
        row.addWidget(label, 1)
        row.addWidget(self.switch)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self.asked)
        self.switch.toggled.connect(self._toggled)

    def _toggled(self, on: bool) -> None:
        if on:
            self.asked.emit()
        else:
            self._timer.stop()

    def changed(self, _: str = "") -> None:
        """A value was changed by hand."""
        if self.switch.isChecked():
            self._timer.start()
