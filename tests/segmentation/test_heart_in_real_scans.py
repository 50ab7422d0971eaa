"""Real scans: a contrast CT becomes a heart that agrees with an independent segmentation; others are refused."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from twinviewer.dicom import read, scan
from twinviewer.domain import LabelMap, SegmentationError, Volume, silent
from twinviewer.organs.heart.recognise import suits
from twinviewer.organs.heart.segment import segment


def _load(folder: Path) -> Volume:
    image = read(scan(folder)[0])
    assert isinstance(image, Volume)
    return image


def _reference(path: Path, volume: Volume) -> np.ndarray:
    """A mask of another grid at this volume's voxels (nearest)."""
    k, j, i = volume.grid.shape
    like = sitk.Image(i, j, k, sitk.sitkUInt8)
    like.SetOrigin(volume.grid.affine[:3, 3].tolist())
    spacing = np.array(volume.grid.spacing_mm)
    like.SetSpacing(spacing.tolist())
    like.SetDirection((volume.grid.affine[:3, :3] / spacing).ravel().tolist())
    moved = sitk.Resample(sitk.ReadImage(str(path)), like, sitk.Transform(), sitk.sitkNearestNeighbor)
    return sitk.GetArrayFromImage(moved) > 0


@pytest.fixture(scope="module")
def heart(data_dir: Path) -> tuple[Volume, LabelMap]:
    volume = _load(data_dir / "cta_heart_totalseg" / "dicom_wrapped_heart_crop")
    return volume, segment(volume, silent)


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_volumes_are_those_of_an_adult(heart: tuple[Volume, LabelMap]) -> None:
    _, labels = heart
    ml = {name: labels.volume_ml(name) for name in labels.names.values()}
    assert 80 < ml["lv_blood"] < 200
    assert 80 < ml["rv_blood"] < 220
    assert 60 < ml["la_blood"] < 200
    assert 50 < ml["ra_blood"] < 200
    assert 90 < 1.05 * ml["lv_myocardium"] < 220
    assert ml["aorta"] > 30
    assert ml["pulmonary_artery"] > 20


def test_agrees_with_an_independent_segmentation(heart: tuple[Volume, LabelMap], data_dir: Path) -> None:
    volume, labels = heart
    folder = data_dir / "cta_heart_totalseg" / "heart_crop_nifti"
    whole = _reference(folder / "heart.nii.gz", volume)
    # that heart contains the pulmonary trunk and no aorta
    mine = np.isin(labels.data[0], (1, 2, 3, 4, 5, 7, 8))
    assert _dice(mine, whole) > 0.90
    artery = _reference(folder / "pulmonary_artery.nii.gz", volume)
    assert _dice(labels.mask("pulmonary_artery"), artery) > 0.70
    assert (labels.mask("pulmonary_artery") & ~artery).sum() < 0.1 * artery.sum()


def test_lies_as_a_heart_lies(heart: tuple[Volume, LabelMap]) -> None:
    _, labels = heart

    def centre(name: str) -> np.ndarray:
        kji = np.argwhere(labels.mask(name)).mean(axis=0)
        return labels.grid.to_mm(kji[::-1][None])[0]

    left, right = centre("lv_blood"), centre("rv_blood")
    assert left[0] > right[0] and left[1] > right[1]  # the left ventricle lies to the left and behind the right one
    assert centre("la_blood")[1] > left[1]  # the left atrium is the hindmost chamber
    assert centre("ra_blood")[0] < min(left[0], right[0])  # the right atrium is the rightmost
    assert min(centre("aorta")[2], centre("pulmonary_artery")[2]) > max(left[2], right[2])


def test_cavities_are_whole_and_walled_in_here_too(heart: tuple[Volume, LabelMap]) -> None:
    data = heart[1].data[0]
    around = np.ones((3, 3, 3), dtype=bool)
    for blood, allowed in ((2, {1, 2, 4, 6}), (3, {1, 3, 5, 7, 8})):
        cavity = data == blood
        assert ndimage.label(cavity)[1] == 1
        assert set(np.unique(data[ndimage.binary_dilation(cavity, around)])) <= allowed


def test_limits_are_noted(heart: tuple[Volume, LabelMap]) -> None:
    notes = " ".join(heart[1].notes)
    assert "Metal" in notes and "3343 HU" in notes  # wires of the breastbone, and a stent graft next to the heart
    assert "Undiluted contrast" in notes and "mixes into the right atrium" in notes
    assert "edge of the scan" in notes


def test_flipped_slices_give_the_same_heart(heart: tuple[Volume, LabelMap]) -> None:
    volume, labels = heart
    affine = volume.grid.affine.copy()
    affine[:3, 3] += affine[:3, 2] * (volume.grid.shape[0] - 1)
    affine[:3, 2] *= -1
    flipped = Volume(
        volume.data[:, ::-1], type(volume.grid)(volume.grid.shape, affine), "CT", volume.phase_percent, None, "flip"
    )
    again = segment(flipped, silent).data[0][::-1]
    assert (again != labels.data[0]).sum() < 0.01 * (labels.data[0] > 0).sum()


def test_chest_without_contrast_is_refused_with_numbers(data_dir: Path) -> None:
    folder = data_dir / "chest_ct_lidc0314" / "dicom"
    series = scan(folder)[0]
    volume = _load(folder)
    assert suits(series).ok  # its header gives no reason against it
    verdict = suits(series, volume)
    assert not verdict.ok
    assert "Blood and muscle cannot be told apart here" in verdict.reason
    with pytest.raises(SegmentationError, match=r"muscle \d+ ± \d+ HU"):
        segment(volume, silent)


def test_abdomen_is_refused(data_dir: Path) -> None:
    folder = data_dir / "abdomen_ct_siemens_j2k" / "dicom"
    assert "whole heart" in suits(scan(folder)[0]).reason
    with pytest.raises(SegmentationError):
        segment(_load(folder), silent)


def test_cine_mr_gives_contours_but_no_model_yet(data_dir: Path) -> None:
    series = scan(data_dir / "cine_cmr_bivme_patient1" / "dicom")[0]
    verdict = suits(series)
    assert verdict.ok and "no model" in verdict.reason


def test_an_image_that_is_no_ct_is_refused() -> None:
    from twinviewer.domain import Grid

    volume = Volume(np.zeros((1, 8, 8, 8), np.int16), Grid((8, 8, 8), np.eye(4)), "MR", np.zeros(1), None, "mr")
    with pytest.raises(SegmentationError, match="MR"):
        segment(volume, silent)
