"""Contrast CT of the heart -> labels: levels from the data, a placed atlas for names, the blood itself for borders."""

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import LabelMap, Reporter, SegmentationError, Volume, part
from twinviewer.organs.heart.atlas import (
    NAMES,
    OTHER,
)
from twinviewer.organs.heart.chambers import (
    between_grids,
)
from twinviewer.organs.heart.locate import locate, own_levels
from twinviewer.organs.heart.phase import label_phase
from twinviewer.organs.heart.pose import demons, warp
from twinviewer.segmentation.ct_levels import CtLevels, ct_levels, noise_of
from twinviewer.segmentation.working_grid import WorkingGrid, covering, image_on, labels_on

MADE_BY = "heart CT, atlas-seeded random walker, 2"
PLACING_MM = 3.0
BENDING_MM = 4.0
FOLLOWED_MOUTH_MM = 8.0
"""How far from the heart a vessel's seeds begin when a phase is seeded by its neighbour (see chambers.seeds_from)."""
Float = NDArray[np.float32]
Labels = NDArray[np.uint8]


def _phase(volume: Volume, phase: int, work: WorkingGrid) -> Float:
    return image_on(work, volume.data[phase], volume.grid.affine)


def _reference_phase(volume: Volume) -> int:
    """The phase nearest to end-diastole (0 % or 100 % of the R-R interval)."""
    percent = np.asarray(volume.phase_percent, dtype=float) % 100.0
    return int(np.argmin(np.minimum(percent, 100.0 - percent)))


def find_levels(volume: Volume, phase: int = 0) -> CtLevels:
    """Levels of fat, muscle and opacified blood in one phase; SegmentationError where there is no opacified heart."""
    grid = covering(volume.grid, 2.0)
    image = _phase(volume, phase, grid)
    # smoothed lightly; more where noise would hide a class
    rough = noise_of(image, 60.0)
    image = ndimage.gaussian_filter(image, float(np.clip(0.6 * rough / 25.0, 0.6, 1.3)))
    return ct_levels(image, grid.spacing_kji)


def segment(volume: Volume, report: Reporter) -> LabelMap:
    """Label every phase of a contrast CT of the heart (labels of docs/rooms.md).

    Raises SegmentationError when the image is no CT, blood does not stand out from muscle, or no heart is found.
    """
    if volume.modality != "CT":
        raise SegmentationError(
            f"Segmentation of {volume.modality or 'this'} images is not part of this version",
            remedy="The images can be viewed and played",
        )
    report(0.0, "Finding blood, muscle and fat")
    reference = _reference_phase(volume)
    levels = find_levels(volume, reference)
    notes: list[str] = []

    coarse = covering(volume.grid, PLACING_MM)
    heart = locate(_phase(volume, reference, coarse), levels, coarse, part(report, 0.05, 0.25))
    local = heart.work
    image = _phase(volume, reference, local)
    levels = own_levels(heart, image, levels)
    report(0.25, "Naming the chambers")

    native = float(max(volume.grid.spacing_mm))
    fine_mm = float(np.clip(native, 1.2, 1.6))
    fine = covering(volume.grid, fine_mm).cropped(heart.low_mm, heart.high_mm)
    done: dict[int, Labels] = {}
    first, facts = label_phase(
        _phase(volume, reference, fine),
        fine,
        heart.label,
        heart.depth,
        local,
        levels,
        heart.pose.opacified,
        report=part(report, 0.25, 0.3 if volume.phases > 1 else 0.9),
    )
    done[reference] = first
    notes += facts

    done |= _follow(volume, reference, first, image, local, fine, levels, heart.pose.opacified, part(report, 0.3, 0.92))

    report(0.92, "Writing the labels")
    data = np.zeros((volume.phases, *volume.grid.shape), dtype=np.uint8)
    for phase, labels in done.items():
        data[phase] = labels_on(volume.grid, np.where(labels == OTHER, 0, labels).astype(np.uint8), fine)
    data.flags.writeable = False
    notes += _limits(volume, data, levels)
    report(1.0, "Segmented")
    return LabelMap(data, volume.grid, NAMES, volume.phase_percent, MADE_BY, volume.uid, tuple(dict.fromkeys(notes)))


def _follow(
    volume: Volume,
    reference: int,
    first: Labels,
    image: Float,
    local: WorkingGrid,
    fine: WorkingGrid,
    levels: CtLevels,
    opacified: str,
    report: Reporter,
) -> dict[int, Labels]:
    """Labels of all other phases, each seeded by its neighbour's labels carried over by a demons registration.

    Two chains leave the reference, forwards and backwards in time, and meet half-way round the beat. The registrations
    come first and one by one: each uses all processors, and would keep a thread beside it from running.
    """
    count = volume.phases
    ahead = [(reference + step) % count for step in range(1, count // 2 + 1)]
    back = [(reference - step) % count for step in range(1, count - count // 2)]
    stop = Event()
    done: dict[int, Labels] = {}
    low, top = levels.fat, levels.blood[-1]
    fields: dict[int, NDArray[np.float64]] = {}

    def quiet(_: float, __: str) -> None:
        report(0.2 * len(fields) / count, f"Following the motion: {len(fields) + 1} of {count - 1} phases")

    for phases in (ahead, back):
        before = np.clip(image, low, top)
        for phase in phases:
            quiet(0.0, "")
            current = np.clip(_phase(volume, phase, local), low, top)
            fields[phase] = demons(current, before, local.spacing_mm, 40, 4.5, report=quiet)
            before = current

    def chain(phases: list[int]) -> None:
        labels = first
        for phase in phases:
            if stop.is_set():
                return
            known = between_grids(labels, fine, local, 0)
            label, depth = warp(known, _depth(known, local), fields[phase], local.spacing_mm)
            labels, _ = label_phase(
                _phase(volume, phase, fine), fine, label, depth, local, levels, opacified, FOLLOWED_MOUTH_MM
            )
            done[phase] = labels

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(chain, phases) for phases in (ahead, back) if phases]
        try:
            while running and wait(running, timeout=0.08, return_when=FIRST_EXCEPTION).not_done:
                report(
                    0.2 + 0.8 * len(done) / count,
                    f"Following the heart through the beat: {len(done) + 1} of {count} phases",
                )
                if any(job.done() and job.exception() for job in running):
                    break
        finally:
            stop.set()
        for job in running:
            job.result()
    return done


def _depth(label: Labels, work: WorkingGrid) -> Float:
    """Depth in mm inside each label; outside the heart the negative distance to it."""
    depth = -ndimage.distance_transform_edt(label == 0, sampling=work.spacing_kji).astype(np.float32)
    for value in np.unique(label[label > 0]):
        inside = ndimage.distance_transform_edt(label == value, sampling=work.spacing_kji)
        depth = np.where(label == value, inside, depth)
    return np.asarray(depth, dtype=np.float32)


def _limits(volume: Volume, data: Labels, levels: CtLevels) -> list[str]:
    notes = []
    if len(levels.blood) > 1:
        notes.append(
            f"The sides of the heart are opacified differently: {levels.blood[0]:.0f} and {levels.blood[-1]:.0f} HU."
        )
    # the outermost two voxels: a working grid need not reach the last one
    faces = [data.take(where, axis) for axis in range(1, 4) for where in ((0, 1), (-2, -1))]
    cut = [NAMES[v] for v in np.unique(np.concatenate([face.ravel() for face in faces])) if v in NAMES]
    if cut:
        chambers = ", ".join(name.replace("_", " ") for name in cut)
        notes.append(f"Cut by the edge of the scan: {chambers}; what lies beyond is not in the volumes.")
    return notes
