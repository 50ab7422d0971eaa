"""A healthy heart without a mesh, brought to the resting state of volunteers: output, mean pressure, wedge, rate."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from failing_heart import UNITS, State, setup_of, state_of
from patched_heart import VALUE, heart
from scipy.optimize import least_squares

from twinviewer.domain import Setup
from twinviewer.physics.heart_model import ATRIA_ML, loop_of
from twinviewer.physics.heartbeat import Beat, rest_state, steady_beat
from twinviewer.physics.one_fibre import RIGHT
from twinviewer.physics.pericardium import PRESSURE_MMHG, Sac

# of men: 166 and 182 mL, Petersen et al., J Cardiovasc Magn Reson 19:18 (2017)
LEFT_ML, RIGHT_ML = 166.0, 182.0


def beat_of(value: dict[str, float]) -> Beat:
    """The steady beat of these parameters, of a heart that relaxed holds 166 and 182 mL at 9 and 4 mmHg."""
    walls = heart(rate_bpm=value["heart_rate_bpm"])
    force = np.where(walls.wall_of == RIGHT, value["contractility_rv_kpa"], value["contractility_lv_kpa"])
    walls = replace(
        walls,
        wall_ml=walls.wall_ml * LEFT_ML / 140.0,
        contractility_kpa=force,
        relaxation_s=value["relaxation_ms"] / 1000.0,
    )
    walls = walls.unload(LEFT_ML, RIGHT_ML, 9.0 - PRESSURE_MMHG, 4.0 - PRESSURE_MMHG)
    walls = replace(walls, sac=Sac(PRESSURE_MMHG, LEFT_ML + RIGHT_ML + ATRIA_ML))
    loop = loop_of(value)
    return steady_beat(walls, loop, rest_state(walls, loop, LEFT_ML, RIGHT_ML, value["stressed_volume_ml"]))


@lru_cache(maxsize=8)
def volunteer(rest: State) -> dict[str, float]:
    """Parameters whose steady beat is this state: resistance and blood are found for a normal force."""
    base = {**VALUE, "heart_rate_bpm": rest.rate_bpm, "contractility_lv_kpa": 93.0, "contractility_rv_kpa": 65.0}
    base["relaxation_ms"] = 32.0

    def at(x: np.ndarray) -> dict[str, float]:
        resistance, volume = np.exp(x)
        return base | {"systemic_resistance_mmhg_s_ml": resistance, "stressed_volume_ml": volume}

    def miss(x: np.ndarray) -> np.ndarray:
        found = state_of(beat_of(at(x)))
        return np.array([found.output_l_min / rest.output_l_min - 1.0, found.mean_mmhg / rest.mean_mmhg - 1.0])

    guess = np.log([0.06 * (rest.mean_mmhg - 5.0) / rest.output_l_min, 1150.0])
    return at(least_squares(miss, guess, diff_step=1e-2, xtol=1e-3, ftol=1e-5, max_nfev=12).x)


def treated(rest: State, treat: object) -> Beat:
    """The beat after a therapy: treat takes a Setup and gives one."""
    value = volunteer(rest)
    return beat_of(values_after(value, treat))


def values_after(value: dict[str, float], treat: object) -> dict[str, float]:
    """The parameters after a therapy, machines and valves with them."""
    after: Setup = treat(setup_of(value))  # type: ignore[operator]
    return value | {name: quantity.value for name, quantity in after.parameters.items()}


__all__ = ["UNITS", "State", "beat_of", "state_of", "treated", "values_after", "volunteer"]
