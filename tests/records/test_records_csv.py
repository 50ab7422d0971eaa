"""Tables of vitals, as people write them."""

from pathlib import Path

import pytest

from twinviewer.domain import LoadError
from twinviewer.records import read_records


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "vitals.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


def test_newest_of_each_name_wins(tmp_path: Path) -> None:
    text = "name,value,unit,date\nheart_rate_bpm,80,bpm,2026-02-01\nheart_rate_bpm,64,bpm,2026-03-01\nqrs_ms,0.160,s,\n"
    values = read_records(written(tmp_path, text)).values
    assert values["heart_rate_bpm"].value == 64
    assert values["heart_rate_bpm"].source == "vitals.csv, line 3, 2026-03-01"
    assert values["qrs_ms"].value == pytest.approx(160)


def test_a_spreadsheet_of_another_country(tmp_path: Path) -> None:
    text = (
        "\ufeffName;Value;Unit;Date\r\nWeight_kg;72,5;kg;2026-01-01\r\nleft bundle branch block;yes;;2026-01-02\r\n\r\n"
    )
    found = read_records(written(tmp_path, text))
    assert found.values["weight_kg"].value == 72.5
    assert found.findings == {"left_bundle_branch_block": "vitals.csv, line 3, 2026-01-02"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "columns"),
        ("name,value\nshoe_size,43\n", "shoe_size"),
        ("name,value\nqrs_ms,long\n", "not a number"),
        ("name,value,unit\nqrs_ms,150,miles\n", "unit"),
        ("name,value,unit\nweight_kg,72500,kg\n", "cannot be true"),
        ("name,value\nqrs_ms\n", "not a number"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(LoadError, match=word):
        read_records(written(tmp_path, text))


def test_files_that_are_no_records(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00n")
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.xls").write_text("x")
    for path in (tmp_path / "a.csv", tmp_path / "a.txt", tmp_path / "a.xls", tmp_path / "absent.json", tmp_path):
        with pytest.raises(LoadError):
            read_records(path)
