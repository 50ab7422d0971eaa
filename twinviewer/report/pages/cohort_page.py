"""A virtual cohort: who responds, by groups, with intervals, and whom it does not speak for."""

from typing import Any

from reportlab.graphics.shapes import Circle, Drawing, Line
from reportlab.lib import colors
from reportlab.platypus import Paragraph

from twinviewer.report.pages.styles import CELL, QUIET, SHADE, TEXT, Heading, said, table
from twinviewer.report.pages.words import number
from twinviewer.session.studies.cohort.bias import bias_statement
from twinviewer.session.studies.cohort.response import Group
from twinviewer.session.studies.cohort.step import result_of
from twinviewer.session.studies.study import Study

_INK, _RULE = colors.HexColor("#12181F"), colors.HexColor("#C9D1DA")


def cohort_part(study: Study) -> list[Any]:
    """One cohort as far as it was computed."""
    found = result_of(study)
    story: list[Any] = [Heading(study.name, 1)]
    share = found.overall.responders
    low, high = share.interval
    text = (
        f"{share.count} of {share.of} virtual patients respond ({100 * share.share:.0f} %, 90 % interval "
        f"{100 * low:.0f} to {100 * high:.0f} %). Response: {found.criterion.said}."
    )
    story.append(said(text if share.of else "Nobody has been simulated yet.", TEXT))
    if not share.of:
        return story
    unit = "%" if found.criterion.percent else ""
    rows: list[list[Any]] = [["", "Respond", "of", "in %", "90 % interval", "", f"Change, median {unit}".strip(),
                              "9 of 10 lie in"]]  # fmt: skip
    commands: list[tuple[Any, ...]] = []
    rows.append(_row(found.overall))
    for division in found.divisions:
        if not division.groups:
            continue
        commands += [("SPAN", (0, len(rows)), (-1, len(rows))), ("BACKGROUND", (0, len(rows)), (-1, len(rows)), SHADE)]
        told = "" if division.difference is None else f": {division.difference.said}"
        rows.append([Paragraph(f"<b>{division.by}</b>{told}", CELL), *[""] * 7])
        rows += [_row(one) for one in division.groups]
    story.append(table(rows, [44, 16, 12, 12, 24, 30, 20, 22], right=(1, 2, 3, 6), padding=0.7, more=commands))
    story.append(
        said("Intervals say how far another draw of as many virtual patients could differ, not how far the model is "
             "from patients.", QUIET)
    )  # fmt: skip
    for part in bias_statement(found):
        if part.sentences:
            story.append(Paragraph(f"<b>{part.heading}.</b> {' '.join(part.sentences)}", QUIET))
    return story


def _row(group: Group) -> list[Any]:
    share = group.responders
    low, high = share.interval
    known = group.median == group.median
    return [
        group.label, str(share.count), str(share.of), f"{100 * share.share:.0f}" if share.of else "",
        f"{100 * low:.0f} to {100 * high:.0f}", _span(share.share, low, high) if share.of else "",
        number(group.median) if known else "", f"{number(group.low)} to {number(group.high)}" if known else "",
    ]  # fmt: skip


def _span(share: float, low: float, high: float, width: float = 78.0, height: float = 7.0) -> Drawing:
    """A share with its interval on a line from 0 to 100 %."""
    drawing = Drawing(width, height)
    drawing.add(Line(0, height / 2, width, height / 2, strokeColor=_RULE, strokeWidth=0.4))
    drawing.add(Line(width * low, height / 2, width * high, height / 2, strokeColor=_INK, strokeWidth=1.2))
    drawing.add(Circle(width * share, height / 2, 1.8, fillColor=_INK, strokeColor=None))
    return drawing
