"""A patched heart without a mesh: seventeen left patches and three right ones, healthy unless told otherwise."""

from dataclasses import replace

import numpy as np

from twinviewer.physics.heart_model import ATRIA_ML, loop_of
from twinviewer.physics.heartbeat import Beat, Walls, rest_state, steady_beat
from twinviewer.physics.pericardium import PRESSURE_MMHG, Sac
from twinviewer.physics.sarcomere import duration_at

VALUE = {
    "heart_rate_bpm": 70.0,
    "systemic_resistance_mmhg_s_ml": 0.65,
    "systemic_compliance_ml_mmhg": 1.5,
    "pulmonary_resistance_mmhg_s_ml": 0.07,
    "pulmonary_compliance_ml_mmhg": 6.0,
    "stressed_volume_ml": 1110.0,
}
# a normal left ventricle is excited within some 45 ms (Durrer 1970)
NORMAL_S = 0.045
SEGMENTS = np.arange(1, 18)
# distance from the septum, 0 to 1, of each AHA segment; the right wall is early
LATENESS = np.array([0.5, 0.1, 0.1, 0.5, 1, 1, 0.5, 0, 0, 0.5, 0.95, 0.95, 0.5, 0.1, 0.5, 0.9, 0.5])


def heart(delay_s: float = NORMAL_S, *, force: float = 93.0, rate_bpm: float = 70.0, fluid_ml: float = 0.0) -> Walls:
    """Walls that hold 140 and 150 mL at 9 and 4 mmHg in their pericardium, excited over ``delay_s`` from septum to
    lateral wall."""
    walls = Walls(
        wall_of=np.array([1 if s in (2, 3, 8, 9, 14) else 0 for s in SEGMENTS] + [2] * 3),
        wall_ml=np.array([130.0 / 17] * 17 + [10.0] * 3),
        area_share=np.array([1 / 17] * 17 + [1 / 3] * 3),
        activation_s=np.concatenate([0.17 + delay_s * LATENESS, np.full(3, 0.175)]),
        contractility_kpa=np.array([force] * 17 + [0.7 * force] * 3),
        stiffness_kpa=np.full(20, 120.0),
        duration_s=duration_at(rate_bpm),
        relaxation_s=0.032,
    )
    walls = walls.unload(140.0, 150.0, 9.0 - PRESSURE_MMHG, 4.0 - PRESSURE_MMHG)
    return replace(walls, sac=Sac(PRESSURE_MMHG, 140.0 + 150.0 + ATRIA_ML, fluid_ml))


def beat_of(walls: Walls, **changed: float) -> Beat:
    """The steady beat in VALUE's circulation, with these parameters changed."""
    value = {**VALUE, **changed}
    loop = loop_of(value)
    return steady_beat(walls, loop, rest_state(walls, loop, 140.0, 150.0, value["stressed_volume_ml"]))


def stroke_ml(beat: Beat) -> float:
    """Largest less smallest left volume."""
    return float(beat["lv_volume_ml"].max() - beat["lv_volume_ml"].min())


def output_l_min(beat: Beat) -> float:
    """Net flow through the aortic valve."""
    return float(beat["aortic_flow_ml_s"].mean()) * 0.06


def steepest(beat: Beat) -> float:
    """Largest dP/dt of the left ventricle, mmHg/s."""
    return float(np.gradient(beat["lv_pressure_mmhg"], beat.time_s).max())
