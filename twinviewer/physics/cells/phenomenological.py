"""Cells of two and four variables that keep the shape, duration and restitution of an action potential and are quick.

Mitchell, Schaeffer, Bull Math Biol 65:767 (2003), u = (V + 80 mV) / 100 mV, h the gate of the inward current:

    du/dt = h u^2 (1 - u) / tau_in - u / tau_out + J
    dh/dt = (1 - h) / tau_open  (u < u_gate),  -h / tau_close  (else)

Its duration from rest is close to tau_close ln(tau_out / (4 tau_in)) where tau_in << tau_out << tau_open, tau_close.

Bueno-Orovio, Cherry, Fenton, J Theor Biol 253:544 (2008), u = (V + 84 mV) / 85.7 mV, gates v w s:

    du/dt = v (u - th_v) (u_u - u) / tau_fi [u > th_v] - u / tau_o [u < th_w] - 1 / tau_so [u > th_w]
            + w s / tau_si [u > th_w] + J

with the published sets for epicardium, endocardium and mid-myocardium. Gates are advanced exactly at frozen u, u
explicitly: first order in the step of STEP_MS. No ions: calcium is not computed (NaN).
"""

import math
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.cells.gates import sampled

Layer = Literal["endo", "epi", "mid"]

STEP_MS = 0.02
STIMULUS_MS = 1.0
STIMULUS_PER_MS = 0.7
"""Stimulus in u per ms: half of it still fires every cell from rest within STIMULUS_MS."""


@dataclass(frozen=True, slots=True)
class MitchellSchaeffer:
    """Time constants in ms and the gate voltage (fraction of the amplitude)."""

    tau_in_ms: float = 0.3
    tau_out_ms: float = 6.0
    tau_open_ms: float = 120.0
    tau_close_ms: float = 150.0
    gate: float = 0.13

    def parameters(self) -> NDArray[np.float64]:
        """(5,) of the kernel. Raises EngineError where a value is not above zero, or the cell could not fire."""
        values = np.array([float(getattr(self, field.name)) for field in fields(self)])
        if not np.isfinite(values).all() or (values <= 0.0).any() or self.gate >= 1.0:
            raise EngineError("A cell's time constants must be above zero and its gate below one", where=repr(self))
        if self.tau_out_ms <= 4.0 * self.tau_in_ms:
            raise EngineError("A cell whose tau_out is below 4 tau_in cannot fire", where=repr(self))
        return values

    def initial(self) -> NDArray[np.float64]:
        """(2,) at rest: u, h."""
        return np.array([0.0, 1.0])

    @property
    def expected_apd_ms(self) -> float:
        """Duration from rest to leading order in tau_in / tau_out."""
        return self.tau_close_ms * math.log(self.tau_out_ms / (4.0 * self.tau_in_ms))


# u_u, th_v-, th_o, tau_v1-, tau_v2-, tau_w1-, tau_w2-, k_w-, u_w-, tau_w+, tau_fi, tau_o1, tau_o2, tau_so1, tau_so2,
# k_so, u_so, tau_s2, tau_si, tau_winf, w_inf*: table 1 of the paper; the rest is common to the layers.
_BUENO_OROVIO = {
    "epi": (
        1.55, 0.006, 0.006, 60.0, 1150.0, 60.0, 15.0, 65.0, 0.03, 200.0, 0.11, 400.0, 6.0, 30.0181, 0.9957, 2.0458,
        0.65, 16.0, 1.8875, 0.07, 0.94,
    ),
    "endo": (
        1.56, 0.2, 0.006, 75.0, 10.0, 6.0, 140.0, 200.0, 0.016, 280.0, 0.1, 470.0, 6.0, 40.0, 1.2, 2.0, 0.65, 2.0,
        2.9013, 0.0273, 0.78,
    ),
    "mid": (
        1.61, 0.1, 0.005, 80.0, 1.4506, 70.0, 8.0, 200.0, 0.016, 280.0, 0.078, 410.0, 7.0, 91.0, 0.8, 2.1, 0.6, 4.0,
        3.3849, 0.01, 0.5,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BuenoOrovio:
    """A cell of one layer."""

    layer: Layer = "epi"

    def parameters(self) -> NDArray[np.float64]:
        """(21,) of the kernel. Raises EngineError for an unknown layer."""
        if self.layer not in _BUENO_OROVIO:
            raise EngineError(f"There is no cell layer {self.layer!r}", remedy="endo, epi or mid")
        return np.array(_BUENO_OROVIO[self.layer])

    def initial(self) -> NDArray[np.float64]:
        """(4,) at rest: u, v, w, s."""
        return np.array([0.0, 1.0, 1.0, 0.0])


@njit(cache=True)
def mitchell_schaeffer_step(s: NDArray[np.float64], p: NDArray[np.float64], stimulus: float, dt: float) -> float:
    """Advance the cell by dt (ms) in place. Returns du/dt per ms."""
    if s[0] < p[4]:
        s[1] = 1.0 + (s[1] - 1.0) * math.exp(-dt / p[2])
    else:
        s[1] *= math.exp(-dt / p[3])
    slope = s[1] * s[0] * s[0] * (1.0 - s[0]) / p[0] - s[0] / p[1] + stimulus
    s[0] += dt * slope
    return slope


@njit(cache=True)
def bueno_orovio_step(s: NDArray[np.float64], p: NDArray[np.float64], stimulus: float, dt: float) -> float:
    """Advance the cell by dt (ms) in place. Returns du/dt per ms."""
    u = s[0]
    fast, slow = u > 0.3, u > 0.13
    if fast:
        s[1] *= math.exp(-dt / 1.4506)
    else:
        target, tau = (1.0, p[3]) if u < p[1] else (0.0, p[4])
        s[1] = target + (s[1] - target) * math.exp(-dt / tau)
    if slow:
        s[2] *= math.exp(-dt / p[9])
    else:
        target = p[20] if u > p[2] else 1.0 - u / p[19]
        tau = p[5] + 0.5 * (p[6] - p[5]) * (1.0 + math.tanh(p[7] * (u - p[8])))
        s[2] = target + (s[2] - target) * math.exp(-dt / tau)
    target = 0.5 * (1.0 + math.tanh(2.0994 * (u - 0.9087)))
    s[3] = target + (s[3] - target) * math.exp(-dt / (p[17] if slow else 2.7342))
    slope = stimulus
    if fast:
        slope += s[1] * (u - 0.3) * (p[0] - u) / p[10]
    if slow:
        slope -= 1.0 / (p[13] + 0.5 * (p[14] - p[13]) * (1.0 + math.tanh(p[15] * (u - p[16]))))
        slope += s[2] * s[3] / p[18]
    else:
        slope -= u / (p[12] if u > p[2] else p[11])
    s[0] = u + dt * slope
    return slope


@njit(cache=True, nogil=True)
def phenomenological_beat(
    s: NDArray[np.float64],
    p: NDArray[np.float64],
    cycle_ms: float,
    stimulus: float,
    scale: float,
    sample_ms: float,
    trace: NDArray[np.float64],
) -> float:
    """One beat in place from the stimulus on; trace (n, 3): V mV, NaN, dV/dt mV/ms. Returns NaN or 0."""
    simple = s.size == 2
    span, rest = (100.0, -80.0) if simple else (85.7, -84.0)
    time, row = 0.0, 0
    while time < cycle_ms - 1e-9:
        on = time < STIMULUS_MS - 1e-9
        dt = min(scale * STEP_MS, (STIMULUS_MS if on else cycle_ms) - time)
        before = s[0]
        if simple:
            slope = mitchell_schaeffer_step(s, p, stimulus if on else 0.0, dt)
        else:
            slope = bueno_orovio_step(s, p, stimulus if on else 0.0, dt)
        v0, v1 = rest + span * before, rest + span * s[0]
        row = sampled(trace, row, sample_ms, time, dt, v0, v1, math.nan, math.nan, span * slope)
        time += dt
        if not math.isfinite(s[0]):
            return math.nan
    return 0.0
