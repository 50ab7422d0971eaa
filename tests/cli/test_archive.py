"""The archive from a shell, against real servers, with its own process for the network."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_servers import STUDY, dimse_archive, images, web_archive
from threads import none_outlives
from typer.testing import CliRunner

from twinviewer import cli
from twinviewer.dicom.scan import scan


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test() -> Iterator[None]:
    with none_outlives():
        yield


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TWINVIEWER_SETTINGS", str(tmp_path / "config" / "settings.json"))
    monkeypatch.setenv("TWINVIEWER_RETRIEVED", str(tmp_path / "retrieved"))


def _run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli.app, ["archive", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_study_is_found_and_fetched_by_dicomweb(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    with web_archive(images(), token="Bearer s3cret") as (url, _):
        said = _run("add", "web", "--url", url, "--bearer", "--secret-file", str(tmp_path / "token"))
        assert "DICOMweb" in said and "s3cret" not in said
        found = json.loads(_run("find", "--node", "web", "--name", "canary", "--series", "--json"))
        assert found["studies"][0]["uid"] == STUDY and len(found["studies"][0]["series"]) == 2
        got = json.loads(_run("get", "--node", "web", "--study", STUDY, "--json"))
    assert got["instances"] == 7 and Path(got["folder"]).is_relative_to(tmp_path / "retrieved")
    assert stat.S_IMODE(Path(got["folder"]).stat().st_mode) == 0o700
    assert sum(one.slices for one in scan(Path(got["folder"]))) == 7


def test_a_study_is_found_and_fetched_by_dimse(tmp_path: Path) -> None:
    with dimse_archive(images()) as port:
        _run("add", "pacs", "--host", "127.0.0.1", "--port", str(port), "--called", "ARCHIVE")
        assert "pacs" in _run("nodes")
        shown = _run("find", "--node", "pacs", "--date", "20260101-", "--series")
        assert "CANARY, Ärchibald" in shown and "Scout" in shown
        _run("get", "--node", "pacs", "--study", STUDY, "--series", f"{STUDY}.2", "--out", str(tmp_path / "here"))
        assert len(list((tmp_path / "here").rglob("*.dcm"))) == 1
    assert "Nothing listens" in _run("test", "--node", "pacs", code=5)
    _run("remove", "pacs")
    assert "No archive is called" in _run("test", "--node", "pacs", code=5)


def test_an_address_in_the_clear_is_refused() -> None:
    assert "use https" in _run("add", "web", "--url", "http://pacs.example/rs", code=5)
    assert "No archive is set up" in _run("nodes")
