"""Where the conduction system enters the ventricles: sites, times and the reach of the Purkinje layer.

Durrer et al. (Circulation 1970;41:899) mapped seven isolated human hearts. Three places on the left endocardium are
excited within the first 5 ms: the middle of the septum, high on the anterior wall beside the septum just below the
mitral valve, and on the posterior wall beside the septum a third of the way from apex to base. On the right it begins
5 to 10 ms later, near the insertion of the anterior papillary muscle (the moderator band), then septum and free wall.
Left fascicles run on to the bases of their papillary muscles, anterolateral and posteromedial (Elizari et al.,
Circulation 2007;115:1154); there a second site stands for each. The endocardium then lights up through the Purkinje
network, which thins out towards the left base and leaves out the basal part of the right septum: last is the left
posterobasal wall or the right outflow tract.

The network's speed is an effective one, of a layer that is entered at eight places only (setup.py). With it, heights
and delays were chosen within these descriptions so that hearts from CT, MR, a template and the demo have a normal QRS
and axis, and fascicular blocks that turn the axis beyond -45 and +90 degrees while QRS grows by less than 25 ms. Two
things decide that: the right ventricle must not start before its time, since its early free wall draws the axis of
every state to the middle; and the layer must not be so fast that a blocked fascicle's wall is lit from its neighbours
at once (docs/verification.md has what each heart shows).

Bundle-branch block removes one side's sites and its layer: Purkinje fibres may still conduct backwards there, but in
block the mapped spread is slow from muscle to muscle (Auricchio 2004; Vassallo 1984), so the layer is left out. A
fascicle's block removes its two sites; its part of the network is then entered from its neighbours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Choice, MeshError, OrganMesh, Stimulus

CONDUCTION_STATES = (
    Choice("normal", "Normal conduction"),
    Choice("lbbb", "Left bundle branch block"),
    Choice("rbbb", "Right bundle branch block"),
    Choice("lafb", "Left anterior fascicular block"),
    Choice("lpfb", "Left posterior fascicular block"),
)

LEFT_SIDE, RIGHT_SIDE = 1.0, 2.0

LAYER_TOP: Mapping[str, float] = {"lv": 0.9, "rv_septum": 0.75, "rv_free": 1.0}
"""Apicobasal coordinate above which the endocardium has no Purkinje layer. Assumed; chosen with the sites."""


@dataclass(frozen=True, slots=True)
class Site:
    """A fascicle's end. wall: "lv", "rv_septum" or "rv_free"; angle_deg as rotational_rad; delay_ms after the first."""

    name: str
    fascicle: str
    wall: str
    apicobasal: float
    angle_deg: float
    delay_ms: float


SITES = (
    Site("LV mid septum", "septal", "lv", 0.45, 15.0, 3.0),
    Site("LV anterior, beside the septum", "anterior", "lv", 0.82, 50.0, 0.0),
    Site("LV anterolateral papillary muscle", "anterior", "lv", 0.65, 140.0, 7.0),
    Site("LV posterior, beside the septum", "posterior", "lv", 0.30, -40.0, 5.0),
    Site("LV posteromedial papillary muscle", "posterior", "lv", 0.45, -120.0, 6.5),
    Site("RV septum at the moderator band", "right", "rv_septum", 0.40, 0.0, 10.0),
    Site("RV anterior wall at the moderator band", "right", "rv_free", 0.50, 20.0, 12.0),
    Site("RV free wall", "right", "rv_free", 0.60, 0.0, 12.0),
)

BLOCKED: Mapping[str, tuple[str, ...]] = {
    "lbbb": ("septal", "anterior", "posterior"),
    "rbbb": ("right",),
    "lafb": ("anterior",),
    "lpfb": ("posterior",),
}
WITHOUT_LAYER: Mapping[str, tuple[str, ...]] = {"lbbb": ("lv",), "rbbb": ("rv_septum", "rv_free")}
_NOTES: Mapping[str, str] = {
    "lbbb": "Left bundle branch block: no conduction-system entry and no fast layer on the left",
    "rbbb": "Right bundle branch block: no conduction-system entry and no fast layer on the right",
    "lafb": "Left anterior fascicular block: the anterior wall is entered from the septum and from behind",
    "lpfb": "Left posterior fascicular block: the posterior wall is entered from the septum and from in front",
}


def stimuli(
    mesh: OrganMesh, state: str, pr_interval_ms: float
) -> tuple[tuple[Stimulus, ...], NDArray[np.float64], tuple[str, ...]]:
    """Intrinsic ventricular excitation of this heart.

    state: a key of CONDUCTION_STATES. pr_interval_ms: start of P to first ventricular excitation. Returns the stimuli
    (layer "purkinje", times after the start of P), the (n,) field ``fast_layer`` (1 where the layer conducts), notes.
    Raises MeshError where the mesh lacks a field, ValueError for an unknown state.
    """
    if state not in {choice.key for choice in CONDUCTION_STATES}:
        raise ValueError(f"conduction state {state!r} is none of {', '.join(c.key for c in CONDUCTION_STATES)}")
    walls = endocardial_walls(mesh)
    sites = [site for site in SITES if site.fascicle not in BLOCKED.get(state, ())]
    earliest = min(site.delay_ms for site in sites)
    found = tuple(
        Stimulus(
            site.name,
            nearest_node(mesh, walls[site.wall], site.apicobasal, np.radians(site.angle_deg)),
            pr_interval_ms + site.delay_ms - earliest,
            "purkinje",
        )
        for site in sites
    )
    layer = np.zeros(len(mesh.points_mm))
    height = np.asarray(mesh.point_fields["apicobasal"], float)
    for wall, nodes in walls.items():
        if wall not in WITHOUT_LAYER.get(state, ()):
            layer[nodes[height[nodes] <= LAYER_TOP[wall]]] = 1.0
    notes = (_NOTES[state],) if state in _NOTES else ()
    return found, layer, notes


def conduction_system(mesh: OrganMesh) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The whole system, blocked or not, for an electrode that captures it: what block takes away lies upstream.

    Returns (n,) when each point is entered, ms after the first, NaN where none is, and the (n,) layer: 0, LEFT_SIDE or
    RIGHT_SIDE. Raises MeshError where the mesh lacks a field.
    """
    walls = endocardial_walls(mesh)
    side = {"lv": LEFT_SIDE, "rv_septum": RIGHT_SIDE, "rv_free": RIGHT_SIDE}
    entry_ms = np.full(len(mesh.points_mm), np.nan)
    for site in SITES:
        node = nearest_node(mesh, walls[site.wall], site.apicobasal, np.radians(site.angle_deg))
        entry_ms[node] = site.delay_ms
    layer = np.zeros(len(mesh.points_mm))
    height = np.asarray(mesh.point_fields["apicobasal"], float)
    for wall, nodes in walls.items():
        layer[nodes[height[nodes] <= LAYER_TOP[wall]]] = side[wall]
    return entry_ms, layer


def endocardial_walls(mesh: OrganMesh) -> Mapping[str, NDArray[np.int64]]:
    """Node numbers of the left endocardium ("lv") and of the right one on septum and free wall. MeshError if absent."""
    missing = {"lv_endocardium", "rv_endocardium", "apicobasal", "rotational_rad", "rv_segment"} - mesh.fields
    if missing:
        raise MeshError("This mesh cannot carry a conduction system", where=f"missing {', '.join(sorted(missing))}")
    right = np.unique(mesh.surfaces["rv_endocardium"]).astype(np.int64)
    free = np.asarray(mesh.point_fields["rv_segment"])[right] > 0
    walls = {
        "lv": np.unique(mesh.surfaces["lv_endocardium"]).astype(np.int64),
        "rv_septum": right[~free],
        "rv_free": right[free],
    }
    for name, nodes in walls.items():
        if not len(nodes):
            raise MeshError("This mesh has no endocardium where a bundle branch should end", where=name)
    return walls


def nearest_node(mesh: OrganMesh, nodes: NDArray[np.int64], apicobasal: float, angle_rad: float) -> int:
    """The node of a set whose coordinates come closest; one radian counts a third of the wall's length."""
    height = np.asarray(mesh.point_fields["apicobasal"], float)[nodes] - apicobasal
    turn = np.angle(np.exp(1j * (np.asarray(mesh.point_fields["rotational_rad"], float)[nodes] - angle_rad)))
    return int(nodes[np.nanargmin(height**2 + (turn / 3.0) ** 2)])
