"""What the command line writes for a cine study: no labels, but the measured beat beside the images."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from moving_ball import cine_case

from twinviewer import cli
from twinviewer.domain import silent
from twinviewer.report import measured
from twinviewer.session import store


def test_a_measured_heart_is_written_with_film_picture_and_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "measured_film", partial(measured.measured_film, size=(480, 400), speed=2.0))
    files = cli.write_products(cine_case(), tmp_path, True, silent)
    assert set(files) == {"metrics", "case", "measured_picture", "measured_film", "report"}
    for path in files.values():
        assert Path(path).stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} >= {"measured.mp4", "measured.png", "report.pdf", "case.twin"}


def test_a_saved_case_gives_the_measured_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "measured_film", partial(measured.measured_film, size=(480, 400), speed=2.0))
    case = store.save(cine_case(), tmp_path / "case.twin")
    assert cli.main(["render", str(case), "--measured", str(tmp_path / "deep" / "beat.mp4")]) == 0
    assert (tmp_path / "deep" / "beat.mp4").stat().st_size > 0
    still = store.save(replace(cine_case(), mesh=None), tmp_path / "still.twin")
    assert cli.main(["render", str(still), "--measured", str(tmp_path / "no.mp4")]) == 6


def test_contours_alone_give_numbers_and_a_report(tmp_path: Path) -> None:
    files = cli.write_products(replace(cine_case(), mesh=None), tmp_path, True, silent)
    assert set(files) == {"metrics", "case", "report"}
