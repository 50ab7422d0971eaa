"""Contours become the volume that they enclose, in place; what was drawn on other images is refused with the reason."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from twinviewer.dicom import read, scan
from twinviewer.dicom.read_rtstruct import Region, StructureSet, drawn_on, is_rtstruct, mask_of, read_rtstruct
from twinviewer.dicom.write_ct import write_ct
from twinviewer.dicom.write_rtstruct import contours_of, write_rtstruct
from twinviewer.domain import Grid, LabelMap, LoadError, Patient, Series, StructureStyle, Volume
from twinviewer.geometry.contour_fill import even_odd, fill
from twinviewer.session.mask_read import read_any

DATA = Path(os.environ.get("TWINVIEWER_DATA", Path(__file__).parents[3] / "shared" / "data"))
CASES = DATA / "dicom_edge_cases" / "rt-utils"
needs_data = pytest.mark.skipif(not CASES.is_dir(), reason="the RT structure sets of rt-utils are not here")


def _affine(spacing: tuple[float, float, float]) -> NDArray[np.float64]:
    """A turned grid far from the origin."""
    a, b = 0.4, -0.7
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array(spacing)
    affine[:3, 3] = [-120.0, 33.0, -410.0]
    return affine


GRID = Grid((40, 60, 70), _affine((0.9, 0.8, 1.5)))
RADIUS_MM = 20.0
BALL_ML = 4 / 3 * np.pi * RADIUS_MM**3 / 1000.0


def _ball_contours(
    normal: NDArray[np.float64], step_mm: float, centre: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Circles of a ball in planes across the normal, ``step_mm`` apart, one of them through the middle."""
    normal = normal / np.linalg.norm(normal)
    u = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    out = []
    for n in range(-int(RADIUS_MM / step_mm), int(RADIUS_MM / step_mm) + 1):
        radius = np.sqrt(max(RADIUS_MM**2 - (n * step_mm) ** 2, 0.0))
        if radius > 0.5:
            out.append(
                centre + n * step_mm * normal + radius * (np.outer(np.cos(angle), u) + np.outer(np.sin(angle), v))
            )
    return out


def _middle_slice(axis: int = 2) -> NDArray[np.float64]:
    """The centre of the grid, moved onto a slice across one of its axes."""
    ijk = np.array([34.3, 29.6, 20.4])
    ijk[axis] = np.rint(ijk[axis])
    return GRID.to_mm(ijk[None])[0]


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["sagittal", "coronal", "axial"])
def test_a_ball_drawn_on_slices_of_any_axis_has_its_volume(axis: int) -> None:
    normal, middle = GRID.affine[:3, axis], _middle_slice(axis)
    filled = fill(_ball_contours(normal, float(np.linalg.norm(normal)), middle), GRID)
    assert np.count_nonzero(filled.region) * GRID.voxel_ml == pytest.approx(BALL_ML, rel=0.02)
    at = GRID.to_mm(np.argwhere(filled.region)[:, ::-1].mean(axis=0)[None])[0]
    np.testing.assert_allclose(at, middle, atol=0.1)
    assert (filled.gaps, filled.bent, filled.outside) == (0, 0, 0)


def test_a_ball_drawn_on_oblique_planes_has_its_volume_and_place() -> None:
    filled = fill(_ball_contours(np.array([0.3, -0.5, 0.8]), 1.3, _middle_slice()), GRID)
    assert np.count_nonzero(filled.region) * GRID.voxel_ml == pytest.approx(BALL_ML, rel=0.02)
    at = GRID.to_mm(np.argwhere(filled.region)[:, ::-1].mean(axis=0)[None])[0]
    np.testing.assert_allclose(at, _middle_slice(), atol=0.2)


def test_skipped_slices_stay_empty_unless_told() -> None:
    contours = _ball_contours(GRID.affine[:3, 2], 4.5, _middle_slice())  # every third slice
    bare = fill(contours, GRID)
    assert bare.gaps == len(contours) - 1
    assert np.count_nonzero(bare.region.any(axis=(1, 2))) == len(contours)
    told = fill(contours, GRID, interpolate=True)
    between = np.count_nonzero(told.region[np.flatnonzero(bare.region.any(axis=(1, 2)))[0] :]) * GRID.voxel_ml
    assert between == pytest.approx(BALL_ML, rel=0.05)  # the caps beyond the last contours are not drawn


def test_holes_by_keyhole_and_by_separate_contours_are_the_same() -> None:
    square = np.array([[10, 10], [40, 10], [40, 40], [10, 40]], dtype=float) + 0.3
    hole = np.array([[20, 20], [20, 30], [30, 30], [30, 20]], dtype=float) + 0.3
    keyhole = np.concatenate([square[:1], hole, hole[:1], square[:1], square[1:]])
    apart, joined = even_odd([square, hole], (50, 50)), even_odd([keyhole], (50, 50))
    assert np.count_nonzero(apart) == 30 * 30 - 10 * 10
    np.testing.assert_array_equal(apart, joined)


def test_outlines_of_any_region_fill_to_the_same_pixels() -> None:
    rng = np.random.default_rng(5)
    for share in (0.2, 0.5, 0.8):
        region = rng.random((37, 43)) < share  # with touching corners, islands in holes, the border
        np.testing.assert_array_equal(even_odd(contours_of(region), region.shape), region)


def test_contours_of_different_orientations_and_bent_ones_are_named() -> None:
    flat = _ball_contours(GRID.affine[:3, 2], 3.0, _middle_slice())
    bent = flat[3].copy()
    bent[::2] += 4.0 * GRID.affine[:3, 2]
    assert fill([*flat, bent], GRID).bent == 1
    with pytest.raises(ValueError, match="orientations"):
        fill([*flat, _ball_contours(GRID.affine[:3, 0], 3.0, _middle_slice())[4]], GRID)


def _written(tmp_path: Path, phases: int = 1) -> tuple[Series, Volume]:
    grid = Grid((24, 40, 44), _affine((0.9, 0.9, 2.0)))
    rng = np.random.default_rng(0)
    data = rng.integers(-100, 300, (phases, *grid.shape)).astype(np.int16)
    volume = Volume(data, grid, "CT", np.arange(phases) * 100.0 / phases, None, "x")
    write_ct(tmp_path / "ct", volume, Patient("P1"), study_description="s", series_description="d", synthetic=True)
    (series,) = scan(tmp_path / "ct")
    opened = read(series)
    assert isinstance(opened, Volume)
    return series, opened


def _labels(volume: Volume) -> LabelMap:
    """A wall round a cavity, and something beside, in every phase a little smaller."""
    k, j, i = np.indices(volume.grid.shape)
    away = np.linalg.norm(
        volume.grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3)) - volume.grid.centre_mm, axis=1
    ).reshape(volume.grid.shape)
    data = np.zeros((volume.phases, *volume.grid.shape), np.uint8)
    for t in range(volume.phases):
        data[t][away < 16 - t] = 1
        data[t][away < 10 - t] = 2
        data[t, 3:6, 1:5, 1:6] = 5
    names = {1: "lv_myocardium", 2: "lv_blood", 5: "ra_blood"}
    return LabelMap(data, volume.grid, names, volume.phase_percent, "test 1", volume.uid)


STYLES = {"lv_blood": StructureStyle("LV blood", "#C03030")}


def test_labels_come_back_from_contours_to_the_voxel(tmp_path: Path) -> None:
    series, volume = _written(tmp_path, phases=2)
    labels = _labels(volume)
    first = write_rtstruct(tmp_path / "out" / "rt.dcm", labels, series, STYLES)
    assert sorted(p.name for p in first.parent.iterdir()) == ["rt_phase00.dcm", "rt_phase01.dcm"]
    for t, path in enumerate(sorted(first.parent.iterdir())):
        assert is_rtstruct(path)
        mask = mask_of(read_rtstruct(path), volume.grid, drawn_on(series))
        assert list(mask.names.values()) == ["lv_myocardium", "lv_blood", "ra_blood"] and mask.notes == ()
        for number, name in mask.names.items():
            np.testing.assert_array_equal(mask.data[0] == number, labels.mask(name, t))


def test_the_file_says_what_the_standard_asks_and_no_more_than_a_pseudonym(tmp_path: Path) -> None:
    series, volume = _written(tmp_path)
    data = pydicom.dcmread(write_rtstruct(tmp_path / "rt.dcm", _labels(volume), series, STYLES))
    source = pydicom.dcmread(series.files[0])
    assert data.StudyInstanceUID == source.StudyInstanceUID and data.PatientID == series.patient.pseudonym
    assert data.StructureSetROISequence[1].ReferencedFrameOfReferenceUID == source.FrameOfReferenceUID
    assert list(data.ROIContourSequence[1].ROIDisplayColor) == [0xC0, 0x30, 0x30]
    images = {pydicom.dcmread(f).SOPInstanceUID: pydicom.dcmread(f) for f in series.files}
    for contour in data.ROIContourSequence[0].ContourSequence:
        image = images[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
        across = np.cross(image.ImageOrientationPatient[:3], image.ImageOrientationPatient[3:])
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        np.testing.assert_allclose((points - image.ImagePositionPatient) @ across, 0.0, atol=1e-3)
        assert contour.NumberOfContourPoints == len(points)


def test_what_was_drawn_on_other_images_is_refused(tmp_path: Path) -> None:
    series, volume = _written(tmp_path)
    structures = read_rtstruct(write_rtstruct(tmp_path / "rt.dcm", _labels(volume), series, STYLES))
    drawn = drawn_on(series)
    with pytest.raises(LoadError, match="frame of reference"):
        mask_of(structures, volume.grid, replace(drawn, frames_of_reference=frozenset({"1.2.3"})))
    some = frozenset(sorted(drawn.images)[:5])
    with pytest.raises(LoadError, match="24 images, but 19"):
        mask_of(structures, volume.grid, replace(drawn, images=some))
    no_frame = replace(structures, frames_of_reference=frozenset())
    with pytest.raises(LoadError, match="another series"):
        mask_of(no_frame, volume.grid, replace(drawn, series=frozenset({"9"}), images=frozenset({"8"})))
    beside = mask_of(structures, volume.grid, replace(drawn, series=frozenset({"9"}), images=frozenset({"8"})))
    assert any("another series of the same frame" in note for note in beside.notes)
    assert np.count_nonzero(beside.data == 2) * volume.grid.voxel_ml == pytest.approx(
        _labels(volume).volume_ml("lv_blood"), rel=0.02
    )


def _without(series: Series, *places: int) -> Series:
    """The series scanned again without some of its slices."""
    first = pydicom.dcmread(series.files[0])
    normal = np.cross(first.ImageOrientationPatient[:3], first.ImageOrientationPatient[3:])
    paths = sorted(
        series.files, key=lambda one: float(np.array(pydicom.dcmread(one).ImagePositionPatient, float) @ normal)
    )
    for place in places:
        Path(paths[place]).unlink()
    (found,) = scan(Path(series.files[0]).parent)
    return found


def test_contours_bridge_slices_that_the_images_lack(tmp_path: Path) -> None:
    """A ball drawn on the slices that are there has its volume, though two of them were lost and made up."""
    whole, volume = _written(tmp_path)
    path = write_rtstruct(tmp_path / "rt.dcm", _labels(volume), whole, STYLES)
    series = _without(whole, 10, 14)
    image = read(series)
    assert isinstance(image, Volume) and image.data.shape == volume.data.shape and len(series.files) == 22
    ours = drawn_on(series).images
    data = pydicom.dcmread(path)
    for region in data.ROIContourSequence:  # as it would have been drawn on what is there
        region.ContourSequence = [
            one for one in region.ContourSequence if one.ContourImageSequence[0].ReferencedSOPInstanceUID in ours
        ]
    data.save_as(path)
    mask = read_any(path, image, series)
    assert mask.notes == ()
    wanted = _labels(volume)
    for number, name in mask.names.items():
        here, there = mask.data[0] == number, wanted.mask(name, 0)
        kept = [k for k in range(24) if k not in (10, 14)]
        np.testing.assert_array_equal(here[kept], there[kept])
        assert np.count_nonzero(here) == pytest.approx(np.count_nonzero(there), rel=0.03)


def test_contours_on_a_stack_that_was_made_even_and_back(tmp_path: Path) -> None:
    """Slices that were made have contours without an image; all come back to the voxel."""
    series = _without(_written(tmp_path)[0], 7, 15, 16)
    image = read(series)
    assert isinstance(image, Volume) and image.data.shape[1] == 24 and len(series.files) == 21
    labels = _labels(image)
    path = write_rtstruct(tmp_path / "rt.dcm", labels, series, STYLES)
    named = [
        bool(one.get("ContourImageSequence")) for one in pydicom.dcmread(path).ROIContourSequence[1].ContourSequence
    ]
    assert named.count(False) in (2, 3) and named.count(True) > 5
    mask = read_any(path, image, series)
    for number, name in mask.names.items():
        np.testing.assert_array_equal(mask.data[0] == number, labels.mask(name, 0))


@needs_data
def test_contours_on_a_tilted_gantry_and_back(tmp_path: Path) -> None:
    (series,) = scan(CASES.parent / "dicom2nifti" / "failing" / "gantrytilting" / "001")
    image = read(series)
    assert isinstance(image, Volume)
    data = np.zeros(image.data.shape, np.uint8)
    data[0, :, 200:300, 180:320], data[0, 1:3, 230:260, 200:260] = 1, 2
    labels = LabelMap(data, image.grid, {1: "liver", 2: "spleen"}, image.phase_percent, "t", image.uid)
    path = write_rtstruct(tmp_path / "rt.dcm", labels, series, {})
    for contour in pydicom.dcmread(path).ROIContourSequence[0].ContourSequence:  # on the scanner's own planes
        (named,) = contour.ContourImageSequence
        own = next(
            one for one in map(pydicom.dcmread, series.files) if one.SOPInstanceUID == named.ReferencedSOPInstanceUID
        )
        across = np.cross(own.ImageOrientationPatient[:3], own.ImageOrientationPatient[3:])
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        np.testing.assert_allclose((points - np.array(own.ImagePositionPatient, float)) @ across, 0.0, atol=0.02)
    mask = read_any(path, image, series)
    assert np.array_equal(mask.data[0] != 0, data[0] != 0) and np.array_equal(mask.data[0] == 2, data[0] == 2)


@needs_data
@pytest.mark.parametrize("study_of", ["dcmqi/segmentations/23x38x3/multiframe", "enhanced_philips", "enhanced_xa10"])
def test_contours_on_frames_of_an_enhanced_image_and_back(tmp_path: Path, study_of: str) -> None:
    """Each names the frame that lies where it lies; in one file or a file a phase they are the same labels."""
    series = next(one for one in scan(CASES.parent / study_of) if one.kind in ("ct_volume", "mr_volume"))
    image = read(series)
    assert isinstance(image, Volume)
    data = np.zeros(image.data.shape, np.uint8)
    for t in range(image.phases):
        data[t, :, 3 : 12 + t, 2:15] = 1
        data[t, 1:2, 5:9, 4 : 8 + t] = 2
    labels = LabelMap(data, image.grid, {1: "liver", 2: "spleen"}, image.phase_percent, "t", image.uid)
    write_rtstruct(tmp_path / "out" / "rt.dcm", labels, series, {})
    paths = sorted((tmp_path / "out").iterdir())
    assert len(paths) == image.phases
    for t, path in enumerate(paths):
        mask = read_any(path, image, series)
        assert np.array_equal(mask.data[0], data[t]) and mask.names == labels.names
        for contour in pydicom.dcmread(path).ROIContourSequence[0].ContourSequence:
            _is_on_its_frame(contour, series)
    if image.phases > 1:  # all in one file, as others write them
        first = pydicom.dcmread(paths[0])
        for path in paths[1:]:
            for region, more in zip(first.ROIContourSequence, pydicom.dcmread(path).ROIContourSequence, strict=True):
                region.ContourSequence.extend(more.ContourSequence)
        first.save_as(tmp_path / "all.dcm")
        mask = read_any(tmp_path / "all.dcm", image, series)
        assert np.array_equal(mask.data, data) and any(f"{image.phases} phases" in note for note in mask.notes)
        first.ROIContourSequence[0].ContourSequence[0].ContourImageSequence[0].ReferencedFrameNumber = None
        first.save_as(tmp_path / "some.dcm")
        with pytest.raises(LoadError, match="1 of the contours do not say on which phase"):
            read_any(tmp_path / "some.dcm", image, series)


def _is_on_its_frame(contour: pydicom.Dataset, series: Series) -> None:
    (named,) = contour.ContourImageSequence
    own = next(
        one for one in (pydicom.dcmread(name, stop_before_pixels=True) for name in series.files)
        if one.SOPInstanceUID == named.ReferencedSOPInstanceUID
    )  # fmt: skip
    group = own.PerFrameFunctionalGroupsSequence[int(named.ReferencedFrameNumber) - 1]
    shared = own.SharedFunctionalGroupsSequence[0]
    turn = (group if "PlaneOrientationSequence" in group else shared).PlaneOrientationSequence[0]
    across = np.cross(turn.ImageOrientationPatient[:3], turn.ImageOrientationPatient[3:])
    place = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
    points = np.array(contour.ContourData, float).reshape(-1, 3)
    np.testing.assert_allclose((points - place) @ across, 0.0, atol=0.01)


def test_contours_that_overlap_leave_the_smaller_on_top() -> None:
    outer = tuple(_ball_contours(GRID.affine[:3, 2], 1.5, _middle_slice()))
    inner = tuple(_middle_slice() + (c - _middle_slice()) * 0.5 for c in outer[1:-1:2])
    regions = (
        Region(1, "heart", "", outer, ("",) * len(outer), 0),
        Region(2, "cavity", "", inner, ("",) * len(inner), 0),
    )
    mask = mask_of(StructureSet(regions, frozenset(), frozenset(), frozenset(), "m"), GRID, interpolate=True)
    assert 0 < np.count_nonzero(mask.data == 2) < np.count_nonzero(mask.data == 1)
    assert any("cavity lies over heart" in note for note in mask.notes)


@needs_data
def test_the_structure_sets_of_rt_utils() -> None:
    series = max(scan(CASES / "mock_data"), key=lambda one: one.slices)
    assert series.slices == 2
    volume = read(series)
    assert isinstance(volume, Volume)
    drawn = drawn_on(series)
    # drawn on five images, three of which are not there
    with pytest.raises(LoadError, match="5 images, but 3|6 images, but 4"):
        mask_of(read_rtstruct(CASES / "mock_data" / "invalid_reference_rt.dcm"), volume.grid, drawn)
    # names no series, but its frame and two of its three images are those that are open
    found = mask_of(read_rtstruct(CASES / "mock_data" / "non_existent_reference_rt.dcm"), volume.grid, drawn)
    assert list(found.names.values()) == ["ROI-1", "ROI-2", "ROI-3", "ROI-4"]
    assert any("4 contours were drawn on images that are not open" in note for note in found.notes)
    with pytest.raises(LoadError, match="frame of reference"):
        mask_of(read_rtstruct(CASES / "mock_data" / "rt.dcm"), volume.grid, drawn)
    # a square of 24 mm with an octagon within, of 15 x 15 mm less its corners, by the polygons' own areas
    (region,) = read_rtstruct(CASES / "mock_data" / "rt.dcm").regions
    alone = fill(region.contours, volume.grid)

    def area(ring: NDArray[np.float64]) -> float:
        x, y = ring[:, 0], ring[:, 1]
        return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))

    wanted = abs(area(region.contours[0]) - area(region.contours[1]))
    pixel = volume.grid.spacing_mm[0] * volume.grid.spacing_mm[1]
    assert np.count_nonzero(alone.region[0]) * pixel == pytest.approx(wanted, rel=0.04)


def test_what_is_no_structure_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"rubbish" * 10)
    with pytest.raises(LoadError):
        read_rtstruct(tmp_path / "x.dcm")
    assert not is_rtstruct(tmp_path / "x.dcm")
