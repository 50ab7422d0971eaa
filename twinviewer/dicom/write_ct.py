"""A Volume as CT Image Storage, one series a phase as multi-phase reconstructions are exported by scanners.

Every UID is made from the content, so the same volume gives the same files byte for byte. Source: DICOM PS3.3 A.3.
"""

import hashlib
import io
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds

from twinviewer.dicom.read import fingerprint
from twinviewer.dicom.slice_geometry import axes
from twinviewer.domain import LoadError, Patient, Reporter, Volume, part, silent

SYNTHETIC_NOTE = "SYNTHETIC: computed by Twinviewer, no patient was imaged"
SYNTHETIC_CONTRAST = "SYNTHETIC iodinated contrast"


def write_ct(
    folder: Path,
    volume: Volume,
    patient: Patient,
    *,
    study_description: str,
    series_description: str,
    synthetic: bool,
    contrast_agent: str | None = None,
    study_date: str = "20260101",
    report: Reporter = silent,
) -> tuple[Path, ...]:
    """Write every slice of every phase; returns the files by phase, then slice.

    volume: in HU; floats are rounded to whole HU, integers come back exact. Stored as unsigned 12 bits where the
    range allows, else 16, with rescale intercept −1024 or lower if needed. contrast_agent: None means synthetic
    contrast where ``synthetic``, else none. patient: only its pseudonym and measures are written, marked as
    de-identified.
    Raises LoadError if the grid is not made of orthogonal rows and columns or HU do not fit 16 bits.
    """
    folder = Path(folder)
    values = np.asarray(volume.data)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all() or high - min(low, -1024.0) > 65535:
        raise LoadError("The values do not fit into 16 bits", where=series_description)
    intercept = min(-1024, int(np.floor(low)))
    matrix = volume.grid.affine
    spacing = volume.grid.spacing_mm
    orientation = [float(x) for x in (*(matrix[:3, 0] / spacing[0]), *(matrix[:3, 1] / spacing[1]))]
    if axes(orientation) is None:
        raise LoadError("Rows and columns of the grid are not orthogonal", where=series_description)
    if contrast_agent is None:
        contrast_agent = SYNTHETIC_CONTRAST if synthetic else ""
    content = fingerprint(part(report, 0.0, 0.05), values, matrix, volume.phase_percent)
    seed = f"{content} {patient.pseudonym} {study_description} {series_description}"
    data = _common(volume, patient, seed, study_date, synthetic)
    data.StudyDescription = study_description
    data.ContrastBolusAgent = contrast_agent
    data.Rows, data.Columns = values.shape[2:]
    data.PixelSpacing = [_ds(spacing[1]), _ds(spacing[0])]
    data.SliceThickness = _ds(spacing[2])
    data.ImageOrientationPatient = [_ds(x) for x in orientation]
    data.BitsStored = 12 if high - intercept <= 4095 else 16
    data.HighBit = data.BitsStored - 1
    data.RescaleIntercept = _ds(intercept)

    writing = part(report, 0.05, 1.0)
    paths: list[Path] = []
    phases, slices = values.shape[:2]
    for t in range(phases):
        _phase_tags(data, volume, t, series_description, seed)
        # read back, values stay encoded until they are asked for: only what differs between slices is encoded again
        encoded = io.BytesIO()
        data.save_as(encoded, enforce_file_format=True)
        one = dcmread(io.BytesIO(encoded.getvalue()))
        target = folder / f"phase{t:02d}" if phases > 1 else folder
        target.mkdir(parents=True, exist_ok=True)
        for k in range(slices):
            writing((t * slices + k) / (phases * slices), f"Writing DICOM, phase {t + 1} of {phases}")
            place = volume.grid.to_mm(np.array([[0, 0, k]]))[0]
            uid = uid_from(seed, "image", t, k)
            one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = uid
            one.InstanceNumber = k + 1
            one.ImagePositionPatient = [_ds(x) for x in place]
            one.SliceLocation = _ds(place[2])
            stored = np.rint(values[t, k]).astype(np.int32) - intercept
            one.add_new("PixelData", "OW", stored.astype("<u2").tobytes())
            path = target / f"slice{k:03d}.dcm"
            one.save_as(path, enforce_file_format=True)
            paths.append(path)
    return tuple(paths)


def uid_from(*parts: object) -> UID:
    """A UID under 2.25 (PS3.5 B.2) that is the same for the same parts."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
    return UID(f"2.25.{int(digest[:32], 16)}")


def patient_tags(data: Dataset, patient: Patient, synthetic: bool) -> None:
    """The patient module: the pseudonym stands for name and ID, and the file says that it was de-identified."""
    data.PatientName = f"{patient.pseudonym}^SYNTHETIC" if synthetic else patient.pseudonym
    data.PatientID = patient.pseudonym
    data.PatientBirthDate = ""
    data.PatientSex = patient.sex
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = SYNTHETIC_NOTE if synthetic else "Pseudonym by Twinviewer"
    if patient.age_years is not None:
        data.PatientAge = f"{round(patient.age_years):03d}Y"
    if patient.weight_kg is not None:
        data.PatientWeight = _ds(patient.weight_kg)
    if patient.height_cm is not None:
        data.PatientSize = _ds(patient.height_cm / 100.0)
    if synthetic:
        data.PatientComments = SYNTHETIC_NOTE
        data.QualityControlSubject = "YES"


def _common(volume: Volume, patient: Patient, seed: str, study_date: str, synthetic: bool) -> Dataset:
    """All that is the same in every file of the study."""
    data = Dataset()
    data.preamble = b"\0" * 128
    data.file_meta = FileMetaDataset()
    data.file_meta.FileMetaInformationVersion = b"\0\1"
    data.file_meta.MediaStorageSOPClassUID = CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = UID("2.25.0")
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.ImplementationClassUID = uid_from("Twinviewer", "implementation")
    data.file_meta.ImplementationVersionName = "TWINVIEWER"
    patient_tags(data, patient, synthetic)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = CTImageStorage
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"] + (["SYNTHETIC"] if synthetic else [])
    if synthetic:
        data.DerivationDescription = SYNTHETIC_NOTE
        data.ImageComments = SYNTHETIC_NOTE
    data.StudyInstanceUID = uid_from(seed, "study")
    data.FrameOfReferenceUID = uid_from(seed, "frame of reference")
    data.PositionReferenceIndicator = ""
    data.StudyID = "1"
    data.AccessionNumber = ""
    data.ReferringPhysicianName = ""
    for name in ("Study", "Series", "Acquisition", "Content"):
        setattr(data, f"{name}Date", study_date)
        setattr(data, f"{name}Time", "120000")
    data.Modality = "CT"
    data.Manufacturer = "Twinviewer"
    data.ManufacturerModelName = "Synthetic CT" if synthetic else "Twinviewer"
    data.SoftwareVersions = "1"
    data.BodyPartExamined = "HEART"
    data.PatientPosition = "HFS"
    data.KVP = "120"
    data.ScanOptions = ["HELICAL", "RETROSPECTIVE"] if volume.phases > 1 else "HELICAL"
    data.ConvolutionKernel = "NONE" if synthetic else ""
    data.GantryDetectorTilt = "0"
    data.ReconstructionDiameter = _ds(volume.grid.spacing_mm[0] * volume.grid.shape[2])
    data.AcquisitionNumber = 1
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = 16
    data.PixelRepresentation = 0
    data.RescaleSlope = "1"
    data.RescaleType = "HU"
    data.BurnedInAnnotation = "NO"
    data.LossyImageCompression = "00"
    width, level = volume.window or (800.0, 250.0)
    data.WindowWidth, data.WindowCenter = _ds(width), _ds(level)
    return data


def _phase_tags(data: Dataset, volume: Volume, t: int, series_description: str, seed: str) -> None:
    """The tags that tell one phase's series from the others."""
    many = volume.phases > 1
    percent = float(volume.phase_percent[t])
    data.SeriesInstanceUID = uid_from(seed, "series", t)
    data.SeriesNumber = 2 + t
    data.SeriesDescription = f"{series_description} {percent:g}%" if many else series_description
    if many:
        data.NominalPercentageOfCardiacPhase = percent
        data.TemporalPositionIdentifier = t + 1
        data.NumberOfTemporalPositions = volume.phases
    if volume.rr_s is not None:
        data.HeartRate = round(60.0 / volume.rr_s)
        data.NominalInterval = round(1000.0 * volume.rr_s)
        data.TriggerTime = _ds(10.0 * percent * volume.rr_s)
        data.CardiacNumberOfImages = volume.phases


def _ds(value: float) -> str:
    """A decimal string with every digit that fits into DICOM's sixteen characters."""
    return format_number_as_ds(float(value))
