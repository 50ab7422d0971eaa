"""Painting a scar on the 3D heart: a mode that is entered and left, with live colour and one undo step a stroke."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QCursor, QMouseEvent, QPainter, QPen, QPixmap

from twinviewer.domain import MeshError, OrganMesh, TwinviewerError
from twinviewer.scene.state import PaneState, SceneState, StructureState
from twinviewer.session.scar_edit import CLEARED, FIELD, PAINTED, VALUE, WallFeet, accept_scar, amounts_ml, painted
from twinviewer.ui.edit_mode import EditMode
from twinviewer.ui.scar_panel import ScarPanel
from twinviewer.ui.step_bar import Step

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

WALL = ("myocardium", "epicardium", "lv_endocardium", "rv_endocardium")
MOST_PX = 120
"""Radius of the largest ring that serves as cursor; above it, and where the heart is not yet drawn, a cross does."""
FRAME_MS = 16
STRIDE = 0.4
"""Of the radius: how far apart the dabs of one stroke lie."""


class ScarBrush(EditMode):
    """Listens to the mouse over the 3D view while it is on, and hands each finished stroke to the Case."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.panel = ScarPanel(window.look)
        self._values: NDArray[np.float32] = np.zeros(0, np.float32)
        self._mesh: OrganMesh | None = None
        self._before: NDArray[np.float32] | None = None
        self._last: QPointF | None = None
        self._feet: WallFeet | None = None
        self._looked: Future[WallFeet] | None = None
        self._thread = ThreadPoolExecutor(1, "feet")
        self._draw = QTimer(self)
        self._draw.setSingleShot(True)
        self._draw.setInterval(FRAME_MS)
        self._draw.timeout.connect(self._redraw)
        page = window.inspector.simulate
        page.add_tool("Paint scar", "segment", self.toggle, self.panel)
        self.panel.changed.connect(self._show_cursor)
        self.panel.cleared.connect(self._clear)
        self.panel.done.connect(self.stop)
        window.presenter.case_changed.connect(self._follow)

    # The mode --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take the brush up: the heart stands still, alone and whole, in the colours of the scar."""
        mesh, view = self.w.presenter.case.mesh, self.w.views.view3d
        if mesh is None or "transmural" not in mesh.point_fields or not view.can_draw:
            why = "Build the model first" if mesh is None else "This model does not know how deep in the wall it is"
            self.w.messages.tell("A scar cannot be painted here", why, "caution")
            return
        self.w.coupling.go(Step.SIMULATE)
        self.w.playback.pause()
        super().start()
        self._take(mesh)
        self.panel.show()
        self.w.inspector.simulate.ensureWidgetVisible(self.panel)
        self._redraw()
        self.watch(view.interactor)
        self._show_cursor()

    def stop(self) -> bool:
        """Lay the brush down; whether it was up."""
        if not self.on:
            return False
        self._end_stroke()
        super().stop()
        self._draw.stop()
        self.panel.hide()
        self._redraw()
        return True

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _follow(self) -> None:
        """The Case changed: what was undone is no longer painted, and without a model there is nothing to paint."""
        mesh = self.w.presenter.case.mesh
        if not self.on:
            return
        if mesh is None:
            self.stop()
        elif mesh is not self._mesh:
            self._take(mesh)

    def _take(self, mesh: OrganMesh) -> None:
        known = self._mesh is not None and self._mesh.points_mm is mesh.points_mm
        self._mesh, self._before, self._last = mesh, None, None
        self._values = painted(mesh)
        if not known or (self._feet is None and self._looked is None):
            self._feet, self._looked = None, self._thread.submit(WallFeet.of, mesh)
        self._tell_amount()

    def _tell_amount(self) -> None:
        mesh, feet = self._mesh, self._ready()
        if mesh is None or FIELD not in mesh.point_fields:
            self.panel.show_amount(0.0, 0.0)
        elif feet is not None:
            self.panel.show_amount(*amounts_ml(mesh, feet.tet_ml))
        else:
            QTimer.singleShot(50, self._tell_amount)

    def _redraw(self) -> None:
        self.w.coupling.draw_scene()

    def _ready(self) -> WallFeet | None:
        if self._feet is None and self._looked is not None and self._looked.done():
            try:
                self._feet = self._looked.result()
            except MeshError as error:
                self.w.messages.tell_error(error, "Paint scar")
            self._looked = None
        return self._feet

    # What is seen ----------------------------------------------------------------------------------------------

    def picture(self, state: SceneState) -> SceneState:
        """The scene with what is painted so far in place of what else is shown."""
        mesh = self._mesh
        if not self.on or mesh is None or not state.panes:
            return state
        from twinviewer.scene import compose

        shown = tuple(_wall_only(one) for one in state.panes[0].structures)
        values = np.full(len(mesh.points_mm), np.nan, np.float32)
        values[: mesh.wall_points] = self._values[: mesh.wall_points]
        colour = compose.colouring(compose.SCAR, (), mesh)
        pane = PaneState("Paint scar", mesh, None, colour, values, shown, (), state.panes[0].accent, 1.0)
        return replace(state, panes=(replace(pane, beat_s=state.panes[0].beat_s),))

    def _show_cursor(self) -> None:
        view = self.w.views.view3d
        if not self.on or view.interactor is None:
            return
        radius = 0
        if view.stage is not None and self._mesh is not None:
            from twinviewer.scene.pick import pixels_per_mm

            middle = self._mesh.points_mm[: self._mesh.wall_points].mean(axis=0)
            scale = pixels_per_mm(view.stage.renderer(), middle) / view.interactor.devicePixelRatioF()
            radius = round(self.panel.brush.radius_mm * scale)
        view.interactor.setCursor(
            _ring(radius, view.devicePixelRatioF()) if 3 <= radius <= MOST_PX else Qt.CursorShape.CrossCursor
        )

    # Strokes ---------------------------------------------------------------------------------------------------

    def seen(self, view: Any, event: QEvent) -> None:
        """The ring has the brush's size at any zoom."""
        if event.type() in (QEvent.Type.Wheel, QEvent.Type.Resize):
            QTimer.singleShot(0, self._show_cursor)

    def press(self, view: Any, event: QMouseEvent) -> bool:
        """Left drags that begin on the heart paint; all else (turning beside it, zoom, pan) goes to the view."""
        return self._begin_stroke(event.position())

    def drag(self, view: Any, event: QMouseEvent) -> None:
        if self._before is not None:
            self._go_on(event.position())

    def release(self, view: Any, event: QMouseEvent) -> None:
        self._end_stroke()

    def _begin_stroke(self, place: QPointF) -> bool:
        node = self.w.views.view3d.node_at(place)
        if node < 0:
            return False
        if self._ready() is None:
            self.w.messages.tell("The brush is getting ready: one moment")
            return True
        self._before, self._last = self._values.copy(), place
        self._dab(node)
        return True

    def _go_on(self, place: QPointF) -> None:
        """Dabs along the way since the last place, so that a fast hand leaves no gaps."""
        start = self._last or place
        self._last = place
        view = self.w.views.view3d
        step_px = 6.0
        if view.stage is not None and self._mesh is not None:
            from twinviewer.scene.pick import pixels_per_mm

            scale = pixels_per_mm(view.stage.renderer(), self._mesh.points_mm[0])
            step_px = max(STRIDE * self.panel.brush.radius_mm * scale / view.devicePixelRatioF(), 4.0)
        away = place - start
        count = min(max(int(np.hypot(away.x(), away.y()) / step_px), 1), 6)
        for k in range(1, count + 1):
            node = view.node_at(start + away * (k / count))
            if node >= 0:
                self._dab(node)

    def _dab(self, node: int) -> None:
        feet = self._ready()
        if feet is None or node >= len(feet.points_mm):
            return
        brush = self.panel.brush
        self._values[feet.under(node, brush)] = VALUE[brush.kind]
        if not self._draw.isActive():
            self._draw.start()

    def _end_stroke(self) -> None:
        before, self._before, self._last = self._before, None, None
        if before is None or np.array_equal(before, self._values):
            return
        self._push(self._values.copy())

    def _clear(self) -> None:
        if self._values.any():
            self._push(np.zeros_like(self._values), CLEARED)

    def _push(self, values: NDArray[np.float32], action: str = PAINTED) -> None:
        try:
            case = accept_scar(self.w.presenter.case, values, action)
        except (TwinviewerError, ValueError) as error:
            self.w.messages.tell_error(error, "Paint scar")
            return
        self.w.presenter.accept(case)
        if self.on:  # what rested on the runs has gone from the page above: the brush's own controls stay in view
            QTimer.singleShot(0, lambda: self.w.inspector.simulate.ensureWidgetVisible(self.panel))


def _wall_only(one: StructureState) -> StructureState:
    return replace(one, opacity=1.0, visible=one.name == WALL[0])


def _ring(radius_px: int, ratio: float) -> QCursor:
    """A ring of the brush's size, dark and light so that it is seen on any ground."""
    size = 2 * radius_px + 5
    sign = QPixmap(round(size * ratio), round(size * ratio))
    sign.setDevicePixelRatio(ratio)
    sign.fill(Qt.GlobalColor.transparent)
    painter = QPainter(sign)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(size / 2, size / 2)
    for colour, width in (("#101318", 3.0), ("#FFFFFF", 1.2)):
        painter.setPen(QPen(QColor(colour), width))
        painter.drawEllipse(middle, radius_px, radius_px)
    painter.end()
    return QCursor(sign, size // 2, size // 2)
