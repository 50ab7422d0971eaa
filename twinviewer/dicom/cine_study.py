"""The cine planes of one study as hearts: series a slice and series a phase joined, repeats and second stacks apart."""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from statistics import median

from twinviewer.dicom.cine import (
    depth_mm,
    in_order,
    is_cine,
    may_be_cine,
    moments,
    named,
    same_place,
    short_axis,
    stacks,
)
from twinviewer.dicom.phases import Plane, rr_seconds
from twinviewer.dicom.plane_group import Group
from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import ImageWarning

REPEAT_MM = 1.0
"""Planes of different series closer than this are the same plane taken again."""
FEWEST_PHASES = 5
"""Series of one moment each are joined from here on: fewer could be anything."""

Stack = list[Plane]


def pooled(series: Sequence[Sequence[Plane]]) -> tuple[list[Plane], list[int]]:
    """Series that each hold one moment of a beat: (their planes, as one pool a family; which of ``series`` they were).

    A family has the same pixel grid, the same places and, but for its numbers, the same name.
    """
    families: dict[Hashable, list[int]] = defaultdict(list)
    for number, planes in enumerate(series):
        if planes and may_be_cine(planes) and all(len(stack) == 1 for stack in stacks(planes)):
            families[_family(planes)].append(number)
    found: list[Plane] = []
    taken: list[int] = []
    for members in families.values():
        times = {round(median(plane.frame.trigger_ms or 0.0 for plane in series[n]), 1) for n in members}
        if len(members) < FEWEST_PHASES or len(times) < len(members):
            continue
        uid = series[members[0]][0].header.series_uid
        pool = [replace(plane, pool=uid) for n in members for plane in series[n]]
        if is_cine(pool):
            found += pool
            taken += members
    return found, taken


def cine_groups(planes: Sequence[Plane]) -> list[Group]:
    """The heart of a study first; then planes that were taken again, and stacks beside the fullest one."""
    kept, again = _without_repeats(stacks(planes))
    kept, others = _one_short_axis(kept)
    groups = [_heart(kept, "")]
    if again:
        groups.append(_heart(again, "planes taken again"))
    groups += [_heart(stack, f"short-axis stack {n + 2}") for n, stack in enumerate(others)]
    return groups


def _family(planes: Sequence[Plane]) -> Hashable:
    header, frame = planes[0].header, planes[0].frame
    places = sorted(tuple(round(one, 1) for one in plane.frame.position_mm or ()) for plane in planes)
    turned = tuple(round(one, 3) for one in frame.orientation or ())
    name = re.sub(r"[\d.,%]+", "", header.description)
    return header.rows, header.columns, frame.spacing_mm, turned, tuple(places), name


def _without_repeats(found: list[Stack]) -> tuple[list[Stack], list[Stack]]:
    """(stacks that are used, those that show a place again): the one of most moments, then the latest, is used."""
    order = sorted(found, key=lambda one: (-len(moments(one)), -one[0].header.series_number))
    used: list[Stack] = []
    again: list[Stack] = []
    for stack in order:
        other = any(
            stack[0].header.series_uid != one[0].header.series_uid and same_place(stack[0], one[0], REPEAT_MM)
            for one in used
        )
        (again if other else used).append(stack)
    place = {id(stack): number for number, stack in enumerate(found)}
    return sorted(used, key=lambda one: place[id(one)]), sorted(again, key=lambda one: place[id(one)])


def _one_short_axis(found: list[Stack]) -> tuple[list[Stack], list[list[Stack]]]:
    """(all but second short-axis stacks, these). Series that continue one another along the axis are one stack."""
    firsts = [moments(stack) for stack in found]
    short = short_axis(firsts, [named(stack) for stack in found])
    by_series: dict[str, list[Stack]] = defaultdict(list)
    for number in sorted(short):
        by_series[found[number][0].header.series_uid].append(found[number])
    blocks = sorted(
        (block for block in by_series.values() if len(block) >= 3),
        key=lambda block: (-sum(len(moments(one)) for one in block), -block[0][0].header.series_number),
    )
    others: list[list[Stack]] = []
    ranges: list[tuple[float, float]] = []
    for block in blocks:
        depths = [depth_mm(stack[0]) for stack in block]
        inside = sum(any(low - REPEAT_MM <= depth <= high + REPEAT_MM for low, high in ranges) for depth in depths)
        if inside > 0.5 * len(depths):
            others.append(block)
        else:
            ranges.append((min(depths), max(depths)))
    left_out = {id(stack) for block in others for stack in block}
    return [stack for stack in found if id(stack) not in left_out], others


def _heart(found: list[Stack], part: str) -> Group:
    cells, labels = in_order(found)
    planes = [plane for stack in found for plane in stack]
    counts = [len(row) for row in cells]
    promised = max((plane.header.cardiac_images or 0) for plane in planes)
    full = max(max(counts), promised)
    notes: list[ImageWarning] = []
    if min(counts) < full:
        lacking = sum(count < full for count in counts)
        text = f"{lacking} of {len(counts)} planes have fewer phases ({min(counts)} to {max(counts)}) than the {full} "
        text += "that the scanner made" if full == promised else "of the others"
        notes.append(warn("incomplete_phases", text))
    used = sum(counts)
    if used < len(planes):
        notes.append(warn("duplicate_slices", f"{len(planes) - used} images repeat another's place and time"))
    if lost := slices_lost(planes, labels, full):
        made = sum(label.startswith("SAX") for label in labels) + lost
        notes.append(warn("missing_slices", f"{lost} of the {made} slices that the scanner made are not here"))
    uids = Counter(cell.header.series_uid for cell in cells[0])
    uid = uids.most_common(1)[0][0] if len(uids) == 1 else cells[0][0].header.series_uid
    return Group(
        "mr_cine",
        uid if not part else f"{uid}#{part.replace(' ', '-')}",
        tuple(planes),
        cells=cells,
        labels=labels,
        rr_s=rr_seconds(planes),
        warnings=tuple(notes),
        part=part,
    )


def slices_lost(planes: Sequence[Plane], labels: Sequence[str], phases: int) -> int:
    """How many slices a series that holds a whole stack has lost, by the number of images that the scanner made."""
    made = {plane.header.images_made for plane in planes}
    series = {plane.header.series_uid for plane in planes}
    if len(series) != 1 or len(made) != 1 or not (count := made.pop()) or phases < 2 or count % phases:
        return 0
    return max(0, min(count // phases, 100) - len(labels))
