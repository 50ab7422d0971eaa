"""The few images that every test's archive holds, and the nodes that point at it."""

import pytest
from archive_servers import images
from pydicom.dataset import Dataset


@pytest.fixture(scope="session")
def stored() -> list[Dataset]:
    """Two studies of two people."""
    return images()
