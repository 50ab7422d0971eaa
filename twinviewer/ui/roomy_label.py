"""Quiet words in a row of tools, shown where they have room and kept in the tooltip where they have not."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy


class RoomyLabel(QLabel):
    """Takes the room that is left; never a part of a word."""

    def __init__(self, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
        super().__init__()
        self.words = ""
        self.setProperty("role", "small")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAlignment(align | Qt.AlignmentFlag.AlignVCenter)

    def say(self, words: str) -> None:
        """Other words."""
        self.words = words
        self.setToolTip(words)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        self._fit()

    def _fit(self) -> None:
        self.setText(self.words if self.fontMetrics().horizontalAdvance(self.words) <= self.width() else "")
