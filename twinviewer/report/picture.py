"""One still of the scene: the scenarios side by side over their traces."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinviewer.domain import Run
from twinviewer.report import follows_images
from twinviewer.report.measured import still_of_both
from twinviewer.report.strip import PAPER, Strip
from twinviewer.report.studio import grab, off_screen, scene_of
from twinviewer.session.case import Case

STRIP_PX = 240


def simulated(case: Case, chosen: tuple[str, ...] = ()) -> list[tuple[str, Run, str]]:
    """(label, run, colour) of every scenario that has a run."""
    return [
        (s.label, s.run, s.colour) for s in case.scenarios if s.run is not None and (not chosen or s.name in chosen)
    ]


def still(
    case: Case,
    size: tuple[int, int] = (1600, 900),
    colour_by: str = "",
    time_s: float = 0.0,
    *,
    difference: bool = False,
    cut: bool = False,
    paper: bool = False,
) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 of the case; paper: on white, for a page. RenderError without a mesh or without a renderer.

    Without a run, a mesh that follows cine images is shown at end-diastole and end-systole beside them.
    """
    runs = simulated(case)
    if not runs and not colour_by and follows_images(case):
        return still_of_both(case, size, paper=paper)
    height = size[1] - (STRIP_PX if runs else 0)
    with off_screen((size[0], height)) as stage:
        state = replace(scene_of(case, colour_by, difference=difference, cut=cut), time_s=time_s)
        if paper:
            state = replace(state, background=PAPER.background, text=PAPER.text, quiet=PAPER.quiet)
        stage.apply(state)
        stage.frame()
        scene = grab(stage)
    if not runs:
        return scene
    return np.vstack([scene, Strip(runs, (size[0], STRIP_PX), PAPER if paper else None).frame(time_s)])


def picture(
    case: Case, path: Path, size: tuple[int, int] = (1600, 900), colour_by: str = "", *, difference: bool = False
) -> Path:
    """Write a PNG of the case and return its path."""
    Image.fromarray(still(case, size, colour_by, difference=difference)).save(path)
    return path
