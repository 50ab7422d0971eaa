"""A tool as a job: cut out what it needs, act on that anywhere (a worker process too), and lay the change in place.

What is sent grows with the structure and not with the images: the phases and the box that the tool looks at.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twinviewer.domain import (
    Grid,
    LabelBox,
    LabelEdit,
    LabelMap,
    ParameterValue,
    Reporter,
    SegmentationError,
    Volume,
    part,
    silent,
)
from twinviewer.segmentation.edit.patch import Box, box_at, boxes_between, grown, joined, margin_voxels, whole
from twinviewer.segmentation.edit.write import bounds
from twinviewer.session.case import Case
from twinviewer.session.label_edits import apply_edit, labels_of
from twinviewer.session.label_tools import Tool, checked, tool
from twinviewer.session.label_work import ALL, Outcome, Work, spoken

Arguments = tuple[
    LabelMap, NDArray[np.generic] | None, str, dict[str, ParameterValue], tuple[int, ...], tuple[int, ...],
    tuple[int, int, int], NDArray[np.float64], NDArray[np.float64] | None,
]  # fmt: skip
"""Labels and images cut out, the tool and its values, which phases these are (the open one first), which of them to
act on, where the box starts (k, j, i), places clicked and normal in LPS mm. All known to the codec."""


def run_tool(
    labels: LabelMap,
    volume: Volume | None,
    name: str,
    values: Mapping[str, ParameterValue],
    report: Reporter = silent,
    *,
    phase: int = 0,
    points_mm: ArrayLike | None = None,
    normal: ArrayLike | None = None,
) -> LabelEdit:
    """What a tool does to labels, at once, as an edit to apply.

    values: what is not at its default, by name of the tool's parameters. phase: the one that is open. points_mm: (n, 3)
    LPS, places clicked; normal: (3,) LPS of the view that was clicked in. SegmentationError where it cannot act, or
    changes nothing.
    """
    arguments = tool_job(labels, volume, name, values, phase=phase, points_mm=points_mm, normal=normal)
    return compute_tool(*arguments, report)


def tool_job(
    labels: LabelMap,
    volume: Volume | None,
    name: str,
    values: Mapping[str, ParameterValue],
    *,
    phase: int = 0,
    points_mm: ArrayLike | None = None,
    normal: ArrayLike | None = None,
) -> Arguments:
    """The arguments of :func:`compute_tool`, with no more of the arrays than it needs. SegmentationError."""
    one = tool(name)
    full = checked(one, labels, values)
    points = np.zeros((0, 3)) if points_mm is None else np.asarray(points_mm, np.float64).reshape(-1, 3)
    if one.points in ("one", "many") and not len(points):
        raise SegmentationError(f"{one.label} needs a place in the images", remedy="Click into a slice")
    if not 0 <= phase < labels.phases:
        raise SegmentationError(f"There is no phase {phase + 1}", where=f"{labels.phases} phases")
    needed, targets = _phases(one, full, phase, labels.phases)
    box = _box(one, labels, full, needed, points)
    image = None
    if one.needs_image or full.get("how") == "carried":
        if volume is None or not volume.grid.same_as(labels.grid):
            raise SegmentationError(f"{one.label} looks at the images, which are not open on the grid of the labels")
        image = volume.data[[min(n, volume.phases - 1) for n in needed]][(slice(None), *box)]
    start = (box[0].start, box[1].start, box[2].start)
    cut = _cut(labels, needed, box)
    act_on = tuple(needed.index(n) for n in targets)
    unit = None if normal is None else np.asarray(normal, np.float64)
    return cut, image, name, full, needed, act_on, start, points, unit


def compute_tool(
    labels: LabelMap,
    image: NDArray[np.generic] | None,
    name: str,
    values: dict[str, ParameterValue],
    phases: tuple[int, ...],
    act_on: tuple[int, ...],
    start: tuple[int, int, int],
    points_mm: NDArray[np.float64],
    normal: NDArray[np.float64] | None,
    report: Reporter = silent,
) -> LabelEdit:
    """The edit that a tool makes of what :func:`tool_job` cut out, in the place of the whole labels. May run in a
    worker. SegmentationError where it cannot act, or changes nothing."""
    from twinviewer.session import label_acts  # and SimpleITK with it

    one = tool(name)
    work = Work(labels, image, values, 0, act_on, points_mm, normal, part(report, 0.0, 0.95))
    act: Callable[[Work], Outcome] = getattr(label_acts, one.name)
    outcome = act(work)
    boxes: list[LabelBox] = []
    for place, patch in outcome.patches:
        corner = (start[0] + patch.start[0], start[1] + patch.start[1], start[2] + patch.start[2])
        boxes += boxes_between(labels.data[place][patch.where], patch.after, corner, phases[place])
    named = outcome.names is not None and dict(outcome.names) != dict(labels.names)
    needs_voxels = named and not boxes and name in ("cut", "part", "islands")
    if (not boxes and not named) or needs_voxels:
        raise SegmentationError(f"{one.label} changes nothing here", remedy="Other values, or another place")
    before, after = (dict(labels.names), dict(outcome.names or {})) if named else (None, None)
    report(1.0, "Done")
    return LabelEdit(_action(one, values, len(act_on)), tuple(boxes), before, after)


def edit_case(
    case: Case,
    name: str,
    values: Mapping[str, ParameterValue],
    report: Reporter = silent,
    *,
    phase: int = 0,
    points_mm: ArrayLike | None = None,
    normal: ArrayLike | None = None,
) -> Case:
    """The Case after a tool, at once: what the command line does. SegmentationError."""
    labels = labels_of(case)
    volume = case.image if isinstance(case.image, Volume) else None
    edit = run_tool(labels, volume, name, values, report, phase=phase, points_mm=points_mm, normal=normal)
    return apply_edit(case, edit)


def _action(one: Tool, values: Mapping[str, ParameterValue], phases: int) -> str:
    """What the undo menu says: "Smooth LV blood", "Merge LV blood and aorta", "Add structure bone"."""
    structure, other = str(values.get("structure", "")), str(values.get("other", ""))
    words = [one.label, "all structures" if structure == ALL else spoken(structure) if structure else ""]
    if other:
        words.append(f"and {spoken(other)}")
    if "name" in values:
        words.append(f"to {spoken(str(values['name']))}" if structure else spoken(str(values["name"])))
    text = " ".join(word for word in words if word)
    return f"{text}, {phases} phases" if phases > 1 else text


def _phases(
    one: Tool, values: Mapping[str, ParameterValue], phase: int, count: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Phases that are looked at, the open one first, and those that are acted on."""
    others = [n for n in range(count) if n != phase]
    if one.phases == "all" or values.get("all_phases"):
        return (phase, *others), tuple(range(count))
    if one.phases == "other":
        to = values["to"]
        targets = others if to == "all" else [(phase + (1 if to == "next" else -1)) % count]
        targets = [n for n in targets if n != phase]
        return (phase, *targets), tuple(targets)
    return (phase,), (phase,)


def _box(
    one: Tool,
    labels: LabelMap,
    values: Mapping[str, ParameterValue],
    phases: tuple[int, ...],
    points: NDArray[np.float64],
) -> Box:
    """Where the tool looks and acts: round its structures, or round the places clicked."""
    reach = one.reach_mm(values)
    if reach is None:
        return whole(labels.grid.shape)
    i, j, k = labels.grid.spacing_mm
    margin = margin_voxels(reach, (k, j, i))
    found: Box | None = None
    if one.from_points:
        at = np.rint(labels.grid.to_ijk(points)).astype(int)[:, ::-1]
        at = at[((at >= 0) & (at < labels.grid.shape)).all(axis=1)]
        if not len(at):
            raise SegmentationError("The place clicked lies outside the labels")
        low, high = at.min(axis=0), at.max(axis=0)
        found = box_at((int(low[0]), int(low[1]), int(low[2])), tuple(int(n) for n in high - low + 1))
    else:
        chosen = [str(values[name]) for name in ("structure", "other") if name in values]
        every = one.name == "compete" or ALL in chosen
        wanted = sorted(labels.names) if every else [labels.value(name) for name in chosen]
        for n in phases:
            for value in wanted:
                found = joined(found, bounds(labels.data[n], value))
    return grown(found, margin, labels.grid.shape) if found is not None else box_at((0, 0, 0), (1, 1, 1))


def _cut(labels: LabelMap, phases: tuple[int, ...], box: Box) -> LabelMap:
    affine = labels.grid.affine.copy()
    affine[:3, 3] = labels.grid.to_mm(np.array([[side.start for side in box[::-1]]], np.float64))[0]
    # a copy, even of all: a job must not see what is drawn after it was asked for
    data = np.stack([labels.data[n][box] for n in phases])
    data.setflags(write=False)
    shape = (data.shape[1], data.shape[2], data.shape[3])
    percent = labels.phase_percent[list(phases)]
    return LabelMap(data, Grid(shape, affine), labels.names, percent, labels.made_by, labels.image_uid)
