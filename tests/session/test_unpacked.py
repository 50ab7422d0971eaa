"""What comes out of an archive lasts as long as the session, and a case made from one finds its images again."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.mr_images import Study
from twinviewer.session import steps, store, unpacked
from twinviewer.session.case import Case


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWINVIEWER_UNPACKED", str(tmp_path / "unpacked"))
    return tmp_path / "unpacked"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    study = Study(tmp_path / "study")
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as opened:
        for z in range(6):
            path = study.image("a", 4.0 * z)
            opened.write(path, path.name)
    shutil.rmtree(tmp_path / "study")
    return tmp_path / "study.zip"


def test_a_case_from_an_archive_opens_again_after_its_session(root: Path, archive: Path, tmp_path: Path) -> None:
    case = steps.accept_scan(Case(), str(archive), steps.compute_scan(str(archive)))
    case = steps.open_series(case, case.series[0])
    assert case.image is not None and list(root.rglob("*.dcm"))
    store.save(case, tmp_path / "case.twin")
    unpacked.forget()
    assert not root.exists()
    again = store.load(tmp_path / "case.twin")
    assert again.image is not None and again.image.uid == case.image.uid
    unpacked.forget()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("case.twin", "study.zip"):
        (tmp_path / name).rename(moved / name)
    again = store.load(moved / "case.twin")
    assert again.image is not None and again.image.uid == case.image.uid


def test_what_a_killed_session_left_is_removed_and_nothing_else(root: Path) -> None:
    code = "import os; from twinviewer.session import unpacked; p = unpacked.place(); p.mkdir(parents=True); print(p)"
    left = Path(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    (left / "x.dcm").write_bytes(b"x")
    (root / "somebody-else").mkdir()
    own = unpacked.place()
    assert not left.exists() and (root / "somebody-else").exists() and own.name.startswith(f"{os.getpid()}-")
    own.mkdir()
    assert unpacked.place() == own and own.exists()
    unpacked.forget()
    assert not own.exists() and (root / "somebody-else").exists()
