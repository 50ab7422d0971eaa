"""An MP4 of the beating heart, scenarios side by side at one cardiac phase. Coded as VP9: free, and plays widely."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import RenderError, Reporter, Run, part, silent
from twinviewer.report import follows_images, follows_phases
from twinviewer.report.encode import encode
from twinviewer.report.measured import Look, VolumeStrip, frames
from twinviewer.report.picture import STRIP_PX, simulated
from twinviewer.report.strip import Strip
from twinviewer.report.studio import beat_s, cut_view, grab, off_screen, scene_of
from twinviewer.scene.measured import measured_volumes
from twinviewer.scene.stage import MAX_PANES
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
    drawn = film_frames(
        case, part(report, 0.0, 0.8), size=size, colour_by=colour_by, cut=cut, speed=speed, frames_per_s=frames_per_s,
        chosen=chosen,
    )  # fmt: skip
    return encode(drawn, path, beats, frames_per_s, part(report, 0.8, 1.0))


def film_frames(
    case: Case,
    report: Reporter = silent,
    *,
    size: tuple[int, int] = (1600, 900),
    colour_by: str = "strain_fibre",
    cut: bool = True,
    speed: float = 0.5,
    frames_per_s: int = 25,
    chosen: tuple[str, ...] = (),
) -> list[NDArray[np.uint8]]:
    """The pictures (h, w, 3) of one beat, as :func:`film` shows them. RenderError."""
    runs = simulated(case, chosen)[:MAX_PANES]
    if not runs and follows_images(case):
        count = max(8, round(beat_s(case) / speed * frames_per_s))
        return frames(case, np.arange(count) / count, size, cut=cut, report=report)
    if not runs and not follows_phases(case):
        raise RenderError("There is no beat to film", remedy="Simulate the baseline first")
    period_s = runs[0][1].period_s if runs else beat_s(case)
    count = max(8, round(period_s / speed * frames_per_s))
    below = (size[0], STRIP_PX)
    strip = Strip(runs, below) if runs else _Volumes(case, period_s, below)
    drawn = []
    with off_screen((size[0], size[1] - STRIP_PX), samples=0) as stage:
        state = scene_of(case, colour_by if runs else "", cut=cut, chosen=chosen)
        state = replace(state, footer=f"{state.footer}  {rate_note(runs, period_s, speed)}")
        stage.apply(state)
        stage.frame(*cut_view(state), tight=cut)
        for index in range(count):
            time_s = index / count * period_s
            stage.apply(replace(state, time_s=time_s))
            drawn.append(np.vstack([grab(stage), strip.frame(time_s)]))
            report((index + 1) / count, "Drawing the film")
    return drawn


def rate_note(runs: Sequence[tuple[str, Run, str]], period_s: float, speed: float) -> str:
    """How fast the heart really beats and how fast it is shown; where rates differ, how they are shown together."""
    shown = "shown at true speed" if speed == 1.0 else f"shown at {speed:g} times the true speed"
    rates = {label: round(60.0 / run.period_s) for label, run, _ in runs} or {"": round(60.0 / period_s)}
    if len(set(rates.values())) == 1:
        return f"Heart rate {next(iter(rates.values()))} bpm, {shown}."
    each = ", ".join(f"{label} {rate}" for label, rate in rates.items())
    return f"Heart rates {each} bpm: each at the same phase of its own beat; the first is {shown}."
