"""Segmentations and structure sets beside images: on which series they lie, and what their references are worth."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from twinviewer.dicom import read, scan, write_ct, write_seg
from twinviewer.dicom.belonging import Drawn, judged
from twinviewer.dicom.references import read_references
from twinviewer.dicom.write_rtstruct import write_rtstruct
from twinviewer.domain import Grid, LabelMap, LoadError, Patient, Series, Volume
from twinviewer.geometry.regrid import regridded
from twinviewer.session.mask_read import read_any
from twinviewer.session.structure_series import arranged, can_lie_anywhere, fault_of, holds_structures, structures_text

NAMES = {1: "liver", 2: "spleen"}


def study(folder: Path, phases: int = 1) -> tuple[Series, Volume, LabelMap]:
    affine = np.array([[0.9, 0, 0, -20], [0, 0.9, 0, -15], [0, 0, 3.0, 40], [0, 0, 0, 1.0]])
    grid = Grid((6, 20, 24), affine)
    percent = np.arange(phases) * 100.0 / phases
    data = np.random.default_rng(0).integers(-50, 80, (phases, *grid.shape)).astype(np.int16)
    image = Volume(data, grid, "CT", percent, 0.8 if phases > 1 else None, "u")
    write_ct(folder, image, Patient("P-1"), study_description="", series_description="CT", synthetic=True)
    series = next(one for one in scan(folder) if one.kind not in ("not_image", "unreadable"))
    opened = read(series)
    assert isinstance(opened, Volume)
    labels = np.zeros(data.shape, np.uint8)
    labels[:, 1:5, 4:16, 5:15] = 1
    labels[:, 2:4, 6:9, 6:9] = 2
    return series, opened, LabelMap(labels, opened.grid, NAMES, opened.phase_percent, "t", opened.uid)


def structures(folder: Path) -> list[Series]:
    return [one for one in scan(folder) if holds_structures(one)]


def changed(path: Path, **tags: object) -> None:
    data = pydicom.dcmread(path)
    for name, value in tags.items():
        setattr(data, name, value)
    data.save_as(path)


def test_both_kinds_are_found_below_their_series_with_their_names(tmp_path: Path) -> None:
    series, image, labels = study(tmp_path / "ct")
    write_seg(tmp_path / "labels.dcm", labels, series, {})
    write_rtstruct(tmp_path / "contours.dcm", labels, series, {})
    found = scan(tmp_path)
    listed = [(one.modality, depth) for one, depth in arranged(found)]
    assert listed[0] == ("CT", 0) and sorted(listed[1:]) == [("RTSTRUCT", 1), ("SEG", 1)]
    for one in structures(tmp_path):
        assert one.extra["on_series"] == series.uid and one.extra["on_by"] == "images" and not fault_of(one)
        assert structures_text(one) == "2 structures: liver, spleen"
        mask = read_any(Path(one.files[0]), image, series)
        for value, name in mask.names.items():
            assert np.count_nonzero(mask.data == value) == np.count_nonzero(labels.mask(name))


@pytest.mark.parametrize("kind", ["seg", "rtstruct"])
def test_files_of_phases_are_one_row_and_copies_are_not(tmp_path: Path, kind: str) -> None:
    series, _, labels = study(tmp_path / "ct", phases=3)
    (write_seg if kind == "seg" else write_rtstruct)(tmp_path / "out" / "labels.dcm", labels, series, {})
    (one,) = structures(tmp_path)
    assert len(one.files) == 3 and one.phases == 3 and "× 3 phases" in structures_text(one)
    copy = tmp_path / "second.dcm"
    copy.write_bytes(Path(one.files[0]).read_bytes())
    changed(copy, SeriesInstanceUID=generate_uid())
    assert len(structures(tmp_path)) == 4  # which of the two belongs to the phases cannot be known


def test_what_was_made_on_other_images_says_so_and_can_be_placed_by_coordinates(tmp_path: Path) -> None:
    """As rt-utils' data have it: a frame of reference that is not that of the images."""
    series, image, labels = study(tmp_path / "ct")
    path = write_seg(tmp_path / "labels.dcm", labels, series, {})
    changed(path, FrameOfReferenceUID=generate_uid())
    (one,) = structures(tmp_path)
    assert one.extra["on_by"] == "wrong" and "another frame of reference" in fault_of(one) and can_lie_anywhere(one)
    with pytest.raises(LoadError, match="another frame of reference"):
        read_any(path, image, series)
    placed = read_any(path, image)
    assert np.count_nonzero(placed.data == 1) == np.count_nonzero(labels.data == 1)


def test_the_rule_of_belonging() -> None:
    """By frame first, then by images, then by series; every sentence says what does not hold."""
    images = frozenset("abcd")
    ours = Drawn(frozenset({"F"}), frozenset({"S"}), images)

    def named(frame: str = "F", series: str = "S", pictures: str = "") -> Drawn:
        return Drawn(frozenset({frame} - {""}), frozenset({series} - {""}), frozenset(pictures))

    assert judged(named(pictures="abcd"), ours).own_slices
    assert judged(named(series="", pictures="ab"), ours).known == 2
    assert "frame of reference" in judged(named(frame="G", pictures="abcd"), ours).refused
    assert "another series" in judged(named(frame="", series="T"), ours).refused
    assert "refers to 5 images, but 3" in judged(named(pictures="abxyz"), ours).refused
    elsewhere = judged(named(series="T", pictures="xyz"), ours)
    assert not elsewhere.refused and not elsewhere.own_slices and "same frame" in elsewhere.note
    nothing = judged(named("", "", ""), ours)
    assert not nothing.refused and "names no series" in nothing.note


def test_real_segmentations_and_structure_sets(data_dir: Path) -> None:
    """dcmqi's and highdicom's SEGs, rt-utils' structure sets with wrong references."""
    cases = data_dir / "dicom_edge_cases"
    found = {Path(one.files[0]).name: one for one in structures(cases / "rt-utils" / "mock_data")}
    assert found["rt.dcm"].extra["on_by"] == "wrong" and "frame of reference" in fault_of(found["rt.dcm"])
    assert "5 images, but 3" in fault_of(found["invalid_reference_rt.dcm"])
    assert found["non_existent_reference_rt.dcm"].extra["on_by"] == "images"
    dcmqi = structures(cases / "dcmqi" / "segmentations")
    assert len(dcmqi) == 6 and all(one.extra["on_by"] == "images" for one in dcmqi)
    for one in structures(cases / "highdicom"):
        if Path(one.files[0]).name.startswith("seg_image_sm"):
            assert "microscope slide" in fault_of(one) and not can_lie_anywhere(one)
    refers = read_references(cases / "highdicom" / "seg_image_ct_binary.dcm")
    assert refers.names == ("first segment",) and len(refers.images) == 4 and refers.kind == "SEG"
    with pytest.raises(LoadError, match="no segmentation"):
        read_references(cases / "highdicom" / "ct_image.dcm")


def _frames_referred(path: Path) -> list[tuple[int, list[float]]]:
    """(frame of the source, place) of every frame of a SEG."""
    data = pydicom.dcmread(path)
    out = []
    for frame in data.PerFrameFunctionalGroupsSequence:
        (source,) = frame.DerivationImageSequence[0].SourceImageSequence
        place = [float(x) for x in frame.PlanePositionSequence[0].ImagePositionPatient]
        out.append((int(source.ReferencedFrameNumber), place))
    return out


@pytest.mark.parametrize("study_of", ["dcmqi/segmentations/23x38x3/multiframe", "enhanced_philips", "enhanced_xa10"])
def test_frames_of_enhanced_images_carry_segmentations(data_dir: Path, tmp_path: Path, study_of: str) -> None:
    """Labels come back to the voxel, and every frame of the SEG refers to the frame that lies where it lies."""
    folder = data_dir / "dicom_edge_cases" / study_of
    series = next(one for one in scan(folder) if one.kind in ("ct_volume", "mr_volume"))
    image = read(series)
    assert isinstance(image, Volume)
    labels = np.zeros(image.data.shape, np.uint8)
    labels[:, :, 2:20, 2:15] = 1
    labels[:, 1:2, 8:12, 8:12] = 2
    made = LabelMap(labels, image.grid, NAMES, image.phase_percent, "t", image.uid)
    write_seg(tmp_path / "seg.dcm", made, series, {})
    paths = sorted(tmp_path.glob("*.dcm"))
    assert len(paths) == image.phases
    for t, path in enumerate(paths):
        mask = read_any(path, image, series)
        for value in NAMES:
            assert np.count_nonzero(mask.data == value) == np.count_nonzero(labels[t] == value)
        source = pydicom.dcmread(next(name for name in series.files if _is_source(path, name)), stop_before_pixels=True)
        for number, place in _frames_referred(path):
            own = source.PerFrameFunctionalGroupsSequence[number - 1].PlanePositionSequence[0].ImagePositionPatient
            np.testing.assert_allclose(np.array(own, float), place, atol=1e-3)


def _is_source(seg: Path, name: str) -> bool:
    uids = read_references(seg).images
    return str(pydicom.dcmread(name, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]).SOPInstanceUID) in uids


def test_labels_of_odd_images_carry_their_own_place(data_dir: Path, tmp_path: Path) -> None:
    """Slices that were made upright or even, cut out of a mosaic, or whose headers lack what a SEG asks: every volume
    of dicom2nifti's files gives a SEG that lies where the labels lie."""
    seen = 0
    for series in scan(data_dir / "dicom_edge_cases" / "dicom2nifti"):
        if series.kind not in ("ct_volume", "mr_volume", "volume"):
            continue
        try:
            image = read(series)
        except LoadError:
            continue
        if not isinstance(image, Volume) or image.data.shape[1] < 2:
            continue
        labels = np.zeros(image.data.shape, np.uint8)
        for k in range(image.grid.shape[0]):
            labels[0, k, 2:20, 2 : 5 + k] = 1
        made = LabelMap(labels, image.grid, {1: "liver"}, image.phase_percent, "t", image.uid)
        seen += 1
        mask = read_any(write_seg(tmp_path / f"{seen}.dcm", made, series, {}), image, series)
        assert np.array_equal(regridded(mask.data[0], mask.grid, image.grid, {1: 1}), labels[0]), series.description
    assert seen >= 8
