"""A table of vitals: name, value, unit, date; one measurement a row, in any order. The newest of each name wins."""

import csv
import io

from twinviewer.domain import Entry, LoadError, Records
from twinviewer.records.dates import day, iso, moment
from twinviewer.records.heart_series import summary
from twinviewer.records.series_table import heart_column, read_series
from twinviewer.records.timeline import collected, value_entry
from twinviewer.records.vitals import BY_NAME, SNOMED_OF, check, quantity

_YES = frozenset({"yes", "true", "1", "y", "present"})
_NO = frozenset({"no", "false", "0", "n", "absent"})


def read_csv(text: str, name: str) -> Records:
    """Parse the table; comma or semicolon separated, decimal point or comma.

    Names are those of ``vitals`` ("heart_rate_bpm"); unit may be left out and is then the name's own. A finding is a
    row such as ``left_bundle_branch_block,yes,,2026-01-12`` ("no": it is over). A table with a column of heart rates or
    RR intervals, as wearables export it, is summarised instead (``series_table``). LoadError, with the line, for a
    name, value or unit that is not understood.
    """
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        header = [cell.strip().lower() for cell in next(rows)]
    except (StopIteration, csv.Error):
        raise LoadError("The table is empty", where=name) from None
    if not {"name", "value"} <= set(header):
        if heart_column(header) is not None:
            return summary(read_series(header, rows, name))
        raise LoadError(
            "The table has no columns name and value, nor one of heart rates or RR intervals",
            where=name,
            remedy="Use name,value,unit,date; or a heading such as time,heart_rate",
        )
    entries: list[Entry] = []
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
                entries += _row(row, f"{name}, line {rows.line_num}", name)
    except csv.Error:
        raise LoadError("The table is damaged", where=name) from None
    return collected(entries)


def _row(row: dict[str, str], where: str, file: str) -> list[Entry]:
    key = row["name"].lower().replace(" ", "_")
    when = moment(row.get("date", ""))
    source = f"{where}, {day(when)}"
    if key in SNOMED_OF:
        said = row.get("value", "").lower()
        if said not in _YES | _NO:
            return []
        return [Entry(key, "finding", iso(when), file, source, over=said in _NO)]
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
    return [value_entry(vital, found, when, file)]
