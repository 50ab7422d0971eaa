"""The few images that every test's archive holds, and the nodes that point at it."""

import threading
import time
from collections.abc import Iterator

import pytest
from archive_servers import images
from pydicom.dataset import Dataset


@pytest.fixture(scope="session")
def stored() -> list[Dataset]:
    """Two studies of two people."""
    return images()


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test() -> Iterator[None]:
    """Whatever was cancelled, cut or silent: nobody waits on a line that is gone."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + 10.0
    while (left := set(threading.enumerate()) - before) and time.monotonic() < until:
        time.sleep(0.02)
    assert not left, f"still there: {sorted(one.name for one in left)}"
