"""A sweep on one picture: the best of each segment on a bullseye, and what no other combination beats."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from twinviewer.report import RESEARCH_ONLY
from twinviewer.report.strip import PAPER, Look, ticks
from twinviewer.report.sweep_scale import scale_of
from twinviewer.scene.bullseye import SEGMENTS, SEPTAL_BORDERS_DEG, SIDES, Scale, dark_ink
from twinviewer.session.studies.study import Study
from twinviewer.session.studies.sweep.plan import Plan, plan_of
from twinviewer.session.studies.sweep.ranking import Ranked, Table, Target, best_of_places, by_segment, pareto, ranked

_SCALE, _WIDTH, _HEIGHT, _ROWS = 2, 1600, 760, 12
FRONT, DOT, GREY = "#0F8B9D", "#B9C3CE", "#EDF0F3"

Box = tuple[float, float, float, float]


def sweep_picture(study: Study, table: Table, first: Target, second: Target, path: Path, title: str) -> Path:
    """Write a PNG of 1600 x 760 pixels. first: what is ranked by, second: the other target of the front."""
    image = Image.new("RGB", (_WIDTH * _SCALE, _HEIGHT * _SCALE), PAPER.background)
    pen = _Pen(image, PAPER)
    swept, order = plan_of(study), ranked(table.rows, first)
    pen.text(40, 22, title, 20, PAPER.text)
    pen.text(40, 52, f"{len(study.answers)} simulations. {RESEARCH_ONLY}", 14, PAPER.quiet)
    left = 40.0
    if swept.site is not None:
        _disc(pen, table, order, first, (270.0, 400.0), 205.0)
        left = 560.0
    _ranks(pen, swept, order, first, second, left)
    _front(pen, table, first, second, (1120.0, 130.0, 1550.0, 640.0))
    image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(path)
    return path


class _Pen:
    """Draws in pixels of the finished picture."""

    def __init__(self, image: Image.Image, look: Look) -> None:
        self.draw, self.look = ImageDraw.Draw(image), look

    def text(self, x: float, y: float, text: str, size: int, colour: str, anchor: str = "la") -> None:
        font = ImageFont.load_default(size * _SCALE)
        self.draw.text((x * _SCALE, y * _SCALE), text, fill=colour, font=font, anchor=anchor)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float = 1.0) -> None:
        self.draw.line([(x * _SCALE, y * _SCALE) for x, y in points], fill=colour, width=max(round(width * _SCALE), 1))

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        box = [(x - radius) * _SCALE, (y - radius) * _SCALE, (x + radius) * _SCALE, (y + radius) * _SCALE]
        self.draw.ellipse(box, fill=colour)

    def patch(self, corners: np.ndarray, fill: str | tuple[int, int, int]) -> None:
        self.draw.polygon([(x * _SCALE, y * _SCALE) for x, y in corners], fill=fill, outline="#FFFFFF", width=_SCALE)


def _disc(
    pen: _Pen, table: Table, order: Sequence[Ranked], target: Target, centre: tuple[float, float], radius: float
) -> None:
    values, scale = by_segment(order), scale_of(target, by_segment(order))
    hidden = table.hidden
    pen.text(centre[0], 100, f"{scale.title} ({scale.unit}), best of each segment", 15, pen.look.text, "ma")
    for segment in SEGMENTS:
        corners = np.column_stack(
            [centre[0] + radius * segment.outline()[:, 0], centre[1] - radius * segment.outline()[:, 1]]
        )
        value = values[segment.number - 1]
        why = hidden.get(segment.number)
        rgb = scale.colour(value) if why is None else None
        pen.patch(corners, GREY if rgb is None else rgb)
        if rgb is None:
            _hatch(pen, corners)
        ink = pen.look.quiet if rgb is None else "#14181E" if dark_ink(rgb) else "#FFFFFF"
        x, y = centre[0] + radius * segment.label[0], centre[1] - radius * segment.label[1]
        shown = scale.text(value) if np.isfinite(value) else (why.kind if why is not None else "")
        pen.text(x, y, shown, 14, ink, "mm")
    for degree in SEPTAL_BORDERS_DEG:
        cos, sin = np.cos(np.radians(degree)), np.sin(np.radians(degree))
        pen.line([(centre[0] + r * radius * cos, centre[1] - r * radius * sin) for r in (1.01, 1.05)], pen.look.text)
    for name, degree in SIDES:
        x, y = np.cos(np.radians(degree)), np.sin(np.radians(degree))
        anchor = "mm" if abs(x) < 0.5 else ("rm" if x < 0 else "lm")
        far = radius + (14.0 if abs(x) < 0.5 else 8.0)
        word = name if abs(x) < 0.5 else name[0].upper()
        pen.text(centre[0] + far * x, centre[1] - far * y, word, 13, pen.look.quiet, anchor)
    _bar(pen, scale, centre[0], centre[1] + radius + 42)
    kinds = {"unreachable": "no vein leads there", "scar": "scar", "absent": "not in this heart"}
    said = sorted({kinds[why.kind] for why in hidden.values()})
    if said:
        pen.text(centre[0], centre[1] + radius + 92, f"Hatched: {', '.join(said)}", 13, pen.look.quiet, "ma")


def _hatch(pen: _Pen, corners: np.ndarray) -> None:
    """Stripes over a polygon, clipped to it."""
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    wide, high = int((x1 - x0) * _SCALE) + 2, int((y1 - y0) * _SCALE) + 2
    mask, stripes = Image.new("L", (wide, high), 0), Image.new("L", (wide, high), 0)
    ImageDraw.Draw(mask).polygon([((x - x0) * _SCALE, (y - y0) * _SCALE) for x, y in corners], fill=255)
    drawn = ImageDraw.Draw(stripes)
    for start in range(-high, wide, 7 * _SCALE):
        drawn.line([(start, high), (start + high, 0)], fill=255, width=_SCALE)
    both = Image.fromarray(np.minimum(np.asarray(mask), np.asarray(stripes)))
    pen.draw.bitmap((round(x0 * _SCALE), round(y0 * _SCALE)), both, fill="#B9C3CE")


def _bar(pen: _Pen, scale: Scale, x: float, y: float) -> None:
    steps, half = 60, 110.0
    for k in range(steps):
        colour = scale.colour(scale.low + (k + 0.5) / steps * (scale.high - scale.low))
        assert colour is not None
        left = x - half + 2 * half * k / steps
        pen.draw.rectangle(
            [left * _SCALE, y * _SCALE, (left + 2 * half / steps) * _SCALE, (y + 9) * _SCALE], fill=colour
        )
    for place, value in zip((-half, 0.0, half), scale.ticks(), strict=True):
        pen.text(x + place, y + 13, f"{value:g}".replace("-", "\N{MINUS SIGN}"), 13, pen.look.quiet, "ma")


def _ranks(pen: _Pen, swept: Plan, order: Sequence[Ranked], first: Target, second: Target, left: float) -> None:
    shown = best_of_places(order) if swept.site is not None else order
    pen.text(left, 100, f"By {first.label}, {first.first} first", 15, pen.look.text)
    for k, one in enumerate(shown[: _ROWS + 6]):
        y = 132.0 + 30.0 * k
        ink = pen.look.text if one.rank else pen.look.quiet
        words = ", ".join(axis.text(value) for axis, value in zip(swept.axes, one.row.values, strict=True))
        pen.text(left + 18, y, str(one.rank) if one.rank else "-", 14, ink, "ra")
        pen.text(left + 34, y, words, 14, ink)
        pen.text(left + 400, y, f"{first.text(one.value)} {first.unit}", 14, ink, "ra")
        if second.metric in one.row.numbers:
            other = second.text(one.row.numbers[second.metric])
            pen.text(left + 520, y, f"{other} {second.unit}", 14, pen.look.quiet, "ra")


def _front(pen: _Pen, table: Table, first: Target, second: Target, box: Box) -> None:
    left, top, right, bottom = box
    known = [r for r in table.rows if {first.metric, second.metric} <= r.numbers.keys() and r.masked is None]
    pen.text(left, 100, f"{first.label} against {second.label}", 15, pen.look.text)
    if not known:
        return
    values = np.array([[row.numbers[first.metric], row.numbers[second.metric]] for row in known])
    if {first.metric, second.metric} <= table.baseline.keys():
        values = np.vstack([values, [table.baseline[first.metric], table.baseline[second.metric]]])
    low, high = values.min(axis=0), values.max(axis=0)
    span = np.where(high > low, high - low, 1.0) * 1.12
    low = (low + high) / 2.0 - span / 2.0

    def at(a: float, b: float) -> tuple[float, float]:
        return left + (a - low[0]) / span[0] * (right - left), bottom - (b - low[1]) / span[1] * (bottom - top)

    for value in ticks(low[0], low[0] + span[0], 5):
        x = at(value, low[1])[0]
        pen.line([(x, top), (x, bottom)], "#E6EAEE")
        pen.text(x, bottom + 8, f"{value:g}", 13, pen.look.quiet, "ma")
    for value in ticks(low[1], low[1] + span[1], 5):
        y = at(low[0], value)[1]
        pen.line([(left, y), (right, y)], "#E6EAEE")
        pen.text(left - 8, y, f"{value:g}", 13, pen.look.quiet, "rm")
    pen.text((left + right) / 2, bottom + 32, f"{first.label} ({first.unit})", 13, pen.look.quiet, "ma")
    pen.text(left + 4, top + 4, f"{second.label} ({second.unit})", 13, pen.look.quiet)
    for row in known:
        pen.dot(*at(row.numbers[first.metric], row.numbers[second.metric]), 4.0, DOT)
    front = [at(r.numbers[first.metric], r.numbers[second.metric]) for r in pareto(table.rows, first, second)]
    pen.line(front, FRONT, 2.0)
    for x, y in front:
        pen.dot(x, y, 5.5, FRONT)
    if len(values) > len(known):
        x, y = at(*values[-1])
        pen.line([(x - 7, y), (x + 7, y)], pen.look.text, 2.0)
        pen.line([(x, y - 7), (x, y + 7)], pen.look.text, 2.0)
        pen.text(x, y - 10, "baseline", 13, pen.look.text, "mb" if x < right - 40 else "rb")
