"""Vector drawings for the pages: ECG on its grid, and curves with axes. reportlab drawings in points (1/72 inch)."""

from collections.abc import Sequence

import numpy as np
from reportlab.graphics.shapes import Drawing, Line, PolyLine, String
from reportlab.lib import colors
from reportlab.lib.units import mm

from twinviewer.domain import Run
from twinviewer.report.strip import Curve, Plot, ticks

LEADS = ("I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6")
"""3 x 4 in reading order, as a cardiograph prints them."""

_QUIET = colors.HexColor("#5C6876")
_GRID = colors.HexColor("#F0C9C2")


def ecg_page(runs: Sequence[tuple[str, Run, str]], width_mm: float = 180.0) -> Drawing:
    """12 leads in 3 rows of 4 at 25 mm/s and 10 mm/mV on a 5 mm grid, scenarios overlaid in their colours."""
    row_mm, column_mm = 25.0, width_mm / 4
    height_mm = 3 * row_mm
    drawing = Drawing(width_mm * mm, height_mm * mm)
    for i in range(int(width_mm / 5) + 1):
        drawing.add(Line(i * 5 * mm, 0, i * 5 * mm, height_mm * mm, strokeColor=_GRID, strokeWidth=0.25))
    for j in range(int(height_mm / 5) + 1):
        drawing.add(Line(0, j * 5 * mm, width_mm * mm, j * 5 * mm, strokeColor=_GRID, strokeWidth=0.25))
    for index, lead in enumerate(LEADS):
        left, middle = (index % 4) * column_mm, height_mm - (index // 4 + 0.5) * row_mm
        for _, run, colour in runs:
            trace = run.traces.get(f"ecg_{lead}")
            if trace is None:
                continue
            beats = int(np.ceil(column_mm / (25.0 * trace.time_s[-1])))  # the beat is periodic: fill the column
            time_s = np.concatenate([trace.time_s[:-1] + beat * trace.time_s[-1] for beat in range(beats)])
            x = left + 2 + 25.0 * time_s
            y = middle + 10.0 * np.tile(trace.values[:-1], beats)
            keep = x < left + column_mm - 1
            points = np.column_stack([x[keep], y[keep]])[::2].ravel() * mm
            drawing.add(PolyLine(points.tolist(), strokeColor=colors.HexColor(colour), strokeWidth=0.8))
        drawing.add(String((left + 1) * mm, (middle + row_mm / 2 - 4) * mm, lead, fontSize=7, fillColor=_QUIET))
    return drawing


def curves(title: str, unit: str, found: Sequence[Curve], width: float, height: float) -> Drawing:
    """One panel of curves with a few ticks. width and height in points."""
    drawing = Drawing(width, height)
    plot = Plot(title, unit, found, (30, 16, int(width) - 6, int(height) - 14))
    left, top, right, bottom = plot.box
    drawing.add(String(left, height - 10, f"{title} ({unit})", fontSize=8, fillColor=colors.HexColor("#1A2029")))
    for value in ticks(plot.y0, plot.y1, 4):
        y = height - float(plot.place(plot.x0, value)[1])
        drawing.add(Line(left, y, right, y, strokeColor=colors.HexColor("#D5DBE2"), strokeWidth=0.4))
        drawing.add(String(left - 3, y - 2, f"{value:g}", fontSize=6, fillColor=_QUIET, textAnchor="end"))
    for value in ticks(plot.x0, plot.x1, 5):
        x = float(plot.place(value, plot.y0)[0])
        drawing.add(String(x, height - bottom - 9, f"{value:g}", fontSize=6, fillColor=_QUIET, textAnchor="middle"))
    for curve in plot.curves:
        xs, ys = plot.place(curve.x, curve.y)
        points = np.column_stack([xs, height - ys]).ravel().tolist()
        drawing.add(PolyLine(points, strokeColor=colors.HexColor(curve.colour), strokeWidth=1.1))
    return drawing
