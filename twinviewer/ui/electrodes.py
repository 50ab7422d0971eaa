"""ECG electrodes round the 3D heart: shown on request, dragged over the skin, and the ECG computed again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from twinviewer.domain import OrganMesh, TwinviewerError
from twinviewer.scene.state import Marker, SceneState
from twinviewer.session.electrodes import (
    BACK,
    NAMES,
    Chest,
    Shifts,
    compute_chest,
    move_electrodes,
    muscle_mm,
    shifts_of,
)
from twinviewer.ui.edit_mode import EditMode
from twinviewer.ui.electrode_panel import ElectrodePanel
from twinviewer.ui.step_bar import Step

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

COLOURS = {"V": "#E5B454", "R": "#3FB6C6", "L": "#3FB6C6"}
"""Chest and limb electrodes."""
BALL_MM = 5.0
GRAB_PX = 14.0


class Electrodes(EditMode):
    """Shows them while it is on; a drag moves one over the ball that the ECG is computed on."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.chest: Chest | None = None
        self.shifts: dict[str, tuple[float, float, float]] = {}
        self._mesh: OrganMesh | None = None
        self._moving = ""
        self.panel = ElectrodePanel(window.look)
        window.inspector.simulate.add_tool("Electrodes", "beat", self.toggle, self.panel)
        self.panel.changed.connect(self._typed)
        self.panel.reset.connect(lambda: self._move({}, BACK))
        self.panel.done.connect(self.stop)
        window.presenter.case_changed.connect(self._follow)

    # The mode --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Show them: the view steps back so that all are in it."""
        view, mesh = self.w.views.view3d, self.w.presenter.case.mesh
        if mesh is None:
            self.w.messages.tell("There is no heart to put electrodes round", "Build the model first", "caution")
            return
        self.w.coupling.go(Step.SIMULATE)
        self.w.coupling.brush.stop()
        super().start()
        self.panel.show()
        self.w.inspector.simulate.ensureWidgetVisible(self.panel)
        self._follow()
        self.watch(view.interactor)
        self._step_back()

    def stop(self) -> bool:
        """Hide them; whether they were shown."""
        if not self.on:
            return False
        self._moving = ""
        super().stop()
        self.panel.hide()
        self._step_back()
        return True

    def _step_back(self) -> None:
        """Draw, and fit what is drawn into the view."""
        self.w.coupling.draw_scene()
        if self.w.views.view3d.stage is not None:
            self.w.views.view3d.refit()

    def _follow(self) -> None:
        """The Case changed: the numbers are its own again, and another heart has another chest round it."""
        case = self.w.presenter.case
        if not self.on:
            return
        if case.mesh is None:
            self.stop()
            return
        self.shifts = shifts_of(case)
        self.panel.show_shifts(self.shifts)
        if self._mesh is None or self._mesh.points_mm is not case.mesh.points_mm:
            self._mesh, self.chest = case.mesh, None
            self.w.presenter.look_up(
                compute_chest, muscle_mm(case.mesh), dict(case.mesh.landmarks), done=partial(self._known, case.mesh)
            )

    def _known(self, mesh: OrganMesh, found: tuple[np.ndarray, float, np.ndarray]) -> None:
        if mesh is self._mesh:
            self.chest = Chest(*found)
            if self.on:
                self._step_back()

    # What is seen ----------------------------------------------------------------------------------------------

    def _skin(self) -> Chest | None:
        up = self.w.presenter.case.setup_values.get("electrodes_up_mm", 0.0)
        return None if self.chest is None else self.chest.raised(float(up))

    def picture(self, state: SceneState) -> SceneState:
        """The scene with the electrodes round every heart."""
        skin = self._skin()
        if not self.on or skin is None:
            return state
        balls = tuple(
            Marker(name, 0, COLOURS[name[0]], BALL_MM, (float(x), float(y), float(z)), name)
            for name, (x, y, z) in zip(NAMES, skin.places_mm(self.shifts), strict=True)
        )
        return replace(state, panes=tuple(replace(one, markers=(*one.markers, *balls)) for one in state.panes))

    # Moving ----------------------------------------------------------------------------------------------------

    def press(self, view: Any, event: QMouseEvent) -> bool:
        """Left drags that begin on an electrode move it; all else goes to the view."""
        self._moving = self.at(event.position())
        return bool(self._moving)

    def drag(self, view: Any, event: QMouseEvent) -> None:
        self._drag(event.position())

    def release(self, view: Any, event: QMouseEvent) -> None:
        self._moving = ""
        self._move(self.shifts)

    def hover(self, view: Any, event: QMouseEvent) -> None:
        over = self.at(event.position())
        view.setCursor(Qt.CursorShape.OpenHandCursor if over else Qt.CursorShape.ArrowCursor)

    def at(self, place: QPointF) -> str:
        """The electrode that is drawn there, the nearest to the eye first; "" for none."""
        view, skin = self.w.views.view3d, self._skin()
        if view.stage is None or skin is None:
            return ""
        from twinviewer.scene.pick import to_screen

        places = skin.places_mm(self.shifts)
        away = np.linalg.norm(to_screen(view.stage.renderer(), places) - view.pixel(place), axis=1)
        near = np.flatnonzero(away < GRAB_PX * view.interactor.devicePixelRatioF())
        if not len(near):
            return ""
        eye = np.array(view.stage.current_camera().position_mm)
        return NAMES[int(near[np.argmin(np.linalg.norm(places[near] - eye, axis=1))])]

    def _drag(self, place: QPointF) -> None:
        view, skin = self.w.views.view3d, self._skin()
        if skin is None:
            return
        from twinviewer.scene.pick import on_ball, ray

        start, along = ray(view.stage.renderer(), *view.pixel(place))
        now = skin.places_mm(self.shifts)[NAMES.index(self._moving)]
        behind = float((now - skin.centre_mm) @ along) > 0.0  # it stays on the side of the chest where it is
        there = on_ball(start, along, skin.centre_mm, skin.radius_mm, behind=behind)
        self.shifts = {**self.shifts, self._moving: skin.shift_to(self._moving, there)}
        self.panel.show_shifts(self.shifts)
        self.w.coupling.draw_scene()

    def _typed(self, name: str, shift: tuple[float, float, float]) -> None:
        self._move({**self.shifts, name: shift})

    def _move(self, shifts: Shifts, *action: str) -> None:
        p = self.w.presenter
        kept = {name: shift for name, shift in shifts.items() if any(shift)}
        if kept == shifts_of(p.case):
            return
        again = any(scenario.run is not None for scenario in p.case.scenarios) or bool(p.busy)
        try:
            p.accept(move_electrodes(p.case, kept, *action))
        except TwinviewerError as error:
            self.w.messages.tell_error(error, "Electrodes")
            self._follow()
            return
        if again:
            p.simulate_all()
