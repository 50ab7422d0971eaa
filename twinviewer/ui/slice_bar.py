"""The row of choices over the three slices: window, slab, a second series, key image; planes straight again."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from twinviewer.ui.icons import icon
from twinviewer.ui.image_display import CT_PRESETS, ImageDisplay
from twinviewer.ui.slab_choice import SlabChoice
from twinviewer.ui.theme import Look

NARROW_PX = 330
"""Below this the window's button is a sign alone."""


class SliceBar(QWidget):
    """``fusion`` and ``star`` are filled and answered by others; the rest acts on the display."""

    marked = Signal()

    def __init__(self, look: Look, display: ImageDisplay) -> None:
        super().__init__()
        self.look, self.display = look, display
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(3)
        self.window_menu = QMenu(self)
        self.shades = self._tool("Window and level: presets (1 to 9, 0)")
        self.shades.setMenu(self.window_menu)
        self.shades.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.shades.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        row.addWidget(self.shades)
        self.slab = SlabChoice(display)
        row.addWidget(self.slab)
        row.addStretch(1)
        self.straight = self._tool("Slices straight again, along the scanner's axes")
        self.straight.clicked.connect(display.straighten)
        row.addWidget(self.straight)
        self.fusion_menu = QMenu(self)
        self.fusion = self._tool("Lay a second series over the images, in colour")
        self.fusion.setMenu(self.fusion_menu)
        self.fusion.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row.addWidget(self.fusion)
        self.star = self._tool("Mark the view that was clicked last as a key image (K)")
        self.star.clicked.connect(self.marked)
        row.addWidget(self.star)
        look.changed.connect(self._icons)
        display.changed.connect(self.follow)
        self._icons()
        self.follow()

    @staticmethod
    def _tool(tip: str) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setIconSize(QSize(16, 16))
        button.setAutoRaise(True)
        return button

    def _icons(self) -> None:
        signs = ((self.shades, "threshold"), (self.straight, "reset"), (self.fusion, "fusion"), (self.star, "star"))
        for button, sign in signs:
            button.setIcon(icon(sign, self.look.tokens))

    def offer_windows(self, actions: Sequence[QAction]) -> None:
        """The presets, as the menu has them."""
        self.window_menu.addActions(list(actions))

    def follow(self) -> None:
        """Show what holds now."""
        d = self.display
        now = (d.window, d.level)
        name = next((one.name for one in CT_PRESETS if (one.width, one.level) == now), "")
        ct = d.volume is not None and d.volume.modality == "CT"
        wide = self.width() > NARROW_PX
        self.shades.setText(
            (name if ct and name else "Own window" if now == d.own_window else "Window") if wide else ""
        )
        self.straight.setVisible(d.turned)

    def resizeEvent(self, event: object) -> None:
        self.follow()
