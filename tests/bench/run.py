"""Measure what a user waits for, each against a named peer or limit in the same run, and print one table.

Usage: python tests/bench/run.py [--write docs/benchmarks.md] [--repeat 5]
Medians of wall time; one process, the demo patient. Kernels are compiled before the clock starts.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parent))
from cine import cine_times  # noqa: E402
from sections import write_section  # noqa: E402
from views import view_times  # noqa: E402


@dataclass(frozen=True)
class Row:
    """One line of the table. value and against in the same unit; ratio = against / value (above 1: we are faster)."""

    what: str
    value: float
    unit: str
    against: float
    peer: str

    def text(self) -> str:
        ratio = self.against / self.value if self.value > 0 else float("inf")
        value, against = (f"{number:.3g} {self.unit}" for number in (self.value, self.against))
        return f"| {self.what} | {value} | {against} | {self.peer} | {ratio:.2g} |"


def median_s(call: Callable[[], Any], repeat: int) -> float:
    """Median wall time of a call in seconds, after one call that does not count."""
    call()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def demo(folder: Path) -> tuple[Row, Any]:
    """Write the demo patient; the time of doing so is a row."""
    from twinviewer.domain import silent
    from twinviewer.session import catalog

    start = time.perf_counter()
    catalog.organs()["heart"].write_demo(folder, silent)
    return Row("write the demo patient (10 phases)", time.perf_counter() - start, "s", 15.0, "limit"), folder / "dicom"


def reading(folder: Path, repeat: int) -> list[Row]:
    """DICOM folder -> Volume, against SimpleITK reading the same files phase by phase."""
    import SimpleITK as sitk

    from twinviewer import dicom

    series = next(s for s in dicom.scan(folder) if s.kind.startswith("ct"))
    per_phase = len(series.files) // series.phases
    files = np.array(series.files[: per_phase * series.phases]).reshape(series.phases, per_phase)

    def peer() -> None:
        reader = sitk.ImageSeriesReader()
        for names in files:
            reader.SetFileNames([str(n) for n in names])
            sitk.GetArrayViewFromImage(reader.Execute())

    return [
        Row("scan the folder (headers)", median_s(lambda: dicom.scan(folder), repeat), "s", 5.0, "limit"),
        Row(
            "folder's series -> Volume",
            median_s(lambda: dicom.read(series), repeat),
            "s",
            median_s(peer, repeat),
            "SimpleITK series reader",
        ),
    ]


def pipeline(folder: Path, repeat: int) -> tuple[list[Row], Any]:
    """Segment, build, simulate."""
    from twinviewer.session import steps
    from twinviewer.session.case import Case
    from twinviewer.session.scenarios import add_scenario, prepare

    case = steps.scan_folder(Case(), folder)
    case = steps.open_series(case, steps.choose_series(case))
    rows = []
    start = time.perf_counter()
    case = steps.segment(case)
    rows.append(Row("segment all phases", time.perf_counter() - start, "s", 25.0, "limit"))
    start = time.perf_counter()
    case = steps.build(case)
    both_s = time.perf_counter() - start
    start = time.perf_counter()
    still = replace(case.labels, data=case.labels.data[:1], phase_percent=case.labels.phase_percent[:1])
    steps.compute_model(case.organ, still, first_phase(case.image), case.patient)
    mesh_s = time.perf_counter() - start
    rows.append(Row("labels of one phase -> mesh, measured", mesh_s, "s", 15.0, "limit"))
    rows.append(Row("carried through ten phases, measured", both_s - mesh_s, "s", 40.0, "limit"))
    start = time.perf_counter()
    case = prepare(case, {"conduction": "lbbb"})
    rows.append(Row("baseline set-up, fitted to this patient", time.perf_counter() - start, "s", 10.0, "limit"))
    case = steps.simulate(case, "baseline")
    beat_s = median_s(lambda: steps.simulate(case, "baseline"), max(2, repeat // 2))
    rows.append(Row("one beat at steady state, frames and ECG", beat_s, "s", 5.0, "limit"))
    case = add_scenario(case, ["crt"])
    case = steps.simulate_all(case)
    rows += activation(case, repeat)
    return rows, case


def first_phase(volume: Any) -> Any:
    """The volume's first phase as a volume."""
    return replace(volume, data=volume.data[:1], phase_percent=volume.phase_percent[:1])


def activation(case: Any, repeat: int) -> list[Row]:
    """Re-pacing: the electrical part alone, against Dijkstra on the mesh's edges (which is 25 % wrong, and a floor)."""
    import scipy.sparse as sp
    from scipy.sparse.csgraph import dijkstra

    from twinviewer.engines.beat.electrical import activate

    setup = case.scenario("crt").setup
    mesh = setup.mesh
    edges = np.vstack([mesh.tets[:, [a, b]] for a in range(4) for b in range(a + 1, 4)])
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    length = np.linalg.norm(mesh.points_mm[edges[:, 0]] - mesh.points_mm[edges[:, 1]], axis=1)
    graph = sp.csr_matrix((length, (edges[:, 0], edges[:, 1])), shape=(len(mesh.points_mm),) * 2)
    nodes = [s.node for s in setup.stimuli]
    ours = median_s(lambda: activate(setup), repeat)
    theirs = median_s(lambda: dijkstra(graph, directed=False, indices=nodes, min_only=True), repeat)
    what = f"activation, ECG and metrics, {mesh.wall_points} nodes, {len(mesh.tets)} tetrahedra"
    return [Row(what, ours, "s", theirs, "scipy Dijkstra on edges (activation only)")]


def playback(case: Any, repeat: int) -> list[Row]:
    """Frame time at 1280 x 800, one heart and two side by side."""
    from twinviewer.report.studio import off_screen, scene_of

    rows = []
    for names, what in ((("baseline",), "one heart"), (("baseline", "crt"), "two hearts")):
        with off_screen((1280, 800), samples=0) as stage:
            state = scene_of(case, "", chosen=names)
            stage.apply(state)
            stage.window.Render()
            clock = [0.0]

            def frame(stage: Any = stage, state: Any = state, clock: list[float] = clock) -> None:
                clock[0] += 0.02
                stage.apply(replace(state, time_s=clock[0]))
                stage.window.Render()

            per_frame = 1000 * median_s(frame, 10 * repeat)
        rows.append(
            Row(f"playback frame 1280 x 800, {what}", per_frame, "ms", 100.0, "limit: 10 frames/s without a GPU")
        )
    return rows


START = """
from twinviewer.ui import app
if __name__ == "__main__":
    app.start(quit_when_shown=True)
"""


def start_up(repeat: int) -> list[Row]:
    """Warm start to a usable window, in a fresh process (needs a display or Xvfb)."""
    if not os.environ.get("DISPLAY"):
        return []
    times = []
    for _ in range(max(3, repeat)):
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            print(done.stderr[-2000:], file=sys.stderr)
            return []
        times.append(time.perf_counter() - begin)
    rows = [Row("start to a usable window", statistics.median(times), "s", 3.0, "limit")]
    with tempfile.TemporaryDirectory() as empty:
        script = str(Path(__file__).with_name("window_demo.py"))
        bare = {**os.environ, "XDG_CACHE_HOME": empty}
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, timeout=400, env=bare, check=False
        )
    if done.returncode == 0:
        last = float(done.stdout.split()[-1])
        rows.append(Row("window: demo from nothing cached to a playing comparison", last, "s", 60.0, "limit"))
    return rows


def main() -> int:
    """Run all benchmarks; print the table; write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    rows: list[Row] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as where:
        row, folder = demo(Path(where))
        rows.append(row)
        rows += reading(folder, options.repeat)
        more, case = pipeline(folder, options.repeat)
        rows += more
        rows += playback(case, options.repeat)
    image_mb = case.image.data.nbytes / 2**20
    import resource

    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(Row(f"peak memory of all this (image {image_mb:.0f} MiB)", peak_mb, "MiB", 4096.0, "limit"))
    rows += [Row(*one) for one in (*cine_times(), *view_times())]
    rows += start_up(options.repeat)
    table = ["| what | median | against | which | ratio |", "|---|---|---|---|---|", *(row.text() for row in rows)]
    print("\n".join(table))
    if options.write:
        text = [
            "`make bench` measures and rewrites this table. Ratio above 1: faster (or smaller) than the peer or limit.",
            f"Python {platform.python_version()}, {psutil.cpu_count()} cores, load {load:.1f} at the start, no GPU,",
            "software OpenGL.",
            "",
            *table,
        ]
        write_section("waiting", "\n".join(text), options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
