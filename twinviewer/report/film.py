"""An MP4 of the beating heart, scenarios side by side at one cardiac phase. Coded as VP9: free, and plays widely."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from twinviewer.domain import RenderError, Reporter, part, silent
from twinviewer.report import follows_images
from twinviewer.report.encode import encode
from twinviewer.report.measured import measured_film
from twinviewer.report.picture import STRIP_PX, simulated
from twinviewer.report.strip import Strip
from twinviewer.report.studio import cut_view, grab, off_screen, scene_of
from twinviewer.session.case import Case


def film(
    case: Case,
    path: Path,
    report: Reporter = silent,
    *,
    size: tuple[int, int] = (1600, 900),
    colour_by: str = "strain_fibre",
    cut: bool = True,
    beats: int = 3,
    speed: float = 0.5,
    frames_per_s: int = 25,
    chosen: tuple[str, ...] = (),
) -> Path:
    """Write ``beats`` beats at ``speed`` times the true rate, and return the path.

    The beat is periodic, so one beat is drawn and shown ``beats`` times. Scenarios with different rates are shown at
    the same phase of their own beat; the time is that of the first. Without a run, a mesh that follows cine images is
    filmed beside them (:mod:`twinviewer.report.measured`).
    Raises RenderError when nothing has been simulated or the film cannot be written.
    """
    runs = simulated(case, chosen)
    if not runs and follows_images(case):
        return measured_film(
            case, path, report, size=size, cut=cut, beats=beats, speed=speed, frames_per_s=frames_per_s
        )
    if not runs:
        raise RenderError("There is no beat to film", remedy="Simulate the baseline first")
    period_s = runs[0][1].period_s
    count = max(8, round(period_s / speed * frames_per_s))
    strip = Strip(runs, (size[0], STRIP_PX))
    drawn = []
    with off_screen((size[0], size[1] - STRIP_PX), samples=0) as stage:
        state = scene_of(case, colour_by, cut=cut, chosen=chosen)
        stage.apply(state)
        stage.frame(*cut_view(state), tight=cut)
        for index in range(count):
            time_s = index / count * period_s
            stage.apply(replace(state, time_s=time_s))
            drawn.append(np.vstack([grab(stage), strip.frame(time_s)]))
            report(0.85 * (index + 1) / count, "Drawing the film")
    return encode(drawn, path, beats, frames_per_s, part(report, 0.85, 1.0))
