"""A mask made elsewhere becomes what it was made of, lies where it lay, and is refused with words where it does not."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from twinviewer.dicom import read, scan, write_seg
from twinviewer.domain import (
    CinePlane,
    CineStack,
    Grid,
    LabelMap,
    LoadError,
    Patient,
    SegmentationError,
    Volume,
)
from twinviewer.geometry import write_nifti
from twinviewer.organs.heart.imported import STRUCTURES, contours_of_mask, covered
from twinviewer.session import catalog, mask_import, mask_read
from twinviewer.session.case import Case
from twinviewer.session.mask_labels import parse_meaning


def _turned() -> NDArray[np.float64]:
    """A grid as scanners tilt it: unequal spacing, turned about two axes, far from the origin."""
    a, b = 0.4, -0.7
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array([0.7, 0.8, 1.5])
    affine[:3, 3] = [-120.0, 33.0, -410.0]
    return affine


def _volume(phases: int = 2) -> Volume:
    grid = Grid((20, 30, 40), _turned())
    data = np.zeros((phases, *grid.shape), np.int16)
    percent = np.arange(phases) * 100.0 / phases
    return Volume(data, grid, "CT", percent, None, "image-uid")


def _labels(volume: Volume) -> LabelMap:
    rng = np.random.default_rng(3)
    data = rng.integers(0, 9, (volume.phases, *volume.grid.shape)).astype(np.uint8)
    return LabelMap(data, volume.grid, dict(STRUCTURES), volume.phase_percent, "test", volume.uid)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii"])
def test_exported_labels_come_back_to_the_voxel(tmp_path: Path, suffix: str) -> None:
    volume = _volume()
    labels = _labels(volume)
    path = tmp_path / f"labels{suffix}"
    write_nifti(path, labels)
    back = mask_import.compute_mask("heart", str(path), volume, Patient("p"))
    assert isinstance(back, LabelMap)
    np.testing.assert_array_equal(back.data, labels.data)
    assert dict(back.names) == dict(labels.names)
    np.testing.assert_allclose(back.grid.affine, labels.grid.affine, atol=1e-3)
    np.testing.assert_allclose(back.phase_percent, labels.phase_percent)
    assert back.made_by.startswith("imported mask") and "imported" in back.notes[0]


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_a_mask_on_another_grid_keeps_its_place_and_volume(tmp_path: Path, suffix: str) -> None:
    volume = _volume(1)
    fine = Grid((40, 60, 80), volume.grid.affine @ np.diag([0.5, 0.5, 0.5, 1.0]))
    middle = volume.grid.centre_mm
    k, j, i = np.indices(fine.shape)
    away = fine.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3)) - middle
    ball = (np.linalg.norm(away, axis=1) < 9.0).reshape(fine.shape).astype(np.uint8)
    image = sitk.GetImageFromArray(ball * 2)
    image.SetSpacing(fine.spacing_mm)
    image.SetOrigin(fine.affine[:3, 3].tolist())
    image.SetDirection((fine.affine[:3, :3] / np.array(fine.spacing_mm)).ravel().tolist())
    path = tmp_path / f"ball{suffix}"
    sitk.WriteImage(image, str(path))
    found = mask_import.compute_mask("heart", str(path), volume, Patient("p"))
    assert isinstance(found, LabelMap)
    assert found.volume_ml("lv_blood") == pytest.approx(4 / 3 * np.pi * 0.9**3, rel=0.03)
    at = np.argwhere(found.data[0])[:, ::-1].mean(axis=0)
    np.testing.assert_allclose(volume.grid.to_mm(at[None])[0], middle, atol=0.3)
    assert any("another grid" in note for note in found.notes)


def test_a_mask_of_another_place_is_refused_and_a_flip_is_named(tmp_path: Path) -> None:
    volume, path = _volume(1), tmp_path / "away.nii.gz"
    labels = _labels(volume)
    moved = Grid(volume.grid.shape, volume.grid.affine.copy())
    moved.affine[:3, 3] += [200.0, 0.0, 0.0]
    write_nifti(path, LabelMap(labels.data, moved, labels.names, labels.phase_percent, "", ""))
    with pytest.raises(LoadError, match="200 mm"):
        mask_import.compute_mask("heart", str(path), volume, Patient("p"))
    flipped = Grid(volume.grid.shape, np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.grid.affine)
    write_nifti(path, LabelMap(labels.data, flipped, labels.names, labels.phase_percent, "", ""))
    with pytest.raises(LoadError, match="exchanged it would fit"):
        mask_import.compute_mask("heart", str(path), volume, Patient("p"))


def test_what_is_no_mask_is_refused(tmp_path: Path) -> None:
    volume = _volume(1)
    rng = np.random.default_rng(0)
    for name, array, said in (
        ("image.nii.gz", rng.integers(0, 2000, (20, 30, 40)).astype(np.int16), "too many numbers"),
        ("share.nii.gz", rng.random((20, 30, 40)).astype(np.float32), "fractions"),
        ("empty.nii.gz", np.zeros((20, 30, 40), np.uint8), "empty"),
    ):
        sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / name))
        with pytest.raises(LoadError, match=said):
            mask_import.compute_mask("heart", str(tmp_path / name), volume, Patient("p"))
    (tmp_path / "text.nii.gz").write_text("no mask")
    with pytest.raises(LoadError, match="no NIfTI"):
        mask_import.compute_mask("heart", str(tmp_path / "text.nii.gz"), volume, Patient("p"))
    with pytest.raises(LoadError, match="no such"):
        mask_import.compute_mask("heart", str(tmp_path / "none.nii.gz"), volume, Patient("p"))


def test_numbers_are_named_by_the_user_by_the_file_or_by_custom(tmp_path: Path) -> None:
    volume, path = _volume(1), tmp_path / "named.nrrd"
    data = np.zeros(volume.grid.shape, np.uint8)
    data[5:10], data[10:14], data[14:16] = 11, 12, 13
    image = sitk.GetImageFromArray(data)
    image.SetSpacing(volume.grid.spacing_mm)
    image.SetOrigin(volume.grid.affine[:3, 3].tolist())
    image.SetDirection((volume.grid.affine[:3, :3] / np.array(volume.grid.spacing_mm)).ravel().tolist())
    for number, (value, name) in enumerate(((11, "Left ventricle"), (12, "Myocardium"), (13, "Tumour"))):
        image.SetMetaData(f"Segment{number}_Name", name)
        image.SetMetaData(f"Segment{number}_LabelValue", str(value))
    sitk.WriteImage(image, str(path))
    rows, why, mask_phases, phases = mask_import.compute_mask_table("heart", str(path), volume)
    assert [row[3] for row in rows] == ["lv_blood", "lv_myocardium", ""] and "names" in why
    assert rows[0][2] == pytest.approx(5 * 30 * 40 * volume.grid.voxel_ml) and (mask_phases, phases) == (1, 1)
    meaning = parse_meaning("11=rv_blood, 12=lv_myocardium")
    found = mask_import.compute_mask("heart", str(path), volume, Patient("p"), meaning)
    assert isinstance(found, LabelMap) and set(found.names.values()) == {"rv_blood", "lv_myocardium"}
    for text, error in (("11=liver", "no structure"), ("9=lv_blood", "Its numbers are 11, 12, 13")):
        with pytest.raises(SegmentationError, match=error):
            mask_import.compute_mask("heart", str(path), volume, Patient("p"), parse_meaning(text))
    for text in ("11", "x=lv_blood", "3=", "=a"):
        with pytest.raises(ValueError):
            parse_meaning(text)


def test_a_mask_of_one_phase_says_which(tmp_path: Path) -> None:
    volume, path = _volume(4), tmp_path / "one.nii.gz"
    labels = _labels(_volume(1))
    write_nifti(path, labels)
    found = mask_import.compute_mask("heart", str(path), volume, Patient("p"))
    assert isinstance(found, LabelMap) and found.phase_percent.tolist() == [0.0]
    found = mask_import.compute_mask("heart", str(path), volume, Patient("p"), None, 2)
    assert isinstance(found, LabelMap) and found.phase_percent.tolist() == [50.0]
    with pytest.raises(SegmentationError, match="no phase 9"):
        mask_import.compute_mask("heart", str(path), volume, Patient("p"), None, 8)


def test_a_refused_volume_goes_on_with_a_mask(tmp_path: Path) -> None:
    volume, path = _volume(1), tmp_path / "labels.nii.gz"
    write_nifti(path, _labels(volume))
    case = Case().changed("Open", image=volume).with_message("Segment", "This is an MR volume")
    case = mask_import.import_mask(case, path)
    assert case.organ == "heart" and case.labels is not None and not case.messages
    assert case.action == "Import mask"


def rings(stack: CineStack, outlines: list[tuple[int, int, str, NDArray[np.float64]]]) -> LabelMap:
    """Closed outlines (plane, phase, structure, LPS points) as labels in the stack's own pixels, numbered as ACDC."""
    planes = sorted({plane for plane, *_ in outlines})
    depth = [stack.planes[p].affine[:3, 3] @ stack.planes[planes[0]].normal for p in planes]
    planes = [planes[i] for i in np.argsort(depth)]
    first, last = (stack.planes[planes[i]].affine for i in (0, -1))
    affine = first.copy()
    affine[:3, 2] = (last[:3, 3] - first[:3, 3]) / (len(planes) - 1)
    _, rows, columns = stack.planes[planes[0]].frames.shape
    times = max((p.trigger_s for p in stack.planes), key=len)
    data = np.zeros((stack.phases, len(planes), rows, columns), np.uint8)
    for value, name in ((2, "lv_epicardium"), (3, "lv_endocardium"), (1, "rv_endocardium")):
        for plane, phase, structure, points in outlines:
            if structure == name:
                own = stack.planes[plane].affine.copy()
                own[:3, 2] = stack.planes[plane].normal
                ij = (np.linalg.inv(own) @ np.column_stack([points, np.ones(len(points))]).T)[:2].T
                own = stack.planes[plane].trigger_s
                # a plane may lack a phase
                t = phase if len(own) == len(times) else int(np.argmin(np.abs(times - own[phase])))
                data[t, planes.index(plane)][polygon2mask((rows, columns), ij[:, ::-1])] = value
    names = {1: "rv_blood", 2: "lv_myocardium", 3: "lv_blood"}
    percent = np.arange(stack.phases) * 100.0 / stack.phases
    return LabelMap(data, Grid((len(planes), rows, columns), affine), names, percent, "", "")


def distance_mm(points: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) from points to a closed polygon."""
    dense = np.concatenate([line + share * (np.roll(line, -1, axis=0) - line) for share in np.linspace(0, 1, 12)])
    return np.asarray(np.linalg.norm(points[:, None] - dense[None], axis=2).min(axis=1))


def _cine(phases: int = 4) -> tuple[CineStack, list[tuple[int, int, str, NDArray[np.float64]]]]:
    """Six short-axis slices of a thick ring that contracts, with the outlines it was drawn from."""
    pixel, planes, outlines = 1.4, [], []
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    for k in range(6):
        affine = _turned()
        affine[:3, :3] = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0) * pixel
        normal = affine[:3, 2] / pixel
        affine[:3, 3] += 9.0 * k * normal
        frames = np.random.default_rng(k).integers(0, 200, (phases, 96, 96)).astype(np.int16)
        planes.append(CinePlane(frames, affine, np.arange(phases) * 0.2, 0.2 * phases, f"SAX{k}", 8.0))
        for t in range(phases):
            inner = 24.0 - 2.0 * k - 6.0 * (t == 1)
            for name, radius, shift in (
                ("lv_endocardium", inner, 0.0),
                ("lv_epicardium", inner + 9.0, 0.0),
                ("rv_endocardium", 14.0, 48.0),
            ):
                i = 48.0 + (radius * np.cos(angle) - shift) / pixel
                j = 48.0 + radius * np.sin(angle) / pixel
                points = np.stack([i, j, 0 * i, 0 * i + 1], axis=1) @ affine.T
                outlines.append((k, t, name, points[:, :3]))
    return CineStack(tuple(planes), "MR", "stack-uid"), outlines


def test_contours_made_a_mask_come_back_within_a_pixel(tmp_path: Path) -> None:
    stack, outlines = _cine()
    path = tmp_path / "mask.nii.gz"
    write_nifti(path, rings(stack, outlines))
    found = mask_import.compute_mask("heart", str(path), stack, Patient("p"))
    assert isinstance(found, tuple)
    contours, measured = found
    assert len(contours.contours) == len(outlines) and contours.image_uid == "stack-uid"
    for plane, phase, name, points in outlines:
        mine = contours.at(plane, phase, name)
        assert mine is not None
        away = distance_mm(points, mine.points_mm)
        assert away.max() < 1.4 and away.mean() < 0.5
    area = {s: sum(c.area_mm2 for c in contours.contours if c.structure == s) for s in ("lv_endocardium",)}
    drawn = sum(np.pi * (24.0 - 2.0 * k - 6.0 * (t == 1)) ** 2 for k in range(6) for t in range(4))
    assert area["lv_endocardium"] == pytest.approx(drawn, rel=0.02)
    assert measured["lv_ef_percent"].value > 30


def test_a_mask_of_two_phases_leaves_a_study_of_two_phases(tmp_path: Path) -> None:
    stack, outlines = _cine()
    path = tmp_path / "mask.nii.gz"
    write_nifti(path, rings(stack, [one for one in outlines if one[1] < 2]))
    mask = mask_read.read_any(path)
    contours = contours_of_mask(mask, {1: "rv_blood", 2: "lv_myocardium", 3: "lv_blood"}, stack)
    assert any("covers 2 of 4 phases" in note for note in contours.notes)
    fewer, part = covered(contours, stack)
    assert [len(plane.frames) for plane in part.planes] == [2] * 6
    assert {c.phase for c in fewer.contours} == {0, 1}
    np.testing.assert_allclose(part.planes[0].trigger_s, [0.0, 0.2])
    with pytest.raises(SegmentationError, match="lv_myocardium"):
        contours_of_mask(mask, {3: "lv_blood"}, stack)


def _expert(folder: Path, stack: CineStack) -> list[tuple[int, int, str, NDArray[np.float64]]]:
    """Sunnybrook's polygons, matched through the DICOM files: plane, phase, structure, (n, 3) LPS mm."""
    out = []
    for path in sorted((folder / "contours").glob("*.txt")):
        header = pydicom.dcmread(folder / "dicom" / f"IM-0009-{path.name.split('-')[2]}.dcm", stop_before_pixels=True)
        place = np.array(header.ImagePositionPatient, dtype=float)
        plane = next(i for i, p in enumerate(stack.planes) if np.allclose(p.affine[:3, 3], place, atol=0.1))
        phase = int(np.argmin(np.abs(stack.planes[plane].trigger_s * 1000 - float(header.TriggerTime))))
        name = "lv_epicardium" if "ocontour" in path.name else "lv_endocardium"
        affine = stack.planes[plane].affine
        out.append((plane, phase, name, np.loadtxt(path) @ affine[:3, :2].T + affine[:3, 3]))
    return out


def test_the_experts_contours_of_a_real_study_come_back_from_a_mask(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "sunnybrook_scd0003701_edes"
    stack = read(scan(folder / "dicom")[0])
    assert isinstance(stack, CineStack)
    drawn = [one for one in _expert(folder, stack) if one[2] == "lv_endocardium"]
    # the expert drew one outer border only: a wall of a third of the radius stands in for the others
    wall = [(a, b, "lv_epicardium", p + 0.33 * (p - p.mean(axis=0))) for a, b, _, p in drawn]
    path = tmp_path / "mask.nii.gz"
    write_nifti(path, rings(stack, drawn + wall))
    found = mask_import.compute_mask("heart", str(path), stack, Patient("p"))
    assert isinstance(found, tuple)
    pixel = float(np.linalg.norm(stack.planes[0].affine[:3, 0]))
    seen = 0
    for plane, phase, name, points in drawn:
        mine = found[0].at(plane, phase, name)
        assert mine is not None
        seen += 1
        assert distance_mm(points, mine.points_mm).max() < pixel
        assert distance_mm(points, mine.points_mm).mean() < 0.5 * pixel
    assert seen == 9


def test_a_dicom_segmentation_of_a_real_ct_comes_back_to_the_voxel(data_dir: Path, tmp_path: Path) -> None:
    series = scan(data_dir / "cta_heart_totalseg" / "dicom_wrapped_heart_crop")[0]
    volume = read(series)
    assert isinstance(volume, Volume)
    data = np.zeros(volume.data.shape, np.uint8)
    data[0][volume.data[0] > 150] = 2
    data[0][(volume.data[0] > 60) & (volume.data[0] <= 150)] = 1
    names = {1: "lv_myocardium", 2: "lv_blood"}
    labels = LabelMap(data, volume.grid, names, volume.phase_percent, "threshold", volume.uid)
    path = write_seg(tmp_path / "labels.dcm", labels, series, catalog.organ("heart").styles)
    back = mask_import.compute_mask("heart", str(path), volume, Patient("p"))
    assert isinstance(back, LabelMap)
    np.testing.assert_array_equal(back.data, data)
    assert dict(back.names) == names
    with pytest.raises(LoadError, match="not a DICOM segmentation"):
        mask_import.compute_mask("heart", series.files[0], volume, Patient("p"))


def test_a_mask_machine_made_elsewhere_lies_on_its_ct(data_dir: Path) -> None:
    """TotalSegmentator's pulmonary artery of the same patient, on a larger grid: its blood is opacified."""
    folder = data_dir / "cta_heart_totalseg"
    volume = read(scan(folder / "dicom_wrapped_heart_crop")[0])
    assert isinstance(volume, Volume)
    path = folder / "heart_crop_nifti" / "pulmonary_artery.nii.gz"
    found = mask_import.compute_mask("heart", str(path), volume, Patient("p"), {1: "pulmonary_artery"})
    assert isinstance(found, LabelMap)
    inside = volume.data[0][found.mask("pulmonary_artery")]
    assert 10.0 < found.volume_ml("pulmonary_artery") < 200.0
    assert float(np.median(inside)) > 150.0
