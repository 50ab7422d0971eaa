"""Records from the command line: several with a run, and a saved twin brought up to date."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twinviewer.session import store


def vitals(path: Path, rate: float, date: str) -> Path:
    path.write_text(f"name,value,unit,date\nheart_rate_bpm,{rate},bpm,{date}\n")
    return path


@pytest.fixture
def saved(invoke: Callable[..., Any], tmp_path: Path) -> Path:
    """A run with two files of records, of which the newer counts."""
    first = vitals(tmp_path / "a.csv", 88, "2025-01-01"), vitals(tmp_path / "b.csv", 80, "2025-06-01")
    options = ("--records", first[1], "--records", first[0], "--out", tmp_path / "out", "--no-pictures")
    result = invoke("run", tmp_path / "scan", "--therapy", "dose", *options)
    assert result.exit_code == 0, result.output
    return tmp_path / "out" / "case.twin"


def test_several_records_and_an_update(invoke: Callable[..., Any], saved: Path, tmp_path: Path) -> None:
    case = store.load(saved)
    assert case.baseline is not None and case.baseline.setup.value("heart_rate_bpm") == 80
    newer = vitals(tmp_path / "c.csv", 66, "2026-02-03")
    result = invoke("update", saved, "--in-process", "--records", newer, "--out", tmp_path / "later.twin", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["changed"] == ["Heart rate 80 bpm (2025-06-01) → 66 bpm (2026-02-03)"]
    assert said["earlier"] == ["Twin with records until 2025-06-01"]
    later = store.load(tmp_path / "later.twin")
    assert all(one.run is not None for one in later.scenarios) and len(later.scenarios) == 2
    assert later.earlier[0].scenarios[0].run is not None
    assert store.load(saved).records.values["heart_rate_bpm"].value == 80  # the file that was given is as it was


def test_a_bad_record_changes_no_file(invoke: Callable[..., Any], saved: Path, tmp_path: Path) -> None:
    before = saved.read_bytes()
    bad = vitals(tmp_path / "bad.csv", 8000, "2026-02-03")
    result = invoke("update", saved, "--in-process", "--records", bad)
    assert result.exit_code == 3 and "cannot be true" in result.stderr and "bad.csv" in result.stderr
    assert saved.read_bytes() == before
