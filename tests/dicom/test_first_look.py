"""What is seen before all of a series has come: of cine studies the first frames, of tilted slices one as scanned."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.mr_images import Study
from twinviewer import dicom
from twinviewer.dicom import fill
from twinviewer.domain import CineStack, Image, Series, Volume
from twinviewer.session.image_files import first_look
from twinviewer.ui.thumbnails import thumbnail

PHASES = 10


def cine(folder: Path) -> Series:
    study = Study(folder)
    for n in range(3):
        study.cine(f"s{n}", 8.0 * n)
    (series,) = dicom.scan(folder)
    return series


def tilted(folder: Path, slices: int = 9) -> Series:
    """Slices 4 mm apart along the table, turned by 20 degrees; each holds its number from 1 on."""
    turn = np.radians(20.0)
    study = Study(folder)
    for k in range(slices):
        study.image(
            "a", 4.0 * k, ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, float(np.cos(turn)), float(np.sin(turn))]
        )
    (series,) = dicom.scan(folder)
    return series


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files whose pixels were decoded, by name."""
    names: list[str] = []
    read = fill.PixelReader.read

    def counted(self, plane):  # type: ignore[no-untyped-def]
        names.append(Path(plane.header.path).name)
        return read(self, plane)

    monkeypatch.setattr(fill.PixelReader, "read", counted)
    return names


def test_the_first_frame_of_every_plane_comes_before_the_others(tmp_path: Path) -> None:
    seen: list[Image] = []
    whole = dicom.read(cine(tmp_path), early=seen.append)
    (first,) = seen
    assert isinstance(first, CineStack) and isinstance(whole, CineStack)
    assert first.uid == "reading" and whole.uid != "reading" and first.window == whole.window
    assert [one.label for one in first.planes] == [one.label for one in whole.planes]
    for early, late in zip(first.planes, whole.planes, strict=True):
        assert early.frames.shape[0] == 1 and late.frames.shape[0] == PHASES
        np.testing.assert_array_equal(early.frames[0], late.frames[0])
        np.testing.assert_array_equal(early.affine, late.affine)
        assert early.trigger_s[0] == late.trigger_s[0] == 0.0


def test_of_slices_that_are_set_upright_the_middle_one_is_seen_as_scanned(tmp_path: Path) -> None:
    seen: list[Image] = []
    whole = dicom.read(tilted(tmp_path), early=seen.append)
    (first,) = seen
    assert isinstance(first, Volume) and isinstance(whole, Volume) and first.uid == "reading"
    assert first.data.shape == (1, 1, 12, 10) and (first.data == 5).all()
    affine = first.grid.affine
    assert affine[:3, 3] == pytest.approx([0.0, 0.0, 16.0])
    assert affine[:3, 1] / 1.5 == pytest.approx([0.0, np.cos(np.radians(20)), np.sin(np.radians(20))])
    assert whole.data.shape[1] > 5 and whole.uid != "reading"


def test_a_thumbnail_decodes_one_frame_of_a_plane_and_no_more(tmp_path: Path, decoded: list[str]) -> None:
    series = cine(tmp_path)
    assert thumbnail(series).shape == (72, 72, 3) and len(decoded) == 3 < len(series.files)
    decoded.clear()
    look = first_look(series)
    assert isinstance(look, CineStack) and [len(one.frames) for one in look.planes] == [1, 1, 1]


def test_a_thumbnail_of_tilted_slices_is_one_of_them(tmp_path: Path, decoded: list[str]) -> None:
    assert thumbnail(tilted(tmp_path)).shape == (72, 72, 3) and len(decoded) == 1


def test_a_study_of_real_cine_planes(data_dir: Path, decoded: list[str]) -> None:
    series = next(one for one in dicom.scan(data_dir / "cine_cmr_bivme_patient1" / "dicom") if one.kind == "mr_cine")
    assert thumbnail(series).any() and len(decoded) == series.slices == 11
