"""Measures as a table for spreadsheets: one row a number, with interval, usual range, origin and source."""

import csv
import io
from pathlib import Path

from twinviewer.domain import StoreError
from twinviewer.report.measures import GROUPS, group_of
from twinviewer.session.case import Case
from twinviewer.session.metric_names import label_of, order_of
from twinviewer.session.norms import norms_of

COLUMNS = (
    "group", "name", "label", "value", "unit", "low", "high", "usual_low", "usual_high", "verdict", "usual_source",
    "usual_verified", "origin", "source",
)  # fmt: skip


def measures_csv(case: Case) -> str:
    """The table as CSV with a head line, rows in the order of the window; empty cells where nothing is known."""
    norms = norms_of(case)
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for name in sorted(case.measurements, key=lambda one: (GROUPS.index(group_of(one)), order_of(one))):
        found, norm = case.measurements[name], norms.get(name)
        usual: list[object] = ["", "", "", "", ""]
        if norm is not None:
            verdict = norm.verdict(found.value) or "within"
            usual = [_cell(norm.low), _cell(norm.high), verdict, norm.origin, "yes" if norm.checked else "no"]
        table.writerow(
            [
                group_of(name), name, label_of(name), _cell(found.value), found.unit, _cell(found.low),
                _cell(found.high), *usual, found.origin, found.source,
            ]
        )  # fmt: skip
    return out.getvalue()


def write_measures_csv(case: Case, path: Path) -> Path:
    """Write the table as UTF-8. StoreError where there is nothing to write, or no place."""
    if not case.measurements:
        raise StoreError("There are no measures to write", remedy="Build the model first")
    try:
        path.write_text(measures_csv(case), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The table could not be written: {error.strerror}", where=path.name) from error
    return path


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
