"""NIfTI, NRRD and MetaImage as series: where they lie, what they are, and what they do not say."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from twinviewer.domain import LoadError
from twinviewer.geometry.read_image import is_image_file, read_image, scan_images
from twinviewer.session import steps, store
from twinviewer.session.case import Case
from twinviewer.session.image_files import scan_any


def written(path: Path, data: np.ndarray, direction: tuple[float, ...] = (1, 0, 0, 0, 1, 0, 0, 0, 1)) -> Path:
    image = sitk.GetImageFromArray(data)
    if data.ndim == 3:
        image.SetSpacing((0.8, 0.9, 3.0))
        image.SetOrigin((-10.0, 20.0, 30.0))
        image.SetDirection(direction)
    sitk.WriteImage(image, str(path))
    return path


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 900, (6, 20, 24)).astype(np.int16)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_places_are_lps_whatever_the_format(tmp_path: Path, suffix: str) -> None:
    """The same voxel at the same place, of an image that is turned in its plane."""
    turned = (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    found = scan_images(written(tmp_path / f"x{suffix}", picture(), turned))
    assert len(found) == 1 and found[0].kind == "volume" and found[0].modality == "OT"
    volume = read_image(found[0])
    assert volume.data.shape == (1, 6, 20, 24) and np.array_equal(volume.data[0], picture())
    at = volume.grid.to_mm(np.array([[2.0, 3.0, 4.0]]))[0]
    assert np.allclose(at, [-10.0 - 3 * 0.9, 20.0 + 2 * 0.8, 30.0 + 4 * 3.0], atol=1e-4)
    assert volume.uid == read_image(found[0]).uid and not volume.data.flags.writeable


def test_hounsfield_units_are_recognised_and_said_to_be_guessed(tmp_path: Path) -> None:
    hu = np.full((40, 40, 40), -1000, np.int16)
    hu[8:32, 8:32, 8:32] = 40
    (one,) = scan_images(written(tmp_path / "ct.nii.gz", hu))
    assert one.kind == "ct_volume" and one.modality == "CT" and one.warnings[0].code == "modality_guessed"
    (other,) = scan_images(written(tmp_path / "mr.nii.gz", picture()))
    assert other.warnings[0].code == "modality_unknown"


def test_labels_colours_and_rubbish_are_not_opened_as_images(tmp_path: Path) -> None:
    labels = np.zeros((6, 20, 24), np.uint8)
    labels[2:4, 5:15, 5:15] = 1
    written(tmp_path / "b.nrrd", labels)
    written(tmp_path / "a.nrrd", picture())
    (tmp_path / "c.nrrd").write_bytes(b"NRRD0004\nnonsense")
    colour = sitk.GetImageFromArray(np.zeros((4, 5, 6, 3), np.uint8), isVector=True)
    sitk.WriteImage(colour, str(tmp_path / "d.mha"))
    (tmp_path / "notes.txt").write_text("x")
    found = scan_images(tmp_path)
    assert [one.kind for one in found] == ["volume", "not_image", "unreadable", "unreadable"]
    with pytest.raises(LoadError, match="holds labels"):
        read_image(found[1])
    assert not any("b.nrrd" in one.description or "a.nrrd" in one.description for one in found)


def test_four_axes_are_phases(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.stack([picture(), picture() + 1]), isVector=False)
    sitk.WriteImage(image, str(tmp_path / "t.nii.gz"))
    (one,) = scan_images(tmp_path / "t.nii.gz")
    volume = read_image(one)
    assert one.phases == 2 and volume.phases == 2 and "timing_unknown" in {w.code for w in one.warnings}


def test_a_folder_of_dicom_and_others_lists_both(data_dir: Path) -> None:
    found = scan_any(data_dir / "abdomen_ct_siemens_j2k")
    assert [one.kind for one in found] == ["ct_volume", "not_image"]
    assert is_image_file(Path("a.NII.GZ")) and not is_image_file(Path("a.dcm"))


def test_a_case_finds_its_image_again(tmp_path: Path) -> None:
    path = written(tmp_path / "x.nrrd", picture())
    case = steps.scan_folder(Case(), path)
    case = steps.open_series(case, case.series[0])
    saved = store.save(case, tmp_path / "a.twin", embed_images=False)
    again = store.load(saved)
    assert again.image is not None and case.image is not None and again.image.uid == case.image.uid


def test_a_nifti_of_contrast_ct_can_become_a_heart(data_dir: Path) -> None:
    found = scan_any(data_dir / "cta_heart_totalseg" / "heart_crop_nifti")
    assert found[0].kind == "ct_volume" and steps.suitable_organ(found[0])[0] == "heart"
