"""How long a virtual cohort takes: every patient untreated and resynchronised, on the demo patient's heart.

Usage: python -m tests.bench.cohort [--write] [--patients 1000] [--case demo.twin] [--workers 2]
Wall time is a quiet machine's only where its load says so; core seconds (those of all processes) do not depend on it.
The limit is 1000 patients in 600 s on two cores, which is 0.6 core seconds a simulation.
"""

import argparse
import os
import platform
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.bench.sections import write_section
from twinviewer.domain import silent
from twinviewer.session import catalog, store
from twinviewer.session.case import Case
from twinviewer.session.pipeline import run_pipeline
from twinviewer.session.scenarios import use_therapies
from twinviewer.session.studies.cohort.step import compute_cohort, result_of

LIMIT_S, PATIENTS, CORES = 600.0, 1000, 2


def main() -> None:
    """Measure and print, and with --write put the section into docs/benchmarks.md."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", action="store_true")
    asked.add_argument("--patients", type=int, default=PATIENTS)
    asked.add_argument("--workers", type=int, default=CORES)
    asked.add_argument("--case", type=Path)
    options = asked.parse_args()
    case = store.load(options.case) if options.case else demo_case()
    assert case.baseline is not None
    uses = use_therapies(["crt"], {}, "bench")
    rows = []
    begun_load = os.getloadavg()[0]
    for source in ("patient", "crt"):
        clock, begun = Clock(), time.perf_counter()
        study = compute_cohort(
            case.engine, case.baseline.setup, case.patient, uses, patients=options.patients, source=source,
            workers=options.workers, heard=clock.look,
        )  # fmt: skip
        wall_s, core_s = time.perf_counter() - begun, clock.core_s
        found = result_of(study)
        rows.append((source, wall_s, core_s, len(study.points), len(found.members), sum(found.dropped.values())))
    text = section(rows, options.patients, options.workers, case, begun_load)
    print(text)
    if options.write:
        write_section("cohort", text)


def demo_case() -> Case:
    """The demo patient with a fitted baseline."""
    with tempfile.TemporaryDirectory() as folder:
        catalog.organs()["heart"].write_demo(Path(folder), silent)
        return run_pipeline(Path(folder) / "dicom", records=Path(folder) / "records")


class Clock:
    """CPU seconds of this process and of all under it, whenever it is looked at: workers are killed at the end, and
    what they used would go with them."""

    def __init__(self) -> None:
        self._used: dict[int, float] = {}
        self.look()
        self._before = dict(self._used)

    def look(self, *_: object) -> None:
        """Take note of what each process has used."""
        own = psutil.Process()
        for one in (own, *own.children(recursive=True)):
            with suppress(psutil.Error):
                times = one.cpu_times()
                self._used[one.pid] = times.user + times.system

    @property
    def core_s(self) -> float:
        """Since it was made."""
        self.look()
        return sum(used - self._before.get(pid, 0.0) for pid, used in self._used.items())


def section(
    rows: list[tuple[str, float, float, int, int, int]], patients: int, workers: int, case: Case, load: float
) -> str:
    """The section as Markdown."""
    assert case.mesh is not None
    said = {"patient": "round the patient", "crt": "as in CRT trials, with calibration"}
    scaled = "" if patients == PATIENTS else f" Times of {PATIENTS} are reckoned from those {patients}."
    lines = [
        "## Virtual cohort",
        "",
        f"`python -m tests.bench.cohort --write` measures and rewrites this section: {patients} virtual patients on",
        f"the demo patient's heart ({len(case.mesh.points_mm)} points, {len(case.mesh.tets)} tetrahedra), each",
        f"untreated and resynchronised, workers: {workers}. Python {platform.python_version()}, {os.cpu_count()} "
        f"cores, load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end, of which {workers} are its own:",
        "beyond that, wall times are too long and core seconds somewhat.",
        f"Limit: {PATIENTS} patients in {LIMIT_S:.0f} s on {CORES} cores, "
        f"{CORES * LIMIT_S / (2 * PATIENTS):.2f} core seconds a simulation.{scaled}",
        "",
        "| cohort | wall | core seconds a simulation | 1000 patients on two free cores | limit | counted | dropped |",
        "|---|---|---|---|---|---|---|",
    ]
    for source, wall_s, core_s, points, counted, dropped in rows:
        each = core_s / points
        scaled_s = each * (points + 2 * (PATIENTS - patients)) / CORES
        lines.append(
            f"| {said[source]} | {wall_s:.0f} s | {each:.3f} | {scaled_s:.0f} s | {LIMIT_S:.0f} s "
            f"| {counted} | {dropped} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
