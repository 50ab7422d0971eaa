"""The 3D view: a VTK render window inside Qt that shows a SceneState, and its small row of choices."""

import gc
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from twinviewer.scene.state import Camera, SceneState
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.empty_state import EmptyState
from twinviewer.ui.icons import icon
from twinviewer.ui.interactor import interactor_class
from twinviewer.ui.theme import Look

COLOUR_PX, WIDE_PX = 110, 420
"""Least width of the choice of colours; width of the view below which the buttons of directions make room for it."""
VIEWS = {
    "anterior": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "posterior": ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "left": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "right": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "superior": ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0)),
    "inferior": ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "rao": ((0.5, 0.8660254, 0.0), (0.0, 0.0, 1.0)),
    "lao": ((-0.7071068, 0.7071068, 0.0), (0.0, 0.0, 1.0)),
}
"""Named views: the direction in which the eye looks, and what is up. LPS: left, posterior and superior are positive.
rao, lao: the detector 30 degrees to the patient's right, 45 to the left."""


class View3D(QWidget):
    """Placeholder until there is something to draw; then a Stage. ``picked`` carries (pane, node) while a site is asked
    for; at all other times a click is ``probed`` (node of the wall; -1: elsewhere)."""

    picked = Signal(int, int)
    missed = Signal()
    probed = Signal(int)
    measured = Signal(object)
    turning = Signal(bool)
    colour_chosen = Signal(str)
    section_chosen = Signal(bool)
    safe_chosen = Signal(bool)
    maximise = Signal(object)
    drawn = Signal()

    def __init__(self, look: Look, gl: bool) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 140)
        self.look = look
        self.stage: Any = None
        self.interactor: Any = None
        self.can_draw = gl
        self._state: SceneState | None = None
        self._picking = False
        self._measuring = False
        self._building = False
        self._view = ""
        self._fitted: Camera | None = None
        # A GL child from the start: one added later makes Qt create the native window anew, and it flickers.
        self._surface = QOpenGLWidget(self) if gl else None
        if self._surface is not None:
            self._surface.hide()
        self.empty = EmptyState(look)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._bar = QWidget()
        self._directions: list[QToolButton] = []
        self._row_of_choices()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        self.below_bar = QVBoxLayout()
        column.addLayout(self.below_bar)
        column.addWidget(self._stack, 1)
        look.changed.connect(self._icons)
        self._icons()

    def _row_of_choices(self) -> None:
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(8, 3, 6, 3)
        row.setSpacing(2)
        name = QLabel("3D")
        name.setProperty("role", "strong")
        row.addWidget(name)
        row.addSpacing(8)
        self.colour = ComboBox()
        self.colour.setToolTip("Colour the wall by")
        self.colour.setAccessibleName("Colour the wall by")
        self.colour.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.colour.setMinimumWidth(COLOUR_PX)
        self.colour.activated.connect(lambda _: self.colour_chosen.emit(str(self.colour.currentData())))
        row.addWidget(self.colour)
        self.safe = self._tool("Colours that are safe with red-green blindness", checkable=True)
        self.safe.clicked.connect(self.safe_chosen)
        self.cut = self._tool("Cut the heart open along the four-chamber plane", checkable=True)
        self.cut.clicked.connect(self.section_chosen)
        self.volume = self._tool("Draw the images themselves as a volume (V)", checkable=True)
        row.addWidget(self.safe)
        row.addWidget(self.cut)
        row.addWidget(self.volume)
        row.addStretch(1)
        for text, view in (("A", "anterior"), ("L", "left"), ("S", "superior")):
            key = {"A": 1, "L": 3, "S": 7}[text]
            button = self._tool(f"Look from {view} (keypad {key}; with Shift the opposite)")
            button.setText(text)
            button.setProperty("role", "pill")
            button.clicked.connect(lambda _=False, view=view: self.look_from(view))
            row.addWidget(button)
            self._directions.append(button)
        self.fit = self._tool("Fit the heart into the view (R)")
        self.fit.clicked.connect(self.reset)
        row.addWidget(self.fit)
        self.big = self._tool("Maximise this view and back (double click)")
        self.big.clicked.connect(lambda: self.maximise.emit(self))
        row.addWidget(self.big)
        self._bar.hide()

    def _tool(self, tip: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(checkable)
        button.setIconSize(QSize(16, 16))
        return button

    def _icons(self) -> None:
        t = self.look.tokens
        for button, name in (
            (self.safe, "eye"),
            (self.cut, "cut"),
            (self.volume, "series"),
            (self.fit, "fit"),
            (self.big, "maximise"),
        ):
            button.setIcon(icon(name, t))

    # Drawing ---------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make the render window; takes a second, so it is done when first needed or when the program is idle."""
        if self.stage is not None or self._building or not self.can_draw:
            return
        self._building = True  # a new GL child may show the window again, which comes back here
        from twinviewer.scene.stage import Stage

        self.interactor = interactor_class()(self)
        self.interactor.clicked.connect(self._clicked)
        self.interactor.dragging.connect(self.turning)
        self.stage = Stage(self.interactor)
        self._stack.addWidget(self.interactor)
        self._building = False

    def show_state(self, state: SceneState | None) -> None:
        """Draw a state; None brings back the empty state."""
        self._state = state
        if state is None or not self.can_draw:
            self._stack.setCurrentWidget(self.empty)
            self._bar.hide()
            return
        self.build()
        if self.stage is None:
            return
        first = self._stack.currentWidget() is not self.interactor
        if first:
            self._stack.setCurrentWidget(self.interactor)
            self._bar.show()
        if not self.isVisible():
            return
        panes = 0 if self.stage.state is None else len(self.stage.state.panes)
        self.stage.apply(state)
        if panes != len(state.panes):
            self._fit()
        self.interactor.update()
        self.drawn.emit()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        for button in self._directions:  # in a narrow view they make room: menu and keypad have them too
            button.setVisible(self.width() >= WIDE_PX)
        if self._state is not None and self.stage is not None:
            QTimer.singleShot(0, self, self._refit)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        if self._state is not None:
            self.show_state(self._state)

    def offer_fields(self, names: tuple[tuple[str, str], ...], chosen: str) -> None:
        """What the wall may be coloured by: (field, label)."""
        if [self.colour.itemData(i) for i in range(self.colour.count())] != [name for name, _ in names]:
            self.colour.clear()
            for name, label in names:
                self.colour.addItem(label, name)
        index = self.colour.findData(chosen)
        if index >= 0:
            self.colour.setCurrentIndex(index)

    @property
    def state(self) -> SceneState | None:
        """What is shown now."""
        return self._state

    # Camera and picking ----------------------------------------------------------------------------------------

    def look_from(self, view: str) -> None:
        """One of VIEWS."""
        if self.stage is not None:
            self._view = view
            self._fit()

    def look_along(self, direction: tuple[float, float, float], up: tuple[float, float, float]) -> None:
        """Fit the heart, seen along a direction in LPS."""
        if self.stage is not None:
            self.stage.frame(direction, up)
            self.interactor.update()

    def reset(self) -> None:
        """The heart as it hangs in the chest, fitted into the view."""
        self._view = ""
        self._fit()

    def _fit(self) -> None:
        """Fit the heart, seen from the view chosen last."""
        if self.stage is None:
            return
        if self._view:
            self.stage.frame(*VIEWS[self._view])
        else:
            self.stage.frame()
        self._fitted = self.stage.current_camera()
        self.interactor.update()

    def refit(self) -> None:
        """Fit what is drawn now, seen from where it was seen last."""
        self._fit()

    def _refit(self) -> None:
        """After a change of size: fit again, unless the user has turned the heart meanwhile."""
        if self.stage is not None and self._state is not None:
            if self.stage.current_camera() == self._fitted:
                self._fit()
            self.interactor.update()

    def set_picking(self, on: bool) -> None:
        """While on, a click chooses a site on the heart."""
        self._picking = on
        if self.interactor is not None:
            self.interactor.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)

    @property
    def clicks_probe(self) -> bool:
        """Whether clicks and drags are nobody's: no site is asked for and nothing is measured."""
        return not self._picking and not self._measuring

    def set_measuring(self, on: bool) -> None:
        """While on, a click on the heart is ``measured`` (the Stage's Pick)."""
        self._measuring = on
        if self.interactor is not None:
            self.interactor.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)

    def pixel(self, place: QPointF) -> tuple[int, int]:
        """A place in the drawing as a pixel of the render window, counted from below."""
        ratio = self.interactor.devicePixelRatioF()
        return int(place.x() * ratio), int((self.interactor.height() - 1 - place.y()) * ratio)

    def node_at(self, place: QPointF) -> int:
        """The node of the wall that is seen there, -1 where none is."""
        found = self.stage.pick(*self.pixel(place)) if self.stage is not None else None
        wall = found is not None and self._state is not None and found.node < self._state.panes[0].mesh.wall_points
        return found.node if found is not None and wall else -1

    def _clicked(self, place: QPointF) -> None:
        if self.stage is None:
            return
        found = self.stage.pick(*self.pixel(place))
        if self._measuring:
            if found is not None:
                self.measured.emit(found)
        elif not self._picking:
            self.probed.emit(self.node_at(place))
        elif found is None:
            self.missed.emit()
        else:
            self.picked.emit(found.pane, found.node)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.maximise.emit(self)

    def close_gl(self) -> None:
        """Give the GL resources back while their context is alive; without this each window leaks 25 MB."""
        if self.interactor is None:
            return
        interactor, self.interactor, self.stage, self._state = self.interactor, None, None, None
        self._stack.setCurrentWidget(self.empty)
        self._stack.removeWidget(interactor)
        interactor.close()
        interactor.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()
