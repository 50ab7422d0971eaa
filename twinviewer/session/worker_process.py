"""A worker process as its parent sees it: started, spoken to, asked to leave a job, ended."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from twinviewer.domain.reading import UnderWay
from twinviewer.session import messages
from twinviewer.session.job import Job
from twinviewer.session.watched import MARK_BYTES, Mark, noted, serve_watched
from twinviewer.session.worker import STOP


@dataclass(eq=False)
class WorkerProcess:
    """One process, the line to it, and the job that it has."""

    process: BaseProcess
    connection: Connection
    mark: Mark
    job: Job | None = None
    leaving_s: float = 0.0
    """Since when it has been leaving a job that nobody waits for; 0: it is not."""
    _reading: tuple[int, float] = (0, 0.0)
    """What it was last seen to read, and when that was first seen."""

    @property
    def idle(self) -> bool:
        """Whether it can take a job."""
        return self.job is None and not self.leaving_s

    @property
    def file(self) -> UnderWay:
        """What it reads now, or read when it died."""
        return noted(self.mark)

    def send(self, message: dict[str, Any]) -> None:
        """OSError if it is gone; ValueError if the codec does not know a value."""
        messages.send(self.connection, message, self.process.pid or 0)

    def let_go(self) -> bool:
        """Ask it to leave its job; whether it could be asked."""
        try:
            self.send({STOP: True})
        except OSError:
            return False
        self.job, self.leaving_s = None, time.monotonic()
        return True

    def too_long_at(self, now_s: float) -> UnderWay | None:
        """The file that it has been reading for longer than that may take; None if there is none."""
        file = self.file
        if file.number != self._reading[0]:
            self._reading = (file.number, now_s)
        elif file.number and now_s - self._reading[1] > file.limit_s:
            return file
        return None

    def kill(self) -> None:
        """End it now, whatever it does. The process is still to be joined."""
        self.job = None
        self.connection.close()
        self.process.kill()


def start_worker(prewarm: str, memory_bytes: int) -> WorkerProcess:
    """A new worker; see ``worker.serve`` for both."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=True)
    mark = context.RawArray("B", MARK_BYTES)
    # workers and window share the cores: more BLAS threads wait for each other and take what the window needs
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(max((os.cpu_count() or 2) // 2, 1)))
    arguments = (mark, theirs, os.getpid(), prewarm, memory_bytes)
    process = context.Process(target=serve_watched, args=arguments, name="twinviewer worker", daemon=True)
    with deaf_to_interrupts():
        process.start()
    theirs.close()
    return WorkerProcess(process, ours, mark)


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """A process started herein ignores Ctrl-C from its first instruction on: it is for the parent to end it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
