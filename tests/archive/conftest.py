"""The few images that every test's archive holds, and the nodes that point at it."""

from collections.abc import Iterator

import pytest
from archive_servers import images
from pydicom.dataset import Dataset
from threads import none_outlives


@pytest.fixture(scope="session")
def stored() -> list[Dataset]:
    """Two studies of two people."""
    return images()


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test() -> Iterator[None]:
    """Whatever was cancelled, cut or silent: nobody waits on a line that is gone."""
    with none_outlives():
        yield
