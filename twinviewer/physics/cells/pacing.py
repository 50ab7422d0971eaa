"""Pace a single cell and measure its beats: APD90, resting and peak voltage, calcium, and qNet where the model has it.

APD90 runs from the steepest rise to the first fall below V_peak - 0.9 (V_peak - V_rest), linear between samples, with
V_rest the voltage at the stimulus. qNet (Dutta et al., Front Physiol 8:616, 2017) is the time integral over a beat of
INaL + ICaL + Ito + IKr + IKs + IK1 in uC/uF; low values mean a fragile repolarisation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.cells import ohara_cipa, ohara_kernel, phenomenological, tentusscher
from twinviewer.physics.cells.ohara_cipa import OHaraCiPA
from twinviewer.physics.cells.phenomenological import BuenoOrovio, MitchellSchaeffer
from twinviewer.physics.cells.tentusscher import TenTusscher

Cell = OHaraCiPA | TenTusscher | BuenoOrovio | MitchellSchaeffer
Beat = Callable[..., float]

SAMPLE_MS = 0.25
MOST_BEATS = 2000
FIRING_MV, RESTING_MV = 0.0, -40.0
"""A beat fires where its peak passes the first; a cell above the second at the stimulus has not repolarised before."""


@dataclass(frozen=True, slots=True, eq=False)
class Pacing:
    """Beats of a paced cell.

    apd90_ms, peak_mv, rest_mv (at the stimulus), qnet_uc_uf: (beats,); apd90_ms is NaN where a beat did not fire or not
    repolarise. time_ms, voltage_mv, calcium_um: (n,) the last beat, sampled. qnet and calcium are NaN for a model
    without them. state: of the kernel after the last beat; pass it on to go on pacing.
    """

    apd90_ms: NDArray[np.float64]
    peak_mv: NDArray[np.float64]
    rest_mv: NDArray[np.float64]
    qnet_uc_uf: NDArray[np.float64]
    time_ms: NDArray[np.float64]
    voltage_mv: NDArray[np.float64]
    calcium_um: NDArray[np.float64]
    state: NDArray[np.float64]


def _kernel(cell: Cell) -> tuple[Beat, float, bool]:
    if isinstance(cell, OHaraCiPA):
        return ohara_kernel.ohara_beat, ohara_cipa.STIMULUS_UA_UF, True
    if isinstance(cell, TenTusscher):
        return tentusscher.tentusscher_beat, tentusscher.STIMULUS_UA_UF, False
    return phenomenological.phenomenological_beat, phenomenological.STIMULUS_PER_MS, False


def apd_ms(
    time_ms: NDArray[np.float64], voltage_mv: NDArray[np.float64], slope_mv_ms: NDArray[np.float64], level: float = 0.9
) -> float:
    """Action potential duration of one beat (n,) samples that starts at the stimulus; NaN where it has none."""
    peak = int(np.argmax(voltage_mv))
    if voltage_mv[peak] < FIRING_MV or voltage_mv[0] > RESTING_MV:
        return float("nan")
    start = time_ms[int(np.argmax(slope_mv_ms[: peak + 1]))]
    limit = voltage_mv[peak] - level * (voltage_mv[peak] - voltage_mv[0])
    below = np.flatnonzero(voltage_mv[peak:] < limit)
    if not len(below):
        return float("nan")
    k = peak + int(below[0])
    part = (voltage_mv[k - 1] - limit) / (voltage_mv[k - 1] - voltage_mv[k])
    return float(time_ms[k - 1] + part * (time_ms[k] - time_ms[k - 1]) - start)


def pace(
    cell: Cell,
    cycle_ms: float,
    beats: int,
    *,
    state: NDArray[np.float64] | None = None,
    step_scale: float = 1.0,
    stimulus_scale: float = 1.0,
) -> Pacing:
    """Pace a cell at a cycle length for a number of beats, from its published state or from ``state``.

    step_scale: factor on the time step; stimulus_scale: on the stimulus.

    Raises EngineError on a cycle, count or step out of range, and where voltage is no longer finite (which beat).
    """
    if not (np.isfinite(cycle_ms) and 200.0 <= cycle_ms <= 10000.0):
        raise EngineError("The cycle length must lie between 200 and 10000 ms", where=f"{cycle_ms} ms")
    if not 1 <= beats <= MOST_BEATS:
        raise EngineError(f"The number of beats must lie between 1 and {MOST_BEATS}", where=f"{beats}")
    if not (np.isfinite(step_scale) and 0.01 <= step_scale <= 2.0):
        raise EngineError("The time step may be scaled by 0.01 to 2: beyond, the solution is no longer right",
                          where=f"step x {step_scale}")  # fmt: skip
    beat, stimulus, has_qnet = _kernel(cell)
    parameters = cell.parameters()
    now = cell.initial() if state is None else np.array(state, np.float64)
    if now.shape != cell.initial().shape or not np.isfinite(now).all():
        raise EngineError("The state to go on from is not one of this cell model", where=f"shape {now.shape}")
    count = int(np.ceil(cycle_ms / SAMPLE_MS))
    time, trace = np.arange(count, dtype=np.float64) * SAMPLE_MS, np.zeros((count, 3))
    measured = np.full((beats, 4), np.nan)
    for n in range(beats):
        charge = beat(now, parameters, cycle_ms, stimulus * stimulus_scale, step_scale, SAMPLE_MS, trace)
        if not np.isfinite(charge) or not np.isfinite(now).all():
            raise EngineError("The cell's voltage is no longer finite", where=f"beat {n + 1} of {beats}")
        duration = apd_ms(time, trace[:, 0], trace[:, 2])
        measured[n] = duration, trace[:, 0].max(), trace[0, 0], charge if has_qnet else np.nan
    kept = measured.T.copy()
    return Pacing(kept[0], kept[1], kept[2], kept[3], time, trace[:, 0].copy(), 1e3 * trace[:, 1], now)
