"""A sweep: where its places rank, on a bullseye and as a table, with what was left out and why."""

from typing import Any

import numpy as np
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer

from twinviewer.domain import Setup
from twinviewer.report.bullseye import bullseye
from twinviewer.report.pages.styles import CELL, QUIET, TEXT, WIDTH, Heading, plain_grid, said, table
from twinviewer.report.pages.words import MINUS, lowered, sentence
from twinviewer.report.sweep_scale import scale_of
from twinviewer.session.studies.study import Study
from twinviewer.session.studies.sweep.plan import in_words, plan_of, value_text
from twinviewer.session.studies.sweep.ranking import (
    WORK_SPREAD,
    Ranked,
    Table,
    Target,
    best_of_places,
    by_segment,
    pareto,
    ranked,
)  # fmt: skip
from twinviewer.session.studies.sweep.ranking import table as read

FIRST, LAST = 9, 3
"""Rows shown from the top and from the bottom of the ranks."""


def sweep_part(study: Study, setup: Setup) -> list[Any]:
    """One sweep as far as it was computed."""
    swept, found = plan_of(study), read(study, setup)
    story: list[Any] = [Heading(study.name, 1)]
    done = sum(not row.failure for row in found.rows)
    story.append(
        said(sentence(f"{in_words(swept)}: {done} of {max(len(study.points) - 1, 0)} combinations simulated"), TEXT)
    )
    targets = found.targets
    if not targets or not done:
        return story
    first = targets[0]
    second = next((one for one in targets if one.metric == WORK_SPREAD), targets[min(1, len(targets) - 1)])
    order = ranked(found.rows, first)
    shown = best_of_places(order) if swept.site is not None else order
    ranks = _ranks(study, found, [one for one in shown if one.rank], first, second)
    values = by_segment(order)
    if np.isfinite(values).any():
        disc = bullseye(values, scale_of(first, values), 50 * mm, f"Best {first.label} ({first.unit}) by segment")
        story = [KeepTogether([*story, plain_grid([[[disc], ranks]], [54 * mm, WIDTH - 54 * mm])])]
    else:
        story += ranks
    story += _notes(found, first, second, swept.site is not None)
    return [*story, Spacer(1, 2 * mm)]


def _ranks(study: Study, found: Table, order: list[Ranked], first: Target, second: Target) -> list[Any]:
    swept = plan_of(study)
    base = found.baseline.get(first.metric)
    head = ["Rank", *(axis.parameter.label for axis in swept.axes), f"{first.label}, {first.unit}", "Change",
            f"{second.label}, {second.unit}"]  # fmt: skip
    lines: list[list[Any]] = [[said(text, CELL) for text in head]]
    kept = order if len(order) <= FIRST + LAST else [*order[:FIRST], *order[-LAST:]]
    for one in kept:
        if len(kept) < len(order) and one is order[-LAST]:
            lines.append(["…", *[""] * (len(head) - 1)])
        values = [said(value_text(axis.parameter, value), CELL)
                  for axis, value in zip(swept.axes, one.row.values, strict=True)]  # fmt: skip
        change = "" if base is None else f"{one.value - base:+.{first.decimals}f}".replace("-", MINUS)
        other = one.row.numbers.get(second.metric, float("nan"))
        lines.append([str(one.rank), *values, first.text(one.value), change, second.text(other)])
    wide = 126.0
    fixed = [10.0, *[(wide - 10 - 54) / len(swept.axes)] * len(swept.axes), 18.0, 16.0, 20.0]
    made = table(lines, fixed, right=tuple(range(1 + len(swept.axes), len(head))), padding=0.6)
    untreated = "" if base is None else f"Today {first.label} is {first.text(base)} {first.unit}. "
    note = (
        "One rank is shared where the simulation itself cannot tell the difference; what is uncertain in the patient "
    )
    return [made, said(f"{untreated}{note}is not in it.", QUIET)]


def _notes(found: Table, first: Target, second: Target, of_places: bool) -> list[Any]:
    story: list[Any] = []
    front = pareto(found.rows, first, second) if first.metric != second.metric else ()
    if front:
        story.append(said(f"{len(front)} of {len(found.rows)} combinations are beaten by no other in {first.label} and "
                          f"{second.label} together.", CELL))  # fmt: skip
    if of_places and found.left_out:
        reasons: dict[str, list[str]] = {}
        for place, why in found.left_out.items():
            reasons.setdefault(why.reason, []).append(str(place))
        left = "; ".join(f"{', '.join(places)} ({lowered(reason)})" for reason, places in reasons.items())
        story.append(said(f"Not ranked: {left}.", CELL))
    failed = [row for row in found.rows if row.failure]
    if failed:
        story.append(said(f"{len(failed)} could not be simulated, the first because: {failed[0].failure}.", CELL))
    return story
