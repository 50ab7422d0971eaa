"""A wall like half an eggshell, meshed by depth, height and turn: any shape that a map gives it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.solid.element import EDGES, QuadraticMesh, quadratic

Array = NDArray[np.float64]
SIX = np.array([[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]])
"""Six tetrahedra of a cube whose corners are numbered x + 2 y + 4 z."""


def cells(counts: tuple[int, int, int]) -> tuple[Array, NDArray[np.int32]]:
    """Unit box of so many cubes: points (n, 3) in 0 … 1 and tetrahedra (m, 4)."""
    nodes = [count + 1 for count in counts]
    number = np.arange(np.prod(nodes)).reshape(nodes, order="F")
    points = np.stack(np.unravel_index(np.arange(number.size), nodes, order="F"), axis=1) / np.array(counts)
    end = (slice(None, -1), slice(1, None))
    corner = np.stack([number[end[x], end[y], end[z]].ravel() for z in (0, 1) for y in (0, 1) for x in (0, 1)], axis=1)
    return points, corner[:, SIX].reshape(-1, 4).astype(np.int32)


def shell(
    counts: tuple[int, int, int], placed: Callable[[Array, Array, Array], Array], rule: int = 14
) -> tuple[QuadraticMesh, Array]:
    """Ten-node tetrahedra of a shell, and (n, 3) depth, height and turn (0 … 1) of each of its points.

    counts: cubes through the wall, from apex to base, and round it. placed(depth, height, turn) -> (..., 3) mm, with
    all turns alike at height 0 and turn 1 like turn 0; middles of edges are placed by it as well. Either handedness.
    """
    place, tets = cells(counts)
    linear = quadratic(place, tets)
    place, tets = linear.points_mm.copy(), linear.tets.copy()
    for k, (i, j) in enumerate(EDGES):  # an edge from the apex runs along the turn of its other end
        for a, b in ((i, j), (j, i)):
            pole = (place[tets[:, a], 1] == 0.0) & (place[tets[:, b], 1] > 0.0)
            own = place[tets[pole, 4 + k]]
            own[:, 2] = place[tets[pole, b], 2]
            tets[pole, 4 + k] = len(place) + np.arange(len(own))
            place = np.concatenate([place, own])
    key = place.copy()
    key[key[:, 1] == 0.0, 2] = 0.0
    key[:, 2] %= 1.0
    _, first, inverse = np.unique(np.round(key, 6), axis=0, return_index=True, return_inverse=True)
    joined, key = inverse.ravel()[tets], key[first]
    joined = joined[[len(set(row)) == 4 for row in joined[:, :4].tolist()]]
    points = placed(*key.T)
    turned = np.linalg.det(points[joined[:, 1:4]] - points[joined[:, :1]]) < 0
    joined[turned] = joined[turned][:, [0, 2, 1, 3, 6, 5, 4, 7, 9, 8]]
    used = np.unique(joined)
    return QuadraticMesh(points[used], np.searchsorted(used, joined).astype(np.int32), rule), key[used]
