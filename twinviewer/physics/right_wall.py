"""How the right free wall moves over the left heart: what kinematics.py adds for the right ventricle, per point.

Each point of the free wall goes a fraction f of its way to the septum across the cavity, and q of the length that the
free wall shortens beyond the septum. The way to the septum vanishes where the free wall springs from the left wall,
and both are evened out over the wall, so the cavity empties like a bellows and nothing tears. The wall's own thickness
follows from its volume (wall_volume.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import OrganMesh
from twinviewer.physics.heart_model import RIGHT_OFFSET, Patches
from twinviewer.physics.polar_table import Array
from twinviewer.physics.wall_volume import Neighbours, even_out

# The annulus narrows less than the cavity below it: share left at the valves, whole this far from them (mm)
ANNULUS_SHARE, ANNULUS_MM = 0.35, 34.0
# Over which length q rises from the junction; how far both reach beyond the wall (mm); rounds of evening out
SPREAD_MM, REACH_MM, ROUNDS = 14.0, 25.0, 60


@dataclass(frozen=True, slots=True, eq=False)
class RightWall:
    """Per point (n,): way (n, 3) mm to the septum in the frame of the LV axis, descent q; weight (n, right patches)
    over height. length_mm: from apex to valves."""

    way: Array
    descent: Array
    weight: Array
    length_mm: float


def right_wall(mesh: OrganMesh, patches: Patches, local: Array) -> RightWall:
    """local (n, 3): positions in the frame of the LV axis."""
    n, wall = len(local), mesh.wall_points
    height = local[:, 2]
    is_right = np.asarray(mesh.point_fields["rv_segment"]) > 0
    inner = np.unique(mesh.surfaces["rv_endocardium"])
    free, septum = inner[is_right[inner]], inner[~is_right[inner]]
    way = np.zeros((n, 3))
    way[free] = _across(local[free], local[septum])
    right = np.flatnonzero(is_right)
    _, near = cKDTree(local[free]).query(local[right])
    way[right] = way[free[near]]
    lid = np.setdiff1d(np.unique(mesh.surfaces["rv_cavity"]), inner)
    if len(lid):
        away, _ = cKDTree(local[lid]).query(local[right])
        depth = np.clip(away / ANNULUS_MM, 0.0, 1.0)
        way[right] *= (ANNULUS_SHARE + (1.0 - ANNULUS_SHARE) * depth * depth * (3.0 - 2.0 * depth))[:, None]
    bottom, top = np.percentile(height[inner], [1.0, 97.0])
    left = np.setdiff1d(np.arange(wall), right)
    gap, _ = cKDTree(local[left]).query(local[right])
    along = np.zeros((n, 3))
    along[right, 0] = (1.0 - np.exp(-gap / SPREAD_MM)) * np.clip((height[right] - bottom) / (top - bottom), 0.0, 1.1)
    neighbours = Neighbours.within(mesh, right)
    both = np.column_stack([even_out(way, neighbours, ROUNDS), even_out(along, neighbours, ROUNDS)[:, 0]])
    if wall < n:
        distance, around = cKDTree(local[:wall]).query(local[wall:], k=12)
        share = 1.0 / (distance + 1.0) ** 2
        share *= (np.exp(-((distance[:, 0] / REACH_MM) ** 2)) / share.sum(axis=1))[:, None]
        both[wall:] = np.einsum("ij,ijk->ik", share, both[around])
    length_mm = float(top - bottom)
    return RightWall(both[:, :3].copy(), both[:, 3].copy(), _weights(patches, height), length_mm)


def _across(free: Array, septum: Array) -> Array:
    """(k, 3) from each point to the part of the septum that faces it: a mean whose reach grows with the distance."""
    distance, near = cKDTree(septum).query(free, k=min(200, len(septum)))
    spread = 4.0 + 0.5 * distance[:, :1]
    weight = np.exp(-0.5 * (distance**2 - distance[:, :1] ** 2) / spread**2)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = np.einsum("ij,ijk->ik", weight, septum[near]) - free
    # a mean of many points lies beside the nearest one: keep the length of the shortest way
    length = np.linalg.norm(mean, axis=1)
    return np.asarray(mean * np.minimum(distance[:, 0] / np.maximum(length, 1e-9), 1.0)[:, None])


def _weights(patches: Patches, height: Array) -> Array:
    """Weights (n, right patches) that depend on height only."""
    first = int((patches.number < RIGHT_OFFSET).sum())
    count = len(patches.number) - first
    middle = np.array([height[patches.of_point == first + k].mean() for k in range(count)])
    spread = 0.42 * float(np.abs(np.diff(np.sort(middle))).mean()) if count > 1 else 10.0
    z: NDArray[np.float64] = np.clip(height, middle.min(), middle.max())
    weight = np.exp(-0.5 * ((z[:, None] - middle) / spread) ** 2)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
