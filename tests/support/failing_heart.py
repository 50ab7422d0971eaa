"""A failing heart without a mesh, brought to the resting state of a published cohort: output, pressure, wedge, rate."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from patched_heart import LATENESS, SEGMENTS, VALUE
from scipy.optimize import least_squares

from twinviewer.domain import OrganMesh, Quantity, Setup
from twinviewer.engines.beat.support import assist_ml_s, flows
from twinviewer.physics.heart_model import ATRIA_ML, loop_of
from twinviewer.physics.heartbeat import Beat, Walls, rest_state, steady_beat
from twinviewer.physics.pericardium import PRESSURE_MMHG, Sac
from twinviewer.physics.sarcomere import duration_at

LEFT_ML, RIGHT_ML = 230.0, 170.0
UNITS = {
    "heart_rate_bpm": "bpm",
    "contractility_lv_kpa": "kPa",
    "contractility_rv_kpa": "kPa",
    "systemic_resistance_mmhg_s_ml": "mmHg s/mL",
    "systemic_compliance_ml_mmhg": "mL/mmHg",
    "pulmonary_resistance_mmhg_s_ml": "mmHg s/mL",
    "pulmonary_compliance_ml_mmhg": "mL/mmHg",
    "stressed_volume_ml": "mL",
    "relaxation_ms": "ms",
}
RELAXATION_MS = 36.0


@dataclass(frozen=True)
class State:
    """What a right-heart catheter says. wedge: mean left atrial pressure; right: mean right atrial pressure."""

    rate_bpm: float
    output_l_min: float
    mean_mmhg: float
    wedge_mmhg: float
    right_mmhg: float = np.nan

    @property
    def stroke_ml(self) -> float:
        return 1000.0 * self.output_l_min / self.rate_bpm


def _walls(value: dict[str, float]) -> Walls:
    walls = Walls(
        wall_of=np.array([1 if s in (2, 3, 8, 9, 14) else 0 for s in SEGMENTS] + [2] * 3),
        wall_ml=np.array([190.0 / 17] * 17 + [14.0] * 3),
        area_share=np.array([1 / 17] * 17 + [1 / 3] * 3),
        activation_s=np.concatenate([0.17 + 0.06 * LATENESS, np.full(3, 0.175)]),
        contractility_kpa=np.array([value["contractility_lv_kpa"]] * 17 + [value["contractility_rv_kpa"]] * 3),
        stiffness_kpa=np.full(20, 120.0),
        duration_s=duration_at(value["heart_rate_bpm"]),
        relaxation_s=value["relaxation_ms"] / 1000.0,
    )
    # a heart that has grown has its pericardium grow with it: the sac fits its filled state
    walls = walls.unload(LEFT_ML, RIGHT_ML, value["filling_mmhg"] - PRESSURE_MMHG, 8.0 - PRESSURE_MMHG)
    return replace(walls, sac=Sac(PRESSURE_MMHG, LEFT_ML + RIGHT_ML + ATRIA_ML, 0.0))


def beat_of(value: dict[str, float]) -> Beat:
    walls, loop = _walls(value), loop_of(value)
    return steady_beat(walls, loop, rest_state(walls, loop, LEFT_ML, RIGHT_ML, value["stressed_volume_ml"]))


def state_of(beat: Beat) -> State:
    return State(
        60.0 / beat.period_s,
        (float(beat["aortic_flow_ml_s"].mean()) + assist_ml_s(flows(beat))) * 0.06,
        float(beat["aortic_pressure_mmhg"].mean()),
        float(beat["la_pressure_mmhg"].mean()),
        float(beat["ra_pressure_mmhg"].mean()),
    )


@lru_cache(maxsize=16)
def patient(rest: State, ill: tuple[tuple[str, float], ...] = ()) -> dict[str, float]:
    """Parameters whose steady beat is this state: force, resistance, blood found; pulmonary resistance and the ratio of
    the forces are the fit's first guesses. ill: parameters of valves and machines that this patient has."""
    base = {**VALUE, "heart_rate_bpm": rest.rate_bpm, "filling_mmhg": rest.wedge_mmhg, **dict(ill)}
    base |= {"pulmonary_resistance_mmhg_s_ml": 0.12, "relaxation_ms": RELAXATION_MS}

    def at(x: np.ndarray) -> dict[str, float]:
        force, resistance, volume = np.exp(x)
        return base | {
            "contractility_lv_kpa": force,
            "contractility_rv_kpa": 0.9 * force,
            "systemic_resistance_mmhg_s_ml": resistance,
            "stressed_volume_ml": volume,
        }

    def miss(x: np.ndarray) -> np.ndarray:
        found = state_of(beat_of(at(x)))
        return np.array(
            [
                found.output_l_min / rest.output_l_min - 1.0,
                found.mean_mmhg / rest.mean_mmhg - 1.0,
                0.5 * (found.wedge_mmhg / rest.wedge_mmhg - 1.0),
            ]
        )

    guess = np.log([55.0, 0.06 * (rest.mean_mmhg - 8.0) / rest.output_l_min, 1700.0])
    return at(least_squares(miss, guess, diff_step=1e-2, xtol=1e-3, ftol=1e-5, max_nfev=15).x)


def setup_of(value: dict[str, float]) -> Setup:
    """The numbers as a Setup without a mesh, for a therapy to change."""
    mesh = OrganMesh("heart", np.zeros((0, 3)), np.zeros((0, 4), np.int32), {}, {}, {}, {}, 0, "mesh", "labels")
    units = {**UNITS, **{name: "cm2" for name in value if name.endswith("_cm2")}}
    return Setup(mesh, {n: Quantity(value[n], u, "fitted", "test") for n, u in units.items()}, ())


def treated_beat(rest: State, treat: object, ill: tuple[tuple[str, float], ...] = ()) -> Beat:
    """The beat after a therapy: treat takes a Setup and gives one."""
    value = patient(rest, ill)
    after: Setup = treat(setup_of(value))  # type: ignore[operator]
    return beat_of(value | {name: quantity.value for name, quantity in after.parameters.items()})


def treated(rest: State, treat: object) -> State:
    """The state after a therapy."""
    return state_of(treated_beat(rest, treat))
