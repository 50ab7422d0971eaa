"""What each tool does with labels at hand: from checked values to patches of phases, and to new names."""

from twinviewer.domain import SegmentationError
from twinviewer.domain import part as share_of
from twinviewer.segmentation.edit import between, carry, plane, shape
from twinviewer.segmentation.edit import combine as combining
from twinviewer.segmentation.edit import compete as competing
from twinviewer.segmentation.edit import fill as filling
from twinviewer.segmentation.edit import grow as growing
from twinviewer.segmentation.edit import islands as pieces
from twinviewer.segmentation.edit import smooth as smoothing
from twinviewer.segmentation.edit import split as splitting
from twinviewer.segmentation.edit import trace as tracing
from twinviewer.segmentation.edit.patch import Box, Labels, Patch
from twinviewer.segmentation.edit.write import rewritten
from twinviewer.session.label_work import (
    ALL,
    Outcome,
    Work,
    free_labels,
    voxels_of,
    with_numbered,
)  # fmt: skip


def threshold(work: Work) -> Outcome:
    value, voxel_ml = work.label(), work.labels.grid.voxel_ml

    def act(labels: Labels, phase: int) -> Patch | None:
        grey = work.grey(phase)
        wanted = (grey >= work.number("low")) & (grey <= work.number("high"))  # type: ignore[operator]
        if work.number("least_ml") > 0:
            wanted = pieces.without_small(wanted, work.number("least_ml") / voxel_ml)
        box: Box = (slice(0, labels.shape[0]), slice(0, labels.shape[1]), slice(0, labels.shape[2]))
        return rewritten(labels, box, value, wanted | (labels == value), work.over)

    return work.each(act)


def grow(work: Work) -> Outcome:
    seeds = voxels_of(work)

    def act(labels: Labels, phase: int) -> Patch | None:
        grey = work.grey(phase)
        low, high = work.number("low"), work.number("high")
        if work.values["range"] == "like":
            low, high = growing.range_at(grey, seeds, work.spacing, work.number("spread"))
        return growing.region_grown(
            labels, grey, work.label(), seeds, low, high, work.number("reach_mm"), work.spacing,
            work.number("neck_mm"), work.over,
        )  # fmt: skip

    return work.each(act)


def compete(work: Work) -> Outcome:
    limits = (work.number("low"), work.number("high")) if work.values["limited"] else (None, None)
    return work.each(lambda labels, phase: competing.competed(
        labels, work.grey(phase), sorted(work.labels.names), work.number("margin_mm"), work.spacing, low=limits[0],
        high=limits[1], edge_mm=work.number("edge_mm"), method=work.values["method"],  # type: ignore[arg-type]
        bounded=bool(work.values["bounded"]), report=work.report,
    ))  # fmt: skip


def trace(work: Work) -> Outcome:
    if work.normal is None or not len(work.points_mm):
        raise SegmentationError("Level tracing needs a place in a view", remedy="Click into a slice")
    grid, normal = work.labels.grid, work.normal

    def act(labels: Labels, phase: int) -> Patch | None:
        made = plane.cut(work.grey(phase), grid, work.points_mm[0], normal, work.number("reach_mm"))
        box, mask = plane.covered(grid, made, tracing.traced(made.values, made.at))
        own = labels[box] == work.label()
        wanted = own & ~mask if work.values["operation"] == "erase" else own | mask
        return rewritten(labels, box, work.label(), wanted, work.over)

    return work.each(act)


def smooth(work: Work) -> Outcome:
    size, kind = work.number("size_mm"), work.values["kind"]
    if work.values["structure"] == ALL:
        report = share_of(work.report, 0.0, 1.0)
        return work.each(
            lambda labels, _: smoothing.smoothed_together(labels, work.all_labels, size, work.spacing, report)
        )
    return work.each(
        lambda labels, _: smoothing.smoothed(labels, work.label(), size, work.spacing, work.over, kind)  # type: ignore[arg-type]
    )


def fill(work: Work) -> Outcome:
    where = str(work.values["where"])
    axis = None if where == "space" else plane.axis_of(work.labels.grid, where)
    return work.each(lambda labels, _: filling.filled(labels, work.label(), work.spacing, work.over, axis))


def close(work: Work) -> Outcome:
    return work.each(
        lambda labels, _: filling.closed(labels, work.label(), work.number("radius_mm"), work.spacing, work.over)
    )


def open(work: Work) -> Outcome:
    return work.each(lambda labels, _: filling.opened(labels, work.label(), work.number("radius_mm"), work.spacing))


def resize(work: Work) -> Outcome:
    return work.each(
        lambda labels, _: shape.resized(labels, work.label(), work.number("margin_mm"), work.spacing, work.over)
    )


def hollow(work: Work) -> Outcome:
    return work.each(lambda labels, _: shape.hollowed(
        labels, work.label(), work.number("wall_mm"), work.spacing,
        work.values["side"], work.label("lumen"), work.over,  # type: ignore[arg-type]
    ))  # fmt: skip


def islands(work: Work) -> Outcome:
    what, value, least = work.values["what"], work.label(), work.number("least_ml")
    if what == "largest":
        return work.each(lambda labels, _: pieces.largest_kept(labels, value, work.spacing))
    if what == "small":
        return work.each(lambda labels, _: pieces.small_removed(labels, value, least, work.spacing))
    if what == "clicked":
        if not len(work.points_mm):
            raise SegmentationError("Which piece is to stay is not said", remedy="Click on it")
        k, j, i = (int(n) for n in voxels_of(work)[0])
        return work.each(lambda labels, _: pieces.one_kept(labels, value, (k, j, i), work.spacing))
    free = free_labels(work.labels)
    used = 0

    def act(labels: Labels, _: int) -> Patch | None:
        nonlocal used
        found = pieces.apart(labels, value, free, least, work.spacing)
        used = max(used, found[1] if found else 0)
        return found[0] if found else None

    done = work.each(act)
    return Outcome(done.patches, with_numbered(work, free[:used])) if used else done


def cut(work: Work) -> Outcome:
    if work.normal is None or not len(work.points_mm):
        raise SegmentationError("The plane that splits is not said", remedy="Click into a view: its plane is taken")
    new, grid, point, normal = free_labels(work.labels)[0], work.labels.grid, work.points_mm[0], work.normal
    done = work.each(lambda labels, _: splitting.cut(labels, grid, work.label(), new, point, normal))
    return Outcome(done.patches, {**work.labels.names, new: str(work.values["name"])})


def part(work: Work) -> Outcome:
    new = free_labels(work.labels)[: round(work.number("parts")) - 1]
    done = work.each(lambda labels, _: splitting.parted(labels, work.label(), new, work.spacing, work.report))
    return Outcome(done.patches, with_numbered(work, new))


def interpolate(work: Work) -> Outcome:
    axis = plane.axis_of(work.labels.grid, str(work.values["orientation"]))
    thick = work.number("mend_mm")
    mend = None
    if thick > 0:
        if not len(work.points_mm):
            raise SegmentationError("Which slices are to be made anew is not said", remedy="Click into the bad slice")
        middle = round(float(work.labels.grid.to_ijk(work.points_mm[:1])[0][2 - axis]))
        half = max(0, int((0.5 * thick) / work.spacing[axis]))
        mend = slice(max(middle - half, 0), middle + half + 1)
    return work.each(
        lambda labels, _: between.interpolated(labels, work.all_labels, axis, work.spacing, work.over, mend)
    )


def copy(work: Work) -> Outcome:
    source = work.labels.data[work.phase]
    targets = tuple(phase for phase in work.phases if phase != work.phase)
    if not targets:
        raise SegmentationError("There is no other phase to copy to")
    found = []
    for n, phase in enumerate(targets):
        inner = share_of(work.report, n / len(targets), (n + 1) / len(targets))
        target = work.labels.data[phase]
        if work.values["how"] == "plain":
            patch = carry.copied(source, target, work.all_labels, work.spacing, work.over)
        else:
            grey = work.grey(work.phase), work.grey(phase)
            patch = carry.carried(source, target, *grey, work.all_labels, work.spacing, work.over, inner)
        inner(1.0, f"Phase {phase + 1}")
        if patch is not None:
            found.append((phase, patch))
    return Outcome(tuple(found))


def combine(work: Work) -> Outcome:
    other = work.label("other")
    operation, margin = work.values["operation"], work.number("margin_mm")
    over = None if work.over is None else work.over | {other}
    return work.each(lambda labels, _: combining.combined(
        labels, work.label(), labels == other, operation, work.spacing, margin, over,  # type: ignore[arg-type]
    ))  # fmt: skip


def merge(work: Work) -> Outcome:
    kept, gone = work.label(), work.label("other")
    if kept == gone:
        raise SegmentationError("A structure cannot be merged with itself")
    done = work.each(lambda labels, _: combining.renumbered(labels, {gone: kept}))
    return Outcome(done.patches, {value: name for value, name in work.labels.names.items() if value != gone})


def rename(work: Work) -> Outcome:
    return Outcome((), {**work.labels.names, work.label(): str(work.values["name"])})


def add(work: Work) -> Outcome:
    return Outcome((), {**work.labels.names, free_labels(work.labels)[0]: str(work.values["name"])})


def clear(work: Work) -> Outcome:
    return work.each(lambda labels, _: combining.renumbered(labels, {work.label(): 0}))


def remove(work: Work) -> Outcome:
    gone = work.label()
    if len(work.labels.names) == 1:
        raise SegmentationError("The last structure cannot be removed", remedy="Clear it instead")
    return Outcome(clear(work).patches, {v: name for v, name in work.labels.names.items() if v != gone})
