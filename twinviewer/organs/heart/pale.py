"""Right-heart blood without contrast: drawn from where it is expected, within the heart's outer edge, and said so."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.organs.heart.atlas import (
    AORTA,
    LA_BLOOD,
    LV_BLOOD,
    LV_MYOCARDIUM,
    OTHER,
    PULMONARY_ARTERY,
    RA_BLOOD,
    RV_BLOOD,
    RV_MYOCARDIUM,
)
from twinviewer.organs.heart.walls import ASSUMED_RV_WALL_MM, close_walls
from twinviewer.segmentation.mask import (
    Mask,
    Spacing,
    closed,
    dilate,
    distance_inside,
    distance_outside,
    erode,
    filled,
    largest_piece,
    opened,
    smoothed,
)

Float = NDArray[np.float32]
Labels = NDArray[np.uint8]

ATRIAL_WALL_MM = 2.0
HOLLOW_MM = 12.0
LEAST_FAT_ML = 1.0
BALL_MM = {RV_BLOOD: 5.0, RA_BLOOD: 5.0, PULMONARY_ARTERY: 3.0}
REACH_MM = 4.0
"""How far beyond where the bent atlas has a chamber it may still be drawn."""


def unmixed_atrium(labels: Labels, soft: Float, expected: Labels, muscle_from: float, spacing: Spacing) -> Mask:
    """Voxels of the right atrium whose blood carries no contrast: soft tissue where the atrium is expected, its wall's
    thickness within fat and lung, joined to the opacified part. soft: (k, j, i) HU; muscle_from: border to fat."""
    atrium = labels == RA_BLOOD
    if not atrium.any():
        return atrium
    outer = _to_edge(soft, muscle_from, spacing)
    others = dilate((labels > 0) & ~atrium & (labels != OTHER), ATRIAL_WALL_MM, spacing)
    inner = (expected == RA_BLOOD) | closed(atrium, HOLLOW_MM, spacing)
    may = inner & (outer > ATRIAL_WALL_MM) & ~others & (labels != OTHER)
    may = opened(may & ~atrium, 2.0, spacing)
    both = largest_piece(may | atrium)
    return both & ~atrium


def _to_edge(soft: Float, muscle_from: float, spacing: Spacing) -> Float:
    """Distance in mm to fat and lung; specks of noise and of fat within the heart are none of it."""
    dark = ndimage.gaussian_filter(soft, 1.0 / spacing[0]) < muscle_from
    pieces, _ = ndimage.label(dark)
    large = np.bincount(pieces.ravel()) * float(np.prod(spacing)) > 1000.0 * LEAST_FAT_ML
    large[0] = False
    return distance_outside(large[pieces], spacing)


def add_pale_right(
    labels: Labels, soft: Float, expected: Labels, muscle_from: float, spacing: Spacing
) -> tuple[Labels, float]:
    """Add right ventricle with its wall, right atrium and pulmonary artery to labels of the left heart.

    Returns the labels and the median HU of the right ventricle's blood.
    """
    out = labels.copy()
    outer = _to_edge(soft, muscle_from, spacing)
    left = dilate(np.isin(labels, (LV_BLOOD, LA_BLOOD, AORTA)), ATRIAL_WALL_MM, spacing)
    where = {
        RV_BLOOD: np.isin(expected, (RV_BLOOD, RV_MYOCARDIUM)),
        RA_BLOOD: expected == RA_BLOOD,
        PULMONARY_ARTERY: expected == PULMONARY_ARTERY,
    }
    reach = {v: distance_outside(mask, spacing) - distance_inside(mask, spacing) for v, mask in where.items()}
    nearest = np.argmin(np.stack(list(reach.values())), axis=0)
    for number, (value, wall_mm) in enumerate(
        ((RV_BLOOD, ASSUMED_RV_WALL_MM), (RA_BLOOD, ATRIAL_WALL_MM), (PULMONARY_ARTERY, 1.5))
    ):
        may = (reach[value] < REACH_MM) & (nearest == number) & (outer > wall_mm) & (out == 0) & ~left
        # liver and chest wall are as bright: only a bridge that a ball fits through joins them to the heart
        core = largest_piece(erode(may, BALL_MM[value], spacing))
        core = dilate(core, BALL_MM[value] + float(np.mean(spacing)), spacing) & may
        mask = largest_piece(filled(smoothed(core, 2.0, spacing))) & (out == 0)
        out[mask] = value
    right = out == RV_BLOOD
    level = float(np.median(soft[right])) if right.any() else float("nan")
    near = distance_outside(right, spacing) <= ASSUMED_RV_WALL_MM + 0.5 * float(np.mean(spacing))
    out[near & (out == 0)] = RV_MYOCARDIUM
    # a septum between the ventricles, however faint
    thin = ndimage.binary_dilation(out == LV_BLOOD, np.ones((3, 3, 3), dtype=np.bool_)) & right
    out[thin] = LV_MYOCARDIUM
    return close_walls(out), level
