"""Muscle round the ventricles: thickness measured along the normals of the blood, smoothed, closed up to the valves."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.organs.heart.atlas import (
    AORTA,
    LA_BLOOD,
    LV_BLOOD,
    LV_MYOCARDIUM,
    PULMONARY_ARTERY,
    RA_BLOOD,
    RV_BLOOD,
    RV_MYOCARDIUM,
)
from twinviewer.segmentation.mask import (
    Mask,
    Spacing,
    bounding_box,
    distance_outside,
    filled,
    largest_piece,
    signed_distance,
    smoothed,
)

Float = NDArray[np.float32]
Labels = NDArray[np.uint8]

LEAST_LV_WALL_MM = 4.0
MOST_LV_WALL_MM = 18.0
ASSUMED_RV_WALL_MM = 3.5


def wall_edge(
    solid: Mask, is_stop: Mask, spacing: Spacing, most_mm: float, gap_mm: float = 2.0
) -> tuple[NDArray[np.int64], Float, Float, NDArray[np.float64]]:
    """How far a wall reaches outwards from a solid, seen from every surface voxel along its outward normal.

    is_stop: what ends it for certain (lung, fat, other blood). Returns (surface voxels (n, 3), thickness_mm (n,),
    certain (n,): 1 where an edge was met, 0 where it was not, end of each ray (n, 3) in voxels).
    """
    level = ndimage.gaussian_filter(signed_distance(solid, spacing), 2.0 / np.mean(spacing), mode="nearest")
    inner = ndimage.binary_erosion(solid, border_value=1)
    surface = np.argwhere(solid & ~inner)
    step = np.array(spacing)
    slope = np.stack([ndimage.sobel(level, axis=axis, mode="nearest") / step[axis] for axis in range(3)], axis=-1)
    normal = -slope[tuple(surface.T)]
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    reach = np.arange(0.5, most_mm + 0.25, 0.5)
    path = surface[:, None, :] + (normal[:, None, :] * reach[None, :, None]) / step
    flat = path.reshape(-1, 3).T
    stop = ndimage.map_coordinates(is_stop.astype(np.float32), flat, order=1, mode="nearest")
    ended = stop.reshape(len(surface), -1) > 0.5
    ended[:, reach < gap_mm] = False
    first = np.where(ended.any(axis=1), ended.argmax(axis=1), len(reach) - 1)
    # rays start at voxel centres, half a voxel within the blood's edge; the first step met overshoots by half a step
    thickness = np.maximum(reach[first] - 0.25 - 0.5 * float(np.mean(spacing)), 0.0).astype(np.float32)
    certain = ended.any(axis=1).astype(np.float32)
    return surface, thickness, certain, path[np.arange(len(surface)), first]


def spread(
    shape: tuple[int, int, int], surface: NDArray[np.int64], value: Float, weight: Float, sigma_voxels: float
) -> Float:
    """Weighted Gaussian mean of values on surface voxels, on the whole grid."""
    top = np.zeros(shape, dtype=np.float32)
    bottom = np.zeros(shape, dtype=np.float32)
    where = tuple(surface.T)
    top[where] = value * weight
    bottom[where] = weight
    top = ndimage.gaussian_filter(top, sigma_voxels, truncate=3.0)
    bottom = ndimage.gaussian_filter(bottom, sigma_voxels, truncate=3.0)
    return np.asarray(top / np.maximum(bottom, 1e-7), dtype=np.float32)


def add_walls(labels: Labels, image: Float, muscle_from: float, spacing: Spacing) -> tuple[Labels, float, float, bool]:
    """Add both ventricles' walls to labels of blood, without gaps except at the valves.

    labels, image: (k, j, i). muscle_from: border of fat and muscle, HU. Returns the labels, the left wall's median
    thickness in mm, the right wall's thickness in mm and whether that was measured (else it is assumed).
    """
    out = labels.copy()
    box = bounding_box(labels == LV_BLOOD, int(np.ceil((MOST_LV_WALL_MM + 3.0) / min(spacing))))
    out[box], left_mm = left_wall(out[box], image[box], muscle_from, spacing)
    box = bounding_box(labels == RV_BLOOD, int(np.ceil(10.0 / min(spacing))))
    out[box], right_mm, measured = right_wall(out[box], image[box], muscle_from, spacing)
    return close_walls(out), left_mm, right_mm, measured


def close_walls(labels: Labels) -> Labels:
    """Let no ventricular blood touch (26 neighbours) anything but its own wall, its atrium and its artery."""
    out = labels.copy()
    around = np.ones((3, 3, 3), dtype=np.bool_)
    for blood, wall, partners in (
        (LV_BLOOD, LV_MYOCARDIUM, (LA_BLOOD, AORTA)),
        (RV_BLOOD, RV_MYOCARDIUM, (LV_MYOCARDIUM, RA_BLOOD, PULMONARY_ARTERY)),
    ):
        mine = out == blood
        box = bounding_box(mine, 2)
        part, inside = out[box], mine[box]
        touched = ndimage.binary_dilation(inside, around) & ~inside
        open_side = touched & ~np.isin(part, (wall, *partners))
        foreign = open_side & np.isin(part, (LA_BLOOD, RA_BLOOD, AORTA, PULMONARY_ARTERY, LV_BLOOD, RV_BLOOD))
        part[open_side & ~foreign] = wall
        # another vessel's blood stays; the ventricle gives its own outermost layer to the wall between them
        part[ndimage.binary_dilation(foreign, around) & inside] = wall
    return _without_crumbs(out, around)


def _without_crumbs(labels: Labels, around: Mask) -> Labels:
    """Drop pieces of wall that touch no blood of their ventricle; what the heart encloses becomes wall."""
    out = labels.copy()
    for blood, wall in ((LV_BLOOD, LV_MYOCARDIUM), (RV_BLOOD, RV_MYOCARDIUM)):
        box = bounding_box(out == wall, 1)
        part = out[box]
        pieces, count = ndimage.label(part == wall, around)
        if count > 1:
            beside = ndimage.binary_dilation(part == blood, around)
            keep = np.zeros(count + 1, dtype=np.bool_)
            keep[np.unique(pieces[beside])] = True
            part[(pieces > 0) & ~keep[pieces]] = 0
    left = (out == LV_BLOOD) | (out == LV_MYOCARDIUM)
    out[filled(left) & (out == 0)] = LV_MYOCARDIUM
    heart = out > 0
    out[filled(heart) & ~heart] = RV_MYOCARDIUM
    return out


def left_wall(labels: Labels, image: Float, muscle_from: float, spacing: Spacing) -> tuple[Labels, float]:
    """Add the LV wall (with the septum) to labels of blood. Returns the labels and the median thickness in mm."""
    blood = labels == LV_BLOOD
    other = (labels > 0) & ~blood
    soft = ndimage.gaussian_filter(image, 0.5)
    stop = (soft < muscle_from) | other
    surface, thickness, certain, end = wall_edge(blood, stop, spacing, MOST_LV_WALL_MM)
    to_rv = distance_outside(labels == RV_BLOOD, spacing)
    end_to_rv = ndimage.map_coordinates(to_rv, end.T, order=1, mode="nearest")
    # at the valves the blood goes on: no wall to measure there
    beyond = ndimage.grey_dilation(np.where(other & ~(labels == RV_BLOOD), 1, 0).astype(np.uint8), size=3)
    free = beyond[tuple(surface.T)] == 0
    # where the right ventricle is attached, its wall adds to what a ray sees
    beside = (end_to_rv > 0.1) & (end_to_rv < 6.0)
    certain = np.where(beside, 0.0, certain).astype(np.float32)
    sure = (certain > 0) & free
    usual = float(np.median(thickness[sure])) if sure.sum() > 50 else 9.0
    # liver, stomach and chest wall look like muscle: what is much thicker than the rest is not all heart
    excess = np.maximum(thickness / max(usual, 3.0) - 1.3, 0.0)
    weight = (certain * np.exp(-((excess / 0.35) ** 2)) + 0.02) * free + 1e-4
    value = np.where(certain > 0, np.minimum(thickness, 1.9 * usual), usual).astype(np.float32)
    field = spread(labels.shape, surface, value, weight.astype(np.float32), 3.0 / float(np.mean(spacing)))
    field = np.clip(field, LEAST_LV_WALL_MM, MOST_LV_WALL_MM)

    distance, nearest = ndimage.distance_transform_edt(~blood, sampling=spacing, return_indices=True)
    distance = distance - 0.5 * float(np.mean(spacing))
    local = field[tuple(nearest)]
    wall = ~blood & (distance <= local)
    near = distance <= LEAST_LV_WALL_MM - 0.5
    # beyond the least thickness only what can be muscle
    wall &= near | ~(soft < muscle_from)
    away_from_valve = wall & ~other
    out = labels.copy()
    out[away_from_valve] = LV_MYOCARDIUM
    # a septum at least 3 mm thick, even where partial volume makes both ventricles touch
    thin = wall & (labels == RV_BLOOD) & (distance <= 2.5)
    out[thin] = LV_MYOCARDIUM
    wall = out == LV_MYOCARDIUM
    together = filled(smoothed(wall | blood, 1.5, spacing)) & (~other | thin)
    wall = largest_piece(together & ~blood)
    corner = _right_corner(blood, labels == RV_BLOOD, wall, 1.05 * usual, spacing)
    out[out == LV_MYOCARDIUM] = 0
    out[wall] = LV_MYOCARDIUM
    out[corner] = RV_MYOCARDIUM
    return out, usual


def _right_corner(left: Mask, right: Mask, wall: Mask, usual_mm: float, spacing: Spacing) -> Mask:
    """Wall that belongs to the right ventricle where the two are attached: beyond the left wall's usual thickness,
    near right blood, and not between the two cavities as the septum is."""
    if not right.any():
        return np.zeros(left.shape, dtype=np.bool_)
    far, to_left = ndimage.distance_transform_edt(~left, sampling=spacing, return_indices=True)
    near, to_right = ndimage.distance_transform_edt(~right, sampling=spacing, return_indices=True)
    here = np.argwhere(wall & (far > usual_mm) & (near < 2.5 * ASSUMED_RV_WALL_MM))
    where = tuple(here.T)
    one = (to_left[(slice(None), *where)].T - here) * np.array(spacing)
    two = (to_right[(slice(None), *where)].T - here) * np.array(spacing)
    cosine = (one * two).sum(axis=1) / np.maximum(np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1), 1e-6)
    out = np.zeros(left.shape, dtype=np.bool_)
    out[tuple(here[cosine > -0.5].T)] = True
    return out


def right_wall(labels: Labels, image: Float, muscle_from: float, spacing: Spacing) -> tuple[Labels, float, bool]:
    """Add the RV free wall. Returns the labels, the thickness used in mm and whether it was measured."""
    blood = labels == RV_BLOOD
    free = labels == 0
    soft = ndimage.gaussian_filter(image, 0.4)
    surface, thickness, certain, _ = wall_edge(blood, soft < muscle_from, spacing, 8.0, gap_mm=0.5)
    seen = thickness[(certain > 0) & (thickness > 0.8)]
    measured = seen.size > 200 and 1.5 <= float(np.median(seen)) <= 6.0
    wall_mm = float(np.clip(np.median(seen), 2.5, 5.0)) if measured else ASSUMED_RV_WALL_MM
    distance = ndimage.distance_transform_edt(~blood, sampling=spacing) - 0.5 * float(np.mean(spacing))
    out = labels.copy()
    out[free & (distance <= max(wall_mm, 1.2 * float(np.mean(spacing))))] = RV_MYOCARDIUM
    return out, wall_mm, measured
