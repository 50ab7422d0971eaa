"""An upright, isotropic grid (axes along LPS) on which a method can work whatever the scanner's slices look like."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid


@dataclass(frozen=True, slots=True, eq=False)
class WorkingGrid:
    """origin_mm: (3,) LPS of voxel (0, 0, 0). spacing_mm: edge of a voxel. shape: (k, j, i) = (up, back, left)."""

    origin_mm: NDArray[np.float64]
    spacing_mm: float
    shape: tuple[int, int, int]

    @property
    def spacing_kji(self) -> tuple[float, float, float]:
        """The spacing three times, in the form that masks take."""
        return (self.spacing_mm,) * 3

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL."""
        return self.spacing_mm**3 / 1000.0

    def affine(self) -> NDArray[np.float64]:
        """(4, 4), (i, j, k, 1) -> LPS mm."""
        out = np.diag([self.spacing_mm, self.spacing_mm, self.spacing_mm, 1.0])
        out[:3, 3] = self.origin_mm
        return out

    def to_mm(self, kji: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) indices in the order k, j, i -> (n, 3) LPS mm."""
        return np.asarray(kji)[:, ::-1] * self.spacing_mm + self.origin_mm

    def to_kji(self, points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) LPS mm -> (n, 3) fractional indices k, j, i."""
        return ((np.asarray(points_mm) - self.origin_mm) / self.spacing_mm)[:, ::-1]

    def cropped(self, low_mm: NDArray[np.floating], high_mm: NDArray[np.floating]) -> "WorkingGrid":
        """The part between two corners (LPS mm), on the same voxel centres, within this grid."""
        limit = np.array(self.shape[::-1]) - 1
        low = np.clip(np.floor((np.asarray(low_mm) - self.origin_mm) / self.spacing_mm), 0, limit).astype(int)
        high = np.clip(np.ceil((np.asarray(high_mm) - self.origin_mm) / self.spacing_mm), 0, limit).astype(int)
        i, j, k = (high - low + 1).tolist()
        return WorkingGrid(self.origin_mm + low * self.spacing_mm, self.spacing_mm, (k, j, i))

    def coarser(self, spacing_mm: float) -> "WorkingGrid":
        """The same box with larger voxels."""
        i, j, k = (int((n - 1) * self.spacing_mm / spacing_mm) + 1 for n in self.shape[::-1])
        return WorkingGrid(self.origin_mm, spacing_mm, (k, j, i))


def covering(grid: Grid, spacing_mm: float) -> WorkingGrid:
    """The upright box round a whole scan. Voxels of an upright scan with this spacing keep their centres."""
    k, j, i = grid.shape
    corners = np.array([[a, b, c] for a in (0, i - 1) for b in (0, j - 1) for c in (0, k - 1)], dtype=float)
    mm = grid.to_mm(corners)
    low, high = mm.min(axis=0), mm.max(axis=0)
    size = np.floor((high - low) / spacing_mm + 1e-3).astype(int) + 1
    return WorkingGrid(low, spacing_mm, (int(size[2]), int(size[1]), int(size[0])))


def image_on(
    work: WorkingGrid, data: NDArray[np.generic], affine: NDArray[np.float64], order: int = 1
) -> NDArray[np.float32]:
    """Values of a (k, j, i) array with an (i, j, k) -> LPS affine on the working grid; edges are repeated outwards.

    Finer images are averaged first, so that no detail aliases.
    """
    source_step = np.linalg.norm(affine[:3, :3], axis=0)
    data = np.asarray(data)
    # index of the source = inverse · (LPS of the target)
    inverse = np.linalg.inv(affine)
    matrix_ijk = inverse[:3, :3] * work.spacing_mm
    offset_ijk = inverse[:3, :3] @ work.origin_mm + inverse[:3, 3]
    # crop the source to what is needed before converting it
    k, j, i = work.shape
    corners = np.array([[a, b, c] for a in (0, i - 1) for b in (0, j - 1) for c in (0, k - 1)], dtype=float)
    need = corners @ matrix_ijk.T + offset_ijk
    limit = np.array(data.shape[::-1]) - 1
    low = np.clip(np.floor(need.min(axis=0)) - 3, 0, limit).astype(int)
    high = np.clip(np.ceil(need.max(axis=0)) + 3, 0, limit).astype(int)
    part = data[low[2] : high[2] + 1, low[1] : high[1] + 1, low[0] : high[0] + 1].astype(np.float32)
    offset_ijk = offset_ijk - low
    sigma = 0.4 * np.maximum(work.spacing_mm / source_step - 1.0, 0.0)
    if order and sigma.max() > 0.15:
        part = ndimage.gaussian_filter(part, sigma[::-1], mode="nearest")
    matrix, offset = matrix_ijk[::-1, ::-1], offset_ijk[::-1]
    # the fast path: same axes, same voxels
    whole = np.rint(offset).astype(int)
    if (
        np.allclose(matrix, np.eye(3), atol=1e-4)
        and np.allclose(offset, whole, atol=1e-2)
        and (whole >= 0).all()
        and all(w + n <= m for w, n, m in zip(whole, work.shape, part.shape, strict=True))
    ):
        return part[whole[0] : whole[0] + k, whole[1] : whole[1] + j, whole[2] : whole[2] + i]
    return np.asarray(
        ndimage.affine_transform(part, matrix, offset, output_shape=work.shape, order=order, mode="nearest"),
        dtype=np.float32,
    )


def labels_on(grid: Grid, labels: NDArray[np.uint8], work: WorkingGrid) -> NDArray[np.uint8]:
    """(k, j, i) labels of a working grid on a scan's own grid.

    Finer scans: each structure is interpolated linearly and the likeliest one wins, so surfaces do not show steps.
    """
    inverse = np.linalg.inv(work.affine())
    matrix = (inverse[:3, :3] @ grid.affine[:3, :3])[::-1, ::-1]
    offset = (inverse[:3, :3] @ grid.affine[:3, 3] + inverse[:3, 3])[::-1]
    out = np.zeros(grid.shape, dtype=np.uint8)
    # only the part of the scan that the working grid covers
    k, j, i = work.shape
    corners = np.array([[a, b, c] for a in (0, i - 1) for b in (0, j - 1) for c in (0, k - 1)], dtype=float)
    need = grid.to_ijk(work.to_mm(corners[:, ::-1]))
    limit = np.array(grid.shape[::-1]) - 1
    low = np.clip(np.floor(need.min(axis=0)), 0, limit).astype(int)[::-1]
    high = np.clip(np.ceil(need.max(axis=0)), 0, limit).astype(int)[::-1]
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
    shape = tuple(int(b - a + 1) for a, b in zip(low, high, strict=True))
    offset = offset + matrix @ low
    aligned = np.allclose(matrix, np.eye(3), atol=1e-4) and np.allclose(offset, np.rint(offset), atol=1e-2)
    if aligned:
        moved = ndimage.affine_transform(labels, matrix, offset, output_shape=shape, order=0, mode="constant")
        out[box] = moved
        return out
    best = np.zeros(shape, dtype=np.float32)
    whole = np.zeros(shape, dtype=np.float32)
    chosen = np.zeros(shape, dtype=np.uint8)
    forward = np.linalg.inv(matrix)
    for value in np.unique(labels[labels > 0]):
        mask = labels == value
        seen = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
        edges = np.array([[r[0] - 1, r[-1] + 1] for r in seen], dtype=float)
        ends = np.array([[edges[0, a], edges[1, b], edges[2, c]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
        there = (ends - offset) @ forward.T
        first = np.clip(np.floor(there.min(axis=0)), 0, shape).astype(int)
        last = np.clip(np.ceil(there.max(axis=0)) + 1, 0, shape).astype(int)
        if (last <= first).any():
            continue
        window = tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
        soft = ndimage.affine_transform(
            mask.astype(np.float32), matrix, offset + matrix @ first, output_shape=tuple(last - first), order=1
        )
        whole[window] += soft
        better = soft > best[window]
        chosen[window][better] = value
        best[window][better] = soft[better]
    # a voxel between two structures belongs to one of them, not to the background
    chosen[whole <= 0.5] = 0
    out[box] = chosen
    return out
