"""A cohort on one picture: how the change is spread, and who responds, group by group, with intervals."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from twinviewer.report import RESEARCH_ONLY
from twinviewer.report.strip import PAPER, Look, ticks
from twinviewer.session.studies.cohort.response import LEVEL, Group
from twinviewer.session.studies.cohort.step import CohortResult

_SCALE = 2
YES, NO, BAR = "#0F8B9D", "#B9C3CE", "#1A2029"
BINS = 32


def cohort_picture(found: CohortResult, path: Path, title: str, look: Look = PAPER) -> Path:
    """Write a PNG of 1600 pixels' width. title: the case and its therapies."""
    rows = [found.overall, *(one for division in found.divisions for one in division.groups)]
    height = max(620, 190 + 34 * (len(rows) + len(found.divisions)))
    image = Image.new("RGB", (1600 * _SCALE, height * _SCALE), look.background)
    canvas = _Canvas(image, look)
    canvas.text(40, 22, title, 20, look.text)
    canvas.text(40, 52, f"Responds: {found.criterion.said}. {RESEARCH_ONLY}", 14, look.quiet)
    _histogram(canvas, found, (70, 120, 690, height - 80))
    _forest(canvas, found, (780, 104, 1560, height - 60))
    image.resize((1600, height), Image.Resampling.LANCZOS).save(path)
    return path


class _Canvas:
    """Draws in pixels of the finished picture."""

    def __init__(self, image: Image.Image, look: Look) -> None:
        self.pen, self.look = ImageDraw.Draw(image), look

    def text(self, x: float, y: float, text: str, size: int, colour: str, anchor: str = "la") -> None:
        text = text.replace("²", "2")  # the font has no such sign
        self.pen.text(
            (x * _SCALE, y * _SCALE), text, fill=colour, font=ImageFont.load_default(size * _SCALE), anchor=anchor
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str, width: float = 1.0) -> None:
        ends = [(x0 * _SCALE, y0 * _SCALE), (x1 * _SCALE, y1 * _SCALE)]
        self.pen.line(ends, fill=colour, width=max(round(width * _SCALE), 1))

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        self.pen.rectangle([x0 * _SCALE, y0 * _SCALE, x1 * _SCALE, y1 * _SCALE], fill=colour)


def _histogram(canvas: _Canvas, found: CohortResult, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    canvas.text(left, top - 26, "Virtual patients by what changes", 15, canvas.look.text)
    change = found.changes
    change = change[np.isfinite(change)]
    if not len(change):
        canvas.text(left, top + 20, "Nobody is simulated yet", 14, canvas.look.quiet)
        return
    counts, edges = histogram(change, found.criterion.by)
    most, span = max(counts.max(), 1), edges[-1] - edges[0]

    def x_of(value: float) -> float:
        return left + (right - left) * float((value - edges[0]) / span)

    for value in ticks(0.0, float(most), 4):
        y = bottom - (bottom - top) * value / most
        canvas.line(left, y, right, y, canvas.look.line)
        canvas.text(left - 8, y, f"{value:g}", 12, canvas.look.quiet, "rm")
    for k, count in enumerate(counts):
        if not count:
            continue
        middle = 0.5 * (edges[k] + edges[k + 1])
        y = bottom - (bottom - top) * count / most
        canvas.box(x_of(edges[k]) + 1, y, x_of(edges[k + 1]) - 1, bottom, YES if found.criterion.met(middle) else NO)
    for value in ticks(float(edges[0]), float(edges[-1]), 6):
        canvas.text(x_of(float(value)), bottom + 8, f"{value:g}", 12, canvas.look.quiet, "ma")
    canvas.line(x_of(found.criterion.by), top, x_of(found.criterion.by), bottom, BAR, 1.5)
    unit = "%" if found.criterion.percent else "in its own unit"
    canvas.text((left + right) / 2, bottom + 34, f"Change, {unit}; coloured: responds", 13, canvas.look.quiet, "ma")


def histogram(change: np.ndarray, at: float) -> tuple[np.ndarray, np.ndarray]:
    """(counts, edges) of even bins, one of whose edges is the criterion, so that no bar is of both kinds."""
    low, high = float(min(change.min(), at)), float(max(change.max(), at))
    bins = min(max(round(2.0 * np.sqrt(len(change))), 6), BINS)
    width = max((high - low) / bins, 1e-9)
    first, last = np.floor((low - at) / width), np.ceil((high - at) / width)
    edges = at + width * np.arange(first, max(last, first + 1) + 1)
    return np.histogram(change, edges)[0], edges


def _forest(canvas: _Canvas, found: CohortResult, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    axis_left, axis_right = left + 250, right - 150
    canvas.text(left, top - 10, f"Who responds, with {100 * LEVEL:.0f} % intervals", 15, canvas.look.text)

    def x_of(share: float) -> float:
        return axis_left + (axis_right - axis_left) * share

    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        canvas.line(x_of(share), top + 18, x_of(share), bottom, canvas.look.line)
        canvas.text(x_of(share), bottom + 6, f"{100 * share:.0f} %", 12, canvas.look.quiet, "ma")

    def row(one: Group, y: float) -> None:
        low, high = one.responders.interval
        canvas.text(left, y, one.label, 13, canvas.look.text, "lm")
        canvas.line(x_of(low), y, x_of(high), y, BAR, 2.0)
        for end in (low, high):
            canvas.line(x_of(end), y - 5, x_of(end), y + 5, BAR, 2.0)
        middle = x_of(one.responders.share)
        canvas.box(middle - 5, y - 5, middle + 5, y + 5, YES)
        said = f"{one.responders.count} of {one.responders.of}, {100 * one.responders.share:.0f} %"
        canvas.text(right, y, said, 13, canvas.look.text, "rm")

    y = top + 40.0
    if found.overall.responders.of:
        row(found.overall, y)
    for division in found.divisions:
        y += 16
        for one in division.groups:
            y += 28
            row(one, y)
        if division.difference is not None:
            y += 22
            canvas.text(left + 12, y, division.difference.said, 12, canvas.look.quiet, "lm")
