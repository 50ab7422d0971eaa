"""Where each frame of one file lies and when it was taken: classic, functional groups, dose grids, SPECT.

Source: DICOM PS3.3 C.7.6.2 (image plane), C.7.6.16 (functional groups), C.8.8.3.2 (dose grid), C.8.4.11 and C.8.4.15
(nuclear medicine), C.8.24.3 (ultrasound volumes).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from twinviewer.dicom.encoding import Encoding, classic_encoding, grouped_encoding
from twinviewer.dicom.tag_values import Tags, integer_of, number_of, numbers_of, positive

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_GROUPED = (
    "2.1", "2.2", "4.1", "4.3", "4.4", "6.2", "7.2", "7.3", "12.1.1", "12.2.1", "13.1.1", "13.1.2", "13.1.3", "14.1",
    "14.2", "30", "77.1.5.4", "128.1", "130",
)  # fmt: skip
ENHANCED = frozenset(_STORAGE + tail for tail in _GROUPED)
"""Object types whose frames have functional groups, shared and their own."""
RT_DOSE, NUCLEAR, US_VOLUME = _STORAGE + "481.2", _STORAGE + "20", _STORAGE + "6.2"

_GROUP_TAGS = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]
FARTHEST_MM, LEAST_SPACING_MM, MOST_SPACING_MM = 1e5, 1e-5, 1e3
_SPACED = ("DoseGridScaling", "DetectorInformationSequence", "GridFrameOffsetVector", "SliceVector", "TimeSlotVector",
           "SpacingBetweenSlices")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """Where one image plane lies and when it was taken. None where the header is silent or makes no sense.

    index: frame number in its file (of a mosaic: the tile's). position_mm: (x, y, z) LPS of the first pixel's centre.
    orientation: row and column cosines. spacing_mm: (between rows, between columns). Times in ms after the R wave,
    phase in % of R-R. encoding: what image type, flow or diffusion the values show.
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
    encoding: Encoding = Encoding()
    window: tuple[float, float] | None = None


NO_FRAME = Frame(0, None, None, None, None, 1.0, 0.0, None, None, None, None, None)


def frames_of(stream: BinaryIO, data: Tags, sop_class: str, count: int, force: bool) -> tuple[Frame, ...]:
    """The ``count`` frames of a file whose main tags are in ``data``; more are read from ``stream`` where needed."""
    if sop_class in ENHANCED:
        return _grouped(stream, sop_class, count, force, data)
    single = replace(_frame(0, data, data, data, data, data, data, data), encoding=classic_encoding(data))
    if sop_class in (RT_DOSE, NUCLEAR):
        more = read_more(stream, list(_SPACED), force)
        return _dose(single, more, count) if sop_class == RT_DOSE else _nuclear(single, more, count)
    # A classic multi-frame image (ultrasound, old cine) gives one geometry for all; the order is the time.
    return (single, *(replace(single, index=n, temporal_index=n) for n in range(1, count)))


def read_more(stream: BinaryIO, tags: list[str | int | tuple[int, int]], force: bool) -> Dataset:
    """These tags of the file, which a scan of plain headers does not keep."""
    stream.seek(0)
    found: Dataset = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=tags, force=force)  # type: ignore[arg-type]
    return found


def _grouped(stream: BinaryIO, sop_class: str, count: int, force: bool, data: Tags) -> tuple[Frame, ...]:
    groups = read_more(stream, list(_GROUP_TAGS), force)
    shared = _item(groups, "SharedFunctionalGroupsSequence")
    each = groups.get("PerFrameFunctionalGroupsSequence") or []
    if not len(shared) and not each:  # some converters call an old multi-frame image an enhanced one
        single = _frame(0, data, data, data, data, data, data, data)
        return (single, *(replace(single, index=n, temporal_index=n) for n in range(1, count)))
    frames = []
    for index in range(count):
        own = each[index] if index < len(each) else Dataset()

        def part(name: str, own: Dataset = own) -> Dataset:
            return _item(own, name) if name in own else _item(shared, name)

        frame = _frame(
            index,
            part("PlanePositionSequence"),
            part("PlaneOrientationSequence"),
            part("PixelMeasuresSequence"),
            part("PixelValueTransformationSequence"),
            part("CardiacSynchronizationSequence"),
            part("FrameContentSequence"),
            part("MREchoSequence"),
        )
        frame = replace(frame, encoding=grouped_encoding(part), window=_window(part("FrameVOILUTSequence")))
        frames.append(_in_volume(_in_world(frame, part), part) if sop_class == US_VOLUME else _in_world(frame, part))
    return tuple(frames)


def _window(data: Dataset) -> tuple[float, float] | None:
    level, width = number_of(data, "WindowCenter"), number_of(data, "WindowWidth")
    return None if level is None or width is None or width <= 0 else (width, level)


def _in_world(frame: Frame, part: Callable[[str], Dataset]) -> Frame:
    """Where there is no rescale, the mapping to real-world values (parametric maps) takes its place."""
    mapping = part("RealWorldValueMappingSequence")
    slope, intercept = plain_number(mapping, "RealWorldValueSlope"), plain_number(mapping, "RealWorldValueIntercept")
    if slope is None or "RescaleSlope" in part("PixelValueTransformationSequence"):
        return frame
    return replace(frame, slope=slope, intercept=intercept or 0.0)


def believable(frame: Frame) -> Frame:
    """The frame, without a place or spacing that no image of a patient can have: one damaged number, kept, would make
    a grid of light years out of a sound stack."""
    position, spacing = frame.position_mm, frame.spacing_mm
    lost = position is not None and max(map(abs, position)) > FARTHEST_MM
    odd = spacing is not None and (max(spacing) > MOST_SPACING_MM or 0 < min(spacing) < LEAST_SPACING_MM)
    if not lost and not odd:
        return frame
    return replace(frame, position_mm=None if lost else position, spacing_mm=None if odd else spacing)


def _in_volume(frame: Frame, part: Callable[[str], Dataset]) -> Frame:
    """An ultrasound volume lies in its probe's frame of reference; nothing says where the patient is."""
    return replace(
        frame,
        position_mm=_numbers(part("PlanePositionVolumeSequence"), "ImagePositionVolume", 3) or frame.position_mm,
        orientation=_numbers(part("PlaneOrientationVolumeSequence"), "ImageOrientationVolume", 6) or frame.orientation,
    )


def _frame(
    index: int,
    place: Tags,
    turn: Tags,
    measure: Tags,
    rescale: Tags,
    cardiac: Tags,
    content: Tags,
    echo: Tags,
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


# --- grids that give one place and the frames' distances from it ---------------------------------------------------


def along(frame: Frame, steps_mm: np.ndarray, axis: np.ndarray) -> tuple[Frame, ...]:
    """The frame again at each of (n,) steps from its place along a unit axis."""
    start = np.array(frame.position_mm)
    return tuple(
        replace(frame, index=n, position_mm=tuple(map(float, start + step * axis))) for n, step in enumerate(steps_mm)
    )


def normal_of(frame: Frame) -> np.ndarray | None:
    """(3,) rows' direction x columns'; None without a place."""
    if frame.position_mm is None or frame.orientation is None:
        return None
    return np.cross(frame.orientation[:3], frame.orientation[3:])


def _dose(frame: Frame, more: Dataset, count: int) -> tuple[Frame, ...]:
    """Offsets begin with 0, or (a transverse grid only) with the z of the first plane."""
    scaling = plain_number(more, "DoseGridScaling")
    frame = replace(frame, slope=1.0 if scaling is None else scaling, intercept=0.0)
    offsets = _numbers(more, "GridFrameOffsetVector", count)
    normal = normal_of(frame)
    if count == 1:
        return (frame,)
    if offsets is None or normal is None or frame.position_mm is None:
        return tuple(replace(frame, index=n, position_mm=None) for n in range(count))
    steps = np.array(offsets)
    if steps[0] != 0 and abs(steps[0] - frame.position_mm[2]) < 1e-3:
        return along(frame, (steps - steps[0]), np.array([0.0, 0.0, 1.0]))
    return along(frame, steps, normal)


def _nuclear(frame: Frame, more: Dataset, count: int) -> tuple[Frame, ...]:
    """A reconstructed stack: place and direction stand with the detector, and each frame says its slice."""
    detector = _item(more, "DetectorInformationSequence")
    frame = replace(
        frame,
        position_mm=frame.position_mm or numbers_of(detector, "ImagePositionPatient", 3),
        orientation=frame.orientation or numbers_of(detector, "ImageOrientationPatient", 6),
    )
    normal, step = normal_of(frame), plain_number(more, "SpacingBetweenSlices")
    slices = _numbers(more, "SliceVector", count)
    if count > 1 and (normal is None or not step or slices is None):
        return tuple(replace(frame, index=n, position_mm=None, temporal_index=n) for n in range(count))
    if count == 1 or slices is None or normal is None or step is None:
        return (frame,)
    frames = along(frame, (np.array(slices) - 1) * step, normal)
    slots = _numbers(more, "TimeSlotVector", count)
    return frames if slots is None else tuple(
        replace(one, temporal_index=int(slot)) for one, slot in zip(frames, slots, strict=True)
    )  # fmt: skip


def _item(data: Dataset, keyword: str) -> Dataset:
    sequence = data.get(keyword)
    return sequence[0] if sequence else Dataset()


def plain_number(data: Dataset, keyword: str) -> float | None:
    """The one number of a tag, None where it is absent, damaged or several."""
    found = _numbers(data, keyword, 1)
    return None if found is None else found[0]


def _numbers(data: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """As tag_values' own, of tags that a scan of plain headers does not keep."""
    try:
        value = data[keyword].value
        numbers = tuple(float(part) for part in (value if isinstance(value, MultiValue | list | tuple) else [value]))
    except Exception:  # conversion is lazy: whatever is wrong with an optional value
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None
