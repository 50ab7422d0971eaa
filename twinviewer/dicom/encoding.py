"""What the values of an image stand for where one series mixes several: image type, flow and diffusion encoding.

Source: DICOM PS3.3 C.8.3.1.1.1 (image type), C.8.13.5.14 (velocity encoding), C.8.13.5.9 (diffusion).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pydicom.dataset import Dataset

from twinviewer.dicom.tag_values import Tags, number_of, numbers_of, positive, private_b_value, text_of, texts_of

_VENC_NAME = re.compile(r"_v(\d+)(in|out|ap|pa|rl|lr|fh|hf|si|is)?", re.IGNORECASE)
"""In Siemens' sequence names: *fl3d1_v150in is encoded through the plane, up to 150 cm/s."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """shows: the values of the frame's image type. b_value in s/mm²; gradient: unit direction of the diffusion
    encoding; velocity: which flow is encoded, up to which speed, "" where none is."""

    shows: tuple[str, ...] = ()
    b_value: float | None = None
    gradient: tuple[float, ...] | None = None
    velocity: str = ""


def classic_encoding(data: Tags) -> Encoding:
    """Of a classic image, by its main tags."""
    b_value = number_of(data, "DiffusionBValue")
    named = _VENC_NAME.search(text_of(data, "SequenceName"))
    return Encoding(
        shows=texts_of(data, "ImageType"),
        b_value=private_b_value(data) if b_value is None else b_value,
        gradient=numbers_of(data, "DiffusionGradientOrientation", 3),
        velocity=f"{named[1]} cm/s {named[2] or ''}".lower().strip() if named else "",
    )


def grouped_encoding(part: Callable[[str], Dataset]) -> Encoding:
    """Of one frame of an enhanced image. part: its functional group by name, the shared one where it has none."""
    kind, diffusion = part("MRImageFrameTypeSequence"), part("MRDiffusionSequence")
    shows = (*texts_of(kind, "FrameType"), text_of(kind, "ComplexImageComponent"))
    directions = diffusion.get("DiffusionGradientDirectionSequence")
    direction = directions[0] if directions else Dataset()
    return Encoding(
        shows=tuple(one for one in shows if one),
        b_value=number_of(diffusion, "DiffusionBValue"),
        gradient=numbers_of(direction, "DiffusionGradientOrientation", 3),
        velocity=_velocity(part("MRVelocityEncodingSequence")),
    )


def _velocity(encoded: Dataset) -> str:
    fastest = positive(number_of(encoded, "VelocityEncodingMaximumValue"))
    if fastest is None:
        return ""
    direction = numbers_of(encoded, "VelocityEncodingDirection", 3)
    along = "" if direction is None else " along " + ", ".join(f"{one:.2g}" for one in direction)
    return f"{fastest:g} cm/s{along}"
