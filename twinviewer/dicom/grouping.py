"""From the headers of a folder to the images in it: which planes make one volume, one beat, one cine study.

Nothing is interpolated and nothing is dropped in silence: whatever does not fit is named by a warning.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from twinviewer.dicom.cine import in_order, is_cine
from twinviewer.dicom.headers import NO_FRAME, Header
from twinviewer.dicom.phase_series import Part, merge_phases
from twinviewer.dicom.phases import PhaseGrid, Plane, arrange, is_cardiac, rr_seconds
from twinviewer.dicom.slice_geometry import TILT_DEGREES, Spread, axes, places, same_orientation, spread, tilt_degrees
from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import ImageWarning

VOLUME_KINDS = ("ct_volume", "ct_multiphase", "mr_volume", "volume")


@dataclass(frozen=True, slots=True)
class Group:
    """What will be one Series. planes: all of them; cells: those that are read.

    cells: volumes [phase][slice], slices rising along the normal; cine [plane][moment]; planar, if it can be read,
    [moment][0]. run: [start, stop) of the slices that make one regular grid, and phases: the rows that are complete
    there; both empty where the images cannot be read as a volume.
    """

    kind: str
    uid: str
    planes: tuple[Plane, ...]
    cells: tuple[tuple[Plane | None, ...], ...] = ()
    labels: tuple[str, ...] = ()
    percent: tuple[float, ...] = ()
    rr_s: float | None = None
    spread: Spread | None = None
    run: tuple[int, int] = (0, 0)
    phases: tuple[int, ...] = ()
    warnings: tuple[ImageWarning, ...] = ()

    @property
    def first(self) -> Header:
        """The header that names the group."""
        return self.planes[0].header


def group(headers: Sequence[Header]) -> tuple[Group, ...]:
    """Sort headers into groups: by patient, study and series, then by what the planes say of place and time."""
    groups: list[Group] = []
    ordered = sorted(headers, key=lambda h: (h.series_number, h.series_uid, h.instance_number, h.sop_uid, h.path))
    studies: dict[tuple[str, str], list[Header]] = defaultdict(list)
    for header in ordered:
        studies[header.patient_key, header.study_uid].append(header)
    for members in studies.values():
        groups += _group_study(members)
    patients = {header.patient_key for header in headers}
    if len(patients) > 1:
        text = f"The folder holds {len(patients)} patients; each is kept apart"
        groups = [replace(g, warnings=(*g.warnings, warn("mixed_patients", text))) for g in groups]
    return tuple(_named_apart(groups))


def _named_apart(groups: Sequence[Group]) -> Iterator[Group]:
    """Give a suffix to groups whose UID another one has (one series UID for two patients, or for image and SEG)."""
    seen: Counter[str] = Counter()
    for found in groups:
        seen[found.uid] += 1
        yield found if seen[found.uid] == 1 else replace(found, uid=f"{found.uid}#again{seen[found.uid]}")


def _group_study(headers: Sequence[Header]) -> list[Group]:
    groups: list[Group] = []
    cine: list[Plane] = []
    parts: list[Part] = []
    by_series: dict[str, list[Header]] = defaultdict(list)
    other: dict[tuple[str, str], list[Header]] = defaultdict(list)
    for header in headers:
        if header.is_image:
            by_series[header.series_uid].append(header)
        else:
            other[header.series_uid, header.sop_class].append(header)
    for uid, members in by_series.items():
        planes, warnings = _unique(members)
        flat = [plane for plane in planes if _is_flat(plane)]
        solid = [plane for plane in planes if not _is_flat(plane)]
        if is_cine(solid):
            cine += solid
        else:
            parts += _split(uid, solid, warnings)
        if flat:
            groups.append(_planar(uid if not solid else f"{uid}#planar", flat, warnings))
    for part in merge_phases(parts):
        groups += _volumes(part)
    if cine:
        groups.append(_cine(cine))
    for (uid, _), members in other.items():
        groups.append(Group("not_image", uid, tuple(Plane(header, NO_FRAME) for header in members)))
    return groups


def _unique(headers: Sequence[Header]) -> tuple[list[Plane], list[ImageWarning]]:
    """All planes of a series; a file whose SOP instance was met before is a copy."""
    seen: set[str] = set()
    planes: list[Plane] = []
    warnings: list[ImageWarning] = []
    copies = 0
    for header in headers:
        if header.sop_uid and header.sop_uid in seen:
            copies += 1
            continue
        seen.add(header.sop_uid)
        planes += [Plane(header, frame) for frame in header.frames]
    if copies:
        warnings.append(warn("duplicate_slices", f"{copies} files are copies of others and were left out"))
    if any(header.executable_preamble for header in headers):
        warnings.append(warn("executable_preamble", "The files start like a program; never run them"))
    return planes, warnings


def _is_flat(plane: Plane) -> bool:
    """Planes that can never be stacked: scouts, colour, no valid place in space."""
    orientation = plane.frame.orientation
    return (
        "LOCALIZER" in plane.header.image_type
        or plane.header.samples != 1
        or plane.frame.position_mm is None
        or orientation is None
        or axes(orientation) is None
    )


def _planar(uid: str, planes: list[Plane], warnings: Sequence[ImageWarning]) -> Group:
    notes = list(warnings)
    lost = sum(plane.frame.position_mm is None or plane.frame.orientation is None for plane in planes)
    crooked = sum(plane.frame.orientation is not None and axes(plane.frame.orientation) is None for plane in planes)
    if (lost or crooked) and planes[0].header.modality in ("CT", "MR", "PT", "NM"):
        notes.append(
            warn("no_position", f"{lost + crooked} of {len(planes)} images do not say where they lie in the patient")
        )
    return Group("planar", uid, tuple(planes), warnings=tuple(notes))


def _split(uid: str, planes: list[Plane], warnings: list[ImageWarning]) -> list[Part]:
    """One part for each orientation and matrix of a series, the largest first."""
    if not planes:
        return []
    directions: list[list[Plane]] = []
    for plane in planes:
        for members in directions:
            if same_orientation(members[0].frame.orientation or (), plane.frame.orientation or ()):
                members.append(plane)
                break
        else:
            directions.append([plane])
    notes = list(warnings)
    if len(directions) > 1:
        notes.append(warn("mixed_orientation", f"The series has images in {len(directions)} directions, kept apart"))
    found: list[list[Plane]] = []
    for members in directions:
        matrices: dict[tuple[object, ...], list[Plane]] = defaultdict(list)
        for plane in members:
            matrices[plane.header.rows, plane.header.columns, plane.frame.spacing_mm].append(plane)
        if len(matrices) > 1:
            sizes = Counter(f"{plane.header.columns}x{plane.header.rows}" for plane in members)
            text = ", ".join(f"{count} of {size}" for size, count in sizes.most_common())
            notes.append(warn("mixed_matrix", f"Images of different pixel grids, kept apart: {text}"))
        found += matrices.values()
    found.sort(key=len, reverse=True)
    return [
        Part(uid if number == 0 else f"{uid}#{number + 1}", members, list(notes))
        for number, members in enumerate(found)
    ]


def _cine(planes: list[Plane]) -> Group:
    cells, labels = in_order(planes)
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
    return Group(
        "mr_cine",
        cells[0][0].header.series_uid,
        tuple(planes),
        cells=cells,
        labels=labels,
        rr_s=rr_seconds(planes),
        warnings=tuple(notes),
    )


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
        text = f"{sum(zero)} of {len(planes)} images have a rescale slope of 0, so their values are lost; left out"
        notes.append(warn("rescale_slope_zero", text))
    kept = [n for n, dead in enumerate(zero) if not dead]
    if not kept:
        return [Group("planar", part.uid, tuple(planes), warnings=tuple(notes))]
    positions = np.array([planes[n].frame.position_mm for n in kept])
    place, _ = places(positions @ turned[2])
    values = None if part.values is None else [part.values[n] for n in kept]
    grid = arrange([planes[n] for n in kept], place.tolist(), part.key, values)
    if len(grid.cells) > 1 and not is_cardiac(grid, planes):
        return _passes(part, grid)
    bad_spacing = frame.spacing_mm is None or min(frame.spacing_mm) <= 0
    return [_volume(part, grid, notes, bad_spacing=bad_spacing, ct=header.modality == "CT")]


def _passes(part: Part, grid: PhaseGrid) -> list[Group]:
    groups: list[Group] = []
    for number, row in enumerate(grid.cells):
        uid = part.uid if number == 0 else f"{part.uid}#{grid.key}{number + 1}"
        groups += _volumes(Part(uid, [plane for plane in row if plane is not None], list(part.warnings)))
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
        notes.append(warn("duplicate_slices", f"{grid.duplicates} images lie where another lies; the first is kept"))
    count = len(here)
    if count < 2:
        notes += [] if len(grid.cells) == 1 else _incomplete(grid, phases)
        return Group(
            "planar", part.uid, tuple(part.planes), cells=grid.cells, percent=grid.percent,
            rr_s=rr_seconds(part.planes), spread=lie, run=run, phases=phases, warnings=tuple(notes),
        )  # fmt: skip
    notes += _spread_warnings(lie, count, run)
    notes += _incomplete(grid, phases)
    tilt = tilt_degrees(positions[run[0] : run[1]], turned[2]) if run[1] - run[0] > 1 else 0.0
    if tilt > TILT_DEGREES:
        notes.append(
            warn("gantry_tilt", f"Slices are stacked {tilt:.1f} degrees off their normal; the grid is sheared")
        )
    if ct:
        notes += _ct_warnings(part.planes)
    if count < 4:
        notes.append(warn("few_slices", f"Only {count} slices"))
    kind = {"CT": "ct_volume", "MR": "mr_volume"}.get(header.modality, "volume")
    if kind == "ct_volume" and len(grid.cells) > 1:
        kind = "ct_multiphase"
    return Group(
        kind, part.uid, tuple(part.planes), cells=grid.cells, percent=grid.percent,
        rr_s=rr_seconds(part.planes), spread=lie, run=run, phases=phases, warnings=tuple(notes),
    )  # fmt: skip


def _readable(grid: PhaseGrid, lie: Spread) -> tuple[tuple[int, int], tuple[int, ...]]:
    """The evenly spaced run to read and the phases that are complete there. Half of the slices is the least."""
    count = len(grid.cells[0])
    for start, stop in lie.runs:
        if (stop - start) * 2 < count or (stop - start < 3 and stop - start < count):
            break
        phases = tuple(
            row for row, cells in enumerate(grid.cells) if all(cell is not None for cell in cells[start:stop])
        )
        if phases:
            return (start, stop), phases
    return (0, 0), ()


def _spread_warnings(lie: Spread, count: int, run: tuple[int, int]) -> list[ImageWarning]:
    if lie.regular:
        return []
    if run[1] > run[0]:
        rest = f"slices {run[0] + 1} to {run[1]} of {count} are evenly spaced and are what is read"
    else:
        rest = "no evenly spaced part is large enough to read as a volume"
    if lie.uneven:
        return [warn("uneven_spacing", f"Slices are not evenly spaced; {rest}")]
    return [warn("missing_slices", f"{lie.missing} slices are missing; {rest}")]


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
