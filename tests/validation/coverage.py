"""Whether 90 % intervals hold the truth: ``python -m tests.validation.coverage`` (from the repository's root), with
``--write`` for the page, ``--truths N`` for how many, ``--keep FILE`` to go on where an earlier run stopped.

Synthetic patients: a heart whose parameters are drawn beats as it does; what images, cuff, pulse and ECG would say of
it, each with its error, is all that the program is given. It fits its baseline, draws hearts, and gives intervals of
what is, and of what therapies would change. The truth is known. Half a minute a patient on a core.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "support"))
from ideal_heart import ideal_heart  # noqa: E402

from twinviewer.domain import EngineError, Quantity, Records, Setup, silent  # noqa: E402
from twinviewer.organs.heart.fit_known import CUFF_MMHG, PARAMETERS, QRS_MS, REPRODUCED  # noqa: E402
from twinviewer.organs.heart.plausible import (  # noqa: E402
    ACROSS,
    ACROSS_SPREAD,
    ALONG,
    LAYER,
    LAYER_SPREAD,
    SPEED_SPREAD,
    draw_hearts,
    uncertain,
)
from twinviewer.organs.heart.setup import POPULATION, setup  # noqa: E402
from twinviewer.physics.fit_adapt import Targets, adapt  # noqa: E402
from twinviewer.physics.fit_response import FittedHeart  # noqa: E402
from twinviewer.physics.heart_model import patches_of  # noqa: E402
from twinviewer.session.scenarios import use_therapies  # noqa: E402
from twinviewer.session.studies.point import answer  # noqa: E402
from twinviewer.session.studies.study import Answer, Point, Wanted  # noqa: E402
from twinviewer.session.studies.uncertainty.bands import interval_of  # noqa: E402
from twinviewer.session.studies.uncertainty.draws import normals  # noqa: E402
from twinviewer.session.therapy_use import TherapyUse  # noqa: E402

PAGE = ROOT / "docs" / "validation.md"
BEGIN = "<!-- coverage: made by python -m tests.validation.coverage --write -->"
END = "<!-- coverage: end -->"

HEARTS = 19
"""Least and greatest of 19 are the 5 % and the 95 % quantile, by the rule of bands.interval_of."""
TRUTHS = 60
"""Asked for; half a minute each on a quiet core."""
TYPICAL = {"contractility_lv_kpa": 80.0, "systemic_resistance_mmhg_s_ml": 0.95, "systemic_compliance_ml_mmhg": 1.4}
"""What measurements tell is drawn about this by a quarter, so that patients are possible ones; all else as the
population has it."""
THERAPIES: Mapping[str, tuple[TherapyUse, ...]] = {
    "as it is": (),
    "with CRT": use_therapies(["crt"], {}, "coverage"),
    "with a beta-blocker": use_therapies(["beta_blocker"], {}, "coverage"),
}
BASE = {
    "lv_ef_percent": "LV EF",
    "lv_dpdt_max_mmhg_s": "dP/dt max",
    "qrs_ms": "QRS",
    "mean_arterial_mmhg": "mean pressure",
    "lv_end_diastolic_mmhg": "LV end-diastolic pressure",
}
CHANGED = {
    "with CRT": ("qrs_ms", "lv_dpdt_max_mmhg_s", "lv_ef_percent"),
    "with a beta-blocker": ("lv_ef_percent", "lv_dpdt_max_mmhg_s", "mean_arterial_mmhg"),
}
WANTED = Wanted(frozenset(BASE) | {"rv_ef_percent", "systolic_aortic_mmhg", "diastolic_aortic_mmhg", "lv_edv_ml"})


def given(value: float, unit: str) -> Quantity:
    return Quantity(value, unit, "measured", "synthetic patient")


def records_of(rate: float, systolic: float, diastolic: float, qrs: float) -> Records:
    return Records(
        {
            "heart_rate_bpm": given(rate, "bpm"),
            "systolic_mmhg": given(systolic, "mmHg"),
            "diastolic_mmhg": given(diastolic, "mmHg"),
            "qrs_ms": given(qrs, "ms"),
        },
        {"left_bundle_branch_block": "synthetic patient"},
    )


def started() -> Setup:
    """The ideal heart with left bundle branch block, before anything is known of a patient."""
    mesh = ideal_heart()
    volume = {"lv_edv_ml": given(mesh.enclosed_ml("lv_cavity"), "mL")}
    return setup(mesh, volume, records_of(70.0, 120.0, 75.0, 150.0), {})


def truth(base: Setup, rng: np.random.Generator) -> tuple[Setup, float]:
    """A heart that is, and how long its activation lasts. Its volumes are those of the mesh but for what images err:
    blood and the right ventricle's force are such that they are."""
    mesh = base.mesh
    value = {name: quantity.value for name, quantity in base.parameters.items()}
    value |= {name: one[0] for name, one in POPULATION.items()}
    value |= {"lv_filling_pressure_mmhg": 12.0, "rv_filling_pressure_mmhg": 5.0, **TYPICAL}
    for name, known in PARAMETERS.items():
        value[name] *= float(np.exp(rng.normal(0.0, 0.25 if name in TYPICAL else known.spread)))
    value["heart_rate_bpm"] = float(rng.normal(72.0, 8.0))
    value[ALONG] = 0.6 * float(np.exp(rng.normal(0.0, SPEED_SPREAD)))
    value[ACROSS] = 0.5 * value[ALONG] * float(np.exp(rng.normal(0.0, ACROSS_SPREAD)))
    value[LAYER] = value[ALONG] / 0.6 * float(np.exp(rng.normal(0.0, LAYER_SPREAD)))
    made = with_values(base, value)
    from twinviewer.engines.beat.electrical import activation_times_ms

    times = activation_times_ms(made)
    heart = FittedHeart.of(mesh, patches_of(mesh), value, times)
    left, right = (mesh.enclosed_ml(f"{side}_cavity") for side in ("lv", "rv"))
    targets = Targets(
        left * (1.0 - REPRODUCED["lv_edv_ml"] * rng.normal()), right * (1.0 - REPRODUCED["rv_edv_ml"] * rng.normal())
    )
    value["stressed_volume_ml"], value["contractility_rv_kpa"] = 1200.0, 60.0
    free = {"stressed_volume_ml", "contractility_rv_kpa"}
    value, _, beats = adapt(heart, value, targets, held=set(value) - free, tolerance=0.004, most_beats=150)
    if beats == 150:
        raise EngineError("no heart of these volumes")
    return with_values(base, value), float(np.nanmax(times) - np.nanmin(times))


def with_values(base: Setup, value: Mapping[str, float]) -> Setup:
    parameters = {
        name: quantity.with_value(value[name], "assumed", "synthetic patient") if name in value else quantity
        for name, quantity in base.parameters.items()
    }
    return replace(base, parameters=parameters, fit=None)


def patient(base: Setup, seed: int) -> dict[str, dict[str, object]] | str:
    """Row -> truth and its interval, of one synthetic patient; a sentence where there is no such heart, or the program
    said that its baseline does not fit."""
    rng = np.random.default_rng([seed, 11])
    try:
        true, lasts_ms = truth(base, rng)
    except EngineError as error:
        return f"no such heart: {error}"
    shown = {name: answer("beat", true, Point(name, uses), WANTED) for name, uses in THERAPIES.items()}
    if bad := [one.failure for one in shown.values() if one.failure]:
        return f"no such heart: {bad[0]}"
    is_so = shown["as it is"].metrics
    off = {name: float(rng.normal()) for name in ("ef", "rv", "rate", "sys", "dia", "qrs")}
    ef = is_so["lv_ef_percent"] * (1.0 + REPRODUCED["lv_ef_percent"] * off["ef"])
    rv_ef = is_so["rv_ef_percent"] * (1.0 + REPRODUCED["rv_ef_percent"] * off["rv"])
    left, right = (base.mesh.enclosed_ml(f"{side}_cavity") for side in ("lv", "rv"))
    measured = {
        "lv_edv_ml": given(left, "mL"),
        "lv_esv_ml": given(left * (1.0 - ef / 100.0), "mL"),
        "rv_edv_ml": given(right, "mL"),
        "rv_esv_ml": given(right * (1.0 - rv_ef / 100.0), "mL"),
    }
    rate = true.value("heart_rate_bpm") * (1.0 + 0.05 * off["rate"])
    cuff = [is_so[f"{when}_aortic_mmhg"] + CUFF_MMHG * off[when[:3]] for when in ("systolic", "diastolic")]
    if cuff[0] - cuff[1] < 15.0:
        return "no such cuff reading"
    records = records_of(rate, cuff[0], cuff[1], max(lasts_ms + QRS_MS * off["qrs"], 60.0))
    fitted = setup(base.mesh, measured, records, {})
    assert fitted.fit is not None
    hearts: list[dict[str, Answer]] = []
    every, used = normals(len(uncertain(fitted)), 2 * HEARTS, seed), 0
    while len(hearts) < HEARTS and used < len(every):  # one that cannot beat is drawn again
        batch = every[used : used + HEARTS - len(hearts)]
        used += len(batch)
        for one in draw_hearts(fitted, batch, silent):
            if one is None:
                continue
            points = {name: Point(name, uses, one.parameters) for name, uses in THERAPIES.items()}
            beats = {name: answer("beat", fitted, point, WANTED) for name, point in points.items()}
            if not any(answers.failure for answers in beats.values()):
                hearts.append(beats)
    if len(hearts) < HEARTS:
        return "half of the hearts drawn could not beat"
    rows: dict[str, dict[str, object]] = {}

    def add(row: str, true_value: float, values: list[float]) -> None:
        found = interval_of(np.array(values))
        rows[row] = {"truth": true_value, "low": found.low, "high": found.high}

    for metric, label in BASE.items():
        add(label, is_so[metric], [one["as it is"].metrics[metric] for one in hearts])
    for therapy, metrics in CHANGED.items():
        for metric in metrics:
            change = [one[therapy].metrics[metric] - one["as it is"].metrics[metric] for one in hearts]
            add(f"change of {BASE[metric]} {therapy}", shown[therapy].metrics[metric] - is_so[metric], change)
    rows["_"] = {"fits": fitted.fit.fits}
    return rows


def table(found: list[dict[str, dict[str, float]]]) -> list[str]:
    """Markdown: how often each interval holds the truth."""
    out = ["| | 90 % interval, median width | holds the truth | |", "|---|---|---|---|"]
    held_all = []
    for row in found[0]:
        if row == "_":
            continue
        ones = [one[row] for one in found]
        # numbers that come in steps, as a QRS does, lie on an end of their interval now and then
        held = np.array([one["low"] <= one["truth"] <= one["high"] for one in ones])
        held_all.append(held)
        width = float(np.median([one["high"] - one["low"] for one in ones]))
        share, error = held.mean(), np.sqrt(0.9 * 0.1 / len(held))
        verdict = "as asked" if 0.85 <= share <= 0.95 else f"{'too wide' if share > 0.95 else 'too narrow'}"
        if verdict != "as asked" and abs(share - 0.9) < 2.0 * error:
            verdict += ", within chance"
        out.append(f"| {row} | {width:.3g} | {100.0 * share:.0f} % | {verdict} |")
    every = np.array(held_all)
    per_patient = every.mean(axis=0)
    error = float(per_patient.std() / np.sqrt(len(per_patient)))
    out += [
        "",
        f"Of {len(found)} patients; one row's share is uncertain by {100.0 * np.sqrt(0.09 / len(found)):.0f} points "
        f"(binomial standard error). **All rows together: {100.0 * every.mean():.1f} ± {100.0 * error:.1f} %.**",
    ]
    return out


def main() -> None:
    """Draw, fit, count, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--truths", type=int, default=TRUTHS)
    parser.add_argument("--keep", type=Path, help="file of patients done, to go on from")
    parser.add_argument("--write", action="store_true", help="renew the section of docs/validation.md")
    options = parser.parse_args()
    done: dict[str, object] = {}
    if options.keep and options.keep.exists():
        done = json.loads(options.keep.read_text())
    base: Setup | None = None
    seed = 0
    while sum(isinstance(one, dict) for one in done.values()) < options.truths:
        if str(seed) not in done:
            base = base or started()
            done[str(seed)] = patient(base, seed)
            print(seed, done[str(seed)], flush=True)
            if options.keep:
                options.keep.write_text(json.dumps(done))
        seed += 1
    found = [one for one in done.values() if isinstance(one, dict)][: options.truths]
    refused = [one for one in done.values() if isinstance(one, str)]
    rows = table(found)  # type: ignore[arg-type]
    print("\n".join(rows))
    if not options.write:
        return
    unmet = sum(not one["_"]["fits"] for one in found)
    about = (
        "Do 90 % intervals hold the truth? Synthetic patients with left bundle branch block, on the ideal heart: "
        "parameters drawn, the beat simulated, and of it only told what images (LV and RV volumes), a cuff, the pulse "
        "and a 12-lead ECG would say, each off by its error. The program fits its baseline, draws "
        f"{HEARTS} hearts that could be this patient's, and simulates each without and with therapy; intervals are "
        "made by the rule that the window uses. What measurements tell (force, resistance, compliance) is drawn about "
        "typical values by a quarter, all else as widely as the program itself takes it to be: so this shows that "
        "errors are carried on rightly, not that people are spread as assumed. "
        f"{len(refused)} draws gave no heart or no plausible cuff reading; {unmet} patients were said not to fit and "
        "are counted all the same."
    )
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text("\n".join([head + BEGIN, about, "", *rows, "", END]) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
