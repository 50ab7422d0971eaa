"""Contrast CT of the heart -> labels: levels from the data, a placed atlas for names, the blood itself for borders."""

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import LabelMap, Reporter, SegmentationError, Volume, part
from twinviewer.organs.heart.atlas import (
    BLOOD_LABELS,
    LA_BLOOD,
    LV_BLOOD,
    LV_MYOCARDIUM,
    NAMES,
    OTHER,
    RA_BLOOD,
    RV_BLOOD,
)
from twinviewer.organs.heart.chambers import (
    between_grids,
    blood_mask,
    mixing_blood,
    own_edge,
    round_ventricle,
    share_blood,
    tidy_chambers,
)
from twinviewer.organs.heart.locate import locate
from twinviewer.organs.heart.pose import demons, warp
from twinviewer.organs.heart.walls import add_walls
from twinviewer.segmentation.ct_levels import CtLevels, ct_levels
from twinviewer.segmentation.working_grid import WorkingGrid, covering, image_on, labels_on

MADE_BY = "heart CT, atlas-seeded random walker, 1"
PLACING_MM = 3.0
BENDING_MM = 4.0
FOLLOWED_MOUTH_MM = 6.0
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
    image = ndimage.gaussian_filter(_phase(volume, phase, grid), 0.6)
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
    report(0.25, "Naming the chambers")

    native = float(max(volume.grid.spacing_mm))
    fine_mm = float(np.clip(native, 1.2, 1.6))
    fine = covering(volume.grid, fine_mm).cropped(heart.low_mm, heart.high_mm)
    done: dict[int, Labels] = {}
    first, facts = _one_phase(_phase(volume, reference, fine), fine, heart.label, heart.depth, local, levels, False)
    done[reference] = first
    notes += facts

    done |= _follow(volume, reference, first, image, local, fine, levels, part(report, 0.3, 0.92))

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
    for phases in (ahead, back):
        before = np.clip(image, low, top)
        for phase in phases:
            report(0.2 * len(fields) / count, f"Following the motion: {len(fields) + 1} of {count - 1} phases")
            current = np.clip(_phase(volume, phase, local), low, top)
            fields[phase] = demons(current, before, local.spacing_mm, 40, 4.5)
            before = current

    def chain(phases: list[int]) -> None:
        labels = first
        for phase in phases:
            if stop.is_set():
                return
            known = between_grids(labels, fine, local, 0)
            label, depth = warp(known, _depth(known, local), fields[phase], local.spacing_mm)
            labels, _ = _one_phase(_phase(volume, phase, fine), fine, label, depth, local, levels, True)
            done[phase] = labels

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(chain, phases) for phases in (ahead, back) if phases]
        try:
            while running and wait(running, timeout=0.15, return_when=FIRST_EXCEPTION).not_done:
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


def _one_phase(
    image: Float,
    work: WorkingGrid,
    label: Labels,
    depth: Float,
    registered: WorkingGrid,
    levels: CtLevels,
    followed: bool,
) -> tuple[Labels, list[str]]:
    spacing = work.spacing_kji
    notes: list[str] = []
    soft = ndimage.gaussian_filter(image, 0.5)
    expected = between_grids(label, registered, work, 0)
    chambers = np.isin(expected, (LV_BLOOD, RV_BLOOD, LA_BLOOD, RA_BLOOD))
    blood = blood_mask(soft, levels.blood_from, chambers)
    ease = np.clip((soft - levels.blood_from) / (0.6 * (levels.blood[0] - levels.blood_from)), 0.0, 1.0) ** 2
    labels = share_blood(
        blood, ease.astype(np.float32), label, depth, work, registered, FOLLOWED_MOUTH_MM if followed else 0.0
    )
    labels = tidy_chambers(labels, spacing)
    seen = soft[(expected == LV_MYOCARDIUM) & (soft > levels.muscle_from) & (soft < levels.blood_from)]
    myocardium = float(np.median(seen)) if seen.size > 500 else levels.muscle
    for value in BLOOD_LABELS:
        # the thin wall of atria and vessels takes up less contrast and is never seen without fat beside it
        beside = myocardium if value in (LV_BLOOD, RV_BLOOD) else min(myocardium, levels.muscle)
        labels[own_edge(labels == value, soft, beside, spacing)] = 0
    weak_from = levels.muscle + 0.3 * (levels.blood[0] - levels.muscle)
    labels[mixing_blood(labels, soft, weak_from, expected == RA_BLOOD, spacing)] = RA_BLOOD
    muscle_from = 0.5 * (levels.fat + myocardium)
    for value, notch_mm in ((LV_BLOOD, 7.0), (RV_BLOOD, 5.0), (LA_BLOOD, 3.0), (RA_BLOOD, 7.0)):
        mask = labels == value
        if not mask.any():
            raise SegmentationError(
                f"No opacified {NAMES[value].replace('_', ' ')} was found where the heart lies",
                where=f"blood from {levels.blood_from:.0f} HU",
                remedy="A twin needs all four chambers opacified and within the scan",
            )
        allowed = ((labels == 0) | mask) & (soft > muscle_from)
        mask = round_ventricle(mask, allowed, spacing, notch_mm, 1.2)
        labels[labels == value] = 0
        labels[mask & (labels == 0)] = value
    labels[labels == OTHER] = 0
    labels, _, wall_mm, measured = add_walls(labels, image, muscle_from, myocardium, spacing)
    # veins and other vessels are remembered, so that the next phase's atria end where this one's do
    labels[blood & (labels == 0)] = OTHER
    if not measured:
        notes.append(f"The right ventricle's wall is not visible; {wall_mm:.1f} mm is assumed.")
    return labels, notes


def _limits(volume: Volume, data: Labels, levels: CtLevels) -> list[str]:
    notes = []
    if len(levels.blood) > 1:
        notes.append(
            f"The sides of the heart are opacified differently: {levels.blood[0]:.0f} and {levels.blood[-1]:.0f} HU."
        )
    edge = np.concatenate([face.ravel() for a in range(1, 4) for face in (data.take(0, a), data.take(-1, a))])
    cut = [NAMES[v] for v in np.unique(edge) if v in NAMES]
    if cut:
        notes.append(f"Cut by the edge of the scan: {', '.join(cut)}.")
    if float(volume.data.max()) > 2500:
        notes.append(f"Metal in the scan (up to {float(volume.data.max()):.0f} HU).")
    return notes
