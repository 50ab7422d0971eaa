"""The grid of slices and phases of a group of planes: what is there, what lacks, what lies twice, what is odd.

A pure function of headers. Columns are moments of the beat: a plane that lacks some of them has its images where their
share of its own R-R interval puts them, so that planes with different beats stand under one another.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from statistics import median

import numpy as np

from twinviewer.dicom.cine import depths_mm
from twinviewer.dicom.cine_study import slices_lost
from twinviewer.dicom.phases import Plane, rr_seconds
from twinviewer.dicom.plane_group import Group
from twinviewer.dicom.slice_geometry import axes
from twinviewer.domain import GridRow, SliceGrid

MOST_ROWS = 4096
MOST_MISSING = 512
MOST_PHASES = 200
ODD_BEAT = 0.2
"""A plane whose beat differs by more than this share from the usual one was taken at another heart rate."""
ODD_GAP = 0.05
"""A gap that differs by more than this share from a multiple of the usual one is uneven."""


def slice_grid(found: Group, without: Collection[str] = ()) -> SliceGrid | None:
    """The grid of a group; None where its planes form none (single pictures, what is no image). without: paths of files
    that cannot be read, whose images lack."""
    if not found.cells or found.kind == "not_image":
        return None
    grid = _of_cine(found, without) if found.kind == "mr_cine" else _of_volume(found, without)
    return grid if grid is not None and len(grid.rows) <= MOST_ROWS else None


# --- cine --------------------------------------------------------------------------------------------------------


def _of_cine(found: Group, without: Collection[str]) -> SliceGrid:
    counts = [len(row) for row in found.cells]
    promised = max((plane.header.cardiac_images or 0) for plane in found.planes)
    full = max(max(counts), promised if promised <= MOST_PHASES else 0)
    beats = [rr_seconds([plane for plane in row if plane is not None]) for row in found.cells]
    usual_beat = median([beat for beat in beats if beat] or [0.0])
    percent = _columns(found, beats, full)
    taken = {id(plane) for row in found.cells for plane in row}
    spare = [plane for plane in found.planes if id(plane) not in taken]
    rows: list[GridRow] = []
    short = [row[0] for row, label in zip(found.cells, found.labels, strict=True) if label.startswith("SAX")]
    stack = iter(depths_mm([plane for plane in short if plane is not None]))
    depths: list[float | None] = []
    for row, label, beat in zip(found.cells, found.labels, beats, strict=True):
        planes = [plane for plane in row if plane is not None]
        at = _at(planes, beat, full)
        images = [0] * full
        for column, plane in zip(at, planes, strict=True):
            images[column] += plane.header.path not in without
        for plane in spare:
            if (twin := _twin(plane, planes)) is not None:
                images[at[twin]] += 1
        odd = ""
        if beat and usual_beat and abs(beat - usual_beat) > ODD_BEAT * usual_beat:
            odd = f"its R-R is {1000 * beat:.0f} ms, usual here {1000 * usual_beat:.0f} ms"
        depths.append(next(stack) if label.startswith("SAX") else None)
        rows.append(GridRow(label, tuple(images), None, beat, lacks_all=not any(images), odd=odd))
    rows = _with_depths(rows, depths, full, found.first.slice_step_mm)
    lost = slices_lost(found.planes, found.labels, full) - sum(row.lacks_all for row in rows)
    beyond = [GridRow("not here", (0,) * full, lacks_all=True) for _ in range(min(max(lost, 0), MOST_MISSING))]
    return SliceGrid((*rows, *beyond), tuple(percent))


def _columns(found: Group, beats: Sequence[float | None], full: int) -> list[float]:
    """% of R-R of each column: by the planes that have all moments, else evenly spread."""
    complete = [
        [100.0 * (plane.frame.trigger_ms or 0.0) / (1000.0 * beat) for plane in row if plane is not None]
        for row, beat in zip(found.cells, beats, strict=True)
        if beat and len(row) == full
    ]
    if complete:
        return [float(value) for value in np.median(np.array(complete), axis=0)]
    return [100.0 * n / full for n in range(full)]


def _at(planes: Sequence[Plane], beat: float | None, full: int) -> list[int]:
    """The column of each plane of one place; they rise with time."""
    count = len(planes)
    if count == full or not beat:
        return list(range(count))
    at: list[int] = []
    for n, plane in enumerate(planes):
        column = int((plane.frame.trigger_ms or 0.0) / (1000.0 * beat) * full + 1e-6)
        lowest = at[-1] + 1 if at else 0
        at.append(min(max(column, lowest), full - (count - n)))
    return at


def _twin(plane: Plane, planes: Sequence[Plane]) -> int | None:
    """Which of a place's planes another one repeats."""
    for n, one in enumerate(planes):
        same = one.frame.position_mm == plane.frame.position_mm and one.frame.orientation == plane.frame.orientation
        if same and abs((one.frame.trigger_ms or 0.0) - (plane.frame.trigger_ms or 0.0)) < 0.02:
            return n
    return None


def _with_depths(
    rows: Sequence[GridRow], depths: Sequence[float | None], full: int, step_mm: float | None
) -> list[GridRow]:
    """Rows with their depth below the first, and a row for each slice that a gap in the stack tells of."""
    stack = [depth for depth in depths if depth is not None]
    gaps = np.diff(stack)
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    if step_mm and usual and abs(usual / step_mm - round(usual / step_mm)) < ODD_GAP and round(usual / step_mm) > 1:
        usual = step_mm if len(gaps) < 3 else usual
    out: list[GridRow] = []
    before: float | None = None
    for row, depth in zip(rows, depths, strict=True):
        if depth is None:
            out.append(row)
            continue
        odd = row.odd
        if before is not None and usual > 0:
            gap = depth - before
            steps = max(round(gap / usual), 1)
            if abs(gap - steps * usual) > max(ODD_GAP * usual * steps, 0.3):
                told = f"{gap:.1f} mm below the slice before it, usual here {usual:.1f} mm"
                odd = f"{odd}; {told}" if odd else told
            else:
                out += [
                    GridRow("missing", (0,) * full, before + n * usual - stack[0], lacks_all=True)
                    for n in range(1, min(steps, MOST_MISSING))
                ]
        out.append(GridRow(row.label, row.images, depth - stack[0], row.rr_s, lacks_all=row.lacks_all, odd=odd))
        before = depth
    return out


# --- volumes -------------------------------------------------------------------------------------------------------


def _of_volume(found: Group, without: Collection[str]) -> SliceGrid | None:
    first = next((plane for row in found.cells for plane in row if plane is not None), None)
    turned = axes(first.frame.orientation or ()) if first is not None else None
    if first is None or turned is None:
        return None
    phases = len(found.cells)
    columns = list(zip(*found.cells, strict=True))
    depths = [_depth(next(plane for plane in column if plane is not None), turned[2]) for column in columns]
    counts = [[int(plane is not None and plane.header.path not in without) for plane in column] for column in columns]
    taken = {id(plane) for row in found.cells for plane in row}
    for plane in found.planes:
        if id(plane) not in taken and plane.frame.slope != 0:
            k = int(np.argmin(np.abs(np.array(depths) - _depth(plane, turned[2]))))
            counts[k][_same_moment(plane, columns[k])] += 1
    spacing = found.spread.spacing_mm if found.spread is not None else 0.0
    rows: list[GridRow] = []
    for k, (depth, images) in enumerate(zip(depths, counts, strict=True)):
        odd = ""
        if k and spacing > 0:
            gap = depth - depths[k - 1]
            steps = max(round(gap / spacing), 1)
            if abs(gap - steps * spacing) > ODD_GAP * spacing:
                odd = f"{gap:.2f} mm above the slice before it, usual here {spacing:.2f} mm"
            else:
                rows += [
                    GridRow("missing", (0,) * phases, depths[k - 1] + n * spacing - depths[0], lacks_all=True)
                    for n in range(1, min(steps, MOST_MISSING))
                ]
        lacks_all = not any(images)
        rows.append(GridRow(f"slice {k + 1}", tuple(images), depth - depths[0], lacks_all=lacks_all, odd=odd))
    percent = found.percent if len(found.percent) == phases else tuple(100.0 * n / phases for n in range(phases))
    return SliceGrid(tuple(rows), tuple(percent))


def _depth(plane: Plane, normal: np.ndarray) -> float:
    return float(np.array(plane.frame.position_mm) @ normal)


def _same_moment(plane: Plane, column: Sequence[Plane | None]) -> int:
    """The phase of a plane that lies where another one of this slice lies already."""
    moment = (plane.frame.trigger_ms, plane.frame.phase_percent, plane.frame.temporal_index)
    tally: Counter[int] = Counter()
    for n, other in enumerate(column):
        if other is not None:
            theirs = (other.frame.trigger_ms, other.frame.phase_percent, other.frame.temporal_index)
            tally[n] = sum(a is not None and a == b for a, b in zip(moment, theirs, strict=True))
    return tally.most_common(1)[0][0] if tally else 0
