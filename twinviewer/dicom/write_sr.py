"""Measures as a DICOM structured report: template TID 1500 (Measurement Report), written by highdicom.

One measurement group a heading (TID 1501), referring to an image of the series; where a DICOM SEG of the same
structures is given, volumes and masses stand in groups that refer to its segments (TID 1411). Every number carries
its unit in UCUM, its 90 % interval as upper and lower uncertainty, the usual range with its authority where one is
known, and the program as its algorithm. Names are LOINC or SNOMED CT codes where these say the very same thing, else
codes of our own (scheme 99TWINVIEWER: the names of docs/metrics.md). Source: DICOM PS3.16.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.dataset import Dataset

from twinviewer.dicom.write_ct import patient_tags, uid_from
from twinviewer.dicom.write_seg import forget_people
from twinviewer.domain import LoadError, Quantity, Reporter, Series, StoreError, silent

if TYPE_CHECKING:
    from highdicom.sr import Measurement

OWN_SCHEME = "99TWINVIEWER"
_MODALITY_CODES = {
    "lv_ef_percent": {"CT": ("8810-4", "Left ventricular ejection fraction by CT"),
                      "MR": ("8811-2", "Left ventricular ejection fraction by MR")},
    "rv_ef_percent": {"CT": ("8817-9", "Right ventricular ejection fraction by CT"),
                      "MR": ("8818-7", "Right ventricular ejection fraction by MR")},
}  # fmt: skip
_CODES = {
    "lv_edv_ml": ("18026-5", "LN", "Left Ventricular End Diastolic Volume"),
    "lv_esv_ml": ("18148-7", "LN", "Left Ventricular End Systolic Volume"),
    "rv_stroke_volume_ml": ("429483009", "SCT", "RV Stroke Volume"),
    "lv_stroke_volume_ml": ("90096001", "SCT", "Stroke Volume"),
    "cardiac_output_l_min": ("82799009", "SCT", "Cardiac Output"),
    "calcium_agatston": ("450360000", "SCT", "Coronary artery calcium score"),
}
_UCUM = {
    "mL": "mL", "mL/m²": "mL/m2", "%": "%", "g": "g", "g/m²": "g/m2", "g/mL": "g/mL", "mm": "mm", "mm²": "mm2",
    "cm²": "cm2", "mm³": "mm3", "mg": "mg", "m²": "m2", "bpm": "/min", "L/min": "L/min", "L/min/m²": "L/min/m2",
    "mL/s": "mL/s", "ms": "ms", "1": "1", "": "1",
}  # fmt: skip
_SEGMENT_OF = {
    "lv": {"ml": "lv_blood", "g": "lv_myocardium"},
    "rv": {"ml": "rv_blood", "g": "rv_myocardium"},
    "la": {"ml": "la_blood"},
    "ra": {"ml": "ra_blood"},
}
"""Side and unit of a measure -> the structure that it was counted on."""
# type 2 attributes that an SR takes over from its source and that sources often lack
_MUST_EXIST = ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName", "PatientSex",
               "PatientBirthDate", "SeriesNumber")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reported:
    """One number of the report. label: for people; group: its heading. usual: (low, high, what the limits are, source),
    None where there is no range; verdict: "above", "below", "within" or ""."""

    name: str
    label: str
    group: str
    quantity: Quantity
    usual: tuple[float | None, float | None, str, str] | None = None
    verdict: str = ""


def write_sr(
    path: Path,
    rows: Sequence[Reported],
    series: Series,
    version: str,
    segmentation: Path | None = None,
    report: Reporter = silent,
) -> Path:
    """Write the report (a Comprehensive 3D SR) and return its path.

    segmentation: a DICOM SEG of the structures, of the same study. The patient appears by pseudonym only. Raises
    StoreError where there is nothing to report, LoadError where the series' files cannot be read.
    """
    if not rows:
        raise StoreError("There are no measures to write", remedy="Build the model first")
    from highdicom.sr import Comprehensive3DSR

    report(0.1, "Reading the source images' headers")
    sources = _headers(series)
    seg = None
    if segmentation is not None:
        seg = pydicom.dcmread(segmentation)
    report(0.5, "Writing the structured report")
    # what a report is named after is what it says: the same numbers of the same series are the same report
    said = tuple(f"{row.name}={row.quantity.value!r}" for row in rows)
    uid = uid_from(series.uid, *said, version)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = _content(rows, sources, seg, version, uid)
        written = Comprehensive3DSR(
            evidence=[*sources, *([seg] if seg is not None else [])],
            content=content,
            series_instance_uid=uid_from(uid, "series"),
            series_number=900,
            sop_instance_uid=uid,
            instance_number=1,
            manufacturer="Twinviewer",
            is_complete=True,
            is_final=False,
            is_verified=False,
            series_description="Measures, research only",
        )
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        written.save_as(path, enforce_file_format=True)
    return path


def _headers(series: Series) -> list[Dataset]:
    found: list[Dataset] = []
    for file in series.files:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                data: Dataset = pydicom.dcmread(file, stop_before_pixels=True)
            except (OSError, ValueError, pydicom.errors.InvalidDicomError) as error:
                raise LoadError("An image of the series cannot be read", remedy="Find its folder again") from error
        if data.get("SeriesInstanceUID") != series.uid and found:
            continue
        forget_people(data)
        patient_tags(data, series.patient, series.synthetic)
        for name in _MUST_EXIST:
            if name not in data:
                setattr(data, name, None if name == "SeriesNumber" else "")
        found.append(data)
    if not found:
        raise LoadError("The series has no files to refer to", remedy="Find its folder again")
    return found


def _content(rows: Sequence[Reported], sources: Sequence[Dataset], seg: Dataset | None, version: str, uid: str) -> Any:
    from highdicom.sr import (
        AlgorithmIdentification,
        CodedConcept,
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        MeasurementsAndQualitativeEvaluations,
        ObservationContext,
        ObserverContext,
        ReferencedSegment,
        SourceImageForMeasurementGroup,
        SourceSeriesForSegmentation,
        TrackingIdentifier,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )
    from pydicom.sr.codedict import codes

    modality = str(sources[0].get("Modality", ""))
    algorithm = AlgorithmIdentification(name="Twinviewer", version=version)
    image = SourceImageForMeasurementGroup.from_source_image(sources[len(sources) // 2])
    segments = {} if seg is None else {str(s.TrackingID): int(s.SegmentNumber) for s in seg.SegmentSequence}
    by_group: dict[tuple[str, str], list[Measurement]] = {}
    for row in rows:
        structure = _structure(row.name)
        key = (row.group, structure if structure in segments else "")
        by_group.setdefault(key, []).append(_measurement(row, modality, algorithm))
    groups: list[Any] = []
    for (heading, structure), measurements in by_group.items():
        title = f"{heading}: {structure}" if structure else heading
        tracking = TrackingIdentifier(uid=uid_from(uid, title), identifier=title)
        if structure and seg is not None:
            groups.append(
                VolumetricROIMeasurementsAndQualitativeEvaluations(
                    tracking_identifier=tracking,
                    referenced_segment=ReferencedSegment(
                        seg.SOPClassUID,
                        seg.SOPInstanceUID,
                        segments[structure],
                        source_series=SourceSeriesForSegmentation(sources[0].SeriesInstanceUID),
                    ),
                    algorithm_id=algorithm,
                    measurements=measurements,
                )
            )
        else:
            groups.append(
                MeasurementsAndQualitativeEvaluations(
                    tracking_identifier=tracking,
                    algorithm_id=algorithm,
                    finding_type=CodedConcept("80891009", "SCT", "Heart"),
                    measurements=measurements,
                    source_images=[image],
                )
            )
    device = DeviceObserverIdentifyingAttributes(
        uid=uid_from("device", version), name="Twinviewer", manufacturer_name="Twinviewer", model_name=version
    )
    observer = ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)
    procedure = (
        CodedConcept("241620005", "SCT", "Magnetic resonance imaging of heart")
        if modality == "MR"
        else CodedConcept("241547009", "SCT", "Computed tomography of heart")
    )
    return MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=procedure,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )


def _structure(name: str) -> str:
    words = name.split("_")
    return _SEGMENT_OF.get(words[0], {}).get(words[-1], "")


def code_of(name: str, label: str, modality: str) -> tuple[str, str, str]:
    """Code value, scheme and meaning of a measure."""
    found = _MODALITY_CODES.get(name, {}).get(modality)
    if found is not None:
        return found[0], "LN", found[1]
    return _CODES.get(name, (name, OWN_SCHEME, label[:64]))


def _measurement(row: Reported, modality: str, algorithm: Any) -> "Measurement":
    from highdicom.sr import CodedConcept, Measurement, MeasurementProperties, NormalRangeProperties, NumContentItem
    from pydicom.sr.codedict import codes

    found = row.quantity
    code = _UCUM.get(found.unit, "1")
    unit = CodedConcept(code, "UCUM", "no units" if code == "1" else code)
    usual, normality = None, None
    if row.usual is not None:
        low, high, basis, authority = row.usual
        limits = [
            NumContentItem(name=name, value=_short(value), unit=unit, relationship_type="HAS PROPERTIES")
            for name, value in ((codes.SCT.NormalRangeLowerLimit, low), (codes.SCT.NormalRangeUpperLimit, high))
            if value is not None
        ]
        usual = NormalRangeProperties(values=limits, description=basis, authority=authority)
        normality = _NORMALITY.get(row.verdict)
    properties = MeasurementProperties(
        normality=None if normality is None else CodedConcept(*normality),
        normal_range_properties=usual,
        upper_measurement_uncertainty=None if found.high is None else _short(found.high - found.value),
        lower_measurement_uncertainty=None if found.low is None else _short(found.value - found.low),
    )
    value, scheme, meaning = code_of(row.name, row.label, modality)
    return Measurement(
        name=CodedConcept(value, scheme, meaning),
        value=_short(found.value),
        unit=unit,
        algorithm_id=algorithm,
        properties=properties,
    )


_NORMALITY: Mapping[str, tuple[str, str, str]] = {
    "within": ("17621005", "SCT", "Normal"),
    "above": ("371879000", "SCT", "Abnormally High"),
    "below": ("371880002", "SCT", "Abnormally Low"),
}
"""DICOM context group 222."""


def _short(value: float) -> float:
    """Six digits: a decimal string holds 16 characters."""
    return float(f"{value:.6g}")
