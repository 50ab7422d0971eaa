"""Implicit solids: functions that are negative inside and grow like a distance in mm near the surface.

Every function takes coordinates as three arrays of one shape (mm) and returns an array of that shape.
Smooth union after I. Quilez, "smooth minimum" (polynomial).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Point = Sequence[float] | NDArray[np.floating]


def ellipsoid(x: Array, y: Array, z: Array, centre: Point, half_axes_mm: Point, axes: Array | None = None) -> Array:
    """Ellipsoid with half axes along the rows of ``axes`` (3, 3) (default: x, y, z); first-order distance.

    Without ``axes`` the coordinates may be given ready to broadcast, which is much quicker on a grid.
    """
    kind = x.dtype.type
    u, v, w = (c - kind(m) for c, m in zip((x, y, z), centre, strict=True))
    if axes is not None:
        u, v, w = (kind(row[0]) * u + kind(row[1]) * v + kind(row[2]) * w for row in axes)
    squares = [(along / kind(half)) ** 2 for along, half in zip((u, v, w), half_axes_mm, strict=True)]
    # F = |u| - 1 with u the scaled position; grad F = u / (|u| half)
    value = squares[0] + squares[1] + squares[2]
    a, b, c = (square / kind(half**2) for square, half in zip(squares, half_axes_mm, strict=True))
    slope = a + b + c
    result = value - np.sqrt(value)
    result /= np.sqrt(np.maximum(slope, kind(1e-12), out=slope), out=slope)
    return result


def tube(
    x: Array, y: Array, z: Array, nodes_mm: Sequence[Point], radii_mm: Sequence[float], reach_mm: float = 16.0
) -> Array:
    """Union of cone-like segments along a polyline whose radius changes linearly between its nodes.

    Farther than ``reach_mm`` from a segment's box the result is just ``reach_mm``, which saves most of the work.
    """
    kind = x.dtype.type
    shape = x.shape
    x, y, z = x.ravel(), y.ravel(), z.ravel()
    result = np.full(x.size, reach_mm, x.dtype)
    nodes = np.asarray(nodes_mm, dtype=np.float64)
    margin = reach_mm + max(radii_mm)
    near = np.flatnonzero(_within(x, y, z, nodes.min(axis=0) - margin, nodes.max(axis=0) + margin))
    x, y, z = x[near], y[near], z[near]
    for a, b, first, second in zip(nodes[:-1], nodes[1:], radii_mm[:-1], radii_mm[1:], strict=True):
        margin = reach_mm + max(first, second)
        part = np.flatnonzero(_within(x, y, z, np.minimum(a, b) - margin, np.maximum(a, b) + margin))
        edge = b - a
        square = float(edge @ edge)
        px, py, pz = x[part] - kind(a[0]), y[part] - kind(a[1]), z[part] - kind(a[2])
        along = px * kind(edge[0] / square)
        along += py * kind(edge[1] / square)
        along += pz * kind(edge[2] / square)
        np.clip(along, 0, 1, out=along)
        px -= along * kind(edge[0])
        py -= along * kind(edge[1])
        pz -= along * kind(edge[2])
        px *= px
        py *= py
        pz *= pz
        px += py
        px += pz
        distance = np.sqrt(px, out=px)
        along *= kind(second - first)
        distance -= along
        distance -= kind(first)
        where = near[part]
        result[where] = np.minimum(result[where], distance)
    return result.reshape(shape)


def _within(x: Array, y: Array, z: Array, low: Point, high: Point) -> NDArray[np.bool_]:
    kind = x.dtype.type
    inside = x > kind(low[0])
    inside &= x < kind(high[0])
    inside &= y > kind(low[1])
    inside &= y < kind(high[1])
    inside &= z > kind(low[2])
    inside &= z < kind(high[2])
    return inside


def half_space(x: Array, y: Array, z: Array, point: Point, normal: Point) -> Array:
    """The side of a plane that ``normal`` points away from."""
    n = np.asarray(normal, dtype=np.float64)
    n = n / np.linalg.norm(n)
    kind = x.dtype.type
    result = (x - kind(point[0])) * kind(n[0])
    result += (y - kind(point[1])) * kind(n[1])
    result += (z - kind(point[2])) * kind(n[2])
    return result


def union(a: Array, b: Array, blend_mm: float) -> Array:
    """Union whose crease is rounded over about ``blend_mm``."""
    bump = np.maximum(blend_mm - np.abs(a - b), 0)
    bump *= bump
    bump *= 0.25 / blend_mm
    return np.minimum(a, b) - bump


def intersection(a: Array, b: Array, blend_mm: float) -> Array:
    """Intersection whose edge is rounded over about ``blend_mm``."""
    return -union(-a, -b, blend_mm)
