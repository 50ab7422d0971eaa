"""The demo patient is written once, whole, and again when the code that writes it changes."""

from pathlib import Path

import pytest

from twinviewer.domain import Cancelled, StoreError
from twinviewer.session import demo


def test_it_is_written_once(fakes: None, tmp_path: Path) -> None:
    said: list[float] = []
    folder = Path(demo.write_demo("box", str(tmp_path), lambda f, t: said.append(f)))
    assert folder == demo.demo_folder("box", tmp_path) and said
    assert (demo.demo_images(folder) / "image.dcm").exists() and demo.demo_records(folder) is None
    said.clear()
    assert Path(demo.write_demo("box", str(tmp_path), lambda f, t: said.append(f))) == folder and not said
    (folder / "records").mkdir()
    (folder / "records" / "bundle.json").write_text("{}")
    assert demo.demo_records(folder) == folder / "records" / "bundle.json"


def test_a_cancelled_writing_leaves_nothing(fakes: None, tmp_path: Path) -> None:
    def enough(fraction: float, text: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        demo.write_demo("box", str(tmp_path), enough)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_says_so(fakes: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be written"):
        demo.write_demo("box", str(tmp_path / "file" / "cache"))


def test_other_code_gives_another_folder(fakes: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = demo.demo_folder("box", tmp_path)
    monkeypatch.setattr(demo, "__version__", "99")
    assert demo.demo_folder("box", tmp_path) != before
