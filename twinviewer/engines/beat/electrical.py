"""The electrical half of the beat: activation of the wall, 12-lead ECG and what a cardiograph measures on it.

Activation is the earliest arrival over the conduction system and any pacing leads. Each is solved on its own and kept,
so that a change of AV or VV delay is a minimum over stored fields (min-plus, exact) and costs next to nothing.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer import __version__
from twinviewer.domain import EngineError, OrganMesh, Quantity, Setup, Stimulus, Trace
from twinviewer.physics import ecg
from twinviewer.physics.ecg_measure import measure
from twinviewer.physics.eikonal import EikonalGrid, Medium, combine
from twinviewer.physics.wall_leads import through_wall, weighed, weights_s_m

SOURCE = f"beat engine {__version__}, eikonal activation and lead-field ECG"

RETROGRADE_LAYER = 0.5
"""Speed of the endocardial layer for a wave that starts in muscle, as a share of its speed from the conduction system:
each passage from muscle back into a Purkinje fibre costs time (assumed; paced endocardial maps show about 1 m/s)."""

SEPTAL, LATERAL = (2, 3, 8, 9), (5, 6, 11, 12)
ATRIAL_SPEED_M_S, ATRIAL_WALL_MM, ATRIAL_CONDUCTIVITY_S_M = 1.2, 2.0, 0.05
"""Atrial bundles conduct at 0.7 to 1.7 m/s, walls are about 2 mm (Ho 2009). The conductivity, between along and across
the fibres, gives P waves of 0.1 to 0.25 mV. Assumed."""
BRIDGE_MM = 5.0
"""How much further than the narrowest gap the muscle may lie that carries excitation to the left atrium."""

AtrialFronts = list[tuple[NDArray[np.int32], NDArray[np.float64]]]


@dataclass(frozen=True, slots=True, eq=False)
class Activation:
    """activation_ms: (n,) ms after the start of P, NaN off the wall. ecg: lead ("I" … "V6") -> Trace in mV at 1 kHz."""

    activation_ms: NDArray[np.float64]
    ecg: Mapping[str, Trace]
    metrics: Mapping[str, Quantity]
    notes: tuple[str, ...] = ()


class _Bounded:
    """A small thread-safe store that forgets what was used longest ago."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                return self._items[key]
        made = make()
        with self._lock:
            self._items[key] = made
            while len(self._items) > self._size:
                self._items.popitem(last=False)
        return made


_grids, _media, _fields, _atria, _leads = _Bounded(3), _Bounded(6), _Bounded(96), _Bounded(3), _Bounded(2)


def activate(setup: Setup) -> Activation:
    """Activation, ECG and electrical metrics of one beat. Raises EngineError where the wall cannot be excited."""
    if not setup.stimuli:
        raise EngineError("Nothing excites the ventricles", remedy="Choose a conduction state or add a pacing lead")
    activation = activation_times_ms(setup)
    period_ms = 60000.0 / setup.value("heart_rate_bpm")
    ventricular, atrial = _potentials_mv(setup, activation, period_ms)
    # a paced or short AV delay puts QRS into the P wave; here the two are known apart, so QRS is measured without P
    metrics = _metrics(setup.mesh, activation, ecg.leads_mv(ventricular[:, :-1]))
    notes = ("No P wave: the mesh has no atrial surfaces",) if atrial is None else ()
    leads = ecg.leads_mv(ventricular if atrial is None else ventricular + atrial)
    time_s = np.arange(ventricular.shape[1]) / 1000.0
    traces = {name: Trace(f"ecg_{name}", "mV", time_s, values) for name, values in leads.items()}
    return Activation(activation, traces, metrics, notes)


def activation_times_ms(setup: Setup) -> NDArray[np.float64]:
    """(n,) earliest excitation after the start of P over all stimuli; NaN off the wall and in dead tissue."""
    mesh = setup.mesh
    system = tuple(s for s in setup.stimuli if s.layer == "purkinje")
    leads = tuple(s for s in setup.stimuli if s.layer != "purkinje")
    tissue = _tissue_key(setup)
    groups: list[tuple[tuple[Stimulus, ...], float]] = [((lead,), RETROGRADE_LAYER) for lead in leads]
    if system:
        groups.append((system, 1.0))
    fields, times = [], []
    for members, layer in groups:
        first = min(s.time_ms for s in members)
        nodes = tuple(s.node for s in members)
        delays = tuple(round(s.time_ms - first, 3) for s in members)
        medium_key = (mesh.uid, len(mesh.points_mm), tissue, layer)

        def solve(
            nodes: tuple[int, ...] = nodes,
            delays: tuple[float, ...] = delays,
            layer: float = layer,
            key: Hashable = medium_key,
        ) -> NDArray[np.float64]:
            medium: Medium = _media.get(key, lambda: _medium(setup, layer))
            return medium.activation_ms(nodes, delays)

        fields.append(_fields.get((medium_key, nodes, delays), solve))
        times.append(first)
    return combine(fields, times)


def _tissue_key(setup: Setup) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in ("conduction_fibre_m_s", "conduction_cross_m_s", "conduction_endocardial_m_s"):
        digest.update(np.float64(setup.value(name)).tobytes())
    for name in ("conduction_scale", "fast_layer"):
        if name in setup.tissue:
            digest.update(name.encode() + np.ascontiguousarray(setup.tissue[name]).tobytes())
    return digest.hexdigest()


def _medium(setup: Setup, layer: float) -> Medium:
    mesh = setup.mesh
    grid: EikonalGrid = _grids.get((mesh.uid, len(mesh.points_mm)), lambda: _grid(mesh))
    return grid.medium(
        mesh.cell_fields["fibre"],
        setup.value("conduction_fibre_m_s"),
        setup.value("conduction_cross_m_s"),
        scale=setup.tissue.get("conduction_scale"),
        layer_nodes=np.asarray(setup.tissue["fast_layer"]) > 0.5 if "fast_layer" in setup.tissue else None,
        layer_speed_m_s=setup.value("conduction_endocardial_m_s") * layer,
    )


def _grid(mesh: OrganMesh) -> EikonalGrid:
    layer = [mesh.surfaces[name] for name in ("lv_endocardium", "rv_endocardium") if name in mesh.surfaces]
    return EikonalGrid.build(mesh.points_mm, mesh.tets, np.concatenate(layer) if layer else None)


def _epicardial(mesh: OrganMesh) -> NDArray[np.float64]:
    """(n,) 0 endocardium … 1 epicardium. Both faces of the septum are endocardium, so there it stays 0."""
    depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float))
    return np.where(np.isin(mesh.point_fields["aha_segment"], (2, 3, 8, 9, 14)), 0.0, depth)


def _potentials_mv(
    setup: Setup, activation: NDArray[np.float64], period_ms: float
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """(electrodes, t) at 1 kHz over one beat with its end: from the ventricles, from the atria (None if absent)."""
    mesh = setup.mesh
    torso, fields = _leads.get((mesh.uid, len(mesh.points_mm)), lambda: _lead_fields(mesh))
    time_ms = np.arange(round(period_ms) + 1, dtype=float)
    recovery = activation + ecg.action_potential_ms(activation, _epicardial(mesh), period_ms)
    depolarised = ecg.muscle_fronts(mesh.points_mm, mesh.tets, activation, fields)
    recovered = ecg.muscle_fronts(mesh.points_mm, mesh.tets, recovery, fields)
    potential = ecg.potentials_mv(depolarised, ecg.upstroke_kernel(), time_ms, period_ms)
    potential -= ecg.potentials_mv(recovered, ecg.repolarisation_kernel(), time_ms, period_ms)
    atria: AtrialFronts | None = _atria.get((mesh.uid, len(mesh.points_mm)), lambda: _atrial_activation(mesh))
    if atria is None:
        return potential, None
    p_wave = np.zeros_like(potential)
    for triangles, times in atria:
        fronts = ecg.shell_fronts(mesh.points_mm, triangles, times, torso, ATRIAL_WALL_MM, ATRIAL_CONDUCTIVITY_S_M)
        p_wave += ecg.potentials_mv(fronts, ecg.upstroke_kernel(4.0), time_ms, period_ms)
    return potential, p_wave


def _lead_fields(mesh: OrganMesh) -> tuple[ecg.Torso, NDArray[np.float64]]:
    """The torso round this heart, and (m, 9, 3) lead fields at the middle of each element times its conductivity."""
    points = mesh.points_mm.astype(np.float64)
    middle = points[mesh.tets].mean(axis=1)
    torso = ecg.standard_torso(middle)
    fields = ecg.lead_fields(middle, torso.centre_mm, torso.electrodes_mm, torso.radius_mm)
    through = through_wall(points, mesh.tets, np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float)))
    fibre = np.asarray(mesh.cell_fields["fibre"], float)
    return torso, weighed(fields, fibre, through, weights_s_m(ecg.TORSO_S_M))


def _atrial_activation(mesh: OrganMesh) -> AtrialFronts | None:
    """Triangles and (n,) times of both atria from the sinus node, over Bachmann's region to the left; None if absent.

    The sinus node is taken as the upper, rightmost, rear corner of the right atrium (where the upper caval vein
    enters); the left atrium takes over where the two lie closest.
    """
    if "ra" not in mesh.surfaces or "la" not in mesh.surfaces:
        return None
    right, left = np.unique(mesh.surfaces["ra"]), np.unique(mesh.surfaces["la"])
    if len(right) < 20 or len(left) < 20:
        return None
    sinus = int(right[np.argmax(mesh.points_mm[right] @ np.array([-0.4, 0.3, 0.87]))])
    times = _geodesic(mesh, mesh.surfaces["ra"], sinus, 0.0)
    gap, partner = cKDTree(mesh.points_mm[right]).query(mesh.points_mm[left])
    over = np.where(gap <= gap.min() + BRIDGE_MM, times[right[partner]] + gap / ATRIAL_SPEED_M_S, np.inf)
    first = int(over.argmin())
    return [
        (mesh.surfaces["ra"], times),
        (mesh.surfaces["la"], _geodesic(mesh, mesh.surfaces["la"], int(left[first]), float(over[first]))),
    ]


def _geodesic(mesh: OrganMesh, triangles: NDArray[np.int32], node: int, time_ms: float) -> NDArray[np.float64]:
    grid = EikonalGrid.build(mesh.points_mm, None, triangles)
    everywhere = np.ones(len(mesh.points_mm), bool)
    medium = grid.medium(None, 1.0, 1.0, layer_nodes=everywhere, layer_speed_m_s=ATRIAL_SPEED_M_S)
    return medium.activation_ms([node], [time_ms])


def _metrics(
    mesh: OrganMesh, activation: NDArray[np.float64], leads_mv: Mapping[str, NDArray[np.float64]]
) -> dict[str, Quantity]:
    found = measure(leads_mv)
    segment = np.asarray(mesh.point_fields["aha_segment"])
    left, first = activation[segment > 0], float(np.nanmin(activation))
    values: dict[str, tuple[float | None, str]] = {
        "qrs_ms": (found.qrs_ms, "ms"),
        "qrs_axis_deg": (found.axis_deg, "deg"),
        "qt_ms": (found.qt_ms, "ms"),
        "qtc_ms": (found.qtc_ms, "ms"),
        "total_activation_ms": (float(np.nanmax(activation)) - first, "ms"),
        "lv_activation_ms": (float(np.nanmax(left) - np.nanmin(left)) if len(left) else None, "ms"),
        "septal_lateral_delay_ms": (_delay(activation, segment), "ms"),
    }
    return {
        name: Quantity(float(value), unit, "simulated", SOURCE)
        for name, (value, unit) in values.items()
        if value is not None
    }


def _delay(activation: NDArray[np.float64], segment: NDArray[np.generic]) -> float | None:
    """Mean activation of the lateral minus that of the septal segments, base and middle."""
    lateral, septal = activation[np.isin(segment, LATERAL)], activation[np.isin(segment, SEPTAL)]
    return float(np.nanmean(lateral) - np.nanmean(septal)) if len(lateral) and len(septal) else None
