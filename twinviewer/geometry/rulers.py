"""Lengths, angles and areas from points placed by hand, with the interval that a pixel's size leaves.

A point is known to lie within its pixel: its error is rectangular, with a standard deviation of size / sqrt(12) in each
direction (JCGM 100:2008, 4.3.7). Intervals are 90 %, by the law of propagation of uncertainty (ibid. 5.1.2).
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid

Vector = NDArray[np.float64]
NORMAL_90 = 1.645
"""Half-width of a 90 % interval in standard deviations of a normal distribution."""


def pixel_mm(grid: Grid, direction: NDArray[np.floating]) -> float:
    """The size of a voxel along a direction, in mm: sides weighed by how much of the direction each has."""
    length = float(np.linalg.norm(direction))
    if length < 1e-9:
        return float(np.mean(grid.spacing_mm))
    sides = grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0)
    share = (np.asarray(direction) / length) @ sides
    return float(np.sqrt(((share * grid.spacing_mm) ** 2).sum()))


def length_mm(points_mm: Vector, closed: bool = False) -> float:
    """Along the points (k, 3) in order."""
    order = np.vstack([points_mm, points_mm[:1]]) if closed else points_mm
    return float(np.linalg.norm(np.diff(order, axis=0), axis=1).sum())


def length_error_mm(points_mm: Vector, grid: Grid) -> float:
    """Standard deviation of a polyline's length: each point moves the two sides that meet in it."""
    sides = np.diff(points_mm, axis=0)
    long = np.linalg.norm(sides, axis=1)[:, None]
    units = sides / np.maximum(long, 1e-9)
    pull = np.zeros_like(points_mm)
    pull[1:] += units
    pull[:-1] -= units
    return float(np.sqrt(sum((pixel_mm(grid, one) * np.linalg.norm(one)) ** 2 for one in pull) / 12.0))


def angle_deg(points_mm: Vector) -> float:
    """At the second of (3, 3) points, 0..180 degrees."""
    one, other = points_mm[0] - points_mm[1], points_mm[2] - points_mm[1]
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), float(one @ other))))


def angle_error_deg(points_mm: Vector, grid: Grid) -> float:
    """Standard deviation of the angle: each arm turns by its end's error across it, over its length."""
    arms = points_mm[[0, 2]] - points_mm[1]
    first, second = (max(float(np.linalg.norm(arm)), 1e-6) for arm in arms)
    size = (pixel_mm(grid, arms[0]) + pixel_mm(grid, arms[1])) / 2
    cosine = float(arms[0] @ arms[1]) / (first * second)
    vertex = 1 / first**2 + 1 / second**2 - 2 * cosine / (first * second)
    return float(np.degrees(size * np.sqrt((1 / first**2 + 1 / second**2 + max(vertex, 0.0)) / 12.0)))


def polygon_mm2(points_mm: Vector) -> float:
    """Area of a flat closed line (k, 3), however it lies in space."""
    away = points_mm - points_mm.mean(axis=0)
    return float(np.linalg.norm(np.cross(away, np.roll(away, -1, axis=0)).sum(axis=0)) / 2.0)


def polygon_error_mm2(points_mm: Vector, grid: Grid) -> float:
    """Standard deviation of the area: each point sweeps half the line between its neighbours."""
    across = np.roll(points_mm, -1, axis=0) - np.roll(points_mm, 1, axis=0)
    return float(np.sqrt(sum((pixel_mm(grid, one) * np.linalg.norm(one) / 2) ** 2 for one in across) / 12.0))


def ellipse_mm2(points_mm: Vector) -> float:
    """Area of an ellipse of centre and two ends of half-axes, (3, 3)."""
    return float(np.pi * np.prod(np.linalg.norm(points_mm[1:] - points_mm[0], axis=1)))


def ellipse_error_mm2(points_mm: Vector, grid: Grid) -> float:
    """Standard deviation of its area: each whole axis has an error at either end."""
    arms = points_mm[1:] - points_mm[0]
    half = np.linalg.norm(arms, axis=1)
    error = np.array([pixel_mm(grid, arm) for arm in arms]) / (2 * np.sqrt(6.0))
    return float(np.pi * np.sqrt((half[1] * error[0]) ** 2 + (half[0] * error[1]) ** 2))


def voxels_inside(kind: str, points_mm: Vector, grid: Grid) -> NDArray[np.int64]:
    """(n, 3) k, j, i of the voxels of an "ellipse" or "area": centres in its outline when laid onto its plane, and no
    farther from the plane than half a voxel. No value is interpolated, since that would take noise away."""
    if kind == "ellipse":
        centre, arms = points_mm[0], points_mm[1:] - points_mm[0]
        corners = np.array([centre + a * arms[0] + b * arms[1] for a in (-1, 1) for b in (-1, 1)])
        right, down = (arm / max(np.linalg.norm(arm), 1e-9) for arm in arms)
    else:
        centre, corners = points_mm.mean(axis=0), points_mm
        right = (points_mm[1] - points_mm[0]) / max(float(np.linalg.norm(points_mm[1] - points_mm[0])), 1e-9)
        around = np.cross(points_mm - centre, np.roll(points_mm, -1, axis=0) - centre).sum(axis=0)
        down = np.cross(around / max(float(np.linalg.norm(around)), 1e-9), right)
    normal = np.cross(right, down)
    thick = pixel_mm(grid, normal) / 2 + 1e-6
    reach = np.vstack([corners + thick * normal, corners - thick * normal])
    k, j, i = grid.shape
    box = grid.to_ijk(reach)
    low = np.maximum(np.floor(box.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(box.max(axis=0)).astype(int), [i - 1, j - 1, k - 1])
    if (high < low).any():
        return np.zeros((0, 3), np.int64)
    every = np.stack(np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True)), indexing="ij"), -1)
    ijk = every.reshape(-1, 3)
    away = grid.to_mm(ijk.astype(float)) - centre
    flat = np.stack([away @ right, away @ down], axis=-1)
    near = np.abs(away @ normal) <= thick
    if kind == "ellipse":
        half = np.maximum(np.linalg.norm(arms, axis=1), 1e-9)
        inside = ((flat / half) ** 2).sum(axis=1) <= 1.0
    else:
        outline = np.stack([(points_mm - centre) @ right, (points_mm - centre) @ down], axis=-1)
        inside = _in_polygon(flat, outline)
    return ijk[near & inside][:, ::-1].astype(np.int64)


def _in_polygon(points: Vector, outline: Vector) -> NDArray[np.bool_]:
    """Even-odd rule: how often a ray to the right crosses the outline."""
    inside = np.zeros(len(points), bool)
    for (x1, y1), (x2, y2) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        crosses = (points[:, 1] > min(y1, y2)) & (points[:, 1] <= max(y1, y2))
        inside ^= crosses & (points[:, 0] < x1 + (points[:, 1] - y1) / (y2 - y1) * (x2 - x1))
    return inside
