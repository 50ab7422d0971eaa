"""Workers of a study through Dask: processes of this machine, or of a scheduler that the user names.

Dask's protocol is pickle: whoever can speak to a scheduler or worker can run code there, and a scheduler can run code
here. So only an address that the user gives is ever spoken to, and our own cluster listens on loopback, behind TLS
with a key of its own, so that no other user of the machine can reach it either. It has no dashboard, and
nothing of it outlives us: Dask's workers watch their parent and end with it, even after kill -9.
"""

import importlib.metadata
import logging
import multiprocessing
import os
import queue
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from twinviewer import __version__
from twinviewer.domain import Setup, WorkerError
from twinviewer.session.studies.order import Queue
from twinviewer.session.studies.study import Answer, Point, Wanted
from twinviewer.session.studies.task import compute
from twinviewer.session.worker_process import deaf_to_interrupts

TICK_S = 0.05
CONNECT_S = 10.0
ALONE_S = 60.0
"""A scheduler all of whose workers have gone is given up after this."""
RESENDS = 5
"""A point is given up when it has been sent so often in vain for want of the heart that it acts on."""
AHEAD = 1
"""Points that wait at each worker beside the one under way, so that none is idle while an answer travels."""

PARTING_S = 0.05
"""Who has cancelled waits no longer than this for processes that were killed."""
_FOLDER = "twinviewer-study-"

Tick = tuple[Point, Answer | None] | None
"""A point and what came out of it, None where its workers have died; or just time that has passed."""

_CONFIG: dict[str, Any] = {
    "distributed.scheduler.work-stealing": False,  # who computes what is settled in order.py
    "distributed.scheduler.allowed-failures": 0,  # what killed a worker is found out one by one
    "distributed.worker.memory.target": False,  # nothing is spilled to disk, and no worker pauses
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.admin.low-level-log-length": 0,
    "distributed.worker.profile.enabled": False,  # nobody looks at it
    "distributed.scheduler.http.routes": [],  # Dask always opens a port for its pages: nothing is on it
    "distributed.worker.http.routes": [],
}


def computed(
    engine: str, setup: Setup, points: Sequence[Point], wanted: Wanted, workers: int, scheduler: str
) -> Generator[Tick, None, None]:
    """Answers as they come, None every 50 ms in between; closing the generator stops what is under way.

    scheduler: "tcp://host:port" of an existing one, whose workers must have this Twinviewer; "" starts processes here.
    WorkerError where there are no workers, or not of this version.
    """
    with _foreign(scheduler) if scheduler else _own(workers) as client:
        yield from _Course(client, engine, setup, wanted, points).run()


class _Course:
    """One study on one client: who computes what, what is under way, what has come."""

    def __init__(self, client: Any, engine: str, setup: Setup, wanted: Wanted, points: Sequence[Point]) -> None:
        self._client, self._engine, self._setup, self._wanted = client, engine, setup, wanted
        self._queue = Queue(points)
        self._heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._flying: dict[str, tuple[Any, Point, str]] = {}
        self._suspects: list[Point] = []  # their worker died: which of those that it held was the cause shows alone
        self._alone: set[str] = set()
        self._resent: Counter[str] = Counter()
        self._slots: dict[str, int] = {}
        self._looked_s = self._peopled_s = time.monotonic()
        self._heart: Any = None

    def run(self) -> Generator[Tick, None, None]:
        self._look()
        while self._queue or self._flying or self._suspects:
            if time.monotonic() - self._looked_s > 1.0:
                self._look()
            self._send()
            try:
                future = self._heard.get(timeout=TICK_S)
            except queue.Empty:
                yield None
                continue
            yield self._taken(future)

    def _look(self) -> None:
        """Who is there now. Workers of a foreign cluster come and go."""
        threads = dict(self._client.nthreads())
        for worker in set(self._slots) - set(threads):
            self._queue.lost(worker)
        self._slots = {worker: count + AHEAD for worker, count in threads.items()}
        self._looked_s = time.monotonic()
        if threads:
            self._peopled_s = self._looked_s
        elif self._looked_s - self._peopled_s > ALONE_S:
            raise WorkerError("All workers of the study have gone", remedy="Start workers, then resume the study")

    def _send(self) -> None:
        busy = Counter(worker for _, _, worker in self._flying.values())
        for worker, slots in self._slots.items():
            while busy[worker] < slots and (point := self._queue.take(worker)) is not None:
                self._submit(point, worker)
                busy[worker] += 1
        if self._suspects and self._slots and not self._flying:
            point = self._suspects.pop()
            self._alone.add(point.name)
            self._submit(point, next(iter(self._slots)))

    def _submit(self, point: Point, worker: str) -> None:
        if self._heart is None:
            self._heart = self._client.scatter(self._setup, broadcast=True, hash=False)
        future = self._client.submit(
            compute,
            self._engine,
            self._heart,
            point,
            self._wanted,
            workers=[worker],
            allow_other_workers=True,
            pure=False,
        )
        self._flying[future.key] = future, point, worker
        future.add_done_callback(self._heard.put)

    def _taken(self, future: Any) -> Tick:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        point, worker = self._flying[future.key][1:]
        try:
            answer: Answer = future.result(timeout=10 * TICK_S)
        except TimeoutError:  # it was there, and went with its worker: Dask computes it again
            self._heard.put(future)
            return None
        except (FutureCancelledError, CancelledError):  # the heart itself went with the last worker that held it
            self._heart = None
            self._resent[point.name] += 1
            guilty = self._resent[point.name] > RESENDS
        except KilledWorker:
            guilty = point.name in self._alone
        else:
            del self._flying[future.key]
            return point, answer
        del self._flying[future.key]
        self._queue.lost(worker)
        if guilty:
            return point, None
        self._suspects.append(point)
        return None


@contextmanager
def _own(workers: int) -> Iterator[Any]:
    """A client of processes on this machine, one thread each."""
    import dask
    from distributed import Client, LocalCluster

    _sweep()
    for name in ("distributed", "distributed.batched"):  # workers that are killed at the end are no news
        logging.getLogger(name).setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))
    with dask.config.set({**_CONFIG, "temporary-directory": str(folder)}), _may_have_children():
        with deaf_to_interrupts():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                memory_limit=0,
                security=True,  # TLS
                silence_logs=logging.CRITICAL,
            )
        client = Client(cluster, timeout=CONNECT_S, set_as_default=False)
        patience_s = PARTING_S
        try:
            yield client
            patience_s = CONNECT_S
        finally:  # every answer is here, or nobody wants the rest: no process is asked to say goodbye
            _kill(cluster)
            closing = threading.Thread(target=_close, args=(client, cluster, folder), daemon=True)
            closing.start()
            closing.join(patience_s)


def _kill(cluster: Any) -> None:
    with suppress(AttributeError):
        type(cluster)._instances.discard(cluster)  # Dask would close it again when the program ends, and complain
    for nanny in cluster.workers.values():
        with suppress(Exception):
            nanny.close_gracefully()  # it does not start its worker again
            os.kill(nanny.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def _close(client: Any, cluster: Any, folder: Path) -> None:
    with suppress(Exception):
        client.close(timeout=1.0)
    with suppress(Exception):
        cluster.close(timeout=5.0)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove what studies left behind whose process was killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        pid = left.name.removeprefix(_FOLDER).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)  # another user's cannot be removed


@contextmanager
def _may_have_children() -> Iterator[None]:
    """The window's worker processes are daemons, which may have no children; those started here watch their parent.
    Python's own janitor, which tidies up after a process that was killed, has no need to say so."""
    own = multiprocessing.current_process()
    before, warnings = own.daemon, os.environ.get("PYTHONWARNINGS")
    if before:
        own.daemon = False
    quiet = "ignore::UserWarning:multiprocessing.resource_tracker"
    os.environ["PYTHONWARNINGS"] = f"{warnings},{quiet}" if warnings else quiet
    try:
        yield
    finally:
        if before:
            own.daemon = True
        if warnings is None:
            os.environ.pop("PYTHONWARNINGS", None)
        else:
            os.environ["PYTHONWARNINGS"] = warnings


@contextmanager
def _foreign(scheduler: str) -> Iterator[Any]:
    """A client of an existing scheduler. Its workers are left as they were."""
    import dask
    from distributed import Client

    try:
        with dask.config.set({**_CONFIG, "distributed.comm.timeouts.connect": CONNECT_S}):
            client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError, RuntimeError) as error:
        raise WorkerError(
            "No scheduler answers at this address",
            where=scheduler,
            remedy="Check host and port, and that it runs",
        ) from error
    try:
        _check(client, scheduler)
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=1.0)  # whatever is under way of ours is forgotten with us


def _check(client: Any, scheduler: str) -> None:
    until_s = time.monotonic() + CONNECT_S
    while not client.nthreads():
        if time.monotonic() > until_s:
            raise WorkerError("The scheduler has no workers", where=scheduler, remedy="Start `dask worker` for it")
        time.sleep(TICK_S)
    found = client.run(importlib.metadata.version, "twinviewer", on_error="return")
    for worker, version in found.items():
        if isinstance(version, Exception):
            raise WorkerError(
                "A worker of this scheduler has no Twinviewer",
                where=worker,
                remedy=f"Install Twinviewer {__version__} for its Python",
            )
        if version != importlib.metadata.version("twinviewer"):
            raise WorkerError(
                f"A worker of this scheduler has Twinviewer {version}, this is {__version__}",
                where=worker,
                remedy="Use one version, or its numbers are not those of this machine",
            )
