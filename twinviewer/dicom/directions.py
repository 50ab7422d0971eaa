"""Planes of one series that face different ways or have different pixel grids: no stack, but several."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from twinviewer.dicom.phase_series import Part
from twinviewer.dicom.phases import Plane
from twinviewer.dicom.slice_geometry import axes, same_orientation
from twinviewer.dicom.warning_codes import names_of, warn
from twinviewer.domain import ImageWarning

MOST_DIRECTIONS = 24
"""Stacks that face more ways than these are single images: a part for each would help nobody."""


def by_direction(uid: str, ways: list[list[Plane]], warnings: list[ImageWarning], label: str) -> list[Part]:
    """One part for each orientation and matrix of a series, the largest first."""
    notes = list(warnings)
    if len(ways) > 1:
        notes.append(warn("mixed_orientation", f"The series has images in {len(ways)} directions, kept apart"))
    found: list[tuple[str, list[Plane]]] = []
    for members in ways:
        turned = f"direction {_facing(members[0])}" if len(ways) > 1 else ""
        matrices: dict[tuple[object, ...], list[Plane]] = defaultdict(list)
        for plane in members:
            matrices[plane.header.rows, plane.header.columns, plane.frame.spacing_mm].append(plane)
        if len(matrices) > 1:
            sizes = Counter(map(_pixels, members))
            text = ", ".join(f"{count} of {size}" for size, count in sizes.most_common())
            few = min(matrices.values(), key=len)
            named = names_of(plane.header.path for plane in few)
            notes.append(warn("mixed_matrix", f"Images of different pixel grids, kept apart: {text} ({named})"))
        for group in matrices.values():
            grid = f"{group[0].header.columns} × {group[0].header.rows} pixels" if len(matrices) > 1 else ""
            found.append((", ".join(word for word in (label, turned, grid) if word), group))
    found.sort(key=lambda entry: -len(entry[1]))
    often = Counter(words for words, _ in found)
    count: Counter[str] = Counter()
    for number, (words, members) in enumerate(found):
        if often[words] > 1:
            count[words] += 1
            found[number] = f"{words} {count[words]}", members
    point = "." if "#" in uid else "#"
    return [
        Part(uid if number == 0 else f"{uid}{point}{number + 1}", members, list(notes), label=words)
        for number, (words, members) in enumerate(found)
    ]


def directions(planes: Sequence[Plane]) -> list[list[Plane]]:
    """Planes that face the same way, by the first of each; no more than one group beyond MOST_DIRECTIONS."""
    alike: dict[tuple[float, ...], list[Plane]] = defaultdict(list)
    for plane in planes:
        alike[plane.frame.orientation or ()].append(plane)
    found: list[list[Plane]] = []
    for orientation, members in alike.items():
        for other in found:
            first = other[0].frame.orientation or ()
            near = max(abs(a - b) for a, b in zip(first, orientation, strict=True)) < 0.01  # cosines within 0.5 degrees
            if near and same_orientation(first, orientation):
                other += members
                break
        else:
            if len(found) > MOST_DIRECTIONS:
                break
            found.append(list(members))
    return found


def facing_ways(planes: Sequence[Plane]) -> int:
    """How many ways planes face, told apart by half a degree or so."""
    return len({tuple(round(one, 2) + 0.0 for one in plane.frame.orientation or ()) for plane in planes})


def _facing(plane: Plane) -> str:
    """The body plane that an image is nearest to."""
    turned = axes(plane.frame.orientation or ())
    if turned is None:
        return "unknown"
    normal = np.abs(turned[2])
    name = ("sagittal", "coronal", "axial")[int(normal.argmax())]
    return name if normal.max() > 0.95 else f"oblique {name}"


def _pixels(plane: Plane) -> str:
    spacing = plane.frame.spacing_mm
    apart = "of no spacing" if spacing is None else f"at {spacing[1]:.4g} × {spacing[0]:.4g} mm"
    return f"{plane.header.columns}x{plane.header.rows} {apart}"
