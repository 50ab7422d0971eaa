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
    """Write (h, w, 3) pictures of one beat, ``beats`` times over, and return the path. RenderError.

    A beat is coded once and its packets are written again for each further one: it starts with a whole picture, so it
    depends on nothing before it.
    """
    import av

    partial = path.with_name(path.stem + ".partial" + path.suffix)
    try:
        with av.open(str(partial), "w", format="mp4") as container:
            stream = container.add_stream(
                "libvpx-vp9",
                rate=Fraction(frames_per_s),
                options={
                    "deadline": "realtime", "cpu-used": "8", "row-mt": "1", "crf": "30", "b": "0", "lag-in-frames": "0",
                    "auto-alt-ref": "0",
                },
            )  # fmt: skip
            stream.height, stream.width = drawn[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            packets = []
            for index, frame in enumerate(drawn):
                packets += stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24"))
                report(0.95 * (index + 1) / len(drawn), "Coding the film")
            packets += stream.encode()
            kept = [(bytes(one), one.pts, bool(one.is_keyframe), one.time_base) for one in packets if one.size]
            step = Fraction(1, frames_per_s)
            for beat in range(beats):
                for data, pts, whole, base in kept:
                    packet = av.Packet(data)
                    moved = int((pts or 0) + beat * len(drawn) * step / base)
                    packet.pts = packet.dts = moved
                    packet.time_base, packet.stream, packet.is_keyframe = base, stream, whole
                    container.mux(packet)
            report(1.0, "Coding the film")
        partial.replace(path)
    except (OSError, av.error.FFmpegError) as error:
        partial.unlink(missing_ok=True)
        raise RenderError("The film could not be written", where=path.name, remedy="Check free space") from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return path
