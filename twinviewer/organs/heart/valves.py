"""Valve planes: two chambers are parted by the flat cut through which the least blood passes, the annulus."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.organs.heart.atlas import AORTA, LA_BLOOD, LV_BLOOD, PULMONARY_ARTERY, RA_BLOOD, RV_BLOOD
from twinviewer.segmentation.mask import Mask, Spacing, largest_piece

VALVES = {
    (LV_BLOOD, LA_BLOOD): 10.0,
    (LV_BLOOD, AORTA): 6.0,
    (RV_BLOOD, RA_BLOOD): 6.0,
    (RV_BLOOD, PULMONARY_ARTERY): 3.0,
}
"""Which chambers a valve parts, and how far in mm its plane may lie from where the random walker parted them. The
outflow tracts taper into their vessels, so the least cross-section there is no sign of the valve."""
TILTS_RAD = np.deg2rad([-20.0, -10.0, 0.0, 10.0, 20.0])


@dataclass(frozen=True, slots=True, eq=False)
class ValvePlane:
    """A disc in voxel index times spacing (k, j, i; mm): centre (3,), unit normal (3,) towards the upper chamber."""

    centre: NDArray[np.float64]
    normal: NDArray[np.float64]
    radius_mm: float
    area_mm2: float


def contact(a: Mask, b: Mask) -> Mask:
    """Voxels of either mask that share a face with the other."""
    out = np.zeros(a.shape, dtype=np.bool_)
    for axis in range(3):
        low: list[slice] = [slice(None)] * 3
        high: list[slice] = [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        front, back = tuple(low), tuple(high)
        touch = (a[front] & b[back]) | (b[front] & a[back])
        out[front] |= touch
        out[back] |= touch
    return out


def narrowest_plane(lower: Mask, upper: Mask, spacing: Spacing, search_mm: float) -> ValvePlane | None:
    """The plane near two chambers' contact that the least of their blood crosses; None if they do not touch."""
    step = np.array(spacing)
    border = contact(lower, upper)
    if np.count_nonzero(border) < 12:
        return None
    border = largest_piece(border)
    points = np.argwhere(border) * step
    centre = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - centre, full_matrices=False)
    normal = axes[2]
    ahead = np.argwhere(upper).mean(axis=0) * step - np.argwhere(lower).mean(axis=0) * step
    if normal @ ahead < 0:
        normal = -normal
    across, along = axes[0], np.cross(normal, axes[0])
    radius = 1.3 * float(np.quantile(np.linalg.norm(points - centre, axis=1), 0.9)) + 3.0

    both = lower | upper
    grain = 2.0
    ticks = np.arange(-radius, radius + grain, grain)
    u, v = (grid.ravel() for grid in np.meshgrid(ticks, ticks))
    disc = u**2 + v**2 <= radius**2
    u, v = u[disc], v[disc]
    offsets = np.arange(-search_mm, search_mm + 0.1, 0.5)
    best: tuple[float, NDArray[np.float64], float] | None = None
    low = np.maximum(np.floor((centre - radius - search_mm) / step).astype(int) - 2, 0)
    high = np.minimum(np.ceil((centre + radius + search_mm) / step).astype(int) + 3, both.shape)
    soft = both[tuple(slice(int(x), int(y)) for x, y in zip(low, high, strict=True))].astype(np.float32)
    for first in TILTS_RAD:
        for second in TILTS_RAD:
            tilted = normal + np.tan(first) * across + np.tan(second) * along
            tilted /= np.linalg.norm(tilted)
            e1 = across - (across @ tilted) * tilted
            e1 /= np.linalg.norm(e1)
            e2 = np.cross(tilted, e1)
            flat = centre + u[:, None] * e1 + v[:, None] * e2
            places = (flat[None] + offsets[:, None, None] * tilted) / step - low
            seen = ndimage.map_coordinates(soft, places.reshape(-1, 3).T, order=1, mode="constant")
            area = seen.reshape(len(offsets), -1).sum(axis=1) * grain**2
            # a mild pull to the middle decides between equals
            area = area * (1.0 + 0.05 * (offsets / search_mm) ** 2 + 0.1 * (first**2 + second**2))
            number = int(np.argmin(area))
            if best is None or area[number] < best[0]:
                best = (float(area[number]), tilted, float(offsets[number]))
    assert best is not None
    return ValvePlane(centre + best[2] * best[1], best[1], radius, best[0])


def cut_at_valve(labels: NDArray[np.uint8], lower: int, upper: int, spacing: Spacing) -> ValvePlane | None:
    """Part two chambers at their narrowest plane. Changes ``labels`` in place; returns the plane."""
    plane = narrowest_plane(labels == lower, labels == upper, spacing, VALVES[lower, upper])
    if plane is None:
        return None
    step = np.array(spacing)
    reach = VALVES[lower, upper] + 8.0
    low = np.maximum(np.floor((plane.centre - plane.radius_mm - reach) / step), 0).astype(int)
    high = np.minimum(np.ceil((plane.centre + plane.radius_mm + reach) / step) + 1, labels.shape).astype(int)
    part = labels[tuple(slice(int(x), int(y)) for x, y in zip(low, high, strict=True))]
    where = (np.moveaxis(np.indices(part.shape), 0, -1) + low) * step - plane.centre
    height = where @ plane.normal
    across = np.linalg.norm(where - height[..., None] * plane.normal, axis=-1)
    near = (np.abs(height) < reach) & (across < plane.radius_mm + 2.0)
    annulus_mm = float(np.sqrt(plane.area_mm2 / np.pi)) + 3.0
    skin = np.abs(height) < 1.5 * float(step.max())
    for wrong, right, side in ((upper, lower, height < 0), (lower, upper, height >= 0)):
        pieces, count = ndimage.label(near & side & (part == wrong))
        # what crosses the plane outside the annulus is no bulge of the border: an appendage lies beside its valve
        crossing = np.bincount(pieces[skin], minlength=count + 1)
        within = np.bincount(pieces[skin & (across < annulus_mm)], minlength=count + 1)
        flip = within >= 0.5 * crossing
        flip[0] = False
        part[flip[pieces]] = right
    return plane
