"""ECGs on millimetre paper at true scale: 25 mm/s, 10 mm/mV, so that a ruler laid on the print measures them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib import colors
from reportlab.lib.units import mm

from twinviewer.domain import Run
from twinviewer.report.pages.fonts import REGULAR
from twinviewer.report.pages.inks import Inked

MM_PER_S, MM_PER_MV = 25.0, 10.0
LEADS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
"""3 x 4, as a cardiograph prints them."""
PULSE_MM = 7.0
"""Room at the left of each row for the mark of 1 mV."""
_FINE, _COARSE = colors.HexColor("#F8E9E6"), colors.HexColor("#EBC4BB")
_INK = colors.HexColor("#12181F")


def twelve_leads(found: Sequence[Inked], width_mm: float = 180.0) -> Drawing | None:
    """Twelve leads in 3 rows of 4, a rhythm strip of lead II a scenario below; scenarios overlaid. None without ECG."""
    found = [one for one in found if any(f"ecg_{lead}" in one.run.traces for row in LEADS for lead in row)]
    if not found:
        return None
    rows_mm = [_row_mm(found, row) for row in LEADS]
    strips_mm = [_row_mm([one], ("II",)) for one in found if "ecg_II" in one.run.traces]
    height_mm = float(sum(rows_mm) + sum(strips_mm))
    drawing = _paper(width_mm, height_mm)
    column_mm = (width_mm - PULSE_MM) / 4
    top = height_mm
    for row, tall in zip(LEADS, rows_mm, strict=True):
        middle = top - _above_mm(found, row, tall)
        _pulse(drawing, middle)
        for number, lead in enumerate(row):
            left = PULSE_MM + number * column_mm
            for one in found:
                _lead(drawing, one, lead, left, middle, column_mm - 1.0)
            _name(drawing, lead, left + 0.5, top - 3.4)
        top -= tall
    for one, tall in zip([one for one in found if "ecg_II" in one.run.traces], strips_mm, strict=True):
        middle = top - _above_mm([one], ("II",), tall)
        _pulse(drawing, middle)
        _lead(drawing, one, "II", PULSE_MM, middle, width_mm - PULSE_MM)
        _name(drawing, f"II, {one.label}, {60.0 / one.run.period_s:.0f} bpm", PULSE_MM + 0.5, top - 3.4)
        top -= tall
    return drawing


def small_ecg(found: Sequence[Inked], width_mm: float, leads: Sequence[str] = ("V1", "II")) -> Drawing | None:
    """A few leads under each other for about two beats, scenarios overlaid, at the same true scale."""
    found = [one for one in found if any(f"ecg_{lead}" in one.run.traces for lead in leads)]
    if not found:
        return None
    rows_mm = [_row_mm(found, (lead,)) for lead in leads]
    width_mm = 5.0 * int(width_mm / 5.0)
    drawing = _paper(width_mm, float(sum(rows_mm)))
    top = float(sum(rows_mm))
    for lead, tall in zip(leads, rows_mm, strict=True):
        middle = top - _above_mm(found, (lead,), tall)
        for one in found:
            _lead(drawing, one, lead, 0.0, middle, width_mm)
        _name(drawing, lead, 0.7, top - 3.4)
        top -= tall
    return drawing


def points_mm(run: Run, lead: str, width_mm: float) -> NDArray[np.float64]:
    """(k, 2) mm from the start of the P wave and from the zero line; beats follow each other as far as the width."""
    trace = run.traces[f"ecg_{lead}"]
    period_s = float(trace.time_s[-1])
    beats = int(np.ceil(width_mm / (MM_PER_S * period_s)))
    time_s = np.concatenate([trace.time_s[:-1] + beat * period_s for beat in range(beats)])
    values = np.tile(trace.values[:-1], beats)
    keep = MM_PER_S * time_s <= width_mm
    return np.column_stack([MM_PER_S * time_s[keep], MM_PER_MV * values[keep]])


def _reach(found: Sequence[Inked], leads: Sequence[str]) -> tuple[float, float]:
    """Lowest and highest mm from the zero line."""
    values = [
        one.run.traces[f"ecg_{lead}"].values for one in found for lead in leads if f"ecg_{lead}" in one.run.traces
    ]
    if not values:
        return 0.0, 0.0
    return MM_PER_MV * min(v.min() for v in values), MM_PER_MV * max(v.max() for v in values)


def _row_mm(found: Sequence[Inked], leads: Sequence[str]) -> float:
    """How tall a row has to be so that no lead runs into the next: a multiple of 5 mm, not taller than 50."""
    low, high = _reach(found, leads)
    return float(np.clip(5.0 * np.ceil((high - low + 4.0) / 5.0), 15.0, 50.0))


def _above_mm(found: Sequence[Inked], leads: Sequence[str], tall: float) -> float:
    """How far below the row's top its zero line lies."""
    low, high = _reach(found, leads)
    return float(high + 2.5 + max(tall - 4.0 - (high - low), 0.0) / 2.0)


def _paper(width_mm: float, height_mm: float) -> Drawing:
    """Lines every mm, heavier every 5."""
    drawing = Drawing(width_mm * mm, height_mm * mm)
    for step, colour, wide in ((1, _FINE, 0.15), (5, _COARSE, 0.35)):
        for x in np.arange(0, width_mm + 1e-6, step):
            drawing.add(Line(x * mm, 0, x * mm, height_mm * mm, strokeColor=colour, strokeWidth=wide))
        for y in np.arange(0, height_mm + 1e-6, step):
            drawing.add(Line(0, y * mm, width_mm * mm, y * mm, strokeColor=colour, strokeWidth=wide))
    return drawing


def _lead(drawing: Drawing, one: Inked, lead: str, left: float, middle: float, width: float) -> None:
    if f"ecg_{lead}" not in one.run.traces:
        return
    line = points_mm(one.run, lead, width)[::2] + [left, middle]
    made = PolyLine((line * mm).ravel().round(2).tolist(), strokeColor=colors.HexColor(one.colour))
    made.strokeWidth, made.strokeDashArray = max(0.8 * one.width, 0.6), list(one.dash) or None
    drawing.add(made)


def _pulse(drawing: Drawing, middle: float) -> None:
    """The mark of 1 mV, 10 mm high."""
    corners = [1.0, 0, 2.0, 0, 2.0, 10.0, 5.0, 10.0, 5.0, 0, 6.0, 0]
    at = (np.array(corners).reshape(-1, 2) + [0.0, middle]) * mm
    drawing.add(PolyLine(at.ravel().tolist(), strokeColor=_INK, strokeWidth=0.6))


def _name(drawing: Drawing, text: str, x: float, y: float) -> None:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    wide = stringWidth(text, REGULAR, 6.5)
    drawing.add(Rect(x * mm - 1, y * mm - 1.5, wide + 2, 8, fillColor=colors.white, strokeColor=None))
    drawing.add(String(x * mm, y * mm, text, fontName=REGULAR, fontSize=6.5, fillColor=_INK))
