"""What lies in shared memory travels without a copy, and neither side can change or shorten the other's."""

import mmap
import os
from multiprocessing import Pipe
from pathlib import Path

import job_tasks
import numpy as np
import pytest

from twinviewer.session import messages
from twinviewer.session.jobs import JobRunner
from twinviewer.session.shared_memory import LEAST_BYTES, block_of, shared_empty

SHAPE = (8, 256, 512)


def test_only_whole_read_only_arrays_of_a_block_are_handed_on() -> None:
    made = shared_empty(SHAPE, np.int16)
    assert made.flags.writeable and not made.any() and block_of(made) is None
    made.flags.writeable = False
    found = block_of(made)
    assert found is not None and found[1] == 0
    assert block_of(made[1:]) == (found[0], made[0].nbytes)
    assert block_of(made[:, :, ::2]) is None and block_of(made[:1]) is None  # in pieces, and too small
    plain = np.zeros(SHAPE, np.int16)
    plain.flags.writeable = False
    assert block_of(plain) is None and shared_empty((4,), np.int16).nbytes < LEAST_BYTES


def test_a_peer_can_neither_shorten_a_block_nor_write_into_it() -> None:
    made = shared_empty(SHAPE, np.int16)
    made[:] = 7
    made.flags.writeable = False
    descriptor, _ = block_of(made)  # type: ignore[misc]
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 10)
    with pytest.raises(PermissionError):
        os.pwrite(descriptor, b"x", 0)
    with pytest.raises(PermissionError):
        mmap.mmap(descriptor, made.nbytes)
    private = mmap.mmap(descriptor, made.nbytes, access=mmap.ACCESS_COPY)
    private[:2] = b"xx"
    assert (made == 7).all()


def test_a_block_goes_there_and_back_as_one_and_its_file_is_closed_at_the_end() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    ours, theirs = Pipe()
    made = shared_empty(SHAPE, np.int16)
    made[:] = np.arange(SHAPE[0])[:, None, None]
    made.flags.writeable = False
    small = np.arange(5)
    messages.send(ours, {"a": made, "b": made[2:], "small": small}, os.getpid())
    came = messages.receive(theirs)
    assert np.array_equal(came["a"], made) and np.array_equal(came["b"], made[2:])
    assert np.array_equal(came["small"], small)
    assert not came["a"].flags.writeable and block_of(came["a"]) is not None
    messages.send(theirs, {"again": came["b"]}, os.getpid())
    again = messages.receive(ours)["again"]
    inode = lambda array: os.fstat(block_of(array)[0]).st_ino  # type: ignore[index]  # noqa: E731
    assert inode(made) == inode(came["a"]) == inode(again) and np.array_equal(again, made[2:])
    ours.close()
    theirs.close()
    del made, came, again
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_array_made_in_a_worker_is_never_copied() -> None:
    with JobRunner(1, prewarm="", warm=False) as runner:
        made = runner.run(job_tasks.make_large, 9)
        assert made.shape == (9, 256, 512) and (made[8] == 8).all() and block_of(made) is not None
        assert runner.run(job_tasks.look_at, made) == (8, True)
    assert made[3, 4, 5] == 3  # after the worker is gone
