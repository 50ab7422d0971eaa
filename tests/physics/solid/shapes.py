"""Meshes of boxes and truncated ellipsoids, for tests and verification of physics/solid."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.solid.element import QuadraticMesh, quadratic
from twinviewer.physics.solid.shell import cells, shell

Array = NDArray[np.float64]


def box(size_mm: tuple[float, float, float], counts: tuple[int, int, int], rule: int = 14) -> QuadraticMesh:
    """A box from the origin, of so many cubes of six elements along each axis."""
    points, tets = cells(counts)
    return quadratic(points * np.array(size_mm), tets, rule)


ENDO_MM, EPI_MM, BASE_MM = (7.0, 17.0), (10.0, 20.0), 5.0
"""(short, long) half axes and the height of the base of the ellipsoid of Land et al. 2015."""


def _placed(depth: Array, height: Array, turn: Array) -> Array:
    """Depth 0 endo … 1 epi, height 0 apex … 1 base, turn 0 … 1 to mm."""
    short = ENDO_MM[0] + (EPI_MM[0] - ENDO_MM[0]) * depth
    long = ENDO_MM[1] + (EPI_MM[1] - ENDO_MM[1]) * depth
    u = -np.pi + height * (np.pi - np.arccos(BASE_MM / long))
    v = -np.pi + 2.0 * np.pi * turn
    return np.stack([short * np.sin(u) * np.cos(v), short * np.sin(u) * np.sin(v), long * np.cos(u)], axis=-1)


def ellipsoid(counts: tuple[int, int, int], rule: int = 14) -> QuadraticMesh:
    """The truncated ellipsoid of Land et al. 2015, apex at -z; x = (rs sin u cos v, rs sin u sin v, rl cos u).

    counts: cubes through the wall, from apex to base, and round it. Middles of edges lie on the surfaces.
    """
    return shell(counts, _placed, rule)[0]


def depth_of(points_mm: Array) -> Array:
    """(...) depth 0 endo … 1 epi of points in the ellipsoid's wall, by bisection."""
    rho, z = np.hypot(points_mm[..., 0], points_mm[..., 1]), points_mm[..., 2]
    low, high = np.full(rho.shape, -0.2), np.full(rho.shape, 1.2)
    for _ in range(50):
        t = 0.5 * (low + high)
        outside = (rho / (ENDO_MM[0] + 3.0 * t)) ** 2 + (z / (ENDO_MM[1] + 3.0 * t)) ** 2 > 1.0
        low, high = np.where(outside, t, low), np.where(outside, high, t)
    return np.asarray(0.5 * (low + high))


def fibres(points_mm: Array, endo_deg: float = -90.0, epi_deg: float = 90.0) -> Array:
    """(..., 3) unit fibres of Land's third problem: sin α along ∂x/∂u, cos α along ∂x/∂v, α linear in depth."""
    t = depth_of(points_mm)
    short, long = ENDO_MM[0] + 3.0 * t, ENDO_MM[1] + 3.0 * t
    u = -np.arccos(np.clip(points_mm[..., 2] / long, -1.0, 1.0))
    v = np.arctan2(-points_mm[..., 1], -points_mm[..., 0])  # sin u < 0
    by_u = np.stack([short * np.cos(u) * np.cos(v), short * np.cos(u) * np.sin(v), -long * np.sin(u)], axis=-1)
    by_v = np.stack([-np.sin(u) * np.sin(v), np.sin(u) * np.cos(v), np.zeros_like(u)], axis=-1)
    by_u /= np.linalg.norm(by_u, axis=-1, keepdims=True)
    by_v /= np.maximum(np.linalg.norm(by_v, axis=-1, keepdims=True), 1e-12)
    alpha = np.deg2rad(endo_deg + (epi_deg - endo_deg) * t)[..., None]
    return np.asarray(np.sin(alpha) * by_u + np.cos(alpha) * by_v)
