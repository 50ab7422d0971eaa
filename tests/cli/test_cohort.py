"""`twinviewer cohort` refuses what it cannot do before it computes anything."""

from pathlib import Path

import pytest

from twinviewer.cli import main


def test_it_asks_for_a_therapy_and_a_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tmp_path / "none.twin"
    assert main(["cohort", str(case)]) == 2 and "--therapy" in capsys.readouterr().err
    assert main(["cohort", str(case), "--therapy", "crt"]) == 6  # no such file


def test_help_names_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cohort", "--help"]) == 0
    said = capsys.readouterr().out
    assert "published" in said and "--patients" in said and "--response" in said
