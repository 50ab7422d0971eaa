"""Masks in many files and formats: a file a phase or a structure, layers, contours; each lies where it was made."""

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

from twinviewer.dicom import read, scan, write_seg
from twinviewer.dicom.read_seg import read_seg
from twinviewer.dicom.write_ct import write_ct
from twinviewer.dicom.write_rtstruct import write_rtstruct
from twinviewer.domain import Grid, LabelMap, LoadError, Patient, SegmentationError, Series, Volume
from twinviewer.geometry import write_nifti, write_nrrd
from twinviewer.geometry.read_mask import read_mask
from twinviewer.geometry.regrid import regridded
from twinviewer.session import mask_import
from twinviewer.session.mask_read import read_masks

DATA = Path(os.environ.get("TWINVIEWER_DATA", Path(__file__).parents[3] / "shared" / "data"))
NAMES = {1: "lv_myocardium", 2: "lv_blood", 5: "ra_blood"}


def _affine() -> NDArray[np.float64]:
    a, b = 0.4, -0.7
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array([0.9, 0.9, 1.7])
    affine[:3, 3] = [-120.123456, 33.654321, -410.987654]
    return affine


def _volume(phases: int = 1) -> Volume:
    grid = Grid((26, 40, 44), _affine())
    data = np.zeros((phases, *grid.shape), np.int16)
    return Volume(data, grid, "CT", np.arange(phases) * 100.0 / phases, None, "image-uid")


def _labels(volume: Volume) -> LabelMap:
    k, j, i = np.indices(volume.grid.shape)
    away = np.linalg.norm(
        volume.grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3)) - volume.grid.centre_mm, axis=1
    ).reshape(volume.grid.shape)
    data = np.zeros((volume.phases, *volume.grid.shape), np.uint8)
    for t in range(volume.phases):
        data[t][away < 16 - t] = 1
        data[t][away < 10 - t] = 2
        data[t, 3:6, 1:5, 1:6] = 5
    return LabelMap(data, volume.grid, NAMES, volume.phase_percent, "test 1", volume.uid)


def _one(labels: LabelMap, t: int) -> LabelMap:
    return LabelMap(labels.data[t : t + 1], labels.grid, labels.names, np.zeros(1), "", "")


def test_nrrd_keeps_names_colours_and_place_to_a_nanometre(tmp_path: Path) -> None:
    labels = _labels(_volume())
    path = write_nrrd(tmp_path / "heart.seg.nrrd", labels, {"lv_blood": "#FF0080"})
    mask = read_mask(path)
    assert dict(mask.names) == NAMES
    np.testing.assert_array_equal(mask.data, labels.data)
    np.testing.assert_allclose(mask.grid.affine, labels.grid.affine, rtol=0, atol=1e-6)
    header = sitk.ReadImage(str(path))
    assert header.GetMetaData("Segment1_Color") == "1.000000 0.000000 0.501961"
    assert header.GetMetaData("Segment2_Extent") == "1 5 1 4 3 5"


def test_a_file_a_phase_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    volume = _volume(11)
    labels = _labels(volume)
    for t in range(11):
        write_nifti(tmp_path / "masks" / f"heart_{t}.nii.gz", _one(labels, t))  # 10 comes after 9, not after 1
    found = mask_import.compute_mask("heart", str(tmp_path / "masks"), volume, Patient("p"))
    assert isinstance(found, LabelMap)
    np.testing.assert_array_equal(found.data, labels.data)
    written = write_nrrd(tmp_path / "nrrd" / "heart.seg.nrrd", labels)
    again = mask_import.compute_mask("heart", str(written.parent), volume, Patient("p"))
    assert isinstance(again, LabelMap)
    np.testing.assert_array_equal(again.data, labels.data)
    few = [str(tmp_path / "masks" / f"heart_{t}.nii.gz") for t in range(4)]
    with pytest.raises(SegmentationError, match="4 phases, the images 11"):
        mask_import.compute_mask("heart", few, volume, Patient("p"))


def test_a_file_a_structure_with_the_smaller_on_top(tmp_path: Path) -> None:
    volume = _volume()
    labels = _labels(volume)
    folder = tmp_path / "segmentations"
    whole = np.isin(labels.data, [1, 2]).astype(np.uint8)
    for name, data in (
        ("heart_myocardium", whole),  # filled, the cavity not taken out
        ("heart_ventricle_left", labels.data == 2),
        ("heart_atrium_right", labels.data == 5),
        ("spleen", np.zeros_like(whole)),
    ):
        write_nifti(folder / f"{name}.nii.gz", LabelMap(data.astype(np.uint8), volume.grid, {}, np.zeros(1), "", ""))
    rows, why, _, _ = mask_import.compute_mask_table("heart", str(folder), volume)
    assert [row[3] for row in rows] == ["ra_blood", "lv_myocardium", "lv_blood"]
    assert "heart ventricle left lies over heart myocardium" in why
    found = mask_import.compute_mask("heart", str(folder), volume, Patient("p"))
    assert isinstance(found, LabelMap)
    np.testing.assert_array_equal(found.data, labels.data)


def test_a_whole_heart_is_no_chamber(tmp_path: Path) -> None:
    volume = _volume()
    data = (_labels(volume).data > 0).astype(np.uint8)
    write_nifti(tmp_path / "heart.nii.gz", LabelMap(data, volume.grid, {}, np.zeros(1), "", ""))
    with pytest.raises(SegmentationError, match="as a whole"):
        mask_import.compute_mask("heart", str(tmp_path / "heart.nii.gz"), volume, Patient("p"))


def test_layers_that_overlap_are_laid_over_each_other(tmp_path: Path) -> None:
    labels = _labels(_volume())
    wall, blood = np.isin(labels.data[0], [1, 2]), labels.data[0] == 2
    image = sitk.GetImageFromArray(np.stack([wall, blood], axis=-1).astype(np.uint8), isVector=True)
    for number, name in enumerate(("Myocardium", "LV")):
        for key, text in (("Name", name), ("LabelValue", "1"), ("Layer", str(number))):
            image.SetMetaData(f"Segment{number}_{key}", text)
    sitk.WriteImage(image, str(tmp_path / "layers.seg.nrrd"))
    mask = read_mask(tmp_path / "layers.seg.nrrd")
    assert list(mask.names.values()) == ["Myocardium", "LV"]
    np.testing.assert_array_equal(mask.data[0] == 2, blood)
    np.testing.assert_array_equal(mask.data[0] == 1, wall & ~blood)


def test_coarse_labels_come_out_smooth_on_a_fine_grid() -> None:
    radius = 14.0
    coarse = Grid((20, 20, 20), np.diag([2.4, 2.4, 2.4, 1.0]))
    fine = Grid((64, 64, 64), _affine() @ np.diag([0.8, 0.8, 0.8 * 0.9 / 1.7, 1.0]))
    fine.affine[:3, 3] += coarse.centre_mm - fine.centre_mm

    def ball(grid: Grid) -> NDArray[np.bool_]:
        k, j, i = np.indices(grid.shape)
        points = grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float))
        return (np.linalg.norm(points - coarse.centre_mm, axis=1) < radius).reshape(grid.shape)

    labels, truth = ball(coarse).astype(np.uint8) * 7, ball(fine)

    def dice(found: NDArray[np.uint8]) -> float:
        return 2.0 * np.count_nonzero((found == 2) & truth) / (np.count_nonzero(found == 2) + np.count_nonzero(truth))

    smooth, blocky = (regridded(labels, coarse, fine, {7: 2}, smooth=one) for one in (True, False))
    assert dice(smooth) > 0.955 > 0.945 > dice(blocky)
    assert np.count_nonzero(smooth) * fine.voxel_ml == pytest.approx(4 / 3 * np.pi * radius**3 / 1000.0, rel=0.03)
    np.testing.assert_array_equal(regridded(labels, coarse, fine, {7: 2}), smooth)  # chosen by itself


def _written(folder: Path, phases: int) -> tuple[Series, Volume]:
    source = _volume(phases)
    rng = np.random.default_rng(0)
    data = rng.integers(-100, 300, source.data.shape).astype(np.int16)
    volume = Volume(data, source.grid, "CT", source.phase_percent, None, "x")
    write_ct(folder, volume, Patient("P1"), study_description="s", series_description="d", synthetic=True)
    (series,) = scan(folder)
    opened = read(series)
    assert isinstance(opened, Volume)
    return series, opened


@pytest.mark.parametrize("kind", ["seg", "rtstruct"])
def test_dicom_labels_of_all_phases_come_back(tmp_path: Path, kind: str) -> None:
    series, volume = _written(tmp_path / "ct", 3)
    labels = _labels(volume)
    writer = write_seg if kind == "seg" else write_rtstruct
    writer(tmp_path / "out" / "heart.dcm", labels, series, {})
    found, _ = mask_import.compute_import("heart", str(tmp_path / "out"), volume, Patient("p"), series=series)
    assert isinstance(found, LabelMap)
    np.testing.assert_array_equal(found.data, labels.data)
    assert not any("another grid" in note for note in found.notes)  # the same voxels, cropped and from the other end
    one, _ = mask_import.compute_import(
        "heart", str(tmp_path / "out" / "heart_phase01.dcm"), volume, Patient("p"), phase=1, series=series
    )
    assert isinstance(one, LabelMap) and one.phase_percent.tolist() == [volume.phase_percent[1]]
    np.testing.assert_array_equal(one.data[0], labels.data[1])


def test_files_on_different_grids_meet_on_that_of_the_images(tmp_path: Path) -> None:
    volume = _volume()
    labels = _labels(volume)
    write_nifti(tmp_path / "lv_myocardium.nii.gz", LabelMap(labels.data % 2, volume.grid, {}, np.zeros(1), "", ""))
    cut = Grid((20, 40, 44), volume.grid.affine.copy())
    cut.affine[:3, 3] += 3 * volume.grid.affine[:3, 2]
    part = (labels.data[:, 3:23] == 2).astype(np.uint8)
    write_nifti(tmp_path / "lv_blood.nii.gz", LabelMap(part, cut, {}, np.zeros(1), "", ""))
    mask = read_masks(str(tmp_path), volume)
    assert mask.grid.same_as(volume.grid)
    np.testing.assert_array_equal(mask.data[0] == 1, labels.data[0] == 2)


SEGMENTS = DATA / "dicom_edge_cases"


@pytest.mark.skipif(not SEGMENTS.is_dir(), reason="the segmentations of dcmqi and highdicom are not here")
def test_every_kind_of_segmentation_opens_or_says_why_not() -> None:
    """Voxel counts as highdicom reads each segment alone."""
    dcmqi, highdicom = SEGMENTS / "dcmqi" / "segmentations", SEGMENTS / "highdicom"
    for path, counts in (
        (dcmqi / "liver.dcm", {1: 107098}),
        (dcmqi / "24x38x3" / "seg" / "label.seg", {1: 315}),
        (dcmqi / "sparse-labelmap-ppv5.dcm", {1: 630}),
        (highdicom / "seg_image_ct_binary.dcm", {1: 638}),
        (highdicom / "seg_image_ct_binary_fractional.dcm", {1: 638}),
        (highdicom / "seg_image_ct_true_fractional.dcm", {1: 638}),
    ):
        mask = read_seg(path)
        assert {v: int(np.count_nonzero(mask.data == v)) for v in mask.values} == counts, path.name
    over = read_seg(dcmqi / "partial_overlaps.dcm")
    assert len(over.values) == 5 and any("lies over" in note for note in over.notes)
    assert any("fractions" in note for note in read_seg(highdicom / "seg_image_ct_true_fractional.dcm").notes)
    for name, why in (("seg_image_sm_dots.dcm", "slide"), ("seg_image_cr_binary.dcm", "single picture")):
        with pytest.raises(LoadError, match=why):
            read_seg(highdicom / name)
