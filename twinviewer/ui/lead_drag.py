"""The LV lead under the mouse: take its ball on the beating heart and draw it over the wall.

Activation, ECG and QRS follow while it moves; where it is let go, one step of the Case is made and the beat computed.
The ball rides on the site that is shown; a pale one is where the hand is, until the answer has come. From the keyboard
the same is done by the choice of the segment on the page Simulate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from scipy.spatial import cKDTree

from twinviewer.domain import OrganMesh, ParameterValue, Setup
from twinviewer.scene.electrical import ACTIVATION, RECOVERY
from twinviewer.scene.state import Marker, PaneState, SceneState
from twinviewer.session import catalog
from twinviewer.session.case import Scenario
from twinviewer.session.therapy_use import TherapyUse
from twinviewer.ui.edit_mode import EditMode

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

GRAB_PX = 16.0
SEEN_MM = 14.0
"""The wall that is seen where the lead is drawn lies no further from it; else the lead is behind the heart."""
HAND_COLOUR = "#B9C2CE"
SURFACES = ("epicardium", "lv_endocardium")
ACTION = "Move LV lead"


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead of a scenario that can be placed on a point. at: its therapy's place in the list; choice, exact: names of
    the parameters that say where it lies, as a segment and as a point; stimulus, node: what it is in the setup."""

    scenario: str
    at: int
    choice: str
    exact: str
    stimulus: str
    node: int


def lead_of(scenario: Scenario) -> Lead | None:
    """The lead of a scenario that its therapy lets a click place; None where there is none."""
    nodes = {stimulus.name: int(stimulus.node) for stimulus in scenario.setup.stimuli if stimulus.layer == "myocardium"}
    for at, use in enumerate(scenario.therapies):
        if not use.on or use.therapy not in catalog.therapies():
            continue
        therapy = catalog.therapy(use.therapy)
        choice = next((p for p in therapy.parameters if p.pick == "lv_segment"), None)
        exact = next((p for p in therapy.parameters if p.pick == "lv_node"), None)
        if choice is not None and exact is not None and choice.label in nodes:
            return Lead(scenario.name, at, choice.name, exact.name, choice.label, nodes[choice.label])
    return None


def places(mesh: OrganMesh, setup: Setup) -> NDArray[np.int32]:
    """(k,) points where a lead may lie: living wall of the left ventricle, outside or inside."""
    found = [mesh.surfaces[name].ravel() for name in SURFACES if name in mesh.surfaces]
    outer = np.unique(np.concatenate(found or [mesh.surfaces["myocardium"].ravel()]))
    segment = np.asarray(mesh.point_fields["aha_segment"])
    outer = outer[(outer < mesh.wall_points) & (segment[outer] > 0)]
    scale = setup.tissue.get("conduction_scale")
    if scale is None:
        return outer
    alive = np.zeros(len(mesh.points_mm), bool)
    alive[mesh.tets[np.asarray(scale) > 0.0]] = True
    return outer[alive[outer]]


class LeadDrag(EditMode):
    """Watches the 3D view for a hand on a lead. It is never entered: the lead can be taken whenever it is seen."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.on = True
        self._lead: Lead | None = None
        self._hand = -1
        self._over = False
        self.moved = ""
        """The scenario whose lead was let go last: the view stays where it is while its beat is computed."""
        self._allowed: tuple[object, NDArray[np.int32], cKDTree] | None = None
        window.views.view3d.drawn.connect(self._reach)

    def stop(self) -> bool:
        """Put the lead back where it was; whether it was in the hand."""
        lead, self._lead, self._hand, self._held = self._lead, None, -1, None
        if lead is None:
            return False
        self.w.coupling.live.drop(lead.scenario)
        self._point(False)
        self.w.messages.clear()
        self.w.coupling.draw_scene()
        return True

    def _reach(self) -> None:
        self.watch(self.w.views.view3d.interactor)

    # Where it is -----------------------------------------------------------------------------------------------

    @property
    def _free(self) -> bool:
        """Whether no mode of another kind has the mouse."""
        others = any(mode.on for mode in self.w.coupling.modes if isinstance(mode, EditMode) and mode is not self)
        return not others and self.w.views.view3d.clicks_probe

    def _shown(self) -> tuple[Scenario, PaneState, int] | None:
        """The treated scenario in view, its pane and the pane's number."""
        view, choices = self.w.views.view3d, self.w.choices
        if view.stage is None or view.state is None:
            return None
        name = choices.other if choices.comparing else choices.scenario
        scenario = self.w.presenter.case.find(name)
        if scenario is None or not scenario.therapies or scenario.setup.mesh is not self.w.presenter.case.mesh:
            return None
        for number, pane in enumerate(view.state.panes):
            if pane.values is None and pane.accent == scenario.colour:
                return scenario, pane, number
        return None

    def at(self, place: QPointF) -> Lead | None:
        """The lead that is seen under the pointer."""
        found = self._shown() if self._free else None
        lead = lead_of(found[0]) if found is not None else None
        if found is None or lead is None:
            return None
        from twinviewer.scene.pick import to_screen

        view, (_, pane, number) = self.w.views.view3d, found
        points = pane.points_at(pane.own_time(self.w.playback.time_s))
        away = to_screen(view.stage.renderer(number), points[lead.node]) - view.pixel(place)
        if float(np.linalg.norm(away)) > GRAB_PX * view.interactor.devicePixelRatioF():
            return None
        seen = view.node_at(place)
        hidden = seen >= 0 and float(np.linalg.norm(points[seen] - points[lead.node])) > SEEN_MM
        return None if hidden else lead

    # The drag --------------------------------------------------------------------------------------------------

    def press(self, view: Any, event: QMouseEvent) -> bool:
        """Left drags that begin on the lead move it; all else goes to the view."""
        self._lead = self.at(event.position())
        if self._lead is None:
            return False
        self._hand = self._lead.node
        view.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self.w.choices.colour_by not in (ACTIVATION, RECOVERY):
            self.w.choices.set(colour_by=ACTIVATION)
        self.w.messages.tell("Draw the lead over the wall of the left ventricle", "Esc puts it back.")
        return True

    def drag(self, view: Any, event: QMouseEvent) -> None:
        self.move(self.w.views.view3d.node_at(event.position()))

    def move(self, seen: int) -> None:
        """The hand is over this point of the wall (-1: beside it): the lead goes to the nearest place that may be."""
        case = self.w.presenter.case
        scenario = case.find(self._lead.scenario) if self._lead is not None else None
        if self._lead is None or scenario is None or case.mesh is None or seen < 0:
            return
        node = self._nearest(case.mesh, scenario.setup, seen)
        if node < 0 or node == self._hand:
            return
        self._hand = node
        stimuli = tuple(
            replace(one, node=node) if one.name == self._lead.stimulus else one for one in scenario.setup.stimuli
        )
        uses = self._uses(scenario, self._lead, node)
        self.w.coupling.live.try_out(scenario.name, uses, replace(scenario.setup, stimuli=stimuli))
        self.w.coupling.draw_scene()

    def release(self, view: Any, event: QMouseEvent) -> None:
        self.let_go()

    def let_go(self) -> None:
        """The lead stays where the hand has left it: one step of the Case, and its beat."""
        lead, node, self._lead, self._hand = self._lead, self._hand, None, -1
        self._point(False)
        self.w.messages.clear()
        p = self.w.presenter
        scenario = p.case.find(lead.scenario) if lead is not None else None
        if lead is None or scenario is None or node == lead.node:
            self.w.coupling.draw_scene()
            return
        self.moved = lead.scenario
        if p.set_therapies(lead.scenario, self._uses(scenario, lead, node), ACTION):
            self.w.coupling.live.after(partial(p.simulate, lead.scenario, joined=True))
        else:
            self.w.coupling.live.drop(lead.scenario)

    def hover(self, view: Any, event: QMouseEvent) -> None:
        self._point(self.at(event.position()) is not None)

    def other(self, view: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(False)
        return False

    def _point(self, over: bool) -> None:
        """A hand over the lead; everywhere else the pointer is whoever's it was."""
        interactor = self.w.views.view3d.interactor
        if interactor is not None and (over or self._over):
            interactor.setCursor(Qt.CursorShape.OpenHandCursor if over else Qt.CursorShape.ArrowCursor)
        self._over = over

    def _nearest(self, mesh: OrganMesh, setup: Setup, seen: int) -> int:
        key = (mesh.uid, id(mesh.points_mm), id(setup.tissue.get("conduction_scale")))
        if self._allowed is None or self._allowed[0] != key:
            allowed = places(mesh, setup)
            self._allowed = key, allowed, cKDTree(mesh.points_mm[allowed if len(allowed) else [0]])
        _, allowed, tree = self._allowed
        return int(allowed[tree.query(mesh.points_mm[seen])[1]]) if len(allowed) else -1

    @staticmethod
    def _uses(scenario: Scenario, lead: Lead, node: int) -> tuple[TherapyUse, ...]:
        """The scenario's therapies with the lead on this point, and the segment named in which that lies."""
        uses = list(scenario.therapies)
        use = uses[lead.at]
        segment = int(np.asarray(scenario.setup.mesh.point_fields["aha_segment"])[node])
        own: dict[str, ParameterValue] = {lead.exact: float(node), lead.choice: f"AHA{segment}"}
        own |= {p.name: p.default for p in catalog.therapy(use.therapy).parameters if p.pick == "lv_vein"}
        uses[lead.at] = replace(use, values={**use.values, **own})
        return tuple(uses)

    # What is seen ----------------------------------------------------------------------------------------------

    def picture(self, state: SceneState) -> SceneState:
        """The scene with the place of the hand, while the picture shows an earlier one."""
        if self._lead is None or self._hand < 0:
            return state
        found = self.w.presenter.case.find(self._lead.scenario)
        panes = list(state.panes)
        for k, pane in enumerate(panes):
            own = found is not None and pane.accent == found.colour and pane.values is None
            if own and all(marker.node != self._hand for marker in pane.markers):
                panes[k] = replace(pane, markers=(*pane.markers, Marker("hand", self._hand, HAND_COLOUR, 2.6)))
        return replace(state, panes=tuple(panes))
