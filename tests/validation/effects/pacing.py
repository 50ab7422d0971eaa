"""Pacing, coronary arteries: a heart of two ellipsoids with a left bundle branch block, or sound, before and after."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from ideal_heart import ideal_heart
from ideal_patient import ideal_patient, measured

from tests.validation.effects.effect import Effect, at, towards
from twinviewer.domain import Frame, Metric, Records, Setup
from twinviewer.engines.beat import ENGINE
from twinviewer.organs.heart.setup import setup
from twinviewer.therapies.conduction_pacing import THERAPY as CONDUCTION
from twinviewer.therapies.coronary import TERRITORIES, territory
from twinviewer.therapies.coronary import THERAPY as CORONARY
from twinviewer.therapies.crt import THERAPY as CRT

SEPTUM = (2, 3, 8, 9)


@lru_cache(maxsize=2)
def patient(conduction: str, esv_ml: float) -> Setup:
    """100 mL at end-diastole; fitted to a cuff and this end-systole, PR 180 ms."""
    records = Records(
        {
            "heart_rate_bpm": measured(70.0, "bpm"),
            "systolic_mmhg": measured(112.0, "mmHg"),
            "diastolic_mmhg": measured(70.0, "mmHg"),
        }
    )
    volumes = {"lv_edv_ml": measured(100.0, "mL"), "lv_esv_ml": measured(esv_ml, "mL")}
    return setup(ideal_heart(), volumes, records, {"conduction": conduction, "pr_interval_ms": 180.0})


def numbers(chosen: Setup) -> dict[str, float]:
    """Metrics of a steady beat."""
    found: dict[str, float] = {}
    for payload in ENGINE.run(chosen):
        if isinstance(payload, Metric):
            found[payload.name] = payload.quantity.value
        if isinstance(payload, Frame):
            break
    return found


def flash_percent(chosen: Setup) -> float:
    """How much the septum shortens, in % of its length, before blood leaves the ventricle."""
    strain, moment, found = [], [], {}
    for payload in ENGINE.run(chosen):
        if isinstance(payload, Metric):
            found[payload.name] = payload.quantity.value
        if isinstance(payload, Frame):
            strain.append(payload.fields["strain_fibre"])
            moment.append(payload.time_s)
    septum = np.isin(np.asarray(chosen.mesh.point_fields["aha_segment"]), SEPTUM)
    onset_s = found["excitation_ms"] / 1000.0
    since = (np.array(moment) - onset_s) % (60.0 / found["heart_rate_bpm"])
    early = since <= found["pre_ejection_ms"] / 1000.0
    return float(np.nanmean(np.array(strain)[early][:, septum], axis=1).min())


@lru_cache(maxsize=16)
def paced(state: str, therapy: str = "", **values: Any) -> Mapping[str, float]:
    """Numbers of the blocked (ESV 68 mL) or the sound (44 mL) heart under a therapy."""
    own = patient(state, 68.0 if state == "lbbb" else 44.0)
    if not therapy:
        return numbers(own)
    return numbers({"crt": CRT, "conduction_pacing": CONDUCTION}[therapy].apply(own, values))


def crt() -> list[Effect]:
    """Acute effects of two leads, of one, of two electrodes, and where there is nothing to gain."""
    name, first, both = "crt", paced("lbbb"), paced("lbbb", "crt")
    rate = "lv_dpdt_max_mmhg_s"
    gain = 100.0 * (both[rate] / first[rate] - 1.0)
    right, multi = paced("lbbb", "crt", pacing_mode="rv_only"), paced("lbbb", "crt", lv_second="AHA5")
    septal = paced("lbbb", "crt", lv_lead="AHA9")
    sound, no_gain = paced("normal"), paced("normal", "crt")
    worse = paced("normal", "crt", pacing_mode="rv_only")
    own = patient("lbbb", 68.0)
    flash = flash_percent(own), flash_percent(CRT.apply(own, {}))
    acute = "acute, left bundle branch block (Auricchio, Circulation 99:2993, 1999; Duckett, JACC 58:1128, 2011)"
    zanon = "29 patients, one and two electrodes (Zanon et al., Heart Rhythm 12:975, 2015)"
    narrow = "narrow QRS: no gain (RethinQ, NEJM 357:2461, 2007; LESSER-EARTH, Circulation 127:873, 2013)"
    right_only = "right ventricle alone desynchronises (DAVID, JAMA 288:3115, 2002)"
    return [
        Effect(name, acute, "rise of dP/dt max, %", low=10.0, high=25.0, ours=gain, before=first[rate]),
        Effect(name, "228 patients: QRS -20 ms (MIRACLE, NEJM 346:1845, 2002)", "change of QRS, ms", **towards(-45.0,
               -10.0), ours=both["qrs_ms"] - first["qrs_ms"], before=first["qrs_ms"]),
        Effect(name, "septal flash goes (Parsai et al., Eur Heart J 30:940, 2009)",
               "early septal shortening, of before", **towards(-0.5, 0.5), ours=flash[1] / flash[0], before=flash[0]),
        Effect(name, "work moves to the septum (Prinzen, JACC 33:1735, 1999)", "septal work, kPa", **towards(2.0, 6.0),
               ours=both["septal_work_kpa"], before=first["septal_work_kpa"], near=0.2),
        Effect(name, "and from the lateral wall (the same)", "lateral work, of before", **towards(0.3, 0.9),
               ours=both["lateral_work_kpa"] / first["lateral_work_kpa"]),
        Effect(name, zanon, "dP/dt max with one, of before", **at(1144.0 / 951.0), ours=both[rate] / first[rate]),
        Effect(name, zanon, "dP/dt max with two, of one", **at(1178.0 / 1144.0), ours=multi[rate] / both[rate],
               near=0.03),
        Effect(name, zanon, "QRS with two less one, ms", **at(-4.0), ours=multi["qrs_ms"] - both["qrs_ms"],
               absolute=True, near=5.0),
        Effect(name, "a lead in the septum does less (Derval et al., JACC 55:566, 2010)", "gain, of the lateral lead's",
               **towards(-0.5, 0.6), ours=(septal[rate] - first[rate]) / (both[rate] - first[rate])),
        Effect(name, narrow, "dP/dt max, of before", **towards(0.85, 1.02), ours=no_gain[rate] / sound[rate]),
        Effect(name, right_only, "dP/dt max of a sound heart, of before", **towards(0.8, 0.98),
               ours=worse[rate] / sound[rate]),
        Effect(name, right_only, "QRS of a block, wider by ms", **towards(5.0, 60.0),
               ours=right["qrs_ms"] - first["qrs_ms"]),
    ]  # fmt: skip


def conduction_pacing() -> list[Effect]:
    """His and left bundle area."""
    name, first, sound = "conduction_pacing", paced("lbbb"), paced("normal")
    his = paced("lbbb", name, place="his")
    bundle, narrow = paced("lbbb", name, place="left_bundle"), paced("normal", name, place="left_bundle")
    study = "left bundle area, septal deployment (2020)"
    rate = "lv_dpdt_max_mmhg_s"
    more = "as much as two leads or more (direction; no figure read)"
    both = paced("lbbb", "crt")
    return [
        Effect(name, study + ": 170 to 126 ms", "QRS of a block, of before", **at(126.0 / 170.0),
               ours=bundle["qrs_ms"] / first["qrs_ms"]),
        Effect(name, study + ": 98 to 121 ms", "QRS of a sound heart, of before", **at(121.0 / 98.0),
               ours=narrow["qrs_ms"] / sound["qrs_ms"], near=0.2, why="the right ventricle waits for the septum"),
        Effect(name, "His: the branches conduct again (Lustgarten et al., Heart Rhythm 12:1548, 2015)",
               "QRS of a block, ms", **at(sound["qrs_ms"]), ours=his["qrs_ms"], before=first["qrs_ms"], near=0.05),
        Effect(name, more, "dP/dt max, of two leads", **towards(1.0, 1.12), ours=bundle[rate] / both[rate]),
        Effect(name, "His: rise of dP/dt max as with two leads or more (Arnold et al., JACC 72:3112, 2018)",
               "rise, %", **towards(10.0, 30.0), ours=100.0 * (his[rate] / first[rate] - 1.0), before=first[rate]),
    ]  # fmt: skip


def coronary() -> list[Effect]:
    """A balloon in the left anterior descending artery, and its opening to muscle that lives."""
    name, own = "coronary", ideal_patient()
    first, closed = numbers(own), numbers(CORONARY.apply(own, {"vessel": "lad"}))
    study = "16 with a balloon in the LAD (J Am Coll Cardiol 12:341, 1988): all moved so"
    same = "26 with a balloon in the LAD (PMC484013)"
    inside = territory(own.mesh, TERRITORIES["lad"])
    asleep = np.where(inside, 0.4, 1.0)
    sick = replace(own, tissue={**own.tissue, "contractility_scale": asleep, "conduction_scale": np.ones(len(asleep))})
    ill, well = numbers(sick), numbers(CORONARY.apply(sick, {"change": "revascularise", "recovery_percent": 80.0}))
    return [
        Effect(name, study, "ejection fraction, of before", **towards(0.5, 0.85),
               ours=closed["lv_ef_percent"] / first["lv_ef_percent"], before=first["lv_ef_percent"]),
        Effect(name, study, "end-diastolic pressure, of before", **towards(1.05, 2.5),
               ours=closed["lv_end_diastolic_mmhg"] / first["lv_end_diastolic_mmhg"]),
        Effect(name, "9 men, 60 s (Am J Cardiol 60:460, 1987)", "dP/dt max, of before", **towards(0.6, 0.95),
               ours=closed["lv_dpdt_max_mmhg_s"] / first["lv_dpdt_max_mmhg_s"]),
        Effect(name, same, "end-systolic volume, of before", **towards(1.1, 2.0),
               ours=closed["lv_esv_ml"] / first["lv_esv_ml"]),
        Effect(name, same + ": systolic unchanged", "aortic systolic, of before", **towards(0.97, 1.03),
               ours=closed["systolic_aortic_mmhg"] / first["systolic_aortic_mmhg"],
               why="reflexes that keep it up are off"),
        Effect(name, "hibernating muscle works again when opened (De Servi et al., Am J Cardiol 72:119G, 1993)",
               "ejection fraction, of before the loss", **towards(0.9, 1.0),
               ours=well["lv_ef_percent"] / first["lv_ef_percent"],
               before=ill["lv_ef_percent"] / first["lv_ef_percent"]),
    ]  # fmt: skip
