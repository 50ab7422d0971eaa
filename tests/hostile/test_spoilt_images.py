"""One image that cannot be decoded does not cost the others; it is named, with the reason and what was done."""

from pathlib import Path

import hostile_files
import numpy as np
import pytest
from mutants import dicom_seeds

from twinviewer import dicom
from twinviewer.domain import LoadError, Volume
from twinviewer.session import steps
from twinviewer.session.case import Case

SPOIL = {
    "stream": (hostile_files.coded(dicom_seeds.JPEG + "90", b"\0" * 64), "cannot be decoded"),
    "bits": (hostile_files.set_to(BitsAllocated=7), "7 bits"),
    "rescale": (hostile_files.raw(0x00281053, b"DS", b"1e300 "), "rescale"),
}


def folder(where: Path, *spoilt: int, how: str = "stream") -> Path:
    for k, content in enumerate(hostile_files.sound()):
        (where / f"s{k}.dcm").write_bytes(SPOIL[how][0](content) if k in spoilt else content)
    return where


@pytest.mark.parametrize("how", SPOIL)
def test_a_slice_in_the_middle_is_left_out_and_bridged(tmp_path: Path, how: str) -> None:
    (series,) = dicom.scan(folder(tmp_path, 2, how=how))
    volume = dicom.read(series)
    assert isinstance(volume, Volume)
    assert volume.left_out[0].startswith("s2.dcm: ") and SPOIL[how][1] in volume.left_out[0]
    assert any("interpolated" in text for text in volume.left_out[1:])
    # each slice holds 1000 + its number, less 1024: the middle of its neighbours is what was lost
    assert np.array_equal(volume.data[0, :, 0, 0], np.arange(5) - 24)
    assert volume.grid.spacing_mm[2] == pytest.approx(1.5, abs=1e-6)


def test_the_case_says_what_was_left_out_and_says_it_once(tmp_path: Path) -> None:
    case = steps.accept_scan(Case(), str(tmp_path), dicom.scan(folder(tmp_path, 4)))
    for _ in range(2):
        case = steps.accept_image(case, case.series[0], steps.compute_image(case.series[0]))
    assert case.messages["Import"] == "Left out, as they cannot be decoded: 1 of 5 images"
    assert sum(warning.text.startswith("s4.dcm: ") for warning in case.series[0].warnings) == 1
    assert case.image is not None and case.image.data.shape[1] == 4  # type: ignore[union-attr]


def test_more_than_a_fifth_is_no_series_any_more(tmp_path: Path) -> None:
    (series,) = dicom.scan(folder(tmp_path, 1, 3))
    with pytest.raises(LoadError, match=r"cannot be decoded.*s[13]\.dcm"):
        dicom.read(series)


def test_no_file_is_named_in_what_leaves_the_computer(tmp_path: Path) -> None:
    """The name of a file may be a patient's."""
    from twinviewer.report.bundle.write import shareable
    from twinviewer.report.pages.story import image_notes

    names = [f"mueller_herz_{k}.dcm" for k in range(5)]
    for k, content in enumerate(hostile_files.sound()):
        start = b"MZ" if k == 1 else content[:2]
        (tmp_path / names[k]).write_bytes(SPOIL["stream"][0](content) if k == 4 else start + content[2:])
    (tmp_path / "mueller_herz_9.dcm").write_bytes(b"nothing")
    case = steps.accept_scan(Case(), str(tmp_path), dicom.scan(tmp_path))
    case = steps.accept_image(case, case.series[0], steps.compute_image(case.series[0]))
    said = repr(case.series)
    assert names[1] in said and names[4] in said and "mueller_herz_9.dcm" in said
    assert "mueller" not in repr(image_notes(case)) and "program" in repr(image_notes(case))
    for images in (False, True):
        left = shareable(case, images=images)
        kept = left.image.left_out if left.image is not None else ()
        assert "mueller" not in repr((left.series, left.messages, left.folder, kept))
