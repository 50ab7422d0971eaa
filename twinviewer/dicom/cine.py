"""Cine MR: which series are cine, which planes they hold, and what to call each plane."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from twinviewer.dicom.phases import Plane, rr_seconds
from twinviewer.dicom.slice_geometry import SAME_PLACE_MM, axes, same_orientation
from twinviewer.dicom.splitting import shows

_OTHER = re.compile(r"molli|t1.?map|t2.?map|perf|stress|lge|psir|flow|venc|late.?enh|de.?mr|tfl.?sr", re.IGNORECASE)
_NO_CINE = frozenset(("phase", "velocity", "phase velocity", "real part", "imaginary part"))
_PARALLEL = float(np.cos(np.radians(0.5)))
MANY_MOMENTS = 8
"""So many times at one place, within one beat, are a cine even where no length of the beat is given."""
_VIEWS = (
    ("4CH", re.compile(r"4.?ch|four.?ch|\bhla\b|horizontal.?long", re.IGNORECASE)),
    ("2CH", re.compile(r"2.?ch|two.?ch|\bvla\b|vertical.?long", re.IGNORECASE)),
    ("3CH", re.compile(r"3.?ch|three.?ch|lvot|aplax|\blax3\b", re.IGNORECASE)),
    ("RVOT", re.compile(r"rvot|rv.?out", re.IGNORECASE)),
    ("SAX", re.compile(r"sax|short.?ax|\bsa\b", re.IGNORECASE)),
)
_APEXWARD = np.array([0.6, -0.6, -0.5])
"""From the base of the heart to its apex the body axes run left, forward and down; enough to order short axes."""


def timed(planes: Sequence[Plane]) -> list[Plane]:
    """The planes with a time after the R wave each; where only the number or the percentage of a phase is given, by
    the length of the beat. As they are where that cannot be told."""
    beat = rr_seconds(planes)
    if beat is None or any(plane.header.modality != "MR" or plane.frame.trigger_ms is not None for plane in planes):
        return list(planes)
    percents = [plane.frame.phase_percent for plane in planes]
    if all(value is not None for value in percents):
        times = [10.0 * beat * value for value in percents if value is not None]
    else:
        numbers = [plane.frame.temporal_index for plane in planes]
        if None in numbers or len(set(numbers)) < 2:
            return list(planes)
        known = [number for number in numbers if number is not None]
        first, count = min(known), max(len(set(known)), max(plane.header.cardiac_images or 0 for plane in planes))
        times = [1000.0 * beat * (number - first) / count for number in known]
        if max(times) >= 1000.0 * beat:
            return list(planes)
    return [
        replace(plane, frame=replace(plane.frame, trigger_ms=time)) for plane, time in zip(planes, times, strict=True)
    ]


def is_cine(planes: Sequence[Plane]) -> bool:
    """Whether the planes of one MR series show one beat: several trigger times at a place, within one R-R interval.

    Maps, perfusion, late enhancement and phase-contrast images also carry trigger times; they are told by
    InversionTime, name and image type.
    """
    if not planes or not may_be_cine(planes):
        return False
    beat = rr_seconds(planes)
    times = [plane.frame.trigger_ms for plane in planes if plane.frame.trigger_ms is not None]
    most = max(len(moments(stack)) for stack in stacks(planes))
    if beat is None and not (planes[0].header.cardiac_images or 0) > 1 and most < MANY_MOMENTS:
        return False
    longest = 1300.0 * beat if beat else 3000.0
    return max(times) <= longest and most > 1


def may_be_cine(planes: Sequence[Plane]) -> bool:
    """Whether planes are MR with a time after the R wave each, and nothing says that they are something else."""
    if any(plane.header.modality != "MR" or plane.frame.trigger_ms is None for plane in planes):
        return False
    header = planes[0].header
    if _OTHER.search(f"{header.description} {header.protocol}"):
        return False
    if any(shows(plane) in _NO_CINE or plane.frame.encoding.velocity for plane in planes):
        return False
    return len({plane.header.inversion_ms for plane in planes}) == 1


def moments(stack: Sequence[Plane]) -> tuple[Plane, ...]:
    """The planes of one place by trigger time, each time once (the lowest instance number wins)."""
    by_time: dict[float, Plane] = {}
    for plane in sorted(stack, key=lambda plane: (plane.header.instance_number, plane.frame.index)):
        by_time.setdefault(round(plane.frame.trigger_ms or 0.0, 2), plane)
    return tuple(by_time[time] for time in sorted(by_time))


def stacks(planes: Sequence[Plane]) -> list[list[Plane]]:
    """Planes that show the same place at different times: same series, matrix, orientation and position."""
    exactly: dict[Hashable, list[Plane]] = {}
    for plane in planes:
        header, frame = plane.header, plane.frame
        series = plane.pool or header.series_uid
        key = (series, header.rows, header.columns, frame.position_mm, frame.orientation)
        exactly.setdefault(key, []).append(plane)
    found: list[list[Plane]] = []
    for members in exactly.values():
        for stack in found:
            if _series(stack[0]) == _series(members[0]) and same_place(stack[0], members[0]):
                stack += members
                break
        else:
            found.append(members)
    return found


def in_order(
    found: Sequence[Sequence[Plane]],
) -> tuple[tuple[tuple[Plane, ...], ...], tuple[str, ...]]:
    """Stacks as (planes, each by time) and a label for each: SAX 1 (base) ..., then long axes."""
    groups = [moments(stack) for stack in found]
    names = [_name(group[0]) for group in groups]
    short = short_axis(groups, names)
    labelled: list[tuple[tuple[int, float, int], str, tuple[Plane, ...]]] = []
    for number, (group, name) in enumerate(zip(groups, names, strict=True)):
        if number in short:
            labelled.append(((0, depth_mm(group[0]), number), "SAX", group))
        else:
            labelled.append(((1, float(group[0].header.series_number), number), name or "LAX", group))
    labelled.sort(key=lambda entry: entry[0])
    totals = [entry[1] for entry in labelled]
    labels, seen = [], dict.fromkeys(totals, 0)
    for name in totals:
        seen[name] += 1
        labels.append(f"{name} {seen[name]}" if name in ("SAX", "LAX") or totals.count(name) > 1 else name)
    return tuple(entry[2] for entry in labelled), tuple(labels)


def named(stack: Sequence[Plane]) -> str:
    """The view that a plane's series is named after: "SAX", "4CH", ... or ""."""
    return _name(stack[0])


def depth_mm(plane: Plane) -> float:
    """How far towards the apex a short-axis plane lies, in mm; enough to order them."""
    return float(_middle(plane) @ _APEXWARD) / float(np.linalg.norm(_APEXWARD))


def depths_mm(planes: Sequence[Plane]) -> list[float]:
    """How far towards the apex the middles of parallel planes lie, along their normal, in mm."""
    turned = axes(planes[0].frame.orientation or ()) if planes else None
    if turned is None:
        return [0.0] * len(planes)
    normal = turned[2] if turned[2] @ _APEXWARD >= 0 else -turned[2]
    return [float(_middle(plane) @ normal) for plane in planes]


def same_place(a: Plane, b: Plane, within_mm: float = SAME_PLACE_MM) -> bool:
    """Whether two planes have the same pixel grid at the same place."""
    if (a.header.rows, a.header.columns) != (b.header.rows, b.header.columns):
        return False
    if a.frame.position_mm is None or b.frame.position_mm is None:
        return False
    if max(abs(p - q) for p, q in zip(a.frame.position_mm, b.frame.position_mm, strict=True)) > within_mm:
        return False
    if a.frame.orientation is None or b.frame.orientation is None:
        return False
    return same_orientation(a.frame.orientation, b.frame.orientation)


def _series(plane: Plane) -> str:
    return plane.pool or plane.header.series_uid


def _name(plane: Plane) -> str:
    for text in (plane.header.description, plane.header.protocol):
        for name, pattern in _VIEWS:
            if pattern.search(text.replace("_", " ")):
                return name
    return ""


def short_axis(groups: Sequence[tuple[Plane, ...]], names: Sequence[str]) -> set[int]:
    """Planes named SAX, or else the largest family of three or more parallel planes without another name."""
    named = {number for number, name in enumerate(names) if name == "SAX"}
    if named:
        return named
    free = [number for number, name in enumerate(names) if not name]
    if not free:
        return set()
    cosines = np.array([groups[number][0].frame.orientation or (0.0,) * 6 for number in free])
    parallel = (cosines[:, :3] @ cosines[:, :3].T > _PARALLEL) & (cosines[:, 3:] @ cosines[:, 3:].T > _PARALLEL)
    largest = parallel[parallel.sum(axis=1).argmax()]
    return {number for number, inside in zip(free, largest, strict=True) if inside} if largest.sum() >= 3 else set()


def _middle(plane: Plane) -> np.ndarray:
    """(3,) LPS mm of the plane's centre."""
    frame = plane.frame
    turned = axes(frame.orientation or ())
    position = np.array(frame.position_mm)
    if turned is None or frame.spacing_mm is None:
        return position
    across = turned[0] * frame.spacing_mm[1] * (plane.header.columns - 1) / 2
    down = turned[1] * frame.spacing_mm[0] * (plane.header.rows - 1) / 2
    return position + across + down
