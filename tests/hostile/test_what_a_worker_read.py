"""A decoder that dies or never ends cannot name its file; who watches it can."""

import signal
import time
from pathlib import Path

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
    heard: list[reading.UnderWay] = []
    reading.watch(heard.append)
    try:
        with reading.reading("a"), reading.reading(Path("folder/b"), 50_000_000):
            pass
        with reading.reading("c"):
            pass
    finally:
        reading.watch(None)
    first, second = heard[0].number, heard[-2].number
    assert [one.where for one in heard] == ["a", "a", "a", "", "c", ""] and second > first
    assert [one.others for one in heard[:3]] == [0, 1, 0]
    assert heard[0].limit_s == reading.LEAST_S and heard[3] == reading.UnderWay()
    assert heard[0].key == "" and reading.key_of("folder/b") != reading.key_of("other/b")
