"""Measures as a structured report: read back with their units, intervals, usual ranges, and what they refer to."""

from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest

from twinviewer import dicom
from twinviewer.dicom.write_sr import OWN_SCHEME, code_of
from twinviewer.domain import Grid, LabelMap, Patient, Quantity, Series, StoreError, StructureStyle, Volume

PATIENT = Patient("DEMO-01", "F", 62, 70.5, 165)


def rows() -> list[dicom.Reported]:
    edv = Quantity(120.5, "mL", "measured", "labels", 110.5, 130.5)
    usual = (50.0, 83.0, "97.5th percentile", "Fuchs A et al.; sex known")
    return [
        dicom.Reported("lv_edv_ml", "LV end-diastolic volume", "Volumes", edv),
        dicom.Reported("lv_edv_index_ml_m2", "LV end-diastolic volume index", "Volumes",
                       Quantity(98.0, "mL/m²", "measured", "labels", 90.0, 106.0), usual, "above"),
        dicom.Reported("lv_ef_percent", "LV ejection fraction", "Function", Quantity(55.0, "%", "measured", "labels")),
        dicom.Reported("aortic_annulus_area_mm2", "Aortic annulus, area", "Valves",
                       Quantity(412.25, "mm²", "measured", "labels", 380.0, 440.0)),
    ]  # fmt: skip


@pytest.fixture
def series(tmp_path: Path) -> tuple[Series, Volume]:
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    data = np.random.default_rng(3).integers(0, 400, (1, 8, 10, 12)).astype(np.int16)
    volume = Volume(data, Grid((8, 10, 12), affine), "CT", np.zeros(1), None, "x")
    names = {"study_description": "Cardiac CT", "series_description": "CorCTA", "synthetic": True}
    dicom.write_ct(tmp_path / "ct", volume, PATIENT, **names)  # type: ignore[arg-type]
    (found,) = dicom.scan(tmp_path / "ct")
    read = dicom.read(found)
    assert isinstance(read, Volume)
    return found, read


def measurements(report: hd.sr.Comprehensive3DSR) -> dict[str, hd.sr.Measurement]:
    content = report.content
    groups = content.get_image_measurement_groups() + content.get_volumetric_roi_measurement_groups()
    return {m.name.meaning: m for group in groups for m in group.get_measurements()}


def test_numbers_come_back(series: tuple[Series, Volume], tmp_path: Path) -> None:
    path = dicom.write_sr(tmp_path / "out" / "sr.dcm", rows(), series[0], "0.1.0")
    report = hd.sr.srread(path)
    assert isinstance(report, hd.sr.Comprehensive3DSR)
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    found = measurements(report)
    edv = found["Left Ventricular End Diastolic Volume"]
    assert edv.value == 120.5 and edv.unit == hd.sr.CodedConcept("mL", "UCUM", "mL")
    area = found["Aortic annulus, area"]
    assert area.value == 412.25 and area.unit.value == "mm2" and area.name.scheme_designator == OWN_SCHEME
    assert found["Left ventricular ejection fraction by CT"].name.value == "8810-4"
    groups = report.content.get_image_measurement_groups()
    assert [g.tracking_identifier for g in groups] == ["Volumes", "Function", "Valves"]


def test_interval_usual_range_and_verdict_come_back(series: tuple[Series, Volume], tmp_path: Path) -> None:
    path = dicom.write_sr(tmp_path / "sr.dcm", rows(), series[0], "0.1.0")
    text = _texts(pydicom.dcmread(path))
    assert ("Normality", "Abnormally High") in text
    assert ("Normal Range Upper Limit", 83.0) in text and ("Normal Range Lower Limit", 50.0) in text
    assert ("Normal Range Authority", "Fuchs A et al.; sex known") in text
    upper = [value for name, value in text if "range of upper measurement" in str(name)]
    assert upper == [10.0, 8.0, 27.75]


def _texts(data: pydicom.Dataset) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for item in data.get("ContentSequence", []):
        name = item.ConceptNameCodeSequence[0].CodeMeaning if "ConceptNameCodeSequence" in item else ""
        if item.ValueType == "NUM":
            found.append((name, float(item.MeasuredValueSequence[0].NumericValue)))
        elif item.ValueType == "CODE":
            found.append((name, item.ConceptCodeSequence[0].CodeMeaning))
        elif item.ValueType == "TEXT":
            found.append((name, item.TextValue))
        found += _texts(item)
    return found


def test_refers_to_the_images_and_the_segments(series: tuple[Series, Volume], tmp_path: Path) -> None:
    one, volume = series
    data = np.zeros((1, *volume.grid.shape), np.uint8)
    data[0, 2:6, 3:7, 3:7] = 2
    labels = LabelMap(data, volume.grid, {2: "lv_blood"}, volume.phase_percent, "made", volume.uid)
    seg = dicom.write_seg(tmp_path / "seg.dcm", labels, one, {"lv_blood": StructureStyle("LV", "#FF0000")})
    path = dicom.write_sr(tmp_path / "sr.dcm", rows(), one, "0.1.0", seg)
    report = hd.sr.srread(path)
    assert isinstance(report, hd.sr.Comprehensive3DSR)
    (group,) = report.content.get_volumetric_roi_measurement_groups()
    segment, _ = group.referenced_segment
    assert segment.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == pydicom.dcmread(seg).SOPInstanceUID
    assert {m.name.meaning for m in group.get_measurements()} == {"Left Ventricular End Diastolic Volume"}
    file = pydicom.dcmread(path)
    source = pydicom.dcmread(one.files[0])
    assert file.StudyInstanceUID == source.StudyInstanceUID and file.Modality == "SR"
    assert str(file.PatientID) == "DEMO-01"
    referred = {
        item.ReferencedSOPInstanceUID
        for study in (*file.CurrentRequestedProcedureEvidenceSequence, *file.get("PertinentOtherEvidenceSequence", []))
        for part in study.ReferencedSeriesSequence
        for item in part.ReferencedSOPSequence
    }
    assert referred >= {pydicom.dcmread(name).SOPInstanceUID for name in one.files}


def test_the_same_numbers_are_the_same_report(series: tuple[Series, Volume], tmp_path: Path) -> None:
    uids = [
        pydicom.dcmread(dicom.write_sr(tmp_path / f"{k}.dcm", found, series[0], "0.1.0")).SOPInstanceUID
        for k, found in enumerate((rows(), rows(), rows()[:2]))
    ]
    assert uids[0] == uids[1] != uids[2]


def test_nothing_to_say(series: tuple[Series, Volume], tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        dicom.write_sr(tmp_path / "sr.dcm", [], series[0], "0.1.0")
    assert code_of("lvot_area_mm2", "LVOT", "CT") == ("lvot_area_mm2", OWN_SCHEME, "LVOT")
