"""How well baselines fit: ``python -m tests.validation.fits`` (from the repository's root), ``--write`` for the page.

The demo patient and the two real hearts go through the whole pipeline; what they are fitted to stands beside what the
steady beat shows. Virtual patients, whose parameters are known, are fitted and found again or not. Five minutes.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.conftest import ROOT
from tests.support.virtual_patient import (
    BY_CATHETER,
    BY_IMAGES,
    NAMES,
    TYPICAL,
    drawn_from_the_population,
    error_of,
    patient,
    refit,
    virtual_heart,
)
from twinviewer.domain import BaselineFit, ParameterValue
from twinviewer.report.fit_words import origin_of, parameter_label
from twinviewer.session import steps
from twinviewer.session.case import Case
from twinviewer.session.demo import demo_images, demo_records, write_demo
from twinviewer.session.metric_names import number_of, short_of
from twinviewer.session.scenarios import compute_setup, setup_input

PAGE = ROOT / "docs" / "validation.md"
BEGIN, END = "<!-- fits: made by python -m tests.validation.fits --write -->", "<!-- fits: end -->"
CTA, CINE = Path("cta_heart_totalseg") / "dicom_wrapped_heart_crop", Path("cine_cmr_bivme_patient1") / "dicom"
INFARCT: dict[str, ParameterValue] = {"scar_territory": "lad_extensive"}


def hearts(data: Path) -> Iterator[tuple[str, Case, dict[str, ParameterValue]]]:
    """Name, case with a model, and settings."""
    demo = Path(write_demo())
    made = _model(demo_images(demo), demo_records(demo))
    yield "Demo patient (LBBB, dilated; CT of ten phases, cuff, ECG)", made, {}
    real = _model(data / CTA)
    yield "Real CTA of one phase, no records", real, {}
    yield "The same with the LAD's territory dead", real, INFARCT
    yield "Real cine MR, no records", _model(data / CINE), {}


def _model(folder: Path, records: Path | None = None) -> Case:
    case = steps.scan_folder(Case(), folder)
    case = steps.open_series(case, steps.choose_series(case))
    if records is not None:
        case = steps.load_records(case, records)
    return steps.build(steps.segment(case))


def residuals(name: str, found: BaselineFit, seconds: float, notes: tuple[str, ...]) -> list[str]:
    """One heart: measured beside simulated, what is told, and its verdict."""
    told = [f"{parameter_label(one.name)} {_value(one.name, one.value.value)} {one.value.unit} "
            f"({_value(one.name, one.value.low)} to {_value(one.name, one.value.high)})"
            for one in found.parameters if one.is_told]  # fmt: skip
    verdict = "fits" if found.fits else "; ".join(found.problems)
    rows = [
        f"**{name}**: {verdict}. {seconds:.0f} s on a core. Told by the data: {', '.join(told) or 'nothing'}; the "
        f"other {sum(not one.is_told for one in found.parameters)} of {len(found.parameters)} parameters are as a "
        "population has them.",
        "",
        "| | known | ± error | simulated | off by, in errors | |",
        "|---|---|---|---|---|---|",
    ]
    for one in found.residuals:
        cells = (
            f"{short_of(one.name)}, {one.measured.unit}",
            number_of(one.name, one.measured.value),
            number_of(one.name, one.error),
            number_of(one.name, one.simulated),
            f"{round(one.errors, 1) + 0.0:+.1f}" if one.met else f"**{one.errors:+.1f}**",
            origin_of(one),
        )
        rows.append("| " + " | ".join(cells) + " |")
    rows += ["", *(f"The program says: “{note}.”" for note in notes if note.startswith(("No end", "No blood"))), ""]
    return rows


def _value(name: str, value: float | None) -> str:
    return "?" if value is None else number_of(name, value)


def virtual() -> list[str]:
    """Virtual patients found again."""
    heart = virtual_heart()
    exact = []
    for seed in range(1, 6):
        true = patient(heart, seed)
        measured = (*BY_IMAGES, *BY_CATHETER)
        result, _ = refit(heart, true.shows, {name: 0.002 * abs(true.shows[name]) for name in measured})
        exact.append([abs(result.value[name] / true.true[name] - 1.0) for name in NAMES])
    images = []
    for seed in range(1, 6):
        drawn = patient(heart, seed, 0.2, TYPICAL)
        shows = {name: drawn.shows[name] for name in BY_IMAGES}
        result, _ = refit(heart, shows, {name: error_of(name, shows[name]) for name in BY_IMAGES})
        images.append([abs(result.value[name] / drawn.true[name] - 1.0) for name in TYPICAL])
    held, spread = [], []
    for seed, (value, shows) in enumerate(drawn_from_the_population(heart, 24)):
        error = {name: error_of(name, shows[name]) for name in BY_IMAGES}
        noise = np.random.default_rng(seed)
        result, known = refit(heart, {n: float(noise.normal(shows[n], error[n])) for n in BY_IMAGES}, error)
        held.append([abs(np.log(result.value[n] / value[n])) <= np.log(known.factor(k)) for k, n in enumerate(NAMES)])
        spread.append([known.factor(k) for k in range(len(NAMES))])
    worst, second = np.max(exact, axis=0), np.max(images, axis=0)
    rows = [
        "Virtual patients (a heart of 20 patches; all parameters drawn), fitted from a population's medians on:",
        "",
        "| parameter | catheter, exact: worst of 5 | images and cuff, exact: worst of 5 | with noise: 90 % interval is "
        f"value ×÷ | holds the truth, of {len(held)} |",
        "|---|---|---|---|---|",
    ]
    for k, name in enumerate(NAMES):
        seen = f"{100.0 * second[list(TYPICAL).index(name)]:.1f} %" if name in TYPICAL else "not told"
        rows.append(
            f"| {parameter_label(name)} | {100.0 * worst[k]:.1f} % | {seen} | {np.median(spread, axis=0)[k]:.2f} | "
            f"{int(np.sum(held, axis=0)[k])} |"
        )
    rows += [
        "",
        f"Together the intervals hold the truth {100.0 * np.mean(held):.0f} % of the time. “Exact” is without noise; "
        "in the third column what images and a cuff do not tell is as in the population. Where it is not, what they "
        "tell is off by its interval's width, as the last columns say.",
    ]
    return rows


def main() -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    body: list[str] = [
        "Parameters are fitted to what is known of a patient by its errors (two studies of one heart differ by 4 to 8 "
        "%, a cuff errs by 8 mmHg); more than two errors off does not fit, nor does a parameter that no patient has.",
        "",
    ]
    for name, case, values in hearts(options.data):
        inputs = setup_input(replace(case, scenarios=()), values)
        begun = time.process_time()
        setup = compute_setup(*inputs)
        assert setup.fit is not None
        rows = residuals(name, setup.fit, time.process_time() - begun, setup.notes)
        print("\n".join(rows), flush=True)
        body += rows
    rows = virtual()
    print("\n".join(rows))
    body += rows
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        PAGE.write_text("\n".join([head + BEGIN, *body, END]) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
