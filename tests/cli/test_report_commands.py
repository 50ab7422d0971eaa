"""A whole report of a saved case, and its bundle computed again, from the shell."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from twinviewer.cli.commands import reproduce as command
from twinviewer.report.bundle.manifest import MANIFEST

Invoke = Callable[..., Result]


@pytest.fixture
def case_file(invoke: Invoke, tmp_path: Path) -> Path:
    """The box, simulated with one therapy and saved."""
    made = invoke("run", tmp_path / "scan", "-t", "dose", "--out", tmp_path / "made", "--no-pictures")
    assert made.exit_code == 0, made.output
    return tmp_path / "made" / "case.twin"


def test_tables_and_a_bundle_that_reproduces(invoke: Invoke, case_file: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "sent" / "box.zip"
    done = invoke(
        "report", case_file, "--out", tmp_path / "r", "--only", "tables,bundle", "--bundle", bundle, "--in-process",
        "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    files = json.loads(done.stdout)["files"]
    assert files["bundle.zip"] == str(bundle) and Path(files["numbers/numbers.csv"]).is_file()
    again = invoke("reproduce", bundle, "--in-process")
    assert again.exit_code == 0, again.output
    assert again.stdout.splitlines()[-1].startswith("same: ") and "to the last bit" in again.stdout
    assert "different" in again.stdout.splitlines()[0] and "dose" in again.stdout


def test_what_differs_is_listed_and_the_exit_code_says_so(invoke: Invoke, case_file: Path, tmp_path: Path) -> None:
    invoke("report", case_file, "--out", tmp_path / "r", "--only", "tables,bundle", "--in-process")
    bundle, changed = tmp_path / "r" / "bundle.zip", tmp_path / "changed.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b" " if name.endswith(".csv") else b""))
    found = invoke("reproduce", changed, "--in-process")
    assert found.exit_code == command.DIFFERS == 1
    assert "DIFFERENT" in found.stdout and "numbers/numbers.csv" in found.stdout and "hash is another" in found.stdout
    told = json.loads(invoke("reproduce", changed, "--in-process", "--json").stdout)
    assert not told["same"] and {row["verdict"] for row in told["rows"]} == {"identical", "different"}


def test_wrong_pieces_and_files_that_are_none(invoke: Invoke, case_file: Path, tmp_path: Path) -> None:
    wrong = invoke("report", case_file, "--only", "song", "--in-process")
    assert wrong.exit_code == 2 and "song" in wrong.stderr
    (tmp_path / "no.zip").write_bytes(b"nothing")
    none = invoke("reproduce", tmp_path / "no.zip", "--in-process")
    assert none.exit_code == 6 and "not a sound bundle" in none.stderr and none.stderr.count("\n") == 1
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as out:
        out.writestr(MANIFEST, "{}")
        out.writestr("../evil", "x")
    evil = invoke("reproduce", tmp_path / "evil.zip", "--in-process", "--json")
    assert evil.exit_code == 6 and "leads elsewhere" in json.loads(evil.stderr)["error"]["what"]
