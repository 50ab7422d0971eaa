"""Where the template goes before it is bent: turned, and stretched along and across the left ventricle's axis."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, SegmentationError
from twinviewer.organs.heart.template.observations import Observations
from twinviewer.organs.heart.template.shape import Template
from twinviewer.segmentation.cine.short_axis import Slices
from twinviewer.segmentation.cine.slice_base import beyond_mm

Array = NDArray[np.float64]
_RIGHTWARD = np.array([-0.85, -0.5, 0.15])
"""From the left to the right ventricle it goes to the patient's right and forward (LPS)."""
_LEAST_WALL_MM = 4.0


def base_mm(contours: CineContours, slices: Slices, fraction: float, seen: Observations) -> float:
    """Depth along the short axis (frame of ``slices``) of the left ventricle's base at this moment; NaN where neither a
    long axis nor any left contour tells."""
    found = [p for p in seen.places if p.name == "mitral"]
    if sum(p.confidence for p in found) >= 1.0:
        depth = slices.to_uvw(np.array([p.point_mm for p in found]))[:, 2]
        return float(np.average(depth, weights=[p.confidence for p in found]))
    if contours.base_depth_mm is not None and contours.base_fraction is not None:
        depth = contours.base_depth_mm
        return float(slices.depth_mm[0] + np.interp(fraction, contours.base_fraction, depth, period=1.0))
    shown = np.concatenate([seen.points_mm["lv_epicardium"], seen.points_mm["lv_endocardium"]])
    if not len(shown):
        return float("nan")
    return float(slices.to_uvw(shown)[:, 2].min() - 0.5 * np.median(np.diff(slices.depth_mm)))


def tip_mm(slices: Slices, every: Sequence[Observations]) -> float:
    """Depth of the heart's tip, which stays nearly still: the middle of what all moments say of the outer border's end,
    found in the long axes or else by its fall; NaN where nothing tells."""
    found = [_end_mm(slices, seen, "lv_epicardium", "lv_apex_epi") for seen in every]
    known = [end for end, sure in found if sure]
    return float(np.median(known)) if known else float("nan")


def apex_mm(slices: Slices, seen: Observations, tip: float) -> tuple[float, bool]:
    """Depth of the cavity's end, and whether the images tell: found in the long axes, or beyond the last contour as far
    as its size falls, with some wall left above ``tip`` (NaN: not known). NaN where fewer than two slices show it."""
    end, sure = _end_mm(slices, seen, "lv_endocardium", "lv_apex_endo")
    seen_there = any(p.name == "lv_apex_endo" for p in seen.places)
    return (end if seen_there or not np.isfinite(tip) else min(end, tip - _LEAST_WALL_MM)), sure


def _end_mm(slices: Slices, seen: Observations, structure: str, name: str) -> tuple[float, bool]:
    found = [p for p in seen.places if p.name == name]
    if found:
        depth = slices.to_uvw(np.array([p.point_mm for p in found]))[:, 2]
        return float(np.average(depth, weights=[p.confidence + 1e-6 for p in found])), True
    try:
        depth, radius, _ = rings(slices, seen, structure)
    except SegmentationError:
        return float("nan"), False
    more, sure = beyond_mm(np.pi * radius[-1] ** 2, np.pi * radius[-2] ** 2, max(depth[-1] - depth[-2], 1e-6))
    return float(depth[-1]) + more, sure


def centre_line(slices: Slices, seen: Observations) -> Array:
    """(2, 3) slope and intercept: LPS mm of the cavity's middle = slope * depth + intercept."""
    depth, _, middle = rings(slices, seen)
    return np.asarray(np.polyfit(depth, middle, 1))


def place(template: Template, slices: Slices, seen: Observations, base: float, apex: float) -> tuple[Array, Array]:
    """A (3, 3) matrix and (3,) shift in mm: points of the template @ matrix + shift lie where the patient's heart is.

    Raises SegmentationError where fewer than two slices show the cavity.
    """
    line = centre_line(slices, seen)
    low, high = line[0] * apex + line[1], line[0] * base + line[1]
    right = seen.points_mm["rv_endocardium"]
    towards = right.mean(axis=0) if len(right) else low + 60.0 * _RIGHTWARD
    lv = template.points_mm[template.nodes("lv_endocardium")]
    tip, valve = template.landmarks["lv_apex_endo"], template.points_mm[template.rim("lv")].mean(axis=0)
    own, own_length = _axes(valve, tip, template.landmarks["rv_centre"])
    axes, length = _axes(high, low, towards)
    local = (lv - tip) @ own.T
    middle = local[(local[:, 2] > 0.2 * own_length) & (local[:, 2] < 0.8 * own_length), :2]
    own_radius = float(np.linalg.norm(middle - middle.mean(axis=0), axis=1).mean())
    _, radius, _ = rings(slices, seen)
    across = float(np.mean(radius)) / own_radius
    stretch = np.array([across, across, length / own_length])
    matrix = own.T @ np.diag(stretch) @ axes
    return matrix, low - tip @ matrix


def _axes(base: Array, apex: Array, right: Array) -> tuple[Array, float]:
    """Rows: towards the right ventricle, across, from apex to base; and the length of the last."""
    length = float(np.linalg.norm(base - apex))
    up = (base - apex) / length
    side = right - apex
    side = side - up * (side @ up)
    side = side / np.linalg.norm(side)
    return np.array([side, np.cross(up, side), up]), length


def rings(slices: Slices, seen: Observations, structure: str = "lv_endocardium") -> tuple[Array, Array, Array]:
    """Depth (k,), mean radius (k,) and middle (k, 3) of the cavity in each slice that shows it."""
    points = seen.points_mm[structure]
    depth = slices.to_uvw(points)[:, 2] if len(points) else np.zeros(0)
    found = []
    for level in slices.depth_mm:
        ring = points[np.abs(depth - level) < 1.0]
        if len(ring) >= 6:
            middle = ring.mean(axis=0)
            found.append((level, float(np.linalg.norm(ring - middle, axis=1).mean()), middle))
    if len(found) < 2:
        raise SegmentationError(
            "Fewer than two slices show the left cavity: no model can be placed",
            remedy="Load the whole stack, or correct the contours by hand.",
        )
    return np.array([f[0] for f in found]), np.array([f[1] for f in found]), np.array([f[2] for f in found])
