"""Whether a mask from elsewhere lies in the images that are open."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Image, LoadError, Mask, Volume

LEAST_INSIDE = 0.5
"""Share of the mask's voxels that must lie within the images."""


def check_place(mask: Mask, image: Image) -> None:
    """LoadError where the mask does not lie in the images, saying how far off it is."""
    k, j, i = np.nonzero(mask.data.any(axis=0))
    some = np.linspace(0, len(k) - 1, min(len(k), 4000)).astype(int)
    points = mask.grid.to_mm(np.stack([i[some], j[some], k[some]], axis=1).astype(np.float64))
    share = inside(points, image)
    if share >= LEAST_INSIDE:
        return
    middle = points.mean(axis=0)
    off = float(np.linalg.norm(middle - _middle_mm(image)))
    remedy = "Check that it was made from this study"
    if inside(points * [-1.0, -1.0, 1.0], image) >= LEAST_INSIDE:
        remedy = (
            "With left and right, and front and back, exchanged it would fit: write it again in patient coordinates"
        )
    raise LoadError(
        f"The mask does not lie in these images: {100 * share:.0f} % of it is inside, its middle is {off:.0f} mm from "
        "theirs",
        remedy=remedy,
    )


def inside(points: NDArray[np.float64], image: Image) -> float:
    """Share of points within the volume, or within the box of the short-axis or other planes of a cine study."""
    if isinstance(image, Volume):
        at = image.grid.to_ijk(points)
        limits = np.array(image.grid.shape[::-1])
        return float(((at >= -0.5) & (at <= limits - 0.5)).all(axis=1).mean())
    inside = np.zeros(len(points), dtype=bool)
    for plane in image.planes:
        _, rows, columns = plane.frames.shape
        away = points - plane.affine[:3, 3]
        near = np.abs(away @ plane.normal) <= max(20.0, plane.thickness_mm)
        i = away @ plane.affine[:3, 0] / (plane.affine[:3, 0] @ plane.affine[:3, 0])
        j = away @ plane.affine[:3, 1] / (plane.affine[:3, 1] @ plane.affine[:3, 1])
        inside |= near & (i >= -0.5) & (i <= columns - 0.5) & (j >= -0.5) & (j <= rows - 0.5)
    return float(inside.mean())


def _middle_mm(image: Image) -> NDArray[np.float64]:
    if isinstance(image, Volume):
        return image.grid.centre_mm
    middles = []
    for plane in image.planes:
        _, rows, columns = plane.frames.shape
        middles.append(plane.affine[:3, :3] @ [(columns - 1) / 2, (rows - 1) / 2, 0.0] + plane.affine[:3, 3])
    return np.asarray(np.mean(middles, axis=0))
