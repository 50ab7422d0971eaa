"""Arterial baroreflex at rest: where heart and vessels settle when mean arterial pressure is not what they are set to.

Ursino, Am J Physiol 275:H1733 (1998), at steady state. Pressure P stretches the receptors, whose afferent rate drives
the sympathetic (falling) and the vagal (rising) outflow; each effector follows the logarithm of the sympathetic one:

    f_as = (2.52 + 47.78 e) / (1 + e),  e = exp((P - P_n) / 11.758)
    f_es = 2.10 + 14.01 exp(-0.0675 f_as)            s = ln(f_es - 2.66 + 1)
    f_ev = (3.2 + 6.3 w) / (1 + w),  w = exp((f_as - 25) / 7.06)
    resistances 2.49 + 0.695 s and 0.78 + 0.53 s mmHg s/mL (splanchnic, rest, side by side)
    elastance left 2.392 + 0.475 s, right 1.412 + 0.282 s mmHg/mL      unstressed veins - 397.9 s mL
    heart period 0.58 - 0.13 s + 0.09 f_ev s

Only ratios to the value at the set point are used, so the reflex does nothing at this patient's own pressure. P_n = 92
mmHg in the paper is taken to be the untreated pressure: over days the reflex resets (assumed in full). The model's
veins are stiffer than the paper's (147 mL/mmHg in all), so volume is moved in proportion, which gives the same filling
pressure. The gains are of healthy dogs and men; in heart failure they are smaller (not modelled).
"""

import math
from typing import NamedTuple

SET_POINT_MMHG = 92.0
VESSELS_ML_MMHG = 147.0


class Reflex(NamedTuple):
    """What the reflex makes of the values at the set point: factors, and blood moved from the veins' unstressed into
    the stressed volume (mL per mL/mmHg of the vessels' compliance, so mmHg of filling pressure)."""

    rate: float
    resistance: float
    force_left: float
    force_right: float
    filling_mmhg: float


def _effectors(pressure_mmhg: float) -> tuple[float, float, float, float, float]:
    """Period s, resistance mmHg s/mL, left and right elastance mmHg/mL, unstressed volume mL (from an open end)."""
    stretch = math.exp(min(max((pressure_mmhg - SET_POINT_MMHG) / 11.758, -30.0), 30.0))
    afferent = (2.52 + 47.78 * stretch) / (1.0 + stretch)
    sympathetic = math.log(max(2.10 + 14.01 * math.exp(-0.0675 * afferent), 2.66) - 2.66 + 1.0)
    tone = math.exp((afferent - 25.0) / 7.06)
    vagal = (3.2 + 6.3 * tone) / (1.0 + tone)
    splanchnic, rest = 2.49 + 0.695 * sympathetic, 0.78 + 0.53 * sympathetic
    return (
        0.58 - 0.13 * sympathetic + 0.09 * vagal,
        splanchnic * rest / (splanchnic + rest),
        2.392 + 0.475 * sympathetic,
        1.412 + 0.282 * sympathetic,
        -397.9 * sympathetic,
    )


def answer(mean_mmhg: float, set_point_mmhg: float, gain: float = 1.0) -> Reflex:
    """Steady answer to a mean arterial pressure."""
    now = _effectors(gain * (mean_mmhg - set_point_mmhg) + SET_POINT_MMHG)
    calm = _effectors(SET_POINT_MMHG)
    return Reflex(
        rate=calm[0] / now[0],
        resistance=now[1] / calm[1],
        force_left=now[2] / calm[2],
        force_right=now[3] / calm[3],
        filling_mmhg=(calm[4] - now[4]) / VESSELS_ML_MMHG,
    )
