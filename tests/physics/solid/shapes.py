"""Meshes of boxes and truncated ellipsoids, for tests and verification of physics/solid."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.solid.element import EDGES, QuadraticMesh, quadratic

Array = NDArray[np.float64]
SIX = np.array([[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]])
"""Six tetrahedra of a cube whose corners are numbered x + 2 y + 4 z."""


def _cells(counts: tuple[int, int, int]) -> tuple[Array, NDArray[np.int32]]:
    """Unit box: points (n, 3) in 0 … 1 and tetrahedra."""
    nodes = [count + 1 for count in counts]
    number = np.arange(np.prod(nodes)).reshape(nodes, order="F")
    points = np.stack(np.unravel_index(np.arange(number.size), nodes, order="F"), axis=1) / np.array(counts)
    end = (slice(None, -1), slice(1, None))
    corner = np.stack([number[end[x], end[y], end[z]].ravel() for z in (0, 1) for y in (0, 1) for x in (0, 1)], axis=1)
    return points, corner[:, SIX].reshape(-1, 4).astype(np.int32)


def box(size_mm: tuple[float, float, float], counts: tuple[int, int, int], rule: int = 14) -> QuadraticMesh:
    """A box from the origin, of so many cubes of six elements along each axis."""
    points, tets = _cells(counts)
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
    place, tets = _cells(counts)
    linear = quadratic(place, tets)
    place, tets = linear.points_mm.copy(), linear.tets
    for k, (i, j) in enumerate(EDGES):  # an edge from the apex runs along the turn of its other end
        for a, b in ((i, j), (j, i)):
            pole = (place[tets[:, a], 1] == 0.0) & (place[tets[:, b], 1] > 0.0)
            own = place[tets[pole, 4 + k]]
            own[:, 2] = place[tets[pole, b], 2]
            tets[pole, 4 + k] = len(place) + np.arange(len(own))
            place = np.concatenate([place, own])
    points = _placed(*place.T)
    _, first, inverse = np.unique(np.round(points, 6) + 0.0, axis=0, return_index=True, return_inverse=True)
    joined = inverse.ravel()[tets]
    joined = joined[[len(set(row)) == 4 for row in joined[:, :4].tolist()]]
    points = points[first]
    turned = np.linalg.det(points[joined[:, 1:4]] - points[joined[:, :1]]) < 0
    joined[turned] = joined[turned][:, [0, 2, 1, 3, 6, 5, 4, 7, 9, 8]]
    used = np.unique(joined)
    return QuadraticMesh(points[used], np.searchsorted(used, joined).astype(np.int32), rule)


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
