"""Pericardium: a sac round the four chambers that grows stiff when they fill it.

    p = p_0 exp((V + F - V_0) / s)

V is the blood in the chambers, F the fluid in the sac (an effusion), and p acts on all four from outside. In an adult
p = 1 mmHg at 380 mL and s = 40 mL (Lu et al., Am J Physiol Heart Circ Physiol 281:H2661, 2001), so 0.5 mmHg at the
350 mL that its chambers hold at end-diastole. The sac grows with a heart that dilates slowly (Freeman & LeWinter, Circ
Res 54:294, 1984), so V_0 is assumed to be what this patient's chambers hold at end-diastole, and s goes with it.
"""

import math
from typing import NamedTuple

from numba import njit

PRESSURE_MMHG = 0.5
SCALE = 40.0 / 350.0
# An overfull sac goes on in a straight line: no heart gets there, but a trial step may
_STEEPEST = 4.0


class Sac(NamedTuple):
    """pressure_mmhg at the volume volume_ml of the chambers with an empty sac; fluid_ml in it."""

    pressure_mmhg: float
    volume_ml: float
    fluid_ml: float = 0.0


NO_SAC = Sac(0.0, 1.0)


@njit(cache=True)
def sac_pressure(sac: Sac, chambers_ml: float) -> float:
    """Pressure in mmHg on the outside of chambers that hold this much blood together."""
    over = (chambers_ml + sac.fluid_ml - sac.volume_ml) / (SCALE * sac.volume_ml)
    if over > _STEEPEST:
        return sac.pressure_mmhg * math.exp(_STEEPEST) * (1.0 + over - _STEEPEST)
    return sac.pressure_mmhg * math.exp(over)
