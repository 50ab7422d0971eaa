"""Measuring by hand: distance, angle, path and ellipse on any image, distance and angle on the heart in 3D."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from twinviewer.domain import Ruler, RulerKind, TwinviewerError
from twinviewer.scene.state import SceneState
from twinviewer.session.rulers import NAMES, POINTS, add_ruler, measured, remove_all, remove_ruler
from twinviewer.ui.edit_mode import EditMode
from twinviewer.ui.ruler_draw import HOW, Spot, draw_ruler, ellipse_of, end_at, lies_in, moved, near, spot_of
from twinviewer.ui.ruler_space import show_ruler, with_rulers

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

CLICK_PX = 5.0


class RulerTool(EditMode):
    """While it is on, left drags measure; ends of what is there can be dragged. Esc drops what is half done, then ends.

    Rulers are drawn at all times, on the slices in which they lie.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.kind: RulerKind = "distance"
        self._points: list[NDArray[np.float64]] = []
        self._loose: NDArray[np.float64] | None = None
        self._view: Any = None
        self._from = QPointF()
        self._grip: tuple[Ruler, int] | None = None
        self._moved: Ruler | None = None
        self._picks: list[Any] = []
        window.views.view3d.measured.connect(self._picked)
        window.presenter.case_changed.connect(self._follow)
        window.tree.ruler_chosen.connect(self.show)
        window.tree.ruler_removed.connect(self.remove)
        self._follow()

    def _canvases(self) -> list[Any]:
        views = self.w.views
        return [*views.slices.values(), *views.cardiac.views.values(), *views.cine.planes]

    def _follow(self) -> None:
        """New views, new rulers: paint them."""
        for view in self._canvases():
            if self._mark not in view.marks:
                view.marks.append(self._mark)
            view.update()
        if self.on:
            self.watch(*self._canvases())
        for key in self.w.actions_.all:
            if key.startswith("ruler_"):
                image, mesh = self.w.presenter.case.image is not None, self.w.presenter.case.mesh is not None
                self.w.actions_.allow(key, image or (mesh and key in ("ruler_distance", "ruler_angle")), "open images")
        if "rulers_clear" in self.w.actions_.all:
            self.w.actions_.allow("rulers_clear", bool(self.w.presenter.case.rulers), "nothing was measured by hand")

    # The mode --------------------------------------------------------------------------------------------------

    def choose(self, kind: RulerKind) -> None:
        """Take up one tool; the same once more lays it down."""
        if self.on and self.kind == kind:
            self.stop()
            return
        for mode in self.w.coupling.modes:
            mode.stop()
        self.kind = kind
        self.start()

    def start(self) -> None:
        self.drop()
        super().start()
        self.watch(*self._canvases())
        for view in self._canvases():
            view.setCursor(Qt.CursorShape.CrossCursor)
        self.w.views.view3d.set_measuring(self.kind in ("distance", "angle"))
        self.w.messages.tell(f"{NAMES[self.kind]}: {HOW[self.kind]}", "Esc ends.")
        self._check()

    def stop(self) -> bool:
        if not self.on:
            return False
        self.drop()
        super().stop()
        self.w.views.view3d.set_measuring(False)
        self.w.messages.clear()
        self._check()
        self._repaint()
        return True

    def drop(self) -> bool:
        """Forget what is half done; whether there was something."""
        there = bool(self._points or self._picks or self._grip)
        self._points, self._loose, self._view, self._grip, self._moved, self._picks = [], None, None, None, None, []
        if there:
            self._repaint()
            self.w.coupling.draw_scene()
        return there

    def _check(self) -> None:
        for kind in HOW:
            action = self.w.actions_.all.get(f"ruler_{kind}")
            if action is not None:
                action.setChecked(self.on and self.kind == kind)

    def _repaint(self) -> None:
        for view in self._canvases():
            if view.isVisible():
                view.update()

    # On images -------------------------------------------------------------------------------------------------

    def press(self, view: Any, event: QMouseEvent) -> bool:
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        spot, place = spot_of(view), view.place_mm(event.position())
        if spot is None or place is None:
            return False
        self.w.playback.pause()
        view.setFocus()
        self._from = event.position()
        if not self._points:
            self._grip = end_at(self.w.presenter.case.rulers, view, spot, event.position())
            if self._grip is not None:
                self._view = view
                return True
        double = event.type() == QEvent.Type.MouseButtonDblClick
        if self._view is not view:
            self._points = []
        if double and self.kind == "polyline":
            self._finish(view, spot)
            return True
        self._view, self._loose = view, None
        start = view.point_of(self._points[0])[0] if self._points else None
        if self.kind == "polyline" and len(self._points) >= 3 and near(start, event.position()):
            self._finish(view, spot, "area")
            return True
        self._points.append(place)
        self._advance(view, spot)
        return True

    def drag(self, view: Any, event: QMouseEvent) -> None:
        place, spot = view.place_mm(event.position()), spot_of(view)
        if place is None or spot is None:
            return
        if self._grip is not None:
            self._moved = moved(self._grip[0], self._grip[1], place - spot.shift_mm)
        else:
            self._loose = place
        view.update()

    def release(self, view: Any, event: QMouseEvent) -> None:
        spot = spot_of(view)
        if self._grip is not None:
            done, self._grip, self._moved = self._moved, None, None
            if done is not None:
                self._keep(done)
            return
        dragged = QLineF(self._from, event.position()).length() > CLICK_PX
        if dragged and self._points and self._loose is not None and spot is not None:
            self._points.append(self._loose)
            self._loose = None
            self._advance(view, spot)

    def hover(self, view: Any, event: QMouseEvent) -> None:
        spot = spot_of(view)
        if self._points and view is self._view:
            self._loose = view.place_mm(event.position())
            view.update()
        elif spot is not None:
            over = end_at(self.w.presenter.case.rulers, view, spot, event.position()) is not None
            view.setCursor(Qt.CursorShape.OpenHandCursor if over else Qt.CursorShape.CrossCursor)

    def other(self, view: Any, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress or self.kind != "polyline":
            return False
        spot = spot_of(self._view) if self._points else None
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or spot is None:
            return False
        self._finish(self._view, spot)
        return True

    def _advance(self, view: Any, spot: Spot) -> None:
        wanted = {"distance": 2, "angle": 3, "ellipse": 2}.get(self.kind, 10_000)
        if len(self._points) >= wanted:
            self._finish(view, spot)
        else:
            view.update()

    def _finish(self, view: Any, spot: Spot, kind: RulerKind | None = None) -> None:
        ruler = self._ruler(spot, self._points, kind or self.kind)
        self._points, self._loose = [], None
        if ruler is not None:
            self._keep(ruler)
        view.update()

    def _ruler(self, spot: Spot, points: list[NDArray[np.float64]], kind: RulerKind) -> Ruler | None:
        if len(points) < 2:
            return None
        image, placed = self.w.presenter.case.image, np.array(points)
        if kind == "ellipse":
            placed = ellipse_of(placed[0], placed[-1], spot)
        return Ruler(
            kind, placed - spot.shift_mm, {}, "", spot.right, spot.down, "" if image is None else image.uid,
            plane=spot.plane, frame=spot.frame, fraction=spot.fraction, view=spot.view,
        )  # fmt: skip

    def _keep(self, ruler: Ruler) -> None:
        p = self.w.presenter
        try:
            p.accept(add_ruler(p.case, ruler))
        except TwinviewerError as error:
            self.w.messages.tell_error(error, "Measure")

    # Drawing ---------------------------------------------------------------------------------------------------

    def _mark(self, painter: QPainter, view: Any) -> None:
        case = self.w.presenter.case
        if not case.rulers and not self._points:
            return
        spot = spot_of(view)
        if spot is None:
            return
        for ruler in case.rulers:
            shown = self._moved if self._moved is not None and ruler.uid == self._moved.uid else ruler
            if lies_in(shown, view, spot):
                draw_ruler(painter, view, self._said(shown), spot, shown is self._moved, self.on)
        if view is self._view and self._points:
            loose = [] if self._loose is None else [self._loose]
            half = self._ruler(spot, [*self._points, *loose], self.kind)
            if half is not None:
                draw_ruler(painter, view, self._said(half), spot, True, True)

    def _said(self, ruler: Ruler) -> Ruler:
        """With the numbers of the moment; an ellipse's voxels are counted when it is let go."""
        if ruler.values:
            return ruler
        try:
            return measured(replace(self.w.presenter.case, image=None) if ruler.kind == "ellipse" else
                            self.w.presenter.case, ruler)  # fmt: skip
        except TwinviewerError:
            return ruler

    # In 3D -----------------------------------------------------------------------------------------------------

    def _picked(self, pick: Any) -> None:
        mesh = self.w.presenter.case.mesh
        if not self.on or mesh is None:
            return
        self.w.playback.pause()
        self._picks.append(pick)
        if len(self._picks) < POINTS[self.kind]:
            self.w.coupling.draw_scene()
            return
        picks, self._picks = self._picks, []
        period = self.w.playback.period_s
        self._keep(
            Ruler(
                self.kind, np.array([one.position_mm for one in picks], float), {}, "", mesh_uid=mesh.uid,
                image_uid=mesh.label_uid, fraction=(self.w.playback.time_s % period) / period,
                nodes=np.array([one.nodes for one in picks], np.int32),
                weights=np.array([one.weights for one in picks], float),
            )
        )  # fmt: skip

    def picture(self, state: SceneState) -> SceneState:
        """The scene with what was measured on the heart."""
        return with_rulers(state, self.w.presenter.case, self._picks)

    # The list --------------------------------------------------------------------------------------------------

    def remove(self, uid: str) -> None:
        """Take one away; it can be undone."""
        p = self.w.presenter
        p.accept(remove_ruler(p.case, uid))

    def remove_all(self) -> None:
        """Take all away; it can be undone."""
        p = self.w.presenter
        if p.case.rulers:
            p.accept(remove_all(p.case))

    def show(self, uid: str) -> None:
        """Go to where one lies: its slice, its moment."""
        w, ruler = self.w, next((one for one in self.w.presenter.case.rulers if one.uid == uid), None)
        if ruler is not None:
            show_ruler(w, ruler)
