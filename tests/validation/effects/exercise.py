"""Posture, exercise and volume against volunteers and patients with a catheter."""

import numpy as np
from failing_heart import State, beat_of, patient, state_of, treated_beat
from healthy_heart import beat_of as healthy_beat
from healthy_heart import treated as healthy_treated
from healthy_heart import volunteer

from tests.validation.effects.effect import Effect, at, towards
from twinviewer.therapies.exercise import THERAPY as EXERCISE
from twinviewer.therapies.load import THERAPY as LOAD
from twinviewer.therapies.posture import THERAPY as POSTURE

LYING, UPRIGHT = State(66.0, 6.1, 90.0, 8.0), State(73.0, 3.0 * 1.9, 98.0, 6.0)
CLASS_3 = State(85.0, 4.2, 85.0, 24.0)
MOST = {"highest_w": 186.0, "highest_bpm": 167.0}


def tilted(angle_deg: float) -> State:
    """A volunteer head up."""
    return state_of(healthy_treated(LYING, lambda setup: POSTURE.apply(setup, {"angle_deg": angle_deg})))


def at_work(power_w: float) -> State:
    """A volunteer on a bicycle, upright."""
    return state_of(healthy_treated(UPRIGHT, lambda setup: EXERCISE.apply(setup, {"power_w": power_w, **MOST})))


def posture() -> list[Effect]:
    """Tilt tables."""
    name, first, full = "posture", state_of(healthy_beat(volunteer(LYING))), tilted(60.0)
    own = "healthy, 60 degrees (Hainsworth and Al-Shamma, Clin Sci 74:17, 1988)"
    men = "8 men, 55 degrees (Clin Auton Res 7:97, 1997)"
    young = "6 young people, erect (haemodynamic changes during continuous exercise)"
    mid, up = tilted(55.0), tilted(90.0)
    weak = state_of(treated_beat(CLASS_3, lambda setup: POSTURE.apply(setup, {"reflex_percent": 30.0})))
    failing = state_of(beat_of(patient(CLASS_3)))
    return [
        Effect(name, own, "change of output, L/min", **at(-1.41), ours=full.output_l_min - first.output_l_min,
               fitted=True),
        Effect(name, own, "change of mean pressure, mmHg", **at(9.4), ours=full.mean_mmhg - first.mean_mmhg,
               fitted=True),
        Effect(name, men, "rate, of lying", **at(1.11), ours=mid.rate_bpm / first.rate_bpm),
        Effect(name, men, "stroke, of lying", **at(0.75), ours=mid.stroke_ml / first.stroke_ml, near=0.15),
        Effect(name, men, "mean pressure, of lying", **at(1.16), ours=mid.mean_mmhg / first.mean_mmhg),
        Effect(name, young, "output, of lying", **at(0.75), ours=up.output_l_min / first.output_l_min),
        Effect(name, young, "stroke, of lying", **at(0.67), ours=up.stroke_ml / first.stroke_ml, near=0.15),
        Effect(name, "heart failure, 60 degrees: no significant change (right heart catheter)", "output, of lying",
               **towards(0.93, 1.07), ours=weak.output_l_min / failing.output_l_min, near=0.02,
               why="reflexes of 30 % assumed"),
    ]  # fmt: skip


def exercise() -> list[Effect]:
    """Bicycles."""
    name, first = "exercise", state_of(healthy_beat(volunteer(UPRIGHT)))
    men = "24 men upright, highest power (Higginbotham et al., Circ Res 58:281, 1986)"
    half = "the same at half of it, output linear in oxygen uptake"
    full, mid = at_work(186.0), at_work(93.0)
    older = state_of(
        healthy_treated(
            UPRIGHT, lambda setup: EXERCISE.apply(setup, {"power_w": 27.0, "highest_w": 130.0, "highest_bpm": 155.0})
        )
    )
    sick = "14 in failure of class III, supine and upright exercise compared: 124 bpm"
    values = {"power_w": 80.0, "highest_w": 80.0, "highest_bpm": 124.0, "reserve_percent": 25.0}
    after = state_of(treated_beat(CLASS_3, lambda setup: EXERCISE.apply(setup, values)))
    return [
        Effect(name, men, "output, L/min", **at(9.7 * 1.9), ours=full.output_l_min, before=first.output_l_min,
               fitted=True, why="the model's ventricle fills no faster"),
        Effect(name, men, "stroke, of rest", **at(58.0 / 41.0), ours=full.stroke_ml / first.stroke_ml, fitted=True,
               why="the same"),
        Effect(name, half, "output, L/min", **at(0.5 * (3.0 + 9.7) * 1.9), ours=mid.output_l_min,
               before=first.output_l_min),
        Effect(name, "most of the rise of stroke comes early", "rise of stroke at half the power, of all",
               **towards(0.7, 1.2),
               ours=(mid.stroke_ml - first.stroke_ml) / (full.stroke_ml - first.stroke_ml)),
        Effect(name, "10 untrained men of 66 years at 90 bpm (McLaren, Nurhayati and Boutcher)", "stroke, of rest",
               **at(1.31),
               ours=older.stroke_ml / first.stroke_ml, near=0.15,
               why="by impedance; ours at 21 % of the power"),
        Effect(name, "peripheral resistance falls throughout (the same)", "mean pressure over output, of rest",
               **towards(0.3, 0.9),
               ours=(older.mean_mmhg / older.output_l_min) / (first.mean_mmhg / first.output_l_min)),
        Effect(name, sick, "mean pressure, mmHg", **at(95.0), ours=after.mean_mmhg, before=CLASS_3.mean_mmhg,
               near=0.08, fitted=True, why="rest assumed"),
        Effect(name, sick, "left filling pressure, mmHg", **at(35.0), ours=after.wedge_mmhg, before=CLASS_3.wedge_mmhg,
               near=0.15, why="rest assumed"),
    ]  # fmt: skip


def load() -> list[Effect]:
    """A fast infusion, with a catheter in place."""
    first = state_of(healthy_beat(volunteer(LYING)))
    full = state_of(healthy_treated(LYING, lambda setup: LOAD.apply(setup, {"blood_volume_ml": 400.0})))
    tight = state_of(healthy_treated(LYING, lambda setup: LOAD.apply(setup, {"systemic_resistance_percent": 200.0})))
    study = "50 healthy, saline 10 mL/kg in minutes (J Card Fail 25:902, 2019)"
    why = "400 of some 750 mL taken to be under pressure in the vessels still"
    return [
        Effect("load", study, "rise of wedge, mmHg", low=6.0, high=7.0, ours=full.wedge_mmhg - first.wedge_mmhg,
               near=0.15, why=why),
        Effect("load", "32 and 24 healthy, 3 L of saline (Kumar et al. 2004)", "stroke, of before", low=1.10, high=1.25,
               ours=full.stroke_ml / first.stroke_ml, near=0.03, why=why + "; theirs was thinned blood besides"),
        Effect("load", "afterload: stroke falls as pressure rises (Ross and Braunwald 1964: angiotensin)",
               "stroke, of before", **towards(0.6, 0.98), ours=tight.stroke_ml / first.stroke_ml),
        Effect("load", "the same", "mean pressure, of before", **towards(1.1, 2.0),
               ours=tight.mean_mmhg / first.mean_mmhg),
    ]  # fmt: skip


def beta_blocker() -> list[Effect]:
    """MERIT-HF's rates by resting rate, and its low dose."""
    from twinviewer.therapies.beta_blocker import effect, rate_fall_bpm

    quintiles = "MERIT-HF: fall of the rate by resting rate (Gullestad et al., JACC 45:252, 2005)"
    rows = [
        Effect("beta_blocker", quintiles, f"fall at {resting} bpm, bpm", **at(fall), ours=rate_fall_bpm(resting),
               near=0.12, fitted=True)
        for resting, fall in ((71.0, 8.0), (76.0, 10.0), (81.0, 11.0), (87.0, 13.0), (98.0, 14.0))
    ]  # fmt: skip
    low = "MERIT-HF: 76 and 192 mg slow alike (Wikstrand et al., JACC 40:491, 2002)"
    rows.append(
        Effect(
            "beta_blocker", low, "effect of 76 mg, of 192 mg", **towards(0.6, 1.0), ours=effect(76.0) / effect(192.0)
        )
    )
    return [row for row in rows if np.isfinite(row.ours)]
