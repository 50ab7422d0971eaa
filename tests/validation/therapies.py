"""What therapies do, beside what was published: ``python -m tests.validation.therapies``, ``--write`` for the page.

``--only crt,ecmo`` makes these anew and keeps the page's other rows. All take some six minutes, most of them the 28
channel drugs and the re-entry; each of the others takes seconds.
"""

import argparse
import sys
from collections.abc import Sequence

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "support"))
from tests.validation.effects import EFFECTS  # noqa: E402
from tests.validation.effects.effect import Effect  # noqa: E402
from twinviewer.session import catalog  # noqa: E402

PAGE = ROOT / "docs" / "validation.md"
BEGIN, END = (
    "<!-- therapies: made by python -m tests.validation.therapies --write -->",
    "<!-- therapies: end -->",
)
HEAD = [
    "| therapy | published in | | before | published | ours | error | | |",
    "|---|---|---|---|---|---|---|---|---|",
]
CELLS, KINDS = 9, ("fitted", "direction", "predicted")
ROWS = "### Every row"
SUMMARY = [
    "| therapy | effect | published | ours | error | | rows passed: fitted | direction | predicted |",
    "|---|---|---|---|---|---|---|---|---|",
]
ABOUT = (
    "A row passes within 10 % of the published value or of the nearer bound of its range, unless the table of drugs "
    "or a study's spread allows more: rate 5 %, output 10 %, stroke 10 %, mean pressure 8 %, wedge 15 %; a ramp half "
    "its SD; a severity of valves 25 %. *Fitted*: numbers of the therapy were taken from that study, so that the row "
    "shows no more than that they suffice. *Direction*: a study says which way it goes and the range is ours; that it "
    "passes says that the sign is right, not the size. *Predicted*: a published size that nothing was fitted to. "
    "Circulations are brought to the state in which a study's patients "
    "were (rate, output, mean pressure, wedge), then treated; a body surface of 1.9 m² turns indices into outputs. "
    "Pacing and arteries are tried on a heart of two ellipsoids of 100 mL. Reflexes are off."
)


def line(effect: Effect) -> str:
    """One row of the long table."""
    said = "pass" if effect.passed else "**fail**"
    if effect.why:
        said += f": {effect.why}"
    before = "" if effect.before != effect.before else f"{effect.before:.3g}"
    label = catalog.therapies()[effect.therapy].label
    cells = (
        label,
        effect.study,
        effect.what,
        before,
        effect.published,
        f"{effect.ours + 0.0:.3g}",
        effect.said_error,
        said,
    )
    return "| " + " | ".join((*cells, effect.kind)) + " |"


def cells(row: str) -> list[str]:
    """What stands in a row."""
    return [cell.strip() for cell in row.strip().strip("|").split(" |")]


def summary(rows: Sequence[str]) -> list[str]:
    """Markdown: every therapy with its first effect and how many of its rows pass."""
    out = list(SUMMARY)
    for therapy in catalog.therapies().values():
        mine = [cells(row) for row in rows if cells(row)[0] == therapy.label]
        if not mine:
            continue
        # what tells most: an effect that was not fitted, and not the rate, which many therapies only set
        told = min(mine, key=lambda row: (row[2].startswith("rate"), row[8] != "predicted", row[8] == "direction"))
        verdict = "pass" if told[7].startswith("pass") else "**fail**"
        counts = [passed([row for row in mine if row[8] == kind]) for kind in KINDS]
        out.append(f"| {therapy.label} | {' | '.join(told[2:3] + told[4:7])} | {verdict} | {' | '.join(counts)} |")
    return out


def passed(rows: Sequence[Sequence[str]]) -> str:
    """How many of these pass; nothing where there are none."""
    return f"{sum(row[7].startswith('pass') for row in rows)} of {len(rows)}" if rows else ""


def old_rows(section: str) -> list[str]:
    """The long table of the page as it is."""
    rows = [row for row in section.splitlines() if row.startswith("| ") and len(cells(row)) == CELLS]
    return [row for row in rows if cells(row)[-1] in KINDS and row != SUMMARY[0]]


def ordered(rows: Sequence[str]) -> list[str]:
    """The rows of each therapy together, therapies as the catalog lists them."""
    place = {therapy.label: k for k, therapy in enumerate(catalog.therapies().values())}
    return sorted((row for row in rows if cells(row)[0] in place), key=lambda row: place[cells(row)[0]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew the section of docs/validation.md")
    parser.add_argument("--only", default="", help="therapies by name, with commas")
    asked = parser.parse_args()
    names = [name for name in asked.only.split(",") if name] or list(EFFECTS)
    made = []
    for name in names:
        made += [line(effect) for effect in EFFECTS[name]()]
        print("\n".join(made[-1:]), flush=True)
    if not asked.write:
        print("\n".join([*HEAD, *made, "", *summary(made)]))
        return
    labels = {catalog.therapies()[name].label for name in names}
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    section, _, tail = rest.partition(END)
    rows = ordered([*(row for row in old_rows(section) if cells(row)[0] not in labels), *made])
    parts = ["### Every therapy", "", *summary(rows), "", ABOUT, "", ROWS, "", *HEAD, *rows, ""]
    PAGE.write_text("\n".join([head + BEGIN, *parts, END]) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
