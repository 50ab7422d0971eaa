"""What machines that help the heart do in a beat: their flows, the balloon's volume, and the work that they spare.

Flows follow from the pressures on both sides (physics/support.py), so they are read from the steady beat afterwards.
Pressure-volume area: the loop's own area and the triangle between the end-systolic line, the volume at which muscle
develops no force, and the end-systolic point (Suga, Physiol Rev 70:247, 1990); oxygen consumption goes with it.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Trace
from twinviewer.physics.heart_model import Patches
from twinviewer.physics.heartbeat import Beat
from twinviewer.physics.one_fibre import RIGHT
from twinviewer.physics.sarcomere import REFERENCE_LENGTH_UM, SLACK_LENGTH_UM
from twinviewer.physics.support import balloon_ml, pump_flow

Array = NDArray[np.float64]

WATTS = 133.322e-6 / 60.0 * 1000.0
"""W for mmHg L/min."""


def flows(beat: Beat) -> dict[str, Array]:
    """(t,) of each machine that runs: pump_flow_ml_s, ecmo_flow_ml_s, balloon_volume_ml."""
    support = beat.loop.support
    found: dict[str, Array] = {}
    if not support.on:
        return found
    # beyond the root's impedance, where the pumps empty
    artery = beat["aortic_pressure_mmhg"] - beat.loop.aortic.resistance * beat["aortic_flow_ml_s"]
    for name, pump, inlet in (
        ("pump_flow_ml_s", support.ventricle, beat["lv_pressure_mmhg"]),
        ("ecmo_flow_ml_s", support.bypass, beat["ra_pressure_mmhg"]),
    ):
        if pump.loss > 0.0:
            found[name] = np.array([pump_flow(pump, *pair) for pair in zip(inlet, artery, strict=True)])
    if support.balloon.volume_ml > 0.0:
        found["balloon_volume_ml"] = np.array([balloon_ml(support.balloon, t, beat.period_s) for t in beat.time_s])
    return found


def assist_ml_s(machines: Mapping[str, Array]) -> float:
    """Mean flow of all pumps into the aorta."""
    return float(sum(flow.mean() for name, flow in machines.items() if name.endswith("_flow_ml_s")))


def support_traces(beat: Beat) -> Iterator[Trace]:
    """The signals of the machines, closed at the period's end; none without machines."""
    time_s = np.append(beat.time_s, beat.period_s)
    for name, values in flows(beat).items():
        yield Trace(name, "mL" if name.endswith("_ml") else "mL/s", time_s, np.append(values, values[0]))


def support_metrics(beat: Beat) -> Iterator[tuple[str, float, str]]:
    """(name, value, unit) of the machines; nothing without them."""
    machines = flows(beat)
    for name in ("pump", "ecmo"):
        if f"{name}_flow_ml_s" in machines:
            yield f"{name}_flow_l_min", float(machines[f"{name}_flow_ml_s"].mean()) * 0.06, "L/min"
    support = beat.loop.support
    for name, pump, inlet in (
        ("pump", support.ventricle, "lv_pressure_mmhg"),
        ("ecmo", support.bypass, "ra_pressure_mmhg"),
    ):
        if pump.loss > 0.0 and pump.head_mmhg > 0.0:
            yield f"{name}_suction_percent", 100.0 * float((beat[inlet] < pump.suction_mmhg).mean()), "%"
    if "balloon_volume_ml" in machines:
        filled = machines["balloon_volume_ml"] > 0.5 * support.balloon.volume_ml
        if filled.any():
            yield "augmented_diastolic_mmhg", float(beat["aortic_pressure_mmhg"][filled].max()), "mmHg"


def slack_volume_ml(beat: Beat, patches: Patches) -> float:
    """Volume of the left ventricle at which its sarcomeres are so short that they develop no force.

    The midwall of the left wall and the septum, shrunk to the slack length, taken as a sphere; not below 0.
    """
    mine = patches.wall_of != RIGHT
    reference_cm2 = (beat.area_cm2[0] / np.exp(2.0 * beat.strain[0]))[mine].sum()
    midwall_cm2 = float(reference_cm2) * (SLACK_LENGTH_UM / REFERENCE_LENGTH_UM) ** 2
    midwall_ml = midwall_cm2**1.5 / (6.0 * np.sqrt(np.pi))
    return max(midwall_ml - 0.5 * float(patches.wall_ml[mine].sum()), 0.0)


def pressure_volume_area(volume_ml: Array, pressure_mmhg: Array, slack_ml: float, loop_mmhg_ml: float) -> float:
    """Area of loop and end-systolic triangle in mmHg mL. NaN where the ventricle is smaller than its slack volume."""
    over = volume_ml - slack_ml
    if not (over > 0.0).all():
        return float("nan")
    end = int(np.argmax(pressure_mmhg / over))
    return loop_mmhg_ml + 0.5 * float(pressure_mmhg[end] * over[end])
