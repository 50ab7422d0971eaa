"""How a mesh conducts, as squared travel times along the edges of each cell: all that a local eikonal solver needs.

In an element with D = s² (v_t² I + (v_f² − v_t²) f fᵀ) an edge d takes √(dᵀ D⁻¹ d), with D⁻¹ = s⁻² (I/v_t² +
(1/v_f² − 1/v_t²) f fᵀ) by the Sherman–Morrison formula.
"""

import numba as nb
import numpy as np
from numpy.typing import NDArray

DEAD = np.float32(1e16)
"""Squared travel time of an edge that does not conduct, in ms²: what comes through it comes never."""


@nb.njit(cache=True, nogil=True, error_model="numpy")
def metric_edges(
    points: NDArray[np.float64],
    tets: NDArray[np.int32],
    was: NDArray[np.int32],
    fibre: NDArray[np.float64],
    scale: NDArray[np.float64],
    fibre_speed: float,
    cross_speed: float,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], float]:
    """(m, 6) squared travel times in ms² along the edges 01 02 03 12 13 23; DEAD where an element does not conduct.

    was: (m,) row of fibre and scale for each element. Also (n,) which points conduct, and the mean time of an edge.
    """
    along, across = 1.0 / fibre_speed**2, 1.0 / cross_speed**2
    edges = np.empty((tets.shape[0], 6), np.float32)
    conducts = np.zeros(points.shape[0], np.bool_)
    total, live = 0.0, 0
    for k in range(tets.shape[0]):
        w = was[k]
        if not scale[w] > 0.0:
            edges[k] = DEAD
            continue
        fx, fy, fz = fibre[w, 0], fibre[w, 1], fibre[w, 2]
        slow = 1.0 / scale[w] ** 2
        e = 0
        for i in range(4):
            a = tets[k, i]
            conducts[a] = True
            for j in range(i + 1, 4):
                b = tets[k, j]
                dx, dy, dz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
                f = dx * fx + dy * fy + dz * fz
                edges[k, e] = slow * (across * (dx * dx + dy * dy + dz * dz) + (along - across) * f * f)
                e += 1
        total += np.sqrt(edges[k, 0])
        live += 1
    return edges, conducts, total / max(live, 1)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def layer_sides(
    points: NDArray[np.float64], triangles: NDArray[np.int32], on: NDArray[np.bool_], speed: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_], float]:
    """(k, 3) squared travel times opposite to corners 0 1 2, DEAD where a corner is not on; who conducts; mean time."""
    sides = np.full(triangles.shape, DEAD)
    fast = np.zeros(triangles.shape[0], np.bool_)
    total, live = 0.0, 0
    for k in range(triangles.shape[0]):
        if not (speed > 0.0 and on[triangles[k, 0]] and on[triangles[k, 1]] and on[triangles[k, 2]]):
            continue
        fast[k] = True
        for i in range(3):
            a, b = triangles[k, (i + 1) % 3], triangles[k, (i + 2) % 3]
            dx, dy, dz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
            sides[k, i] = (dx * dx + dy * dy + dz * dz) / speed**2
        total += np.sqrt(sides[k, 0])
        live += 1
    return sides, fast, total / max(live, 1)
