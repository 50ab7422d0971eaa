"""How the images are drawn as a volume: preset, shift, opacity, heart alone, with the model."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QToolButton, QWidget

from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.icons import icon
from twinviewer.ui.roomy_label import RoomyLabel
from twinviewer.ui.theme import Look

SHIFT = 300
"""Reach of the shift, HU."""


class VolumePanel(QWidget):
    """One row under the 3D view's choices. ``changed``: draw again."""

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 6, 3)
        row.setSpacing(4)
        self.preset = ComboBox()
        self.preset.setToolTip("What is made visible")
        self.preset.setAccessibleName("Preset of the volume")
        self.preset.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.preset.setMinimumWidth(70)
        self.preset.activated.connect(lambda _: self._chosen())
        row.addWidget(self.preset, 3)
        self.shift = self._slider(-SHIFT, SHIFT, 0, "Shift the preset to darker or brighter tissue")
        self.opacity = self._slider(10, 200, 100, "Opacity")
        row.addWidget(self.shift, 2)
        row.addWidget(self.opacity, 2)
        self.boxed = self._tool("The heart's surroundings only, once its structures are found", checkable=True)
        self.model = self._tool("The model too", checkable=True)
        self.boxed.setChecked(True)
        row.addWidget(self.boxed)
        row.addWidget(self.model)
        self.said = RoomyLabel()
        row.addWidget(self.said, 3)
        look.changed.connect(self._icons)
        self._icons()
        self.hide()

    def _slider(self, low: int, high: int, now: int, tip: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setValue(now)
        slider.setMinimumWidth(40)
        slider.setToolTip(tip)
        slider.setAccessibleName(tip)
        slider.valueChanged.connect(lambda _: self.changed.emit())
        return slider

    def _tool(self, tip: str, *, checkable: bool) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(checkable)
        button.setIconSize(QSize(16, 16))
        button.toggled.connect(lambda _: self.changed.emit())
        return button

    def _icons(self) -> None:
        self.boxed.setIcon(icon("fit", self.look.tokens))
        self.model.setIcon(icon("heart", self.look.tokens))

    def _chosen(self) -> None:
        self.shift.blockSignals(True)
        self.shift.setValue(0)
        self.shift.blockSignals(False)
        self.changed.emit()

    def offer(self, presets: dict[str, str], chosen: str) -> None:
        """Presets by name: their words."""
        if [self.preset.itemData(n) for n in range(self.preset.count())] != list(presets):
            self.preset.clear()
            for name, text in presets.items():
                self.preset.addItem(text, name)
        self.preset.setCurrentIndex(max(self.preset.findData(chosen), 0))

    def say(self, text: str) -> None:
        """A word on how it is drawn."""
        self.said.say(text)
