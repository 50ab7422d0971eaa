"""One DICOM file's header as plain numbers, read without its pixels. Nothing here trusts what a file claims.

Source: DICOM PS3.3 (C.7.6.2 image plane, C.7.6.16 functional groups) and PS3.10 (file format).
"""

import hashlib
import logging
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID

from twinviewer.dicom.identity import age_years, height_cm, identity
from twinviewer.dicom.tag_values import (
    TAG_OF,
    integer_of,
    number_of,
    numbers_of,
    one_line,
    positive,
    text_of,
    texts_of,
)
from twinviewer.domain import LoadError

# pydicom logs odd values as they stand in the file; a patient's name does not belong into a log.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

MAX_FRAMES = 100_000
MAX_INFLATED_BYTES = 1 << 28
MAX_FRAME_BYTES = 1 << 30

NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"})
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
DICOMDIR = "1.2.840.10008.1.3.10"

_STORAGE = "1.2.840.10008.5.1.4.1.1."
ENHANCED = frozenset(_STORAGE + tail for tail in ("2.1", "2.2", "4.1", "4.4", "128.1", "130"))
_NOT_IMAGE_PREFIXES = tuple(
    _STORAGE + tail
    for tail in ("9.", "11.", "66", "67", "88.", "91.", "104.", "30", "481.3", "481.4", "481.5", "481.8")
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

_FRAME_TAGS = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where one image plane lies and when it was taken. None where the header is silent or makes no sense.

    index: frame number in its file. position_mm: (x, y, z) LPS of the first pixel's centre. orientation: row and
    column cosines. spacing_mm: (between rows, between columns). Times in ms after the R wave, phase in % of R-R.
    """

    index: int
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    thickness_mm: float | None
    slope: float
    intercept: float
    trigger_ms: float | None
    phase_percent: float | None
    interval_ms: float | None
    temporal_index: int | None
    echo_ms: float | None


NO_FRAME = Frame(0, None, None, None, None, 1.0, 0.0, None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class Header:
    """What a scan keeps of one file. patient_key: hash that tells patients apart; pseudonym: what may be shown."""

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
    is_image: bool
    executable_preamble: bool
    frames: tuple[Frame, ...]

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
        with path.open("rb") as stream:
            start = stream.read(1024)
            has_prefix = start[128:132] == b"DICM"
            if not has_prefix and start[:2] not in (b"\x02\x00", b"\x08\x00"):
                raise NotDicomError("This file is not DICOM", where=name)
            _refuse_inflate_bomb(stream, start, name)
            stream.seek(0)
            return _parse(stream, path, force=not has_prefix, executable=start.startswith(_EXECUTABLE_STARTS))
    except LoadError:
        raise
    except Exception as error:  # pydicom lets at least seven types through, zlib.error and RecursionError among them
        raise LoadError(
            "This file cannot be read as DICOM", where=name, remedy=f"Export it again ({type(error).__name__})"
        ) from None


def _parse(stream: BinaryIO, path: Path, force: bool, executable: bool) -> Header | None:
    data = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=list(TAG_OF.values()), force=force)
    meta = data.file_meta
    syntax = str(meta.get("TransferSyntaxUID", "") or (IMPLICIT if data.is_implicit_VR else "1.2.840.10008.1.2.1"))
    if str(meta.get("MediaStorageSOPClassUID", "")) == DICOMDIR:
        return None
    sop_class = text_of(data, "SOPClassUID") or str(meta.get("MediaStorageSOPClassUID", ""))
    if not sop_class and "Rows" not in data:
        if force:
            raise NotDicomError("This file is not DICOM", where=path.name)
        raise LoadError("The header says neither what the object is nor how large", where=path.name)
    if not UID(sop_class).is_valid:
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
    frames: tuple[Frame, ...] = ()
    if is_image:
        frame_bytes = (rows or 0) * (columns or 0) * samples * max(bits // 8, 1)
        if not 0 < frame_bytes <= MAX_FRAME_BYTES or not 0 < count <= MAX_FRAMES:
            raise LoadError(
                f"The header claims {count} frames of {columns} x {rows} pixels, which cannot be true", where=path.name
            )
        if syntax in NATIVE and bits >= 8:
            pixel_offset = _native_pixels(stream, path, syntax, frame_bytes * count, photometric)
        frames = _frames(stream, data, sop_class, count, force)
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
        window=_window(data),
        rows=rows or 0,
        columns=columns or 0,
        samples=samples,
        bits_allocated=bits,
        bits_stored=min(integer_of(data, "BitsStored") or bits, bits),
        signed=integer_of(data, "PixelRepresentation") == 1,
        photometric=photometric,
        transfer_syntax=syntax,
        pixel_offset=pixel_offset,
        is_image=is_image,
        executable_preamble=executable,
        frames=frames,
    )


def _stand_in(data: Dataset) -> str:
    """A series UID for files that have lost theirs: the same for what would have been one series."""
    parts = ("StudyInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "ProtocolName", "ConvolutionKernel")
    return "lost." + hashlib.sha256("\n".join(text_of(data, part) for part in parts).encode()).hexdigest()[:16]


def _refuse_inflate_bomb(stream: BinaryIO, start: bytes, name: str) -> None:
    """A deflated file is inflated whole by pydicom: count the bytes first, in pieces, and stop at the cap."""
    if DEFLATED.encode() not in start:
        return
    # PS3.10 7.1: group 2 opens with its own length, then the deflated data set follows
    meta_bytes = int.from_bytes(start[140:144], "little") if start[132:136] == b"\x02\x00\x00\x00" else -1
    if not 0 < meta_bytes < 1 << 20:
        raise LoadError("The deflated file does not say where its data begin", where=name)
    stream.seek(144 + meta_bytes)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    while piece := stream.read(1 << 16):
        while piece:
            total += len(inflater.decompress(piece, 1 << 22))
            piece = inflater.unconsumed_tail
            if total > MAX_INFLATED_BYTES:
                raise LoadError(
                    f"The file inflates to more than {MAX_INFLATED_BYTES >> 20} MB",
                    where=name,
                    remedy="It was refused unopened",
                )


def _native_pixels(stream: BinaryIO, path: Path, syntax: str, expected: int, photometric: str) -> int | None:
    """Offset of the first pixel byte; LoadError if the file ends before the last one."""
    start = stream.tell()
    element = stream.read(12)
    big = syntax == BIG_ENDIAN
    if len(element) < 8:
        raise LoadError("The file ends before its pixels", where=path.name, remedy="Copy or export it again")
    if element[:4] != (b"\x7f\xe0\x00\x10" if big else b"\xe0\x7f\x10\x00"):
        return None
    offset = start + (8 if syntax == IMPLICIT else 12)
    if photometric != "YBR_FULL_422" and path.stat().st_size - offset < expected:
        raise LoadError("The file is cut short: pixels are missing", where=path.name, remedy="Copy or export it again")
    return offset


# --- one frame's geometry and time -------------------------------------------------------------------------------


def _frames(stream: BinaryIO, data: Dataset, sop_class: str, count: int, force: bool) -> tuple[Frame, ...]:
    if sop_class not in ENHANCED:
        single = _frame(0, data, data, data, data, data, data, data)
        return tuple(_renumbered(single, index) for index in range(count))
    stream.seek(0)
    groups = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=_FRAME_TAGS, force=force)
    shared = _item(groups, "SharedFunctionalGroupsSequence")
    each = groups.get("PerFrameFunctionalGroupsSequence") or []
    frames = []
    for index in range(count):
        own = each[index] if index < len(each) else Dataset()

        def part(name: str, own: Dataset = own) -> Dataset:
            return _item(own, name) if name in own else _item(shared, name)

        frames.append(
            _frame(
                index,
                part("PlanePositionSequence"),
                part("PlaneOrientationSequence"),
                part("PixelMeasuresSequence"),
                part("PixelValueTransformationSequence"),
                part("CardiacSynchronizationSequence"),
                part("FrameContentSequence"),
                part("MREchoSequence"),
            )
        )
    return tuple(frames)


def _frame(
    index: int,
    place: Dataset,
    turn: Dataset,
    measure: Dataset,
    rescale: Dataset,
    cardiac: Dataset,
    content: Dataset,
    echo: Dataset,
) -> Frame:
    slope, intercept = number_of(rescale, "RescaleSlope"), number_of(rescale, "RescaleIntercept")
    trigger = number_of(cardiac, "TriggerTime")
    interval = number_of(cardiac, "NominalInterval")
    temporal = integer_of(content, "TemporalPositionIdentifier")
    return Frame(
        index=index,
        position_mm=numbers_of(place, "ImagePositionPatient", 3),
        orientation=numbers_of(turn, "ImageOrientationPatient", 6),
        spacing_mm=numbers_of(measure, "PixelSpacing", 2),
        thickness_mm=positive(number_of(measure, "SliceThickness")),
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        trigger_ms=number_of(cardiac, "NominalCardiacTriggerDelayTime") if trigger is None else trigger,
        phase_percent=number_of(cardiac, "NominalPercentageOfCardiacPhase"),
        interval_ms=positive(number_of(cardiac, "RRIntervalTimeNominal") if interval is None else interval),
        temporal_index=integer_of(content, "TemporalPositionIndex") if temporal is None else temporal,
        echo_ms=number_of(echo, "EffectiveEchoTime") if "EffectiveEchoTime" in echo else number_of(echo, "EchoTime"),
    )


def _renumbered(frame: Frame, index: int) -> Frame:
    if index == 0:
        return frame
    # A classic multi-frame image (ultrasound, old cine) gives one geometry for all; the order is the time.
    return Frame(
        index, frame.position_mm, frame.orientation, frame.spacing_mm, frame.thickness_mm, frame.slope, frame.intercept,
        frame.trigger_ms, frame.phase_percent, frame.interval_ms, index, frame.echo_ms,
    )  # fmt: skip


def _item(data: Dataset, keyword: str) -> Dataset:
    sequence = data.get(keyword)
    return sequence[0] if sequence else Dataset()


def _iso_date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else ""


def _contrast(text: str) -> str:
    """Some scanners write "NONE" where nothing was given."""
    return "" if text.strip().upper() in ("", "NO", "NONE", "N", "OFF", "UNKNOWN") else one_line(text)


def _window(data: Dataset) -> tuple[float, float] | None:
    """(width, level) of the header's first window."""
    level, width = number_of(data, "WindowCenter"), number_of(data, "WindowWidth")
    return None if level is None or width is None or width <= 0 else (width, level)
