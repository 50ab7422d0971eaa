"""What lies over the images: its name, colours, how strongly it covers, and the way out."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QToolButton, QWidget

from twinviewer.domain import Fusion
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.icons import icon
from twinviewer.ui.roomy_label import RoomyLabel
from twinviewer.ui.theme import Look

COLOURS = (("hot", "Hot"), ("ice", "Ice"), ("membrane_safe", "Cividis"), ("activation_safe", "Viridis"))


class FusionRow(QWidget):
    """``sliding``: the slider moves, 0..1. ``chosen``: what is to be kept. ``removed``: take it away."""

    sliding = Signal(float)
    chosen = Signal(str, float)
    removed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 6, 3)
        row.setSpacing(6)
        self.name = RoomyLabel(Qt.AlignmentFlag.AlignLeft)
        row.addWidget(self.name, 1)
        self.colours = ComboBox()
        self.colours.setToolTip("Colours of the second series")
        self.colours.setAccessibleName("Colours of the second series")
        for key, text in COLOURS:
            self.colours.addItem(text, key)
        self.colours.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.colours.activated.connect(lambda _: self._choose())
        row.addWidget(self.colours)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setPageStep(10)
        self.opacity.setFixedWidth(90)
        self.opacity.setToolTip("How strongly the second series covers the first")
        self.opacity.setAccessibleName("Opacity of the second series in percent")
        self.opacity.valueChanged.connect(self._slide)
        self.opacity.sliderReleased.connect(self._choose)
        row.addWidget(self.opacity)
        self.out = QToolButton()
        self.out.setIconSize(QSize(12, 12))
        self.out.setToolTip("Take the second series away")
        self.out.setAccessibleName("Take the second series away")
        self.out.clicked.connect(self.removed)
        row.addWidget(self.out)
        look.changed.connect(self._icons)
        self._icons()
        self.hide()

    def _icons(self) -> None:
        self.out.setIcon(icon("close", self.look.tokens, self.look.tokens.quiet))

    def _slide(self) -> None:
        self.sliding.emit(self.opacity.value() / 100.0)
        if not self.opacity.isSliderDown():
            self._choose()

    def _choose(self) -> None:
        self.chosen.emit(str(self.colours.currentData()), self.opacity.value() / 100.0)

    def follow(self, look: Fusion | None, name: str, *, stands_still: bool = False) -> None:
        """Show what lies there; None: nothing. stands_still: the images move, and it does not."""
        self.setVisible(look is not None)
        if look is None:
            return
        self.blockSignals(True)
        self.colours.setCurrentIndex(max(self.colours.findData(look.colours), 0))
        self.opacity.setValue(round(100 * look.opacity))
        self.blockSignals(False)
        said = ["frame of reference overruled"] if look.overruled else []
        said += ["stands still"] if stands_still else []
        self.name.say(", ".join((name, *said)))
        tip = f"{name} lies over the images where its coordinates say."
        if look.overruled:
            tip += " Nothing vouches that both have the same: check it by anatomy."
        if stands_still:
            tip += " It has one moment only: it fits the moving images at the moment it was taken, and not at others."
        self.name.setToolTip(tip)
