"""Jobs: answers, progress, cancel, death, deadlines, memory; and nothing left behind."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fake_twin
import job_tasks
import numpy as np
import psutil
import pytest

from twinviewer.domain import Cancelled, EngineError, Frame, TwinviewerError, WorkerError
from twinviewer.session.jobs import Job, JobRunner


@pytest.fixture
def runner() -> Iterator[JobRunner]:
    with JobRunner(1, prewarm="job_tasks:warm") as made:
        yield made


def until(runner: JobRunner, condition: Callable[[], bool], limit_s: float = 20.0) -> float:
    """Poll as a timer would; returns the seconds it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < limit_s, "nothing came"
        runner.poll(0.01)
    return time.monotonic() - start


def test_a_large_volume_goes_and_comes_back_equal(runner: JobRunner) -> None:
    from dataclasses import replace

    volume = fake_twin.volume()
    data = np.random.default_rng(1).integers(-900, 900, (4, 90, 100, 110), dtype=np.int16)
    volume = replace(volume, data=data)
    got: list[object] = []
    job = runner.submit(job_tasks.double, volume, done=got.append, revision=7, factor=3.0)
    until(runner, lambda: bool(got))
    assert job.revision == 7 and job.state == "done"
    back = got[0]
    assert np.array_equal(back.data, data * 3) and back.data.dtype == np.int16  # type: ignore[attr-defined]
    assert back.grid.shape == volume.grid.shape and back.uid == volume.uid  # type: ignore[attr-defined]


def test_read_only_arrays_stay_read_only(runner: JobRunner) -> None:
    frozen = np.zeros(100_000)
    frozen.flags.writeable = False
    assert runner.run(job_tasks.flags, np.zeros(100_000), frozen) == (True, False)


def test_frames_come_while_the_job_runs_and_no_faster_than_eyes_follow(runner: JobRunner) -> None:
    seen: list[tuple[float, Frame]] = []
    got: list[int] = []
    start = time.monotonic()
    runner.submit(
        job_tasks.paint, 120, 0.01, live=lambda frame: seen.append((time.monotonic() - start, frame)), done=got.append
    )
    until(runner, lambda: bool(got))
    assert got == [120] and 3 <= len(seen) <= 14
    numbers = [float(frame.fields["membrane_mv"][0]) for _, frame in seen]
    assert numbers == sorted(numbers) and all(
        (f.fields["membrane_mv"] == n).all() for (_, f), n in zip(seen, numbers, strict=True)
    )
    assert seen[0][0] < seen[-1][0]


def test_progress_reaches_the_callers_thread(runner: JobRunner) -> None:
    said: list[tuple[float, str]] = []
    assert runner.run(job_tasks.count, 10, 0.06, progress=lambda f, t: said.append((f, t))) == 10
    assert len(said) >= 5 and [f for f, _ in said] == sorted(f for f, _ in said)


def test_cancel_is_acknowledged_at_once_and_the_next_job_runs(runner: JobRunner) -> None:
    ended: list[str] = []
    said: list[float] = []
    job = runner.submit(
        job_tasks.count,
        1000,
        0.05,
        progress=lambda f, t: said.append(f),
        cancelled=lambda: ended.append("cancelled"),
        done=lambda value: ended.append("done"),
        failed=lambda error: ended.append("failed"),
    )
    until(runner, lambda: bool(said))
    process = runner._workers[0].process
    pid = process.pid
    start = time.monotonic()
    assert job.cancel()
    until(runner, lambda: bool(ended))
    assert time.monotonic() - start < 0.1
    assert ended == ["cancelled"] and job.state == "cancelled" and not job.cancel()
    until(runner, lambda: not psutil.pid_exists(pid), 2.0)
    assert runner.run(job_tasks.count, 2, 0.0) == 2
    assert ended == ["cancelled"]


def test_a_job_that_is_left_gently_leaves_its_worker_warm(runner: JobRunner) -> None:
    heard: list[object] = []
    pid = runner.run(job_tasks.pid)
    for _ in range(3):
        job = runner.submit(job_tasks.count, 1000, 0.02, cancelled=lambda: heard.append("cancelled"), done=heard.append)
        until(runner, lambda: job.state == "running" and job.taken)  # noqa: B023
        assert job.cancel(gently=True) and job.state == "cancelled"
        assert runner.run(job_tasks.count, 3, 0.0) == 3
        assert runner.run(job_tasks.pid) == pid
    assert heard == ["cancelled"] * 3
    # what ended by itself before the word came
    job = runner.submit(job_tasks.count, 1, 0.0)
    until(runner, lambda: job.state == "running")
    time.sleep(0.2)
    job.cancel(gently=True)
    assert runner.run(job_tasks.pid) == pid


def test_a_worker_that_does_not_leave_is_ended(runner: JobRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinviewer.session.jobs.PATIENCE_S", 0.2)
    pid = runner.run(job_tasks.pid)
    job = runner.submit(job_tasks.spin, 60.0)
    until(runner, lambda: job.state == "running" and job.taken)
    job.cancel(gently=True)
    assert runner.run(job_tasks.pid) != pid
    until(runner, lambda: not psutil.pid_exists(pid), 3.0)


def test_a_worker_that_spins_or_ignores_signals_is_cancelled_too(runner: JobRunner) -> None:
    runner.run(job_tasks.pid)
    for function, arguments in ((job_tasks.spin, (60.0,)), (job_tasks.deaf, ())):
        ended: list[str] = []
        job = runner.submit(function, *arguments, cancelled=lambda: ended.append("yes"))  # noqa: B023
        until(runner, lambda: job.state == "running")  # noqa: B023
        time.sleep(0.05)
        start = time.monotonic()
        job.cancel()
        until(runner, lambda: bool(ended))  # noqa: B023
        assert time.monotonic() - start < 0.1


def test_a_waiting_job_can_be_cancelled_before_it_starts(runner: JobRunner) -> None:
    first = runner.submit(job_tasks.count, 5, 0.02)
    second = runner.submit(job_tasks.pid)
    assert second.state == "waiting" and second.cancel()
    until(runner, lambda: first.ended)
    assert first.state == "done" and second.state == "cancelled"


@pytest.mark.parametrize(
    ("function", "argument", "how"),
    [
        (job_tasks.die, int(signal.SIGKILL), "signal 9"),
        (job_tasks.die, int(signal.SIGSEGV), "signal 11"),
        (job_tasks.leave, 3, "exit code 3"),
    ],
)
def test_death_of_a_worker_is_reported_within_two_seconds(
    runner: JobRunner, function: Callable[[int], None], argument: int, how: str
) -> None:
    runner.run(job_tasks.pid)
    errors: list[TwinviewerError] = []
    runner.submit(function, argument, name="Decode series", failed=errors.append)
    assert until(runner, lambda: bool(errors)) < 2.0
    assert isinstance(errors[0], WorkerError)
    assert how in errors[0].what and errors[0].where == "Decode series" and errors[0].remedy
    assert runner.run(job_tasks.count, 1, 0.0) == 1


def test_an_idle_worker_that_dies_is_replaced(runner: JobRunner) -> None:
    pid = runner.run(job_tasks.pid)
    os.kill(pid, signal.SIGKILL)
    assert runner.run(job_tasks.pid) != pid


def test_errors_keep_their_type_and_parts(runner: JobRunner) -> None:
    with pytest.raises(EngineError) as caught:
        runner.run(job_tasks.diverge)
    assert (caught.value.what, caught.value.where, caught.value.remedy) == (
        "Pressure is not finite",
        "412 ms",
        "Lower the rate",
    )
    with pytest.raises(WorkerError, match="unforeseen") as other:
        runner.run(job_tasks.stumble, name="Mesh")
    assert other.value.where == "Mesh"


def test_a_deadline_ends_a_hang(runner: JobRunner) -> None:
    runner.run(job_tasks.pid)
    start = time.monotonic()
    with pytest.raises(WorkerError, match="0.3 s"):
        runner.run(job_tasks.spin, 60.0, deadline_s=0.3)
    assert time.monotonic() - start < 2.0


def test_too_much_memory_is_an_error_and_not_a_death() -> None:
    with JobRunner(1, prewarm="job_tasks:warm", memory_bytes=400_000_000) as runner:
        assert runner.run(job_tasks.gulp, 8) == 1_000_000
        pid = runner.run(job_tasks.pid)
        with pytest.raises(WorkerError, match="out of memory"):
            runner.run(job_tasks.gulp, 2_000)
        assert runner.run(job_tasks.pid) == pid


def test_a_reporter_that_raises_cancels_the_job(runner: JobRunner) -> None:
    def enough(fraction: float, text: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        runner.run(job_tasks.count, 1000, 0.05, progress=enough)
    assert not runner.busy


def test_what_no_worker_could_import_is_refused(runner: JobRunner) -> None:
    with pytest.raises(ValueError, match="cannot be imported"):
        runner.submit(lambda: 1)
    failed: list[TwinviewerError] = []
    runner.submit(job_tasks.double, object(), failed=failed.append)
    until(runner, lambda: bool(failed))
    assert "cannot be written" in failed[0].what


def test_two_jobs_run_side_by_side() -> None:
    with JobRunner(2, prewarm="job_tasks:warm") as runner:
        jobs = [runner.submit(job_tasks.count, 5, 0.01) for _ in range(4)]
        assert sum(job.state == "running" for job in jobs) == 2
        until(runner, lambda: all(job.ended for job in jobs))
        assert all(job.result == 5 for job in jobs)


def test_a_job_does_not_wait_for_the_preparation_to_end() -> None:
    with JobRunner(1, prewarm="job_tasks:dawdle") as runner:
        first = runner.submit(job_tasks.pid)
        until(runner, lambda: first.ended)
        second = runner.submit(job_tasks.pid)
        assert until(runner, lambda: second.ended) < 5.0  # the preparation alone would take 60 s
        assert second.result == first.result


def test_a_preparation_that_fails_harms_no_job() -> None:
    with JobRunner(1, prewarm="job_tasks:refuse") as runner:
        assert runner.run(job_tasks.count, 2, 0.01) == 2
        assert runner.run(job_tasks.count, 2, 0.01) == 2


def test_a_second_worker_gets_ready_while_the_first_works() -> None:
    with JobRunner(2, prewarm="job_tasks:warm") as runner:
        job = runner.submit(job_tasks.count, 100, 0.05)
        assert len(runner._workers) == 2
        quick = runner.submit(job_tasks.pid)
        until(runner, lambda: quick.ended)
        assert job.state == "running"


def test_nothing_is_left_after_closing() -> None:
    def opened() -> int:
        return psutil.Process().num_fds()

    def shared() -> set[str]:
        return {path.name for path in Path("/dev/shm").iterdir()} if Path("/dev/shm").is_dir() else set()

    def children() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if "resource_tracker" not in " ".join(child.cmdline())]

    with JobRunner(1, prewarm="job_tasks:warm") as runner:  # the first one also starts multiprocessing's own tracker
        runner.run(job_tasks.pid)
    before, files, others = opened(), shared(), len(children())
    volume = fake_twin.volume()
    for _ in range(3):
        runner = JobRunner(1, prewarm="job_tasks:warm")
        runner.run(job_tasks.double, volume)
        jobs: list[Job] = [runner.submit(job_tasks.count, 100, 0.05) for _ in range(2)]
        runner.poll()
        jobs[0].cancel()
        runner.poll()
        runner.close()
    assert opened() <= before and len(children()) <= others
    assert shared() <= files
    with pytest.raises(WorkerError):
        runner.submit(job_tasks.pid)
