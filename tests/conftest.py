"""Fixtures for all rooms: where the real data lies, and one demo patient written once per test run."""

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
