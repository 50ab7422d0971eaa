"""A sweep from a shell: ranked, written, resumed, and what is not understood said before anything is computed."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from twinviewer.session import store
from twinviewer.session.case import Case


@pytest.fixture
def box(invoke: Invoke, tmp_path: Path) -> Path:
    """A saved case of the fake heart with its baseline."""
    done = invoke("run", str(tmp_path / "scan"), "--out", str(tmp_path / "first"), "--no-pictures")
    assert done.exit_code == 0, done.stderr
    return tmp_path / "first" / "case.twin"


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding="utf-8")))


def test_a_dose_range_is_ranked_written_and_not_computed_twice(invoke: Invoke, box: Path, tmp_path: Path) -> None:
    out = tmp_path / "swept"
    words = ("sweep", str(box), "-t", "dose", "--over", "dose=0:2:5", "--rank", "lv_ef_percent", "--against", "qrs_ms",
             "--workers", "1", "--out", str(out), "--no-pictures")  # fmt: skip
    done = invoke(*words)
    assert done.exit_code == 0, done.stderr
    assert "Simulated scenario, research only" in done.stdout and "untreated" in done.stdout
    table = rows(out / "sweep.csv")
    assert [row["dose"] for row in table] == ["baseline", "2", "1.5", "1", "0.5", "0"], "a stronger box ejects more"
    assert [row["rank"] for row in table] == ["", "1", "2", "3", "4", "5"]
    assert table[0]["lv_ef_percent"] == table[5]["lv_ef_percent"], "no dose is no change"
    document = json.loads((out / "sweep.json").read_text(encoding="utf-8"))
    assert document["best"][0]["values"] == {"dose": 2.0} and document["simulations"] == 6
    case = store.load(out / "sweep.twin")
    assert isinstance(case, Case) and len(case.studies) == 1 and len(case.studies[0].answers) == 6
    kept = (out / "sweep.journal").read_bytes()
    again = invoke(*words, "--json")
    assert again.exit_code == 0 and (out / "sweep.journal").read_bytes() == kept
    assert json.loads(again.stdout)["best"] == document["best"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--over", "colour"), "no parameter"),
        (("--over", "dose=0:9:3"), "maximum"),
        (("--over", "dose", "--rank", "beauty"), "beauty"),
        (("--over", "dose", "--set", "colour=red"), "colour"),
        (("--over", "dose", "--workers", "0"), "workers"),
    ],
)
def test_what_is_not_understood_is_said(invoke: Invoke, box: Path, words: tuple[Any, ...], said: str) -> None:
    done = invoke("sweep", str(box), "-t", "dose", *words)
    assert done.exit_code != 0 and said in done.stderr + done.output


def test_another_heart_does_not_go_on_with_this_journal(invoke: Invoke, box: Path, tmp_path: Path) -> None:
    journal = tmp_path / "one.journal"
    assert invoke("sweep", str(box), "-t", "dose", "--over", "dose=0:2:2", "--resume", str(journal)).exit_code == 0
    other = invoke("sweep", str(box), "-t", "dose", "--over", "dose=0:2:2", "--resume", str(journal), "--electrical")
    assert other.exit_code == 6 and "another study" in other.stderr
