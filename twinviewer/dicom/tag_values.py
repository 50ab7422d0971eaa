"""Values of DICOM tags as plain numbers and text, None or "" where they are absent or damaged: a bad optional value
must not cost the whole image."""

import math
import struct
from typing import Any

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.valuerep import PersonName

from twinviewer.dicom.elements import Elements

_TAGS = [
    "AcquisitionNumber", "BitsAllocated", "BitsStored", "BodyPartExamined", "CardiacNumberOfImages", "Columns",
    "ContrastBolusAgent", "ConvolutionKernel", "DiffusionBValue", "DiffusionGradientOrientation", "EchoTime",
    "FrameOfReferenceUID", "HeartRate", "ImageComments", "ImageOrientationPatient", "ImagePositionPatient",
    "ImageType", "ImagesInAcquisition", "InstanceNumber", "InversionTime", "Modality", "NominalInterval",
    "NominalPercentageOfCardiacPhase", "NumberOfFrames", "PatientAge", "PatientComments", "PatientID",
    "PatientIdentityRemoved", "PatientName", "PatientSex", "PatientSize", "PatientWeight",
    "PhotometricInterpretation", "PixelRepresentation", "PixelSpacing", "ProtocolName", "RescaleIntercept",
    "RescaleSlope", "Rows", "SOPClassUID", "SOPInstanceUID", "SamplesPerPixel", "SequenceName", "SeriesDescription",
    "SeriesInstanceUID", "SeriesNumber", "SliceThickness", "SpacingBetweenSlices", "SpecificCharacterSet", "StudyDate",
    "StudyInstanceUID", "TemporalPositionIdentifier", "TriggerTime", "WindowCenter", "WindowWidth",
]  # fmt: skip
_NESTED_TAGS = [
    "ComplexImageComponent", "EffectiveEchoTime", "FrameContentSequence", "FrameType",
    "NominalCardiacTriggerDelayTime", "RRIntervalTimeNominal", "TemporalPositionIndex",
    "VelocityEncodingDirection", "VelocityEncodingMaximumValue",
]  # fmt: skip
TAG_OF = {keyword: Tag(keyword) for keyword in _TAGS + _NESTED_TAGS}
_VR_OF = {keyword: dictionary_VR(tag) for keyword, tag in TAG_OF.items()}

PRIVATE = {
    "SIEMENS MR HEADER": (0x00190010, 0x0019100C),
    "GEMS_PARM_01": (0x00430010, 0x00431039),
    "Philips Imaging DD 001": (0x20010010, 0x20011003),
}
"""Whose private block -> (tag that names the owner, tag of the b-value), where the block stands in its usual place."""

_BINARY_NUMBERS = {"FD": "d", "FL": "f"}
_TEXT_NUMBERS = frozenset({"DS", "IS"})
_DELIMITERS = {0x0A, 0x0C, 0x0D, 0x09, 0x5C}
"""Bytes that end a change of the character set (PS3.5 6.1.2.5.3)."""
_ONE_TEXT = frozenset({"LT", "ST", "UT"})
WANTED = {int(tag): keyword for keyword, tag in TAG_OF.items()} | {
    tag: f"{tag:08x}" for pair in PRIVATE.values() for tag in pair
}
"""What a scan wants of a file: tag -> keyword (private tags by their number)."""

Tags = Dataset | Elements


def value_of(data: Tags, keyword: str) -> Any:
    """The value of a tag, None where it is absent or damaged. Decimal strings come back as a list of text."""
    try:
        if isinstance(data, Elements):
            content = data.values.get(keyword)
            return None if content is None else _value(data, content, _VR_OF[keyword])
        raw = data.get_item(TAG_OF[keyword])
        if raw is None:
            return None
        # pydicom's own conversion of decimal strings takes most of a scan's time; a split does the same
        if isinstance(raw, RawDataElement) and _VR_OF[keyword] in _TEXT_NUMBERS and raw.value is not None:
            return raw.value.decode("ascii").strip(" \0").split("\\")
        return data[TAG_OF[keyword]].value
    except Exception:  # conversion is lazy: a damaged optional value must not cost the whole image
        return None


def _value(data: Elements, content: bytes, vr: str) -> Any:
    if vr == "US":
        return int.from_bytes(content, "little") if len(content) in (2, 4) else None
    if vr in _BINARY_NUMBERS:
        size = 8 if vr == "FD" else 4
        return struct.unpack(f"<{len(content) // size}{_BINARY_NUMBERS[vr]}", content) or None
    if vr in _TEXT_NUMBERS:
        return content.decode("ascii").strip(" \0").split("\\")
    if content.isascii() and b"\x1b" not in content:
        text = content.decode("ascii")
    else:
        encodings = convert_encodings(_charset(data))
        if vr == "PN":
            return str(PersonName(content.rstrip(b"\0 "), encodings))
        text = decode_bytes(content, encodings, _DELIMITERS)
    text = text.strip(" \0")
    return [one.strip(" \0") for one in text.split("\\")] if "\\" in text and vr not in _ONE_TEXT else text


def _charset(data: Elements) -> list[str]:
    named = data.values.get("SpecificCharacterSet", b"").decode("ascii", "replace")
    return [one.strip(" \0") for one in named.split("\\")]


def text_of(data: Tags, keyword: str) -> str:
    value = value_of(data, keyword)
    try:
        if value is None:
            return ""
        plain = isinstance(value, str) or not hasattr(value, "__iter__") or isinstance(value, PersonName)
        return (str(value) if plain else "\\".join(str(one).strip(" \0") for one in value)).strip(" \0")
    except Exception:
        return ""


def texts_of(data: Tags, keyword: str) -> tuple[str, ...]:
    value = value_of(data, keyword)
    if value is None or value == "":
        return ()
    return (str(value),) if isinstance(value, str) else tuple(str(part).strip(" \0") for part in value)


def one_line(text: str) -> str:
    """One printable line: no control characters, no direction overrides, at most 120 characters."""
    return "".join(letter for letter in text if letter.isprintable())[:120].strip()


def number_of(data: Tags, keyword: str) -> float | None:
    value = value_of(data, keyword)
    try:
        first = value if isinstance(value, str | int | float) or value is None else next(iter(value), None)
        number = None if first is None or first == "" else float(first)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None


def integer_of(data: Tags, keyword: str) -> int | None:
    number = number_of(data, keyword)
    return None if number is None or abs(number) > 2**62 else int(number)


def numbers_of(data: Tags, keyword: str, count: int) -> tuple[float, ...] | None:
    value = value_of(data, keyword)
    try:
        numbers = tuple(float(part) for part in value)
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None


def private_b_value(data: Tags) -> float | None:
    """b-value in s/mm² from a vendor's private tag: Siemens' and Philips' as it stands, GE's without its flag of 1e9.

    Source: the vendors' DICOM conformance statements; as read by dcm2niix.
    """
    for owner, (named_in, tag) in PRIVATE.items():
        try:
            if _raw(data, named_in).decode("ascii").strip(" \0") != owner:
                continue
            content = _raw(data, tag)
            if owner.startswith("Philips"):
                value = struct.unpack("<f", content[:4])[0]
            else:
                value = float(content.decode("ascii").split("\\")[0].strip(" \0"))
        except (ValueError, TypeError, IndexError, struct.error):
            continue
        if math.isfinite(value) and value >= 0:
            return value % 1e9 if owner.startswith("GEMS") else float(value)
    return None


def _raw(data: Tags, tag: int) -> bytes:
    if isinstance(data, Elements):
        return data.values.get(f"{tag:08x}", b"")
    found = data.get_item(Tag(tag))
    if isinstance(found, RawDataElement):
        return found.value or b""
    if found is None:
        return b""
    return found.value if isinstance(found.value, bytes) else str(found.value).encode("ascii", "replace")
