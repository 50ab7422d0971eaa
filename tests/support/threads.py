"""Threads that outlive who started them, and how late this machine is with what it was told to do."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def none_outlives(longest_s: float = 10.0) -> Iterator[None]:
    """Whatever threads start within are gone soon after it."""
    before = set(threading.enumerate())
    yield
    left = outliving(before, longest_s)
    assert not left, f"still there: {sorted(one.name for one in left)}"


def outliving(before: set[threading.Thread], longest_s: float) -> set[threading.Thread]:
    """Threads that are there after longest_s and were not before; returns as soon as there is none."""
    until_s = time.monotonic() + longest_s
    while (left := set(threading.enumerate()) - before) and time.monotonic() < until_s:
        time.sleep(0.01)
    return left


def lateness_s(count: int = 20) -> float:
    """How much later than asked a sleeper wakes here at worst: what no program can do anything about."""
    worst_s = 0.0
    for _ in range(count):
        started_s = time.monotonic()
        time.sleep(0.005)
        worst_s = max(worst_s, time.monotonic() - started_s - 0.005)
    return worst_s
