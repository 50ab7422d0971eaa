"""The mechanical half of the beat: from activation to pressures, volumes, segment strain and work."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, OrganMesh, Setup, Trace
from twinviewer.physics.heart_model import Patches, loop_of, walls_of
from twinviewer.physics.heartbeat import Beat, Walls, beats, rest_state

TRACES: Mapping[str, str] = {
    "lv_volume_ml": "mL",
    "rv_volume_ml": "mL",
    "la_volume_ml": "mL",
    "ra_volume_ml": "mL",
    "lv_pressure_mmhg": "mmHg",
    "rv_pressure_mmhg": "mmHg",
    "la_pressure_mmhg": "mmHg",
    "ra_pressure_mmhg": "mmHg",
    "aortic_pressure_mmhg": "mmHg",
    "pulmonary_artery_pressure_mmhg": "mmHg",
    "aortic_flow_ml_s": "mL/s",
    "mitral_flow_ml_s": "mL/s",
    "pulmonary_flow_ml_s": "mL/s",
    "tricuspid_flow_ml_s": "mL/s",
}
POSITIVE = (
    "heart_rate_bpm", "pr_interval_ms", "conduction_fibre_m_s", "conduction_cross_m_s", "conduction_endocardial_m_s",
    "contractility_lv_kpa", "contractility_rv_kpa", "stiffness_lv_kpa", "stiffness_rv_kpa",
    "relaxation_ms", "systemic_resistance_mmhg_s_ml", "systemic_compliance_ml_mmhg",
    "pulmonary_resistance_mmhg_s_ml", "pulmonary_compliance_ml_mmhg", "stressed_volume_ml",
    "lv_filling_pressure_mmhg", "rv_filling_pressure_mmhg",
)  # fmt: skip
STEADY = 3e-4
"""Largest change from beat to beat: as far again are some three beats more from the state that never changes."""
MOST_BEATS = 80


def values_of(setup: Setup) -> dict[str, float]:
    """All parameters as plain numbers. EngineError where one that the beat needs is missing or not above zero."""
    value = {name: quantity.value for name, quantity in setup.parameters.items()}
    for name in POSITIVE:
        if name not in value:
            raise EngineError(f"the setup has no {name}", remedy="Prepare the baseline again")
        if not (np.isfinite(value[name]) and value[name] > 0.0):
            raise EngineError(f"{name} must be above zero", where=f"{name} = {value[name]:g}")
    return value


def walls_for(setup: Setup, patches: Patches, activation_ms: NDArray[np.floating]) -> Walls:
    """The walls of this setup, unloaded at its mesh. EngineError for a parameter that is missing or not physical."""
    scale = setup.tissue.get("contractility_scale")
    factor = None if scale is None else np.asarray(scale, np.float64)
    return walls_of(setup.mesh, patches, values_of(setup), activation_ms, factor)


def beating(setup: Setup, walls: Walls) -> Iterator[Beat]:
    """Beat after beat from rest until steady."""
    mesh = setup.mesh
    loop = loop_of(values_of(setup))
    start = rest_state(
        walls, loop, mesh.enclosed_ml("lv_cavity"), mesh.enclosed_ml("rv_cavity"), setup.value("stressed_volume_ml")
    )
    yield from beats(walls, loop, start, STEADY, MOST_BEATS)


def traces_of(beat: Beat) -> Iterator[Trace]:
    """The signals of the beat, closed at the period's end."""
    time_s = np.append(beat.time_s, beat.period_s)
    for name, unit in TRACES.items():
        yield Trace(name, unit, time_s, np.append(beat[name], beat[name][0]))


def row_at(beat: Beat, time_s: float) -> int:
    """The sample at or after a time, which may lie beyond the period."""
    return int(np.searchsorted(beat.time_s, time_s % beat.period_s)) % len(beat.time_s)


def strain_percent(beat: Beat, onset_s: float) -> NDArray[np.float64]:
    """(t, patches) fibre shortening or stretch in % of the length at the first ventricular excitation."""
    return np.asarray(100.0 * (np.exp(beat.strain - beat.strain[row_at(beat, onset_s)]) - 1.0))


def thickening_percent(beat: Beat, onset_s: float) -> NDArray[np.float64]:
    """(t, patches) gain of wall thickness in %: the wall keeps its volume, so thickness goes with 1 / area."""
    return np.asarray(100.0 * (beat.area_cm2[row_at(beat, onset_s)] / beat.area_cm2 - 1.0))


def work_kpa(beat: Beat) -> NDArray[np.float64]:
    """(patches,) work that each patch's fibres do in a beat, per volume of muscle: -closed integral of stress d strain.

    1 kPa = 1 mJ/mL. Negative where the muscle is stretched by the rest of the heart more than it shortens.
    """
    strain = np.vstack([beat.strain, beat.strain[:1]])
    stress = np.vstack([beat.stress_kpa, beat.stress_kpa[:1]])
    return np.asarray(-(0.5 * (stress[1:] + stress[:-1]) * np.diff(strain, axis=0)).sum(axis=0))


def on_points(mesh: OrganMesh, left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float32]:
    """(points,) a left wall's field on the left wall's points, a right wall's on the right's, NaN off the wall."""
    is_right = np.asarray(mesh.point_fields["rv_segment"]) > 0
    out = np.where(is_right, right, left).astype(np.float32)
    out[mesh.wall_points :] = np.nan
    return out
