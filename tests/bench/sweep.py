"""How long a sweep takes: 17 lead places x 5 AV x 5 VV delays, every beat to its steady state, on the demo patient.

Usage: python -m tests.bench.sweep [--write] [--case demo.twin] [--workers 2]
Wall time is a quiet machine's only where its load says so; core seconds (those of all processes) do not depend on it.
The limit is 60 s on two cores, which is 120 core seconds.
"""

import argparse
import os
import platform
import time
from pathlib import Path

from tests.bench.cohort import Clock, demo_case
from tests.bench.sections import write_section
from twinviewer.session import store
from twinviewer.session.case import Case
from twinviewer.session.studies.door import run_points
from twinviewer.session.studies.study import Answer, Point, Study, Wanted
from twinviewer.session.studies.sweep import ranking
from twinviewer.session.studies.sweep.plan import Plan, plan, settings
from twinviewer.session.studies.sweep.points import ELECTRICAL, WANTED, points

LIMIT_S, CORES = 60.0, 2
OVER = ("lv_segment", "av_delay_ms=80:160:5", "vv_delay_ms=-40:40:5")


def main() -> None:
    """Measure and print, and with --write put the section into docs/benchmarks.md."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", action="store_true")
    asked.add_argument("--workers", type=int, default=CORES)
    asked.add_argument("--case", type=Path)
    options = asked.parse_args()
    case = store.load(options.case) if options.case else demo_case()
    assert case.baseline is not None
    swept = plan(["crt"], OVER)
    found = points(case.baseline.setup, swept)
    begun_load = os.getloadavg()[0]
    rows = []
    for label, wanted in (("excitation, ECG and the steady beat", WANTED), ("excitation and ECG alone", ELECTRICAL)):
        clock, begun = Clock(), time.perf_counter()
        first_s = [0.0]

        looked_s = [0.0]

        def heard(
            answer: Answer, clock: Clock = clock, begun: float = begun, first_s: list[float] = first_s,
            looked_s: list[float] = looked_s,
        ) -> None:  # fmt: skip
            now = time.perf_counter() - begun
            first_s[0] = first_s[0] or now
            if now - looked_s[0] > 1.0:  # looking costs, too
                clock.look()
                looked_s[0] = now

        answers = run_points(case.engine, case.baseline.setup, found, wanted, workers=options.workers, heard=heard)
        rows.append((label, time.perf_counter() - begun, clock.core_s, first_s[0]))
        if wanted is WANTED:
            said = order(case, swept, found, wanted, answers)
    text = section(rows, len(found), options.workers, case, begun_load, said)
    print(text)
    if options.write:
        write_section("sweep", text)


def order(case: Case, swept: Plan, found: tuple[Point, ...], wanted: Wanted, answers: tuple[Answer, ...]) -> str:
    """First and last place by each target, for people."""
    assert case.baseline is not None
    study = Study("bench", "sweep", case.engine, "", found, answers, wanted, settings(swept))
    table = ranking.table(study, case.baseline.setup)
    lines = ["| ranked by | first | last |", "|---|---|---|"]
    for metric in ("qrs_ms", "lv_activation_ms", "lv_dpdt_max_mmhg_s", "stroke_work_mmhg_ml", ranking.WORK_SPREAD):
        target = ranking.TARGETS[metric]
        best = ranking.best_of_places(ranking.ranked(table.rows, target))
        known = sorted((one for one in best if one.row.numbers), key=lambda one: target.cost(one.value))
        words = []
        for one in (known[0], known[-1]):
            place = swept.axes[0].text(one.row.values[0])
            words.append(f"{place}, {target.text(one.value)} {target.unit}")
        lines.append(f"| {target.label}, {target.first} first | {words[0]} | {words[1]} |")
    failed = sum(bool(answer.failure) for answer in answers)
    return "\n".join(lines) + f"\n\nThe best setting of each place; {failed} of {len(answers)} could not be simulated."


def section(
    rows: list[tuple[str, float, float, float]], count: int, workers: int, case: Case, begun_load: float, said: str
) -> str:
    """The section of docs/benchmarks.md."""
    assert case.mesh is not None
    lines = [
        "## Sweep",
        "",
        f"{count} simulations (17 lead places x 5 AV x 5 VV delays and the untreated heart) on the demo patient "
        f"({len(case.mesh.points_mm)} nodes), {workers} processes, {os.cpu_count()} cores ({platform.machine()}), "
        f"{begun_load:.1f} processes at work before and {os.getloadavg()[0]:.1f} after. Limit: {LIMIT_S:.0f} s on "
        f"{CORES} cores, {LIMIT_S * CORES:.0f} core seconds.",
        "",
        "| what | wall, s | core seconds | a simulation, core s | first answer, s | of the limit |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {label} | {wall_s:.0f} | {core_s:.0f} | {core_s / count:.2f} | {first_s:.1f} | "
        f"{100.0 * core_s / (LIMIT_S * CORES):.0f} % of its core seconds |"
        for label, wall_s, core_s, first_s in rows
    ]
    return "\n".join([*lines, "", said])


if __name__ == "__main__":
    main()
