"""Small MR images as a scanner would write them: any series, place, time and encoding, one file each."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MR = "1.2.840.10008.5.1.4.1.1.4"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def uid(*parts: object) -> str:
    """The same UID for the same parts."""
    return str(generate_uid(entropy_srcs=[str(part) for part in parts]))


class Study:
    """Writes images into a folder. Each has an own SOP instance UID and, unless told otherwise, a rising number."""

    def __init__(self, folder: Path, patient: str = "A") -> None:
        self.folder, self.patient, self.count = folder, patient, 0
        folder.mkdir(parents=True, exist_ok=True)

    def image(self, series: object, z_mm: float, **tags: Any) -> Path:
        """One image of 12 x 10 pixels of 1.5 mm at (0, 0, z); tags add to it or replace what is usual."""
        self.count += 1
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = MR
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid(self.folder, self.count)
        data.PatientID, data.PatientName = self.patient, self.patient
        data.StudyInstanceUID, data.SeriesInstanceUID = uid(self.patient), uid(self.patient, series)
        data.FrameOfReferenceUID = uid(self.patient, "frame")
        data.Modality, data.ImageType = "MR", ["ORIGINAL", "PRIMARY", "M"]
        data.SeriesNumber, data.InstanceNumber = 1, self.count
        data.ImagePositionPatient, data.ImageOrientationPatient = [0.0, 0.0, z_mm], list(AXIAL)
        data.PixelSpacing, data.SliceThickness = [1.5, 1.5], 5.0
        data.Rows, data.Columns, data.SamplesPerPixel = 12, 10, 1
        data.PhotometricInterpretation = "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation = 15, 0
        for name, value in tags.items():
            setattr(data, name, value)
        shape = (data.Rows, data.Columns)
        data.PixelData = np.full(shape, self.count, np.uint16).tobytes()
        path = self.folder / f"{self.count:04d}"
        data.save_as(path, enforce_file_format=True)
        return path

    def cine(self, series: object, z_mm: float, phases: int = 10, rr_ms: int = 900, **tags: Any) -> list[Path]:
        """A plane of a cine study: ``phases`` moments of one beat, written in a disorder of their own."""
        order = np.random.default_rng(int(abs(z_mm) * 7) + phases).permutation(phases)
        times = {"NominalInterval": rr_ms, "CardiacNumberOfImages": phases, "SeriesDescription": "cine sax"}
        return [
            self.image(series, z_mm, **{**times, "TriggerTime": round(rr_ms * int(n) / phases, 2), **tags})
            for n in order
        ]
