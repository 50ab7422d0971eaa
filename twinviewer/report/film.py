"""An MP4 of the beating heart, scenarios side by side at one cardiac phase. Coded as VP9: free, and plays widely."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import RenderError, Reporter, part, silent
from twinviewer.report import follows_images, follows_phases
from twinviewer.report.encode import encode
from twinviewer.report.measured import Look, VolumeStrip, measured_film
from twinviewer.report.picture import STRIP_PX, simulated
from twinviewer.report.strip import Strip
from twinviewer.report.studio import beat_s, cut_view, grab, off_screen, scene_of
from twinviewer.scene.measured import measured_volumes
from twinviewer.session.case import Case


class _Volumes:
    """The strip of a beat that the phases of a volume show: the volumes of the moving mesh."""

    def __init__(self, case: Case, period_s: float, size: tuple[int, int]) -> None:
        self.period_s = period_s
        self._strip = VolumeStrip(measured_volumes(None, None, case.mesh), period_s, size, Look())

    def frame(self, time_s: float) -> NDArray[np.uint8]:
        """(h, w, 3) uint8 with the cursor at a time."""
        return self._strip.frame(time_s / self.period_s)


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
    filmed beside them (:mod:`twinviewer.report.measured`); one that follows the phases of a CT is filmed alone.
    Raises RenderError when nothing has been simulated or the film cannot be written.
    """
    runs = simulated(case, chosen)
    if not runs and follows_images(case):
        return measured_film(
            case, path, report, size=size, cut=cut, beats=beats, speed=speed, frames_per_s=frames_per_s
        )
    if not runs and not follows_phases(case):
        raise RenderError("There is no beat to film", remedy="Simulate the baseline first")
    period_s = runs[0][1].period_s if runs else beat_s(case)
    count = max(8, round(period_s / speed * frames_per_s))
    below = (size[0], STRIP_PX)
    strip = Strip(runs, below) if runs else _Volumes(case, period_s, below)
    drawn = []
    with off_screen((size[0], size[1] - STRIP_PX), samples=0) as stage:
        state = scene_of(case, colour_by if runs else "", cut=cut, chosen=chosen)
        stage.apply(state)
        stage.frame(*cut_view(state), tight=cut)
        for index in range(count):
            time_s = index / count * period_s
            stage.apply(replace(state, time_s=time_s))
            drawn.append(np.vstack([grab(stage), strip.frame(time_s)]))
            report(0.85 * (index + 1) / count, "Drawing the film")
    return encode(drawn, path, beats, frames_per_s, part(report, 0.85, 1.0))
