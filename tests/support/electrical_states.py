"""The states of docs/verification.md on any mesh, without mechanics: what excites the ventricles, and the tissue."""

from dataclasses import replace

from ecg_features import Reading

from twinviewer.domain import OrganMesh, Quantity, Setup
from twinviewer.engines.beat.electrical import activate
from twinviewer.organs.heart.conduction import CONDUCTION_STATES, stimuli
from twinviewer.organs.heart.scar import TERRITORIES, scar_of_segments
from twinviewer.organs.heart.setup import POPULATION, SETUP_PARAMETERS
from twinviewer.therapies.crt import THERAPY as CRT

ONSET_MS = 160.0
_DEFAULT = {one.name: float(one.default) for one in SETUP_PARAMETERS if one.kind == "number"}
SPEEDS = {
    "heart_rate_bpm": _DEFAULT["heart_rate_bpm"],
    "conduction_fibre_m_s": _DEFAULT["conduction_fibre_m_s"],
    "conduction_cross_m_s": 0.5 * _DEFAULT["conduction_fibre_m_s"],
    "conduction_endocardial_m_s": POPULATION["conduction_endocardial_m_s"][0],
}
"""As setup() has them without a recorded QRS."""
PACED = {"rv_paced": "rv_only", "biv_paced": "biventricular"}
"""State -> pacing mode of the resynchronisation therapy, at its usual sites."""


def electrical_setup(
    mesh: OrganMesh, state: str, depth: float = 1.0, electrodes_up_mm: float = 0.0, **more: float
) -> Setup:
    """What ``activate`` needs for a state: one of conduction, an infarct of a territory under normal conduction (depth:
    share of the wall), or pacing in complete AV block. more: further parameters by name."""
    known = {choice.key for choice in CONDUCTION_STATES}
    found, layer, _ = stimuli(mesh, state if state in known else "normal", ONSET_MS)
    tissue = {"fast_layer": layer}
    if state in TERRITORIES:
        tissue["conduction_scale"] = scar_of_segments(mesh, dict.fromkeys(TERRITORIES[state], depth)).conduction_scale
    values = SPEEDS | {"electrodes_up_mm": electrodes_up_mm} | more
    setup = Setup(mesh, {n: Quantity(v, "", "assumed", "test") for n, v in values.items()}, found, tissue)
    if state in PACED:
        setup = CRT.apply(setup, {"pacing_mode": PACED[state], "av_delay_ms": ONSET_MS})
        setup = replace(setup, stimuli=tuple(one for one in setup.stimuli if one.layer != "purkinje"))
    return setup


def read_state(mesh: OrganMesh, state: str, depth: float = 1.0, electrodes_up_mm: float = 0.0) -> Reading:
    """The twelve leads of a state."""
    return Reading(activate(electrical_setup(mesh, state, depth, electrodes_up_mm)), ONSET_MS)
