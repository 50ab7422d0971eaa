"""Functions that worker processes run in tests; a worker imports them by name."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import numpy as np

from twinviewer.domain import EngineError, Frame, Pictures, Reporter, Series, Volume
from twinviewer.domain.reading import LeaveOut


def double(volume: Volume, factor: float = 2.0) -> Volume:
    """The same volume, brighter."""
    from dataclasses import replace

    return replace(volume, data=(volume.data * factor).astype(volume.data.dtype))


def make_large(count: int) -> np.ndarray:
    """(count, 256, 512) int16, each slice its number, made where large results are made."""
    from twinviewer.domain import arrays

    out = arrays.empty((count, 256, 512), np.int16)
    out[:] = np.arange(count)[:, None, None]
    out.flags.writeable = False
    return out


def look_at(array: np.ndarray) -> tuple[int, bool]:
    """The first value of the last slice, and whether the array came in shared memory."""
    from twinviewer.session.shared_memory import block_of

    return int(array[-1, 0, 0]), block_of(array) is not None


def flags(writeable: np.ndarray, frozen: np.ndarray) -> tuple[bool, bool]:
    """Whether each array may be written."""
    return bool(writeable.flags.writeable), bool(frozen.flags.writeable)


def count(steps: int, pause_s: float, report: Reporter) -> int:
    """Count slowly, reporting."""
    for i in range(steps):
        report(i / steps, f"step {i}")
        time.sleep(pause_s)
    return steps


def spin(seconds: float) -> int:
    """Busy in pure Python, without ever reporting."""
    end = time.monotonic() + seconds
    turns = 0
    while time.monotonic() < end:
        turns += 1
    return turns


def die(number: int) -> None:
    """End this process by a signal, as a crashing codec would."""
    os.kill(os.getpid(), number)


def leave(code: int) -> None:
    """End this process without a word."""
    os._exit(code)


def diverge() -> None:
    """Raise a typed error."""
    raise EngineError("Pressure is not finite", where="412 ms", remedy="Lower the rate")


def stumble() -> None:
    """Raise an error that nobody declared."""
    raise RuntimeError("unforeseen")


def gulp(megabytes: int) -> int:
    """Allocate and touch memory."""
    return int(np.ones(megabytes * 1_000_000 // 8).sum())


def pid() -> int:
    """Which process this is."""
    return os.getpid()


def warm() -> Iterator[None]:
    """Nothing to import."""
    yield


def dawdle() -> Iterator[None]:
    """A minute's preparation in small steps."""
    for _ in range(600):
        time.sleep(0.1)
        yield


def refuse() -> Iterator[None]:
    """A preparation that fails."""
    yield
    raise RuntimeError("nothing to prepare with")


def deaf() -> None:
    """Ignore the polite signals, and hang."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60.0)


def paint(steps: int, pause_s: float, live: Callable[[Frame], None]) -> int:
    """Show frames as they are made: each holds its own number."""
    for i in range(steps):
        live(Frame(i / 10.0, np.zeros((0, 3)), {"membrane_mv": np.full(5000, float(i))}))
        time.sleep(pause_s)
    return steps


def decode_forever(name: str, limit_bytes: int = 0) -> None:
    """A decoder that never comes back, as CharLS does on some damaged streams."""
    from twinviewer.domain.reading import reading

    with reading("sound.dcm"):
        pass
    with reading(name, limit_bytes):
        time.sleep(3600)


def decode_and_die(name: str, number: int) -> None:
    """A decoder that takes its process with it."""
    from twinviewer.domain.reading import reading

    with reading(name):
        os.kill(os.getpid(), number)


def spoilt_reader(fate: dict[str, str]) -> None:
    """From here on in this process, files of these names hang, kill, or hang and kill whoever reads their header."""
    from pathlib import Path

    from twinviewer.dicom import decode, headers
    from twinviewer.domain import reading

    if "hangs" in "".join(fate.values()):
        reading.LEAST_S, headers.SLOW_DISC_BYTES = 1.0, 0

    def meet(path: str, part: str) -> None:
        what = fate.get(Path(path).name, "")
        if what == f"{part} hangs":
            time.sleep(3600)
        elif what == f"{part} dies":
            time.sleep(0.1)  # others are under way by then
            os.kill(os.getpid(), signal.SIGSEGV)
            time.sleep(3600)  # a fault does not come back, a signal that one sends oneself may come later
        elif part == "pixels" and "dies" in "".join(fate.values()):
            time.sleep(0.3)  # a slow one beside it: the file that has been read longest is not the one that killed

    stored, parse = decode.PixelReader._stored, headers._parse

    def pixels(self: object, header: object, *rest: object) -> object:
        meet(header.path, "pixels")  # type: ignore[attr-defined]
        return stored(self, header, *rest)  # type: ignore[arg-type]

    def head(stream: object, start: object, path: Path, **rest: object) -> object:
        meet(str(path), "header")
        return parse(stream, start, path, **rest)  # type: ignore[arg-type]

    decode.PixelReader._stored, headers._parse = pixels, head  # type: ignore[assignment,method-assign]


def spoilt_image(
    series: Series, fate: dict[str, str], report: Reporter, leave_out: LeaveOut | None = None
) -> tuple[Volume, bool]:
    """An image read beside files of such fates, and whether it is the first attempt."""
    from twinviewer.session.steps import compute_image

    spoilt_reader(fate)
    return compute_image(series, report, leave_out=leave_out)[0], leave_out is None  # type: ignore[return-value]


def spoilt_scan(
    folder: str, fate: dict[str, str], report: Reporter, leave_out: LeaveOut | None = None
) -> tuple[Series, ...]:
    """A folder scanned in which files have such fates."""
    from twinviewer.session.steps import compute_scan

    spoilt_reader(fate)
    return compute_scan(folder, report, leave_out)


def spoilt_pictures(
    series: Series, fate: dict[str, str], report: Reporter, leave_out: LeaveOut | None = None
) -> Pictures:
    """Pictures read beside files of such fates."""
    from twinviewer.session.pictures import compute_pictures

    spoilt_reader(fate)
    return compute_pictures(series, report, leave_out)
