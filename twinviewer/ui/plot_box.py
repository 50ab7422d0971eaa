"""A heading with unit and legend over some drawing."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget


class PlotBox(QWidget):
    """Title, unit, legend (rich text; cut off where there is no room), small tools at the right, and the drawing."""

    def __init__(self, title: str, unit: str, body: QWidget, legend: str = "", tools: Sequence[QWidget] = ()) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 2, 4, 4)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(6)
        name = QLabel(title)
        name.setProperty("role", "section")
        row.addWidget(name)
        self.legend = QLabel(legend)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for label in ([QLabel(unit)] if unit else []) + [self.legend]:
            label.setProperty("role", "small")
            row.addWidget(label, 1 if label is self.legend else 0)
        for tool in tools:
            row.addWidget(tool)
        column.addLayout(row)
        column.addWidget(body, 1)

    def say(self, legend: str) -> None:
        """Another legend."""
        if legend != self.legend.text():
            self.legend.setText(legend)
