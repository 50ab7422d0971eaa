"""Values of DICOM tags as plain numbers and text, None or "" where they are absent or damaged: a bad optional value
must not cost the whole image."""

import math
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

_TAGS = [
    "AcquisitionNumber", "BitsAllocated", "BitsStored", "BodyPartExamined", "CardiacNumberOfImages", "Columns",
    "ContrastBolusAgent", "ConvolutionKernel", "EchoTime", "FrameOfReferenceUID", "HeartRate", "ImageComments",
    "ImageOrientationPatient", "ImagePositionPatient", "ImageType", "InstanceNumber", "InversionTime", "Modality",
    "NominalInterval", "NominalPercentageOfCardiacPhase", "NumberOfFrames", "PatientAge", "PatientComments",
    "PatientID", "PatientIdentityRemoved", "PatientName", "PatientSex", "PatientSize", "PatientWeight",
    "PhotometricInterpretation", "PixelRepresentation", "PixelSpacing", "ProtocolName", "RescaleIntercept",
    "RescaleSlope", "Rows", "SOPClassUID", "SOPInstanceUID", "SamplesPerPixel", "SeriesDescription",
    "SeriesInstanceUID", "SeriesNumber", "SliceThickness", "SpecificCharacterSet", "StudyDate", "StudyInstanceUID",
    "TemporalPositionIdentifier", "TriggerTime", "WindowCenter", "WindowWidth",
]  # fmt: skip
_NESTED_TAGS = [
    "EffectiveEchoTime", "FrameContentSequence", "NominalCardiacTriggerDelayTime", "RRIntervalTimeNominal",
    "TemporalPositionIndex",
]  # fmt: skip
TAG_OF = {keyword: Tag(keyword) for keyword in _TAGS + _NESTED_TAGS}
_VR_OF = {keyword: dictionary_VR(tag) for keyword, tag in TAG_OF.items()}

_TEXT_NUMBERS = frozenset({"DS", "IS"})


def value_of(data: Dataset, keyword: str) -> Any:
    """The value of a tag, None where it is absent or damaged. Decimal strings come back as a list of text."""
    try:
        raw = data.get_item(TAG_OF[keyword])
        if raw is None:
            return None
        # pydicom's own conversion of decimal strings takes most of a scan's time; a split does the same
        if isinstance(raw, RawDataElement) and _VR_OF[keyword] in _TEXT_NUMBERS and raw.value is not None:
            return raw.value.decode("ascii").strip(" \0").split("\\")
        return data[TAG_OF[keyword]].value
    except Exception:  # conversion is lazy: a damaged optional value must not cost the whole image
        return None


def text_of(data: Dataset, keyword: str) -> str:
    value = value_of(data, keyword)
    try:
        return "" if value is None else str(value).strip(" \0")
    except Exception:
        return ""


def texts_of(data: Dataset, keyword: str) -> tuple[str, ...]:
    value = value_of(data, keyword)
    if value is None or value == "":
        return ()
    return (str(value),) if isinstance(value, str) else tuple(str(part) for part in value)


def one_line(text: str) -> str:
    """One printable line: no control characters, no direction overrides, at most 120 characters."""
    return "".join(letter for letter in text if letter.isprintable())[:120].strip()


def number_of(data: Dataset, keyword: str) -> float | None:
    value = value_of(data, keyword)
    try:
        first = value if isinstance(value, str | int | float) or value is None else next(iter(value), None)
        number = None if first is None or first == "" else float(first)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None


def integer_of(data: Dataset, keyword: str) -> int | None:
    number = number_of(data, keyword)
    return None if number is None or abs(number) > 2**62 else int(number)


def numbers_of(data: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    value = value_of(data, keyword)
    try:
        numbers = tuple(float(part) for part in value)
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None
