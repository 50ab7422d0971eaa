"""One DICOM file's header as plain numbers, read without its pixels. Nothing here trusts what a file claims.

Source: DICOM PS3.3 (C.7.6.2 image plane, C.7.6.16 functional groups) and PS3.10 (file format).
"""

import hashlib
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.uid import UID

from twinviewer.dicom.bounded import BoundedFile
from twinviewer.dicom.elements import DEFLATED, EXPLICIT, FIRST_BYTES, IMPLICIT, elements
from twinviewer.dicom.frame_geometry import ENHANCED, Frame, believable, frames_of
from twinviewer.dicom.frame_geometry import NO_FRAME as NO_FRAME
from twinviewer.dicom.identity import age_years, height_cm, identity
from twinviewer.dicom.mosaic import Mosaic, is_mosaic, mosaic_of
from twinviewer.dicom.pet import PetUnit, pet_unit
from twinviewer.dicom.pixel_place import NATIVE, place_of_pixels, refuse_inflate_bomb
from twinviewer.dicom.tag_values import (
    WANTED,
    Tags,
    integer_of,
    number_of,
    one_line,
    positive,
    text_of,
    texts_of,
)
from twinviewer.domain import LoadError
from twinviewer.domain.reading import SLOW_DISC_BYTES, reading

# pydicom logs odd values as they stand in the file; a patient's name does not belong into a log.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

MAX_FRAMES = 100_000
MAX_FRAME_BYTES = 1 << 30
DICOMDIR = "1.2.840.10008.1.3.10"

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_NOT_IMAGE_PREFIXES = tuple(
    _STORAGE + tail for tail in ("9.", "11.", "66", "67", "88.", "91.", "104.", "481.3", "481.4", "481.5", "481.8")
)
_NOT_IMAGE_MODALITIES = frozenset(
    [
        "ANN",
        "AU",
        "DOC",
        "ECG",
        "EPS",
        "FID",
        "HD",
        "KO",
        "PLAN",
        "PR",
        "REG",
        "RTPLAN",
        "RTRECORD",
        "RTSTRUCT",
        "RWV",
        "SEG",
        "SMR",
        "SR",
        "STAIN",
    ]
)
_EXECUTABLE_STARTS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")


@dataclass(frozen=True, slots=True)
class Header:
    """What a scan keeps of one file.

    patient_key: hash that tells patients apart; pseudonym: what may be shown. pixel_offset: where the value of the
    pixels begins in the file, None where it is deflated or holds none. floating: pixels are real numbers. rows and
    columns are those of one plane; of a mosaic that is a tile. unit: of values after rescale times unit_factor ("" if
    not known); unit_note: what must be said of it.
    """

    path: str
    sop_class: str
    sop_uid: str
    modality: str
    study_uid: str
    series_uid: str
    series_number: int
    instance_number: int
    acquisition_number: int | None
    frame_of_reference: str
    patient_key: str
    pseudonym: str
    sex: str
    age_years: float | None
    weight_kg: float | None
    height_cm: float | None
    study_date: str
    description: str
    protocol: str
    body_part: str
    kernel: str
    image_type: tuple[str, ...]
    contrast_agent: str
    synthetic: bool
    heart_rate_bpm: float | None
    cardiac_images: int | None
    inversion_ms: float | None
    images_made: int | None
    slice_step_mm: float | None
    window: tuple[float, float] | None
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    photometric: str
    transfer_syntax: str
    pixel_offset: int | None
    floating: bool
    mosaic: Mosaic | None
    unit: str
    unit_factor: float
    unit_note: str
    is_image: bool
    executable_preamble: bool
    frames: tuple[Frame, ...]

    @property
    def native(self) -> bool:
        """Whether pixels lie in the file as they are."""
        return self.transfer_syntax in NATIVE

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame once decoded."""
        return self.rows * self.columns * self.samples * max(self.bits_allocated // 8, 1)


class NotDicomError(LoadError):
    """The file carries no DICOM at all (a text, a picture, an empty file)."""


def read_header(path: Path) -> Header | None:
    """Read one file's header. None for a DICOMDIR. Raises NotDicomError or LoadError, whatever pydicom raises."""
    name = path.name
    try:
        with reading(path, SLOW_DISC_BYTES, "header"), BoundedFile(path) as stream:
            start = stream.read(FIRST_BYTES)
            has_prefix = start[128:132] == b"DICM"
            if not has_prefix and start[:2] not in (b"\x02\x00", b"\x08\x00"):
                raise NotDicomError("This file is not DICOM", where=name)
            refuse_inflate_bomb(stream, start, name)
            return _parse(stream, start, path, force=not has_prefix, executable=start.startswith(_EXECUTABLE_STARTS))
    except LoadError:
        raise
    except Exception as error:  # pydicom lets at least seven types through, zlib.error and RecursionError among them
        deep = isinstance(error, RecursionError)
        what = "The header's sequences lie too deep in one another" if deep else "This file cannot be read as DICOM"
        raise LoadError(what, where=name, remedy=f"Export it again ({type(error).__name__})") from None


def _parse(stream: BinaryIO, start: bytes, path: Path, force: bool, executable: bool) -> Header | None:
    data, syntax, storage, pixels_at = _tags(stream, start, force)
    if storage == DICOMDIR:
        return None
    sop_class = text_of(data, "SOPClassUID") or storage
    if not sop_class and "Rows" not in data:
        if force:
            raise NotDicomError("This file is not DICOM", where=path.name)
        raise LoadError("The header says neither what the object is nor how large", where=path.name)
    if not _is_uid(sop_class):
        raise LoadError("The header is damaged: its object type is not a valid UID", where=path.name)

    modality = text_of(data, "Modality")
    rows, columns = integer_of(data, "Rows"), integer_of(data, "Columns")
    other = modality in _NOT_IMAGE_MODALITIES or sop_class.startswith(_NOT_IMAGE_PREFIXES)
    is_image = rows is not None and columns is not None and not other
    if not is_image and not other and (sop_class.startswith(_STORAGE) or not modality):
        raise LoadError("The header is damaged or cut short", where=path.name, remedy="Copy or export it again")
    samples = integer_of(data, "SamplesPerPixel") or 1
    bits = integer_of(data, "BitsAllocated") or 16
    count = integer_of(data, "NumberOfFrames") or 1
    photometric = text_of(data, "PhotometricInterpretation")
    pixel_offset = None
    floating, mosaic = False, None
    unit = PetUnit({"CT": "HU", "RTDOSE": "Gy"}.get(modality, ""))
    frames: tuple[Frame, ...] = ()
    if is_image:
        frame_bytes = (rows or 0) * (columns or 0) * samples * max(bits // 8, 1)
        if not 0 < frame_bytes <= MAX_FRAME_BYTES or not 0 < count <= MAX_FRAMES:
            raise LoadError(
                f"The header claims {count} frames of {columns} x {rows} pixels, which cannot be true", where=path.name
            )
        if syntax != DEFLATED:
            expected = frame_bytes * count if bits >= 8 else frame_bytes // 8 * count
            stream.seek(pixels_at)
            pixel_offset, floating = place_of_pixels(stream, path, syntax, expected, photometric)
        frames = tuple(map(believable, frames_of(stream, data, sop_class, count, force)))
        if count == 1 and is_mosaic(texts_of(data, "ImageType")):
            tiles = mosaic_of(stream, frames[0], rows or 0, columns or 0, force)
            if tiles is not None:
                (mosaic, frames), rows, columns = tiles, *tiles[0].tile
        if modality == "PT" and sop_class not in ENHANCED:
            unit = pet_unit(stream, force)
    key, pseudonym, synthetic = identity(data)
    return Header(
        path=str(path),
        sop_class=sop_class,
        sop_uid=text_of(data, "SOPInstanceUID"),
        modality=modality,
        study_uid=text_of(data, "StudyInstanceUID"),
        series_uid=text_of(data, "SeriesInstanceUID") or _stand_in(data),
        series_number=integer_of(data, "SeriesNumber") or 0,
        instance_number=integer_of(data, "InstanceNumber") or 0,
        acquisition_number=integer_of(data, "AcquisitionNumber"),
        frame_of_reference=text_of(data, "FrameOfReferenceUID"),
        patient_key=key,
        pseudonym=pseudonym,
        sex=text_of(data, "PatientSex")[:1].upper(),
        age_years=age_years(text_of(data, "PatientAge")),
        weight_kg=positive(number_of(data, "PatientWeight")),
        height_cm=height_cm(number_of(data, "PatientSize")),
        study_date=_iso_date(text_of(data, "StudyDate")),
        description=one_line(text_of(data, "SeriesDescription")),
        protocol=one_line(text_of(data, "ProtocolName")),
        body_part=one_line(text_of(data, "BodyPartExamined")),
        kernel=text_of(data, "ConvolutionKernel"),
        image_type=texts_of(data, "ImageType"),
        contrast_agent=_contrast(text_of(data, "ContrastBolusAgent")),
        synthetic=synthetic,
        heart_rate_bpm=positive(number_of(data, "HeartRate")),
        cardiac_images=integer_of(data, "CardiacNumberOfImages"),
        inversion_ms=number_of(data, "InversionTime"),
        images_made=integer_of(data, "ImagesInAcquisition"),
        slice_step_mm=positive(number_of(data, "SpacingBetweenSlices")),
        window=_window(data) or (frames[len(frames) // 2].window if frames else None),
        rows=rows or 0,
        columns=columns or 0,
        samples=samples,
        bits_allocated=bits,
        bits_stored=min(integer_of(data, "BitsStored") or bits, bits),
        signed=integer_of(data, "PixelRepresentation") == 1,
        photometric=photometric,
        transfer_syntax=syntax,
        pixel_offset=pixel_offset,
        floating=floating,
        mosaic=mosaic,
        unit=unit.name,
        unit_factor=unit.factor,
        unit_note=unit.note,
        is_image=is_image,
        executable_preamble=executable,
        frames=frames,
    )


def _tags(stream: BinaryIO, start: bytes, force: bool) -> tuple[Tags, str, str, int]:
    """(values, transfer syntax, storage class by the file meta information, offset of the pixel element)."""
    plain = elements(stream, start, WANTED)
    if plain is not None:
        return plain, plain.syntax, plain.storage, plain.pixels_at
    stream.seek(0)
    data = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=list(WANTED), force=force)
    meta = data.file_meta
    syntax = str(meta.get("TransferSyntaxUID", "") or (IMPLICIT if data.is_implicit_VR else EXPLICIT))
    return data, syntax, str(meta.get("MediaStorageSOPClassUID", "")), stream.tell()


@lru_cache(maxsize=512)
def _is_uid(text: str) -> bool:
    return bool(UID(text).is_valid)


def _stand_in(data: Tags) -> str:
    """A series UID for files that have lost theirs: the same for what would have been one series."""
    parts = ("StudyInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "ProtocolName", "ConvolutionKernel")
    return "lost." + hashlib.sha256("\n".join(text_of(data, part) for part in parts).encode()).hexdigest()[:16]


def _iso_date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else ""


def _contrast(text: str) -> str:
    """Some scanners write "NONE" where nothing was given."""
    return "" if text.strip().upper() in ("", "NO", "NONE", "N", "OFF", "UNKNOWN") else one_line(text)


def _window(data: Tags) -> tuple[float, float] | None:
    """(width, level) of the header's first window."""
    level, width = number_of(data, "WindowCenter"), number_of(data, "WindowWidth")
    return None if level is None or width is None or width <= 0 else (width, level)
