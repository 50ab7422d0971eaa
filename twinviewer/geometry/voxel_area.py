"""The area of a mask's surface, from its voxels."""

import numpy as np
from numpy.typing import NDArray


def face_area_mm2(mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> float:
    """Area of a (k, j, i) mask's surface, its spacing along i, j, k: voxel faces times 2/3, their mean excess over an
    evenly oriented smooth surface. Faces at the edge of the grid count."""
    sx, sy, sz = spacing_mm
    area = 0.0
    for axis, face in enumerate((sx * sy, sx * sz, sy * sz)):
        ends = np.take(mask, 0, axis=axis).sum() + np.take(mask, -1, axis=axis).sum()
        area += (float(np.count_nonzero(np.diff(mask, axis=axis))) + float(ends)) * face
    return area * 2.0 / 3.0
