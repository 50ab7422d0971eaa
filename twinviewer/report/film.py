"""An MP4 of the beating heart, scenarios side by side at one cardiac phase. Coded as VP9: free, and plays widely."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import RenderError, Reporter, part, silent
from twinviewer.report.measured import follows_images, frames
from twinviewer.report.picture import STRIP_PX, simulated
from twinviewer.report.strip import Strip
from twinviewer.report.studio import beat_s, cut_view, grab, off_screen, scene_of
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
        length_s = beat_s(case)
        count = max(8, round(length_s / speed * frames_per_s))
        pictures = frames(case, np.arange(count) / count, size, cut=cut, report=part(report, 0.0, 0.85))
        return encode(pictures, path, beats, frames_per_s, part(report, 0.85, 1.0))
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


def encode(
    drawn: Sequence[NDArray[np.uint8]], path: Path, beats: int, frames_per_s: int, report: Reporter = silent
) -> Path:
    """Write (h, w, 3) pictures of one beat, ``beats`` times over, and return the path. RenderError."""
    import av

    partial = path.with_name(path.stem + ".partial" + path.suffix)
    try:
        with av.open(str(partial), "w", format="mp4") as container:
            stream = container.add_stream(
                "libvpx-vp9",
                rate=Fraction(frames_per_s),
                options={"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "crf": "30", "b": "0"},
            )
            stream.height, stream.width = drawn[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            for beat in range(beats):
                for index, frame in enumerate(drawn):
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
                    report((beat * len(drawn) + index + 1) / (beats * len(drawn)), "Coding the film")
            container.mux(stream.encode())
        partial.replace(path)
    except (OSError, av.error.FFmpegError) as error:
        partial.unlink(missing_ok=True)
        raise RenderError("The film could not be written", where=path.name, remedy="Check free space") from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return path
