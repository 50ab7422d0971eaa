"""How thick a shell is at each of its points: the way to its inner face plus the way to its outer one.

Between parallel planes, and between cylinders or balls with one middle, that sum is the thickness at every depth. Where
faces are not parallel it is at most the length of any line through the point that joins them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

Array = NDArray[np.float64]
FINER = 1
"""Triangles are split so often, by four each time, before the nearest of their corners is taken for the nearest place:
from edges of 2 mm a way of 4 mm is then too long by less than 0.05 mm."""


def face_samples(points_mm: Array, triangles: NDArray[np.integer], finer: int = FINER) -> Array:
    """(s, 3) places on (k, 3) triangles: the corners, and those of their parts after ``finer`` splits."""
    corners = points_mm[triangles]
    steps = 2**finer
    shares = [(i / steps, j / steps, 1.0 - (i + j) / steps) for i in range(steps + 1) for j in range(steps + 1 - i)]
    inner = [share for share in shares if max(share) < 1.0]
    found = [points_mm[np.unique(triangles)]]
    found += [np.einsum("kcx,c->kx", corners, np.array(share)) for share in inner]
    return np.concatenate(found)


def shell_thickness(
    points_mm: Array, at: NDArray[np.integer], inner: NDArray[np.integer], outer: NDArray[np.integer]
) -> Array:
    """(len(at),) thickness in mm at points of a shell. points_mm: (n, 3); inner, outer: (k, 3) triangles into them."""
    total = np.zeros(len(at))
    for face in (inner, outer):
        total += KDTree(face_samples(points_mm, face)).query(points_mm[at])[0]
    return total
