"""All differences between today's heart and each scenario, in groups, with what is known of how sure they are."""

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import Paragraph

from twinviewer.domain import Delta
from twinviewer.report.pages.styles import CELL, HEAD_RIGHT, QUIET, SHADE, Heading, said, table
from twinviewer.report.pages.words import ALIKE, change, change_interval
from twinviewer.session.case import Case, Scenario
from twinviewer.session.comparison import compare
from twinviewer.session.finding import ELECTRICAL, OTHER, PRESSURES, PUMP, VALVES, WORK, group_of_metric, percent_of
from twinviewer.session.metric_names import label_of, number_of, order_of
from twinviewer.session.studies.uncertainty.bands import change_intervals, spread_of

GROUPS = (ELECTRICAL, PUMP, PRESSURES, WORK, VALVES, OTHER)
UNKNOWN_NOTE = (
    "90 % interval: of the change, both hearts drawn together from what is uncertain in this patient. “Not computed”: "
    "nobody has asked for it yet; a change is then what the equations say for one set of inputs."
)


def deltas_of(case: Case, scenario: Scenario) -> tuple[Delta, ...]:
    """Every difference from today's heart; nothing where one of both has no run, or on another model."""
    baseline = case.baseline
    if baseline is None or baseline.run is None or scenario.run is None:
        return ()
    if baseline.setup.mesh.uid != scenario.setup.mesh.uid:
        return ()
    return compare(baseline, scenario, change_intervals(spread_of(case), baseline, scenario)).deltas


def delta_tables(case: Case) -> list[Any]:
    """A table a scenario. A metric that is the same to the last digit shown is there too: no change is a result."""
    story: list[Any] = []
    for scenario in (one for one in case.treated if one.run is not None):
        found = deltas_of(case, scenario)
        if not found:
            continue
        assert case.baseline is not None
        labels = [said(text, HEAD_RIGHT) for text in (case.baseline.label, scenario.label)]
        rows: list[list[Any]] = [["", *labels, "Change", "in %", "90 % interval", "Unit"]]
        commands: list[tuple[Any, ...]] = []
        for group in GROUPS:
            named = sorted((d for d in found if group_of_metric(d.name) == group), key=lambda d: order_of(d.name))
            if not named:
                continue
            commands += [
                ("SPAN", (0, len(rows)), (-1, len(rows))),
                ("BACKGROUND", (0, len(rows)), (-1, len(rows)), SHADE),
            ]
            rows.append([Paragraph(f"<b>{group}</b>", CELL), "", "", "", "", "", ""])
            rows += [_row(delta) for delta in named]
        story += [Heading(f"{scenario.label} against {case.baseline.label.lower()}", 1)]
        story.append(table(rows, [56, 18, 22, 18, 12, 38, 16], right=(1, 2, 3, 4), padding=0.75, more=commands))
    if not story:
        return []
    return [Heading("Every difference"), *story, said(UNKNOWN_NOTE, QUIET)]


def _row(delta: Delta) -> list[Any]:
    share = percent_of(delta).removesuffix(" %")
    share = "0" if share in ("+0", "\u22120") else share
    known = change_interval(delta)
    style = CELL if ALIKE in known else QUIET if delta.apart is None else CELL
    unit = "" if delta.unit == "1" else delta.unit
    return [
        label_of(delta.name), number_of(delta.name, delta.baseline), number_of(delta.name, delta.other), change(delta),
        share, said(known, style), unit,
    ]  # fmt: skip


def chosen_deltas(found: Sequence[Delta], names: Sequence[str]) -> list[Delta]:
    """Those of these names, in their order."""
    by_name = {delta.name: delta for delta in found}
    return [by_name[name] for name in names if name in by_name]
