"""Cine MR against published surfaces and an expert: ``python -m tests.validation.cine`` (from the repository's root).

Runs the whole pipeline on the real studies and on changes of one of them, prints the table, and with ``--write``
renews the section of docs/validation.md between its marks and the pictures beside it. About half a minute a line.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from tests.conftest import ROOT
from tests.validation.changed import CHANGES
from tests.validation.corrected import corrected
from tests.validation.measured import Line, measure
from tests.validation.page import renew, table
from tests.validation.published import published
from tests.validation.sunnybrook import sunnybrook
from twinviewer.dicom import read, scan
from twinviewer.domain import CineStack

STUDY = "cine_cmr_bivme_patient1"


def kept(path: Path | None) -> dict[str, Line]:
    """Lines of an earlier run by name."""
    if path is None or not path.exists():
        return {}
    texts = path.read_text(encoding="utf-8").splitlines()
    return {line.name: line for line in (Line(**json.loads(text)) for text in texts)}


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", default="", help="lines whose name holds this")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--kept", type=Path, help="lines measured before: not measured again; new ones are added")
    options = parser.parse_args()
    stack = read(scan(options.data / STUDY / "dicom")[0])
    assert isinstance(stack, CineStack)
    truth = published(options.data / STUDY)
    lines: list[Line] = []
    by_hand: list[str] = []
    before = kept(options.kept)
    for change in CHANGES:
        if options.only not in change.name:
            continue
        first = change is CHANGES[0] and options.write  # the pictures need the model itself
        if change.name in before and not first:
            lines.append(before[change.name])
            continue
        line, contours, mesh = measure(change.name, change.of(stack), truth.turned(change.turn))
        print(line.text(), flush=True)
        lines.append(line)
        if options.kept:
            with options.kept.open("a", encoding="utf-8") as file:
                file.write(line.text() + "\n")
        if first and contours is not None and mesh is not None:
            from tests.validation.pictures import curves, planes

            folder = ROOT / "docs" / "pictures"
            curves(folder / "validation_cine_curves.png", line, truth)
            planes(folder / "validation_cine_planes.png", stack, contours, mesh, truth)
            by_hand = corrected(stack, contours, mesh, truth)
    other = sunnybrook(options.data) if options.only in "sunnybrook" else None
    print("\n".join(table(lines, truth)))
    print("\n".join([*by_hand, *(other or [])]))
    if options.write and not options.only:
        renew(ROOT / "docs" / "validation.md", lines, by_hand, other or [], truth)
    return 1 if any(line.crashed for line in lines) else 0


if __name__ == "__main__":
    np.set_printoptions(precision=2, suppress=True)
    sys.exit(main())
