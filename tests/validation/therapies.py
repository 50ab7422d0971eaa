"""What therapies do, beside what was published: ``python -m tests.validation.therapies``, ``--write`` for the page.

Drugs on a circulation brought to the rest state of each study's patients; under a minute.
"""

import argparse
import sys

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "support"))
from drug_studies import NEAR, STUDIES, errors  # noqa: E402

PAGE = ROOT / "docs" / "validation.md"
BEGIN, END = (
    "<!-- therapies: made by python -m tests.validation.therapies --write -->",
    "<!-- therapies: end -->",
)
LABELS = {
    "rate_bpm": "rate, bpm",
    "output_l_min": "output, L/min",
    "stroke_ml": "stroke, mL",
    "mean_mmhg": "mean pressure, mmHg",
    "wedge_mmhg": "wedge, mmHg",
}


def rows() -> list[str]:
    """Markdown: one row for each quantity that a study gives."""
    out = [
        "| therapy | study | | before | published | ours | error | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for study in STUDIES:
        rest, after = study.ours()
        name, source = study.therapy.replace("_", " "), study.source + ("" if study.own else " · *predicted*")
        if study.assumed:
            source += f" (assumed: {study.assumed})"
        for quantity, (published, ours, error) in errors(study, after).items():
            passed = "pass" if abs(error) <= NEAR[quantity] else "**fail**"
            if passed != "pass" and quantity in study.weak:
                passed += f": {study.weak[quantity]}"
            before = getattr(rest, quantity)
            out.append(
                f"| {name} | {source} | {LABELS[quantity]} | {before:.3g} | {published:.3g} | {ours:.3g} | "
                f"{100.0 * error:+.0f} % | {passed} |"
            )
            name = source = ""
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew the section of docs/validation.md")
    made = rows()
    print("\n".join(made))
    if not parser.parse_args().write:
        return
    near = ", ".join(f"{LABELS[name].split(',')[0]} {100.0 * value:.0f} %" for name, value in NEAR.items())
    about = (
        "A circulation with a failing left ventricle is brought to the state in which a study's patients were (rate, "
        "output, mean pressure, wedge), then treated. Where a study gave a therapy its numbers this shows that two or "
        "three factors suffice to reach all that was measured; *predicted*: another study, or an effect that nothing "
        f"was fitted to. Passed within: {near}. A body surface of 1.9 m² turns indices into outputs."
    )
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text("\n".join([head + BEGIN, about, "", *made, "", END]) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
