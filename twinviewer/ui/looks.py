"""Looks at the heart in 3D that cardiologists know: the projections of the catheter laboratory, the four-chamber view,
and the heart turned so that the pacing lead faces the eye."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh
from twinviewer.geometry.cardiac_planes import FOUR as FOUR_CHAMBERS

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

Direction = tuple[float, float, float]

PROJECTIONS = {"look_rao": ("rao", "RAO 3&0°", "Alt+5"), "look_lao": ("lao", "LAO &45°", "Alt+6")}
"""Action -> view of view3d.VIEWS: the eye stands to the patient's right or left of the front, as the detector does."""
LOOK_KEYS = (*PROJECTIONS, "look_4ch", "look_lead")
NO_LEAD = "No scenario in view has a pacing lead"


def add_look_actions(w: MainWindow) -> None:
    """Make them."""
    a = w.actions_
    for key, (view, text, shortcut) in PROJECTIONS.items():
        a.add(key, "View", text, partial(w.views.view3d.look_from, view), shortcut)
    a.add("look_4ch", "View", "As the 4-&chamber view", lambda: look_four(w), "Alt+7")
    a.add("look_lead", "View", "Face the &lead", lambda: face_lead(w), "Alt+8")


def look_four(w: MainWindow) -> None:
    """As the four-chamber plane lies, apex down or as it was turned by hand."""
    plane = w.views.cardiac.state.shown(FOUR_CHAMBERS)
    if plane is None:
        w.messages.tell("No four-chamber view yet", "Open images with labels, or build the model first.", "caution")
        return
    (x, y, z), (a, b, c) = plane.normal.tolist(), (-plane.down).tolist()
    w.views.view3d.look_along((x, y, z), (a, b, c))


def face_lead(w: MainWindow) -> None:
    """The left ventricle's lead of the scenario in view before the eye; else the last scenario's that paces."""
    case = w.presenter.case
    names = (w.choices.scenario, *reversed([one.name for one in case.treated]))
    for name in names:
        scenario = case.find(name)
        if scenario is None or case.mesh is None or not scenario.therapies:
            continue
        nodes = [int(one.node) for one in scenario.setup.stimuli if one.layer == "myocardium"]
        if nodes:
            w.views.view3d.look_along(*facing(case.mesh, nodes))
            return
    w.messages.tell("There is no lead to face", NO_LEAD + ".", "caution")


def facing(mesh: OrganMesh, nodes: list[int]) -> tuple[Direction, Direction]:
    """(direction, up) in which the eye looks at a lead from outside. nodes: of all leads; the one that lies farthest
    from the right ventricle's middle is faced, which is the left's."""
    wall = np.asarray(mesh.points_mm[: mesh.wall_points], float)
    centre = (wall.min(axis=0) + wall.max(axis=0)) / 2.0
    places = np.asarray(mesh.points_mm, float)[nodes]
    right = mesh.landmarks.get("rv_centre")
    away = np.linalg.norm(places - (centre if right is None else right), axis=1)
    outward = places[int(away.argmax())] - centre
    length = float(np.linalg.norm(outward))
    view = -outward / length if length > 1e-6 else np.array([0.0, 1.0, 0.0])
    return _three(view), _three(_up(view))


def _up(view: NDArray[np.float64]) -> NDArray[np.float64]:
    """Head up; seen from above or below, the front of the chest up."""
    return np.array([0.0, 0.0, 1.0]) if abs(view[2]) < 0.9 else np.array([0.0, -1.0, 0.0])


def _three(vector: NDArray[np.float64]) -> Direction:
    x, y, z = (float(v) for v in vector)
    return x, y, z
