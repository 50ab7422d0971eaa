"""The strip of traces under a film: ECG, volumes, pressures and the PV loop, with a cursor at the cardiac time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from twinviewer.domain import Run, Trace

_SCALE = 2  # drawn twice as large and reduced: smooth lines without another library


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of the strip."""

    background: str = "#171B22"
    line: str = "#2B323D"
    text: str = "#E6EAF0"
    quiet: str = "#94A0AF"


PAPER = Look("#FFFFFF", "#D5DBE2", "#1A2029", "#5C6876")


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One polyline: x and y (t,), its colour, and how wide."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: str
    width: float = 1.6


class Plot:
    """One panel: title, axes range, curves; and where the cursor of a run falls in it."""

    def __init__(self, title: str, unit: str, curves: Sequence[Curve], box: tuple[int, int, int, int]) -> None:
        self.title, self.unit, self.curves, self.box = title, unit, [c for c in curves if len(c.x)], box
        x = np.concatenate([c.x for c in self.curves]) if self.curves else np.array([0.0, 1.0])
        y = np.concatenate([c.y for c in self.curves]) if self.curves else np.array([0.0, 1.0])
        self.x0, self.x1 = float(x.min()), float(max(x.max(), x.min() + 1e-6))
        margin = 0.08 * max(float(np.ptp(y)), 1e-6)
        self.y0, self.y1 = float(y.min()) - margin, float(y.max()) + margin

    def place(self, x: NDArray[np.float64] | float, y: NDArray[np.float64] | float) -> tuple[NDArray, NDArray]:
        """Data -> pixels of the full-size strip."""
        left, top, right, bottom = self.box
        return (
            left + (np.asarray(x) - self.x0) / (self.x1 - self.x0) * (right - left),
            bottom - (np.asarray(y) - self.y0) / (self.y1 - self.y0) * (bottom - top),
        )


def _trace_curve(trace: Trace | None, colour: str, width: float = 1.6) -> list[Curve]:
    return [] if trace is None else [Curve(trace.time_s * 1000.0, trace.values, colour, width)]


def draw(plots: Sequence[Plot], size: tuple[int, int], look: Look) -> Image.Image:
    """The plots with axes and ticks, without cursors."""
    width, height = size
    image = Image.new("RGB", (width * _SCALE, height * _SCALE), look.background)
    pen = ImageDraw.Draw(image)
    small, title = ImageFont.load_default(11 * _SCALE), ImageFont.load_default(13 * _SCALE)
    for plot in plots:
        left, top, right, bottom = (v * _SCALE for v in plot.box)
        pen.text((left, top - 26 * _SCALE), plot.title, fill=look.text, font=title)
        pen.text((right, top - 24 * _SCALE), plot.unit, fill=look.quiet, font=small, anchor="ra")
        for value in ticks(plot.y0, plot.y1, 4):
            y = float(plot.place(plot.x0, value)[1]) * _SCALE
            pen.line([(left, y), (right, y)], fill=look.line, width=_SCALE)
            pen.text((left - 5 * _SCALE, y), f"{value + 0.0:g}", fill=look.quiet, font=small, anchor="rm")
        for value in ticks(plot.x0, plot.x1, 4):
            x = float(plot.place(value, plot.y0)[0]) * _SCALE
            pen.text((x, bottom + 4 * _SCALE), f"{value:g}", fill=look.quiet, font=small, anchor="ma")
        for curve in plot.curves:
            xs, ys = plot.place(curve.x, curve.y)
            points = list(zip((xs * _SCALE).tolist(), (ys * _SCALE).tolist(), strict=True))
            pen.line(points, fill=curve.colour, width=round(curve.width * _SCALE), joint="curve")
    return image.resize(size, Image.Resampling.LANCZOS)


class Strip:
    """The strip for one or more runs; the background is drawn once, a frame only adds cursors."""

    def __init__(self, runs: Sequence[tuple[str, Run, str]], size: tuple[int, int], look: Look | None = None) -> None:
        self.runs, self.size, self.look = runs, size, look if look is not None else Look()
        width, height = size
        gap, top, bottom = 22, 34, height - 26
        edges = np.linspace(gap, width - gap, 5)
        boxes = [(int(edges[i]) + 34, top, int(edges[i + 1]) - 14, bottom) for i in range(4)]
        loops = [curve for _, run, colour in runs for curve in self._loop(run, colour)]
        self.plots = [
            Plot("ECG II", "mV", self._collect("ecg_II"), boxes[0]),
            Plot("LV volume", "mL", self._collect("lv_volume_ml"), boxes[1]),
            Plot(
                "LV and aortic pressure",
                "mmHg",
                self._collect("lv_pressure_mmhg") + self._collect("aortic_pressure_mmhg", 0.9),
                boxes[2],
            ),
            Plot("LV pressure-volume loop", "mmHg / mL", loops, boxes[3]),
        ]
        self._background = draw(self.plots, size, self.look)

    @staticmethod
    def curves_of(run: Run, name: str, colour: str, width: float = 1.6) -> list[Curve]:
        """The curve of one trace, time in ms; empty where the run has no such trace."""
        return _trace_curve(run.traces.get(name), colour, width)

    def _collect(self, name: str, width: float = 1.6) -> list[Curve]:
        return [curve for _, run, colour in self.runs for curve in _trace_curve(run.traces.get(name), colour, width)]

    @staticmethod
    def _loop(run: Run, colour: str) -> list[Curve]:
        volume, pressure = run.traces.get("lv_volume_ml"), run.traces.get("lv_pressure_mmhg")
        if volume is None or pressure is None:
            return []
        p = np.interp(volume.time_s, pressure.time_s, pressure.values)
        return [Curve(np.append(volume.values, volume.values[0]), np.append(p, p[0]), colour)]

    def frame(self, time_s: float) -> NDArray[np.uint8]:
        """(h, w, 3) uint8 with the cursor at a time after the P wave's start."""
        image = self._background.copy()
        pen = ImageDraw.Draw(image)
        for plot in self.plots[:3]:
            x = float(plot.place(time_s * 1000.0, plot.y0)[0])
            pen.line([(x, plot.box[1]), (x, plot.box[3])], fill=self.look.quiet, width=1)
        first_s = self.runs[0][1].period_s
        for _, run, colour in self.runs:
            own_s = time_s * run.period_s / first_s
            if "lv_volume_ml" in run.traces and "lv_pressure_mmhg" in run.traces:
                at = run.traces["lv_volume_ml"].at(own_s), run.traces["lv_pressure_mmhg"].at(own_s)
                x, y = (float(v) for v in self.plots[3].place(*at))
                pen.ellipse([x - 4, y - 4, x + 4, y + 4], fill=colour)
        return np.asarray(image)


def ticks(low: float, high: float, count: int) -> NDArray[np.float64]:
    """About ``count`` round values between low and high."""
    span = high - low
    step = 10.0 ** np.floor(np.log10(span / count))
    step *= min((1, 2, 5, 10), key=lambda m: abs(span / (m * step) - count))
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step + 0.0
