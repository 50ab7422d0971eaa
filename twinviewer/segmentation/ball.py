"""Which voxels lie within a radius of a mask: a ball is painted on each voxel of its border.

For the few millimetres of a dilation this is several times cheaper than a distance map, and lets other threads run.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@njit(cache=True, nogil=True)
def _paint(mask: Mask, out: Mask, offsets: NDArray[np.int64]) -> None:
    depth, height, width = mask.shape
    for k in range(depth):
        for j in range(height):
            for i in range(width):
                if not mask[k, j, i]:
                    continue
                out[k, j, i] = True
                inner = (
                    (k == 0 or mask[k - 1, j, i])
                    and (k == depth - 1 or mask[k + 1, j, i])
                    and (j == 0 or mask[k, j - 1, i])
                    and (j == height - 1 or mask[k, j + 1, i])
                    and (i == 0 or mask[k, j, i - 1])
                    and (i == width - 1 or mask[k, j, i + 1])
                )
                if inner:
                    continue
                for n in range(offsets.shape[0]):
                    z, y, x = k + offsets[n, 0], j + offsets[n, 1], i + offsets[n, 2]
                    if 0 <= z < depth and 0 <= y < height and 0 <= x < width:
                        out[z, y, x] = True


def within(mask: Mask, radius_mm: float, spacing_kji: tuple[float, float, float]) -> Mask:
    """The mask (k, j, i) and every voxel whose centre lies within ``radius_mm`` of the centre of one of its voxels."""
    reach = [int(radius_mm / s) for s in spacing_kji]
    offsets = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    near = np.square(offsets * np.asarray(spacing_kji)).sum(axis=1) <= radius_mm**2 * (1.0 + 1e-6)
    out = np.zeros(mask.shape, dtype=np.bool_)
    _paint(np.ascontiguousarray(mask), out, offsets[near].astype(np.int64))
    return out
