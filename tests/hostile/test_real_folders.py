"""Real folders with one thing wrong in each: all files are accounted for, what is wrong is said, the rest loads.

Numbers of the defects: ``tests/dicom/test_dicom_defects.py``; here every file must be found again in a row.
"""

from pathlib import Path

import pytest

from twinviewer.domain import LoadError, Series
from twinviewer.session import steps

BROKEN = {
    "synthetic_breakage/duplicate_slice": (("p00_s050.dcm",), 1, 0),
    "synthetic_breakage/missing_two_slices": (("2 slices are missing",), 1, 0),
    "synthetic_breakage/no_extension_random_names_wrong_instance_numbers": ((), 1, 0),
    "synthetic_breakage/no_position_no_orientation": (("12 of 12", "p00_s040.dcm", "9 more"), 0, 1),
    "synthetic_breakage/one_slice_other_matrix": (("122x61", "p00_s045.dcm"), 2, 0),
    "synthetic_breakage/rescale_slope_zero_in_one_slice": (("slope of 0", "p00_s044.dcm"), 1, 0),
    "synthetic_breakage/spacing_doubles_half_way": (("1.5 to 3 mm apart",), 1, 0),
    "synthetic_breakage/truncated_and_not_dicom": (
        ("random_header_bytes.dcm", "text_named.dcm", "truncated_header.dcm", "truncated_pixels.dcm", "zero_bytes.dcm",
         "Thumbs.db"), 1, 1,
    ),
    "synthetic_breakage/two_patients_one_folder": (("2 patients",), 2, 0),
    "synthetic_breakage/unicode_names_and_paths": ((), 1, 0),
    "synthetic_breakage/zero_pixel_spacing": (("spacing is absent or zero",), 0, 1),
    "dicom2nifti/failing/gantrytilting": (("14.0 degrees",), 1, 0),
    "dicom2nifti/failing/notavolume": (("pass 1 of 4",), 4, 0),
    "dicom2nifti/failing/slicecount": (("Only 2 slices",), 1, 0),
    "dicom2nifti/failing/sliceincrement": (("1 slice is missing", "5 to 10 mm"), 1, 0),
    "dicom2nifti/failing/sliceorientation": (("2 directions", "sagittal", "axial"), 2, 0),
    "rt-utils/mock_data": (("another frame of reference", "3 are not in the open series"), 1, 3),
}  # fmt: skip
"""Folder -> words that its rows must say, how many rows open as images, and how many are refused."""


@pytest.fixture
def place(data_dir: Path, request: pytest.FixtureRequest) -> Path:
    return data_dir / "dicom_edge_cases" / str(request.param)


def refused(series: Series) -> str:
    """Why a series does not open, "" where it does."""
    try:
        steps.compute_image(series)
    except LoadError as error:
        return error.what
    return ""


@pytest.mark.parametrize("place", BROKEN, indirect=True)
def test_every_file_is_accounted_for_and_what_is_sound_opens(place: Path) -> None:
    words, opened, not_opened = BROKEN[str(place).rpartition("dicom_edge_cases/")[2]]
    found = steps.compute_scan(str(place))
    text = "\n".join([*(w.text for one in found for w in one.warnings), *(one.description for one in found)])
    rows = {Path(name).name for one in found if one.kind != "unreadable" for name in one.files}
    lost = {path.name for path in place.rglob("*") if path.is_file()} - rows
    assert all(name in text for name in lost), lost
    assert all(word in text for word in words), text
    reasons = [refused(one) for one in found]
    assert (reasons.count(""), len(reasons) - reasons.count("")) == (opened, not_opened), reasons


def test_a_structure_set_of_other_images_is_refused_with_the_reason(data_dir: Path) -> None:
    """Another frame of reference; images most of which are not there; some that are not there: the others are read."""
    from twinviewer.session.mask_read import read_any

    folder = data_dir / "dicom_edge_cases" / "rt-utils" / "mock_data"
    series = next(one for one in steps.compute_scan(str(folder)) if one.kind == "ct_volume")
    image, _, _ = steps.compute_image(series)
    for name, reason in (
        ("rt.dcm", "another frame of reference"),
        ("invalid_reference_rt.dcm", "5 images, but 3 are not in the open series"),
    ):
        with pytest.raises(LoadError, match=rf"{reason}.*\({name}\)"):
            read_any(folder / name, image, series)
    mask = read_any(folder / "non_existent_reference_rt.dcm", image, series)
    assert len(mask.names) == 4 and any("images that are not open" in note for note in mask.notes)
