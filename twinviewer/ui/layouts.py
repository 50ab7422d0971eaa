"""The centre of the window: three slices and the heart (4-up), cardiac views, two views (a slice and the heart, or two
slices where there is none), one alone, the heart alone, or compare: the heart's panes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from twinviewer.domain import CineStack, Volume
from twinviewer.scene.slices import ORIENTATIONS
from twinviewer.ui.cardiac_views import CardiacViews
from twinviewer.ui.cine_view import CineView
from twinviewer.ui.empty_state import EmptyState
from twinviewer.ui.fusion_row import FusionRow
from twinviewer.ui.image_display import ImageDisplay
from twinviewer.ui.slice_bar import SliceBar
from twinviewer.ui.slice_view import SliceView
from twinviewer.ui.theme import Look
from twinviewer.ui.view3d import View3D

FOUR, ONE, COMPARE = "four", "one", "compare"
CARDIAC, TWO, SOLID = "cardiac", "two", "solid"
CARDIAC_SHARE, CINE_SHARE, VOLUME_SHARE, ALONE_SHARE = 0.60, 0.53, 0.44, 0.68
"""What images have of the width beside the heart: cardiac views, planes of a cine study, three slices; no heart yet."""


class ViewArea(QWidget):
    """Holds all views and shows some of them. ``layout_changed`` carries the name of the layout now in force."""

    layout_changed = Signal(str)

    def __init__(self, look: Look, display: ImageDisplay, gl: bool) -> None:
        super().__init__()
        self.display = display
        self.layout_name = FOUR
        self.slices = {name: SliceView(look, display, name) for name in ORIENTATIONS}
        self.cine = CineView(look)
        self.cardiac = CardiacViews(look, display)
        self.view3d = View3D(look, gl)
        self.welcome = EmptyState(look)
        self._active: QWidget = self.view3d
        self._alone: QWidget | None = None
        self._before = FOUR  # where one view alone goes back to
        self._had_mesh = self._has_image = self._solid = False
        self._image: Volume | CineStack | None = None

        self._lower = QSplitter(Qt.Orientation.Horizontal)
        self._planes = QSplitter(Qt.Orientation.Vertical)
        self.bar, self.fusion_row = SliceBar(look, display), FusionRow(look)
        self._mpr = QWidget()
        under = QVBoxLayout(self._mpr)
        under.setContentsMargins(0, 0, 0, 0)
        under.setSpacing(0)
        for part in (self.bar, self.fusion_row):
            under.addWidget(part)
        under.addWidget(self._planes, 1)
        self._own: QWidget = self._mpr
        self._left = QStackedWidget()
        self._all = QSplitter(Qt.Orientation.Horizontal)
        for splitter in (self._lower, self._planes, self._all):
            splitter.setHandleWidth(3)
            splitter.setChildrenCollapsible(False)
        self._lower.addWidget(self.slices["coronal"])
        self._lower.addWidget(self.slices["sagittal"])
        self._planes.addWidget(self.slices["axial"])
        self._planes.addWidget(self._lower)
        self._planes.setSizes([540, 460])
        self._left.addWidget(self._mpr)
        self._left.addWidget(self.cine)
        self._left.addWidget(self.cardiac)
        self._all.addWidget(self._left)
        self._all.addWidget(self.view3d)
        self._all.setStretchFactor(0, 44)
        self._all.setStretchFactor(1, 56)
        self._all.setSizes([440, 560])
        self._stack = QStackedWidget()
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self._all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        for view in self.slices.values():
            view.maximise.connect(self.toggle_alone)
            view.activated.connect(self._activate)
        self.view3d.maximise.connect(self.toggle_alone)
        self.cardiac.activated.connect(self._activate)

    def show_image(self, image: Volume | CineStack | None, has_mesh: bool) -> None:
        """Choose what the centre is made of: welcome, slices or cine planes."""
        if image is None and not has_mesh:
            self._stack.setCurrentWidget(self.welcome)
        else:
            self._stack.setCurrentWidget(self._all)
        self.cine.open(image if isinstance(image, CineStack) else None)
        was, had = self._left.currentWidget(), self._had_mesh
        self._had_mesh, self._has_image = has_mesh, image is not None
        self._own = self.cine if isinstance(image, CineStack) else self._mpr
        self._left.setCurrentWidget(self.cardiac if self.layout_name == CARDIAC else self._own)
        if was is not self._left.currentWidget() or had is not has_mesh or image is not self._image:
            self._share_out()
        self._image = image
        self._arrange()

    def _share_out(self) -> None:
        """Images and heart side by side; without a heart the images have most of the room."""
        cine, total = self._own is self.cine, max(sum(self._all.sizes()), 100)
        if self.layout_name == CARDIAC:
            share = CARDIAC_SHARE
        elif self._had_mesh or self._solid:
            share = CINE_SHARE if cine else VOLUME_SHARE
        else:
            share = ALONE_SHARE
        self._all.setSizes([int(share * total), int((1 - share) * total)])

    def show_solid(self, on: bool) -> None:
        """Whether the images stand in 3D: without a heart too there is something to see there, which needs room."""
        was, self._solid = self._solid, on
        if was is not on and not self._had_mesh:
            self._share_out()

    def set_layout(self, name: str) -> None:
        """ "four", "cardiac", "two", "one", "solid" or "compare"."""
        was, self.layout_name = self.layout_name, name
        self._alone = {ONE: self._active, SOLID: self.view3d}.get(name)
        if name == TWO:
            self._alone = self._active if self._active in self.slices.values() else self.slices["axial"]
        if CARDIAC in (was, name) and was != name:
            self._left.setCurrentWidget(self.cardiac if name == CARDIAC else self._own)
            if self.view3d.isVisible() and self._left.isVisible():
                self._share_out()
        self._arrange()
        self.layout_changed.emit(name)

    def toggle_alone(self, view: QWidget) -> None:
        """One view alone, and back."""
        self._active = view
        if self.layout_name == COMPARE:
            return
        if self.layout_name == CARDIAC and view is self.view3d:
            self._before = CARDIAC
        elif self._alone is not view:
            self._before = FOUR
        self.set_layout(self._before if self._alone is view else ONE)

    def _activate(self, view: QWidget) -> None:
        self._active = view

    def _arrange(self) -> None:
        alone, beside = self._alone, self.layout_name in (TWO, CARDIAC)
        planes = self._left.currentWidget() is self._mpr
        only_3d = self.layout_name in (COMPARE, SOLID) or alone is self.view3d
        pair = self.layout_name == TWO and planes and not self._had_mesh
        self._left.setVisible(not only_3d and (self._has_image or not self._had_mesh))
        self.view3d.setVisible(only_3d or alone is None or (beside and not pair) or not planes)
        self._planes.setOrientation(Qt.Orientation.Horizontal if pair else Qt.Orientation.Vertical)
        if not planes:
            return
        axial, coronal, sagittal = (self.slices[name] for name in ORIENTATIONS)
        shown: list[QWidget | None] = [axial, coronal, sagittal] if alone is None else [alone]
        if pair:  # without a heart two views are two slices
            shown = [axial, alone if alone is not axial else coronal]
        for view in self.slices.values():
            view.setVisible(view in shown)
        self._lower.setVisible(coronal in shown or sagittal in shown)
        if pair:
            self._planes.setSizes([500, 500])

    def reset(self) -> None:
        """Fit every view."""
        self.display.straighten()
        for view in self.slices.values():
            view.reset()
        self.cine.reset()
        self.cardiac.reset()
        self.view3d.reset()
