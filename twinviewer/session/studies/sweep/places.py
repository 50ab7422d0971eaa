"""Where the places of a sweep lie in this heart, and which of them do not stand among the others."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twinviewer.domain import OrganMesh, ParameterValue, Setup, TherapyError
from twinviewer.geometry.sites import SEPTAL
from twinviewer.session import catalog
from twinviewer.session.studies.sweep.plan import Plan

DEAD_SHARE = 0.5
"""Of a segment's outer surface: from there on its site counts as scar."""


@dataclass(frozen=True, slots=True)
class Masked:
    """Why a place does not stand among the others. simulated: whether it was computed all the same."""

    kind: str
    reason: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where one value of the axis of places lies. segment: AHA number, 0 where it has none. node: the point that is
    paced there, -1 where the therapy paces nothing. masked: None where it stands among the others."""

    segment: int
    node: int
    masked: Masked | None


def places(setup: Setup, swept: Plan) -> Mapping[ParameterValue, Place]:
    """Where the values of the axis of places lie in this heart; empty without such an axis. The therapy itself is
    asked, so a plug-in's sites are found like our own."""
    axis = swept.site
    if axis is None:
        return {}
    use = swept.uses[axis.therapy]
    therapy = catalog.therapy(use.therapy)
    own = {s.node for s in setup.stimuli}
    paced: dict[ParameterValue, frozenset[int]] = {}
    absent: dict[ParameterValue, str] = {}
    for value in axis.values:
        try:
            treated = therapy.apply(setup, {**use.values, axis.parameter.name: value})
        except TherapyError as error:
            absent[value] = str(error)
            continue
        leads = (s.node for s in treated.stimuli if s.layer == "myocardium" and s.node not in own)
        paced[value] = frozenset(leads)
    common = frozenset.intersection(*paced.values()) if len(paced) > 1 else frozenset()
    dead = _dead_nodes(setup)
    found: dict[ParameterValue, Place] = {}
    for value in axis.values:
        segment = segment_of_value(value)
        if value in absent:
            found[value] = Place(segment, -1, Masked("absent", absent[value], False))
            continue
        nodes = sorted(paced[value] - common)
        node = nodes[0] if nodes else -1
        if not segment and node >= 0:
            segment = int(setup.mesh.point_fields["aha_segment"][node])
        found[value] = Place(segment, node, _masked(setup, segment, axis.parameter.pick, dead, node))
    return found


def segment_of_value(value: ParameterValue) -> int:
    """The AHA segment that a choice means ("AHA11"), 0 where it says none."""
    text = str(value).removeprefix("AHA")
    return int(text) if text.isdigit() and 1 <= int(text) <= 17 else 0


def _masked(setup: Setup, segment: int, pick: str, dead: np.ndarray, node: int) -> Masked | None:
    if node < 0:  # nothing is paced there: every place is as good as the others
        return None
    outer = _outer(setup.mesh, segment)
    share = float(dead[outer].mean()) if len(outer) else 0.0
    if dead[node] or (pick == "lv_segment" and share >= DEAD_SHARE):
        much = f"{100.0 * share:.0f} % of the segment's outer surface is dead muscle"
        return Masked("scar", f"Scar: {much}, which no pace excites", False)
    if pick == "lv_segment" and segment in SEPTAL:
        return Masked("unreachable", "No coronary vein leads to the septum: simulated, but no lead gets there", True)
    return None


def _outer(mesh: OrganMesh, segment: int) -> np.ndarray:
    depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float))
    return np.flatnonzero((np.asarray(mesh.point_fields["aha_segment"]) == segment) & (depth >= 0.95))


def _dead_nodes(setup: Setup) -> np.ndarray:
    """(n,) True where all muscle round a point is dead."""
    mesh = setup.mesh
    scale = setup.tissue.get("conduction_scale")
    if scale is None:
        return np.zeros(len(mesh.points_mm), bool)
    if len(scale) == len(mesh.points_mm):
        return np.asarray(scale) <= 0.0
    alive = np.zeros(len(mesh.points_mm), bool)
    alive[mesh.tets[np.asarray(scale) > 0.0].ravel()] = True
    dead = ~alive
    dead[mesh.wall_points :] = False
    return dead
