"""A decoder that dies or never ends cannot name its file; who watches it can."""

import signal
import time

import job_tasks
import pytest

from twinviewer.domain import WorkerError, reading
from twinviewer.session.jobs import JobRunner


def test_a_decoder_that_never_ends_is_given_up_and_its_file_named() -> None:
    with JobRunner(1, prewarm="job_tasks:warm") as runner:
        start = time.monotonic()
        with pytest.raises(WorkerError, match=r"within \d+ s.*\(IM0017\.dcm\)"):
            runner.run(job_tasks.decode_forever, "IM0017.dcm", -int(6 * reading.SLOWEST_BYTES_S))
        assert time.monotonic() - start < 10
        assert runner.run(job_tasks.spin, 0.01) > 0  # and there is another worker


def test_a_decoder_that_dies_leaves_the_name_of_its_file() -> None:
    with JobRunner(1, prewarm="job_tasks:warm") as runner:
        with pytest.raises(WorkerError, match=r"died \(signal 11\) of this file \(Übersicht\.dcm\)"):
            runner.run(job_tasks.decode_and_die, "Übersicht.dcm", int(signal.SIGSEGV))
        with pytest.raises(WorkerError, match=r"died \(signal 9\) \(somewhere else\)"):
            runner.run(job_tasks.die, int(signal.SIGKILL), name="somewhere else")


def test_the_one_that_has_taken_longest_is_told() -> None:
    heard: list[tuple[int, str, float]] = []
    reading.watch(lambda *what: heard.append(what))
    try:
        with reading.reading("a"), reading.reading("b", 50_000_000):
            pass
        with reading.reading("c"):
            pass
    finally:
        reading.watch(None)
    first, second = heard[0][0], heard[-2][0]
    assert [name for _, name, _ in heard] == ["a", "a", "a", "", "c", ""] and second > first
    assert heard[0][2] == reading.LEAST_S and heard[3] == (0, "", 0.0)
