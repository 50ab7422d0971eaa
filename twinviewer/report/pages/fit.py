"""How the baseline was fitted: measured beside simulated, how far off, and what the data tell of each parameter."""

from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Circle, Drawing, Line, Rect
from reportlab.lib import colors
from reportlab.platypus import Paragraph

from twinviewer.domain import Residual
from twinviewer.domain.fit import LIMIT
from twinviewer.report.fit_words import asked, counted, origin_of, parameter_label
from twinviewer.report.pages.styles import CELL, QUIET, TEXT, Heading, said, table
from twinviewer.report.pages.words import interval, number, sentence, value_of
from twinviewer.session.case import Case
from twinviewer.session.metric_names import label_of, number_of

_INK, _BAND = colors.HexColor("#12181F"), colors.HexColor("#D3DAE2")
REACH = 3.0
"""Errors of the measurement that the drawing shows on either side."""


def fit_page(case: Case) -> list[Any]:
    """Nothing where no baseline was fitted."""
    found = None if case.baseline is None else case.baseline.setup.fit
    if found is None:
        return []
    story: list[Any] = [Heading("How the model fits this patient")]
    story += [Paragraph(f"<b>{escape(sentence(problem))}</b>", TEXT) for problem in found.problems]
    story.append(said(counted(found), TEXT))
    rows: list[list[Any]] = [["", "Known", "± error", "Simulated", "Off by, errors", "", "From"]]
    for one in found.residuals:
        rows.append(
            [
                label_of(one.name), value_of(one.name, one.measured), number(one.error),
                number_of(one.name, one.simulated), _signed(one.errors) + ("" if one.met else " !"),
                _off(one), said(origin_of(one) + ("" if one.fitted else ", a check"), CELL),
            ]
        )  # fmt: skip
    story.append(table(rows, [50, 18, 16, 20, 22, 34, 20], right=(1, 2, 3, 4), padding=0.9))
    story.append(
        said(f"Shaded: within {LIMIT:g} errors, which counts as met. The error is a standard deviation.", QUIET)
    )
    story.append(Heading("What the measurements tell of each parameter", 1))
    lines: list[list[Any]] = [["Parameter", "Value", "90 % interval", "Unit", "Told", "", ""]]
    for other in sorted(found.parameters, key=lambda one: (not one.is_told, -one.told)):
        value = other.value
        lines.append(
            [parameter_label(other.name), number(value.value), interval(value), value.unit,
             f"{100 * other.told:.0f} %", _share(other.told), said(asked(other), CELL)]
        )  # fmt: skip
    story.append(table(lines, [38, 16, 28, 22, 12, 18, 46], right=(1, 4), padding=0.9))
    story.append(
        said("Told: the share of what a population leaves uncertain that this patient's measurements take away.", QUIET)
    )
    return story


def _signed(errors: float) -> str:
    """One decimal, with its sign."""
    return f"{round(errors, 1) + 0.0:+.1f}".replace("-", "\u2212")


def _off(one: Residual, width: float = 92.0, height: float = 8.0) -> Drawing:
    """A mark on a scale of errors; an arrow's place at the end where it is farther off."""
    drawing = Drawing(width, height)
    middle, scale = width / 2, width / 2 / REACH
    drawing.add(Rect(middle - LIMIT * scale, 1, 2 * LIMIT * scale, height - 2, fillColor=_BAND, strokeColor=None))
    drawing.add(Line(middle, 0, middle, height, strokeColor=_INK, strokeWidth=0.4))
    at = middle + max(min(one.errors, REACH - 0.1), -REACH + 0.1) * scale
    fill = _INK if one.met else colors.white
    drawing.add(Circle(at, height / 2, 2.1, fillColor=fill, strokeColor=_INK, strokeWidth=1.0))
    return drawing


def _share(told: float, width: float = 46.0, height: float = 6.0) -> Drawing:
    drawing = Drawing(width, height)
    drawing.add(Rect(0, 0.5, width, height - 1, fillColor=None, strokeColor=_BAND, strokeWidth=0.5))
    drawing.add(Rect(0, 0.5, width * min(max(told, 0.0), 1.0), height - 1, fillColor=_INK, strokeColor=None))
    return drawing
