"""Contours of a cine study as structure sets: each on the image of its plane and phase, point for point."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from twinviewer.dicom import read, scan
from twinviewer.dicom.read_rtstruct import read_rtstruct
from twinviewer.dicom.write_cine_contours import cine_images, write_cine_contours
from twinviewer.domain import CineContour, CineContours, CineStack, LoadError, Patient
from twinviewer.session.mask_import import import_of_mask
from twinviewer.session.mask_read import read_masks


def test_every_contour_is_on_the_image_of_its_plane_and_phase(data_dir: Path, tmp_path: Path) -> None:
    """Eleven series of a real study, at many angles, in one file a phase."""
    series = next(one for one in scan(data_dir / "cine_cmr_bivme_patient1" / "dicom") if one.kind == "mr_cine")
    stack = read(series)
    assert isinstance(stack, CineStack)
    images = cine_images(series)
    assert [len(row) for row in images] == [len(plane.frames) for plane in stack.planes]
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    made = []
    for phase in (0, 7):
        for number, plane in enumerate(stack.planes):
            _, rows, columns = plane.frames.shape
            for structure, radius in (("lv_endocardium", 12.0 + phase), ("lv_epicardium", 20.0)):
                ij = np.stack([columns / 2 + radius * np.cos(turn), rows / 2 + radius * np.sin(turn)])
                flat = np.vstack([ij, np.zeros_like(turn), np.ones_like(turn)])
                made.append(CineContour(number, phase, structure, (plane.affine @ flat)[:3].T, 1.0))
    contours = CineContours(tuple(made), (), stack.uid, "test")
    first = write_cine_contours(tmp_path / "c.dcm", contours, series, {})
    assert first.name == "c_phase00.dcm" and len(list(tmp_path.iterdir())) == 2
    for phase in (0, 7):
        found = read_rtstruct(tmp_path / f"c_phase{phase:02d}.dcm")
        assert [region.name for region in found.regions] == ["lv_endocardium", "lv_epicardium"]
        assert len(found.series) == len({plane.header.series_uid for row in images for plane in row})
        by_uid = {plane.header.sop_uid: (number, t) for number, row in enumerate(images) for t, plane in enumerate(row)}
        for region in found.regions:
            assert len(region.contours) == len(stack.planes)
            for points, image in zip(region.contours, region.images, strict=True):
                number, t = by_uid[image]
                own = contours.at(number, phase, region.name)
                assert t == phase and own is not None
                np.testing.assert_allclose(points, own.points_mm, atol=1e-4)
        patient = pydicom.dcmread(tmp_path / f"c_phase{phase:02d}.dcm").PatientName
        assert str(patient) == series.patient.pseudonym


def test_without_contours_nothing_is_written(data_dir: Path, tmp_path: Path) -> None:
    series = next(one for one in scan(data_dir / "cine_cmr_bivme_patient1" / "dicom") if one.kind == "mr_cine")
    with pytest.raises(LoadError, match="no contours"):
        write_cine_contours(tmp_path / "c.dcm", CineContours((), (), "u", "test"), series, {})


def test_contours_come_back_onto_their_study(data_dir: Path, tmp_path: Path) -> None:
    """Written, scanned, found below the study, read and cut by its short axes: outlines within a pixel, by phase."""
    images = data_dir / "cine_cmr_bivme_patient1" / "dicom"
    series = next(one for one in scan(images) if one.kind == "mr_cine")
    stack = read(series)
    assert isinstance(stack, CineStack)
    turn = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    made = []
    for phase in (0, 9):
        for number, plane in enumerate(stack.planes):
            _, rows, columns = plane.frames.shape
            pixel = float(np.linalg.norm(plane.affine[:3, 0]))
            for structure, radius in (("lv_endocardium", 24.0 - phase), ("lv_epicardium", 34.0)):
                round_ = radius / pixel * np.stack([np.cos(turn), np.sin(turn)])
                flat = np.vstack([round_ + [[columns / 2], [rows / 2]], 0 * turn, 0 * turn + 1])
                made.append(CineContour(number, phase, structure, (plane.affine @ flat)[:3].T, 1.0))
    first = write_cine_contours(tmp_path / "c.dcm", CineContours(tuple(made), (), stack.uid, "test"), series, {})
    files = sorted(first.parent.glob("*.dcm"))
    mask = read_masks(files, stack, series)
    assert mask.phases == stack.phases and [t for t in range(mask.phases) if mask.data[t].any()] == [0, 9]
    assert any("no short-axis slice" in note for note in mask.notes)  # the long axes
    found = import_of_mask("heart", mask, stack, Patient("p"))[0]
    assert isinstance(found, tuple)
    contours = found[0]
    assert {c.phase for c in contours.contours} == {0, 9} and any("covers 2 of" in note for note in contours.notes)
    for one in contours.contours:
        wanted = next(c for c in made if (c.plane, c.phase, c.structure) == (one.plane, one.phase, one.structure))
        away = np.linalg.norm(one.points_mm[:, None] - wanted.points_mm[None], axis=2).min(axis=1)
        assert away.max() < 2.5 and one.area_mm2 == pytest.approx(wanted.area_mm2, rel=0.03)
    assert len(contours.contours) == 2 * 2 * len(contours.short_axis)


def test_contours_without_a_phase_are_one_phase_and_others_are_refused(data_dir: Path, tmp_path: Path) -> None:
    series = next(one for one in scan(data_dir / "cine_cmr_bivme_patient1" / "dicom") if one.kind == "mr_cine")
    stack = read(series)
    assert isinstance(stack, CineStack)
    turn = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    made = []
    for number, plane in enumerate(stack.planes):
        flat = np.vstack([90 + 15 * np.cos(turn), 90 + 15 * np.sin(turn), 0 * turn, 0 * turn + 1])
        made.append(CineContour(number, 3, "lv_endocardium", (plane.affine @ flat)[:3].T, 1.0))
    path = write_cine_contours(tmp_path / "c.dcm", CineContours(tuple(made), (), stack.uid, "test"), series, {})
    assert read_masks(path, stack, None).phases == 1
    data = pydicom.dcmread(path)
    for item in [data.ReferencedFrameOfReferenceSequence[0]]:
        item.FrameOfReferenceUID = generate_uid()
    for roi in data.StructureSetROISequence:
        roi.ReferencedFrameOfReferenceUID = data.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID
    data.save_as(path)
    with pytest.raises(LoadError, match="another frame of reference"):
        read_masks(path, stack, series)
