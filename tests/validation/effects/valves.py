"""Narrow and leaking valves, replaced or clipped: Gorlin, echo's thresholds, catheters before and after."""

import numpy as np
from failing_heart import State, beat_of, patient, state_of, treated_beat
from healthy_heart import beat_of as healthy_beat
from healthy_heart import values_after, volunteer

from tests.validation.effects.effect import Effect, at, towards
from twinviewer.domain import Setup
from twinviewer.engines.beat.metrics import loop_area
from twinviewer.physics.heartbeat import Beat
from twinviewer.physics.valves import LOSS
from twinviewer.therapies.aortic_valve import THERAPY as REPLACEMENT
from twinviewer.therapies.mitral_clip import THERAPY as CLIP
from twinviewer.therapies.valve_lesion import THERAPY as LESION

REST = State(70.0, 5.5, 93.0, 9.0)
ASE = "severe from an orifice of {} (Zoghbi et al., J Am Soc Echocardiogr 30:303, 2017)"
GORLIN = 50.2
"""mL/s of an orifice of 1 cm2 at 1 mmHg: sqrt(1 / LOSS)."""


def with_lesion(replaced: bool, **lesion: float) -> Beat:
    """A healthy circulation with these valves, before or after a SAPIEN 3 of 26 mm."""

    def treat(setup: Setup) -> Setup:
        made = LESION.apply(setup, lesion)
        return REPLACEMENT.apply(made, {}) if replaced else made

    return healthy_beat(values_after(volunteer(REST), treat))


def back_ml(beat: Beat, valve: str) -> tuple[float, float]:
    """What runs back in a beat, and that in per cent of what runs forward."""
    flow = beat[f"{valve}_flow_ml_s"]
    back, ahead = -float(np.clip(flow, None, 0.0).mean()), float(np.clip(flow, 0.0, None).mean())
    return back * beat.period_s, 100.0 * back / ahead


def gorlin_cm2(flow: np.ndarray, drop_mmhg: np.ndarray, open_: np.ndarray) -> float:
    """Area of an orifice from its mean flow and the mean pressure drop while it is open."""
    return float(flow[open_].mean() / (GORLIN * np.sqrt(max(float(drop_mmhg[open_].mean()), 1e-9))))


def gradient_mmhg(beat: Beat, valve: str, area_cm2: float) -> float:
    """Mean over the time that it is open, as Doppler has it."""
    flow = beat[f"{valve}_flow_ml_s"]
    return float((LOSS * (flow[flow > 1.0] / area_cm2) ** 2).mean())


def aortic_valve() -> list[Effect]:
    """Stenosis and regurgitation, and a prosthesis for each."""
    name = "aortic_valve"
    narrow, freed = with_lesion(False, aortic_area_cm2=0.7), with_lesion(True, aortic_area_cm2=0.7)
    flow = narrow["aortic_flow_ml_s"]
    drop = narrow["lv_pressure_mmhg"] - narrow["aortic_pressure_mmhg"]
    work = [loop_area(one["lv_volume_ml"], one["lv_pressure_mmhg"]) for one in (narrow, freed)]
    stroke = [float(np.ptp(one["lv_volume_ml"])) for one in (narrow, freed)]
    peak = [float(one["lv_pressure_mmhg"].max()) for one in (narrow, freed)]
    sound = with_lesion(False)
    usual = loop_area(sound["lv_volume_ml"], sound["lv_pressure_mmhg"]) / float(np.ptp(sound["lv_volume_ml"]))
    leaking, tight = with_lesion(False, aortic_leak_cm2=0.3), with_lesion(True, aortic_leak_cm2=0.3)
    leak = leaking["aortic_flow_ml_s"]
    into = leaking["aortic_pressure_mmhg"] - leaking["lv_pressure_mmhg"]
    before, after = back_ml(leaking, "aortic"), back_ml(tight, "aortic")
    work_ar = [loop_area(one["lv_volume_ml"], one["lv_pressure_mmhg"]) for one in (leaking, tight)]
    forward = [state_of(one).output_l_min for one in (leaking, tight)]
    hahn = "SAPIEN 3 at 30 days (Hahn et al., JACC Cardiovasc Imaging 12:25, 2019)"
    acute = "the ventricle is not one that grew with the leak over years"
    return [
        Effect(name, "stenosis of 0.7 cm2 found again by Gorlin", "aortic area, cm2", **at(0.7),
               ours=gorlin_cm2(flow, drop, flow > 1.0)),
        Effect(name, "severe stenosis, ACC/AHA guideline (Circulation 143:e72, 2021)", "mean gradient at 0.7 cm2, mmHg",
               low=40.0, high=np.inf, ours=gradient_mmhg(narrow, "aortic", 0.7)),
        Effect(name, hahn, "mean gradient after, mmHg", **at(11.2), ours=gradient_mmhg(freed, "aortic", 1.74), near=0.4,
               before=gradient_mmhg(narrow, "aortic", 0.7), why="by area 1.74 cm2 and this output; SD 4.3 to 5"),
        Effect(name, "54 with TAVI, catheter: aortic systolic rises at once", "aortic systolic, mmHg more",
               **towards(0.0, 30.0),
               ours=float(freed["aortic_pressure_mmhg"].max() - narrow["aortic_pressure_mmhg"].max())),
        Effect(name, "the ventricle is freed of the gradient", "peak left pressure, of before", **towards(0.5, 0.9),
               ours=peak[1] / peak[0], before=peak[0]),
        Effect(name, "work a mL of stroke is that of a sound valve again", "mmHg a mL of stroke", **at(usual),
               ours=work[1] / stroke[1], before=work[0] / stroke[0]),
        Effect(name, "regurgitant orifice of 0.3 cm2 found again by Gorlin", "leak, cm2", **at(0.3),
               ours=-gorlin_cm2(leak, into, leak < -1.0)),
        Effect(name, ASE.format("0.30 cm2"), "aortic regurgitant volume, mL", **at(60.0), ours=before[0], near=0.25,
               why=acute),
        Effect(name, ASE.format("0.30 cm2"), "aortic regurgitant fraction, %", **at(50.0), ours=before[1], near=0.25,
               why=acute),
        Effect(name, "replaced: no leak beside the prosthesis", "regurgitant fraction, %", **towards(0.0, 5.0),
               ours=after[1], before=before[1], absolute=True, near=0.0),
        Effect(name, "replaced for regurgitation", "net output, of before", **towards(1.0, 1.4),
               ours=forward[1] / forward[0], before=forward[0]),
        Effect(name, "replaced for regurgitation", "stroke work, of before", **towards(0.4, 0.95),
               ours=work_ar[1] / work_ar[0], before=work_ar[0]),
    ]  # fmt: skip


def mitral_clip() -> list[Effect]:
    """Catheters before and after a clip, in decompensated patients."""
    rest, ill = State(75.0, 2.0 * 1.9, 85.0, 20.0), (("mitral_leak_cm2", 0.4),)
    first = beat_of(patient(rest, ill))
    after = treated_beat(rest, lambda setup: CLIP.apply(setup, {}), ill)
    study = "79 clipped, decompensated before (Biner et al., Eur J Heart Fail 14:939, 2012)"
    why = "leak 0.4 cm2, rate and mean pressure before assumed"
    back = [back_ml(one, "mitral") for one in (first, after)]
    lung = [float(one["pulmonary_artery_pressure_mmhg"].mean()) for one in (first, after)]
    end = [float(one["lv_pressure_mmhg"][int(np.argmax(one["lv_volume_ml"]))]) for one in (first, after)]
    gradient = [gradient_mmhg(first, "mitral", 5.0), gradient_mmhg(after, "mitral", 5.0 * 0.48)]
    return [
        Effect("mitral_clip", study, "net output, L/min", **at(2.5 * 1.9), ours=state_of(after).output_l_min,
               before=state_of(first).output_l_min, why=why),
        Effect("mitral_clip", study, "wedge, mmHg", **at(16.0), ours=state_of(after).wedge_mmhg, near=0.15,
               before=state_of(first).wedge_mmhg, why=why),
        Effect("mitral_clip", study, "end-diastolic pressure, of before", **at(13.0 / 20.0), ours=end[1] / end[0],
               near=0.15, why="it falls by half as much: what was full of the leak is stiff here"),
        Effect("mitral_clip", study, "mean pulmonary pressure, of before", **at(29.0 / 36.0), ours=lung[1] / lung[0]),
        Effect("mitral_clip", "29 clipped: vena contracta area -78 % (Dietl et al. 2018)",
               "regurgitant volume, of before", **at(0.22), ours=back[1][0] / back[0][0], near=0.25,
               before=back[0][0], fitted=True),
        Effect("mitral_clip", "255 clipped (PMC6662353)", "mean gradient, of before", **at(3.1 / 1.6),
               ours=gradient[1] / gradient[0], near=0.25, before=gradient[0], fitted=True),
        Effect("mitral_clip", ASE.format("0.40 cm2"), "regurgitant fraction before, %", low=30.0, high=60.0,
               ours=back[0][1]),
    ]  # fmt: skip


def valve_lesion() -> list[Effect]:
    """Mitral stenosis by Gorlin, and a leak's size."""
    narrow = with_lesion(False, mitral_area_cm2=1.0)
    flow, drop = narrow["mitral_flow_ml_s"], narrow["la_pressure_mmhg"] - narrow["lv_pressure_mmhg"]
    leaking = with_lesion(False, mitral_leak_cm2=0.4)
    return [
        Effect("valve_lesion", "mitral stenosis of 1.0 cm2 found again by Gorlin", "mitral area, cm2", **at(1.0),
               ours=gorlin_cm2(flow, drop, flow > 1.0)),
        Effect("valve_lesion", ASE.format("0.40 cm2"), "mitral regurgitant volume, mL", **at(60.0),
               ours=back_ml(leaking, "mitral")[0], near=0.25),
        Effect("valve_lesion", ASE.format("0.40 cm2"), "mitral regurgitant fraction, %", **at(50.0),
               ours=back_ml(leaking, "mitral")[1], near=0.25),
    ]  # fmt: skip
