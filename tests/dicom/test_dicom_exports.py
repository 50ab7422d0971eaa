"""Segmentations and secondary captures: read back by other libraries, and never with a patient's name in them."""

from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest

from twinviewer import dicom
from twinviewer.domain import Grid, LabelMap, LoadError, Patient, Series, StructureStyle, Volume

STYLES = {"lv_blood": StructureStyle("LV blood", "#CC2222")}
CANARY = "Zzcanary"


@pytest.fixture(params=[1, 3])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Series, Volume, LabelMap]:
    phases: int = request.param
    affine = np.diag([0.8, 0.9, 1.25, 1.0])
    affine[:3, 3] = -100.5, 20.25, 7.5
    grid = Grid((12, 20, 16), affine)
    rng = np.random.default_rng(5)
    data = rng.integers(-100, 500, (phases, *grid.shape)).astype(np.int16)
    volume = Volume(data, grid, "CT", np.arange(phases) * 30.0, 0.9, "x")
    names = {"study_description": "S", "series_description": "CTA"}
    dicom.write_ct(tmp_path / "ct", volume, Patient("DEMO-02"), synthetic=False, **names)
    (series,) = dicom.scan(tmp_path / "ct")
    found = dicom.read(series)
    assert isinstance(found, Volume)
    labels = rng.choice([0, 0, 1, 2, 7], size=data.shape).astype(np.uint8)
    labels[:, :3] = 0  # empty frames, which a SEG leaves out
    made = {1: "lv_myocardium", 2: "lv_blood", 7: "pulmonary_artery", 9: "never_there"}
    return series, found, LabelMap(labels, found.grid, made, found.phase_percent, "threshold 1", found.uid)


def test_segmentation_reads_back_equal(study: tuple[Series, Volume, LabelMap], tmp_path: Path) -> None:
    series, _, labels = study
    first = dicom.write_seg(tmp_path / "out" / "seg.dcm", labels, series, STYLES)
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == labels.phases and files[0] == first
    values = np.array([0, *sorted(labels.names)])
    for t, file in enumerate(files):
        seg = highdicom.seg.segread(file)
        assert seg.SegmentationType == "BINARY" and seg.number_of_segments == 4
        assert [s.tracking_id for s in seg.SegmentSequence] == [labels.names[v] for v in values[1:]]
        assert seg.SegmentSequence[1].SegmentLabel == "LV blood"
        sources = [pydicom.dcmread(f) for f in series.files]
        sources = [s for s in sources if s.get("TemporalPositionIdentifier", 1) == t + 1]
        sources.sort(key=lambda s: s.ImagePositionPatient[2])
        pixels = seg.get_pixels_by_source_instance(
            [s.SOPInstanceUID for s in sources], combine_segments=True, assert_missing_frames_are_empty=True
        )
        assert np.array_equal(values[pixels], labels.data[t])
        assert seg.StudyInstanceUID == series.study_uid and seg.PatientID == "DEMO-02"


def test_segmentation_of_another_grid_is_refused(study: tuple[Series, Volume, LabelMap], tmp_path: Path) -> None:
    series, volume, labels = study
    moved = Grid(volume.grid.shape, volume.grid.affine + np.diag([0.1, 0, 0, 0]))
    other = LabelMap(labels.data, moved, labels.names, labels.phase_percent, "x 1", "x")
    with pytest.raises(LoadError, match="grid"):
        dicom.write_seg(tmp_path / "seg.dcm", other, series, STYLES)


def test_no_name_leaves_with_a_segmentation(study: tuple[Series, Volume, LabelMap], tmp_path: Path) -> None:
    """A canary in every text of the patient, visit, physician, institution and private groups."""
    series, _, labels = study
    for path in series.files:
        data = pydicom.dcmread(path)
        for element in list(data.group_dataset(0x0010)):
            if element.VR in ("PN", "LO", "SH", "LT"):
                element.value = CANARY
        names = "PatientName PatientID OtherPatientNames PatientAddress PatientBirthName PatientComments AdmissionID "
        names += "ReferringPhysicianName PhysiciansOfRecord RequestingPhysician OperatorsName InstitutionName "
        names += "InstitutionAddress StationName AccessionNumber StudyID StudyDescription"
        for name in names.split():
            setattr(data, name, CANARY)
        data.PatientIdentityRemoved = "NO"
        data.add_new(0x00091001, "LO", CANARY)
        data.save_as(path)
    (real,) = dicom.scan(Path(series.files[0]).parents[0 if labels.phases == 1 else 1])
    assert real.patient.pseudonym.startswith("P-") and CANARY not in repr(real)
    dicom.write_seg(tmp_path / "out" / "seg.dcm", labels, real, STYLES)
    dicom.write_secondary_capture(tmp_path / "out" / "sc.dcm", np.zeros((4, 4, 3), np.uint8), real, real.patient, "3D")
    for path in (tmp_path / "out").iterdir():
        assert CANARY.encode() not in path.read_bytes()


@pytest.mark.parametrize("shape", [(30, 41, 3), (3, 3, 3)])
def test_secondary_capture_reads_back_equal(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    path = dicom.write_secondary_capture(tmp_path / "a" / "sc.dcm", rgb, None, Patient("P-1234ab"), "Baseline and CRT")
    data = pydicom.dcmread(path)
    assert np.array_equal(data.pixel_array, rgb)
    assert data.PatientID == "P-1234ab" and data.BurnedInAnnotation == "YES" and data.Modality == "OT"
    (series,) = dicom.scan(tmp_path)
    assert series.kind == "planar" and series.description == "Baseline and CRT"
    with pytest.raises(LoadError, match="Colour"):
        dicom.read(series)


def test_secondary_capture_takes_rgb_only(tmp_path: Path) -> None:
    for bad in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(LoadError):
            dicom.write_secondary_capture(tmp_path / "sc.dcm", bad, None, Patient("P"), "x")
