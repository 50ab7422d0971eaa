"""ECGs at true scale, curves and loops, and maps by segment."""

from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import PageBreak, Spacer

from twinviewer.report.bullseye import bullseye
from twinviewer.report.maps import TITLES, change_scale, scale_of, segment_table
from twinviewer.report.measures import segment_values
from twinviewer.report.pages.curves import all_panels
from twinviewer.report.pages.ecg import twelve_leads
from twinviewer.report.pages.inks import Inked, key
from twinviewer.report.pages.styles import QUIET, WIDTH, Heading, plain_grid, said
from twinviewer.session.case import BASELINE, Case

BY_SEGMENT = ("thickness_mm", "thickening_percent", "longitudinal_percent")
MOST_LINES = 4
"""Scenarios that one page of lines can tell apart."""


def signal_pages(shown: list[Inked]) -> list[Any]:
    """The ECG on a page of its own, then the curves; at most four scenarios to a page of lines."""
    story: list[Any] = []
    first, rest = shown[:1], shown[1:]
    groups = [first + rest[at : at + MOST_LINES - 1] for at in range(0, max(len(rest), 1), MOST_LINES - 1)]
    for group in groups if shown else []:
        ecg = twelve_leads(group)
        if ecg is not None:
            story += [PageBreak(), Heading("12-lead ECG, simulated"), key(group, WIDTH), ecg]
            story.append(
                said("25 mm/s, 10 mm/mV: true scale where the page is printed at 100 %. Small squares are 1 mm (40 ms, "
                     "0.1 mV). One steady beat, repeated.", QUIET)
            )  # fmt: skip
        if any(one.run.traces for one in group):
            story += [PageBreak(), Heading("Volumes, pressures and flows, simulated"), key(group, WIDTH)]
            story += [Spacer(1, 2 * mm), all_panels(group)]
    return story


def map_pages(case: Case, shown: list[Inked]) -> list[Any]:
    """A row of bullseyes a measure: today's heart, each scenario, and what changes."""
    if case.mesh is None:
        return []
    story: list[Any] = []
    columns = 3 if len(shown) <= 2 else 4
    width = WIDTH / columns * (0.9 if columns == 3 else 1.0)
    tables = [segment_table(case.mesh, one.run) for one in shown]
    names = [name for name in TITLES if tables and all(name in one for one in tables)]
    for name in names:
        values = [one[name] for one in tables]
        scale = scale_of(name, values)
        cells: list[Any] = [
            bullseye(found, scale, width - 6, f"{TITLES[name]} ({scale.unit}), {one.label}", heading_size=5.6)
            for one, found in zip(shown, values, strict=True)
        ]
        if shown[0].scenario.name == BASELINE and len(shown) > 1:
            changes = [found - values[0] for found in values[1:]]
            scale = change_scale(name, changes)
            cells += [
                bullseye(
                    found, scale, width - 6, f"\u0394 {TITLES[name]} ({scale.unit}), {one.label}", heading_size=5.6
                )
                for one, found in zip(shown[1:], changes, strict=True)
            ]
        story += _rows(cells, columns)
    if names:
        story = [Heading("By segment, simulated"), *story]
    measured = {} if case.typed else segment_values(case.mesh)
    drawn: list[Any] = [bullseye(measured[name], name, width - 6) for name in BY_SEGMENT if name in measured]
    if drawn:
        story.append(Heading("By segment, measured: thickness at end-diastole, the others at end-systole"))
        story += _rows(drawn, columns)
    return story


def _rows(cells: list[Any], columns: int) -> list[Any]:
    """So many a row; a row of fewer is filled with nothing."""
    rows = []
    for at in range(0, len(cells), columns):
        row = cells[at : at + columns]
        rows.append([*row, *[""] * (columns - len(row))])
    return [plain_grid(rows, [WIDTH / columns] * columns), Spacer(1, 1.5 * mm)]
