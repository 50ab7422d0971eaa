"""Steady state of a paced cell without pacing it a thousand times.

A beat maps the state to the next one, x -> F(x). Ions and trapped drug settle over hundreds of beats. From k + 1 states
some beats apart, reduced rank extrapolation (Eddy 1979, Mesina 1977) takes the affine combination whose residual is
smallest, min |sum g_i (x_{i+1} - x_i)| with sum g_i = 1, and pacing goes on from there. Sums that pacing conserves
(charge, channel probability) stay conserved because the weights add up to one. A combination outside bounds is refused,
so the worst case is plain pacing. Cells that alternate or skip beats have no fixed point: they are not ``settled``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.cells.drugs import NO_DRUG, Drug, DrugEffect, drug, together
from twinviewer.physics.cells.ohara_cipa import LAYERS, Layer, OHaraCiPA
from twinviewer.physics.cells.pacing import Cell, Pacing, pace

STRIDE_BEATS = 8
WINDOW = 5
"""States kept per extrapolation: STRIDE_BEATS apart."""
TOLERANCE = 3e-4
"""Change over STRIDE_BEATS below which a cell is settled: of APD90 relative to itself, of qNet to QNET_SCALE."""
QNET_SCALE = 0.07
"""Control value in uC/uF: qNet itself passes through zero."""
DOSES = (1.0, 2.0, 3.0, 4.0)
"""Multiples of Cmax over which the CiPA classifier takes the mean of qNet."""


@dataclass(frozen=True, slots=True, eq=False)
class Steady:
    """Last beats of a cell at steady state. beats: how many were paced. settled: whether they repeat."""

    pacing: Pacing
    beats: int
    settled: bool

    @property
    def apd90_ms(self) -> float:
        """APD90 of the last beat, NaN where it did not fire or not repolarise."""
        return float(self.pacing.apd90_ms[-1])

    @property
    def qnet_uc_uf(self) -> float:
        """qNet: of the last beat where beats repeat, else the lowest of the last beats (the most fragile one)."""
        return float(self.pacing.qnet_uc_uf[-1] if self.settled else self.pacing.qnet_uc_uf.min())


def extrapolate(states: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(n,) reduced rank extrapolation of (k + 1, n) successive states; None where it is not sound."""
    difference = np.diff(states, axis=0)
    weight = 1.0 / np.maximum(np.abs(states).max(axis=0), 1e-6)
    scaled = difference * weight
    free = np.linalg.lstsq((scaled[:-1] - scaled[-1]).T, -scaled[-1], rcond=1e-8)[0]
    combination = np.append(free, 1.0 - free.sum())
    jumped = combination @ states[:-1]
    # Everything but the voltage is a concentration, a gate, a flux or a probability: of one sign, and not far away.
    sound = (
        np.isfinite(jumped).all()
        and (jumped[1:] >= 0.0).all()
        and (np.abs(jumped - states[-1]) < 0.5 * np.abs(states[-1]) + 0.2).all()
    )
    return np.asarray(jumped, np.float64) if sound else None


@lru_cache(maxsize=1024)
def steady(
    cell: Cell, cycle_ms: float, most_beats: int = 600, tolerance: float = TOLERANCE, stimulus_scale: float = 1.0
) -> Steady:
    """A cell paced to steady state; cached by cell (layer, drug effect, potassium) and cycle. Raises EngineError.

    stimulus_scale: the CiPA stimulus (1) no longer fires a cell at potassium below about 3.2 mM; 1.5 does.
    """
    now = pace(cell, cycle_ms, min(20, most_beats), stimulus_scale=stimulus_scale)
    beats = len(now.apd90_ms)
    while True:
        states = [now.state.copy()]
        while len(states) < WINDOW + 1 and beats < most_beats:
            more = min(STRIDE_BEATS, most_beats - beats)
            now = pace(cell, cycle_ms, more, state=now.state, stimulus_scale=stimulus_scale)
            beats += len(now.apd90_ms)
            states.append(now.state.copy())
            if _repeats(now, tolerance):
                return Steady(now, beats, True)
        if beats >= most_beats:
            return Steady(now, beats, False)
        jumped = extrapolate(np.array(states))
        if jumped is not None:
            more = min(STRIDE_BEATS, most_beats - beats)
            now = pace(cell, cycle_ms, more, state=jumped, stimulus_scale=stimulus_scale)
            beats += more


def _repeats(now: Pacing, tolerance: float) -> bool:
    """Whether all beats of a stretch agree within the tolerance."""
    durations, charges = now.apd90_ms, now.qnet_uc_uf
    if len(durations) < 2 or not np.isfinite(durations).all() or np.ptp(durations) > tolerance * durations[-1]:
        return False
    return bool(np.isnan(charges).all() or np.ptp(charges) <= tolerance * QNET_SCALE)


def dosed(layer: Layer, cycle_ms: float, name: str, times_cmax: float, most_beats: int = 600) -> Steady:
    """A cell under a drug at a multiple of Cmax at steady state (cached). Raises EngineError for an unknown drug."""
    effect = NO_DRUG if times_cmax == 0.0 else drug(name).at_cmax(times_cmax)
    return steady(OHaraCiPA(layer, effect), cycle_ms, most_beats)


def mixed(layer: Layer, cycle_ms: float, doses: Sequence[tuple[str, float]], most_beats: int = 600) -> Steady:
    """A cell under several drugs, (name, multiple of Cmax) each, at steady state (cached). Raises EngineError."""
    effect = together([drug(name).at_cmax(times) for name, times in doses])
    return steady(OHaraCiPA(layer, effect), cycle_ms, most_beats)


def mean_qnet(medicine: Drug, cycle_ms: float = 2000.0, most_beats: int = 600) -> float:
    """Mean qNet in uC/uF over 1, 2, 3 and 4 x Cmax at steady state: the metric of the CiPA classifier."""
    return float(np.mean([dosed("endo", cycle_ms, medicine.name, times, most_beats).qnet_uc_uf for times in DOSES]))


def layer_durations_ms(cycle_ms: float, effect: DrugEffect = NO_DRUG, potassium_mm: float = 5.4) -> dict[Layer, float]:
    """Steady APD90 in ms of endo, epi and mid cells: what repolarisation, QT and the T wave are made of.

    NaN where a layer does not fire or repolarise at this cycle. Raises EngineError.
    """
    return {layer: steady(OHaraCiPA(layer, effect, potassium_mm), cycle_ms).apd90_ms for layer in LAYERS}
