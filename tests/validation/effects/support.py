"""Machines against patients, calves and swine in shock: output, pressures, and what the loop does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from failing_heart import State, beat_of, patient, state_of, treated_beat

from tests.validation.effects.effect import Effect, at, towards
from twinviewer.domain import Setup
from twinviewer.engines.beat.metrics import loop_area
from twinviewer.engines.beat.support import flows, pressure_volume_area
from twinviewer.physics.heartbeat import Beat
from twinviewer.therapies.balloon_pump import THERAPY as BALLOON
from twinviewer.therapies.ecmo import THERAPY as ECMO
from twinviewer.therapies.impella import THERAPY as IMPELLA
from twinviewer.therapies.lvad import THERAPY as LVAD

BODY_M2 = 1.9
SHOCK = State(95.0, 3.2, 66.0, 24.0)
"""Cardiogenic shock: index 1.7, as in ISAR-SHOCK; pressures and rate assumed."""


def on(rest: State, *steps: tuple[Any, Mapping[str, Any]]) -> Beat:
    """The beat with these machines, each with its values."""

    def treat(setup: Setup) -> Setup:
        for therapy, values in steps:
            setup = therapy.apply(setup, values)
        return setup

    return treated_beat(rest, treat)


def loop_of_beat(beat: Beat) -> dict[str, float]:
    """What a conductance catheter reads."""
    volume, pressure = beat["lv_volume_ml"], beat["lv_pressure_mmhg"]
    work = loop_area(volume, pressure)
    end = int(np.argmax(pressure / volume))
    return {
        "edv": float(volume.max()),
        "esv": float(volume.min()),
        "stroke": float(volume.max() - volume.min()),
        "edp": float(pressure[int(np.argmax(volume))]),
        "peak": float(pressure.max()),
        "esp": float(pressure[end]),
        "work": work,
        "pva": pressure_volume_area(volume, pressure, 0.0, work),
    }


def pump_l_min(beat: Beat) -> float:
    """Flow of the machines."""
    return 0.06 * float(sum(flow.mean() for name, flow in flows(beat).items() if name.endswith("ml_s")))


def impella() -> list[Effect]:
    """RECOVER I and ISAR-SHOCK."""
    name, small = "impella", "12 in shock, Impella 2.5 at P-8 (ISAR-SHOCK, JACC 52:1584, 2008)"
    beat = on(SHOCK, (IMPELLA, {"device": "2.5", "level": 8}))
    rows = [
        Effect(name, small, "output, L/min", **at(SHOCK.output_l_min + 0.49 * BODY_M2),
               ours=state_of(beat).output_l_min, before=SHOCK.output_l_min,
               why="index before assumed 1.7; the SD of the gain is 0.46"),
    ]  # fmt: skip
    rest = State(95.0, 1.65 * BODY_M2, 71.4, 25.0)
    first, after = beat_of(patient(rest)), on(rest, (IMPELLA, {"device": "5.0", "level": 6}))
    lung = [float(one["pulmonary_artery_pressure_mmhg"].min()) for one in (first, after)]
    large = "16 after cardiac surgery, Impella 5.0 (RECOVER I, J Thorac Cardiovasc Surg 145:548, 2013)"
    rows += [
        Effect(name, large, "pump flow, L/min", **at(4.0), ours=pump_l_min(after), near=0.15,
               fitted=True, why="P-6 was chosen for this flow"),
        Effect(name, large, "output, L/min", **at(2.7 * BODY_M2), ours=state_of(after).output_l_min,
               before=rest.output_l_min, why="nothing is ejected beside the pump here; theirs was on inotropes"),
        Effect(name, large, "mean pressure, mmHg", **at(83.1), ours=state_of(after).mean_mmhg, before=71.4, near=0.08),
        Effect(name, large, "diastolic pulmonary, mmHg", **at(19.8), ours=lung[1], before=lung[0], near=0.20,
               why="these veins take up little of what the lungs give up, and pressors were not weaned"),
    ]  # fmt: skip
    full = loop_of_beat(on(SHOCK, (IMPELLA, {"device": "5.0", "level": 9})))
    before = loop_of_beat(beat_of(patient(SHOCK)))
    shape = "loop leaves both isovolumic sides, moves left, area falls (Burkhoff, JACC 66:2663, 2015: simulation)"
    beats = beat_of(patient(SHOCK)), on(SHOCK, (IMPELLA, {"device": "5.0", "level": 9}))
    still = [isovolumic_share(one) for one in beats]
    rows += [
        Effect(name, shape, "isovolumic share of the beat, %", **towards(0.0, 5.0), ours=100.0 * still[1],
               absolute=True,
               near=2.0, before=100.0 * still[0]),
        Effect(name, shape, "pressure-volume area, of before", **towards(0.5, 0.95), ours=full["pva"] / before["pva"]),
        Effect(name, shape, "end-diastolic pressure, of before", **towards(0.4, 0.9), ours=full["edp"] / before["edp"]),
    ]  # fmt: skip
    return rows


def isovolumic_share(beat: Beat) -> float:
    """How much of the beat the left volume stands still although the pressure is far from its least."""
    volume, pressure = beat["lv_volume_ml"], beat["lv_pressure_mmhg"]
    flow = np.abs(np.gradient(volume, beat.time_s))
    far = pressure > pressure.min() + 0.15 * np.ptp(pressure)
    return float((far & (flow < 10.0)).mean())


def balloon_pump() -> list[Effect]:
    """ISAR-SHOCK's other arm, and calves with a loop catheter."""
    name = "balloon_pump"
    first, after = beat_of(patient(SHOCK)), on(SHOCK, (BALLOON, {}))
    one, two = loop_of_beat(first), loop_of_beat(after)
    calves = "12 calves with ischaemic failure, loops (Kawaguchi, Pae et al.)"
    isar = "13 in shock (ISAR-SHOCK, JACC 52:1584, 2008)"
    stroke = two["stroke"] / one["stroke"]
    return [
        Effect(name, isar, "output, L/min", **at(SHOCK.output_l_min + 0.11 * BODY_M2),
               ours=state_of(after).output_l_min, before=SHOCK.output_l_min, why="index before assumed 1.7"),
        Effect(name, calves, "end-systolic pressure, of before", **at(64.0 / 69.0), ours=two["esp"] / one["esp"]),
        Effect(name, calves, "stroke volume, of before", **at(24.0 / 21.0), ours=stroke),
        Effect(name, calves, "arterial elastance, of before", **at(2.9 / 3.6), ours=two["esp"] / one["esp"] / stroke),
        Effect(name, calves, "end-diastolic pressure, of before", **at(12.8 / 13.9), ours=two["edp"] / one["edp"]),
        Effect(name, calves, "end-diastolic volume, of before", **at(137.0 / 139.0), ours=two["edv"] / one["edv"]),
        Effect(name, calves, "pressure-volume area, of before", **at(849.0 / 914.0), ours=two["pva"] / one["pva"]),
        Effect(name, "6 in shock, serial hemodynamics, first day", "highest diastolic pressure, mmHg", low=112.0,
               high=120.0, ours=float(after["aortic_pressure_mmhg"].max()),
               before=float(first["aortic_pressure_mmhg"].max()),
               why="their pressure before is not in the abstract and was kept up by pressors"),
    ]  # fmt: skip


def ecmo() -> list[Effect]:
    """Swine with a loop catheter, from the least flow to 5 L/min."""
    name, study = "ecmo", "5 swine with tachycardia cardiomyopathy, 5 L/min (Hala et al., J Transl Med 18:75, 2020)"
    rest = State(72.0, 2.9, 42.0, 10.0)
    speed = speed_for(5.0, rest)
    one, two = loop_of_beat(beat_of(patient(rest))), loop_of_beat(on(rest, (ECMO, {"speed_rpm": speed})))
    shock = "5 swine in hypoxic shock, 1 to 5 L/min (Ostadal et al., J Transl Med 13:266, 2015)"
    hard = State(60.0, 2.8, 50.0, 12.0)
    low, high = (on(hard, (ECMO, {"speed_rpm": speed_for(flow, hard)})) for flow in (1.0, 5.0))
    three, four = loop_of_beat(low), loop_of_beat(high)
    native = [0.06 * float(beat["aortic_flow_ml_s"].mean()) for beat in (low, high)]
    same = "rate, mean and wedge pressure before assumed"
    fewer = "their ejection fraction held against the load, so force must have risen with better blood; ours stays"
    return [
        Effect(name, study, "flow, L/min", **at(5.0), ours=pump_l_min(on(rest, (ECMO, {"speed_rpm": speed}))),
               fitted=True, why=f"{speed:.0f} rpm was chosen for this flow"),
        Effect(name, study, "peak left pressure, of before", **at(73.0 / 49.0), ours=two["peak"] / one["peak"],
               why=same),
        Effect(name, study, "end-diastolic volume, of before", **at(218.0 / 189.0), ours=two["edv"] / one["edv"]),
        Effect(name, study, "end-systolic volume, of before", **at(167.0 / 139.0), ours=two["esv"] / one["esv"]),
        Effect(name, study, "end-diastolic pressure, mmHg", **at(15.0), ours=two["edp"], before=one["edp"], near=0.25),
        Effect(name, study, "stroke work, of before", **at(1892.0 / 1434.0), ours=two["work"] / one["work"], why=fewer),
        Effect(name, shock, "output of the heart, of 1 L/min", **at(1.86 / 2.8), ours=native[1] / native[0],
               near=0.2, why=fewer),
        Effect(name, shock, "end-systolic volume, of 1 L/min", **at(83.0 / 64.0), ours=four["esv"] / three["esv"]),
        Effect(name, shock, "stroke volume, of 1 L/min", **at(40.0 / 48.0), ours=four["stroke"] / three["stroke"],
               near=0.2, why=fewer),
        *vented(rest, speed),
    ]  # fmt: skip


def vented(rest: State, speed: float) -> list[Effect]:
    """An Impella or a balloon beside the circuit: what it takes from the ventricle again."""
    alone = loop_of_beat(on(rest, (ECMO, {"speed_rpm": speed})))
    both = loop_of_beat(on(rest, (ECMO, {"speed_rpm": speed}), (IMPELLA, {"device": "cp", "level": 6})))
    study = "Impella beside it: unloads (direction: Burkhoff, JACC 66:2663, 2015)"
    return [
        Effect("ecmo", study, "end-diastolic volume, of ECMO alone", **towards(0.5, 0.97),
               ours=both["edv"] / alone["edv"]),
        Effect("ecmo", study, "end-diastolic pressure, of ECMO alone", **towards(0.2, 0.95),
               ours=both["edp"] / alone["edp"]),
    ]  # fmt: skip


def speed_for(flow_l_min: float, rest: State) -> float:
    """The speed that gives this flow, within 50 rpm, as a perfusionist sets it."""
    low, high = 1500.0, 4500.0
    while high - low > 50.0:
        middle = 0.5 * (low + high)
        if pump_l_min(on(rest, (ECMO, {"speed_rpm": middle}))) < flow_l_min:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def lvad() -> list[Effect]:
    """A ramp of speeds with a catheter in place."""
    rest = State(80.0, 3.4, 75.0, 26.0)
    slow, fast = (on(rest, (LVAD, {"speed_rpm": speed})) for speed in (4600.0, 6400.0))
    study = "35 ramps of HeartMate II and HVAD, least to highest speed (Uriel et al., JACC Heart Fail 4:208, 2016)"
    one, two = state_of(slow), state_of(fast)
    why = "another pump: 4600 to 6400 rpm are the same ratio of speeds; before implantation assumed"
    curve = "HeartMate 3, instructions for use, 5000 rpm against 60 mmHg"
    return [
        Effect("lvad", curve, "flow, L/min", **at(4.4), ours=bench_l_min(5000.0, 60.0), fitted=True),
        Effect("lvad", study, "gain of output, L/min", **at(1.28), ours=two.output_l_min - one.output_l_min, near=0.7,
               absolute=True, why=why + "; SD 1.41"),
        Effect("lvad", study, "change of wedge, mmHg", **at(-9.9), ours=two.wedge_mmhg - one.wedge_mmhg, near=3.3,
               absolute=True, why=why + "; SD 6.5"),
        Effect("lvad", study, "change of right atrial pressure, mmHg", **at(0.0), ours=two.right_mmhg - one.right_mmhg,
               near=2.0, absolute=True, why=why),
    ]  # fmt: skip


def bench_l_min(speed_rpm: float, head_mmhg: float) -> float:
    """Flow of the pump on a bench."""
    from twinviewer.physics.support import Pump, pump_flow
    from twinviewer.therapies.lvad import HEAD_MMHG_KRPM2, LOSS_MMHG_S2_ML2, RESISTANCE_MMHG_S_ML

    pump = Pump(HEAD_MMHG_KRPM2 * (speed_rpm / 1000.0) ** 2, RESISTANCE_MMHG_S_ML, LOSS_MMHG_S2_ML2)
    return 0.06 * float(pump_flow(pump, 20.0, 20.0 + head_mmhg))
