"""Every scenario: its therapies with their settings and sources, and what they changed in the model's inputs."""

from typing import Any

from reportlab.platypus import KeepTogether, Paragraph

from twinviewer.report.pages.story import settings_of
from twinviewer.report.pages.styles import CELL, QUIET, TEXT, Heading, said, table
from twinviewer.report.pages.words import number, sentence
from twinviewer.session import catalog
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.metric_names import label_of
from twinviewer.session.reentry_words import reentry_words
from twinviewer.session.therapy_list import notes_of


def scenarios_page(case: Case) -> list[Any]:
    """Nothing where nothing is treated."""
    if not case.treated:
        return []
    story: list[Any] = [Heading("Scenarios")]
    for scenario in case.treated:
        story.append(KeepTogether(_scenario(case, scenario)))
    return story


def _scenario(case: Case, scenario: Scenario) -> list[Any]:
    parts: list[Any] = [Heading(scenario.label, 1)]
    if scenario.run is None:
        parts.append(said("Not simulated: no number of it stands in this report.", TEXT))
    elif said_of := reentry_words(scenario.run, scenario.setup)[0]:
        parts.append(said(sentence(said_of), TEXT))
    if not scenario.therapies:
        parts.append(said("No therapy: a control, in which nothing may change.", TEXT))
    for use in scenario.therapies:
        therapy = catalog.therapies().get(use.therapy)
        summary = f"{therapy.label}. {therapy.summary}" if therapy is not None else f"{use.therapy} (not installed)"
        if not use.on:
            parts.append(said(sentence(f"{summary.partition('.')[0]}: switched off"), TEXT))
            continue
        parts.append(said(sentence(summary), TEXT))
        rows: list[list[Any]] = [["Setting", "Value", "Source"]]
        for label, value, source, changed in settings_of(use):
            told = Paragraph(f"<b>{value}</b>", CELL) if changed else said(value, CELL)
            rows.append([said(label, CELL), told, said(source, QUIET)])
        parts.append(table(rows, [44, 36, 100], padding=0.9))
    rows = _inputs(case, scenario)
    if rows:
        parts += [said("Inputs of the model that differ from today's:", CELL)]
        parts.append(table([["Input", "Today", "Here", "Unit", "Source"], *rows], [46, 18, 18, 22, 76], right=(1, 2),
                           padding=0.7))  # fmt: skip
    leads = [s for s in scenario.setup.stimuli if s.layer == "myocardium"]
    if leads:
        where = "; ".join(f"{one.name} at {one.time_ms:.0f} ms{_segment(scenario, one.node)}" for one in leads)
        parts.append(said(f"Electrodes, time after the start of the P wave: {where}.", CELL))
    if scenario.therapies:
        parts += [said(sentence(note), CELL) for note in notes_of(scenario)]
    return parts


def _segment(scenario: Scenario, node: int) -> str:
    segments = scenario.setup.mesh.point_fields.get("aha_segment")
    number_of = int(segments[node]) if segments is not None and 0 <= node < len(segments) else 0
    return f" (segment {number_of})" if number_of else ""


def _inputs(case: Case, scenario: Scenario) -> list[list[Any]]:
    baseline = case.find(BASELINE)
    if baseline is None:
        return []
    before, rows = baseline.setup.parameters, []
    for name, quantity in scenario.setup.parameters.items():
        first = before.get(name)
        if first is None or first.value != quantity.value:
            was = "" if first is None else number(first.value)
            rows.append([said(label_of(name), CELL), was, number(quantity.value), quantity.unit,
                         said(quantity.source, QUIET)])  # fmt: skip
    return rows
