"""A first guess of a fit, by adapting the heart from beat to beat.

After each simulated beat every free parameter is nudged towards its own target, as the body's slow controls do (Arts
et al., PLoS Comput Biol 8:e1002369, 2012): blood volume towards the LV's end-diastolic volume, LV contractility towards
its end-systolic volume, RV contractility towards the RV's end-diastolic volume, systemic resistance towards the middle
of systolic and diastolic pressure and compliance towards their difference.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.fit_response import BLOOD, FittedHeart, Start, beat_from
from twinviewer.physics.heartbeat import Beat, rest_state

Array = NDArray[np.float64]

# No nudge goes beyond
LIMITS = {
    "contractility_lv_kpa": (10.0, 400.0),
    "contractility_rv_kpa": (10.0, 400.0),
    "systemic_resistance_mmhg_s_ml": (0.3, 4.0),
    "systemic_compliance_ml_mmhg": (0.3, 4.0),
    BLOOD: (400.0, 4500.0),
}


@dataclass(frozen=True, slots=True)
class Targets:
    """What the steady beat should show. None: not known, its parameter stays as it is."""

    lv_edv_ml: float
    rv_edv_ml: float | None = None
    lv_esv_ml: float | None = None
    middle_arterial_mmhg: float | None = None
    pulse_pressure_mmhg: float | None = None


def rest(heart: FittedHeart, value: Mapping[str, float]) -> Start:
    """A first state at end-diastole with the blood of these parameters."""
    walls, loop = heart.with_values(value)
    state = rest_state(walls, loop, heart.lv_ml, heart.rv_ml, value[BLOOD])
    return Start(state, walls.septum.copy(), walls.relaxed_cm2.copy())


def adapt(
    heart: FittedHeart,
    value: Mapping[str, float],
    targets: Targets,
    held: Collection[str] = (),
    tolerance: float = 0.01,
    most_beats: int = 90,
) -> tuple[dict[str, float], Start, int]:
    """Parameters, where the next beat begins, and beats taken: until every target is met within ``tolerance`` and the
    beat is nearly steady, or ``most_beats`` have passed. held: parameters that stay as they are.

    Targets out of reach are left unmet. EngineError when the circulation diverges or a target is not above zero.
    """
    fitted = dict(value)
    pairs = {
        "lv_edv_ml": (BLOOD, -0.8),
        "rv_edv_ml": ("contractility_rv_kpa", 0.4),
        "lv_esv_ml": ("contractility_lv_kpa", 0.5),
        "middle_arterial_mmhg": ("systemic_resistance_mmhg_s_ml", -0.5),
        "pulse_pressure_mmhg": ("systemic_compliance_ml_mmhg", 0.3),
    }
    wanted = {name: target for name in pairs if (target := getattr(targets, name)) is not None}
    for name, target in wanted.items():
        if not (np.isfinite(target) and target > 0.0):
            raise EngineError("a measurement that the model is fitted to is not above zero", where=f"{name} = {target}")
    start = rest(heart, fitted)
    for number in range(most_beats):
        walls, loop = heart.with_values(fitted)
        beat = beat_from(walls, loop, start.holding(fitted[BLOOD], loop))
        start = Start.after(beat)
        found = shown(beat)
        error = {name: found[name] / target - 1.0 for name, target in wanted.items() if pairs[name][0] not in held}
        if max((abs(e) for e in error.values()), default=0.0) < tolerance and beat.change < 3e-3:
            break
        if number < 2:
            continue
        for name, off in error.items():
            parameter, gain = pairs[name]
            relative = gain * off * (targets.lv_edv_ml / fitted[BLOOD] if parameter == BLOOD else 1.0)
            low, high = LIMITS[parameter]
            fitted[parameter] = float(np.clip(fitted[parameter] * (1.0 + np.clip(relative, -0.1, 0.1)), low, high))
    return fitted, start, number + 1


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
