"""From the headers of a folder to the images in it: which planes make one volume, one beat, one cine study.

Nothing is interpolated and nothing is dropped in silence: whatever does not fit is named by a warning.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twinviewer.dicom.cine import is_cine, timed
from twinviewer.dicom.cine_study import cine_groups, pooled
from twinviewer.dicom.directions import MOST_DIRECTIONS, by_direction, directions, facing_ways
from twinviewer.dicom.headers import NO_FRAME, Header
from twinviewer.dicom.phase_series import Part, merge_phases
from twinviewer.dicom.phases import PhaseGrid, Plane, arrange, is_cardiac, rr_seconds
from twinviewer.dicom.plane_group import Group
from twinviewer.dicom.slabs import numbered_apart, slabs
from twinviewer.dicom.slabs import told as told_apart
from twinviewer.dicom.slice_geometry import (
    TILT_DEGREES,
    Spread,
    axes,
    places,
    spread,
    tilt_degrees,
    told,
)
from twinviewer.dicom.splitting import gradient_count, split
from twinviewer.dicom.warning_codes import names_of, warn
from twinviewer.domain import ImageWarning, Reporter, silent


def group(headers: Sequence[Header], report: Reporter = silent) -> tuple[Group, ...]:
    """Sort headers into groups: by patient, study and series, then by what the planes say of place and time."""
    groups: list[Group] = []
    ordered = sorted(headers, key=lambda h: (h.series_number, h.series_uid, h.instance_number, h.sop_uid, h.path))
    studies: dict[tuple[str, str], list[Header]] = defaultdict(list)
    for header in ordered:
        studies[header.patient_key, header.study_uid].append(header)
    for members in studies.values():
        groups += _group_study(members, report)
    # by what is shown of them: our own SEGs beside their images carry the pseudonym in place of the ID
    patients = {header.pseudonym for header in headers}
    if len(patients) > 1:
        text = f"The folder holds {len(patients)} patients; each is kept apart"
        groups = [replace(g, warnings=(*g.warnings, warn("mixed_patients", text))) for g in groups]
    return tuple(_named_apart([_with_frames_told(one) for one in groups]))


def _with_frames_told(found: Group) -> Group:
    """A word where places that are shown together were measured in several frames of reference. One for each file is an
    anonymiser's doing, and says nothing."""
    frames = {plane.header.frame_of_reference for plane in found.planes if plane.header.is_image} - {""}
    files = {plane.header.path for plane in found.planes}
    if len(frames) < 2 or len(frames) == len(files) or not found.cells:
        return found
    text = f"The images name {len(frames)} frames of reference: the patient may have moved between them"
    return replace(found, warnings=(*found.warnings, warn("mixed_frames", text)))


def _named_apart(groups: Sequence[Group]) -> Iterator[Group]:
    """Give a suffix to groups whose UID another one has (one series UID for two patients, or for image and SEG)."""
    seen: Counter[str] = Counter()
    for found in groups:
        seen[found.uid] += 1
        yield found if seen[found.uid] == 1 else replace(found, uid=f"{found.uid}#again{seen[found.uid]}")


def _group_study(headers: Sequence[Header], report: Reporter) -> list[Group]:
    groups: list[Group] = []
    cine: list[Plane] = []
    maybe: list[tuple[str, str, list[Plane], list[ImageWarning]]] = []
    by_series: dict[str, list[Header]] = defaultdict(list)
    other: dict[tuple[str, str], list[Header]] = defaultdict(list)
    for header in headers:
        if header.is_image:
            by_series[header.series_uid].append(header)
        else:
            other[header.series_uid, header.sop_class].append(header)
    for uid, members in by_series.items():
        report(0.0, "Grouping series")
        planes, warnings = _unique(members)
        flat: list[Plane] = []
        solid: list[Plane] = []
        for plane in planes:
            (flat if _is_flat(plane) else solid).append(plane)
        for number, (label, shown) in enumerate(split(solid) if solid else ()):
            shown = timed(shown)
            if is_cine(shown):
                cine += shown
            else:
                maybe.append((uid if number == 0 else f"{uid}#{number + 1}", label, shown, warnings))
        if flat:
            groups.append(_planar(uid if not solid else f"{uid}#planar", flat, warnings, beside=bool(solid)))
    pool, taken = pooled([planes for _, _, planes, _ in maybe])
    cine += pool
    parts: list[Part] = []
    for number, (uid, label, planes, warnings) in enumerate(maybe):
        if number in taken:
            continue
        ways = directions(planes)
        if len(ways) > MOST_DIRECTIONS:
            text = f"{len(planes)} images face {facing_ways(planes)} ways, more than the {MOST_DIRECTIONS} that are "
            text += "kept apart as stacks, as those of a turning scan do"
            groups.append(_planar(uid, planes, [*warnings, warn("mixed_orientation", text)]))
        else:
            parts += by_direction(uid, ways, warnings, label)
    for part in merge_phases(parts):
        report(0.5, "Grouping series")
        groups += _volumes(part)
    if cine:
        groups += cine_groups(cine)
    for (uid, _), members in other.items():
        groups.append(Group("not_image", uid, tuple(Plane(header, NO_FRAME) for header in members)))
    return groups


def _unique(headers: Sequence[Header]) -> tuple[list[Plane], list[ImageWarning]]:
    """All planes of a series; a file whose SOP instance was met before is a copy."""
    seen: set[str] = set()
    planes: list[Plane] = []
    warnings: list[ImageWarning] = []
    copies: list[str] = []
    for header in headers:
        if header.sop_uid and header.sop_uid in seen:
            copies.append(header.path)
            continue
        seen.add(header.sop_uid)
        planes += [Plane(header, frame) for frame in header.frames]
    if copies:
        text = f"{len(copies)} files are copies of others and were left out: {names_of(copies)}"
        warnings.append(warn("duplicate_slices", text))
    if programs := [header.path for header in headers if header.executable_preamble]:
        text = f"{len(programs)} files start like a program; never run them: {names_of(programs)}"
        warnings.append(warn("executable_preamble", text))
    return planes, warnings


def _is_flat(plane: Plane) -> bool:
    """Planes that can never be stacked: scouts, colour, no valid place in space."""
    orientation = plane.frame.orientation
    return (
        "LOCALIZER" in plane.header.image_type
        or plane.header.samples != 1
        or plane.header.photometric == "PALETTE COLOR"
        or plane.frame.position_mm is None
        or orientation is None
        or not _is_turned(orientation)
    )


@lru_cache(maxsize=4096)
def _is_turned(orientation: tuple[float, ...]) -> bool:
    """Whether direction cosines are such; the slices of a stack share them."""
    return axes(orientation) is not None


def _planar(uid: str, planes: list[Plane], warnings: Sequence[ImageWarning], beside: bool = False) -> Group:
    notes = list(warnings)
    lost = [p for p in planes if p.frame.position_mm is None or axes(p.frame.orientation or ()) is None]
    if lost and planes[0].header.modality in ("CT", "MR", "PT", "NM"):
        text = f"{len(lost)} of {len(planes)} images do not say where they lie in the patient"
        notes.append(warn("no_position", f"{text}: {names_of(p.header.path for p in lost)}"))
    scouts = all("LOCALIZER" in plane.header.image_type for plane in planes)
    part = "" if not beside else "localizers" if scouts else "images without a place"
    return Group("planar", uid, tuple(planes), warnings=tuple(notes), part=part)


def _volumes(part: Part) -> list[Group]:
    """The group of a part; several where one series holds passes that are not moments of a beat."""
    planes = part.planes
    header, frame = planes[0].header, planes[0].frame
    turned = axes(frame.orientation or ())
    if turned is None:  # _is_flat has sorted these out already
        return [_planar(part.uid, planes, part.warnings)]
    notes = list(part.warnings)
    zero = [plane.frame.slope == 0 for plane in planes]
    if any(zero):
        text = f"{sum(zero)} of {len(planes)} images have a rescale slope of 0, so their values are lost; left out: "
        text += names_of(plane.header.path for plane, dead in zip(planes, zero, strict=True) if dead)
        notes.append(warn("rescale_slope_zero", text))
    kept = [n for n, dead in enumerate(zero) if not dead]
    if not kept:
        return [Group("planar", part.uid, tuple(planes), warnings=tuple(notes), part=part.label)]
    positions = np.array([planes[n].frame.position_mm for n in kept])
    place, _ = places(positions @ turned[2])
    values = None if part.values is None else [part.values[n] for n in kept]
    if apart := _stacks(part, kept, positions, place, turned[2]):
        return apart
    grid = arrange([planes[n] for n in kept], place.tolist(), part.key, values)
    if len(grid.cells) > 1 and not is_cardiac(grid, planes):
        return _passes(part, grid)
    bad_spacing = frame.spacing_mm is None or min(frame.spacing_mm) <= 0
    return [_volume(part, grid, notes, bad_spacing=bad_spacing, ct=header.modality == "CT")]


def _stacks(
    part: Part, kept: list[int], positions: NDArray[np.float64], place: NDArray[np.intp], normal: NDArray[np.float64]
) -> list[Group]:
    """A group for each stack of parallel planes where a part holds several; empty where it is one."""
    _, first = np.unique(place, return_index=True)
    here = positions[first]
    found = slabs(here, normal, lie := spread(here, normal))
    if len(found) == 1 and len(first) == len(place) and not lie.regular and lie.step_mm == 0:
        number = np.argsort(first)  # the planes are in the order of their instance numbers
        found = [number[one] for one in numbered_apart(here[number] @ normal, here[number], normal)]
    if len(found) == 1:
        return []
    notes = [*part.warnings, warn("several_stacks", told_apart(found, here, normal))]
    along = here @ normal
    slab_of = np.empty(len(here), np.intp)
    for slab, members in enumerate(found):
        slab_of[members] = slab
    own = {n: int(slab_of[at]) for n, at in zip(kept, place, strict=True)}
    for n, plane in enumerate(part.planes):  # those whose values are lost are told of where they lie
        if n not in own:
            own[n] = int(slab_of[np.argmin(np.abs(along - np.array(plane.frame.position_mm) @ normal))])
    groups: list[Group] = []
    for slab in range(len(found)):
        here_only = [n for n in range(len(part.planes)) if own[n] == slab]
        label = f"stack {slab + 1} of {len(found)}"
        groups += _volumes(
            Part(
                part.uid if slab == 0 else f"{part.uid}#stack{slab + 1}",
                [part.planes[n] for n in here_only],
                list(notes),
                None if part.values is None else [part.values[n] for n in here_only],
                part.key,
                f"{part.label}, {label}" if part.label else label,
            )
        )
    return groups


_PASSES = {"acquisition": "pass", "temporal": "time", "echo": "echo", "repeat": "repeat"}


def _passes(part: Part, grid: PhaseGrid) -> list[Group]:
    groups: list[Group] = []
    for number, row in enumerate(grid.cells):
        uid = part.uid if number == 0 else f"{part.uid}#{grid.key}{number + 1}"
        words = f"{_PASSES.get(grid.key, grid.key)} {number + 1} of {len(grid.cells)}"
        label = f"{part.label}, {words}" if part.label else words
        planes = [plane for plane in row if plane is not None]
        groups += _volumes(Part(uid, planes, list(part.warnings), label=label))
    return groups


def _volume(part: Part, grid: PhaseGrid, notes: list[ImageWarning], *, bad_spacing: bool, ct: bool) -> Group:
    header = part.planes[0].header
    columns = list(zip(*grid.cells, strict=True))
    here = [next(plane for plane in column if plane is not None) for column in columns]
    positions = np.array([plane.frame.position_mm for plane in here])
    turned = axes(here[0].frame.orientation or ())
    assert turned is not None
    lie = spread(positions, turned[2])
    run, phases = _readable(grid, lie)
    if bad_spacing:
        run, phases = (0, 0), ()
        notes.append(warn("zero_spacing", "The pixel spacing is absent or zero, so nothing can be measured"))
    if grid.duplicates:
        kept = {id(cell) for row in grid.cells for cell in row}
        named = names_of(plane.header.path for plane in part.planes if id(plane) not in kept and plane.frame.slope)
        text = f"{grid.duplicates} images lie where another lies; the first is kept, not {named}"
        if (ways := gradient_count(part.planes)) > 1:
            text = f"Of {ways} directions of the diffusion gradient the first image of each place is opened: {text}"
        notes.append(warn("duplicate_slices", text))
    count = len(here)
    if count < 2:
        notes += [] if len(grid.cells) == 1 else _incomplete(grid, phases)
        return Group(
            "planar", part.uid, tuple(part.planes), cells=grid.cells, percent=grid.percent,
            rr_s=rr_seconds(part.planes), spread=lie, run=run, phases=phases, warnings=tuple(notes), part=part.label,
        )  # fmt: skip
    notes += _spread_warnings(lie, count, run)
    notes += _incomplete(grid, phases)
    tilt = tilt_degrees(positions[run[0] : run[1]], turned[2]) if run[1] - run[0] > 1 else 0.0
    if tilt > TILT_DEGREES:
        notes.append(
            warn("gantry_tilt", f"Slices are stacked {tilt:.1f} degrees off their normal: set upright by interpolation")
        )
    if header.unit_note:
        notes.append(warn("units", header.unit_note))
    if ct:
        notes += _ct_warnings(part.planes)
    if count < 4:
        notes.append(warn("few_slices", f"Only {count} slices"))
    kind = {"CT": "ct_volume", "MR": "mr_volume"}.get(header.modality, "volume")
    if kind == "ct_volume" and len(grid.cells) > 1:
        kind = "ct_multiphase"
    return Group(
        kind, part.uid, tuple(part.planes), cells=grid.cells, percent=grid.percent,
        rr_s=rr_seconds(part.planes), spread=lie, run=run, phases=phases, warnings=tuple(notes), part=part.label,
    )  # fmt: skip


def _readable(grid: PhaseGrid, lie: Spread) -> tuple[tuple[int, int], tuple[int, ...]]:
    """The run to read and the phases that are complete there: all slices where they can be made even, else the longest
    run that is. Half of the slices is the least."""
    count = len(grid.cells[0])
    runs = ((0, count), *lie.runs) if lie.step_mm > 0 else lie.runs
    for start, stop in runs:
        if (stop - start) * 2 < count or (stop - start < 3 and stop - start < count):
            break
        phases = tuple(
            row for row, cells in enumerate(grid.cells) if all(cell is not None for cell in cells[start:stop])
        )
        if phases:
            return (start, stop), phases
    return (0, 0), ()


def _spread_warnings(lie: Spread, count: int, run: tuple[int, int]) -> list[ImageWarning]:
    if lie.regular and not lie.nearly:
        return []
    return [warn("missing_slices" if lie.missing else "uneven_spacing", told(lie, count, run))]


def _incomplete(grid: PhaseGrid, phases: tuple[int, ...]) -> list[ImageWarning]:
    if len(grid.cells) == 1 or not grid.incomplete:
        return []
    text = f"{grid.incomplete} of {len(grid.cells) * len(grid.cells[0])} images are lacking; "
    return [warn("incomplete_phases", text + f"{len(phases)} of {len(grid.cells)} phases can be read")]


def _ct_warnings(planes: Sequence[Plane]) -> list[ImageWarning]:
    notes = []
    rescales = {(plane.frame.slope, plane.frame.intercept) for plane in planes if plane.frame.slope != 0}
    if len(rescales) > 1:
        text = f"Images have {len(rescales)} different rescales to HU; each is read by its own"
        notes.append(warn("rescale_inconsistent", text))
    if not any(plane.header.contrast_agent for plane in planes):
        notes.append(warn("no_contrast_tag", "The header names no contrast agent"))
    return notes
