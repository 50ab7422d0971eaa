"""A cine study as it was scanned: its planes side by side, playing together; one plane large on a double click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from twinviewer.domain import CineContours, CineStack, OrganMesh
from twinviewer.scene.slices import percentile_window
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.farewell import discard
from twinviewer.ui.fusion_row import FusionRow
from twinviewer.ui.icons import icon
from twinviewer.ui.plane_cross import PlaneCross
from twinviewer.ui.plane_drawing import BOTH, CONTOURS, MODEL, NOTHING
from twinviewer.ui.plane_view import PlaneView
from twinviewer.ui.theme import Look

if TYPE_CHECKING:
    from twinviewer.scene.fusion import Fused

OUTLINES = (
    (BOTH, "Both"),
    (CONTOURS, "Contours"),
    (MODEL, "Model"),
    (NOTHING, "None"),
)
LEGEND = (("lv_endocardium", "LV endo"), ("lv_epicardium", "epi"), ("rv_endocardium", "RV endo"))
HEART_MARGIN_MM = 20.0
"""What is shown round the heart."""
NEAR_MM = 8.0
"""How far from a plane a point of the wall may lie to say where the heart is in it."""
GAP_PX = 3
FUSE = "Lay a second series over the images, in colour"
MARK = "Mark the plane that was clicked last as a key image (K)"
PREPARE_MS = 15
"""Pause between two frames that are cut ahead of being seen: the window stays quick."""


class CineView(QWidget):
    """The grid of planes under a row of choices. It takes any number; the planes share one window."""

    outlines_chosen = Signal(str)
    grabbed = Signal()
    corrected = Signal(object)
    marked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.stack: CineStack | None = None
        self.planes: list[PlaneView] = []
        self._large: PlaneView | None = None
        self._contours: CineContours | None = None
        self._mesh: OrganMesh | None = None
        self.fused: Fused | None = None
        self._colours: Mapping[str, str] = {}
        self._row_of_choices()
        self._grid_widget = QWidget()
        self._grid = QGridLayout(self._grid_widget)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP_PX)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._grid_widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        self.fusion_row = FusionRow(look)
        column.addWidget(self.fusion_row)
        column.addWidget(self._scroll, 1)
        self._ahead = QTimer(self)
        self._ahead.setInterval(PREPARE_MS)
        self._ahead.timeout.connect(self._prepare)
        look.changed.connect(self._say)

    def _row_of_choices(self) -> None:
        self._bar = QWidget()
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(8)
        name = QLabel("Cine")
        name.setProperty("role", "strong")
        self.outlines = ComboBox()
        self.outlines.setToolTip("What is drawn over the images: contours, model, both or none (O)")
        self.outlines.setAccessibleName("Outlines over the images")
        for value, text in OUTLINES:
            self.outlines.addItem(text, value)
        self.outlines.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.outlines.activated.connect(lambda _: self.outlines_chosen.emit(str(self.outlines.currentData())))
        self._legend = QLabel()
        self._legend.setProperty("role", "small")
        self.near = QToolButton()
        self.near.setCheckable(True)
        self.near.setChecked(True)
        self.near.setIconSize(QSize(16, 16))
        self.near.setToolTip("Show the heart large, or the whole images")
        self.near.setAccessibleName("Show the heart large")
        self.near.toggled.connect(lambda _: self._focus())
        row.addWidget(name)
        row.addWidget(self.outlines)
        self._legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._legend, 1)
        self.hand = QToolButton()
        self.hand.setCheckable(True)
        self.hand.setText("Correct")
        self.hand.setProperty("role", "pill")
        self.hand.setToolTip("Drag contours and valve points to put them right; the model follows (Ctrl+E)")
        self.hand.setAccessibleName("Correct by hand")
        self.hand.toggled.connect(self._correcting)
        row.addWidget(self.hand)
        row.addWidget(self.near)
        self.fusion_menu = QMenu(self)
        self.fusion, self.star = (self._tool(tip) for tip in (FUSE, MARK))
        self.fusion.setMenu(self.fusion_menu)
        self.fusion.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.star.clicked.connect(self.marked)
        for button in (self.fusion, self.star):
            row.addWidget(button)
        self._bar.hide()

    @staticmethod
    def _tool(tip: str) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(16, 16))
        button.setAutoRaise(True)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def open(self, stack: CineStack | None) -> None:
        """Show a study; None clears."""
        if stack is self.stack:
            return
        self.stack, self._large, self._contours, self._mesh = stack, None, None, None
        self._ahead.stop()
        for view in self.planes:
            self._grid.removeWidget(view)
            discard(view)
        self.planes = []
        self._say()
        if stack is None:
            return
        middle = stack.planes[len(stack.planes) // 2]
        window, level = stack.window or percentile_window(middle.frames[0])
        for number, plane in enumerate(stack.planes, start=1):
            view = PlaneView(self.look, plane, number, len(stack.planes))
            view.set_window(window, level)
            view.windowed.connect(self.set_window)
            view.maximise.connect(self.toggle_large)
            view.grabbed.connect(self.grabbed)
            view.corrected.connect(self.corrected)
            view.crossed.connect(self.set_cross)
            view.stepped.connect(self._step)
            view.set_correcting(self.hand.isChecked())
            view.set_fused(self.fused)
            self.planes.append(view)
        self._arrange()

    def set_fused(self, fused: Fused | None) -> None:
        """A second series over every plane; None takes it away. Called again when its look has changed."""
        if fused is None and self.fused is None:
            return
        self.fused = fused
        for view in self.planes:
            view.set_fused(fused)

    def show_contours(self, contours: CineContours | None, colours: Mapping[str, str]) -> None:
        """Contours over the planes they belong to; None takes them away. colours: structure -> "#RRGGBB"."""
        if contours is self._contours:
            return
        self._contours, self._colours = contours, colours
        for number, view in enumerate(self.planes):
            view.set_contours(contours, number, colours)
        self._say()
        self._focus()

    def show_model(self, mesh: OrganMesh | None, colours: Mapping[str, str]) -> None:
        """The lines where a mesh meets the planes, moving as it moves; None takes them away."""
        if mesh is self._mesh or self.stack is None:
            return
        first = self._mesh is None
        self._mesh, self._colours = mesh, colours
        lines = None
        if mesh is not None:
            from twinviewer.scene.plane_lines import PlaneLines

            lines = PlaneLines(mesh, self.stack, None if self._contours is None else self._contours.shift_mm)
            self._ahead.start()
        for view in self.planes:
            view.set_model(lines, colours)
        self._say()
        if first or mesh is None:  # a corrected model moves under the hand, the images stay
            self._focus()

    def _focus(self) -> None:
        """Fit the heart into every plane that shows it, or the whole images."""
        found = () if self._contours is None else self._contours.contours
        outlined = np.vstack([contour.points_mm[::8] for contour in found]) if found else None
        for view in self.planes:
            near = outlined
            if self._mesh is not None:
                wall = self._mesh.points_mm[: self._mesh.wall_points : 8]
                near = wall[np.abs((wall - view.plane.affine[:3, 3]) @ view.plane.normal) < NEAR_MM]
            view.focus(view.drawing.heart(HEART_MARGIN_MM, near) if self.near.isChecked() else None)

    def show_outlines(self, what: str) -> None:
        """One of OUTLINES' values, in every plane."""
        self.outlines.setCurrentIndex(max(self.outlines.findData(what), 0))
        for view in self.planes:
            view.show_outlines(what)
        self._say()

    def _say(self) -> None:
        """The key to the lines: colours, and how contour and model are told apart."""
        drawn = self._contours is not None or self._mesh is not None
        self._bar.setVisible(self.stack is not None)
        for button, sign in ((self.near, "heart"), (self.fusion, "fusion"), (self.star, "star")):
            button.setIcon(icon(sign, self.look.tokens))
        self.near.setVisible(drawn)
        self.hand.setVisible(self._contours is not None)
        self.outlines.setVisible(self._contours is not None and self._mesh is not None)
        if not drawn:
            self._legend.clear()
            return
        known = [(self._colours[name], text) for name, text in LEGEND if name in self._colours]
        parts = [f"<span style='color:{colour}'>━</span> {text}" for colour, text in known]
        what = self.outlines.currentData() if self.outlines.isVisibleTo(self) else CONTOURS
        styles = {BOTH: "broad: contour, fine: model", MODEL: "model", NOTHING: "", CONTOURS: ""}
        said = styles.get(str(what), "")
        self._legend.setToolTip(said)
        self._legend.setText("&nbsp;&nbsp; ".join(parts))
        if said:  # where there is room for it
            whole = "&nbsp;&nbsp; ".join((*parts, f"· {said}"))
            words = "   ".join(f"━ {text}" for _, text in known) + f"   · {said}"
            if self._legend.fontMetrics().horizontalAdvance(words) < self._legend.width():
                self._legend.setText(whole)

    def _prepare(self) -> None:
        """Cut the next frame, the planes in turn, until all are known."""
        waiting = [view.drawing for view in self.planes if view.drawing.prepare_left]
        if not waiting:
            self._ahead.stop()
            return
        max(waiting, key=lambda one: one.prepare_left).prepare()

    def _correcting(self, on: bool) -> None:
        for view in self.planes:
            view.set_correcting(on)

    def restore(self) -> None:
        """Show the contours as the case has them: a correction was not taken."""
        for number, view in enumerate(self.planes):
            view.set_contours(self._contours, number, self._colours)

    def set_window(self, window: float, level: float) -> None:
        """Window width and level of every plane."""
        for view in self.planes:
            view.set_window(window, level)

    def _arrange(self) -> None:
        for view in self.planes:
            self._grid.removeWidget(view)
        shown = [self._large] if self._large is not None else self.planes
        inside = self._scroll.viewport()
        width, height = max(inside.width(), 1), max(inside.height(), 1)
        count = max(len(shown), 1)
        most = max(min(count, 8, (width + GAP_PX) // (PlaneView.LEAST[0] + GAP_PX)), 1)
        columns = max(range(1, most + 1), key=lambda n: min(width / n, height / -(-count // n)))
        for view in self.planes:
            view.setVisible(view in shown)
        for place, view in enumerate(shown):
            self._grid.addWidget(view, place // columns, place % columns)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        self._arrange()
        self._say()

    def set_cross(self, cross: PlaneCross | None) -> None:
        """One place on all planes; None takes it away."""
        for view in self.planes:
            view.cross = cross
            view.update()

    def set_unit(self, unit: str) -> None:
        """What values under the pointer are called."""
        for view in self.planes:
            view.unit = unit

    def toggle_large(self, view: PlaneView) -> None:
        """One plane alone, or all again."""
        self._large = None if self._large is view else view
        self._arrange()

    def show_large(self, view: PlaneView) -> None:
        """One plane alone."""
        if self._large is not view:
            self.toggle_large(view)

    def _step(self, view: PlaneView, by: int) -> None:
        """The wheel over a plane that is alone goes to the next one; over all of them it scrolls what has no room."""
        if self._large is None:
            bar = self._scroll.verticalScrollBar()
            bar.setValue(bar.value() - by * bar.singleStep() * 3)
            return
        number = min(max(self.planes.index(view) + by, 0), len(self.planes) - 1)
        goal = self.planes[number]
        if goal is not view:
            goal.frame_index = min(view.frame_index, len(goal.plane.frames) - 1)
            self._large = goal
            self._arrange()
            goal.setFocus()

    def show_time(self, fraction: float) -> None:
        """The same fraction of the beat in every plane, each by its own R-R interval."""
        for view in self.planes:
            if view.isVisible():
                view.show_time(fraction)

    def reset(self) -> None:
        """Fit every plane."""
        for view in self.planes:
            view.reset()
