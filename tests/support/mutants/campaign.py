"""A campaign: batches of mutants through the program's own workers, deaths and hangs noted and passed."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from tempfile import mkdtemp

from mutants.batch import begin, now, seed_of, try_batch
from twinviewer.domain import WorkerError
from twinviewer.session.jobs import JobRunner

SHARES = {
    "pictures": 0.43, "stack": 0.06, "cines": 0.05, "directories": 0.04, "segmentations": 0.04, "ecg": 0.02,
    "volumes": 0.10, "meshes": 0.08, "records": 0.10, "cases": 0.05, "bundles": 0.03,
}  # fmt: skip
"""Reader -> share of the mutants."""
LONGEST_S = 10.0
MEMORY_BYTES = 3 << 30
BATCH = 500


@dataclass
class Tally:
    """What came of the mutants of one reader. findings: (number, what). deaths, given_up: of workers, and of files that
    took too long, as the program says it. hangs: what took longer than LONGEST_S without a word."""

    tried: int = 0
    typed: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)
    deaths: list[tuple[int, str]] = field(default_factory=list)
    given_up: list[tuple[int, str]] = field(default_factory=list)
    hangs: list[int] = field(default_factory=list)
    slow: list[tuple[int, float]] = field(default_factory=list)
    slowest_s: float = 0.0
    cpu_s: float = 0.0


def run(
    count: int,
    first: int = 0,
    shares: Mapping[str, float] = SHARES,
    heard: Callable[[str, Tally], None] = lambda _reader, _tally: None,
) -> dict[str, Tally]:
    """Try so many mutants in all, each reader its share, from a number on. A fresh worker only after a death."""
    tallies: dict[str, Tally] = {}
    folder = mkdtemp(prefix="mutants-")
    try:
        with JobRunner(1, memory_bytes=MEMORY_BYTES, prewarm="", warm=False) as runner:
            for reader, share in shares.items():
                tally = tallies[reader] = Tally()
                at, end = first, first + round(count * share)
                while at < end:
                    at = _batch(runner, tally, reader, at, min(BATCH, end - at), folder)
                    tally.tried = at - first
                heard(reader, tally)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tallies


def _batch(runner: JobRunner, tally: Tally, reader: str, at: int, size: int, folder: str) -> int:
    """Run one batch as far as it goes; returns the first number that was not tried."""
    begin(folder, at)
    shutil.rmtree(f"{folder}/mutant", ignore_errors=True)
    job = runner.submit(try_batch, reader, at, size, folder, name=reader, deadline_s=3600.0)
    seen, since_s = -1, time.monotonic()
    while not job.ended:
        runner.poll(0.1)
        current = now(folder)
        if current != seen or not job.taken:
            seen, since_s = current, time.monotonic()
        elif time.monotonic() - since_s > LONGEST_S + (LONGEST_S if current == at else 0.0):  # the first one imports
            job.cancel()
            runner.poll()
            tally.hangs.append(current)
            return current + 1
    if job.error is None:
        answer = job.result
        tally.findings += [(int(number), what) for number, what in answer["findings"]]
        tally.slow += [(int(number), took) for number, took in answer["slow"]]
        tally.typed += answer["typed"]
        tally.slowest_s = max(tally.slowest_s, answer["slowest_s"])
        tally.cpu_s += answer["cpu_s"]
        return at + size
    if not isinstance(job.error, WorkerError):
        raise job.error
    last = now(folder)
    told = tally.given_up if "given up" in job.error.what else tally.deaths
    told.append((last, f"{seed_of(reader, last).name}: {job.error}"))
    return last + 1
