"""How long activation and ECG take by the size of the mesh and the number of cores, beside what the memory allows.

Usage: python -m tests.bench.electricity [--write] [--repeat 5] [--most 1000000]
Each figure is the median, and in brackets the least, of runs in one process; CPU seconds where one thread works, wall
seconds where two do. The peer, fim-python, is run beside where TWINVIEWER_PEER_PYTHON names an interpreter that has it.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import numpy as np

from tests.bench.sections import PAGE, write_section
from tests.verification.boxes import CROSS_M_S, FIBRE, FIBRE_M_S, box, error, exact_ms, middle
from tests.verification.eikonal_peer import peer
from twinviewer.physics import ecg, membrane
from twinviewer.physics.ecg_kernel import fronts, leads
from twinviewer.physics.eikonal import BAND, TOLERANCE_MS, EikonalGrid, combine
from twinviewer.physics.eikonal_local import FAR
from twinviewer.physics.eikonal_threads import cores, swept

PICTURE = PAGE.parent / "pictures" / "bench_eikonal.png"
EDGES = (22, 31, 47, 67, 84, 100)
Times = tuple[float, float, float, float]


def timed(call: Callable[[], Any], repeat: int) -> Times:
    """(median CPU, least CPU, median wall, least wall) in s of a call, after one that does not count."""
    call()
    cpu, wall = [], []
    for _ in range(repeat):
        begun, start = time.process_time(), time.perf_counter()
        call()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - begun)
    return statistics.median(cpu), min(cpu), statistics.median(wall), min(wall)


def bandwidth_gb_s(threads: int) -> float:
    """Bytes read and written a second by a = b + c on arrays beyond every cache, best of five."""
    size = 8_000_000
    b, c, a = np.ones(size), np.ones(size), np.ones(size)
    part = size // threads
    best = np.inf
    for _ in range(5):
        pool = [
            Thread(target=np.add, args=(b[i : i + part], c[i : i + part], a[i : i + part]))
            for i in range(0, part * threads, part)
        ]
        start = time.perf_counter()
        for one in pool:
            one.start()
        for one in pool:
            one.join()
        best = min(best, time.perf_counter() - start)
    return 24e-9 * size / float(best)


def activation(n: int, repeat: int) -> dict[str, Any]:
    """All figures of one box of n³ points."""
    points, tets = box(n)
    fibre = np.tile(FIBRE, (len(tets), 1))
    source, far = middle(points), len(points) - 1
    grid = EikonalGrid.build(points, tets)
    medium = grid.medium(fibre, FIBRE_M_S, CROSS_M_S)
    arrival = np.full(len(points), FAR, np.float32)
    first = grid.rank[[source]]
    arrival[first] = 0.0
    solved, bands = swept(medium, arrival, first, BAND * medium.edge_ms, TOLERANCE_MS, 1)
    native, lead = medium.activation_ms([0]), medium.activation_ms([far])
    # what a solve of a vertex must read: codes and corners of its elements, its neighbours twice, and their arrivals
    each = (len(medium.codes) * 2 + len(grid.local) * 2 + 12 * len(grid.near)) / len(points)
    found = {
        "points": len(points),
        "visits": solved / len(points),
        "bands": bands,
        "bytes": solved * each,
        "error": error(medium.activation_ms([source], ball_mm=6.0), exact_ms(points, source)),
        "grid": timed(lambda: EikonalGrid.build(points, tets), max(2, repeat // 2)),
        "medium": timed(lambda: grid.medium(fibre, FIBRE_M_S, CROSS_M_S), max(2, repeat // 2)),
        "one": timed(lambda: medium.activation_ms([source], threads=1), repeat),
        "two": timed(lambda: medium.activation_ms([source], threads=2), repeat),
        "delays": timed(lambda: combine([native, lead], [3.0, 11.0]), repeat),
    }
    for name, late in (("half", 0.0), ("tenth", 0.6)):
        when = late * float(native.max())
        won = float((medium.earlier_ms(native, [far], [when]) < native).mean())
        found[name] = (won, timed(lambda when=when: medium.earlier_ms(native, [far], [when], threads=2), repeat))
    return found


def electrodes(n: int, repeat: int) -> tuple[int, Times, Times, Times]:
    """Elements; times of activation and repolarisation through them for nine electrodes on one and two cores, and of
    the convolution of one of them over a beat."""
    points, tets = box(n)
    centre = points.mean(axis=0)
    fields = ecg.lead_fields(points[tets].mean(axis=1), centre, ecg.torso_round(points).electrodes_mm, 400.0)
    times = exact_ms(points, middle(points))
    beat = np.arange(801.0)
    of, both = leads(points, tets, fields), [times, times + 300.0]
    found = fronts(of, both)
    return (
        len(tets),
        timed(lambda: fronts(of, both, threads=1), repeat),
        timed(lambda: fronts(of, both, threads=2), repeat),
        timed(lambda: ecg.potentials_mv(found[0], membrane.upstroke_kernel(), beat, 800.0), repeat),
    )


def picture(found: list[dict[str, Any]], alone_gb_s: float, load: float) -> None:
    """Time against points on one and two cores, and the time in which memory alone could deliver what is read."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    shape, axis = plt.subplots(figsize=(6.0, 4.2), dpi=110, layout="constrained")
    points = np.array([one["points"] for one in found])
    axis.loglog(points, [one["one"][1] for one in found], "o-", label="solve, one thread (CPU, least)")
    axis.loglog(points, [one["one"][3] for one in found], "o:", label="solve, one thread (wall, least)")
    axis.loglog(points, [one["two"][3] for one in found], "s-", label="solve, two threads (wall, least)")
    axis.loglog(points, [one["half"][1][3] for one in found], "^-", label="further site that wins half (wall, least)")
    axis.loglog(points, [one["bytes"] / alone_gb_s / 1e9 for one in found], "k--", label="memory's limit, one core")
    axis.axhline(0.5, color="grey", lw=1)
    axis.axhline(0.05, color="grey", lw=1)
    axis.set_title(f"load {load:.1f} on {cores()} cores", fontsize=9)
    axis.set_xlabel("points")
    axis.set_ylabel("s")
    axis.grid(visible=True, which="both", alpha=0.3)
    axis.legend(fontsize=8)
    shape.savefig(PICTURE, metadata={"Software": None})


def page(
    found: list[dict[str, Any]], signals: tuple[int, Times, Times, Times], load: tuple[float, float], draw: bool
) -> str:
    """The section in Markdown."""
    single, both = bandwidth_gb_s(1), bandwidth_gb_s(2)
    if draw:
        picture(found, single, max(load))

    def ms(times: Times, wall: bool) -> str:
        median, least = times[2:] if wall else times[:2]
        return f"{1000 * median:.3g} ({1000 * least:.3g})"

    rows = [
        f"| {one['points']} | {ms(one['grid'], False)} | {ms(one['medium'], False)} | {ms(one['one'], False)} | "
        f"{ms(one['one'], True)} | {ms(one['two'], True)} | {one['visits']:.2f} | {one['bands']} | "
        f"{ms(one['half'][1], True)}, {100 * one['half'][0]:.0f} % | "
        f"{ms(one['tenth'][1], True)}, {100 * one['tenth'][0]:.0f} % | "
        f"{ms(one['delays'], True)} | {1000 * one['bytes'] / single / 1e9:.3g} | {100 * one['error']:.2f} % |"
        for one in found
    ]
    heads = [
        "points", "grid (CPU)", "medium (CPU)", "solve, 1 thread (CPU)", "the same, wall", "solve, 2 threads",
        "solves a vertex", "bands", "further site, early", "further site, late", "other delays",
        "memory's limit", "error",
    ]  # fmt: skip
    lines = [
        "## Electricity: activation and ECG",
        "",
        "`python -m tests.bench.electricity --write` measures and rewrites this section. Milliseconds, median (least):",
        "CPU time where it says so, else wall time. Load of the machine, of which other work is a part:",
        f"{load[0]:.1f} at the start and {load[1]:.1f} at the end on {cores()} cores; above {cores()} wall times",
        "are too long.",
        "Box with anisotropic fibres, one source in the middle; error with a ball of 6 mm.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *rows,
        "",
        "The grid is made once a mesh, the medium once a tissue. A further site is solved only where it comes first;",
        "the share of points that it wins is given. Memory's limit: what the solves must read at one core's bandwidth,",
        f"{single:.1f} GB/s (two: {both:.1f} GB/s; a = b + c).",
        "",
        "![Time of a solve against points](pictures/bench_eikonal.png)",
        "",
    ]
    theirs = peer(17)
    if theirs is None:
        lines.append(
            "fim-python was not there to be run beside; 39 s and 234 s of set-up at 69k points were measured before."
        )
    else:
        points, tets = box(17)
        medium = EikonalGrid.build(points, tets).medium(np.tile(FIBRE, (len(tets), 1)), FIBRE_M_S, CROSS_M_S)
        source = middle(points)
        own = timed(lambda: medium.activation_ms([source], ball_mm=0.0, threads=1), 9)
        truth = exact_ms(points, source)
        errors = (error(medium.activation_ms([source], ball_mm=0.0), truth), error(theirs[0], truth))
        lines.append(
            f"fim-python 1.2.2 on numpy, in the same run, 4913 points, errors {100 * errors[0]:.3f} % here and "
            f"{100 * errors[1]:.3f} % there: {1000 * own[0]:.2g} ms against {theirs[2]:.2g} s (CPU), "
            f"{theirs[2] / own[0]:.0f} times."
        )
    count, alone, shared, wave = signals
    lines += [
        "",
        f"ECG: activation and repolarisation through {count} elements for nine electrodes {ms(alone, False)} ms on one",
        f"thread (CPU), {ms(shared, True)} ms on two (wall); the convolution of each over a beat {ms(wave, False)} ms.",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure; print the section; write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--most", type=int, default=1_000_000)
    asked = parser.parse_args()
    before = os.getloadavg()[0]
    activation(9, 1)
    found = [activation(n, asked.repeat) for n in EDGES if n**3 <= asked.most]
    signals = electrodes(53, asked.repeat)
    text = page(found, signals, (before, os.getloadavg()[0]), asked.write)
    print(text)
    if asked.write:
        write_section("electricity", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
