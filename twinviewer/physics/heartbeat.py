"""A beating heart: three one-fibre walls of patches in the closed-loop circulation, integrated to a steady beat.

Sarcomeres (sarcomere.py) in patches (one_fibre.py) load the loop (circulation.py). State: the loop's 16, then the
contractile length and the activation of each patch. Runge-Kutta 4; the ring and the patch areas are solved to 1e-6 at
each of its stages. A beat is steady when no chamber volume or vessel pressure at its end differs from the beat before
by more than a tolerance.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.circulation import (
    LA,
    LV,
    P_PA,
    P_PV,
    P_SA,
    P_SV,
    RA,
    RV,
    STATES,
    Loop,
    balloon_mmhg,
    loop_rates,
    stressed_volume,
)
from twinviewer.physics.one_fibre import MMHG_PER_KPA, balance
from twinviewer.physics.pericardium import Sac, sac_pressure
from twinviewer.physics.sarcomere import (
    REFERENCE_LENGTH_UM,
    RESTING_ACTIVATION,
    SERIES_LENGTH_UM,
    activation_rate,
    contractile_rate,
)
from twinviewer.physics.steady import Mixer
from twinviewer.physics.support import triggered
from twinviewer.physics.walls import Walls

__all__ = ["COLUMNS", "STEP_S", "Beat", "Walls", "beats", "one_beat", "rest_state", "steady_beat"]

STEP_S = 0.5e-3
LONGER, NEAR = 4, 1e-3
"""On the way to the steady beat steps are so many times longer, until the change from beat to beat is below NEAR. At
four times the steady states differ by some 0.1 %, which one or two beats of the proper step put right."""
WATCHED = P_PV + 1
"""Volumes and pressures at the head of the state, whose change from beat to beat counts."""
COLUMNS = (
    "lv_volume_ml", "rv_volume_ml", "la_volume_ml", "ra_volume_ml", "lv_pressure_mmhg", "rv_pressure_mmhg",
    "la_pressure_mmhg", "ra_pressure_mmhg", "aortic_pressure_mmhg", "pulmonary_artery_pressure_mmhg",
    "mitral_flow_ml_s", "aortic_flow_ml_s", "tricuspid_flow_ml_s", "pulmonary_flow_ml_s", "septum_ml", "ring_cm",
    "pericardium_pressure_mmhg",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Beat:
    """One beat from the P wave's start, (t,) samples with the period's end left out.

    columns: name (COLUMNS) -> (t,). strain (t, n) natural fibre strain, stress_kpa (t, n), area_cm2 (t, n) of each
    patch. state: where the next beat starts. loop: the circulation that it beat in. change: the largest relative
    change against the beat before.
    """

    time_s: NDArray[np.float64]
    period_s: float
    columns: dict[str, NDArray[np.float64]]
    strain: NDArray[np.float64]
    stress_kpa: NDArray[np.float64]
    area_cm2: NDArray[np.float64]
    state: NDArray[np.float64]
    loop: Loop
    beats: int
    change: float

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.columns[name]


@njit(cache=True)
def _rates(
    state: NDArray[np.float64],
    time_s: float,
    step_s: float,
    loop: Loop,
    sac: Sac,
    wall_of: NDArray[np.int64],
    wall_ml: NDArray[np.float64],
    reference: NDArray[np.float64],
    stiffness: NDArray[np.float64],
    contractility: NDArray[np.float64],
    activation_s: NDArray[np.float64],
    duration_s: float,
    relaxation_s: float,
    area: NDArray[np.float64],
    septum: NDArray[np.float64],
    strain: NDArray[np.float64],
    stress: NDArray[np.float64],
    rate: NDArray[np.float64],
    flow: NDArray[np.float64],
    pressure: NDArray[np.float64],
) -> int:
    n = wall_of.shape[0]
    left, right, iterations = balance(
        state[LV], state[RV], wall_of, wall_ml, reference, stiffness, contractility, state[STATES : STATES + n],
        state[STATES + n :], area, septum, strain, stress,
    )  # fmt: skip
    if iterations < 0:
        return -1
    outside = sac_pressure(sac, state[LA] + state[LV] + state[RA] + state[RV])
    pressure[0] = left * MMHG_PER_KPA + outside
    pressure[1] = right * MMHG_PER_KPA + outside
    pressure[4] = outside
    pressure[2], pressure[3] = loop_rates(state, time_s, pressure[0], pressure[1], outside, loop, step_s, rate, flow)
    for p in range(n):
        length = state[STATES + p]
        rate[STATES + p] = contractile_rate(strain[p], length)
        since = (time_s - activation_s[p]) % loop.period_s
        rate[STATES + n + p] = activation_rate(since, length, state[STATES + n + p], duration_s, relaxation_s)
    return iterations


@njit(cache=True)
def _beat(
    state: NDArray[np.float64],
    steps: int,
    loop: Loop,
    sac: Sac,
    wall_of: NDArray[np.int64],
    wall_ml: NDArray[np.float64],
    reference: NDArray[np.float64],
    stiffness: NDArray[np.float64],
    contractility: NDArray[np.float64],
    activation_s: NDArray[np.float64],
    duration_s: float,
    relaxation_s: float,
    area: NDArray[np.float64],
    septum: NDArray[np.float64],
    record: NDArray[np.float64],
    patches: NDArray[np.float64],
) -> int:
    """Advance ``state`` by one beat. record (steps, 17), patches (steps, 3, n). Returns -1, or the step that failed."""
    n = wall_of.shape[0]
    dt = loop.period_s / steps
    k = np.zeros((4, state.shape[0]))
    strain = np.zeros(n)
    stress = np.zeros(n)
    flow = np.zeros(4)
    pressure = np.zeros(5)
    for i in range(steps):
        for stage in range(4):
            offset = 0.0 if stage == 0 else (dt if stage == 3 else 0.5 * dt)
            trial = state if stage == 0 else state + offset * k[stage - 1]
            done = _rates(
                trial, i * dt + offset, dt if stage == 0 else 0.0, loop, sac, wall_of, wall_ml, reference,
                stiffness, contractility, activation_s, duration_s, relaxation_s, area, septum, strain, stress,
                k[stage], flow, pressure,
            )  # fmt: skip
            if done < 0:
                return i
            if stage == 0:
                record[i, 0] = state[1]
                record[i, 1] = state[3]
                record[i, 2] = state[0]
                record[i, 3] = state[2]
                record[i, 4:8] = pressure[:4]
                record[i, 16] = pressure[4]
                # an outflow valve's resistance is that of the root beyond it (heart_model.ROOT_IMPEDANCE)
                record[i, 8] = state[P_SA] + loop.aortic.resistance * flow[1]
                record[i, 9] = state[P_PA] + loop.pulmonic.resistance * flow[3]
                if loop.support.on:
                    record[i, 8] += balloon_mmhg(loop, i * dt)
                record[i, 10:14] = flow
                record[i, 14:16] = septum
                patches[i, 0] = strain
                patches[i, 1] = stress
                patches[i, 2] = area
        state += dt / 6.0 * (k[0] + 2.0 * k[1] + 2.0 * k[2] + k[3])
        if not np.isfinite(state.sum()):
            return i
    return -1


def rest_state(walls: Walls, loop: Loop, lv_ml: float, rv_ml: float, stressed_ml: float) -> NDArray[np.float64]:
    """A first state at end-diastole holding ``stressed_ml`` of blood; what the guess lacks is put in the veins."""
    n = walls.wall_of.shape[0]
    state = np.zeros(STATES + 2 * n)
    # mean pressures of a resting adult; flow of 80 mL/s = 4.8 L/min
    state[:STATES] = (70.0, lv_ml, 60.0, rv_ml, 85.0, 25.0, 18.0, 12.0, 80.0, 80.0, 80.0, 80.0, 0.0, 0.0, 0.0, 0.0)
    missing = stressed_ml - stressed_volume(state, loop)
    compliance = loop.systemic.vein_compliance + loop.pulmonary.vein_compliance + loop.pulmonary.artery_compliance
    state[[P_SV, P_PA, P_PV]] += missing / compliance
    strain = 0.5 * np.log(walls.relaxed_cm2 / walls.reference_cm2)
    state[STATES : STATES + n] = REFERENCE_LENGTH_UM * np.exp(strain) - SERIES_LENGTH_UM
    state[STATES + n :] = RESTING_ACTIVATION
    return state


def one_beat(
    walls: Walls, loop: Loop, state: NDArray[np.float64], septum: NDArray[np.float64], area: NDArray[np.float64],
    step_s: float = STEP_S, beat: int = 0,
) -> Beat:  # fmt: skip
    """Advance one beat from ``state``; ``septum`` and ``area`` (first guesses) are updated. EngineError if it fails."""
    n = walls.wall_of.shape[0]
    steps = int(np.ceil(loop.period_s / step_s))
    record = np.zeros((steps, len(COLUMNS)))
    patches = np.zeros((steps, 3, n))
    after = state.copy()
    failed = _beat(
        after, steps, loop, walls.sac, walls.wall_of, walls.wall_ml, walls.reference_cm2, walls.stiffness_kpa,
        walls.contractility_kpa, walls.activation_s, walls.duration_s, walls.relaxation_s, area, septum, record,
        patches,
    )  # fmt: skip
    if failed >= 0:
        names = ("V_LA", "V_LV", "V_RA", "V_RV", "p_AO", "p_SV", "p_PA", "p_PV")
        values = ", ".join(f"{name} {value:.4g}" for name, value in zip(names, after, strict=False))
        raise EngineError(
            "the circulation diverged",
            where=f"beat {beat + 1}, {1000.0 * failed * loop.period_s / steps:.1f} ms; {values}",
            remedy="Check volumes, contractility and resistances of this scenario",
        )
    moved = np.abs(after - state)[:WATCHED] / np.maximum(np.abs(after[:WATCHED]), 5.0)
    return Beat(
        time_s=np.arange(steps) * loop.period_s / steps,
        period_s=loop.period_s,
        columns={name: record[:, i] for i, name in enumerate(COLUMNS)},
        strain=patches[:, 0],
        stress_kpa=patches[:, 1],
        area_cm2=patches[:, 2],
        state=after,
        loop=loop,
        beats=beat + 1,
        change=float(moved.max()),
    )


def beats(
    walls: Walls,
    loop: Loop,
    start: NDArray[np.float64],
    tolerance: float = 1e-3,
    most_beats: int = 80,
    step_s: float = STEP_S,
) -> Iterator[Beat]:
    """Beat after beat until steady; the last one is. EngineError if it never settles or diverges.

    The way there is taken in longer steps and sooner than by beating alone (steady.py); the proof that the beat is
    steady is made with ``step_s``. Long steps that diverge are taken back, and the way in shorter ones.
    """
    loop = _triggered(loop, walls)
    state, septum, area = start.copy(), walls.septum.copy(), walls.relaxed_cm2.copy()
    change = np.inf
    longer, mixer = LONGER, Mixer(WATCHED)
    for number in range(most_beats):
        try:
            beat = one_beat(walls, loop, state, septum, area, longer * step_s, number)
        except EngineError:
            if longer == 1:
                raise
            state, septum, area = start.copy(), walls.septum.copy(), walls.relaxed_cm2.copy()
            longer, mixer = longer // 2, Mixer(WATCHED)
            continue
        change = beat.change
        yield beat
        state = mixer.next_start(state, beat.state)
        if longer > 1 and change < NEAR and number > 0:
            longer = 1
            mixer.other_step()
        elif change < tolerance and number > 0:
            return
    raise EngineError(
        f"no steady beat within {most_beats} beats",
        where=f"the last two differ by {100.0 * change:.2f} %",
        remedy="Check heart rate, resistances and blood volume of this scenario",
    )


def _triggered(loop: Loop, walls: Walls) -> Loop:
    """The loop whose balloon follows the first excitation of these walls."""
    excited = walls.activation_s[walls.contractility_kpa > 0.0]
    if not (loop.support.on and excited.size):
        return loop
    return loop._replace(support=triggered(loop.support, float(excited.min())))


def steady_beat(walls: Walls, loop: Loop, start: NDArray[np.float64], tolerance: float = 1e-3) -> Beat:
    """The last of :func:`beats`."""
    *_, last = beats(walls, loop, start, tolerance)
    return last
