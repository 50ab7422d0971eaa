"""How long a structure is: in its slices and in space."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist, squareform

from twinviewer.domain import Grid

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def longest_mm(mask: Mask, grid: Grid) -> tuple[float, Array]:
    """Largest distance between two places of a (k, j, i) mask, from edge to edge of its voxels, and its ends (2, 3) in
    LPS mm."""
    skin = mask & ~ndimage.binary_erosion(mask, border_value=0)
    k, j, i = np.nonzero(skin)
    centres = np.stack([i, j, k], axis=1).astype(np.float64)
    halves = np.concatenate([np.eye(3), -np.eye(3)]) * 0.5
    ends = _hull(centres)
    return _farthest(grid.to_mm((ends[:, None] + halves).reshape(-1, 3)))


def longest_in_slice_mm(mask: Mask, grid: Grid) -> tuple[float, float, int]:
    """The longest diameter of one connected piece within one slice k, the width across it there, and that slice:
    edge to edge of the pixels, as on films."""
    best = (0.0, 0.0, 0)
    halves = np.array([[0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
    along = grid.affine[:3, :2]
    for k in np.nonzero(mask.any(axis=(1, 2)))[0]:
        piece, count = ndimage.label(mask[k], structure=np.ones((3, 3)))
        for number, box in enumerate(ndimage.find_objects(piece), start=1):
            height, width = ((s.stop - s.start) for s in box)
            reach = np.hypot(height * grid.spacing_mm[1], width * grid.spacing_mm[0])
            if reach <= best[0]:
                continue
            j, i = np.nonzero(piece[box] == number)
            corners = (np.stack([i, j], axis=1).astype(np.float64)[:, None] + halves).reshape(-1, 2)
            flat = _hull(corners) @ along.T
            length, (a, b) = _farthest(flat)
            if length > best[0]:
                direction = (b - a) / max(length, 1e-9)
                normal = np.cross(grid.affine[:3, 0], grid.affine[:3, 1])
                across = np.cross(normal / np.linalg.norm(normal), direction)
                best = (length, float(np.ptp(flat @ across)), int(k))
    return best


def _hull(points: Array) -> Array:
    """The corners of the convex hull; all points where they are too few or lie flat."""
    try:
        return np.asarray(points[ConvexHull(points).vertices]) if len(points) > points.shape[1] + 1 else points
    except QhullError:
        return points


def _farthest(points: Array) -> tuple[float, Array]:
    if len(points) > 4000:  # a flat mask, whose hull could not be made
        points = points[:: len(points) // 4000 + 1]
    if len(points) < 2:
        return 0.0, np.repeat(points, 2, axis=0)
    apart = squareform(pdist(points))
    a, b = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return float(apart[a, b]), points[[a, b]]
