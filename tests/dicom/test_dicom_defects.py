"""One defect a folder (dicom_edge_cases/synthetic_breakage): each is found and named, and the rest still loads."""

from pathlib import Path

import numpy as np
import pytest

from twinviewer import dicom
from twinviewer.domain import LoadError, Series, Volume


@pytest.fixture
def breakage(data_dir: Path) -> Path:
    return data_dir / "dicom_edge_cases" / "synthetic_breakage"


def codes(series: Series) -> set[str]:
    return {warning.code for warning in series.warnings} - {"no_contrast_tag"}


def volume(series: Series) -> Volume:
    image = dicom.read(series)
    assert isinstance(image, Volume)
    return image


@pytest.fixture
def whole(data_dir: Path) -> Volume:
    """The undamaged volume that all folders were cut from; slice p00_sNNN is k = NNN."""
    (series,) = dicom.scan(data_dir / "cta_heart_totalseg" / "dicom_wrapped_heart_crop")
    assert (series.kind, series.slices, series.phases, series.shape) == ("ct_volume", 112, 1, (102, 122))
    return volume(series)


def test_duplicate_slice(breakage: Path, whole: Volume) -> None:
    (series,) = dicom.scan(breakage / "duplicate_slice")
    assert codes(series) == {"duplicate_slices"} and series.slices == 24
    assert np.array_equal(volume(series).data[0], whole.data[0, 40:64])


def texts(series: Series) -> str:
    return " ".join(warning.text for warning in series.warnings)


def test_missing_two_slices(breakage: Path, whole: Volume) -> None:
    """Two of 24 are interpolated between their neighbours, and that is said; the others are the scanner's own."""
    (series,) = dicom.scan(breakage / "missing_two_slices")
    assert codes(series) == {"missing_slices"} and series.slices == 22
    assert "2 slices are missing: they lie 1.5 to 3 mm apart" in texts(series)
    assert "2 of 24 slices interpolated" in texts(series)
    found = volume(series)
    assert found.grid.shape[0] == 24 and found.grid.spacing_mm[2] == pytest.approx(1.5, abs=1e-6)
    there = {int(Path(name).stem.rsplit("s", 1)[1]) for name in series.files}
    for k in range(24):
        if 40 + k in there:
            assert np.array_equal(found.data[0, k], whole.data[0, 40 + k])
        else:
            between = (whole.data[0, 39 + k].astype(float) + whole.data[0, 41 + k]) / 2
            assert np.abs(found.data[0, k] - between).max() <= 0.5


def test_random_names_and_instance_numbers(breakage: Path, whole: Volume) -> None:
    (series,) = dicom.scan(breakage / "no_extension_random_names_wrong_instance_numbers")
    assert codes(series) == set()
    found = volume(series)
    assert np.array_equal(found.data[0], whole.data[0, 40:64])
    assert np.abs(found.grid.affine[:3, 3] - whole.grid.to_mm(np.array([[0, 0, 40]]))[0]).max() < 1e-6


def test_no_position(breakage: Path) -> None:
    (series,) = dicom.scan(breakage / "no_position_no_orientation")
    assert codes(series) == {"no_position"} and series.kind == "planar"
    with pytest.raises(LoadError, match="where they lie"):
        dicom.read(series)


def test_other_matrix(breakage: Path, whole: Volume) -> None:
    main, odd = dicom.scan(breakage / "one_slice_other_matrix")
    assert codes(main) == {"mixed_matrix", "missing_slices"} and codes(odd) == {"mixed_matrix"}
    assert (main.slices, odd.slices) == (11, 1) and main.uid != odd.uid
    found = volume(main)
    start = round(float(whole.grid.to_ijk(found.grid.affine[None, :3, 3])[0, 2]))
    own = np.array([np.array_equal(found.data[0, k], whole.data[0, start + k]) for k in range(12)])
    assert found.grid.shape[0] == 12 and own.sum() == 11 and "1 of 12 slices interpolated" in texts(main)


def test_rescale_slope_zero(breakage: Path) -> None:
    (series,) = dicom.scan(breakage / "rescale_slope_zero_in_one_slice")
    assert codes(series) == {"rescale_slope_zero", "missing_slices"} and len(series.files) == 12
    assert volume(series).grid.shape[0] == 12 and "1 of 12 slices interpolated" in texts(series)


def test_spacing_doubles(breakage: Path, whole: Volume) -> None:
    # 24 consecutive slices whose positions step by 1.5 mm up to number 51 and by 3 mm from there
    (series,) = dicom.scan(breakage / "spacing_doubles_half_way")
    assert codes(series) == {"uneven_spacing"}
    found = volume(series)
    assert "1.5 to 3 mm apart" in texts(series)
    # 1.5 mm up to slice 51, then every second slice of 1.5 mm is one of the scanner's
    assert found.grid.spacing_mm[2] == pytest.approx(1.5, abs=1e-6) and found.grid.shape[0] == 11 + 2 * 12 + 1
    assert np.array_equal(found.data[0, :12], whole.data[0, 40:52])
    assert np.array_equal(found.data[0, 13::2], whole.data[0, 52:64])


def test_truncated_and_not_dicom(breakage: Path, whole: Volume) -> None:
    image, bad = dicom.scan(breakage / "truncated_and_not_dicom")
    assert codes(image) == set() and image.slices == 7  # one of them has no preamble and is read all the same
    assert np.array_equal(volume(image).data[0], whole.data[0, 40:47])
    assert bad.kind == "unreadable"
    named = {warning.code: "" for warning in bad.warnings}
    for warning in bad.warnings:
        named[warning.code] += warning.text
    for name in ("random_header_bytes.dcm", "truncated_header.dcm", "truncated_pixels.dcm"):
        assert name in named["unreadable_file"]
    for name in ("text_named.dcm", "zero_bytes.dcm", "Thumbs.db"):
        assert name in named["not_dicom"]
    with pytest.raises(LoadError):
        dicom.read(bad)


def test_two_patients(breakage: Path) -> None:
    first, second = dicom.scan(breakage / "two_patients_one_folder")
    assert codes(first) == codes(second) == {"mixed_patients"}
    assert first.patient.pseudonym != second.patient.pseudonym
    assert (first.slices, second.slices) == (12, 12) and not set(first.files) & set(second.files)


def test_unicode(breakage: Path) -> None:
    (series,) = dicom.scan(breakage / "unicode_names_and_paths")
    assert codes(series) == set() and series.description == "Herz Ø 1,5 mm — Übersicht"
    assert series.patient.pseudonym.startswith("P-")
    assert volume(series).grid.shape[0] == 12


def test_zero_pixel_spacing(breakage: Path) -> None:
    (series,) = dicom.scan(breakage / "zero_pixel_spacing")
    assert codes(series) == {"zero_spacing"} and series.kind == "ct_volume"
    with pytest.raises(LoadError, match="spacing"):
        dicom.read(series)
