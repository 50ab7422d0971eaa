"""The electrical half of the beat: activation of the wall, 12-lead ECG and what a cardiograph measures on it.

Activation is the earliest arrival over the conduction system and any pacing leads. Each is solved on its own and kept
(eikonal_sites.py), so that a change of AV or VV delay is a minimum over stored fields and costs next to nothing.
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
from twinviewer.engines.beat.body import (
    ATRIAL_CONDUCTIVITY_S_M,
    ATRIAL_WALL_MM,
    AtrialFronts,
    atrial_activation,
    lead_fields,
)
from twinviewer.physics import ecg, ecg_kernel, membrane
from twinviewer.physics.ecg_measure import measure
from twinviewer.physics.ecg_places import Shift, electrode_shift
from twinviewer.physics.eikonal import EikonalGrid, Medium, combine
from twinviewer.physics.eikonal_sites import SiteFields, Together
from twinviewer.physics.repolarisation import duration_ms

SOURCE = f"beat engine {__version__}, eikonal activation and lead-field ECG"

RETROGRADE_M_S = 1.0
"""Speed of the endocardial layer for a wave that starts in muscle, if the layer itself is faster: each passage from
muscle back into a Purkinje fibre costs time (assumed; paced endocardial maps show about 1 m/s)."""

SEPTAL, LATERAL = (2, 3, 8, 9), (5, 6, 11, 12)


@dataclass(frozen=True, slots=True, eq=False)
class Activation:
    """activation_ms, recovery_ms (end of repolarisation): (n,) ms after the start of P, NaN off the wall; in dead
    tissue those of the nearest living point. ecg: lead ("I" … "V6") -> Trace in mV at 1 kHz."""

    activation_ms: NDArray[np.float64]
    recovery_ms: NDArray[np.float64]
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


_grids, _sites, _atria, _leads = (_Bounded(size) for size in (2, 3, 2, 2))
"""At 300 000 nodes a grid takes 130 MB, a medium with its fields 80 to 130 MB, the leads of a torso 170 MB."""


def activate(setup: Setup) -> Activation:
    """Activation, ECG and electrical metrics of one beat. Raises EngineError where the wall cannot be excited."""
    if not setup.stimuli:
        raise EngineError("Nothing excites the ventricles", remedy="Choose a conduction state or add a pacing lead")
    activation = activation_times_ms(setup)
    period_ms = 60000.0 / setup.value("heart_rate_bpm")
    recovery = recovery_times_ms(setup, activation, period_ms)
    ventricular, atrial = _potentials_mv(setup, activation, recovery, period_ms)
    # a paced or short AV delay puts QRS into the P wave; here the two are known apart, so QRS is measured without P
    metrics = _metrics(setup.mesh, activation, ecg.leads_mv(ventricular[:, :-1]))
    notes = ("No P wave: the mesh has no atrial surfaces",) if atrial is None else ()
    leads = ecg.leads_mv(ventricular if atrial is None else ventricular + atrial)
    time_s = np.arange(ventricular.shape[1]) / 1000.0
    traces = {name: Trace(f"ecg_{name}", "mV", time_s, values) for name, values in leads.items()}
    pr_ms = None if atrial is None else measure({name: values[:-1] for name, values in leads.items()}).pr_ms
    if pr_ms is not None:
        metrics["pr_ms"] = Quantity(pr_ms, "ms", "simulated", SOURCE)
    nearest = _nearest_living(setup.mesh, activation)
    return Activation(activation[nearest], recovery[nearest], traces, metrics, notes)


def recovery_times_ms(setup: Setup, activation_ms: NDArray[np.float64], period_ms: float) -> NDArray[np.float64]:
    """(n,) when 90 % of repolarisation is over, after the start of P; NaN where nothing is excited.

    Parameters apd_endo_scale, apd_mid_scale and apd_epi_scale, where the setup has them, lengthen the cells (drugs).
    """
    scale = {
        layer: setup.value(f"apd_{layer}_scale")
        for layer in ("endo", "mid", "epi")
        if f"apd_{layer}_scale" in setup.parameters
    }
    for layer, factor in scale.items():
        if not (np.isfinite(factor) and 0.2 <= factor <= 3.0):
            raise EngineError("Action potentials cannot last this long", where=f"apd_{layer}_scale = {factor:g}")
    return activation_ms + duration_ms(_depth(setup.mesh), activation_ms, period_ms, scale)


def _nearest_living(mesh: OrganMesh, activation_ms: NDArray[np.float64]) -> NDArray[np.intp]:
    """(n,) each point itself, or for points of the wall without activation (dead tissue) the nearest with one."""
    own = np.arange(len(activation_ms))
    dead = np.flatnonzero(np.isnan(activation_ms[: mesh.wall_points]))
    if len(dead):
        alive = np.flatnonzero(np.isfinite(activation_ms))
        own[dead] = alive[cKDTree(mesh.points_mm[alive]).query(mesh.points_mm[dead])[1]]
    return own


def activation_times_ms(setup: Setup) -> NDArray[np.float64]:
    """(n,) earliest excitation after the start of P over all stimuli; NaN off the wall and in dead tissue."""
    system = tuple(s for s in setup.stimuli if s.layer == "purkinje")
    leads: dict[int | Together, float] = {}
    for lead in setup.stimuli:
        if lead.layer != "purkinje":
            leads[lead.node] = min(lead.time_ms, leads.get(lead.node, np.inf))
    back = min(RETROGRADE_M_S / setup.value("conduction_endocardial_m_s"), 1.0)
    waves = [(_fields(setup, layer), times) for layer, times in ((1.0, _together(system)), (back, leads)) if times]
    return combine([fields.activation_ms(times) for fields, times in waves], [0.0] * len(waves))


def _together(system: tuple[Stimulus, ...]) -> dict[int | Together, float]:
    """The conduction system's sites, which keep their delays among each other, and when the first of them fires."""
    if not system:
        return {}
    first = min(s.time_ms for s in system)
    return {(tuple(s.node for s in system), tuple(round(s.time_ms - first, 3) for s in system)): first}


def _tissue_key(setup: Setup) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in ("conduction_fibre_m_s", "conduction_cross_m_s", "conduction_endocardial_m_s"):
        digest.update(np.float64(setup.value(name)).tobytes())
    for name in ("conduction_scale", "fast_layer"):
        if name in setup.tissue:
            digest.update(name.encode() + np.ascontiguousarray(setup.tissue[name]).tobytes())
    return digest.hexdigest()


def _fields(setup: Setup, layer: float) -> SiteFields:
    """Fields of this tissue, its endocardial layer slowed by a factor."""
    key = (setup.mesh.uid, len(setup.mesh.points_mm), _tissue_key(setup), layer)
    found: SiteFields = _sites.get(key, lambda: SiteFields(_medium(setup, layer)))
    return found


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


def _depth(mesh: OrganMesh) -> NDArray[np.float64]:
    """(n,) 0 endocardium … 1 epicardium. Both faces of the septum are endocardium, its middle is mid-wall."""
    depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float))
    septal = np.isin(mesh.point_fields["aha_segment"], (2, 3, 8, 9, 14))
    return np.where(septal, np.minimum(depth, 1.0 - depth), depth)


def _potentials_mv(
    setup: Setup, activation: NDArray[np.float64], recovery: NDArray[np.float64], period_ms: float
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """(electrodes, t) at 1 kHz over one beat with its end: from the ventricles, from the atria (None if absent)."""
    mesh = setup.mesh
    shift = electrode_shift(setup)
    torso, leads = _leads.get((mesh.uid, len(mesh.points_mm), shift), lambda: _torso_leads(mesh, shift))
    alive = np.asarray(setup.tissue["conduction_scale"]) > 0.0 if "conduction_scale" in setup.tissue else None
    time_ms = np.arange(round(period_ms) + 1, dtype=float)
    falling = membrane.repolarisation_kernel()
    depolarised, recovered = ecg_kernel.fronts(leads, [activation, recovery - ecg.tail_ms(falling)], alive)
    potential = ecg.potentials_mv(depolarised, membrane.upstroke_kernel(), time_ms, period_ms)
    potential -= ecg.potentials_mv(recovered, falling, time_ms, period_ms)
    atria: AtrialFronts | None = _atria.get((mesh.uid, len(mesh.points_mm)), lambda: atrial_activation(mesh))
    if atria is None:
        return potential, None
    p_wave = np.zeros_like(potential)
    for triangles, times in atria:
        fronts = ecg.shell_fronts(mesh.points_mm, triangles, times, torso, ATRIAL_WALL_MM, ATRIAL_CONDUCTIVITY_S_M)
        p_wave += ecg.potentials_mv(fronts, membrane.upstroke_kernel(4.0), time_ms, period_ms)
    return potential, p_wave


def _torso_leads(mesh: OrganMesh, shift: Shift) -> tuple[ecg.Torso, ecg_kernel.Leads]:
    torso, fields = lead_fields(mesh, shift)
    return torso, ecg_kernel.leads(mesh.points_mm, mesh.tets, fields)


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
