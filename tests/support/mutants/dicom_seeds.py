"""Small sound DICOM files to make mutants of: every transfer syntax, and every kind of object that is read."""

import io
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

CT, ENHANCED_CT, ECG = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.9.1.1"
EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
DEFLATED, RLE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"
JPEG = "1.2.840.10008.1.2.4."
MOST_BYTES = 45_000


def shipped() -> dict[str, bytes]:
    """Small files that lie inside the pydicom package itself; nothing is downloaded."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    files = [path for path in sorted(folder.iterdir()) if path.suffix == ".dcm" and path.stat().st_size < MOST_BYTES]
    return {path.name: path.read_bytes() for path in files}


def of_every_syntax() -> dict[str, bytes]:
    """One 24 x 20 slice in each transfer syntax that is decoded, and two frames where that is another way through."""
    image = (np.add.outer(np.arange(24) * 40, np.arange(20) * 30) + 100).astype(np.uint16)
    found = {f"native {syntax}": _file(_slice(image), syntax) for syntax in (EXPLICIT, IMPLICIT, BIG, DEFLATED)}
    for syntax, bits, encoded in _encoded(image):
        data = _slice(image, bits)
        data.PixelData = encapsulate([encoded])
        data["PixelData"].is_undefined_length = True
        found[f"coded {syntax}"] = _file(data, syntax)
        if syntax in (RLE, JPEG + "70", JPEG + "90"):
            data.NumberOfFrames = 2
            data.PixelData = encapsulate([encoded, encoded])
            data["PixelData"].is_undefined_length = True
            found[f"frames {syntax}"] = _file(data, syntax)
    found["enhanced"] = _file(_enhanced(image), EXPLICIT)
    return found


def stack() -> list[bytes]:
    """Five slices of one CT series."""
    return [_file(_slice(np.full((8, 8), 1000 + k, np.uint16), 16, k), EXPLICIT) for k in range(5)]


def cine() -> list[bytes]:
    """Two short-axis planes at three moments of a beat."""
    out = []
    for k in range(2):
        for t in range(3):
            data = _slice(np.full((8, 8), 100 + 10 * k + t, np.uint16), 16, 3 * k + t)
            data.SOPClassUID, data.Modality, data.SeriesDescription = "1.2.840.10008.5.1.4.1.1.4", "MR", "SAX cine"
            data.ImagePositionPatient, data.TriggerTime = [-5.0, -5.0, 10.0 * k], 250 * t
            data.CardiacNumberOfImages = 3
            out.append(_file(data, EXPLICIT))
    return out


def dicomdir() -> tuple[bytes, dict[str, bytes]]:
    """A DICOMDIR of three slices, and the files that it names."""
    from tempfile import TemporaryDirectory

    from pydicom.fileset import FileSet

    files = FileSet()
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for content in stack()[:3]:
            data = pydicom.dcmread(io.BytesIO(content))
            data.StudyTime, data.StudyID, data.AccessionNumber = "120000", "1", "7"
            data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
            files.add(data)
        files.write(Path(folder))
        beside = {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("IM*")}
        return Path(folder, "DICOMDIR").read_bytes(), beside


@cache
def ecg() -> bytes:
    """Twelve leads, 4 s, a beat a second."""
    time_s = np.arange(2000) / 500.0
    beat = np.exp(-(((time_s % 1.0 - 0.4) / 0.015) ** 2)) + 0.25 * np.exp(-(((time_s % 1.0 - 0.65) / 0.04) ** 2))
    beat += 0.12 * np.exp(-(((time_s % 1.0 - 0.24) / 0.02) ** 2))
    names = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    data = _head(ECG, "ECG", "1.2.9")
    data.AcquisitionDateTime = "20260101120000"
    group = Dataset()
    group.WaveformOriginality, group.SamplingFrequency = "ORIGINAL", 500
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = len(names), len(time_s)
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    channels = []
    for name in names:
        channel, unit, source = Dataset(), Dataset(), Dataset()
        unit.CodeValue, source.CodeMeaning = "uV", f"Lead {name}"
        channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = 5, 1
        channel.ChannelBaseline, channel.WaveformBitsStored = 0, 16
        channel.ChannelSensitivityUnitsSequence, channel.ChannelSourceSequence = Sequence([unit]), Sequence([source])
        channels.append(channel)
    group.ChannelDefinitionSequence = Sequence(channels)
    size = 0.4 + 0.1 * np.arange(len(names))
    group.WaveformData = (beat[:, None] * size * 200).round().astype("<i2").tobytes()
    group["WaveformData"].VR = "OW"
    data.WaveformSequence = Sequence([group])
    return _file(data, EXPLICIT)


def _head(sop_class: str, modality: str, uid: str) -> Dataset:
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = sop_class, uid, modality
    data.SpecificCharacterSet, data.ImageType = "ISO_IR 100", ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.PatientName, data.PatientID, data.PatientSex, data.PatientAge = "Doe^Jane", "77", "F", "061Y"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.StudyDate = "1.2.7", "1.2.7.1", "20260101"
    data.SeriesNumber, data.SeriesDescription, data.FrameOfReferenceUID = 3, "CTA 70 %", "1.2.8"
    return data


def _slice(image: Any, bits: int = 16, k: int = 0) -> Dataset:
    data = _head(CT, "CT", f"1.2.3.{k + 1}")
    data.InstanceNumber, data.AcquisitionNumber = k + 1, 1
    data.ImagePositionPatient, data.ImageOrientationPatient = [-5.0, -5.0, 1.5 * k], [1.0, 0, 0, 0, 1.0, 0]
    data.PixelSpacing, data.SliceThickness = [0.5, 0.5], 1.5
    data.TriggerTime, data.NominalInterval, data.RescaleSlope, data.RescaleIntercept = 120, 850, 1, -1024
    data.WindowCenter, data.WindowWidth = 40, 400
    data.Rows, data.Columns, data.SamplesPerPixel, data.PixelRepresentation = *image.shape, 1, 0
    data.PhotometricInterpretation, data.NumberOfFrames = "MONOCHROME2", 1
    data.BitsAllocated, data.BitsStored, data.HighBit = -(-bits // 8) * 8, bits, bits - 1
    data.PixelData = image.astype("<u2").tobytes()
    data["PixelData"].VR = "OW"
    return data


def _enhanced(image: Any) -> Dataset:
    data = _slice(image)
    data.SOPClassUID = ENHANCED_CT
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "TriggerTime", "RescaleSlope"):
        delattr(data, name)
    shared, turn, measure, value = Dataset(), Dataset(), Dataset(), Dataset()
    turn.ImageOrientationPatient, measure.PixelSpacing = [1.0, 0, 0, 0, 1.0, 0], [0.5, 0.5]
    measure.SliceThickness, value.RescaleSlope, value.RescaleIntercept = 1.5, 1, -1024
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([turn]), Sequence([measure])
    shared.PixelValueTransformationSequence = Sequence([value])
    frames = []
    for k in range(4):
        frame, place, content = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient, content.TemporalPositionIndex = [-5.0, -5.0, 1.5 * k], 1
        frame.PlanePositionSequence, frame.FrameContentSequence = Sequence([place]), Sequence([content])
        frames.append(frame)
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    data.PerFrameFunctionalGroupsSequence = Sequence(frames)
    data.NumberOfFrames = 4
    data.PixelData = image.astype("<u2").tobytes() * 4
    data["PixelData"].VR = "OW"
    return data


def _encoded(image: Any) -> Iterator[tuple[str, int, bytes]]:
    import imagecodecs
    from pydicom.pixels.encoders.base import EncodeRunner
    from pydicom.pixels.encoders.native import _encode_frame as rle

    runner = EncodeRunner(RLE)
    rows, columns = image.shape
    options = {"rows": rows, "columns": columns, "samples_per_pixel": 1, "bits_allocated": 16, "bits_stored": 16}
    runner.set_options(**options, number_of_frames=1, pixel_representation=0, photometric_interpretation="MONOCHROME2")
    yield RLE, 16, bytes(rle(image.astype("<u2").tobytes(), runner))
    yield JPEG + "50", 8, bytes(imagecodecs.jpeg8_encode((image >> 4).astype(np.uint8), level=90))
    yield JPEG + "51", 12, bytes(imagecodecs.jpeg8_encode(image, level=90, bitspersample=12))
    yield JPEG + "70", 16, bytes(imagecodecs.jpeg8_encode(image, lossless=True, bitspersample=16, predictor=1))
    yield JPEG + "57", 12, bytes(imagecodecs.jpeg8_encode(image, lossless=True, bitspersample=12, predictor=4))
    yield JPEG + "80", 16, bytes(imagecodecs.jpegls_encode(image))
    yield JPEG + "90", 16, bytes(imagecodecs.jpeg2k_encode(image, level=0, codecformat="j2k", reversible=True))
    yield JPEG + "201", 16, bytes(imagecodecs.htj2k_encode(image))


def _file(data: Dataset, syntax: str) -> bytes:
    """The file's bytes, swapped or deflated where the syntax asks for it."""
    import copy

    data = copy.deepcopy(data)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    if syntax == BIG:
        data.PixelData = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    if syntax.startswith(JPEG) or syntax == RLE:
        data["PixelData"].VR = "OB"
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
