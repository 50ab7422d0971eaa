"""Heart valves: an orifice with the inertia of the blood that it accelerates, and what leaks where it is shut.

    p_up - p_down = M dQ/dt + R Q + B Q |Q|,      B = rho / (2 A^2),      M = rho / 2 sqrt(pi / A)

B is Bernoulli's loss of an orifice of effective area A (Gorlin's law; 4 v^2 mmHg for v in m/s). M is the inertance of a
circular hole of area A in a plane: its conductivity is its diameter (Rayleigh, Theory of Sound, section 306). R is a
viscous rest, or the impedance of the artery's root beyond the valve. Leaflets have no mass: the valve is open while
pressure or momentum carries blood forward, else its area is that of the leak (the effective regurgitant orifice); so
after the pressures have crossed blood still runs on until its momentum is spent. The same rule is used in CircAdapt
(Valve2022, framework.circadapt.org); Mynard et al., Int J Numer Method Biomed Eng 28:626 (2012) give the same equation
with leaflets that need time.

An infinite area has neither loss nor inertia: Regazzoni's diode, with a resistance forwards and another backwards.
Units: mmHg, mL, s, cm^2. Flows leapfrog the volumes by half a step; the loss is taken at the end of the step, so no
step is too long for a narrow valve.
"""

import math
from typing import NamedTuple

from numba import njit

DENSITY_KG_M3 = 1060.0
PA_PER_MMHG = 133.322
# mmHg cm^4 s^2 / mL^2 and mmHg s^2 cm / mL
LOSS = 0.5 * DENSITY_KG_M3 * 1e-4 / PA_PER_MMHG
INERTIA = 0.5 * DENSITY_KG_M3 * math.sqrt(math.pi) * 1e-4 / PA_PER_MMHG


class Valve(NamedTuple):
    """resistance mmHg s/mL; area_cm2 effective when open, leak_cm2 when shut; closed_resistance mmHg s/mL, of a valve
    of infinite area only."""

    resistance: float
    area_cm2: float
    closed_resistance: float
    leak_cm2: float = 0.0


@njit(cache=True)
def orifice(area_cm2: float, resistance: float, drop_mmhg: float, before: float, step_s: float) -> float:
    """Flow in mL/s after a step, from the flow before it; a step of 0 or less asks for the steady flow."""
    if area_cm2 <= 0.0:
        return 0.0
    loss = LOSS / (area_cm2 * area_cm2)
    held = 0.0 if step_s <= 0.0 else INERTIA / (math.sqrt(area_cm2) * step_s)
    slope = resistance + held
    push = drop_mmhg + held * before
    if push == 0.0:
        return 0.0
    return 2.0 * push / (slope + math.sqrt(slope * slope + 4.0 * loss * abs(push)))


@njit(cache=True)
def valve_flow(valve: Valve, drop_mmhg: float, before: float = 0.0, step_s: float = 0.0) -> float:
    """Flow in mL/s, negative backwards, at the end of a step over which the pressure drop is as given.

    before: the flow at the step's start. Without a step: the flow that this drop would keep up.
    """
    if math.isinf(valve.area_cm2):
        return drop_mmhg / (valve.resistance if drop_mmhg > 0.0 else valve.closed_resistance)
    if before < 0.0:
        back = orifice(valve.leak_cm2, valve.resistance, drop_mmhg, before, step_s)
        if back < 0.0:
            return back
        return max(orifice(valve.area_cm2, valve.resistance, drop_mmhg, 0.0, step_s), 0.0)
    ahead = orifice(valve.area_cm2, valve.resistance, drop_mmhg, before, step_s)
    if ahead >= 0.0:
        return ahead
    return min(orifice(valve.leak_cm2, valve.resistance, drop_mmhg, 0.0, step_s), 0.0)
