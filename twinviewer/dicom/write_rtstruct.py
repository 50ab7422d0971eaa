"""A label map as RT structure set: closed planar contours on the slices of its series (DICOM PS3.3 A.19, C.8.8.6).

Contours run half-way between the centres of voxels that belong and those that do not, so that filling them again gives
the same voxels. A hole is joined to its outline by a keyhole channel, which every reader knows; outlines that lie apart
are contours of their own.

Contours on an enhanced image name its frame. Slices that were made on reading (a tilted gantry set upright, a gap
filled) have no image of the scanner's: their contours lie where their coordinates say, and name an image where one lies
in the same plane (the reference is type 3, C.8.8.6).
"""

import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from twinviewer.dicom.phases import Plane
from twinviewer.dicom.read import phase_planes
from twinviewer.dicom.slice_geometry import axes
from twinviewer.dicom.write_ct import patient_tags, uid_from
from twinviewer.dicom.write_seg import matching_phases, rows_of_phases
from twinviewer.domain import Grid, LabelMap, LoadError, Reporter, Series, StructureStyle, silent

Array = NDArray[np.float64]
_RTSTRUCT = UID("1.2.840.10008.5.1.4.1.1.481.3")
_STUDY = "1.2.840.10008.3.1.2.3.1"  # retired, and still what every RTSTRUCT names
_GREY = "#C8C8C8"
_IN_PLANE_MM = 0.02


def write_rtstruct(
    path: Path, labels: LabelMap, series: Series, styles: Mapping[str, StructureStyle], report: Reporter = silent
) -> Path:
    """Write the labels of ``series`` as contours; returns the (first) file.

    One file a phase, as in ``write_seg``: ``path`` for one phase, else ``name_phase00.dcm`` and so on beside it. The
    patient appears by pseudonym only. Raises LoadError if the labels do not lie on the series' grid.
    """
    path = Path(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        planes, resampled = phase_planes(series)
        rows = rows_of_phases(labels, planes) if resampled else matching_phases(labels, planes)
        path.parent.mkdir(parents=True, exist_ok=True)
        written = []
        for t, row in enumerate(rows):
            under = _in_plane(labels.grid, row) if resampled else row
            report(t / len(rows), f"Writing contours, phase {t + 1} of {len(rows)}")
            target = path if len(rows) == 1 else path.with_name(f"{path.stem}_phase{t:02d}{path.suffix or '.dcm'}")
            uid = uid_from(series.uid, labels.image_uid, labels.made_by, t, "rtstruct", labels.data[t].tobytes().hex())
            structures = [
                (labels.names[value], _contour_items(labels, t, value, under)) for value in sorted(labels.names)
            ]
            write_structures(target, uid, structures, row, series, styles, t)
            written.append(target)
    return written[0]


def contours_of(region: NDArray[np.bool_]) -> list[Array]:
    """Closed outlines of a (j, i) region, each (n, 2) as (i, j) in pixels, holes joined to the outline round them."""
    from skimage.measure import find_contours

    padded = np.pad(region, 1).astype(np.float64)
    rings = [
        ring[:-1, ::-1] - 1.0 for ring in find_contours(padded, 0.5, fully_connected="low", positive_orientation="low")
    ]
    if not rings:
        return []
    # the widest ring cannot be a hole, and holes run the other way round
    sense = np.sign(max((_area(ring) for ring in rings), key=abs))
    outer = [ring for ring in rings if _area(ring) * sense > 0]
    holes = [ring for ring in rings if _area(ring) * sense <= 0]
    for hole in sorted(holes, key=lambda ring: float(ring[:, 0].min())):
        around = [at for at, ring in enumerate(outer) if _contains(ring, hole[0])]
        if around:
            at = min(around, key=lambda one: abs(_area(outer[one])))
            outer[at] = _joined(outer[at], hole)
    return outer


def _area(ring: Array) -> float:
    x, y = ring.T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def _contains(ring: Array, point: Array) -> bool:
    x, y = ring.T
    after_x, after_y = np.roll(x, -1), np.roll(y, -1)
    spans = (y <= point[1]) != (after_y <= point[1])
    height = np.where(spans, after_y - y, 1.0)
    return bool(np.count_nonzero(spans & (x + (point[1] - y) / height * (after_x - x) > point[0])) % 2)


def _joined(ring: Array, hole: Array) -> Array:
    """One ring that runs along the outline, through a channel of no width round the hole, and back."""
    off = np.square(ring[:, None, :] - hole[None]).sum(axis=2)
    at, near = np.unravel_index(int(np.argmin(off)), off.shape)
    turned = np.concatenate([hole[near:], hole[: near + 1]])
    return np.concatenate([ring[: at + 1], turned, ring[at:]])


def write_structures(
    path: Path,
    uid: UID,
    structures: Sequence[tuple[str, Sequence[Dataset]]],
    row: Sequence[Plane],
    series: Series,
    styles: Mapping[str, StructureStyle],
    t: int,
) -> None:
    """One structure set: names with the contours of each, drawn on the images of ``row``, which may be of several
    series."""
    first = row[0].header
    frame = first.frame_of_reference or uid_from(first.series_uid, "frame of reference")
    data = _head(path, series, uid, frame, t)
    data.ReferencedFrameOfReferenceSequence = DicomSequence([_references(row, frame)])
    regions, contours, observations = [], [], []
    for number, (name, items) in enumerate(structures, start=1):
        style = styles.get(name)
        roi = Dataset()
        roi.ROINumber = number
        roi.ReferencedFrameOfReferenceUID = frame
        roi.ROIName = name
        roi.ROIDescription = (style.label if style else name.replace("_", " "))[:64]
        roi.ROIGenerationAlgorithm = "SEMIAUTOMATIC"
        regions.append(roi)
        item = Dataset()
        colour = style.colour if style is not None and len(style.colour) == 7 else _GREY
        item.ROIDisplayColor = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        item.ReferencedROINumber = number
        item.ContourSequence = DicomSequence(items)
        contours.append(item)
        seen = Dataset()
        seen.ObservationNumber = number
        seen.ReferencedROINumber = number
        seen.RTROIInterpretedType = "ORGAN"
        seen.ROIInterpreter = ""
        observations.append(seen)
    data.StructureSetROISequence = DicomSequence(regions)
    data.ROIContourSequence = DicomSequence(contours)
    data.RTROIObservationsSequence = DicomSequence(observations)
    data.save_as(path, enforce_file_format=True)


def _in_plane(grid: Grid, row: Sequence[Plane]) -> list[Plane | None]:
    """For each slice of a grid that was made of these planes the one that lies in it. LoadError for another grid."""
    turned = axes(row[0].frame.orientation or ())
    assert turned is not None
    normal = turned[2]
    own = np.cross(grid.affine[:3, 0], grid.affine[:3, 1])
    heights = grid.to_mm(np.array([[0.0, 0.0, k] for k in range(grid.shape[0])])) @ normal
    places = np.array([plane.frame.position_mm for plane in row]) @ normal
    off = np.abs(heights[:, None] - places[None])
    parallel = abs(float(own @ normal)) >= 0.9999 * float(np.linalg.norm(own))
    if not parallel or off[0].min() > _IN_PLANE_MM or heights[-1] > places.max() + _IN_PLANE_MM:
        raise LoadError("The labels do not lie on the grid of this series", remedy="Export with the original series")
    return [row[int(one.argmin())] if one.min() <= _IN_PLANE_MM else None for one in off]


def _contour_items(labels: LabelMap, t: int, value: int, row: Sequence[Plane | None]) -> list[Dataset]:
    out = []
    for k, plane in enumerate(row):
        region = labels.data[t, k] == value
        if not region.any():
            continue
        for ring in contours_of(region):
            ijk = np.column_stack([ring, np.full(len(ring), float(k))])
            out.append(contour_item(labels.grid.to_mm(ijk), plane))
    return out


def contour_item(points_mm: Array, plane: Plane | None) -> Dataset:
    """A closed contour (n, 3) or a point (1, 3), on one image where it lies on one."""
    item = Dataset()
    if plane is not None:
        item.ContourImageSequence = DicomSequence([_image([plane])])
    item.ContourGeometricType = "CLOSED_PLANAR" if len(points_mm) > 1 else "POINT"
    item.NumberOfContourPoints = len(points_mm)
    item.ContourData = [f"{number:.4f}" for number in points_mm.ravel()]
    return item


def point_name(name: str, side: int) -> str:
    """What a named place of a cine study is called in a structure set: "mitral +1"."""
    return f"{name} {side:+d}" if side else name


def _image(planes: Sequence[Plane]) -> Dataset:
    """A reference to one object, and to those of its frames where it has several."""
    item = Dataset()
    item.ReferencedSOPClassUID = planes[0].header.sop_class
    item.ReferencedSOPInstanceUID = planes[0].header.sop_uid
    if len(planes[0].header.frames) > 1:
        item.ReferencedFrameNumber = [plane.frame.index + 1 for plane in planes]
    return item


def _references(row: Sequence[Plane], frame: str) -> Dataset:
    first = row[0].header
    named = []
    for uid in dict.fromkeys(plane.header.series_uid for plane in row):
        one_series = Dataset()
        one_series.SeriesInstanceUID = uid
        objects: dict[str, list[Plane]] = {}
        for plane in row:
            if plane.header.series_uid == uid:
                objects.setdefault(plane.header.path, []).append(plane)
        one_series.ContourImageSequence = DicomSequence([_image(planes) for planes in objects.values()])
        named.append(one_series)
    study = Dataset()
    study.ReferencedSOPClassUID = _STUDY
    study.ReferencedSOPInstanceUID = first.study_uid
    study.RTReferencedSeriesSequence = DicomSequence(named)
    reference = Dataset()
    reference.FrameOfReferenceUID = frame
    reference.RTReferencedStudySequence = DicomSequence([study])
    return reference


def _head(path: Path, series: Series, uid: UID, frame: str, t: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = _RTSTRUCT
    meta.MediaStorageSOPInstanceUID = uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    now = datetime.now(UTC)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = _RTSTRUCT, uid
    data.Modality = "RTSTRUCT"
    data.Manufacturer = data.ManufacturerModelName = "Twinviewer"
    data.StudyInstanceUID, data.SeriesInstanceUID = series.study_uid, uid_from(uid, "series")
    data.StudyDate = series.study_date.replace("-", "")
    data.StudyTime = data.StudyID = data.AccessionNumber = data.ReferringPhysicianName = ""
    data.SeriesNumber, data.InstanceNumber = 900 + t, 1
    data.SeriesDescription = "Contours"
    data.OperatorsName = ""
    data.FrameOfReferenceUID, data.PositionReferenceIndicator = frame, ""
    data.StructureSetLabel = "HEART"
    data.StructureSetDescription = "Research only, not for clinical use"
    data.StructureSetDate, data.StructureSetTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    data.ApprovalStatus = "UNAPPROVED"
    patient_tags(data, series.patient, series.synthetic)
    return data
