"""A heart that moves as it was measured, beside the images that it follows: for films and stills."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from twinviewer.domain import CinePlane, CineStack, RenderError, Reporter, part, silent
from twinviewer.report.encode import encode
from twinviewer.report.plane_panels import PlanePanels, choose_planes, long_axis
from twinviewer.report.strip import PAPER, Curve, Look, Plot, draw
from twinviewer.report.studio import beat_s, footer, grab, off_screen, scene_of
from twinviewer.scene.measured import MeasuredVolumes, measured_volumes
from twinviewer.scene.palette import CONTOURS
from twinviewer.scene.plane_lines import SURFACES, PlaneLines
from twinviewer.scene.state import SceneState, Section
from twinviewer.session.case import Case

STRIP_PX, FOOT_PX = 190, 26
KINDS = {"discs": "#8FA3BF", "model": "#3FB6C6"}
LEGEND = (("lv_endocardium", "LV endocardium"), ("epicardium", "epicardium"), ("rv_endocardium", "RV endocardium"))


SHOWN = ("myocardium", *SURFACES)
"""Atria and vessels are not measured in the planes, so they are left out beside them."""


class VolumeStrip:
    """Volume over time of both ventricles, discs and model, end-diastole and end-systole marked; a cursor."""

    def __init__(self, found: tuple[MeasuredVolumes, ...], period_s: float, size: tuple[int, int], look: Look) -> None:
        self.look, self.period_s = look, period_s
        edges = np.linspace(22, size[0] - 22, 3)
        self.plots: list[Plot] = []
        legends: list[list[tuple[str, str]]] = []
        marked = found[-1] if found else None
        for number, (side, title) in enumerate((("lv", "LV volume"), ("rv", "RV volume"))):
            curves: list[Curve] = []
            said: list[tuple[str, str]] = []
            fraction = np.linspace(0.0, 1.0, 200)
            for one in found:
                values = one.at(side, fraction)
                if values is not None:
                    curves.append(Curve(fraction * period_s * 1000.0, values, KINDS[one.kind], 1.8))
                    low, high = values.min(), values.max()
                    text = f"{one.kind} {high:.0f} to {low:.0f} mL, {100 * (1 - low / high):.0f} %"
                    said.append((text, KINDS[one.kind]))
            box = (int(edges[number]) + 34, 34, int(edges[number + 1]) - 14, size[1] - 26)
            if curves:
                self.plots.append(Plot(title, "", curves, box))
                legends.append(said)
        self._background = draw(self.plots, size, look)
        pen, font = ImageDraw.Draw(self._background), ImageFont.load_default(11)
        for plot, said in zip(self.plots, legends, strict=True):
            x = float(plot.box[2])
            for text, colour in reversed(said):
                pen.text((x, plot.box[1] - 18), text, look.quiet, font, "ra")
                x -= pen.textlength(text, font) + 6
                pen.line([(x - 14, plot.box[1] - 11), (x, plot.box[1] - 11)], fill=colour, width=3)
                x -= 32
            for name, at in (("ED", marked.ed), ("ES", marked.es)) if marked is not None else ():
                x = float(plot.place(at * period_s * 1000.0, plot.y0)[0])
                pen.line([(x, plot.box[1]), (x, plot.box[3])], fill=look.line, width=2)
                anchor = "ra" if x > plot.box[2] - 20 else "la"
                pen.text((x + (3 if anchor == "la" else -3), plot.box[1]), name, look.quiet, font, anchor)

    def frame(self, fraction: float) -> NDArray[np.uint8]:
        """(h, w, 3) uint8 with the cursor at a fraction of the beat."""
        image = self._background.copy()
        pen = ImageDraw.Draw(image)
        for plot in self.plots:
            x = float(plot.place(fraction * self.period_s * 1000.0, plot.y0)[0])
            pen.line([(x, plot.box[1]), (x, plot.box[3])], fill=self.look.text, width=1)
        return np.asarray(image)


def _foot(case: Case, width: int, look: Look) -> NDArray[np.uint8]:
    """The line that says whose heart, what for, and which line is which."""
    image = Image.new("RGB", (width, FOOT_PX), look.background)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(12)
    pen.text((14, FOOT_PX / 2), footer(case), look.quiet, font, "lm")
    x = float(width - 14)
    for name, text in reversed(LEGEND):
        pen.text((x, FOOT_PX / 2), text, look.quiet, font, "rm")
        x -= pen.textlength(text, font) + 8
        pen.line([(x - 16, FOOT_PX / 2), (x, FOOT_PX / 2)], fill=CONTOURS[name], width=3)
        x -= 30
    pen.text((x + 6, FOOT_PX / 2), "Model cut by the planes:", look.quiet, font, "rm")
    return np.asarray(image)


def _scene(case: Case, along: CinePlane | None = None) -> SceneState:
    """The measured heart alone; cut open along a plane, where one is given."""
    state = scene_of(case)
    pane = state.panes[0]
    structures = tuple(structure for structure in pane.structures if structure.name in SHOWN)
    section, title = None, pane.title
    if along is not None:
        direction, _ = as_scanned(along)
        x, y, z = (along.affine[:3, :3] @ [(along.frames.shape[2] - 1) / 2, (along.frames.shape[1] - 1) / 2, 0.0]
                   + along.affine[:3, 3]).tolist()  # fmt: skip
        section = Section((x, y, z), (-direction[0], -direction[1], -direction[2]))
        title = f"{title}, cut along {along.label}" if along.label else title
    return replace(state, panes=(replace(pane, title=title, structures=structures),), section=section, footer="")


def as_scanned(plane: CinePlane) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """(direction of the eye, up) that show a heart as its image does."""
    right, down = (plane.affine[:3, k] / np.linalg.norm(plane.affine[:3, k]) for k in (0, 1))
    x, y, z = np.cross(-down, right).tolist()
    u, v, w = (-down).tolist()
    return (x, y, z), (u, v, w)


def _parts(case: Case) -> tuple[PlaneLines, tuple[int, ...], tuple[MeasuredVolumes, ...]]:
    if case.mesh is None or not isinstance(case.image, CineStack) or case.mesh.motion_mm is None:
        raise RenderError("There is no measured motion to show", remedy="Build the model of a cine study first")
    lines = PlaneLines(case.mesh, case.image, None if case.contours is None else case.contours.shift_mm)
    return lines, choose_planes(lines, case.contours), measured_volumes(case.contours, case.image, case.mesh)


def frames(
    case: Case, fractions: NDArray[np.float64], size: tuple[int, int], *, cut: bool, report: Reporter = silent
) -> list[NDArray[np.uint8]]:
    """Pictures of (h, w, 3) uint8 for some fractions of the beat: the heart at the left (cut: open along the first
    long axis beside it, seen as in that image), two short and two long axes with its lines at the right, volumes below.
    RenderError without such a model or without a renderer."""
    case = replace(case, scenarios=())  # what was simulated is another film's
    lines, chosen, volumes = _parts(case)
    look = Look()
    height = size[1] - STRIP_PX - FOOT_PX
    cell = (size[0] * 3 // 10, height // (2 if len(chosen) > 2 else 1))
    panels = PlanePanels(lines, chosen, cell, (look.text, look.line))
    columns = 2 if len(chosen) > 1 else 1
    period = beat_s(case)
    strip, foot = VolumeStrip(volumes, period, (size[0], STRIP_PX), look), _foot(case, size[0], look)
    drawn = []
    # rows must fill the height to the pixel, whatever the cells' division left over
    with off_screen((size[0] - (columns * cell[0] if chosen else 0), height), samples=4) as stage:
        along = long_axis(lines, chosen) if cut else None
        state = _scene(case, along)
        stage.apply(state)
        stage.frame(*(as_scanned(along) if along is not None else (None,)), tight=True)
        for number, fraction in enumerate(fractions):
            stage.apply(replace(state, time_s=float(fraction) * period))
            scene = grab(stage)
            if chosen:
                scene = np.hstack([scene, _fit(panels.grid(float(fraction), columns), height)])
            drawn.append(np.vstack([scene, strip.frame(float(fraction)), foot]))
            report((number + 1) / len(fractions), "Drawing the film")
    return drawn


def still_of_both(case: Case, size: tuple[int, int], *, paper: bool = False) -> NDArray[np.uint8]:
    """(h, w, 3) uint8: end-diastole over end-systole, each the heart and its planes; volumes below.

    paper: on white. Errors as for :func:`frames`.
    """
    case = replace(case, scenarios=())  # what was simulated is another film's
    lines, chosen, volumes = _parts(case)
    look = PAPER if paper else Look()
    height = (size[1] - STRIP_PX - FOOT_PX) // 2
    width = size[0] * 3 // 4 // max(len(chosen), 1)
    panels = PlanePanels(lines, chosen, (width, height), (Look().text, look.line))
    period = beat_s(case)
    moments = (("End-diastole", volumes[-1].ed), ("End-systole", volumes[-1].es)) if volumes else (("", 0.0),) * 2
    rows = []
    with off_screen((size[0] - width * len(chosen), height)) as stage:
        state = replace(_scene(case), background=look.background, text=look.text, quiet=look.quiet)
        stage.apply(replace(state, time_s=moments[0][1] * period))
        stage.frame(tight=True)
        for name, at in moments:
            title = f"{name}, {1000 * at * period:.0f} ms" if name else state.panes[0].title
            pane = replace(state.panes[0], title=title, accent=look.text)
            stage.apply(replace(state, panes=(pane,), time_s=at * period))
            scene = grab(stage)
            rows.append(np.hstack([scene, panels.grid(at, len(chosen))]) if chosen else scene)
    strip = VolumeStrip(volumes, period, (size[0], STRIP_PX), look)
    whole = np.vstack([*rows, np.asarray(strip.frame(moments[0][1])), _foot(case, size[0], look)])
    return _fit(whole, size[1])


def _fit(image: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """Add the rows that whole-number divisions left over, or cut what is too much."""
    missing = height - len(image)
    return np.pad(image, ((0, missing), (0, 0), (0, 0)), mode="edge") if missing > 0 else image[:height]


def measured_film(
    case: Case,
    path: Path,
    report: Reporter = silent,
    *,
    size: tuple[int, int] = (1600, 900),
    cut: bool = True,
    beats: int = 3,
    speed: float = 0.5,
    frames_per_s: int = 25,
) -> Path:
    """Write the measured beat ``beats`` times at ``speed`` times the true rate, and return the path. RenderError."""
    count = max(8, round(beat_s(case) / speed * frames_per_s))
    pictures = frames(case, np.arange(count) / count, size, cut=cut, report=part(report, 0.0, 0.85))
    return encode(pictures, path, beats, frames_per_s, part(report, 0.85, 1.0))


def measured_picture(case: Case, path: Path, size: tuple[int, int] = (1600, 900)) -> Path:
    """Write a PNG of both ends of the measured beat and return its path. RenderError."""
    Image.fromarray(still_of_both(case, size)).save(path)
    return path
