"""Fixtures for all rooms: where the real data lies, and one demo patient written once per test run."""

import gc
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real scans (TWINVIEWER_DATA, default ../shared/data). Skips, saying so, where it is absent."""
    folder = Path(os.environ.get("TWINVIEWER_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").exists():
        pytest.skip("real data absent: set TWINVIEWER_DATA")
    return folder


def pytest_configure() -> None:
    """Garbage is collected between tests, in the main thread: widgets and render windows must die where they lived, and
    servers and retrievals of other tests have threads (see twinviewer/ui/litter.py)."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """All of it after a module, or when there is much."""
    if nextitem is None or nextitem.path != item.path or gc.get_count()[0] > 100_000:
        gc.collect()
