"""Jobs in disposable worker processes: a codec that crashes or a solver that hangs never takes the window with it.

No Qt here. A timer calls :meth:`JobRunner.poll`, and all callbacks are made from there, on the caller's thread.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Literal

import psutil

from twinviewer.domain import TwinviewerError, WorkerError
from twinviewer.session import messages
from twinviewer.session.watched import MARK_BYTES, Mark, noted, serve_watched
from twinviewer.session.worker import STOP, function_name, revived

PREWARM = "twinviewer.session.steps:prewarm"
"""Run in every new worker while it has no job: imports what segmentation, meshing and engines need."""

DEADLINE_S = 600.0
STOP_S = 1.0
PATIENCE_S = 2.0
"""How long a worker may take to leave a job that was cancelled gently. Another worker takes the next job meanwhile."""

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(eq=False)
class Job:
    """One call in a worker. name: for people. revision: of the Case that it started from.

    fraction, text: the last progress. result: what the function returned, once state is "done".
    """

    name: str
    revision: int
    function: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    deadline_s: float
    done: Callable[[Any], None] | None
    failed: Callable[[TwinviewerError], None] | None
    progress: Callable[[float, str], None] | None
    cancelled: Callable[[], None] | None
    live: Callable[[Any], None] | None = None
    state: JobState = "waiting"
    fraction: float = 0.0
    text: str = ""
    result: Any = None
    error: TwinviewerError | None = None
    started_s: float = 0.0
    taken: bool = False
    attempts: int = 0
    _runner: "JobRunner | None" = None

    def cancel(self, gently: bool = False) -> bool:
        """Stop the job now, by killing its worker. False if it had ended already. Its callback comes with poll().

        gently: nothing of the job is heard any more, but its worker is asked to leave it at its next report and keeps
        what it has learned; it is killed where that takes longer than PATIENCE_S.
        """
        return self._runner is not None and self._runner._cancel(self, gently)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed", "cancelled")


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection
    job: Job | None = None
    leaving_s: float = 0.0
    """Since when it has been leaving a job that nobody waits for; 0: it is not."""
    mark: Mark = None
    reading: tuple[int, float] = (0, 0.0)
    """What it was last seen to read, and when that was first seen."""

    @property
    def idle(self) -> bool:
        return self.job is None and not self.leaving_s


class JobRunner:
    """Runs jobs in worker processes; one that is idle and warm is kept beside those that work.

    workers: how many jobs may run at once. memory_bytes: limit for each worker (default: 70 % of this machine's);
    warm=False starts processes only when they are needed.
    """

    def __init__(
        self, workers: int = 2, *, memory_bytes: int | None = None, prewarm: str = PREWARM, warm: bool = True
    ) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._limit = max(1, workers)
        self._memory_bytes = int(0.7 * psutil.virtual_memory().total) if memory_bytes is None else memory_bytes
        self._prewarm = prewarm
        self._keep_warm = warm
        self._workers: list[_Worker] = []
        self._dying: list[BaseProcess] = []
        self._waiting: deque[Job] = deque()
        self._news: deque[Callable[[], None]] = deque()
        self._closed = False
        if warm:
            self._workers.append(self._start())

    def submit(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[TwinviewerError], None] | None = None,
        progress: Callable[[float, str], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        live: Callable[[Any], None] | None = None,
        name: str = "",
        revision: int = 0,
        deadline_s: float = DEADLINE_S,
        **keywords: Any,
    ) -> Job:
        """Queue ``function(*arguments, **keywords)``. It must be importable by name, its values known to the codec.

        A parameter named ``report`` is filled with a Reporter that feeds ``progress``, one named ``live`` with a
        function whose values come to ``live`` while the job runs (at most ten a second, the rest is left out). Exactly
        one of done, failed and cancelled is called, from poll().
        """
        if self._closed:
            raise WorkerError("No job can start: the runner is closed", where=name)
        called = function_name(function)
        job = Job(
            name or called, revision, called, arguments, keywords, deadline_s, done, failed, progress, cancelled, live
        )
        job._runner = self
        self._waiting.append(job)
        self._dispatch()
        return job

    def poll(self, wait_s: float = 0.0) -> None:
        """Take in what the workers have said and make the callbacks. wait_s: how long to wait for the first news."""
        if not self._news:
            self._listen(wait_s)
        self._enforce_deadlines()
        self._reap()
        self._dispatch()
        while self._news:
            self._news.popleft()()

    def run(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        progress: Callable[[float, str], None] | None = None,
        name: str = "",
        deadline_s: float = DEADLINE_S,
        **keywords: Any,
    ) -> Any:
        """Run one job to its end and return its result, or raise its error. For callers without a timer."""
        job = self.submit(function, *arguments, progress=progress, name=name, deadline_s=deadline_s, **keywords)
        try:
            while not job.ended:
                self.poll(0.05)
        except BaseException:  # the reporter raised Cancelled, or Ctrl-C
            job.cancel()
            raise
        if job.error is not None:
            raise job.error
        return job.result

    @property
    def busy(self) -> bool:
        """Whether any job is waiting or running."""
        return bool(self._waiting) or not all(worker.idle for worker in self._workers)

    def close(self) -> None:
        """Cancel everything and end all workers. No callback is made any more."""
        self._closed = True
        self._waiting.clear()
        for worker in list(self._workers):
            self._end(worker)
        for process in self._dying:
            process.join(STOP_S)
            if process.exitcode is not None:
                process.close()
        self._dying.clear()
        self._news.clear()

    def __enter__(self) -> "JobRunner":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe(duplex=True)
        mark = self._context.RawArray("B", MARK_BYTES)
        arguments = (mark, theirs, os.getpid(), self._prewarm, self._memory_bytes)
        # workers and window share the cores: more BLAS threads wait for each other and take what the window needs
        os.environ.setdefault("OPENBLAS_NUM_THREADS", str(max((os.cpu_count() or 2) // 2, 1)))
        process = self._context.Process(target=serve_watched, args=arguments, name="twinviewer worker", daemon=True)
        with deaf_to_interrupts():
            process.start()
        theirs.close()
        return _Worker(process, ours, mark=mark)

    def _dispatch(self) -> None:
        while self._waiting and not self._closed:
            free = next((worker for worker in self._workers if worker.idle), None)
            if free is None:
                if len(self._workers) >= self._limit:
                    return
                free = self._start()
                self._workers.append(free)
            job = self._waiting.popleft()
            free.job, job.state, job.started_s = job, "running", time.monotonic()
            job.attempts += 1
            order = {"function": job.function, "arguments": job.arguments, "keywords": dict(job.keywords)}
            try:
                messages.send(free.connection, order, free.process.pid or 0)
            except OSError:
                self._died(free)
            except ValueError as error:  # an argument that the codec does not know
                free.job = None
                self._finish(job, "failed", error=WorkerError(f"The job cannot be sent: {error}", where=job.name))
        room = len(self._workers) < self._limit
        if self._keep_warm and not self._closed and room and not any(worker.idle for worker in self._workers):
            self._workers.append(self._start())

    def _listen(self, wait_s: float) -> None:
        speaking = {worker.connection: worker for worker in self._workers}
        for ready in multiprocessing.connection.wait(list(speaking), timeout=wait_s):
            worker = speaking[ready]  # type: ignore[index]
            try:
                while worker.connection.poll():
                    self._heard(worker, messages.receive(worker.connection))
            except (EOFError, OSError):
                self._died(worker)

    def _heard(self, worker: _Worker, message: dict[str, Any]) -> None:
        job = worker.job
        if worker.leaving_s and message["kind"] in ("done", "failed"):
            worker.leaving_s = 0.0
        if job is None:
            return
        if message["kind"] == "taken":
            job.taken = True
            job.arguments, job.keywords = (), {}  # from here on only the worker holds on to the input
            return
        if message["kind"] == "progress":
            job.fraction, job.text = message["fraction"], message["text"]
            if job.progress is not None:
                self._news.append(partial(job.progress, job.fraction, job.text))
            return
        if message["kind"] == "live":
            if job.live is not None:
                self._news.append(partial(job.live, message["value"]))
            return
        worker.job = None
        if message["kind"] == "done":
            self._finish(job, "done", result=message["value"])
        else:
            error = revived(message)
            if isinstance(error, WorkerError) and not error.where:
                error = WorkerError(error.what, where=job.name, remedy=error.remedy or "The case is as it was before")
            self._finish(job, "failed", error=error)

    def _finish(self, job: Job, state: JobState, *, result: Any = None, error: TwinviewerError | None = None) -> None:
        job.state, job.result, job.error = state, result, error
        if state == "done" and job.done is not None:
            self._news.append(partial(job.done, result))
        elif state == "failed" and job.failed is not None and error is not None:
            self._news.append(partial(job.failed, error))
        elif state == "cancelled" and job.cancelled is not None:
            self._news.append(job.cancelled)

    def _died(self, worker: _Worker) -> None:
        job = worker.job
        read, file, _ = noted(worker.mark)
        self._end(worker)
        worker.process.join(STOP_S)
        if job is not None and not job.ended and not job.taken and job.attempts < 3:
            job.state = "waiting"  # it died before it had seen the job: another one gets it
            self._waiting.appendleft(job)
        elif job is not None and not job.ended:
            code = worker.process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            what = f"The worker process died ({how})"
            remedy = "The case is as it was before; try again, or with smaller images"
            if read:
                what, remedy = (
                    f"{what} of this file",
                    "The case is as it was before; leave the file out, or export it again",
                )
            self._finish(job, "failed", error=WorkerError(what, where=file if read else job.name, remedy=remedy))

    def _enforce_deadlines(self) -> None:
        now = time.monotonic()
        for worker in list(self._workers):
            job = worker.job
            if worker.leaving_s and now - worker.leaving_s > PATIENCE_S:
                self._end(worker)
            elif job is not None and now - job.started_s > job.deadline_s:
                self._end(worker)
                what = f"Not finished after {job.deadline_s:g} s, so it was stopped"
                self._finish(
                    job, "failed", error=WorkerError(what, where=job.name, remedy="The case is as it was before")
                )
            elif job is not None:
                self._enforce_reading(worker, job, now)

    def _enforce_reading(self, worker: _Worker, job: Job, now: float) -> None:
        """A decoder that never ends is stopped long before the job's own deadline, and its file is named."""
        number, file, limit_s = noted(worker.mark)
        if number != worker.reading[0]:
            worker.reading = (number, now)
        elif number and now - worker.reading[1] > limit_s:
            self._end(worker)
            what = f"The file could not be read within {limit_s:.0f} s, so it was given up"
            remedy = "The case is as it was before; leave the file out, or export it again"
            self._finish(job, "failed", error=WorkerError(what, where=file, remedy=remedy))

    def _cancel(self, job: Job, gently: bool) -> bool:
        if job.ended:
            return False
        if job in self._waiting:
            self._waiting.remove(job)
        for worker in list(self._workers):
            if worker.job is job and not (gently and self._let_go(worker)):
                self._end(worker)
        self._finish(job, "cancelled")
        return True

    def _let_go(self, worker: _Worker) -> bool:
        """Ask a worker to leave its job; whether it could be asked."""
        try:
            messages.send(worker.connection, {STOP: True}, worker.process.pid or 0)
        except OSError:
            return False
        worker.job, worker.leaving_s = None, time.monotonic()
        return True

    def _end(self, worker: _Worker) -> None:
        worker.job = None
        if worker in self._workers:
            self._workers.remove(worker)
        worker.connection.close()
        worker.process.kill()
        self._dying.append(worker.process)

    def _reap(self) -> None:
        for process in list(self._dying):
            if process.exitcode is not None:
                process.join()
                process.close()
                self._dying.remove(process)


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
