"""Cine MR: which series are cine, which planes they hold, and what to call each plane."""

import re
from collections.abc import Sequence

import numpy as np

from twinviewer.dicom.phases import Plane, rr_seconds
from twinviewer.dicom.slice_geometry import SAME_PLACE_MM, axes, same_orientation

_OTHER = re.compile(r"molli|t1.?map|t2.?map|perf|stress|lge|psir|flow|venc|late.?enh|de.?mr|tfl.?sr", re.IGNORECASE)
_VIEWS = (
    ("4CH", re.compile(r"4.?ch|four.?ch|\bhla\b|horizontal.?long", re.IGNORECASE)),
    ("2CH", re.compile(r"2.?ch|two.?ch|\bvla\b|vertical.?long", re.IGNORECASE)),
    ("3CH", re.compile(r"3.?ch|three.?ch|lvot|aplax|\blax3\b", re.IGNORECASE)),
    ("RVOT", re.compile(r"rvot|rv.?out", re.IGNORECASE)),
    ("SAX", re.compile(r"sax|short.?ax|\bsa\b", re.IGNORECASE)),
)
_APEXWARD = np.array([0.6, -0.6, -0.5])
"""From the base of the heart to its apex the body axes run left, forward and down; enough to order short axes."""


def is_cine(planes: Sequence[Plane]) -> bool:
    """Whether the planes of one MR series show one beat: several trigger times at a place, within one R-R interval.

    Maps, perfusion, late enhancement and phase-contrast images also carry trigger times; they are told by
    InversionTime, name and image type.
    """
    if not planes or any(plane.header.modality != "MR" or plane.frame.trigger_ms is None for plane in planes):
        return False
    header = planes[0].header
    beat = rr_seconds(planes)
    if beat is None and not (header.cardiac_images or 0) > 1:
        return False
    if _OTHER.search(f"{header.description} {header.protocol}") or {"P", "PHASE", "VELOCITY"} & set(header.image_type):
        return False
    if len({plane.header.inversion_ms for plane in planes}) > 1:
        return False
    times = [plane.frame.trigger_ms for plane in planes if plane.frame.trigger_ms is not None]
    longest = 1300.0 * beat if beat else 3000.0
    return max(times) <= longest and any(len(moments(stack)) > 1 for stack in stacks(planes))


def moments(stack: Sequence[Plane]) -> tuple[Plane, ...]:
    """The planes of one place by trigger time, each time once (the lowest instance number wins)."""
    by_time: dict[float, Plane] = {}
    for plane in sorted(stack, key=lambda plane: (plane.header.instance_number, plane.frame.index)):
        by_time.setdefault(round(plane.frame.trigger_ms or 0.0, 2), plane)
    return tuple(by_time[time] for time in sorted(by_time))


def stacks(planes: Sequence[Plane]) -> list[list[Plane]]:
    """Planes that show the same place at different times: same series, matrix, orientation and position."""
    found: list[list[Plane]] = []
    for plane in planes:
        for stack in found:
            if _same_place(stack[0], plane):
                stack.append(plane)
                break
        else:
            found.append([plane])
    return found


def in_order(planes: Sequence[Plane]) -> tuple[tuple[tuple[Plane, ...], ...], tuple[str, ...]]:
    """All planes of a cine study as (planes, each by time) and a label for each: SAX 1 (base) ..., then long axes."""
    groups = [moments(stack) for stack in stacks(planes)]
    names = [_name(group[0]) for group in groups]
    short = _short_axis(groups, names)
    labelled: list[tuple[tuple[int, float, int], str, tuple[Plane, ...]]] = []
    for number, (group, name) in enumerate(zip(groups, names, strict=True)):
        if number in short:
            name = "SAX"
            depth = float(_middle(group[0]) @ _APEXWARD)
            labelled.append(((0, depth, number), name, group))
        else:
            labelled.append(((1, float(group[0].header.series_number), number), name or "LAX", group))
    labelled.sort(key=lambda entry: entry[0])
    totals = [entry[1] for entry in labelled]
    labels, seen = [], dict.fromkeys(totals, 0)
    for name in totals:
        seen[name] += 1
        labels.append(f"{name} {seen[name]}" if name in ("SAX", "LAX") or totals.count(name) > 1 else name)
    return tuple(entry[2] for entry in labelled), tuple(labels)


def _same_place(a: Plane, b: Plane) -> bool:
    if a.header.series_uid != b.header.series_uid or (a.header.rows, a.header.columns) != (
        b.header.rows,
        b.header.columns,
    ):
        return False
    if a.frame.orientation is None or b.frame.orientation is None or a.frame.position_mm is None:
        return False
    if b.frame.position_mm is None or not same_orientation(a.frame.orientation, b.frame.orientation):
        return False
    return max(abs(p - q) for p, q in zip(a.frame.position_mm, b.frame.position_mm, strict=True)) <= SAME_PLACE_MM


def _name(plane: Plane) -> str:
    for text in (plane.header.description, plane.header.protocol):
        for name, pattern in _VIEWS:
            if pattern.search(text.replace("_", " ")):
                return name
    return ""


def _short_axis(groups: Sequence[tuple[Plane, ...]], names: Sequence[str]) -> set[int]:
    """Planes named SAX, or else the largest family of three or more parallel planes without another name."""
    named = {number for number, name in enumerate(names) if name == "SAX"}
    if named:
        return named
    free = [number for number, name in enumerate(names) if not name]
    families = [
        {
            other
            for other in free
            if same_orientation(groups[number][0].frame.orientation or (), groups[other][0].frame.orientation or ())
        }
        for number in free
    ]
    largest = max(families, key=len, default=set())
    return largest if len(largest) >= 3 else set()


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
