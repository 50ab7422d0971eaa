"""Machines that help the heart: pumps from a chamber into the aorta, and a balloon within it.

A pump at one speed, from a chamber at p_in to the aorta at p_out:

    H - R Q - K Q |Q| = p_out - p_in            H = h n^2 at n revolutions a minute

H is the head against a closed outlet; it goes with the square of the speed (affinity law), and K holds the losses of
rotor and cannulas. The flow follows the pressures at once: a pump's hysteresis is small beside a beat. When the inlet
runs dry tissue is sucked to it, a resistance that grows as the pressure there falls below a threshold (Choi et al.,
IEEE Trans Biomed Eng 48:1139, 2001: 3.5 mmHg s/mL a mmHg below 1 mmHg). A pump too slow for the pressure across it lets
blood run back.

A balloon in the aorta takes up room, so that blood C p presses as C p + V_b would: p = p_blood + V_b(t) / C. It fills
after the aortic valve has shut and empties before it opens. Its moments are told from the first ventricular excitation,
as by the R wave of an ECG. Units: mmHg, mL, s.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from numba import njit

from twinviewer.domain import EngineError

SUCTION_MMHG_S_ML = 3.5
"""Resistance gained for each mmHg that the inlet lies below its threshold."""
WEISSLER_MS, WEISSLER_MS_BPM = 546.0, 2.1
"""Electromechanical systole, onset of QRS to closure of the aortic valve: 546 - 2.1 bpm ms (Weissler, Circulation
37:149, 1968), the same in heart failure."""


class Pump(NamedTuple):
    """head_mmhg against a closed outlet; resistance mmHg s/mL; loss mmHg s^2/mL^2; suction_mmhg: inlet pressure below
    which tissue closes on the inlet. Without losses there is no pump."""

    head_mmhg: float = 0.0
    resistance: float = 0.0
    loss: float = 0.0
    suction_mmhg: float = 1.0


class Balloon(NamedTuple):
    """volume_ml when full. inflate_s: when it begins to fill, deflate_s: when it begins to empty, after the first
    ventricular excitation (deflate_s may lie before the next one: negative). rise_s, fall_s: how long these take.
    excited_s: that excitation after the P wave's start."""

    volume_ml: float = 0.0
    inflate_s: float = 0.0
    deflate_s: float = 0.0
    rise_s: float = 0.1
    fall_s: float = 0.1
    excited_s: float = 0.0


class Support(NamedTuple):
    """ventricle: pump from the left ventricle to the aorta; bypass: from the right atrium, by an oxygenator. on:
    whether there is any machine at all."""

    ventricle: Pump
    bypass: Pump
    balloon: Balloon
    on: bool


NO_SUPPORT = Support(Pump(), Pump(), Balloon(), False)


@njit(cache=True)
def pump_flow(pump: Pump, inlet_mmhg: float, outlet_mmhg: float) -> float:
    """Flow in mL/s, negative backwards, between these pressures."""
    if pump.loss <= 0.0:
        return 0.0
    push = pump.head_mmhg + inlet_mmhg - outlet_mmhg
    resistance = pump.resistance
    if push > 0.0 and inlet_mmhg < pump.suction_mmhg:
        resistance += SUCTION_MMHG_S_ML * (pump.suction_mmhg - inlet_mmhg)
    if push == 0.0:
        return 0.0
    return 2.0 * push / (resistance + math.sqrt(resistance * resistance + 4.0 * pump.loss * abs(push)))


@njit(cache=True)
def balloon_ml(balloon: Balloon, time_s: float, period_s: float) -> float:
    """Volume of the balloon in mL at a time after the P wave's start; it fills and empties along half a cosine."""
    if balloon.volume_ml <= 0.0:
        return 0.0
    filling = (time_s - balloon.excited_s - balloon.inflate_s) % period_s
    filled_s = (balloon.deflate_s - balloon.inflate_s) % period_s
    if filling < filled_s:
        if filling >= balloon.rise_s:
            return balloon.volume_ml
        return balloon.volume_ml * 0.5 * (1.0 - math.cos(math.pi * filling / balloon.rise_s))
    emptying = filling - filled_s
    if emptying >= balloon.fall_s:
        return 0.0
    # where it was told to empty before it was full it empties from there
    reached = min(filled_s / balloon.rise_s, 1.0)
    height = 0.5 * (1.0 - math.cos(math.pi * reached))
    return balloon.volume_ml * height * 0.5 * (1.0 + math.cos(math.pi * emptying / balloon.fall_s))


def support_of(value: Mapping[str, float]) -> Support:
    """The machines of these parameters, none where none is given. EngineError for what is not physical.

    pump_head_mmhg, pump_resistance_mmhg_s_ml, pump_loss_mmhg_s2_ml2: from the left ventricle; ecmo_...: from the right
    atrium; balloon_ml, balloon_inflate_ms (after the end of systole that is expected by heart_rate_bpm),
    balloon_deflate_ms (after the R wave; negative: before the next).
    """
    ventricle, bypass = _pump_of(value, "pump"), _pump_of(value, "ecmo")
    balloon = Balloon()
    volume_ml = value.get("balloon_ml", 0.0)
    if not (math.isfinite(volume_ml) and volume_ml >= 0.0):
        raise EngineError("balloon_ml must not be below zero", where=f"balloon_ml = {volume_ml}")
    if volume_ml > 0.0:
        systole_ms = WEISSLER_MS - WEISSLER_MS_BPM * value["heart_rate_bpm"]
        inflate_ms = systole_ms + value["balloon_inflate_ms"]
        balloon = Balloon(volume_ml, inflate_ms / 1000.0, value["balloon_deflate_ms"] / 1000.0)
    on = ventricle.loss > 0.0 or bypass.loss > 0.0 or volume_ml > 0.0
    return Support(ventricle, bypass, balloon, on) if on else NO_SUPPORT


def _pump_of(value: Mapping[str, float], name: str) -> Pump:
    if f"{name}_loss_mmhg_s2_ml2" not in value:
        return Pump()
    keys = (f"{name}_head_mmhg", f"{name}_resistance_mmhg_s_ml", f"{name}_loss_mmhg_s2_ml2")
    head, resistance, loss = (value[key] for key in keys)
    if not (math.isfinite(head) and head >= 0.0 and resistance >= 0.0 and math.isfinite(resistance) and loss > 0.0):
        raise EngineError(
            "a pump's head and resistance must not be below zero, and its loss above it",
            where=f"{name}: {head} mmHg, {resistance} mmHg s/mL, {loss} mmHg s2/mL2",
        )
    return Pump(head, resistance, loss)


def triggered(support: Support, excited_s: float) -> Support:
    """The same with the balloon told of the first ventricular excitation, after the P wave's start."""
    return support._replace(balloon=support.balloon._replace(excited_s=excited_s))
