"""How the real window feels with a CT of 600 slices of 512 x 512 in it: scrolling, the crosshair, slabs, turned slices,
and for how long its thread cannot answer while the images come in.

Usage: xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.bench.scrolling [--write] [--slices 600] [--events 60]
The window is 1280 x 800 in the four-view layout, painted by software. A frame lasts from a wheel turn or a move of
the mouse until everything that follows from it is on the screen. While the images come in a timer of 5 ms asks to be
called: the longest gap between two calls is how long nobody would have been answered. Beside each time by the clock
stands what the window's thread itself computed: on a busy machine the clock also counts the others' turns.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.sections import write_section

FRAME_MS, BLOCKED_MS = 33.0, 100.0
SIZE = (1280, 800)


def study(folder: Path, slices: int) -> None:
    """A CT series of noise round an ellipse; what is in the pixels does not matter to the painter."""
    from twinviewer import dicom
    from twinviewer.domain import Grid, Patient, Volume

    random, (y, x) = np.random.default_rng(1), np.mgrid[-1:1:512j, -1:1:512j]
    body = (x / 0.8) ** 2 + (y / 0.6) ** 2 < 1
    some = (np.where(body, 40, -1000) + random.normal(0, 15, (20, 512, 512))).round().astype(np.int16)
    data = some[np.arange(slices) % 20][None]
    volume = Volume(data, Grid(data.shape[1:], np.diag([0.7, 0.7, 0.7, 1.0])), "CT", np.zeros(1), None, "x")
    dicom.write_ct(folder, volume, Patient("BENCH"), study_description="bench", series_description="bench",
                   synthetic=True)  # fmt: skip


class Gaps:
    """The longest times in which the window's thread answered nobody: (wall ms, own processor ms)."""

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.found: list[tuple[float, float]] = []
        self._last: tuple[float, float] | None = None
        self._timer = QTimer()
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter(), time.thread_time()
        if self._last is not None:
            self.found.append((1000 * (now[0] - self._last[0]), 1000 * (now[1] - self._last[1])))
        self._last = now

    def stop(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The longest by the clock, and the longest by what this thread computed."""
        self._tick()
        self._timer.stop()
        return max(self.found), max(self.found, key=lambda one: one[1])


def until(app: Any, holds: Any, limit_s: float = 180.0) -> None:
    """Let the window live until something holds."""
    end = time.perf_counter() + limit_s
    while not holds():
        app.processEvents()
        time.sleep(0.001)
        if time.perf_counter() > end:
            raise TimeoutError("the window did not get there")


def settle(app: Any, seconds: float) -> None:
    """Let what waits happen."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.processEvents()
        time.sleep(0.002)


def frames(app: Any, events: list[Any], target: Any) -> list[tuple[float, float]]:
    """Milliseconds from each event until it is on the screen: by the clock, and of the thread's own computing."""
    from PySide6.QtCore import QCoreApplication

    took = []
    for event in events:
        start, own = time.perf_counter(), time.thread_time()
        QCoreApplication.sendEvent(target, event)
        app.processEvents()
        took.append((1000 * (time.perf_counter() - start), 1000 * (time.thread_time() - own)))
        settle(app, 0.003)
    return took


def wheel(view: Any, way: int) -> Any:
    """One notch over the middle of a view."""
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent

    at = QPointF(view.width() / 2, view.height() / 2)
    return QWheelEvent(at, view.mapToGlobal(at), QPoint(), QPoint(0, 120 * way), Qt.MouseButton.NoButton,
                       Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip


def shift_move(view: Any, x: float, y: float) -> Any:
    """The mouse over a share of a view's width and height, with Shift."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent

    at = QPointF(view.width() * x, view.height() * y)
    return QMouseEvent(QEvent.Type.MouseMove, at, view.mapToGlobal(at), Qt.MouseButton.NoButton,
                       Qt.MouseButton.NoButton, Qt.KeyboardModifier.ShiftModifier)  # fmt: skip


Frames = list[tuple[str, list[tuple[float, float]], float]]


def measure(slices: int, count: int) -> tuple[Frames, list[tuple[str, float, float]]]:
    """(what, milliseconds of each frame, limit), and (what, longest gap by the clock, longest own computing) in ms."""
    os.environ["TWINVIEWER_SETTINGS"] = str(Path(tempfile.mkdtemp()) / "settings.json")
    from twinviewer.scene.slab import THIN, Slab
    from twinviewer.ui.app import application
    from twinviewer.ui.theme import Look
    from twinviewer.ui.window import MainWindow

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "ct"
        study(folder, slices)
        app = application()
        look = Look()
        look.use(look.tokens)
        w = MainWindow(look)
        w.settings_ask_before_close = False
        w.resize(*SIZE)
        w.show()
        ready: list[int] = []
        w.warm_up.done.connect(lambda: ready.append(1))
        until(app, lambda: bool(ready))
        settle(app, 1.5)
        p, blocked = w.presenter, []
        for what, act, done in (
            ("scanning the folder", lambda: p.open_folder(folder, then_open=False), lambda: bool(p.case.series)),
            ("opening the series", lambda: p.open_series(p.case.series[0].uid), lambda: p.case.image is not None),
        ):
            gaps = Gaps()
            act()
            until(app, lambda done=done: done() and not p.busy)  # type: ignore[misc]
            settle(app, 1.0)
            longest, own = gaps.stop()
            blocked.append((what, longest[0], own[1]))
        w.set_layout("four")
        settle(app, 0.5)
        found = []
        views, d = w.views.slices, w.display
        for name, view in views.items():
            ways = [wheel(view, 1 if n % 40 < 20 else -1) for n in range(count)]
            found.append((f"{name} slices scrolled", frames(app, ways, view), FRAME_MS))
        turn = np.linspace(0, 4 * np.pi, count)
        around = [(0.5 + 0.25 * float(np.cos(t)), 0.5 + 0.25 * float(np.sin(t))) for t in turn]
        for name in ("axial", "sagittal"):
            moves = [shift_move(views[name], x, y) for x, y in around]
            found.append((f"crosshair moved in the {name} slice: all three follow", frames(app, moves, views[name]),
                          FRAME_MS))  # fmt: skip
        d.set_slab(Slab("max", 10.0))
        settle(app, 0.2)
        ways = [wheel(views["axial"], 1 if n % 40 < 20 else -1) for n in range(count)]
        found.append(("axial slices scrolled, MIP of 10 mm", frames(app, ways, views["axial"]), FRAME_MS))
        d.set_slab(THIN)
        d.turn("axial", 20.0)
        d.turn("coronal", 10.0)
        settle(app, 0.2)
        ways = [wheel(views["axial"], 1 if n % 40 < 20 else -1) for n in range(count)]
        found.append(("turned axial slices scrolled", frames(app, ways, views["axial"]), FRAME_MS))
        w.close()
        w.shut_down()
    return found, blocked


def page(slices: int, count: int) -> str:
    """The section of docs/benchmarks.md."""
    before = os.getloadavg()[0]
    found, blocked = measure(slices, count)
    after = os.getloadavg()[0]
    lines = [
        "## Scrolling, and the window while images come in",
        "",
        "`python -m tests.bench.scrolling --write` (under Xvfb) measures and rewrites this section: a real window of "
        f"{SIZE[0]} x {SIZE[1]} in the four-view layout with a CT of {slices} slices of 512 x 512, no graphics card, "
        f"from the turn of the wheel until it is on the screen. Load of the machine {before:.1f} at the start, "
        f"{after:.1f} at the end, on {os.cpu_count()} cores.",
        "",
        "| what | median ms | slowest of 20 ms | own computing, median ms | limit ms |",
        "|---|---|---|---|---|",
    ]
    for what, took, limit in found:
        wall, own = zip(*took, strict=True)
        slow = np.percentile(wall, 95)
        lines.append(
            f"| {what} | {statistics.median(wall):.1f} | {slow:.1f} | {statistics.median(own):.1f} | {limit:g} |"
        )
    lines += ["", "| the window's thread while | longest without an answer ms | longest own computing ms | limit |"]
    lines += ["|---|---|---|---|"]
    lines += [f"| {what} | {longest:.0f} | {own:.0f} | {BLOCKED_MS:g} |" for what, longest, own in blocked]
    return "\n".join(lines)


def main() -> int:
    """Measure; print the section; write it if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--events", type=int, default=60)
    asked = parser.parse_args()
    text = page(asked.slices, asked.events)
    print(text)
    if asked.write:
        write_section("scrolling", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
