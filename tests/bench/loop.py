"""The live loop: a lead drawn over the heart of the demo patient, in the real window and in a worker alone.

Usage: python -m tests.bench.loop [--write] [--case demo.twin] [--moves 8]
Needs a display (xvfb-run -a). Wall times are a quiet machine's only where its load says so; the seconds that the
window's thread worked, and core seconds of points, hardly depend on it.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.cohort import demo_case
from tests.bench.sections import write_section
from twinviewer.session import scenarios, store
from twinviewer.session.case import Case, TherapyUse

Step = float | Callable[[], bool]
QUICK_S, WHOLE_S, BLOCK_S, POINT_S = 0.5, 2.0, 0.1, 0.28


def case_with_crt(path: Path | None) -> Case:
    """The demo patient with both beats simulated."""
    from twinviewer.session import steps

    case = store.load(path) if path else demo_case()
    if case.find("crt") is None:
        case = scenarios.add_scenario(case, ["crt"])
    return steps.simulate_all(case)


def sites(case: Case, count: int) -> list[int]:
    """Points on the outside of the left ventricle's free wall, far apart."""
    from twinviewer.ui.lead_drag import places

    assert case.mesh is not None
    allowed = places(case.mesh, case.scenario("crt").setup)
    depth = np.asarray(case.mesh.point_fields["transmural"])[allowed]
    free = np.isin(np.asarray(case.mesh.point_fields["aha_segment"])[allowed], (5, 6, 10, 11, 12, 16))
    found = allowed[free & (depth > 0.9)]
    return [int(node) for node in np.random.default_rng(7).choice(found, count, replace=False)]


def point_s(case: Case, nodes: list[int]) -> dict[str, list[float]]:
    """Core seconds of points of a study, one after the other in this thread."""
    from twinviewer.session.studies.point import Point, Wanted, answer

    assert case.baseline is not None
    use, electrical = case.scenario("crt").therapies[0], Wanted(frozenset({"qrs_ms"}))
    whole = Wanted(frozenset({"qrs_ms", "lv_dpdt_max_mmhg_s", "lv_ef_percent"}), frozenset({"work_kpa"}))
    found: dict[str, list[float]] = {"site": [], "delays": [], "whole": []}

    def ask(values: dict[str, Any], wanted: Wanted) -> float:
        begun = time.thread_time()
        point = Point("bench", (TherapyUse("crt", {**use.values, **values}),))
        got = answer(case.engine, case.baseline.setup, point, wanted)  # type: ignore[union-attr]
        assert not got.failure, got.failure
        return time.thread_time() - begun

    ask({"lv_lead_node": float(nodes[0])}, whole)  # kernels and what belongs to the mesh
    for node in nodes[1:]:
        here = {"lv_lead_node": float(node)}
        found["site"].append(ask(here, electrical))
        found["delays"].append(ask({**here, "av_delay_ms": 100.0, "vv_delay_ms": 20.0}, electrical))
        found["whole"].append(ask({**here, "av_delay_ms": 140.0}, whole))
    return found


class Watch:
    """How long the window's thread was away from its events: by the clock, and how long it worked at one piece."""

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.away_s, self.worked_s = 0.0, 0.0
        self._before = (time.perf_counter(), time.thread_time())
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(4)

    def _look(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        self.away_s = max(self.away_s, now[0] - self._before[0])
        self.worked_s = max(self.worked_s, now[1] - self._before[1])
        self._before = now

    def begin(self) -> None:
        """Forget what was."""
        self.away_s = self.worked_s = 0.0
        self._before = (time.perf_counter(), time.thread_time())


def dragged(window: Any, case: Case, nodes: list[int], found: dict[str, list[float]], watch: Watch) -> Iterator[Step]:
    """Draw the lead from place to place and let it go, again and again; yields what is waited for."""
    from twinviewer.ui.lead_drag import lead_of
    from twinviewer.ui.step_bar import Step as Page

    p, live, drag = window.presenter, window.coupling.live, window.coupling.leads
    p.accept(case)
    window.coupling.go(Page.SIMULATE)
    window.choices.set(scenario="crt", colour_by="activation_ms")
    window.playback.play()
    yield 1.0
    told: list[tuple[float, bool]] = []
    live.told.connect(lambda: told.append((time.perf_counter(), "lv_ef_percent" in known())))

    def known() -> Any:
        run = window.coupling.case.scenario("crt").run
        return {} if run is None else run.metrics

    def run_is_there() -> bool:
        return p.case.scenario("crt").run is not None

    for k, node in enumerate(nodes):
        drag._lead = lead = lead_of(p.case.scenario("crt"))
        assert lead is not None
        drag._hand = lead.node
        if k == 1:  # the first warms the workers
            watch.begin()
        told.clear()
        begun = time.perf_counter()
        drag.move(node)
        yield lambda: bool(told)
        found["follows"].append(told[0][0] - begun)
        yield 0.1
        told.clear()
        begun = time.perf_counter()
        drag.let_go()
        yield run_is_there
        found["excited"].append(told[0][0] - begun)
        found["numbers"].append(next((at for at, whole in told if whole), time.perf_counter()) - begun)
        found["whole"].append(time.perf_counter() - begun)
        yield 0.4


def in_window(case: Case, nodes: list[int]) -> tuple[dict[str, list[float]], Watch]:
    """Wall seconds in the real window."""
    from PySide6.QtCore import QTimer

    from twinviewer.session.settings import Settings
    from twinviewer.ui.app import application
    from twinviewer.ui.theme import THEMES, Look

    app, look = application(), Look()
    look.use(THEMES["dark"])
    from twinviewer.ui.window import MainWindow

    window = MainWindow(look, settings=Settings())
    window.resize(1600, 900)
    window.show()
    found: dict[str, list[float]] = {name: [] for name in ("follows", "excited", "numbers", "whole")}
    watch = Watch()
    steps = dragged(window, case, nodes, found, watch)
    waiting: list[Any] = [time.perf_counter(), None]

    def on() -> None:
        until, there = waiting
        if time.perf_counter() < until or (there is not None and not there()):
            return
        step = next(steps, None)
        if step is None:
            timer.stop()
            window.presenter._saved_revision = window.presenter.case.revision
            app.quit()
        else:
            waiting[:] = [time.perf_counter() + step, None] if isinstance(step, float) else [0.0, step]

    timer = QTimer()
    timer.timeout.connect(on)
    window.warm_up.done.connect(lambda: timer.start(5))
    app.exec()
    window.shut_down()
    return found, watch


def section(
    inside: dict[str, list[float]], watch: Watch, points: dict[str, list[float]], case: Case, load: float
) -> str:
    """The section in Markdown."""
    import platform

    assert case.mesh is not None

    def row(what: str, times: list[float], limit: str, unit: str = "s") -> str:
        scale = 1000.0 if unit == "ms" else 1.0
        middle, worst = statistics.median(times) * scale, max(times) * scale
        return f"| {what} | {middle:.3g} {unit} | {worst:.3g} {unit} | {limit} |"

    block = f"{1000 * BLOCK_S:.0f} ms"
    warm = {name: times[1:] for name, times in inside.items()}
    lines = [
        "## The live loop",
        "",
        "`xvfb-run -a python -m tests.bench.loop --write` measures and rewrites this section: the LV lead of the demo",
        f"patient ({len(case.mesh.points_mm)} points, {len(case.mesh.tets)} tetrahedra) drawn to",
        f"{len(warm['whole'])} new places on the beating heart in the real window (1600 × 900, OpenGL in software),",
        "workers warm.",
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the start and",
        f"{os.getloadavg()[0]:.1f} at the end, of which some 2 are its own: beyond that, wall times are too long.",
        "",
        "| What | Median | Worst | Limit |",
        "| --- | --- | --- | --- |",
        row("Lead under the mouse: activation, QRS and ECG shown", warm["follows"], f"{QUICK_S} s"),
        row("Lead let go: activation, QRS and ECG shown", warm["excited"], f"{QUICK_S} s"),
        row("… all numbers, pressures and volumes", warm["numbers"], ""),
        row("… the whole beat with its motion", warm["whole"], f"{WHOLE_S:g} s"),
        f"| Window's thread away from its events, by the clock | | {1000 * watch.away_s:.0f} ms | {block} |",
        f"| … of which it worked | | {1000 * watch.worked_s:.0f} ms | {block} |",
        row("Point of a study, a site that is new: QRS (core seconds)", points["site"], "", "ms"),
        row("… a known site, other AV and VV delay: QRS", points["delays"], "100 ms", "ms"),
        row("… with the circulation, at steady state", points["whole"], f"{1000 * POINT_S:.0f} ms", "ms"),
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure and print, and with --write put the section into docs/benchmarks.md."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", action="store_true")
    asked.add_argument("--moves", type=int, default=8)
    asked.add_argument("--case", type=Path)
    options = asked.parse_args()
    load = os.getloadavg()[0]
    case = case_with_crt(options.case)
    nodes = sites(case, options.moves + 1)
    points = point_s(case, nodes[:6])
    inside, watch = in_window(case, nodes)
    text = section(inside, watch, points, case, load)
    print(text)
    if options.write:
        write_section("loop", text)
    return 0 if len(inside["whole"]) == len(nodes) else 1


if __name__ == "__main__":
    sys.exit(main())
