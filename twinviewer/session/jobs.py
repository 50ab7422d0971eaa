"""Jobs in disposable worker processes: a codec that crashes or a solver that hangs never takes the window with it.

No Qt here. A timer calls :meth:`JobRunner.poll`, and all callbacks are made from there, on the caller's thread.
"""

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

import psutil

from twinviewer.domain import TwinviewerError, WorkerError
from twinviewer.domain.reading import UnderWay
from twinviewer.session import messages, second_try
from twinviewer.session.job import Job, JobState
from twinviewer.session.worker import function_name, revived
from twinviewer.session.worker_process import WorkerProcess, start_worker

PREWARM = "twinviewer.session.steps:prewarm"
"""Run in every new worker while it has no job: imports what segmentation, meshing and engines need."""

DEADLINE_S = 600.0
STOP_S = 1.0
PATIENCE_S = 2.0
"""How long a worker may take to leave a job that was cancelled gently. Another worker takes the next job meanwhile."""


class JobRunner:
    """Runs jobs in worker processes; one that is idle and warm is kept beside those that work.

    workers: how many jobs may run at once. memory_bytes: limit for each worker (default: 70 % of this machine's);
    warm=False starts processes only when they are needed.
    """

    def __init__(
        self, workers: int = 2, *, memory_bytes: int | None = None, prewarm: str = PREWARM, warm: bool = True
    ) -> None:
        self._limit = max(1, workers)
        self._memory_bytes = int(0.7 * psutil.virtual_memory().total) if memory_bytes is None else memory_bytes
        self._prewarm = prewarm
        self._keep_warm = warm
        self._workers: list[WorkerProcess] = []
        self._dying: list[BaseProcess] = []
        self._waiting: deque[Job] = deque()
        self._news: deque[Callable[[], None]] = deque()
        self._closed = False
        if warm:
            self._workers.append(start_worker(self._prewarm, self._memory_bytes))

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
        job._stop, job.can_leave_out = self._cancel, second_try.can_leave_out(function)
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

    def _dispatch(self) -> None:
        while self._waiting and not self._closed:
            free = next((worker for worker in self._workers if worker.idle), None)
            if free is None:
                if len(self._workers) >= self._limit:
                    return
                free = start_worker(self._prewarm, self._memory_bytes)
                self._workers.append(free)
            job = self._waiting.popleft()
            free.job, job.state, job.started_s = job, "running", time.monotonic()
            job.attempts += 1
            order = {"function": job.function, "arguments": job.arguments, "keywords": dict(job.keywords)}
            try:
                free.send(order)
            except OSError:
                self._died(free)
            except ValueError as error:  # an argument that the codec does not know
                free.job = None
                self._finish(job, "failed", error=WorkerError(f"The job cannot be sent: {error}", where=job.name))
        room = len(self._workers) < self._limit
        if self._keep_warm and not self._closed and room and not any(worker.idle for worker in self._workers):
            self._workers.append(start_worker(self._prewarm, self._memory_bytes))

    def _listen(self, wait_s: float) -> None:
        speaking = {worker.connection: worker for worker in self._workers}
        for ready in wait(list(speaking), timeout=wait_s):
            worker = speaking[ready]  # type: ignore[index]
            try:
                while worker.connection.poll():
                    self._heard(worker, messages.receive(worker.connection))
            except (EOFError, OSError):
                self._died(worker)

    def _heard(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        job = worker.job
        if worker.leaving_s and message["kind"] in ("done", "failed"):
            worker.leaving_s = 0.0
        if job is None:
            return
        if message["kind"] == "taken":
            job.taken = True
            if not job.can_leave_out:
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

    def _died(self, worker: WorkerProcess) -> None:
        job = worker.job
        file = worker.file
        self._end(worker)
        worker.process.join(STOP_S)
        if job is not None and not job.ended and not job.taken and job.attempts < 3:
            job.state = "waiting"  # it died before it had seen the job: another one gets it
            self._waiting.appendleft(job)
        elif job is not None and not job.ended:
            code = worker.process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            if self._begun_again(job, file, f"the program that read it died ({how})", died=True):
                return
            what = f"The worker process died ({how})"
            error = WorkerError(
                what, where=job.name, remedy="The case is as it was before; try again, or with smaller images"
            )
            if file.number:
                error = second_try.given_up(second_try.left_out(job.keywords), file, f"{what} of this file", job.name)
            self._finish(job, "failed", error=error)

    def _begun_again(self, job: Job, file: UnderWay, why: str, died: bool) -> bool:
        """Whether a job waits for another worker, to be done without a file that the last one did not survive."""
        if not file.number or not job.can_leave_out:
            return False
        leave_out = second_try.without(second_try.left_out(job.keywords), file, why, died)
        if leave_out is None:
            return False
        job.keywords = {**job.keywords, second_try.PARAMETER: leave_out}
        job.state, job.taken, job.attempts = "waiting", False, 0
        self._waiting.appendleft(job)
        job.fraction, job.text = 0.0, f"Reading again without {file.where}" if leave_out else "Reading again, with care"
        if job.progress is not None:
            self._news.append(partial(job.progress, job.fraction, job.text))
        return True

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

    def _enforce_reading(self, worker: WorkerProcess, job: Job, now: float) -> None:
        """A decoder that never ends is stopped long before the job's own deadline, and its file is named."""
        file = worker.too_long_at(now)
        if file is not None:
            self._end(worker)
            why = f"it could not be read within {file.limit_s:.0f} s"
            if self._begun_again(job, file, why, died=False):
                return
            what = f"The file could not be read within {file.limit_s:.0f} s, so it was given up"
            self._finish(
                job, "failed", error=second_try.given_up(second_try.left_out(job.keywords), file, what, job.name)
            )

    def _cancel(self, job: Job, gently: bool) -> bool:
        if job.ended:
            return False
        if job in self._waiting:
            self._waiting.remove(job)
        for worker in list(self._workers):
            if worker.job is job and not (gently and worker.let_go()):
                self._end(worker)
        self._finish(job, "cancelled")
        return True

    def _end(self, worker: WorkerProcess) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
        worker.kill()
        self._dying.append(worker.process)

    def _reap(self) -> None:
        for process in list(self._dying):
            if process.exitcode is not None:
                process.join()
                process.close()
                self._dying.remove(process)
