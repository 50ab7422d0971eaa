"""Fit of a beating heart to what was measured, by adapting it from beat to beat.

After each simulated beat every free parameter is nudged towards its own target, as the body's slow controls do (Arts
et al., PLoS Comput Biol 8:e1002369, 2012): blood volume towards the LV's end-diastolic volume, LV contractility towards
its end-systolic volume, RV contractility towards the RV's end-diastolic volume, systemic resistance towards the middle
of systolic and diastolic pressure and compliance towards their difference. The stroke volume of the right is that of
the left, so the right heart has one target only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, OrganMesh
from twinviewer.physics.circulation import P_SV, stressed_volume
from twinviewer.physics.heart_model import Patches, loop_of, walls_of
from twinviewer.physics.heartbeat import Beat, one_beat, rest_state

# Where a fitted parameter may go: beyond, the measurements contradict each other or the model, and the residual is said
LIMITS = {
    "contractility_lv_kpa": (10.0, 400.0),
    "contractility_rv_kpa": (10.0, 400.0),
    "systemic_resistance_mmhg_s_ml": (0.3, 4.0),
    "systemic_compliance_ml_mmhg": (0.3, 4.0),
    "stressed_volume_ml": (600.0, 4500.0),
}


@dataclass(frozen=True, slots=True)
class Targets:
    """What the steady beat should show. None: not known, its parameter stays as it is."""

    lv_edv_ml: float
    rv_edv_ml: float
    lv_esv_ml: float | None = None
    middle_arterial_mmhg: float | None = None
    pulse_pressure_mmhg: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Fitted parameters by name, what each target came to, and the last beat."""

    value: dict[str, float]
    reached: dict[str, float]
    beat: Beat
    beats: int


def shown(beat: Beat) -> dict[str, float]:
    """The quantities that targets are set for, of one beat."""
    aortic = beat["aortic_pressure_mmhg"]
    return {
        "lv_edv_ml": float(beat["lv_volume_ml"].max()),
        "lv_esv_ml": float(beat["lv_volume_ml"].min()),
        "rv_edv_ml": float(beat["rv_volume_ml"].max()),
        "middle_arterial_mmhg": 0.5 * float(aortic.max() + aortic.min()),
        "pulse_pressure_mmhg": float(aortic.max() - aortic.min()),
    }


def fit(
    mesh: OrganMesh,
    patches: Patches,
    value: Mapping[str, float],
    activation_ms: NDArray[np.floating],
    targets: Targets,
    tolerance: float = 3e-3,
    most_beats: int = 160,
    after_beat: Callable[[int], None] | None = None,
) -> Fit:
    """Adapt until every target is met within ``tolerance`` and the beat is steady, or ``most_beats`` have passed.

    It never raises for a target out of reach: see ``reached``. EngineError when the circulation diverges.
    """
    fitted = dict(value)
    wanted = {
        name: target
        for name in ("lv_edv_ml", "rv_edv_ml", "lv_esv_ml", "middle_arterial_mmhg", "pulse_pressure_mmhg")
        if (target := getattr(targets, name)) is not None
    }
    for name, target in wanted.items():
        if not (np.isfinite(target) and target > 0.0):
            raise EngineError("a measurement that the model is fitted to is not above zero", where=f"{name} = {target}")
    walls = walls_of(mesh, patches, fitted, activation_ms)
    right = walls.wall_of == 2
    loop = loop_of(fitted)
    state = rest_state(walls, loop, targets.lv_edv_ml, targets.rv_edv_ml, fitted["stressed_volume_ml"])
    septum, area = walls.septum.copy(), walls.relaxed_cm2.copy()
    beat: Beat | None = None
    for number in range(most_beats):
        beat = one_beat(walls, loop, state, septum, area, 1e-3, number)
        state = beat.state
        found = shown(beat)
        error = {name: found[name] / target - 1.0 for name, target in wanted.items()}
        if after_beat is not None:
            after_beat(number)
        if max(abs(e) for e in error.values()) < tolerance and beat.change < 2e-3:
            break
        if number < 2:
            continue
        nudge = {"stressed_volume_ml": -0.8 * error["lv_edv_ml"] * targets.lv_edv_ml / fitted["stressed_volume_ml"]}
        nudge["contractility_rv_kpa"] = 0.4 * error["rv_edv_ml"]
        if "lv_esv_ml" in error:
            nudge["contractility_lv_kpa"] = 0.5 * error["lv_esv_ml"]
        if "middle_arterial_mmhg" in error:
            nudge["systemic_resistance_mmhg_s_ml"] = -0.5 * error["middle_arterial_mmhg"]
        if "pulse_pressure_mmhg" in error:
            nudge["systemic_compliance_ml_mmhg"] = 0.3 * error["pulse_pressure_mmhg"]
        held = fitted["stressed_volume_ml"]
        for name, relative in nudge.items():
            low, high = LIMITS[name]
            fitted[name] = float(np.clip(fitted[name] * (1.0 + np.clip(relative, -0.1, 0.1)), low, high))
        loop = loop_of(fitted)
        # the nudge of the blood volume is given or taken at the veins; a new arterial compliance must not make blood
        state[P_SV] += (fitted["stressed_volume_ml"] - stressed_volume(state, loop)) / loop.systemic.vein_compliance
        if abs(fitted["stressed_volume_ml"] - held) > 1.0:
            state[P_SV] = max(state[P_SV], 1.0)
        contractility = np.where(right, fitted["contractility_rv_kpa"], fitted["contractility_lv_kpa"])
        walls = replace(walls, contractility_kpa=np.where(walls.contractility_kpa > 0.0, contractility, 0.0))
    assert beat is not None
    fitted["stressed_volume_ml"] = stressed_volume(state, loop)
    return Fit(fitted, shown(beat), beat, beat.beats)
