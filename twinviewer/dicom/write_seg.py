"""A label map as DICOM Segmentation: binary, one segment a structure, every frame referring to its source image.

Source: DICOM PS3.3 A.51; codes are SNOMED CT as in PS3.16 context group 7166 and its kin.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from twinviewer.dicom.phases import Plane
from twinviewer.dicom.read import source_planes
from twinviewer.dicom.seg_places import SourceRow, complete, place
from twinviewer.dicom.slice_geometry import affine
from twinviewer.dicom.write_ct import patient_tags, uid_from
from twinviewer.domain import LabelMap, LoadError, Reporter, Series, StructureStyle, part, silent

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription

_STRUCTURE = ("123037004", "SCT", "Anatomical Structure")
_TYPES = {
    "lv_myocardium": ("74281007", "SCT", "Myocardium"),
    "rv_myocardium": ("74281007", "SCT", "Myocardium"),
    "lv_blood": ("87878005", "SCT", "Left ventricle"),
    "rv_blood": ("53085002", "SCT", "Right ventricle"),
    "la_blood": ("82471001", "SCT", "Left atrium"),
    "ra_blood": ("73829009", "SCT", "Right atrium"),
    "aorta": ("15825003", "SCT", "Aorta"),
    "pulmonary_artery": ("81040000", "SCT", "Pulmonary artery"),
}
_REGIONS = {
    "lv_myocardium": ("87878005", "SCT", "Left ventricle"),
    "rv_myocardium": ("53085002", "SCT", "Right ventricle"),
}
_OTHER = ("91723000", "SCT", "Anatomical structure")
_PERSONAL_VRS = ("PN", "LT", "ST", "UT", "SQ")
_PERSONAL = (
    "AccessionNumber", "AdmissionID", "InstitutionName", "InstitutionalDepartmentName", "IssuerOfAdmissionID",
    "RequestingService", "StationName", "StudyDescription", "StudyID", "DeviceSerialNumber", "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID", "ClinicalTrialSiteName", "ClinicalTrialSponsorName",
    "AdmittingDiagnosesDescription",
)  # fmt: skip
# type 2 attributes that a SEG takes over from its source and that sources often lack
_MUST_EXIST = ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName", "PatientSex")


def write_seg(
    path: Path,
    labels: LabelMap,
    series: Series,
    styles: Mapping[str, StructureStyle],
    report: Reporter = silent,
) -> Path:
    """Write the labels of ``series``; returns the (first) file.

    One file a phase, as a SEG has no place for time: ``path`` itself for one phase, else ``name_phase00.dcm`` and so
    on beside it. The patient appears by pseudonym only; study, series and instance references are the source's own,
    so that the file can be matched with it. Where a label's slice is no image of its own (frames of an enhanced object,
    slices that were resampled) it says by its coordinates where it lies, and refers to the series as a whole. Raises
    LoadError if the labels do not lie on the series' grid.
    """
    path = Path(path)
    chosen = _chosen(labels, series)
    path.parent.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for t, row in enumerate(chosen):
        report(t / len(chosen), f"Writing segmentation, phase {t + 1} of {len(chosen)}")
        target = path if len(chosen) == 1 else path.with_name(f"{path.stem}_phase{t:02d}{path.suffix or '.dcm'}")
        sources = _sources(row.files, series, part(report, t / len(chosen), (t + 0.5) / len(chosen)))
        complete(sources, labels, row)
        _write_one(target, labels, t, sources, styles, series, row.placed)
        written.append(target)
    return written[0]


def _chosen(labels: LabelMap, series: Series) -> list[SourceRow]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = source_planes(series)
    if rows is None:
        return [SourceRow(series.files, True)] * labels.phases
    out = []
    for row in matching_phases(labels, rows):
        files = tuple(dict.fromkeys(plane.header.path for plane in row))
        if len(files) == len(row) and all(len(plane.header.frames) == 1 for plane in row):
            out.append(SourceRow(files))
        else:  # highdicom takes one object of many frames as source
            frames = tuple(plane.frame.index if plane.header.path == files[0] else None for plane in row)
            out.append(SourceRow(files[:1], True, frames))
    return out


def rows_of_phases(labels: LabelMap, rows: Sequence[tuple[float, tuple[Plane, ...]]]) -> list[tuple[Plane, ...]]:
    """For each phase of the labels the source planes of that phase; LoadError if there is none."""
    found: list[tuple[Plane, ...]] = []
    for percent in labels.phase_percent:
        distance, row = min(((abs(own - percent), row) for own, row in rows), key=lambda pair: pair[0])
        if distance > 0.5 and len(rows) > 1:
            raise LoadError(f"The series has no phase at {percent:g} %", remedy="Export with the original series")
        found.append(row)
    return found


def matching_phases(labels: LabelMap, rows: Sequence[tuple[float, tuple[Plane, ...]]]) -> list[tuple[Plane, ...]]:
    """The same where the planes are the slices of the labels' grid; LoadError if they do not fit."""
    found = rows_of_phases(labels, rows)
    frame = found[0][0].frame
    if frame.orientation is None or frame.spacing_mm is None:
        raise LoadError("The series has no geometry", where=found[0][0].header.description)
    matrix = affine(np.array([p.frame.position_mm for p in found[0]]), frame.orientation, frame.spacing_mm)
    header = found[0][0].header
    shape = (len(found[0]), header.rows, header.columns)
    if labels.grid.shape != shape or not np.allclose(labels.grid.affine, matrix, atol=1e-3):
        raise LoadError("The labels do not lie on the grid of this series", remedy="Export with the original series")
    return found


def _sources(files: Sequence[str], series: Series, report: Reporter) -> list[Dataset]:
    sources: list[Dataset] = []
    for number, name in enumerate(files):
        report(number / len(files), "Reading the source images' headers")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data: Dataset = pydicom.dcmread(name, stop_before_pixels=True, force=True)
        forget_people(data)
        patient_tags(data, series.patient, series.synthetic)
        data.SpecificCharacterSet = "ISO_IR 192"  # what is left is plain; odd declarations are refused by highdicom
        if not data.get("FrameOfReferenceUID"):  # a SEG cannot be without one; its images bring it back to the series
            data.FrameOfReferenceUID = uid_from(series.uid, "frame of reference")
        for tag in _MUST_EXIST:
            if tag not in data:
                setattr(data, tag, "")
        for tag in ("SOPClassUID", "SOPInstanceUID"):  # some exports leave them to the file's own header
            if not data.get(tag):
                setattr(data, tag, str(data.file_meta.get(f"MediaStorage{tag}", "")))
        if not data.SOPClassUID or not data.SOPInstanceUID:
            raise LoadError("The images do not say what they are, so that nothing can refer to them",
                            where=series.description)  # fmt: skip
        sources.append(data)
    return sources


def forget_people(data: Dataset) -> None:
    """Take out all of the patient group and every name, address, institution and free text of the other groups."""
    for element in list(data):
        if element.tag.group == 0x0010 or element.tag.is_private or element.VR in _PERSONAL_VRS:
            del data[element.tag]
    for name in _PERSONAL:
        if name in data:
            delattr(data, name)


def _write_one(
    path: Path,
    labels: LabelMap,
    t: int,
    sources: Sequence[Dataset],
    styles: Mapping[str, StructureStyle],
    series: Series,
    placed: bool,
) -> None:
    from highdicom.seg import Segmentation  # takes most of a second to import: only when it is needed

    values = sorted(labels.names)
    numbered = np.zeros(256, np.uint8)
    numbered[values] = np.arange(1, len(values) + 1)
    pixels: NDArray[np.uint8] = numbered[labels.data[t]]
    names = [labels.names[value] for value in values]
    uid = uid_from(series.uid, labels.image_uid, labels.made_by, t, pixels.tobytes().hex())
    with warnings.catch_warnings(), _typed(path):
        warnings.simplefilter("ignore")
        segmentation = Segmentation(
            source_images=sources,
            pixel_array=pixels,
            segmentation_type="BINARY",
            segment_descriptions=[
                _description(number, name, labels, styles.get(name), uid) for number, name in enumerate(names, start=1)
            ],
            series_instance_uid=uid_from(uid, "series"),
            series_number=800 + t,
            sop_instance_uid=uid,
            instance_number=1,
            manufacturer="Twinviewer",
            manufacturer_model_name="Twinviewer",
            software_versions="1",
            device_serial_number="0",
            content_description="Research only, not for clinical use",
            content_label="STRUCTURES",
            series_description="Segmentation",
            **(place(labels) if placed else {}),
        )
        segmentation.save_as(path, enforce_file_format=True)


@contextmanager
def _typed(path: Path) -> Iterator[None]:
    """Whatever highdicom says of source images that break the standard."""
    try:
        yield
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise LoadError(
            "These images cannot carry a DICOM segmentation: their headers are not as the standard asks",
            where=path.name, remedy="Export as NIfTI or NRRD",
        ) from error  # fmt: skip


def _description(
    number: int, name: str, labels: LabelMap, style: StructureStyle | None, uid: str
) -> "SegmentDescription":
    from highdicom.color import CIELabColor
    from highdicom.content import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    colour = None
    if style is not None and len(style.colour) == 7:
        red, green, blue = (int(style.colour[at : at + 2], 16) for at in (1, 3, 5))
        colour = CIELabColor.from_rgb(red, green, blue)
    region = _REGIONS.get(name)
    return SegmentDescription(
        segment_number=number,
        segment_label=(style.label if style else name)[:64],
        segmented_property_category=Code(*_STRUCTURE),
        segmented_property_type=Code(*_TYPES.get(name, _OTHER)),
        algorithm_type="SEMIAUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            name=labels.made_by[:64] or "Twinviewer",
            family=codes.cid7162.MorphologicalOperations,
            version="1",
        ),
        tracking_uid=uid_from(uid, name),
        tracking_id=name,
        anatomic_regions=[Code(*region)] if region else None,
        display_color=colour,
    )
