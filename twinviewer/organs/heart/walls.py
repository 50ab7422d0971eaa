"""Muscle round the ventricles: thickness measured along the normals of the blood, smoothed, closed up to the valves."""

from dataclasses import dataclass

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
    closed,
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
ATTACHED_MM, CORNER_MM = 6.0, 14.0
"""How far from right blood the right wall lies on the left one, and how far it fills the corner between them."""
ASSUMED_RV_WALL_MM = 3.5
LEAST_RV_WALL_MM, MOST_RV_WALL_MM = 2.5, 6.0


def wall_edge(solid: Mask, is_stop: Mask, spacing: Spacing, most_mm: float, gap_mm: float = 2.0) -> "Rays":
    """How far a wall reaches outwards from a solid, seen from every surface voxel along its outward normal.

    is_stop: what ends it for certain (lung, fat, other blood). gap_mm: nothing nearer than this can end it.
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
    # rays start at voxel centres: the blood's own edge, too, is where half of it is left; a step overshoots by half
    short = np.arange(0.0, 1.5 * float(max(spacing)), 0.25)
    back = surface[:, None, :] + (normal[:, None, :] * short[None, :, None]) / step
    inside = ndimage.map_coordinates(solid.astype(np.float32), back.reshape(-1, 3).T, order=1, mode="nearest")
    start = short[np.argmax(inside.reshape(len(surface), -1) < 0.5, axis=1)] - 0.125
    thickness = np.maximum(reach[first] - 0.25 - start, 0.0).astype(np.float32)
    certain = ended.any(axis=1).astype(np.float32)
    return Rays(surface, start.astype(np.float32), thickness, certain, path[np.arange(len(surface)), first])


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Walls seen from a solid's surface voxels (n, 3).

    start_mm (n,): from the voxel's centre to the solid's edge. thickness_mm (n,): from there to the wall's end.
    certain (n,): 1 where that end was met, 0 where it was not. end (n, 3): of each ray, in voxels.
    """

    surface: NDArray[np.int64]
    start_mm: Float
    thickness_mm: Float
    certain: Float
    end: NDArray[np.float64]

    def distance(self, solid: Mask, spacing: Spacing) -> tuple[Float, NDArray[np.int64]]:
        """Distance in mm of each voxel outside to the solid's edge, and (3, k, j, i) the surface voxel nearest."""
        far, nearest = ndimage.distance_transform_edt(~solid, sampling=spacing, return_indices=True)
        start = np.full(solid.shape, 0.5 * float(np.mean(spacing)), dtype=np.float32)
        start[tuple(self.surface.T)] = self.start_mm
        return np.asarray(far - start[tuple(nearest)], dtype=np.float32), nearest


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


def add_walls(
    labels: Labels, image: Float, muscle_from: float, muscle: float, spacing: Spacing
) -> tuple[Labels, float, float, bool]:
    """Add both ventricles' walls to labels of blood, without gaps except at the valves.

    labels, image: (k, j, i). muscle_from: border of fat and muscle; muscle: its level, HU. Returns the labels, the left
    wall's median thickness in mm, the right wall's thickness in mm and whether that was measured (else it is assumed).
    """
    out = labels.copy()
    box = bounding_box(labels == LV_BLOOD, int(np.ceil((MOST_LV_WALL_MM + 3.0) / min(spacing))))
    out[box], left_mm = left_wall(out[box], image[box], muscle_from, muscle, spacing)
    box = bounding_box(labels == RV_BLOOD, int(np.ceil(10.0 / min(spacing))))
    out[box], right_mm, measured = right_wall(out[box], image[box], muscle_from, muscle, spacing)
    return close_walls(out), left_mm, right_mm, measured


def add_left_wall(labels: Labels, image: Float, muscle_from: float, muscle: float, spacing: Spacing) -> Labels:
    """Add only the left ventricle's wall, where the right one carries no contrast. Arguments as in add_walls."""
    out = labels.copy()
    box = bounding_box(labels == LV_BLOOD, int(np.ceil((MOST_LV_WALL_MM + 3.0) / min(spacing))))
    out[box], _ = left_wall(out[box], image[box], muscle_from, muscle, spacing)
    return out


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


def left_wall(
    labels: Labels, image: Float, muscle_from: float, muscle: float, spacing: Spacing
) -> tuple[Labels, float]:
    """Add the LV wall (with the septum) to labels of blood. Returns the labels and the median thickness in mm."""
    blood = labels == LV_BLOOD
    other = (labels > 0) & ~blood
    soft = ndimage.gaussian_filter(image, 0.5)
    stop = (soft < muscle_from) | other
    rays = wall_edge(blood, stop, spacing, MOST_LV_WALL_MM)
    surface, thickness, certain, end = rays.surface, rays.thickness_mm, rays.certain, rays.end
    to_rv = distance_outside(labels == RV_BLOOD, spacing)
    end_to_rv = ndimage.map_coordinates(to_rv, end.T, order=1, mode="nearest")
    # at the valves the blood goes on: no wall to measure there
    beyond = ndimage.grey_dilation(np.where(other & ~(labels == RV_BLOOD), 1, 0).astype(np.uint8), size=3)
    free = beyond[tuple(surface.T)] == 0
    # where the right ventricle is attached, its wall adds to what a ray sees: close by nothing is measured, ...
    attached = (end_to_rv > 0.1) & (end_to_rv < ATTACHED_MM)
    certain = np.where(attached, 0.0, certain).astype(np.float32)
    sure = (certain > 0) & free
    usual = float(np.median(thickness[sure])) if sure.sum() > 50 else 9.0
    # liver, stomach and chest wall look like muscle: what is much thicker than the rest is not all heart
    excess = np.maximum(thickness / max(usual, 3.0) - 1.3, 0.0)
    weight = (certain * np.exp(-((excess / 0.35) ** 2)) + 0.02) * free + 1e-4
    value = np.where(certain > 0, np.minimum(thickness, 1.9 * usual), usual).astype(np.float32)
    sigma = 3.0 / float(np.mean(spacing))
    # ... and as far as it thickens the corner, the wall is no thicker than beyond
    corner = (end_to_rv > 0.1) & (end_to_rv < CORNER_MM)
    beyond = spread(labels.shape, surface, value, np.where(corner, 1e-4, weight).astype(np.float32), 2.0 * sigma)
    value = np.where(corner, np.minimum(value, beyond[tuple(surface.T)]), value).astype(np.float32)
    field = spread(labels.shape, surface, value, weight.astype(np.float32), sigma)
    field = np.clip(field, LEAST_LV_WALL_MM, MOST_LV_WALL_MM)

    distance, nearest = rays.distance(blood, spacing)
    local = field[tuple(nearest)]
    wall = ~blood & (distance <= local)
    near = distance <= LEAST_LV_WALL_MM - 0.5
    # beyond the least thickness only what can be muscle; within it, partial volume may make muscle darker, not fat
    fat_to = muscle_from - 0.5 * (muscle - muscle_from)
    wall &= (near & (soft > fat_to)) | ~(soft < muscle_from)
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


def right_wall(
    labels: Labels, image: Float, muscle_from: float, muscle: float, spacing: Spacing
) -> tuple[Labels, float, bool]:
    """Add the RV free wall. Returns the labels, the thickness used in mm and whether it was measured."""
    blood = labels == RV_BLOOD
    free = labels == 0
    soft = ndimage.gaussian_filter(image, 0.4)
    rays = wall_edge(blood, soft < muscle_from, spacing, MOST_RV_WALL_MM + 2.0, gap_mm=0.5)
    thickness = rays.thickness_mm
    sure = (rays.certain > 0) & (thickness > 0.8)
    usual = float(np.median(thickness[sure])) if sure.any() else 0.0
    measured = sure.sum() > 200 and 1.5 <= usual <= MOST_RV_WALL_MM
    wall_mm = float(np.clip(usual, LEAST_RV_WALL_MM, 5.0)) if measured else ASSUMED_RV_WALL_MM
    distance, nearest = rays.distance(blood, spacing)
    # so thin a wall is not measured at a point; a mean over a centimetre is
    weight = np.where(sure & (thickness < 1.8 * wall_mm), 1.0, 0.0) + 0.02 if measured else np.full(len(sure), 1.0)
    value = np.where(sure & measured, thickness, wall_mm)
    local = spread(labels.shape, rays.surface, value.astype(np.float32), weight.astype(np.float32), 5.0 / spacing[0])
    local = np.clip(local, max(LEAST_RV_WALL_MM, 1.2 * float(np.mean(spacing))), 1.8 * wall_mm)
    out = labels.copy()
    # beyond a voxel no fat; partial volume with it makes so thin a wall darker than muscle
    seen = (
        (soft > muscle_from - 0.5 * (muscle - muscle_from))
        | (distance < 1.5 * float(np.mean(spacing)))
        | ~np.bool_(measured)
    )
    out[free & seen & (distance <= local[tuple(nearest)])] = RV_MYOCARDIUM
    # muscle in the groove between the ventricles is the right one's, which lies on the left one there
    ventricles = np.isin(out, (LV_BLOOD, LV_MYOCARDIUM, RV_BLOOD, RV_MYOCARDIUM))
    groove = closed(ventricles, ATTACHED_MM, spacing) & (out == 0) & (soft > muscle_from)
    out[groove & (distance < CORNER_MM)] = RV_MYOCARDIUM
    return out, wall_mm, measured
