"""From mesh, measurements and records to the baseline simulation of this patient.

Where a number is known of the patient it is used; where a parameter can be found from measurements it is fitted
(personal.py, and conduction speed from the QRS); the rest are published means or stated assumptions. Each
Quantity says which.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import (
    Choice,
    OrganMesh,
    Origin,
    Parameter,
    ParameterValue,
    Quantity,
    Records,
    Setup,
    Stimulus,
)
from twinviewer.organs.heart.circulation_settings import CIRCULATION_PARAMETERS
from twinviewer.organs.heart.conduction import CONDUCTION_STATES, conduction_system, stimuli
from twinviewer.organs.heart.electrodes import ELECTRODE_PARAMETERS
from twinviewer.organs.heart.personal import personalise
from twinviewer.organs.heart.scar import SCAR_PARAMETERS, Scar, chosen_scar
from twinviewer.physics.eikonal import EikonalGrid

FROM_RECORDS = "from_records"
BLOCKS = {
    "left_bundle_branch_block": "lbbb",
    "right_bundle_branch_block": "rbbb",
    "left_anterior_fascicular_block": "lafb",
    "left_posterior_fascicular_block": "lpfb",
}
RECORDED_AS = {"pr_interval_ms": "pr_ms", "assumed_ef_percent": "lv_ef_percent"}
"""Parameter -> what records call it."""
# Speeds are scaled to the recorded QRS only so far: beyond, block or anatomy is wrong rather than the speed
SPEED_SCALE = (0.6, 1.5)
REST = "resting adult"
LUMENS = "Lumens et al., Ann Biomed Eng 37:2234 (2009)"
STIFFNESS = "puts relaxed sarcomeres at 2.2 to 2.3 um (Rodriguez et al., Am J Physiol 263:H293, 1992)"


def _number(
    name: str, label: str, unit: str, default: float, low: float, high: float, step: float, source: str, help_: str = ""
) -> Parameter:
    return Parameter(name, label, "number", default, source, unit, low, high, step, help=help_)


SETUP_PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "conduction",
        "Conduction",
        "choice",
        FROM_RECORDS,
        "Findings of the records; without any, normal conduction is assumed",
        choices=(Choice(FROM_RECORDS, "As in the records"), *CONDUCTION_STATES),
    ),
    _number("heart_rate_bpm", "Heart rate", "bpm", 70, 40, 140, 1, f"Records, else {REST}"),
    _number("pr_interval_ms", "PR interval", "ms", 160, 80, 300, 5, f"Records, else {REST} (120 to 200 ms)"),
    _number("systolic_mmhg", "Systolic pressure", "mmHg", 120, 70, 220, 1, f"Records, else {REST}"),
    _number("diastolic_mmhg", "Diastolic pressure", "mmHg", 80, 40, 140, 1, f"Records, else {REST}"),
    _number(
        "lv_filling_pressure_mmhg", "LV filling pressure", "mmHg", 12, 4, 35, 1,
        "Assumed: upper end of normal (4 to 12 mmHg); 16 and more in decompensated failure",
        "End-diastolic pressure at which the muscle, relaxed, has the size seen in the images",
    ),
    _number(
        "rv_filling_pressure_mmhg", "RV filling pressure", "mmHg", 5, 2, 20, 1,
        "Assumed: normal is 2 to 8 mmHg", "As for the left ventricle",
    ),
    _number(
        "assumed_ef_percent", "Ejection fraction, if not measured", "%", 60, 10, 80, 1,
        "Adults without heart disease: 59 +- 6 % (Petersen et al., J Cardiovasc Magn Reson 19:18, 2017)",
        "Only used where the images show no end-systole",
    ),
    _number(
        "conduction_fibre_m_s", "Conduction along fibres", "m/s", 0.6, 0.2, 1.2, 0.05,
        "Scaled to the recorded QRS; else 0.6 m/s along and half of it across (Kléber & Rudy, Physiol Rev 2004)",
        "Setting it here switches the scaling to the recorded QRS off",
    ),
    *SCAR_PARAMETERS,
    *CIRCULATION_PARAMETERS,
    _number(
        "electrodes_up_mm", "Chest electrodes, higher by", "mm", 0, -60, 60, 5, "Assumed: at their usual places",
        "V1 to V6 too high (often one or two spaces, 20 to 50 mm) or too low",
    ),
    *ELECTRODE_PARAMETERS,
)  # fmt: skip

# name -> value, unit, origin, source of what neither records nor the user give
POPULATION: Mapping[str, tuple[float, str, Origin, str]] = {
    "conduction_endocardial_m_s": (
        1.0,
        "m/s",
        "assumed",
        "effective speed of a layer entered at eight places (conduction.py), for the durations of Durrer et al. (1970)",
    ),
    "contractility_lv_kpa": (90.0, "kPa", "assumed", "first guess of the fit"),
    "contractility_rv_kpa": (65.0, "kPa", "assumed", "first guess of the fit"),
    "stiffness_lv_kpa": (120.0, "kPa", "assumed", STIFFNESS),
    "stiffness_rv_kpa": (120.0, "kPa", "assumed", STIFFNESS),
    "relaxation_ms": (32.0, "ms", "population", LUMENS),
    "systemic_resistance_mmhg_s_ml": (1.0, "mmHg s/mL", "population", f"{REST}; fitted to the mean pressure"),
    "systemic_compliance_ml_mmhg": (1.4, "mL/mmHg", "population", "Regazzoni et al., J Comput Phys 457:111083 (2022)"),
    "pulmonary_resistance_mmhg_s_ml": (0.07, "mmHg s/mL", "population", f"{REST}: 1.2 Wood units"),
    "pulmonary_compliance_ml_mmhg": (6.0, "mL/mmHg", "population", "Lankhaar et al., Am J Physiol 291:H1731 (2006)"),
    "stressed_volume_ml": (1300.0, "mL", "assumed", "first guess of the fit"),
}


def setup(
    mesh: OrganMesh,
    measurements: Mapping[str, Quantity],
    records: Records,
    values: Mapping[str, ParameterValue],
) -> Setup:
    """The baseline. values: the user's settings by name, only what was set. Raises ValueError for one out of bounds,
    MeshError where the mesh cannot carry a conduction system, EngineError where the circulation fails."""
    known = {parameter.name: parameter for parameter in SETUP_PARAMETERS}
    chosen = {name: known[name].check(value) for name, value in values.items() if name in known}
    notes: list[str] = []
    parameters = {
        name: _quantity(parameter, chosen, records, measurements)
        for name, parameter in known.items()
        if parameter.kind == "number"
        and parameter not in SCAR_PARAMETERS
        and (name in chosen or parameter not in (*ELECTRODE_PARAMETERS, *CIRCULATION_PARAMETERS))
    }
    for name, (value, unit, origin, source) in POPULATION.items():
        parameters[name] = Quantity(value, unit, origin, source)
    if parameters["diastolic_mmhg"].value >= parameters["systolic_mmhg"].value:
        raise ValueError("the diastolic pressure must be below the systolic one")

    state, why = _conduction(str(chosen.get("conduction", FROM_RECORDS)), records)
    notes.append(why)
    found, layer, said = stimuli(mesh, state, parameters["pr_interval_ms"].value)
    scar, said_of_scar = chosen_scar(mesh, chosen)
    notes += (*said, *said_of_scar)
    along = parameters["conduction_fibre_m_s"]
    parameters["conduction_cross_m_s"] = along.with_value(0.5 * along.value, along.origin, along.source)
    activation_ms = _activation_ms(mesh, parameters, found, layer, scar)
    scale, note = _speed_scale(activation_ms, records, fixed="conduction_fibre_m_s" in chosen)
    if note:
        notes.append(note)
    if scale != 1.0:
        for name in ("conduction_fibre_m_s", "conduction_cross_m_s", "conduction_endocardial_m_s"):
            old = parameters[name]
            parameters[name] = old.with_value(old.value * scale, "fitted", "scaled to the recorded QRS duration")
        start = min(stimulus.time_ms for stimulus in found)
        activation_ms = start + (activation_ms - start) / scale

    entry_ms, whole = conduction_system(mesh)
    tissue = {"fast_layer": layer, "conduction_entry_ms": entry_ms, "conduction_layer": whole}
    if scar is not None:
        tissue |= {"conduction_scale": scar.conduction_scale, "contractility_scale": scar.contractility_scale}
    made = personalise(mesh, parameters, measurements, records, activation_ms, tissue.get("contractility_scale"))
    return Setup(mesh, made.parameters, found, tissue, (*notes, *made.notes), fit=made.fit)


def _quantity(
    parameter: Parameter,
    chosen: Mapping[str, ParameterValue],
    records: Records,
    measurements: Mapping[str, Quantity],
) -> Quantity:
    """The user's value, else the record's, else what the images say (the heart rate of a gated study), else the
    default."""
    if parameter.name in chosen:
        return Quantity(float(chosen[parameter.name]), parameter.unit, "chosen", "set by the user")
    recorded = records.values.get(RECORDED_AS.get(parameter.name, parameter.name))
    if recorded is not None:
        return recorded
    if parameter.name in measurements:
        return measurements[parameter.name]
    origin: Origin = "assumed" if parameter.source.startswith("Assumed") else "population"
    return Quantity(float(parameter.default), parameter.unit, origin, parameter.source)


def _conduction(choice: str, records: Records) -> tuple[str, str]:
    """State of the conduction system, and a sentence on why."""
    label = {state.key: state.label for state in CONDUCTION_STATES}
    if choice != FROM_RECORDS:
        return choice, f"{label[choice]}: chosen by the user"
    for finding, state in BLOCKS.items():
        if finding in records.findings:
            return state, f"{label[state]}: {records.findings[finding]}"
    qrs = records.values.get("qrs_ms")
    if qrs is not None and qrs.value >= 120.0:
        return "normal", f"Normal conduction is assumed, although the recorded QRS of {qrs.value:.0f} ms is wide"
    return "normal", "Normal conduction is assumed: the records name no block"


def _activation_ms(
    mesh: OrganMesh,
    parameters: Mapping[str, Quantity],
    found: tuple[Stimulus, ...],
    layer: NDArray[np.float64],
    scar: Scar | None,
) -> NDArray[np.float64]:
    """(n,) intrinsic activation, for the fit; the engine solves it again with whatever therapies add."""
    triangles = np.concatenate([mesh.surfaces["lv_endocardium"], mesh.surfaces["rv_endocardium"]])
    medium = EikonalGrid.build(mesh.points_mm, mesh.tets, triangles).medium(
        mesh.cell_fields["fibre"],
        parameters["conduction_fibre_m_s"].value,
        parameters["conduction_cross_m_s"].value,
        scale=None if scar is None else scar.conduction_scale,
        layer_nodes=layer > 0.5,
        layer_speed_m_s=parameters["conduction_endocardial_m_s"].value,
    )
    return medium.activation_ms([s.node for s in found], [s.time_ms for s in found])


def _speed_scale(activation_ms: NDArray[np.float64], records: Records, fixed: bool) -> tuple[float, str]:
    """Factor on all speeds that makes the ventricles' activation last as long as the recorded QRS, and a note."""
    qrs = records.values.get("qrs_ms")
    if qrs is None or fixed:
        return 1.0, "" if fixed else "Conduction speeds are published means: the records give no QRS duration"
    simulated = float(np.nanmax(activation_ms) - np.nanmin(activation_ms))
    scale = simulated / qrs.value
    held = float(np.clip(scale, *SPEED_SCALE))
    note = f"Conduction speeds times {held:.2f}, so that activation lasts {simulated / held:.0f} ms "
    note += f"(recorded QRS {qrs.value:.0f} ms)"
    if held != scale:
        note += ": not met within the bounds of plausible speeds"
    return held, note
