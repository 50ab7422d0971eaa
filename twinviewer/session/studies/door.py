"""The one door through which sweeps, spreads and cohorts are computed: points in, answers out, in the same order."""

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import psutil

from twinviewer.domain import Reporter, Setup, silent
from twinviewer.session.studies.journal import Journal, identity
from twinviewer.session.studies.order import Queue
from twinviewer.session.studies.point import answer
from twinviewer.session.studies.pool import Tick, computed
from twinviewer.session.studies.study import Answer, Point, Wanted

FEW = 6
"""So few points are done in this process before others have been started."""
WORKER_BYTES = 1_500_000_000
"""What a worker needs for a heart of some 100 000 nodes with what its engine keeps (measured)."""

Heard = Callable[[Answer], None]


def unheard(answer: Answer) -> None:
    """Nobody waits for single answers."""


def run_points(
    engine: str,
    setup: Setup,
    points: Sequence[Point],
    wanted: Wanted,
    *,
    workers: int | None = None,
    scheduler: str = "",
    journal: Path | None = None,
    report: Reporter = silent,
    heard: Heard = unheard,
) -> tuple[Answer, ...]:
    """Compute all points, in their order; the numbers do not depend on who computes them, or in which order.

    workers: processes; None takes the cores that there are, 1 stays in this process. scheduler: "tcp://host:port" of
    an existing Dask scheduler, in place of processes here. journal: file that keeps finished answers; with the same
    heart, engine and wishes a later call takes them from there and computes the rest. report: is told the share done,
    points and time left; raises Cancelled to stop, and then every answer so far is in the journal. heard: is given
    each answer as it comes, first those of the journal.

    A point that fails is an Answer with its failure. Points that differ in name alone are computed once. ValueError
    for two points of one name, WorkerError where no worker is to be had, StoreError for a journal of something else.
    """
    if len({point.name for point in points}) != len(points):
        raise ValueError("two points of a study have the same name")
    named: dict[str, list[str]] = {}
    for point in points:
        named.setdefault(point.key, []).append(point.name)
    answers: dict[str, Answer] = {}

    def take(key: str, found: Answer) -> None:
        for name in named[key]:
            answers[name] = replace(found, point=name)
            heard(answers[name])

    with Journal(journal, identity(engine, setup, wanted)) if journal is not None else nullcontext() as kept:
        for key in named:
            if kept is not None and key in kept.answers:
                take(key, kept.answers[key])
        left = {point.key: point for point in points if point.name not in answers}
        pace = _Pace(len(points), len(answers))

        def tell(inner: float = 0.0) -> None:
            report(min((len(answers) + inner) / max(len(points), 1), 1.0), pace.text(len(answers)))

        tell()
        with closing(_ticks(engine, setup, list(left.values()), wanted, workers, scheduler, tell)) as ticks:
            for tick in ticks:
                if tick is not None:
                    point, found = tick
                    if kept is not None and found is not None:
                        kept.add(point.key, found)
                    take(point.key, found or Answer(point.name, failure="Its worker process died"))
                tell()
    return tuple(answers[point.name] for point in points)


def worker_count(workers: int | None, points: int) -> int:
    """How many processes compute so many points: by default one a core, as far as memory goes."""
    if workers is not None:
        return max(1, min(workers, points))
    if points <= FEW:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, points, int(psutil.virtual_memory().available // WORKER_BYTES)))


def _ticks(
    engine: str,
    setup: Setup,
    points: Sequence[Point],
    wanted: Wanted,
    workers: int | None,
    scheduler: str,
    tell: Callable[[float], None],
) -> Generator[Tick, None, None]:
    count = worker_count(workers, len(points))
    if not points:
        return
    if scheduler or count > 1:
        yield from computed(engine, setup, points, wanted, count, scheduler)
        return
    queue = Queue(points)
    while (point := queue.take("here")) is not None:
        yield point, answer(engine, setup, point, wanted, lambda fraction, _: tell(fraction))


class _Pace:
    """How long the rest will take, from how long what was computed in this call has taken."""

    def __init__(self, points: int, begun: int) -> None:
        self._points, self._begun, self._since_s = points, begun, time.monotonic()

    def text(self, done: int) -> str:
        said = f"{done} of {self._points}"
        here = done - self._begun
        if not here or done >= self._points:
            return said
        left_s = (time.monotonic() - self._since_s) / here * (self._points - done)
        return f"{said}, {duration(left_s)} left"


def duration(seconds: float) -> str:
    """A time to wait in words: "8 s", "3 min", "2 h 10 min"."""
    if seconds < 99.5:
        return f"{max(seconds, 1.0):.0f} s"
    minutes = round(seconds / 60.0)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
