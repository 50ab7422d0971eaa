"""A picture as Secondary Capture, so that it can be filed beside the images it was made from. DICOM PS3.3 A.8.1."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from twinviewer.dicom.write_ct import patient_tags, uid_from
from twinviewer.domain import LoadError, Patient, Series


def write_secondary_capture(
    path: Path, rgb: NDArray[np.uint8], series: Series | None, patient: Patient, description: str
) -> Path:
    """Write a (rows, columns, 3) uint8 picture. The words "research only" must already be in it.

    Of the patient only the pseudonym is written. With ``series`` the picture joins that study, else its own.
    """
    picture = np.ascontiguousarray(rgb)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise LoadError("A picture must be rows x columns x RGB, 8 bits each", where=description)
    synthetic = series is not None and series.synthetic
    content = uid_from(picture.tobytes().hex(), description, series.uid if series else "")
    data = Dataset()
    data.preamble = b"\0" * 128
    data.file_meta = FileMetaDataset()
    data.file_meta.FileMetaInformationVersion = b"\0\1"
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = SecondaryCaptureImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = content
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.ImplementationClassUID = uid_from("Twinviewer", "implementation")
    patient_tags(data, patient, synthetic)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.ImageType = ["DERIVED", "SECONDARY"] + (["OTHER", "SYNTHETIC"] if synthetic else [])
    data.StudyInstanceUID = series.study_uid if series and series.study_uid else uid_from(content, "study")
    data.SeriesInstanceUID = uid_from(data.StudyInstanceUID, "captures")
    data.StudyDate = series.study_date.replace("-", "") if series else ""
    data.StudyTime = data.StudyID = data.AccessionNumber = data.ReferringPhysicianName = ""
    data.Modality = "OT"
    data.ConversionType = "WSD"
    data.Manufacturer = "Twinviewer"
    data.SecondaryCaptureDeviceManufacturer = "Twinviewer"
    data.SeriesDescription = description[:64]
    data.SeriesNumber = 900
    data.InstanceNumber = 1
    data.PatientOrientation = ""
    data.BurnedInAnnotation = "YES"
    data.DerivationDescription = "Computer model; for research only, not for clinical use"
    data.SamplesPerPixel = 3
    data.PhotometricInterpretation = "RGB"
    data.PlanarConfiguration = 0
    data.Rows, data.Columns = picture.shape[:2]
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    data.PixelRepresentation = 0
    content_bytes = picture.tobytes()
    data.PixelData = content_bytes + b"\0" * (len(content_bytes) % 2)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path
