"""A file that no reader comes back from costs itself, and not its series: it is named, and the rest opens."""

from collections.abc import Iterator
from pathlib import Path

import hostile_files
import job_tasks
import numpy as np
import pytest

from tests.support.mr_images import Study
from twinviewer import dicom
from twinviewer.domain import LoadError, Volume, WorkerError
from twinviewer.session import steps
from twinviewer.session.case import Case
from twinviewer.session.jobs import JobRunner
from twinviewer.session.second_try import MOST_FILES


@pytest.fixture
def runner() -> Iterator[JobRunner]:
    with JobRunner(1, prewarm="job_tasks:warm") as made:
        yield made


def stack(folder: Path, slices: int = 10) -> Path:
    """Slices 3 mm apart, each holding its number from 1 on."""
    study = Study(folder)
    for k in range(slices):
        study.image("a", 3.0 * k)
    return folder


@pytest.mark.parametrize("fate", ["pixels hang", "pixels die", "header hang", "header die"])
def test_one_slice_that_no_reader_survives_is_left_out_and_named(tmp_path: Path, runner: JobRunner, fate: str) -> None:
    (series,) = dicom.scan(stack(tmp_path))
    said: list[str] = []
    fates = {"0004": fate.replace("hang", "hangs").replace("die", "dies")}
    image, first = runner.run(job_tasks.spoilt_image, series, fates, progress=lambda _, text: said.append(text))
    assert isinstance(image, Volume) and not first
    why = "within 1 s" if "hang" in fate else "signal 11"
    assert image.left_out[0].startswith("0004: ") and why in image.left_out[0]
    assert any("interpolated" in text for text in image.left_out[1:])
    # what was lost is the middle of its neighbours; all others are themselves
    assert np.array_equal(image.data[0, :, 0, 0], np.arange(1, 11))
    assert any(text == "Reading again without 0004" for text in said)
    if "pixels" in fate:
        grid = image.slices_read
        assert grid is not None and [row.lacks_all for row in grid.rows] == [k == 3 for k in range(10)]
        case = steps.accept_image(steps.accept_scan(Case(), str(tmp_path), (series,)), series, (image, "", ""))
        shown = case.series[0]
        assert shown.grid is grid and shown.grid.missing_slices == 1
        assert any(one.code == "unreadable_file" and one.text.startswith("0004: ") for one in shown.warnings)


def test_names_that_several_files_have_are_told_apart(tmp_path: Path, runner: JobRunner) -> None:
    study = Study(tmp_path)
    for k in range(10):  # as archives write them: a folder a slice, one name
        path = study.image("a", 3.0 * k)
        (tmp_path / f"slice {k}").mkdir()
        path.rename(tmp_path / f"slice {k}" / ("bad" if k == 6 else "image"))
    (series,) = dicom.scan(tmp_path)
    image, _ = runner.run(job_tasks.spoilt_image, series, {"bad": "pixels hangs"})
    assert len([text for text in image.left_out if text.endswith("; left out")]) == 1
    assert image.data.shape[1] == 10


def test_three_files_are_left_out_and_a_fourth_is_the_series(tmp_path: Path, runner: JobRunner) -> None:
    (series,) = dicom.scan(stack(tmp_path, 30))
    bad = ["0005", "0011", "0017", "0023"]
    image, _ = runner.run(job_tasks.spoilt_image, series, dict.fromkeys(bad[:MOST_FILES], "pixels hangs"))
    assert {text[:4] for text in image.left_out if text.endswith("; left out")} == set(bad[:MOST_FILES])
    assert np.array_equal(image.data[0, :, 0, 0], np.arange(1, 31))
    with pytest.raises(WorkerError, match=r"one of 4 files that no reader comes back from.*export the series again"):
        runner.run(job_tasks.spoilt_image, series, dict.fromkeys(bad, "pixels hangs"))


def test_more_than_a_fifth_is_no_series(tmp_path: Path, runner: JobRunner) -> None:
    (series,) = dicom.scan(stack(tmp_path, 4))
    with pytest.raises(LoadError, match=r"could not be read within 1 s \(1 of 4 files are such.*\(0002\)"):
        runner.run(job_tasks.spoilt_image, series, {"0002": "pixels hangs"})


def test_one_that_hangs_beside_one_that_is_damaged(tmp_path: Path, runner: JobRunner) -> None:
    (series,) = dicom.scan(stack(tmp_path, 12))
    path = tmp_path / "0008"
    path.write_bytes(hostile_files.set_to(BitsAllocated=7)(path.read_bytes()))
    image, _ = runner.run(job_tasks.spoilt_image, series, {"0003": "pixels hangs"})
    assert [text[:4] for text in image.left_out if text.endswith("; left out")] == ["0003", "0008"]
    assert image.slices_read is not None and image.slices_read.missing_slices == 2


def test_a_beat_without_one_image_shows_where_it_lacks(tmp_path: Path, runner: JobRunner) -> None:
    study = Study(tmp_path)
    for n in range(3):
        study.cine(f"s{n}", 8.0 * n)
    (series,) = dicom.scan(tmp_path)
    assert series.kind == "mr_cine" and series.grid is not None and series.grid.complete
    image, _ = runner.run(job_tasks.spoilt_image, series, {"0012": "pixels dies"})
    assert sorted(len(plane.frames) for plane in image.planes) == [9, 10, 10]
    assert image.slices_read is not None and image.slices_read.lacking == 1 and image.slices_read.missing_slices == 0


@pytest.mark.parametrize("fate", ["header hangs", "header dies"])
def test_a_scan_goes_on_without_a_header_that_no_reader_survives(tmp_path: Path, runner: JobRunner, fate: str) -> None:
    found = runner.run(job_tasks.spoilt_scan, str(stack(tmp_path)), {"0010": fate})
    assert [(one.kind, one.slices) for one in found] == [("mr_volume", 9), ("unreadable", 0)]
    (warning,) = found[1].warnings
    assert warning.text.startswith("0010: ") and found[1].files[0].endswith("0010")


def test_pictures_without_one(tmp_path: Path, runner: JobRunner) -> None:
    study = Study(tmp_path)
    for _ in range(4):
        path = study.image("a", 0.0)
        path.write_bytes(hostile_files.set_to(ImageOrientationPatient=None)(path.read_bytes()))
    (series,) = dicom.scan(tmp_path)
    pictures = runner.run(job_tasks.spoilt_pictures, series, {"0002": "pixels dies"})
    assert [int(one.pixels[0, 0]) for one in pictures.frames] == [1, 3, 4]
    assert any(note.startswith("1 pictures are left out: ") and "0002" in note for note in pictures.notes)
