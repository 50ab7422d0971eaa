"""Valves and apex as points that can be dragged, in the slices and on the heart in 3D; what rests on them follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen

from twinviewer.domain import OrganMesh, Quantity, TwinviewerError
from twinviewer.scene.state import Marker, SceneState
from twinviewer.session.landmarks import (
    HINGES,
    LANDMARKS,
    compute_measured,
    landmarks_of,
    measured_input,
    move_landmark,
    move_landmarks,
    remove_hinges,
    start_hinges,
)
from twinviewer.ui.beat_marks import label_marks
from twinviewer.ui.edit_landmark_panel import LandmarkPanel
from twinviewer.ui.edit_mode import EditMode
from twinviewer.ui.slice_view import SliceView
from twinviewer.ui.step_bar import Step
from twinviewer.ui.theme import ui_font

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

GRAB_PX = 12.0
NEAR_MM, FAR_MM = 2.0, 12.0
"""How far a point lies from a slice where it is drawn full, and where it is not drawn any more."""
BALL_MM = 2.6
SEEN_THROUGH = 0.35
HINGE_COLOUR, COLOUR = "#E5B454", "#3FB6C6"
SHORT = {name: f"Hinge {number}" for number, name in enumerate(HINGES, start=1)}
"""They lie close together."""


class Landmarks(EditMode):
    """While it is on, left drags that begin on a point move it; all else goes to the views."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.panel = LandmarkPanel(window.look)
        self._places: dict[str, NDArray[np.float64]] = {}
        self._name = ""
        self._mesh: OrganMesh | None = None
        self.panel.sought.connect(self.go_to)
        self.panel.hinges_asked.connect(self._hinges)
        self.panel.done.connect(self.stop)
        window.presenter.case_changed.connect(self._follow)

    # The mode --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Show the points on the heart at end-diastole, which is when they are given."""
        case = self.w.presenter.case
        if not landmarks_of(case):
            self.w.messages.tell("There are no valves and apex to move", "Build the model first", "caution")
            return
        self.w.coupling.go(Step.MODEL)
        self.w.playback.pause()
        self._go_to_their_phase()
        super().start()
        self._follow()
        self.panel.note.say("")
        self.panel.show()
        for view in self._views:
            view.marks.append(self._mark)
            view.update()
        self.watch(*self._views, self.w.views.view3d.interactor)
        self.w.coupling.draw_scene()
        self.w.inspector.model.ensureWidgetVisible(self.panel)

    def stop(self) -> bool:
        """Hide them; whether they were shown. A point in the hand goes back to where it was."""
        if not self.on:
            return False
        self._name = ""
        super().stop()
        self.panel.hide()
        for view in self._views:
            view.marks.remove(self._mark)
            view.update()
        self.w.coupling.draw_scene()
        return True

    def _go_to_their_phase(self) -> None:
        """The images at the phase with most blood, which the model was built at."""
        case, display = self.w.presenter.case, self.w.display
        ed = label_marks(case.labels)[0] if case.labels is not None else None
        if ed is None or display.volume is None:
            self.w.coupling.go_to("ed")
            return
        display.follow(100.0 * ed)
        self.w.coupling.keep_phase()

    @property
    def _views(self) -> tuple[SliceView, ...]:
        return tuple(self.w.views.slices.values())

    def _follow(self) -> None:
        case = self.w.presenter.case
        if not self.on:
            return
        self._places = landmarks_of(case)
        if not self._places:
            self.stop()
            return
        self.panel.show_names(tuple(self._places), case.labels is not None)
        for view in self._views:
            view.update()

    def go_to(self, name: str) -> None:
        """Put the crosshair onto a point."""
        self.w.display.set_cross(self._places[name])

    # What is seen ----------------------------------------------------------------------------------------------

    def picture(self, state: SceneState) -> SceneState:
        """The scene with the points, seen through the heart."""
        if not self.on or not state.panes:
            return state
        balls = tuple(
            Marker(name, 0, _colour(name), BALL_MM, (float(x), float(y), float(z)), _short(name))
            for name, (x, y, z) in self._places.items()
        )
        panes = tuple(
            replace(
                pane,
                markers=(*pane.markers, *balls),
                structures=tuple(replace(one, opacity=min(one.opacity, SEEN_THROUGH)) for one in pane.structures),
            )
            for pane in state.panes[:1]
        )
        return replace(state, panes=panes)

    def _mark(self, painter: QPainter, view: SliceView) -> None:
        painter.setFont(ui_font(11))
        for name, place in self._places.items():
            point, away = view.point_of(place)
            if abs(away) > FAR_MM:
                continue
            near = abs(away) <= NEAR_MM
            colour = QColor(_colour(name))
            colour.setAlphaF(1.0 if near else max(0.25, 1.0 - abs(away) / FAR_MM))
            painter.setPen(QPen(QColor(5, 7, 10, colour.alpha()), 3.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(point, 4.5, 4.5)
            painter.setPen(QPen(colour, 1.6))
            painter.setBrush(colour if near else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(point, 4.5, 4.5)
            if near:
                _word(painter, _short(name), point, colour)

    # Moving ----------------------------------------------------------------------------------------------------

    def at(self, view: Any, where: QPointF) -> str:
        """The point under the pointer; "" for none."""
        best, found = GRAB_PX, ""
        for name, place in self._places.items():
            if isinstance(view, SliceView):
                point, away = view.point_of(place)
                if abs(away) > FAR_MM:
                    continue
            else:
                point = self._seen(place)
            off = point - where
            distance = float(np.hypot(off.x(), off.y()))
            if distance < best:
                best, found = distance, name
        return found

    def _seen(self, place_mm: NDArray[np.float64]) -> QPointF:
        """Where a place is drawn in 3D, in widget pixels."""
        from twinviewer.scene.pick import to_screen

        view = self.w.views.view3d
        x, y = to_screen(view.stage.renderer(), place_mm[None])[0] / view.interactor.devicePixelRatioF()
        return QPointF(x, view.interactor.height() - 1 - y)

    def press(self, view: Any, event: QMouseEvent) -> bool:
        if not isinstance(view, SliceView) and self.w.views.view3d.stage is None:
            return False
        self._name = self.at(view, event.position())
        return bool(self._name)

    def drag(self, view: Any, event: QMouseEvent) -> None:
        if not self._name:
            return
        place = self._under(view, event.position())
        if place is None:
            return
        self._places = {**self._places, self._name: place}
        for one in self._views:
            one.update()
        self.w.coupling.draw_scene()

    def _under(self, view: Any, where: QPointF) -> NDArray[np.float64] | None:
        """(3,) LPS: on the slice; in 3D as deep as the point was."""
        if isinstance(view, SliceView):
            return view.place_mm(where)
        from twinviewer.scene.pick import ray

        view3d = self.w.views.view3d
        start, along = ray(view3d.stage.renderer(), *view3d.pixel(where))
        ahead = np.array(view3d.stage.camera.GetDirectionOfProjection())
        depth = (self._places[self._name] - start) @ ahead / float(along @ ahead)
        return np.asarray(start + depth * along)

    def release(self, view: Any, event: QMouseEvent) -> None:
        name, self._name = self._name, ""
        p = self.w.presenter
        if not name or np.array_equal(self._places[name], landmarks_of(p.case)[name]):
            return
        try:
            p.accept(move_landmark(p.case, name, self._places[name]))
        except TwinviewerError as error:
            self.w.messages.tell_error(error, "Move landmark")
            self._follow()
            return
        self._measure()

    def hover(self, view: Any, event: QMouseEvent) -> None:
        over = self.at(view, event.position()) if self.w.views.view3d.stage is not None else ""
        if over:
            view.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            view.unsetCursor()

    # What rests on them ----------------------------------------------------------------------------------------

    def _hinges(self, wanted: bool) -> None:
        p = self.w.presenter
        case = p.case
        if not wanted:
            p.accept(remove_hinges(case))
            self._measure()
            return
        if case.labels is None or case.mesh is None:
            return
        mesh = case.mesh

        def done(places: NDArray[np.float64]) -> None:
            if p.case.mesh is mesh:
                found = dict(zip(HINGES, places, strict=True))
                p.accept(move_landmarks(p.case, found, "Place aortic hinge points"))
                self._measure()

        p.submit(
            "hinges", "Model", start_hinges, case.labels, mesh, done=done, name="Find the aortic ring",
            refused=lambda error: self.panel.note.say(str(error), "caution"),
        )  # fmt: skip

    def _measure(self) -> None:
        """Ask for the numbers again; they are put into the Case that waits for them, with no step of their own."""
        p = self.w.presenter
        try:
            inputs = measured_input(p.case)
        except TwinviewerError:
            return  # a model that no labels were read for has nothing measured from them
        mesh = p.case.mesh

        def done(found: dict[str, Quantity]) -> None:
            if p.case.mesh is mesh:
                p.accept(replace(p.case, measurements=found), step=False)

        p.submit("measure", "Model", compute_measured, *inputs, done=done, name="Measure")


def _short(name: str) -> str:
    return SHORT.get(name, LANDMARKS[name])


def _colour(name: str) -> str:
    return HINGE_COLOUR if name in HINGES else COLOUR


def _word(painter: QPainter, text: str, point: QPointF, colour: QColor) -> None:
    area = QRectF(point.x() + 9, point.y() - 9, 160, 18)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.setPen(QColor(0, 0, 0, 190))
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        painter.drawText(area.translated(dx, dy), align, text)
    painter.setPen(colour)
    painter.drawText(area, align, text)
