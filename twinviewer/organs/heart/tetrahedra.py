"""One sound piece of tetrahedra for the wall of both ventricles."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.manifold import parts_of, without_bad_edges
from twinviewer.geometry.refine import split_through_edges
from twinviewer.geometry.stuffing import stuff
from twinviewer.organs.heart.wall import WallShape

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def wall_tetrahedra(shape: WallShape, cell_mm: float) -> tuple[Array, NDArray[np.int32]]:
    """One sound piece of tetrahedra in the frame's local mm."""
    frame = shape.frame
    extent = frame.spacing_mm * (np.array(frame.shape[::-1]) - 1)
    points, tets = stuff(shape.distance, frame.origin_mm, frame.origin_mm + extent, cell_mm)
    # points are not doubled here: a wall thinner than a cell hangs together by some, and would leak without them
    tets = without_bad_edges(_largest(len(points), tets))
    used, inverse = np.unique(tets, return_inverse=True)
    return split_through_edges(points[used], inverse.reshape(tets.shape))


def _largest(count: int, tets: NDArray[np.int32]) -> NDArray[np.int32]:
    """The tetrahedra of the largest part that hangs together by points."""
    part = parts_of(count, tets)
    return tets[part == np.argmax(np.bincount(part))]


def largest_parts(points: Array, tets: NDArray[np.integer], right: Mask) -> Mask:
    """Give stray pieces of each chamber's wall to the other, so that each is one piece."""
    for value in (True, False):
        member = np.nonzero(right == value)[0]
        if len(member) == 0:
            continue
        of = parts_of(len(points), tets[member])
        stray = member[of != np.argmax(np.bincount(of))]
        right = right.copy()
        right[stray] = not value
    return right
