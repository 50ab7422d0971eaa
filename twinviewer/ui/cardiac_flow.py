"""Keeps the cardiac views in step with the Case and the clock: planes, outline, frames in 3D, cuts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from twinviewer.domain import CineStack, LabelMap, MeshError, OrganMesh
from twinviewer.geometry.cardiac_planes import HeartFrame
from twinviewer.scene.palette import ANATOMY, CONTOURS
from twinviewer.scene.state import SceneState
from twinviewer.ui.beat_marks import image_fraction
from twinviewer.ui.layouts import CARDIAC, FOUR
from twinviewer.ui.view_menu import allow_view_actions

if TYPE_CHECKING:
    from twinviewer.session.case import Case
    from twinviewer.ui.window import MainWindow

COLOURS = {**ANATOMY, **CONTOURS}
NO_HEART = "find the structures or build the model first"


class CardiacFlow(QObject):
    """Listens to the window's parts; asked by the coupling at each change and tick."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.views = window.views.cardiac
        self.why = NO_HEART
        self._of: tuple[object, ...] = ()
        self._frame: HeartFrame | None = None
        self.cut_along = ""
        self.views.state.moved.connect(lambda _: self._draw())
        self.views.cut_asked.connect(self.cut)
        window.presenter.case_changed.connect(lambda: self.follow(window.presenter.case))
        window.choices.changed.connect(self._whole_again)
        window.presenter.jobs_changed.connect(self._allow)
        window.playback.ticked.connect(self.tick)
        window.views.layout_changed.connect(lambda _: self.tick(window.playback.time_s))
        self.follow(window.presenter.case)

    @property
    def known(self) -> bool:
        """Whether there are planes to show."""
        return self._frame is not None and self.w.presenter.case.image is not None

    def follow(self, case: Case) -> None:
        """The Case changed."""
        state = self.views.state
        shift = case.contours.shift_mm if case.contours is not None else None
        if state.image is not case.image or isinstance(case.image, CineStack):
            state.blockSignals(True)
            state.open(case.image, shift)
            state.blockSignals(False)
        of = (case.mesh, case.labels, case.image, case.landmarks)
        other = len(of) != len(self._of) or any(a is not b for a, b in zip(of, self._of, strict=True))
        if other and not (self._mending and case.labels is not None and case.image is state.image):
            same_image = len(self._of) == 4 and self._of[2] is case.image
            self._of = of
            edited = case.mesh is None and bool(case.label_edits) and same_image  # planes stay under a brush
            if not edited or self._frame is None:
                self._frame, self.why = frame_of(case.mesh, case.labels, case.landmarks)
            if case.image is None:
                self.why = "open images first"
        state.blockSignals(True)
        state.set_frame(self._frame if case.image is not None else None)
        state.set_mesh(case.mesh, COLOURS)
        state.blockSignals(False)
        self._say(case)
        self._allow()
        if not self.known and self.w.views.layout_name == CARDIAC and case.image is None:
            self.w.set_layout(FOUR)
        state.changed.emit()
        self.tick(self.w.playback.time_s)

    @property
    def _mending(self) -> bool:
        """Whether a hand is at the labels: planes wait until it is laid down, and do not move under each stroke."""
        coupling = getattr(self.w, "coupling", None)
        return coupling is not None and coupling.hand.on

    def _allow(self) -> None:
        if not self.w.closing:
            allow_view_actions(self.w, self.known, self.why)

    def _say(self, case: Case) -> None:
        p = self.w.presenter
        act = (("Build model", "model", p.build),) if case.labels is not None or case.contours is not None else (
            ("Find structures", "segment", p.segment),
        )  # fmt: skip
        self.views.empty.say(
            "heart",
            "The heart's views will stand here",
            f"Short axis and 2-, 3- and 4-chamber planes are computed from the heart's landmarks: {self.why}.",
            act if case.image is not None and case.organ else (),
        )

    def tick(self, time_s: float) -> None:
        """A moment of the beat."""
        w, case, state = self.w, self.w.presenter.case, self.views.state
        shown = w.coupling.shown()
        fraction = image_fraction(shown, (time_s % w.playback.period_s) / w.playback.period_s)
        if not self.views.isVisible() or state.lines is None or case.mesh is None:
            if state.cine is not None and self.views.isVisible():
                state.show_moment(fraction, None)
            return
        from twinviewer.scene.motion import measured_motion, run_motion

        mesh = case.mesh
        measured = measured_motion(mesh)
        if measured is not None:
            state.show_moment(fraction, measured.points_at(fraction), "measured motion")
        elif shown is not None and shown.run is not None and shown.setup.mesh is mesh:
            state.show_moment(fraction, run_motion(shown.run).points_at(time_s), "simulated beat")
        else:
            state.show_moment(fraction, mesh.points_mm, "model at rest")

    def picture(self, state: SceneState) -> SceneState:
        """The scene with the frames of the views that are in sight, and with what was measured on the heart."""
        lines = self.views.frames_in_space()
        return self.w.rulers.picture(replace(state, lines=(*state.lines, *lines)) if lines else state)

    def cut(self, name: str) -> None:
        """Cut the 3D heart along a view's plane, and along with it from now on."""
        section = self.views.section(name)
        if section is not None:
            self.cut_along = name
            self.w.choices.set(section=True, cut=section)

    def cut_look(self) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
        """(direction, up) from which the cut heart lies as the view shows it; None where it is not cut along a view."""
        plane = self.views.state.shown(self.cut_along) if self.cut_along else None
        if plane is None:
            return None
        (x, y, z), (a, b, c) = plane.normal.tolist(), (-plane.down).tolist()
        return (x, y, z), (a, b, c)

    def _whole_again(self) -> None:
        """The next cut is the usual one, unless a view is named again."""
        if not self.w.choices.section:
            self.w.choices.cut, self.cut_along = None, ""

    def _draw(self) -> None:
        if self.w.closing or not self.w.views.view3d.can_draw:
            return
        choices = self.w.choices
        if choices.section and choices.cut is not None and self.cut_along:
            section = self.views.section(self.cut_along)
            if section is not None and section != choices.cut:
                choices.cut = section
        self.w.coupling.draw_scene()


def frame_of(
    mesh: OrganMesh | None, labels: LabelMap | None, corrected: Mapping[str, NDArray[np.float64]]
) -> tuple[HeartFrame | None, str]:
    """The frame of a model with landmarks put right, before there is one of labels; without either the reason."""
    if mesh is None and labels is None:
        return None, NO_HEART
    from twinviewer.organs.heart.views import frame_of_labels, frame_of_mesh

    why = NO_HEART
    try:
        if mesh is not None:
            return frame_of_mesh(mesh, corrected), ""
        if labels is not None:
            return frame_of_labels(labels), ""
    except MeshError as error:
        why = error.what[0].lower() + error.what[1:]
    return None, why
