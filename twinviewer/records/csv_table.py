"""A table of vitals: name, value, unit, date; one measurement a row, in any order. The newest of each name wins."""

import csv
import io
from datetime import datetime

from twinviewer.domain import LoadError, Quantity, Records
from twinviewer.records.dates import day, moment
from twinviewer.records.vitals import BY_NAME, SNOMED_OF, check, quantity

_YES = frozenset({"yes", "true", "1", "y", "present"})


def read_csv(text: str, name: str) -> Records:
    """Parse the table; comma or semicolon separated, decimal point or comma.

    Names are those of ``vitals`` ("heart_rate_bpm"); unit may be left out and is then the name's own. A finding is a
    row such as ``left_bundle_branch_block,yes,,2026-01-12``. LoadError, with the line, for a name, value or unit that
    is not understood.
    """
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        header = [cell.strip().lower() for cell in next(rows)]
    except (StopIteration, csv.Error):
        raise LoadError("The table is empty", where=name) from None
    if not {"name", "value"} <= set(header):
        raise LoadError("The table has no columns name and value", where=name, remedy="Use name,value,unit,date")
    newest: dict[str, tuple[datetime, Quantity]] = {}
    findings: dict[str, tuple[datetime, str]] = {}
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
                _row(row, f"{name}, line {rows.line_num}", newest, findings)
    except csv.Error:
        raise LoadError("The table is damaged", where=name) from None
    return Records(
        {vital: found for vital, (_, found) in newest.items()},
        {finding: said for finding, (_, said) in findings.items()},
    )


def _row(
    row: dict[str, str],
    where: str,
    newest: dict[str, tuple[datetime, Quantity]],
    findings: dict[str, tuple[datetime, str]],
) -> None:
    key = row["name"].lower().replace(" ", "_")
    when = moment(row.get("date", ""))
    source = f"{where}, {day(when)}"
    if key in SNOMED_OF:
        if row.get("value", "").lower() in _YES and (key not in findings or when >= findings[key][0]):
            findings[key] = (when, source)
        return
    vital = BY_NAME.get(key)
    if vital is None:
        raise LoadError(
            f"{row['name']!r} is not a known vital sign", where=where, remedy=f"Known: {', '.join(BY_NAME)}"
        )
    try:
        number = float(row.get("value", "").replace(",", "."))
    except ValueError:
        raise LoadError(f"{vital.name} is not a number", where=where) from None
    found = quantity(vital, number, row.get("unit", "") or vital.unit, source)
    if found is None:
        raise LoadError(f"{vital.name} has a unit that is not known here", where=where, remedy=f"Use {vital.unit}")
    check(vital, found)
    if key not in newest or when >= newest[key][0]:
        newest[key] = (when, found)
