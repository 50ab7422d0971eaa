"""Pictures to an MP4, coded as VP9: free, and plays widely."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import RenderError, Reporter, silent


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
