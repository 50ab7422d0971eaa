"""Rulers on the heart in 3D, which ride on it, and the way to where a ruler lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Ruler
from twinviewer.geometry.cardiac_planes import Plane
from twinviewer.scene.state import Line, SceneState
from twinviewer.session.case import Case
from twinviewer.session.rulers import measured, words
from twinviewer.ui.layouts import CARDIAC, FOUR
from twinviewer.ui.ruler_draw import COLOUR, FRESH

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

WIDTH_PX = 2.5
SAME_SINE = 0.005


def with_rulers(state: SceneState, case: Case, picks: Sequence[Any]) -> SceneState:
    """The scene with what was measured on this model: places and words are those of the moment.

    picks: places that were clicked and do not make a ruler yet.
    """
    lines: list[Line] = []
    if not state.panes or case.mesh is None:
        return state
    points = state.panes[0].points_at(state.time_s)
    for ruler in case.rulers:
        if ruler.nodes is None or ruler.mesh_uid != case.mesh.uid or int(ruler.nodes.max()) >= len(points):
            continue
        now = ruler.points_on(points)
        rides = np.abs(now - ruler.points_mm).max() > 1e-6 and state.panes[0].exaggeration == 1.0
        said = measured(case, replace(ruler, points_mm=now)) if rides else ruler
        lines.append(Line(_places(now), COLOUR, words(said), width=WIDTH_PX, balls=True))
    if picks:
        half = np.array([one.position_mm for one in picks], float)
        lines.append(Line(_places(half), FRESH, width=WIDTH_PX, balls=True))
    return replace(state, lines=(*state.lines, *lines)) if lines else state


def _places(points: NDArray[np.float64]) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(x), float(y), float(z)) for x, y, z in points)


def show_ruler(w: MainWindow, ruler: Ruler) -> None:
    """The view in which a ruler lies, at its moment."""
    w.playback.pause()
    w.display.set_phase(ruler.frame)
    state = w.views.cardiac.state
    if ruler.nodes is not None:
        w.playback.seek(ruler.fraction * w.playback.period_s)
        return
    axes = w.display.axes
    if ruler.view in w.views.slices and axes is not None and ruler.normal is not None:
        away = np.linalg.norm(np.cross(axes.normals[ruler.view], ruler.normal))
        if away > SAME_SINE:  # drawn while slices were turned otherwise
            w.display.face(ruler.view, ruler.normal)
    w.display.set_cross(ruler.centre_mm)
    if ruler.view in w.views.slices:
        if w.views.layout_name == CARDIAC:
            w.set_layout(FOUR)
    elif ruler.view in state.planes and ruler.right is not None and ruler.down is not None:
        if ruler.plane < 0:
            state.put(ruler.view, Plane(ruler.centre_mm, ruler.right, ruler.down))
        w.set_layout(CARDIAC)
