"""Closed-loop circulation: four chambers, four valves, systemic and pulmonary RLC windkessels.

Topology and equations of Regazzoni et al., J Comput Phys 457:111083 (2022; arXiv:2011.15040), eqs 8-10. For each side
(artery A, vein V):

    C_A dp_A/dt = Q_valve - Q_A          L_A dQ_A/dt = p_A - p_V - R_A Q_A
    C_V dp_V/dt = Q_A - Q_V              L_V dQ_V/dt = p_V - p_atrium - R_V Q_V

Valves: valves.py; Regazzoni's are the limit of an infinite area. Atria (and ventricles, where no wall model is given)
are time-varying elastances p = E(t) (V - V_0) with cosine rise and fall (Blanco & Feijoo, Mec. Comput. 29:5887, 2010).
A pressure from outside (pericardium.py) adds to that of all four chambers; machines are in support.py. Units: mmHg, mL,
s. No blood is lost: V_LA +
V_LV + V_RA + V_RV + sum C p is constant, and the scheme keeps it so exactly: Runge-Kutta 4, each valve's flow held over
the step.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.physics.support import NO_SUPPORT, Support, balloon_ml, pump_flow
from twinviewer.physics.valves import Valve, valve_flow

STATES = 16
LA, LV, RA, RV, P_SA, P_SV, P_PA, P_PV, Q_SA, Q_SV, Q_PA, Q_PV, MITRAL, AORTIC, TRICUSPID, PULMONIC = range(STATES)


class Elastance(NamedTuple):
    """p = (active f(t) + passive) (V - unstressed); f rises for ``rise_s`` from ``start_s``, falls for ``fall_s``."""

    active_mmhg_ml: float
    passive_mmhg_ml: float
    unstressed_ml: float
    start_s: float
    rise_s: float
    fall_s: float


class Vessels(NamedTuple):
    """One side's artery and vein."""

    artery_resistance: float
    artery_compliance: float
    artery_inertance: float
    vein_resistance: float
    vein_compliance: float
    vein_inertance: float


class Loop(NamedTuple):
    """The whole circulation but for its ventricles."""

    period_s: float
    left_atrium: Elastance
    right_atrium: Elastance
    systemic: Vessels
    pulmonary: Vessels
    mitral: Valve
    aortic: Valve
    tricuspid: Valve
    pulmonic: Valve
    support: Support = NO_SUPPORT


# Regazzoni's published calibration, as distributed in the MIT-licensed package `circulation` 0.4.
REGAZZONI_VALVE = Valve(0.0075, math.inf, 75006.2)
REGAZZONI_LOOP = Loop(
    period_s=0.8,
    left_atrium=Elastance(0.07, 0.18, 4.0, 0.9, 0.17, 0.17),
    right_atrium=Elastance(0.06, 0.07, 4.0, 0.9, 0.17, 0.17),
    systemic=Vessels(0.733, 1.372, 0.005, 0.32, 11.363, 0.0005),
    pulmonary=Vessels(0.046, 20.0, 0.0005, 0.0015, 16.0, 0.0005),
    mitral=REGAZZONI_VALVE,
    aortic=REGAZZONI_VALVE,
    tricuspid=REGAZZONI_VALVE,
    pulmonic=REGAZZONI_VALVE,
)
REGAZZONI_LV = Elastance(4.482, 0.17, 42.0, 0.1, 0.25, 0.4)
REGAZZONI_RV = Elastance(0.2, 0.029, 16.0, 0.1, 0.25, 0.4)
REGAZZONI_START = np.array(
    [
        87.183,
        118.520,
        86.833,
        166.177,
        87.675,
        35.898,
        19.545,
        15.004,
        71.104,
        94.039,
        94.084,
        473.279,
        0.0,
        0.0,
        0.0,
        0.0,
    ]
)


@njit(cache=True)
def elastance(chamber: Elastance, time_s: float, period_s: float) -> float:
    """Elastance in mmHg/mL at a time."""
    since = (time_s - chamber.start_s) % period_s
    if since < chamber.rise_s:
        pulse = 0.5 * (1.0 - math.cos(math.pi * since / chamber.rise_s))
    elif since < chamber.rise_s + chamber.fall_s:
        pulse = 0.5 * (1.0 + math.cos(math.pi * (since - chamber.rise_s) / chamber.fall_s))
    else:
        pulse = 0.0
    return chamber.active_mmhg_ml * pulse + chamber.passive_mmhg_ml


@njit(cache=True)
def chamber_pressure(chamber: Elastance, volume_ml: float, time_s: float, period_s: float) -> float:
    """Pressure of an elastance chamber in mmHg."""
    return elastance(chamber, time_s, period_s) * (volume_ml - chamber.unstressed_ml)


@njit(cache=True)
def through(valve: Valve, drop_mmhg: float, state: NDArray[np.float64], index: int, step_s: float) -> float:
    """Flow of a valve whose flow is kept in ``state[index]``; a step above 0 moves that on, else it is held."""
    if math.isinf(valve.area_cm2):  # no inertia: the flow follows the pressure of every stage
        return valve_flow(valve, drop_mmhg)
    if step_s > 0.0:
        state[index] = valve_flow(valve, drop_mmhg, state[index], step_s)
    return state[index]


@njit(cache=True)
def balloon_mmhg(loop: Loop, time_s: float) -> float:
    """What a balloon in the aorta adds to the pressure of the blood there."""
    if not loop.support.on:
        return 0.0
    return balloon_ml(loop.support.balloon, time_s, loop.period_s) / loop.systemic.artery_compliance


@njit(cache=True)
def loop_rates(
    state: NDArray[np.float64],
    time_s: float,
    lv_mmhg: float,
    rv_mmhg: float,
    outside_mmhg: float,
    loop: Loop,
    step_s: float,
    rate: NDArray[np.float64],
    flow: NDArray[np.float64],
) -> tuple[float, float]:
    """Fill rate[:STATES] and flow (4,: mitral, aortic, tricuspid, pulmonic). Returns left and right atrial pressure.

    lv_mmhg, rv_mmhg: in the cavities. outside_mmhg: round the atria. step_s: above 0 once a step, at its first stage,
    where the valves' flows in ``state`` move on; 0 at the others, where they are held.
    """
    la = outside_mmhg + chamber_pressure(loop.left_atrium, state[LA], time_s, loop.period_s)
    ra = outside_mmhg + chamber_pressure(loop.right_atrium, state[RA], time_s, loop.period_s)
    flow[0] = through(loop.mitral, la - lv_mmhg, state, MITRAL, step_s)
    artery = state[P_SA] + balloon_mmhg(loop, time_s)
    flow[1] = through(loop.aortic, lv_mmhg - artery, state, AORTIC, step_s)
    flow[2] = through(loop.tricuspid, ra - rv_mmhg, state, TRICUSPID, step_s)
    flow[3] = through(loop.pulmonic, rv_mmhg - state[P_PA], state, PULMONIC, step_s)
    rate[MITRAL:STATES] = 0.0
    rate[LA] = state[Q_PV] - flow[0]
    rate[LV] = flow[0] - flow[1]
    rate[RA] = state[Q_SV] - flow[2]
    rate[RV] = flow[2] - flow[3]
    body = loop.systemic
    lung = loop.pulmonary
    rate[P_SA] = (flow[1] - state[Q_SA]) / body.artery_compliance
    rate[P_SV] = (state[Q_SA] - state[Q_SV]) / body.vein_compliance
    rate[P_PA] = (flow[3] - state[Q_PA]) / lung.artery_compliance
    rate[P_PV] = (state[Q_PA] - state[Q_PV]) / lung.vein_compliance
    rate[Q_SA] = (artery - state[P_SV] - body.artery_resistance * state[Q_SA]) / body.artery_inertance
    rate[Q_SV] = (state[P_SV] - ra - body.vein_resistance * state[Q_SV]) / body.vein_inertance
    rate[Q_PA] = (state[P_PA] - state[P_PV] - lung.artery_resistance * state[Q_PA]) / lung.artery_inertance
    rate[Q_PV] = (state[P_PV] - la - lung.vein_resistance * state[Q_PV]) / lung.vein_inertance
    if loop.support.on:
        assisted = pump_flow(loop.support.ventricle, lv_mmhg, artery)
        bypassed = pump_flow(loop.support.bypass, ra, artery)
        rate[LV] -= assisted
        rate[RA] -= bypassed
        rate[P_SA] += (assisted + bypassed) / body.artery_compliance
    return la, ra


def stressed_volume(state: NDArray[np.float64], loop: Loop) -> float:
    """Blood in the chambers and, above their unstressed volume, in the vessels: mL. Constant over time."""
    body, lung = loop.systemic, loop.pulmonary
    vessels = (
        body.artery_compliance * state[P_SA]
        + body.vein_compliance * state[P_SV]
        + lung.artery_compliance * state[P_PA]
        + lung.vein_compliance * state[P_PV]
    )
    return float(state[LA] + state[LV] + state[RA] + state[RV] + vessels)


@njit(cache=True)
def elastance_beat(
    state: NDArray[np.float64], loop: Loop, lv: Elastance, rv: Elastance, steps: int, record: NDArray[np.float64]
) -> None:
    """One beat with elastance ventricles; ``state`` (STATES,) moves on to the next beat.

    record (steps, 12): LV volume, RV volume, LV, RV, left atrial, aortic, pulmonary artery pressure, aortic, mitral,
    tricuspid, pulmonary flow, right atrial pressure.
    """
    dt = loop.period_s / steps
    k = np.zeros((4, STATES))
    flow = np.zeros(4)
    for i in range(steps):
        start = i * dt
        for stage in range(4):
            offset = 0.0 if stage == 0 else (dt if stage == 3 else 0.5 * dt)
            trial = state if stage == 0 else state + offset * k[stage - 1]
            time_s = start + offset
            lv_mmhg = chamber_pressure(lv, trial[LV], time_s, loop.period_s)
            rv_mmhg = chamber_pressure(rv, trial[RV], time_s, loop.period_s)
            la, ra = loop_rates(trial, time_s, lv_mmhg, rv_mmhg, 0.0, loop, dt if stage == 0 else 0.0, k[stage], flow)
            if stage == 0:
                record[i, 0] = state[LV]
                record[i, 1] = state[RV]
                record[i, 2] = lv_mmhg
                record[i, 3] = rv_mmhg
                record[i, 4] = la
                record[i, 5] = state[P_SA]
                record[i, 6] = state[P_PA]
                record[i, 7] = flow[1]
                record[i, 8] = flow[0]
                record[i, 9] = flow[2]
                record[i, 10] = flow[3]
                record[i, 11] = ra
        state += dt / 6.0 * (k[0] + 2.0 * k[1] + 2.0 * k[2] + k[3])
