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
    """Ellipsoid with half axes along the rows of ``axes`` (3, 3) (default: x, y, z); first-order distance."""
    rows = np.eye(3) if axes is None else axes
    value, slope = np.zeros_like(x), np.zeros_like(x)
    for row, half in zip(rows, half_axes_mm, strict=True):
        along = (x - x.dtype.type(centre[0])) * x.dtype.type(row[0])
        along += (y - x.dtype.type(centre[1])) * x.dtype.type(row[1])
        along += (z - x.dtype.type(centre[2])) * x.dtype.type(row[2])
        along /= x.dtype.type(half)
        along *= along
        value += along
        slope += along / x.dtype.type(half**2)
    # F = |u| - 1 with u the scaled position; grad F = u / (|u| half)
    length = np.sqrt(value)
    return (length - 1) * length / np.sqrt(np.maximum(slope, 1e-12))


def tube(x: Array, y: Array, z: Array, nodes_mm: Sequence[Point], radii_mm: Sequence[float]) -> Array:
    """Union of cone-like segments along a polyline whose radius changes linearly between its nodes."""
    kind = x.dtype.type
    result: Array | None = None
    for a, b, first, second in zip(nodes_mm[:-1], nodes_mm[1:], radii_mm[:-1], radii_mm[1:], strict=True):
        edge = [float(q) - float(p) for p, q in zip(a, b, strict=True)]
        square = sum(e * e for e in edge)
        px, py, pz = x - kind(a[0]), y - kind(a[1]), z - kind(a[2])
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
        result = distance if result is None else np.minimum(result, distance, out=result)
    if result is None:
        raise ValueError("a tube needs two nodes")
    return result


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
