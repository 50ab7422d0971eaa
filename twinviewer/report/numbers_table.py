"""Every number of a case as one table for spreadsheets: metrics, changes with intervals, inputs, settings, measures."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from twinviewer.domain import Quantity, StoreError
from twinviewer.report import RESEARCH_ONLY
from twinviewer.report.pages.deltas import deltas_of
from twinviewer.report.pages.story import settings_of
from twinviewer.session.case import Case
from twinviewer.session.finding import group_of_metric
from twinviewer.session.metric_names import label_of

COLUMNS = ("kind", "scenario", "group", "name", "label", "value", "unit", "low", "high", "told_apart", "baseline",
           "origin", "source")  # fmt: skip
"""told_apart: of a change: yes, no, or empty where no interval was computed."""


def numbers_csv(case: Case) -> str:
    """The table with a head line; low and high are 90 % intervals, empty where nobody computed one."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in _rows(case):
        table.writerow(row)
    return out.getvalue()


def write_numbers_csv(case: Case, path: Path) -> Path:
    """Write the table as UTF-8, under a line that says what it is. StoreError."""
    try:
        path.write_text(f"# {RESEARCH_ONLY}\n{numbers_csv(case)}", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The table could not be written: {error.strerror}", where=path.name) from error
    return path


def _rows(case: Case) -> Iterator[list[object]]:
    for name, found in case.measurements.items():
        yield _quantity("measure", "", "", name, found)
    for scenario in case.scenarios:
        for use in scenario.therapies:
            for label, value, source, _ in settings_of(use):
                yield ["setting", scenario.name, use.therapy, "", label, value, "", "", "", "", "", "chosen", source]
        for name, found in scenario.setup.parameters.items():
            yield _quantity("input", scenario.name, "", name, found)
        for name, found in (scenario.run.metrics if scenario.run is not None else {}).items():
            yield _quantity("metric", scenario.name, group_of_metric(name), name, found)
    for scenario in case.treated:
        for delta in deltas_of(case, scenario):
            apart = "" if delta.apart is None else "yes" if delta.apart else "no"
            yield ["change", scenario.name, group_of_metric(delta.name), delta.name, label_of(delta.name),
                   repr(delta.change), delta.unit, _cell(delta.low), _cell(delta.high), apart, repr(delta.baseline),
                   "simulated",
                   scenario.run.engine if scenario.run is not None else ""]  # fmt: skip


def _quantity(kind: str, scenario: str, group: str, name: str, found: Quantity) -> list[object]:
    return [kind, scenario, group, name, label_of(name), repr(float(found.value)), found.unit, _cell(found.low),
            _cell(found.high), "", "", found.origin, found.source]  # fmt: skip


def _cell(value: float | None) -> str:
    return "" if value is None else repr(float(value))
