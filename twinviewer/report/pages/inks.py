"""How a scenario's lines are drawn on paper: dark enough to print, and told apart by their strokes without colour."""

from dataclasses import dataclass

from reportlab.graphics.shapes import Drawing, Line, String

from twinviewer.domain import Run
from twinviewer.report.pages.fonts import REGULAR
from twinviewer.scene.palette import rgb
from twinviewer.session.case import BASELINE, Case, Scenario

DARKEST = 0.22
"""Relative luminance above which a colour is darkened for white paper: contrast of 4 and more (WCAG 2)."""
_DASHES: tuple[tuple[float, ...], ...] = ((), (5.0, 1.6), (1.2, 1.4), (6.0, 1.5, 1.2, 1.5))


@dataclass(frozen=True, slots=True, eq=False)
class Inked:
    """A scenario with a run, and its pen. colour "#RRGGBB"; width and dash in points."""

    scenario: Scenario
    run: Run
    colour: str
    width: float
    dash: tuple[float, ...]

    @property
    def label(self) -> str:
        """What people call it."""
        return self.scenario.label


def darkened(colour: str, most: float = DARKEST) -> str:
    """The same hue, dark enough to be read on white."""
    parts = list(rgb(colour))
    for _ in range(40):
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] <= most:
            break
        parts = [0.95 * p for p in parts]
    return "#" + "".join(f"{round(255 * p):02X}" for p in parts)


def inked(case: Case, chosen: tuple[str, ...] = ()) -> list[Inked]:
    """Every scenario that has a run, baseline first: thin and dashed as what is compared with, the others heavier."""
    found: list[Inked] = []
    others = 0
    for one in case.scenarios:
        if one.run is None or (chosen and one.name not in chosen):
            continue
        if one.name == BASELINE:
            found.insert(0, Inked(one, one.run, "#3A434E", 0.7, (2.2, 1.2)))
        else:
            found.append(Inked(one, one.run, darkened(one.colour), 1.15, _DASHES[others % len(_DASHES)]))
            others += 1
    return found


def key(found: list[Inked], width: float, size: float = 7.0) -> Drawing:
    """Which line is which, in rows as wide as given (points)."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    rows: list[list[tuple[float, Inked]]] = [[]]
    x = 0.0
    for one in found:
        wide = 28 + stringWidth(one.label, REGULAR, size) + 12
        if x + wide > width and rows[-1]:
            rows.append([])
            x = 0.0
        rows[-1].append((x, one))
        x += wide
    drawing = Drawing(width, 11 * len(rows))
    for number, row in enumerate(rows):
        y = 11 * (len(rows) - number) - 7.5
        for left, one in row:
            line = Line(left, y + 2.4, left + 24, y + 2.4, strokeColor=_colour(one.colour), strokeWidth=one.width)
            line.strokeDashArray = list(one.dash) or None
            drawing.add(line)
            drawing.add(String(left + 28, y, one.label, fontName=REGULAR, fontSize=size))
    return drawing


def _colour(text: str) -> object:
    from reportlab.lib import colors

    return colors.HexColor(text)
