"""The pictures, film and PDF of a report as DICOM, so that they are filed beside the images they were made from.

Pictures: Secondary Capture (PS3.3 A.8.1). Films: Multi-frame True Color Secondary Capture (A.8.5), frames coded as
JPEG baseline (ISO 10918-1), which is said in the lossy compression tags. PDF: Encapsulated PDF (A.45.1). All of one
call lie in one new series of the study, the PDF in another, since its modality differs. Every file says in
Derivation Description that it shows a simulated scenario, and Burned In Annotation tells the truth.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    UID,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)

from twinviewer.dicom.write_ct import patient_tags, uid_from
from twinviewer.domain import LoadError, Patient, Reporter, Series, StoreError, silent

SIMULATED = "Simulated scenario, research only, not for clinical use"
MEASURED = "Computer model of measured images, research only, not for clinical use"
PICTURES_NUMBER, PDF_NUMBER = 901, 902
QUALITY = 90
"""Of JPEG, 0 to 100."""
Rgb = NDArray[np.uint8]


class Captures:
    """Writes what belongs together: one series of pictures and films, one of documents.

    series: the images' series, whose study is joined; None where there is none, then a study of its own. simulated:
    whether what is shown was simulated. mark: anything that differs between two reports of one case, so that each is a
    new series.
    """

    def __init__(
        self, series: Series | None, patient: Patient, version: str, *, simulated: bool, mark: str = ""
    ) -> None:
        self._series, self._patient, self._version = series, patient, version
        self._simulated = simulated
        study = str(series.study_uid) if series is not None and series.study_uid else str(uid_from(mark, "study"))
        self._study = study
        self._seed = (study, series.uid if series is not None else "", mark)
        self._count = 0

    def picture(self, path: Path, rgb: Rgb, title: str, *, annotated: bool = True) -> Path:
        """Write one picture (h, w, 3) uint8. annotated: pseudonym or notice are drawn in it. StoreError."""
        checked = _checked([rgb], title)[0]
        data = self._common(SecondaryCaptureImageStorage, title, checked.tobytes())
        self._image_tags(data, checked, annotated)
        data.PhotometricInterpretation = "RGB"
        data.LossyImageCompression = "00"
        content = checked.tobytes()
        data.add_new("PixelData", "OB", content + b"\0" * (len(content) % 2))
        return _save(data, path)

    def film(
        self, path: Path, frames: Sequence[Rgb], title: str, frames_per_s: float, *, annotated: bool = True,
        report: Reporter = silent,
    ) -> Path:  # fmt: skip
        """Write frames (h, w, 3) uint8 of one size. StoreError."""
        checked = _checked(frames, title)
        coded = []
        for number, frame in enumerate(checked):
            buffer = BytesIO()
            Image.fromarray(frame).save(buffer, "JPEG", quality=QUALITY, subsampling=1)
            coded.append(buffer.getvalue())
            report((number + 1) / len(checked), "Coding the DICOM film")
        data = self._common(MultiFrameTrueColorSecondaryCaptureImageStorage, title, b"".join(coded))
        data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        self._image_tags(data, checked[0], annotated)
        data.PhotometricInterpretation = "YBR_FULL_422"
        data.NumberOfFrames = len(coded)
        data.FrameIncrementPointer = 0x00181063  # Frame Time
        data.FrameTime = f"{1000.0 / frames_per_s:.6g}"
        data.RecommendedDisplayFrameRate = round(frames_per_s)
        data.CineRate = round(frames_per_s)
        data.PreferredPlaybackSequencing = 0  # looping
        data.LossyImageCompression = "01"
        data.LossyImageCompressionMethod = "ISO_10918_1"
        raw = sum(frame.nbytes for frame in checked)
        data.LossyImageCompressionRatio = f"{raw / max(sum(map(len, coded)), 1):.4g}"
        data.add_new("PixelData", "OB", encapsulate(coded, has_bot=True))
        data["PixelData"].is_undefined_length = True
        return _save(data, path)

    def document(self, path: Path, pdf: Path, title: str) -> Path:
        """Write a PDF file as Encapsulated PDF. StoreError where it cannot be read or is none."""
        try:
            content = pdf.read_bytes()
        except OSError as error:
            raise StoreError(f"The PDF cannot be read: {error.strerror}", where=pdf.name) from error
        if not content.startswith(b"%PDF"):
            raise StoreError("This is not a PDF", where=pdf.name)
        data = self._common(EncapsulatedPDFStorage, title, content, document=True)
        data.BurnedInAnnotation = "YES"
        data.DocumentTitle = f"{title}. {SIMULATED if self._simulated else MEASURED}"
        data.ConceptNameCodeSequence = []
        data.MIMETypeOfEncapsulatedDocument = "application/pdf"
        data.EncapsulatedDocumentLength = len(content)
        data.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
        return _save(data, path)

    def _common(self, kind: str, title: str, content: bytes, *, document: bool = False) -> Dataset:
        series, now = self._series, datetime.now()
        synthetic = series is not None and series.synthetic
        self._count += 1
        data = Dataset()
        data.preamble = b"\0" * 128
        data.file_meta = FileMetaDataset()
        data.file_meta.FileMetaInformationVersion = b"\0\1"
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = UID(kind)
        instance = uid_from(*self._seed, title, self._count, content.hex()[:4096], len(content))
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = instance
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.file_meta.ImplementationClassUID = uid_from("Twinviewer", "implementation")
        data.file_meta.ImplementationVersionName = "TWINVIEWER"
        patient_tags(data, self._patient, synthetic)
        data.SpecificCharacterSet = "ISO_IR 192"
        data.StudyInstanceUID = self._study
        data.StudyDate = series.study_date.replace("-", "") if series is not None else ""
        data.StudyTime = data.StudyID = data.AccessionNumber = data.ReferringPhysicianName = ""
        data.SeriesInstanceUID = uid_from(*self._seed, "document" if document else "captures")
        data.SeriesNumber = PDF_NUMBER if document else PICTURES_NUMBER
        data.SeriesDescription = ("Simulated, research only" if self._simulated else "Model, research only") + (
            " (report)" if document else ""
        )
        data.Modality = "DOC" if document else "OT"
        data.ConversionType = "WSD"
        data.Manufacturer = data.ManufacturerModelName = "Twinviewer"
        data.SoftwareVersions = self._version
        data.InstanceNumber = self._count
        data.ContentDate, data.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
        data.InstanceCreationDate, data.InstanceCreationTime = data.ContentDate, data.ContentTime
        if document:
            data.AcquisitionDateTime = ""
        else:
            data.ImageType = ["DERIVED", "SECONDARY"] + (["OTHER", "SYNTHETIC"] if synthetic else [])
            data.DerivationDescription = SIMULATED if self._simulated else MEASURED
            data.ImageComments = f"{title}. {data.DerivationDescription}"
            data.SecondaryCaptureDeviceManufacturer = "Twinviewer"
            data.SecondaryCaptureDeviceSoftwareVersions = self._version
            data.DateOfSecondaryCapture, data.TimeOfSecondaryCapture = data.ContentDate, data.ContentTime
            data.PatientOrientation = data.Laterality = ""
        return data

    @staticmethod
    def _image_tags(data: Dataset, rgb: Rgb, annotated: bool) -> None:
        data.BurnedInAnnotation = "YES" if annotated else "NO"
        data.SamplesPerPixel = 3
        data.PlanarConfiguration = 0
        data.Rows, data.Columns = rgb.shape[:2]
        data.BitsAllocated = data.BitsStored = 8
        data.HighBit = 7
        data.PixelRepresentation = 0


REQUIRED = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "Manufacturer", "PatientName",
    "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "SeriesNumber",
    "InstanceNumber", "ConversionType", "BurnedInAnnotation",
)  # fmt: skip
_OF_IMAGES = ("ImageType", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated",
              "DerivationDescription", "PixelData")  # fmt: skip
_OF_FILMS = ("NumberOfFrames", "FrameIncrementPointer", "FrameTime", "LossyImageCompressionMethod")


def check_capture(path: Path) -> dict[str, Any]:
    """Open a file that was written here and say what it is: kind, frames, rows, columns, series, what is derived.

    StoreError for an attribute that is missing, or pixels that cannot be decoded.
    """
    try:
        data = dcmread(path)
    except (OSError, InvalidDicomError) as error:
        raise StoreError("The DICOM file cannot be opened again", where=path.name) from error
    kind = {SecondaryCaptureImageStorage: "picture", MultiFrameTrueColorSecondaryCaptureImageStorage: "film",
            EncapsulatedPDFStorage: "document"}.get(data.get("SOPClassUID"), "")  # fmt: skip
    wanted = REQUIRED + (() if kind == "document" else _OF_IMAGES) + (_OF_FILMS if kind == "film" else ())
    missing = [name for name in wanted if name not in data]
    if not kind or missing:
        raise StoreError(f"The DICOM file lacks {', '.join(missing) or 'a known kind'}", where=path.name)
    told: dict[str, Any] = {"kind": kind, "series_uid": str(data.SeriesInstanceUID), "study_uid": data.StudyInstanceUID}
    if kind == "document":
        return told | {"bytes": int(data.EncapsulatedDocumentLength)}
    try:
        shape = data.pixel_array.shape
    except Exception as error:  # decoders raise anything
        raise StoreError(f"Its pixels cannot be decoded: {error}", where=path.name) from error
    return told | {"frames": shape[0] if kind == "film" else 1, "rows": int(data.Rows), "columns": int(data.Columns),
                   "derivation": str(data.DerivationDescription)}  # fmt: skip


def _checked(frames: Sequence[Rgb], title: str) -> list[Rgb]:
    made = [np.ascontiguousarray(one) for one in frames]
    shapes = {one.shape for one in made}
    if not made or len(shapes) != 1 or any(one.dtype != np.uint8 or one.ndim != 3 for one in made):
        raise LoadError("Pictures must be rows x columns x RGB, 8 bits each, all of one size", where=title)
    if made[0].shape[2] != 3 or 0 in made[0].shape:
        raise LoadError("A picture must be rows x columns x RGB, 8 bits each", where=title)
    even = made[0].shape[1] // 2 * 2  # chroma is kept for pairs of columns
    return [one[:, :even] if len(made) > 1 else one for one in made]


def _save(data: Dataset, path: Path) -> Path:
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data.save_as(partial, enforce_file_format=True)
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"The DICOM file cannot be written: {error.strerror}", where=path.name) from error
    finally:
        partial.unlink(missing_ok=True)
    return path
