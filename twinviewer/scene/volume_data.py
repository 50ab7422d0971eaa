"""Voxels made ready to be drawn as a volume: cut to a box and thinned, so that a turn stays quick. numpy only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LabelMap

SOFTWARE_VOXELS, GPU_VOXELS = 2_500_000, 120_000_000
"""How many are drawn without and with a graphics card."""
BOX_MARGIN_MM = 18.0

Box = tuple[slice, slice, slice]
"""k, j, i."""


@dataclass(frozen=True, slots=True, eq=False)
class VolumeData:
    """values: (k, j, i), contiguous, int16 or float32. affine: (4, 4) (i, j, k, 1) -> LPS mm. percentiles: of the
    values at 0, 1, ... 100 %. step: every how manieth voxel was kept along i, j, k."""

    values: NDArray[np.generic]
    affine: NDArray[np.float64]
    percentiles: NDArray[np.float64]
    step: tuple[int, int, int]

    @property
    def corners_mm(self) -> NDArray[np.float64]:
        """(8, 3) LPS."""
        k, j, i = self.values.shape
        every = np.stack(np.meshgrid([0, i - 1], [0, j - 1], [0, k - 1], indexing="ij"), -1).reshape(-1, 3)
        return np.asarray(every @ self.affine[:3, :3].T + self.affine[:3, 3])


@dataclass(frozen=True, slots=True, eq=False)
class VolumeLook:
    """How a volume is drawn. shift: added to the preset's values, HU (MR: percent of the range). opacity: 0..2, 1 as
    the preset has it. moving: something plays or turns, so that a coarse picture at once is better than a fine one."""

    data: VolumeData
    preset: str = "heart"
    shift: float = 0.0
    opacity: float = 1.0
    moving: bool = False

    def differs(self, other: "VolumeLook | None") -> bool:
        """Whether colours or opacities are others."""
        if other is None or other.data is not self.data:
            return True
        return (self.preset, self.shift, self.opacity) != (other.preset, other.shift, other.opacity)


def box_of(labels: LabelMap, grid: Grid, phase: int = 0) -> Box | None:
    """The voxels of a grid round all labels, with a margin; None where there are none."""
    data = labels.data[min(phase, labels.phases - 1)]
    spans = [np.flatnonzero(data.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    if not all(len(span) for span in spans):
        return None
    low, high = (np.array([span[end] for span in spans], float)[::-1] for end in (0, -1))
    corners = np.stack(np.meshgrid(*np.stack([low, high], axis=1), indexing="ij"), -1).reshape(-1, 3)
    ijk = grid.to_ijk(labels.grid.to_mm(corners))
    margin = BOX_MARGIN_MM / np.array(grid.spacing_mm)
    size = np.array(grid.shape[::-1])
    first = np.clip(np.floor(ijk.min(axis=0) - margin), 0, size - 2).astype(int)
    last = np.clip(np.ceil(ijk.max(axis=0) + margin) + 1, first + 2, size).astype(int)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    return k, j, i


def volume_data(voxels: NDArray[np.generic], grid: Grid, box: Box | None, most: int) -> VolumeData:
    """(k, j, i) voxels cut to a box and thinned to at most so many: each is the mean of those that it stands for."""
    box = box or (slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2]))
    part = voxels[box]
    step, spacing = np.ones(3, int), np.array(grid.spacing_mm)
    while np.prod(np.array(part.shape[::-1]) // step) > most:  # the finest axis first, so that voxels grow like cubes
        step[int(np.argmin(spacing * step))] += 1
    si, sj, sk = (int(n) for n in step)
    k, j, i = part.shape[0] // sk * sk, part.shape[1] // sj * sj, part.shape[2] // si * si
    part = part[:k, :j, :i]
    if (step > 1).any():
        blocks = part.reshape(k // sk, sk, j // sj, sj, i // si, si)
        part = blocks.mean(axis=(1, 3, 5), dtype=np.float32)
    whole = voxels.dtype.kind in "iu" and abs(float(part.max())) < 32000 and float(part.min()) > -32000
    values = np.ascontiguousarray(part, dtype=np.int16 if whole else np.float32)
    first = np.array([box[2].start, box[1].start, box[0].start], float) + (step - 1) / 2
    affine = grid.affine.copy()
    affine[:3, :3] = grid.affine[:3, :3] * step
    affine[:3, 3] = grid.to_mm(first[None])[0]
    if np.linalg.det(affine[:3, :3]) < 0:  # the renderer's voxels are right-handed
        affine[:3, 3] += affine[:3, 2] * (values.shape[0] - 1)
        affine[:3, 2] *= -1
        values = np.ascontiguousarray(values[::-1])
    few = values.ravel()[:: max(1, values.size // 200_000)].astype(np.float64)
    return VolumeData(values, affine, np.percentile(few, np.arange(101)), (si, sj, sk))
