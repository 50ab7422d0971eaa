"""A bullseye as a vector drawing for the pages (reportlab, points of 1/72 inch)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from reportlab.graphics.shapes import Drawing, Line, Polygon, Rect, String
from reportlab.lib import colors

from twinviewer.report.pages.fonts import REGULAR
from twinviewer.scene.bullseye import SCALES, SEGMENTS, SEPTAL_BORDERS_DEG, SIDES, Scale, checked, dark_ink

_TEXT, _QUIET = colors.HexColor("#1A2029"), colors.HexColor("#5C6876")
_MISSING = colors.HexColor("#EDF0F3")
_STEPS = 40


def bullseye(
    values: Sequence[float] | NDArray[np.floating],
    scale: Scale | str,
    width: float,
    title: str = "",
    *,
    heading_size: float = 7.5,
) -> Drawing:
    """(17,) values (NaN: grey, a dash), a scale or its name in scene.bullseye.SCALES, width in points, height 1.2 ×."""
    scale = SCALES[scale] if isinstance(scale, str) else scale
    shown = checked(values)
    drawing = Drawing(width, 1.2 * width)
    radius, x0, y0 = 0.39 * width, 0.5 * width, 0.63 * width
    small = max(0.042 * width, 4.5)
    heading = title or f"{scale.title} ({scale.unit})"
    drawing.add(
        String(
            x0,
            1.2 * width - 8.5,
            heading,
            fontName=REGULAR,
            fontSize=heading_size,
            fillColor=_TEXT,
            textAnchor="middle",
        )
    )
    for segment in SEGMENTS:
        outline = segment.outline() * radius + [x0, y0]
        rgb = scale.colour(shown[segment.number - 1])
        fill = _MISSING if rgb is None else colors.Color(*(c / 255.0 for c in rgb))
        drawing.add(Polygon(outline.ravel().tolist(), fillColor=fill, strokeColor=colors.white, strokeWidth=0.7))
        x, y = x0 + radius * segment.label[0], y0 + radius * segment.label[1]
        ink = _QUIET if rgb is None else _TEXT if dark_ink(rgb) else colors.white
        text = scale.text(shown[segment.number - 1])
        drawing.add(
            String(x, y - 0.35 * small, text, fontName=REGULAR, fontSize=small, fillColor=ink, textAnchor="middle")
        )
    for degree in SEPTAL_BORDERS_DEG:
        cos, sin = np.cos(np.radians(degree)), np.sin(np.radians(degree))
        ends = [(x0 + r * radius * cos, y0 + r * radius * sin) for r in (1.01, 1.07)]
        drawing.add(Line(*ends[0], *ends[1], strokeColor=_TEXT, strokeWidth=0.8))
    for name, degree in SIDES:
        cos, sin = np.cos(np.radians(degree)), np.sin(np.radians(degree))
        word = name.capitalize() if abs(cos) < 0.5 else name[0].upper()
        at = (x0 + 1.1 * radius * cos, y0 + 1.09 * radius * sin - 0.35 * small)
        drawing.add(String(*at, word, fontName=REGULAR, fontSize=small, fillColor=_QUIET, textAnchor="middle"))
    left, bottom, step = x0 - 0.6 * radius, 0.085 * width, 1.2 * radius / _STEPS
    for k in range(_STEPS):
        rgb = scale.colour(scale.low + (k + 0.5) / _STEPS * (scale.high - scale.low))
        assert rgb is not None
        colour = colors.Color(*(c / 255.0 for c in rgb))
        drawing.add(Rect(left + k * step, bottom, step + 0.2, 0.03 * width, fillColor=colour, strokeColor=None))
    for k, value in enumerate(scale.ticks()):
        text, x = f"{value:g}".replace("-", "\u2212"), left + k * 0.6 * radius
        drawing.add(
            String(
                x, bottom - 1.2 * small, text, fontName=REGULAR, fontSize=small, fillColor=_QUIET, textAnchor="middle"
            )
        )
    return drawing
