"""Curves of simulated beats with axes, as vector drawings; sizes in points (1/72 inch)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from reportlab.graphics.shapes import Drawing, Line, PolyLine, String
from reportlab.lib import colors
from reportlab.platypus import Table

from twinviewer.report.pages.fonts import BOLD, REGULAR
from twinviewer.report.pages.inks import Inked
from twinviewer.report.pages.styles import WIDTH, plain_grid
from twinviewer.report.strip import ticks

_QUIET, _RULE, _INK = colors.HexColor("#505B68"), colors.HexColor("#C9D1DA"), colors.HexColor("#12181F")


@dataclass(frozen=True, slots=True, eq=False)
class PenLine:
    """One curve: x and y (t,), and its pen."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: str
    width: float = 1.0
    dash: tuple[float, ...] = ()


PANELS = (
    ("LV volume", "mL", ("lv_volume_ml",)),
    ("LV and aortic pressure", "mmHg", ("lv_pressure_mmhg", "aortic_pressure_mmhg")),
    ("RV volume", "mL", ("rv_volume_ml",)),
    ("RV and pulmonary artery pressure", "mmHg", ("rv_pressure_mmhg", "pulmonary_artery_pressure_mmhg")),
    ("Flow through the aortic valve", "mL/s", ("aortic_flow_ml_s",)),
    ("Flow through the mitral valve", "mL/s", ("mitral_flow_ml_s",)),
    ("Left atrial pressure", "mmHg", ("la_pressure_mmhg",)),
)


def over_time(found: Sequence[Inked], names: Sequence[str]) -> list[PenLine]:
    """Traces of these names, time in ms from the start of the P wave."""
    return [
        PenLine(trace.time_s * 1000.0, trace.values, one.colour, one.width, one.dash)
        for one in found
        for trace in (one.run.traces.get(name) for name in names)
        if trace is not None
    ]


def loops(found: Sequence[Inked], side: str = "lv") -> list[PenLine]:
    """Pressure over volume of a ventricle, closed."""
    made = []
    for one in found:
        volume, pressure = one.run.traces.get(f"{side}_volume_ml"), one.run.traces.get(f"{side}_pressure_mmhg")
        if volume is not None and pressure is not None:
            p = np.interp(volume.time_s, pressure.time_s, pressure.values)
            x, y = np.append(volume.values, volume.values[0]), np.append(p, p[0])
            made.append(PenLine(x, y, one.colour, one.width, one.dash))
    return made


def panel(
    title: str, across: str, lines: Sequence[PenLine], width: float, height: float, *, size: float = 6.2
) -> Drawing:
    """One panel. across: what runs to the right, with its unit."""
    drawing = Drawing(width, height)
    left, right, bottom, top = 27.0, width - 5.0, 21.0, height - 14.0
    drawing.add(String(2, height - 8.5, title, fontName=BOLD, fontSize=7.0, fillColor=_INK))
    drawing.add(
        String((left + right) / 2, 1.5, across, fontName=REGULAR, fontSize=size, fillColor=_QUIET, textAnchor="middle")
    )
    if not lines:
        return drawing
    x, y = np.concatenate([one.x for one in lines]), np.concatenate([one.y for one in lines])
    room = 0.06 * max(float(np.ptp(y)), 1e-6)
    wide = 0.04 * float(np.ptp(x)) if not across.startswith("ms") else 0.0
    x0, x1 = float(x.min()) - wide, max(float(x.max()) + wide, float(x.min()) + 1e-6)
    y0, y1 = float(y.min()) - room, float(y.max()) + room
    for value in ticks(y0, y1, 4):
        at = bottom + (value - y0) / (y1 - y0) * (top - bottom)
        drawing.add(Line(left, at, right, at, strokeColor=_RULE, strokeWidth=0.3))
        drawing.add(_label(value, left - 3, at - 2.2, "end", size))
    for value in ticks(x0, x1, 4):
        at = left + (value - x0) / (x1 - x0) * (right - left)
        drawing.add(Line(at, bottom, at, bottom - 2, strokeColor=_INK, strokeWidth=0.4))
        drawing.add(_label(value, at, bottom - 8.5, "middle", size))
    drawing.add(Line(left, bottom, right, bottom, strokeColor=_INK, strokeWidth=0.4))
    for one in lines:
        xs = left + (one.x - x0) / (x1 - x0) * (right - left)
        ys = bottom + (one.y - y0) / (y1 - y0) * (top - bottom)
        step = max(len(xs) // 400, 1)
        points = np.column_stack([xs, ys])
        points = np.vstack([points[::step], points[-1:]]).round(2)
        made = PolyLine(points.ravel().tolist(), strokeColor=colors.HexColor(one.colour), strokeWidth=one.width)
        made.strokeDashArray = list(one.dash) or None
        drawing.add(made)
    return drawing


def all_panels(found: Sequence[Inked], height: float = 132.0) -> Table:
    """Volumes, pressures, flows and both loops, two a row."""
    half = WIDTH / 2 - 4
    made = [
        panel(f"{title} ({unit})", "ms from the start of the P wave", lines, half, height)
        for title, unit, names in PANELS
        if (lines := over_time(found, names))
    ]
    for side in ("lv", "rv"):
        if lines := loops(found, side):
            made.append(panel(f"{side.upper()} pressure (mmHg) over volume", "mL", lines, half, height))
    rows = [[*made[at : at + 2], *([""] if at + 1 == len(made) else [])] for at in range(0, len(made), 2)]
    return plain_grid(rows, [WIDTH / 2, WIDTH / 2])


def _label(value: float, x: float, y: float, anchor: str, size: float) -> String:
    text = f"{value + 0.0:g}".replace("-", "\u2212")
    return String(x, y, text, fontName=REGULAR, fontSize=size, fillColor=_QUIET, textAnchor=anchor)
