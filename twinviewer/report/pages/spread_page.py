"""How sure the numbers are: what the intervals stand on, the inputs that matter most, and what would narrow them."""

from typing import Any

from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib import colors

from twinviewer.report.pages.deltas import deltas_of
from twinviewer.report.pages.story import MOST_BESIDE, headline, ready
from twinviewer.report.pages.styles import CELL, QUIET, TEXT, Heading, said, table
from twinviewer.session.case import BASELINE, Case
from twinviewer.session.metric_names import label_of
from twinviewer.session.studies.uncertainty.bands import spread_of
from twinviewer.session.studies.uncertainty.files import ranking_of
from twinviewer.session.studies.uncertainty.sensitivity import Ranking
from twinviewer.session.studies.uncertainty.words import LIMITS, foundation, gain, narrowed, percent, title

MOST_INPUTS, MOST_NUMBERS = 3, 4
_INK, _EDGE = colors.HexColor("#12181F"), colors.HexColor("#D3DAE2")


def spread_part(case: Case) -> list[Any]:
    """Of the last spread of this baseline; nothing where there is none."""
    spread = spread_of(case)
    if spread is None:
        return []
    story: list[Any] = [Heading("How sure the changes are", 1), said(foundation(spread), TEXT)]
    everything = [delta for one in ready(case)[:MOST_BESIDE] for delta in deltas_of(case, one)]
    names = headline(case, everything)
    for scenario in ready(case):
        own = spread.like(scenario)
        if own is None:
            story.append(said(f"{scenario.label} was not among the scenarios drawn.", CELL))
            continue
        less = spread.like(case.baseline) if case.baseline is not None else None
        found = [ranking_of(case, spread, name, own, less or BASELINE) for name in names]
        kept = [one for one in found if one is not None and one.shares][:MOST_NUMBERS]
        if kept:
            story += [said(f"{scenario.label}: what its changes depend on most", CELL), _inputs(kept)]
            story += [said(f"{label_of(one.metric)}. {gain(one)}", QUIET) for one in kept if gain(one)]
    return [*story, said(LIMITS, QUIET)]


def _inputs(rankings: list[Ranking]) -> Any:
    rows: list[list[Any]] = [["The change of", "Depends on", "Share", "", "Better known by"]]
    for ranking in rankings:
        for place, one in enumerate(ranking.shares[:MOST_INPUTS]):
            name = said(label_of(ranking.metric), CELL) if not place else ""
            rows.append([name, said(title(one.input), CELL), percent(one.share), _bar(one.share),
                         said(narrowed(one), CELL)])  # fmt: skip
    return table(rows, [42, 46, 12, 18, 62], right=(2,), padding=0.7)


def _bar(share: float, width: float = 46.0, height: float = 6.0) -> Drawing:
    drawing = Drawing(width, height)
    drawing.add(Rect(0, 0.5, width, height - 1, fillColor=None, strokeColor=_EDGE, strokeWidth=0.5))
    drawing.add(Rect(0, 0.5, width * min(max(share, 0.0), 1.0), height - 1, fillColor=_INK, strokeColor=None))
    return drawing
