"""Signed distances to the borders that a label map draws in each phase, for a mesh to follow.

What counts is by how much a border moves: each point of the mesh keeps the distance from its border that it has in
the phase in which the mesh was built. So what smoothing, or the least thickness of a mesh's wall, makes of a border
cancels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage, special

from twinviewer.domain import LabelMap
from twinviewer.segmentation.working_grid import WorkingGrid, image_on

Array = NDArray[np.float64]
Float = NDArray[np.float32]

SPACING_MM = 2.0
BLUR_MM = 1.6
SOLIDS: Mapping[str, tuple[str, ...]] = {
    "left": ("lv_blood", "la_blood", "aorta"),
    "right": ("rv_blood", "ra_blood", "pulmonary_artery"),
    "heart": ("lv_myocardium", "rv_myocardium", "lv_blood", "rv_blood"),
}
"""Blood of each side without a face at its valves; and both ventricles, with the valves in their face at the base."""


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """mm: (k, j, i) distance to a border, negative inside."""

    work: WorkingGrid
    mm: Float

    def at(self, points_mm: Array) -> Array:
        """(n,) at (n, 3) places, trilinear."""
        where = self.work.to_kji(points_mm).T
        return np.asarray(ndimage.map_coordinates(self.mm, where, order=1, mode="nearest", output=np.float64))

    def slope(self, points_mm: Array) -> tuple[Array, Array]:
        """(n,) distance and (n, 3) its gradient, by differences over two voxels."""
        step = self.work.spacing_mm
        out = np.empty((len(points_mm), 3))
        for axis in range(3):
            shift = np.zeros(3)
            shift[axis] = step
            out[:, axis] = (self.at(points_mm + shift) - self.at(points_mm - shift)) / (2.0 * step)
        return self.at(points_mm), out


def border(labels: LabelMap, number: int, names: tuple[str, ...], work: WorkingGrid) -> Border | None:
    """The border of some structures together in one phase; None where there is nothing of them.

    Near it the distance is that of a blurred mask (geometry/solids.py), which knows its place to a part of a voxel;
    farther away it is counted in voxels.
    """
    values = [v for v, name in labels.names.items() if name in names]
    mask = np.isin(labels.data[number], values)
    if not mask.any():
        return None
    filled = image_on(work, mask.astype(np.float32), labels.grid.affine)
    blurred = ndimage.gaussian_filter(filled, BLUR_MM / work.spacing_mm, truncate=3.0)
    sigma = float(np.hypot(BLUR_MM, work.spacing_mm / np.sqrt(12.0)))
    near = -sigma * special.ndtri(np.clip(blurred, 1e-4, 1.0 - 1e-4))
    image = sitk.GetImageFromArray((filled > 0.5).astype(np.uint8))
    image.SetSpacing((work.spacing_mm,) * 3)
    far = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image, False, False, True))
    share = np.clip((np.abs(near) - 1.2 * sigma) / sigma, 0.0, 1.0)
    return Border(work, ((1.0 - share) * near + share * far).astype(np.float32))
