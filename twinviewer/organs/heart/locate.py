"""The heart found in a scan: the atlas placed and bent, and whether what it met is a heart; else why not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Reporter, SegmentationError, part, silent
from twinviewer.organs.heart.atlas import (
    LA_BLOOD,
    LV_BLOOD,
    LV_MYOCARDIUM,
    OTHER,
    RA_BLOOD,
    RV_BLOOD,
    Atlas,
    atlas,
)
from twinviewer.organs.heart.chambers import between_grids
from twinviewer.organs.heart.pose import Pose, bend, place
from twinviewer.organs.heart.search import BOTH, LEFT, RIGHT
from twinviewer.segmentation.ct_levels import BODY_RADIUS_MM, CtLevels
from twinviewer.segmentation.mask import Mask, dilate, opened
from twinviewer.segmentation.working_grid import WorkingGrid

Float = NDArray[np.float32]
Labels = NDArray[np.uint8]

BENDING_MM = 4.0
LEAST_BODY_ML = 15.0
MOST_MISFIT = {BOTH: 0.80, LEFT: 0.96, RIGHT: 0.70}
"""Where less of the heart is seen, walls and surroundings weigh more in the misfit. Hearts of the validation reach 0.35
to 0.65, 0.75 to 0.90 and 0.25."""
LEAST_HIT = {LV_BLOOD: 0.90, LA_BLOOD: 0.86, RV_BLOOD: 0.60, RA_BLOOD: 0.50}
"""Share of each chamber of the bent atlas that must meet blood. Hearts of the validation reach 0.97, 0.91, 0.69 and
0.73; hearts taken for one another (right side without contrast, mirrored) stay below 0.75 in the left atrium."""
LEAST_WALL_HIT = 0.55
UNLIKE = 0.12
"""Sides are opacified differently when they differ by this share of the brighter one's rise above muscle."""
CHAMBERS_OF = {
    BOTH: (LV_BLOOD, LA_BLOOD, RV_BLOOD, RA_BLOOD),
    LEFT: (LV_BLOOD, LA_BLOOD),
    RIGHT: (RV_BLOOD, RA_BLOOD),
}


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One phase on a coarse grid: soft blood and muscle maps, 0..1."""

    blood: Float
    muscle: Float


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Where the heart lies. low_mm, high_mm: corners of its box, LPS. label, depth: the bent atlas on ``work``.

    hits: share of each chamber that meets blood, and of the left wall that meets muscle.
    """

    pose: Pose
    low_mm: NDArray[np.float64]
    high_mm: NDArray[np.float64]
    work: WorkingGrid
    label: Labels
    depth: Float
    hits: dict[int, float]

    @property
    def score(self) -> float:
        """How well the least well met of the left parts (of the right ones where only those carry contrast) is met."""
        if self.pose.opacified == RIGHT:
            return min(self.hits[RV_BLOOD], self.hits[RA_BLOOD])
        wall = self.hits[LV_MYOCARDIUM] + 0.25  # thin and blurred, it is never met as well as blood is
        both = 0.03 if self.pose.opacified == BOTH else 0.0
        return min(self.hits[LV_BLOOD], self.hits[LA_BLOOD], wall) + both

    @property
    def accepted(self) -> bool:
        """Whether what carries contrast has the shape of a heart."""
        side = self.pose.opacified
        # without the left cavity's contrast there is no left wall to see
        walled = side == RIGHT or self.hits[LV_MYOCARDIUM] >= LEAST_WALL_HIT
        return walled and all(self.hits[value] >= LEAST_HIT[value] for value in CHAMBERS_OF[side])


def scene(image: Float, levels: CtLevels, near: Mask) -> Scene:
    """Soft maps of a phase: blood is 0 up to a quarter and 1 from three quarters of its rise above muscle, so that
    neither enhanced muscle nor a weaker pool counts by half. near: where blood may be."""
    soft = ndimage.gaussian_filter(image, 0.8)
    rise = levels.blood[0] - levels.muscle
    blood = np.clip((soft - levels.muscle - 0.25 * rise) / (0.5 * rise), 0.0, 1.0)
    muscle = np.clip((soft - levels.fat) / (levels.muscle - levels.fat), 0.0, 1.0) * (1.0 - blood)
    return Scene(np.where(near, blood, 0.0).astype(np.float32), muscle.astype(np.float32))


def bodies(image: Float, levels: CtLevels, work: WorkingGrid) -> Mask:
    """Everything bright that is thick as a chamber is, of more than LEAST_BODY_ML, and its next surroundings."""
    bright = ndimage.gaussian_filter(image, 0.8) > levels.blood_from
    pieces, _ = ndimage.label(opened(bright, BODY_RADIUS_MM, work.spacing_kji))
    large = np.bincount(pieces.ravel()) * work.voxel_ml > LEAST_BODY_ML
    large[0] = False
    return dilate(large[pieces], 6.0, work.spacing_kji)


def locate(image: Float, levels: CtLevels, work: WorkingGrid, report: Reporter) -> Located:
    """Find the heart in one phase. image: (k, j, i) HU on ``work``, about 3 mm.

    Raises SegmentationError, with what was met instead, where no heart lies or its left side has no contrast.
    """
    near = bodies(image, levels, work)
    maps = scene(image, levels, near)
    heart = atlas(work.spacing_mm)
    poses = place(heart, maps.blood, maps.muscle, work, part(report, 0.0, 0.8))
    report(0.8, "Bending the heart to fit")
    bending = part(report, 0.8, 0.9)
    tried = [
        _bent(heart, pose, image, near, levels, work, bending)
        for pose in poses
        if pose.misfit < MOST_MISFIT[pose.opacified]
    ]
    accepted = [one for one in tried if one.accepted]
    if accepted:
        best = max(accepted, key=lambda one: one.score)
        if best.pose.opacified == RIGHT:
            raise SegmentationError(
                "Only the right side of the heart is opacified: the left ventricle cannot be told from its wall",
                where=f"blood of the right side {levels.blood[-1]:.0f} HU, muscle {levels.muscle:.0f} HU",
                remedy="A twin needs a phase in which contrast has reached the left ventricle",
            )
        return best
    report(0.9, "Looking for a mirrored heart")
    mirror = heart.mirrored()
    for pose in place(mirror, maps.blood, maps.muscle, work, part(report, 0.9, 1.0), (BOTH,)):
        least = min((one.misfit for one in poses), default=1.0)
        if pose.misfit > min(MOST_MISFIT[BOTH], least):
            continue
        other = _bent(mirror, pose, image, near, levels, work, silent)
        if other.accepted and other.score > max((one.score for one in tried), default=0.0):
            raise SegmentationError(
                "This heart is a mirror image: dextrocardia, or left and right are exchanged in the file",
                where="the atlas fits with left and right exchanged, not as hearts usually lie",
                remedy="Such hearts are not part of this version; check the orientation letters of the images",
            )
    raise _none(tried, poses, levels)


def own_levels(found: Located, image: Float, levels: CtLevels) -> CtLevels:
    """The levels with each side's blood as it is in the heart itself, which the whole scan's histogram may hide.

    image: (k, j, i) HU on the grid of ``found``.
    """
    if found.pose.opacified != BOTH:
        return levels
    sides = []
    for chambers in ((LV_BLOOD, LA_BLOOD), (RV_BLOOD, RA_BLOOD)):
        core = ndimage.binary_erosion(np.isin(found.label, chambers))
        values = image[core & (image > levels.muscle + 0.25 * (levels.blood[0] - levels.muscle))]
        if values.size < 200:
            return levels
        sides.append(float(np.median(values)))
    low, high = sorted(sides)
    alike = high - low < UNLIKE * (high - levels.muscle)
    return replace(levels, blood=(0.5 * (low + high),) if alike else (low, high))


def _bent(
    heart: Atlas, pose: Pose, image: Float, near: Mask, levels: CtLevels, work: WorkingGrid, report: Reporter
) -> Located:
    corners = pose.to_scan(heart.points_mm[(heart.label > 0) & (heart.label < OTHER)])
    low, high = corners.min(axis=0) - 18.0, corners.max(axis=0) + 18.0
    local = work.cropped(low, high).coarser(BENDING_MM)
    maps = scene(
        between_grids(image, work, local, 1), levels, between_grids(near.astype(np.float32), work, local, 0) > 0.5
    )
    if min(local.shape) < 8:
        hits = dict.fromkeys((*CHAMBERS_OF[BOTH], LV_MYOCARDIUM), 0.0)
        return Located(pose, low, high, local, np.zeros(local.shape, np.uint8), np.zeros(local.shape, np.float32), hits)
    label, depth = bend(heart, pose, maps.blood, maps.muscle, local, report)

    def hit(value: int, map_: Float) -> float:
        mine = label == value
        return float((map_[mine] > 0.5).mean()) if mine.any() else 0.0

    hits = {value: hit(value, maps.blood) for value in CHAMBERS_OF[BOTH]}
    hits[LV_MYOCARDIUM] = hit(LV_MYOCARDIUM, maps.muscle)
    return Located(pose, low, high, local, label, depth, hits)


def _none(tried: list[Located], poses: list[Pose], levels: CtLevels) -> SegmentationError:
    where = f"blood {levels.blood[0]:.0f} HU, muscle {levels.muscle:.0f} HU"
    if tried:
        names = {LV_BLOOD: "left ventricle", LA_BLOOD: "left atrium", RV_BLOOD: "right ventricle",
                 RA_BLOOD: "right atrium"}  # fmt: skip
        best = min(tried, key=lambda one: one.pose.misfit)
        met = ", ".join(f"{names[v]} {100 * best.hits[v]:.0f} %" for v in CHAMBERS_OF[best.pose.opacified])
        where += f"; blood in the expected {met}; muscle in the left wall {100 * best.hits[LV_MYOCARDIUM]:.0f} %"
    elif poses:
        where += f"; the best place of a heart misses {100 * min(one.misfit for one in poses):.0f} %"
    return SegmentationError(
        "There is opacified blood here, but not in the shape of a heart",
        where=where,
        remedy="A twin needs a scan that shows the whole heart with its left side opacified",
    )
