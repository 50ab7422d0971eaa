"""Numbers of the ECG electrodes: how far each lies from its usual place, and the way back."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from twinviewer.session.electrodes import NAMES, WAYS, Shifts
from twinviewer.ui.page import quiet_label
from twinviewer.ui.theme import Look

REACH_MM = 150.0
HEADS = {"left": "left", "back": "back", "up": "up, mm"}
HINT = (
    "Drag an electrode over the skin, or type how far it lies from its usual place; the ECG is computed again. The "
    "chest is that of the images where its skin is in view, else a mean adult's. Esc leaves."
)


class _Spin(QDoubleSpinBox):
    """Wheel turns scroll the page unless the box has the focus."""

    def wheelEvent(self, event: object) -> None:
        if self.hasFocus():
            super().wheelEvent(event)  # type: ignore[arg-type]
        else:
            event.ignore()  # type: ignore[attr-defined]


class ElectrodePanel(QWidget):
    """``changed`` carries (electrode, shift) when a number was typed; ``reset`` and ``done`` for the buttons."""

    changed = Signal(str, object)
    reset = Signal()
    done = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QLabel("ECG ELECTRODES")
        head.setProperty("role", "section")
        column.addWidget(head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for place, way in enumerate(WAYS, start=1):
            label = QLabel(HEADS[way])
            label.setProperty("role", "small")
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, 0, place)
            grid.setColumnStretch(place, 1)
        self.boxes: dict[str, tuple[QDoubleSpinBox, ...]] = {}
        for row, name in enumerate(NAMES, start=1):
            label = QLabel(name)
            label.setProperty("role", "strong")
            grid.addWidget(label, row, 0)
            self.boxes[name] = tuple(self._box(name, way) for way in WAYS)
            for place, box in enumerate(self.boxes[name], start=1):
                grid.addWidget(box, row, place)
        column.addLayout(grid)
        hint = quiet_label(HINT)
        hint.setProperty("role", "small")
        column.addWidget(hint)
        buttons = QHBoxLayout()
        self.usual = QPushButton("Reset")
        self.usual.setToolTip("All at their usual places")
        self.usual.clicked.connect(self.reset)
        finish = QPushButton("Done")
        finish.setToolTip("Hide the electrodes (Esc)")
        finish.clicked.connect(self.done)
        buttons.addWidget(self.usual)
        buttons.addWidget(finish)
        column.addLayout(buttons)
        self.hide()

    def _box(self, name: str, way: str) -> QDoubleSpinBox:
        box = _Spin()
        box.setDecimals(0)
        box.setRange(-REACH_MM, REACH_MM)
        box.setSingleStep(5.0)
        box.setKeyboardTracking(False)
        box.setMinimumWidth(56)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.setAccessibleName(f"Electrode {name}, {way}, mm")
        box.valueChanged.connect(lambda _: self.changed.emit(name, self.shift(name)))
        return box

    def shift(self, name: str) -> tuple[float, float, float]:
        """What the numbers of one electrode say."""
        left, back, up = (box.value() for box in self.boxes[name])
        return left, back, up

    def show_shifts(self, shifts: Shifts) -> None:
        """Show where all lie; emits nothing."""
        for name, boxes in self.boxes.items():
            for box, value in zip(boxes, shifts.get(name, (0.0, 0.0, 0.0)), strict=True):
                with QSignalBlocker(box):
                    box.setValue(value)
        self.usual.setEnabled(bool(shifts))
