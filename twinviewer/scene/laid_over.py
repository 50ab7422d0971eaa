"""The voxels of a series that is laid over another: sampled at the pixels of any slice, and where there are none.

A volume is sampled through its grid. A cine study has planes with gaps: of it only what lies within the thickness of a
scanned plane is there, and nothing is made up in between.
"""

from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, Grid, Image, Volume
from twinviewer.scene.oblique import Resampler
from twinviewer.scene.slab import THIN, Slab, gap_mm
from twinviewer.scene.slices import frame_at

LATTICE = 33
"""Places along each side of a slice by which its covered share is found."""

Sampled = tuple[NDArray[np.generic], NDArray[np.bool_]]
"""(rows, columns) values, and which of these pixels lie in the series at all."""


class LaidOver(Protocol):
    """What is laid over. moments: how many it has; steps_mm: of slices that are shown as scanned, 0 for others."""

    moments: int
    steps_mm: float

    def sample(
        self, affine: NDArray[np.float64], size: tuple[int, int], percent: float, slab: Slab = THIN
    ) -> Sampled: ...

    def holds(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]: ...

    def value_at(self, place_mm: NDArray[np.float64], percent: float) -> float | None: ...


def laid_over(image: Image) -> LaidOver:
    """The image, ready to be sampled."""
    return _Planes(image) if isinstance(image, CineStack) else _Voxels(image)


def places_mm(affine: NDArray[np.float64], size: tuple[int, int], most: int = LATTICE) -> NDArray[np.float64]:
    """(n, 3) LPS: an even lattice over the pixels of a slice. affine: (column, row, 0, 1) -> LPS mm."""
    columns, rows = (np.linspace(-0.5, side - 0.5, 2 * most + 1)[1::2] for side in size)
    column, row = (one.ravel() for one in np.meshgrid(columns, rows))
    return np.asarray(column[:, None] * affine[:3, 0] + row[:, None] * affine[:3, 1] + affine[:3, 3])


def covered(source: LaidOver, affine: NDArray[np.float64], size: tuple[int, int]) -> float:
    """The share of a slice, 0..1, that lies in the series."""
    return float(source.holds(places_mm(affine, size)).mean())


def _inside(grid: Grid, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    ijk = grid.to_ijk(points_mm)
    return np.asarray(((ijk >= -0.5) & (ijk <= np.array(grid.shape[::-1]) - 0.5)).all(axis=1))


class _Voxels:
    """A volume; of several phases the one nearest to the moment."""

    def __init__(self, volume: Volume) -> None:
        self.volume, self.moments, self.steps_mm = volume, volume.phases, gap_mm(volume.grid)
        self._phase, self._voxels = 0, volume.data[0]

    @cached_property
    def _resampler(self) -> Resampler:
        return Resampler(self.volume.grid, nearest=self.steps_mm > 0)

    def phase_for(self, percent: float) -> int:
        if self.moments < 2:
            return 0
        away = np.abs((self.volume.phase_percent - percent + 50.0) % 100.0 - 50.0)
        return int(np.argmin(away))

    def sample(self, affine: NDArray[np.float64], size: tuple[int, int], percent: float, slab: Slab = THIN) -> Sampled:
        phase = self.phase_for(percent)
        if self._phase != phase:  # the same array object says that nothing has changed
            self._phase, self._voxels = phase, self.volume.data[phase]
        found = self._resampler.sample(affine, size, self._voxels, slab)
        return found, found != found.dtype.type(self._resampler.outside)

    def holds(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        return _inside(self.volume.grid, points_mm)

    def value_at(self, place_mm: NDArray[np.float64], percent: float) -> float | None:
        if not self.holds(place_mm[None])[0]:
            return None
        i, j, k = np.round(self.volume.grid.to_ijk(place_mm[None])[0]).astype(int)
        last = np.array(self.volume.grid.shape) - 1
        k, j, i = np.clip((k, j, i), 0, last)
        return float(self.volume.data[self.phase_for(percent), k, j, i])


class _Planes:
    """A cine study: every plane as thick as it was scanned, each at its own frame of the moment."""

    def __init__(self, stack: CineStack) -> None:
        self.planes, self.moments, self.steps_mm = stack.planes, stack.phases, 0.0
        self.grids = tuple(one.grid for one in stack.planes)
        self._resamplers: dict[int, Resampler] = {}
        self._held: dict[int, tuple[int, NDArray[np.generic]]] = {}

    def _away_mm(self, number: int, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far points lie from the middle of a plane."""
        one = self.planes[number]
        return np.asarray(np.abs((points_mm - one.affine[:3, 3]) @ one.normal))

    def sample(self, affine: NDArray[np.float64], size: tuple[int, int], percent: float, slab: Slab = THIN) -> Sampled:
        columns, rows = size
        values, inside = np.zeros((rows, columns), np.float32), np.zeros((rows, columns), np.bool_)
        nearest = np.full((rows, columns), np.inf, np.float32)
        for number, one in enumerate(self.planes):
            right, down, first = ((affine[:3, n] - shift) @ one.normal
                                  for n, shift in ((0, 0.0), (1, 0.0), (3, one.affine[:3, 3])))  # fmt: skip
            away = np.abs((right * np.arange(columns) + first)[None] + (down * np.arange(rows))[:, None])
            met = away <= (self.grids[number].spacing_mm[2] + slab.thickness_mm) / 2 + 1e-6
            across, along = np.flatnonzero(met.any(axis=0)), np.flatnonzero(met.any(axis=1))
            if not len(across):
                continue
            box = slice(along[0], along[-1] + 1), slice(across[0], across[-1] + 1)  # the rest is not looked at
            part = affine.copy()
            part[:3, 3] = affine[:3] @ [across[0], along[0], 0.0, 1.0]
            found, here = self._of(
                number, part, (box[1].stop - box[1].start, box[0].stop - box[0].start), percent, slab
            )
            take = here & (away[box] < nearest[box])  # where planes cross, the one in whose middle the place lies
            values[box][take], nearest[box][take] = found[take], away[box][take]
            inside[box] |= here
        return values, inside

    def _of(self, number: int, affine: NDArray[np.float64], size: tuple[int, int], percent: float, slab: Slab
            ) -> Sampled:  # fmt: skip
        one = self.planes[number]
        frame = frame_at(one, percent / 100.0 % 1.0)
        if self._held.get(number, (-1,))[0] != frame:
            self._held[number] = frame, one.frames[frame][None]
        if number not in self._resamplers:
            self._resamplers[number] = Resampler(self.grids[number])
        resampler = self._resamplers[number]
        found = resampler.sample(affine, size, self._held[number][1], slab)
        return found, found != found.dtype.type(resampler.outside)

    def holds(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(np.any([_inside(grid, points_mm) for grid in self.grids], axis=0))

    def value_at(self, place_mm: NDArray[np.float64], percent: float) -> float | None:
        here = [n for n, grid in enumerate(self.grids) if _inside(grid, place_mm[None])[0]]
        if not here:
            return None
        number = min(here, key=lambda n: float(self._away_mm(n, place_mm[None])[0]))
        one, grid = self.planes[number], self.grids[number]
        i, j = np.round(grid.to_ijk(place_mm[None])[0][:2]).astype(int)
        rows, columns = one.frames.shape[1:]
        frame = one.frames[frame_at(one, percent / 100.0 % 1.0)]
        return float(frame[min(max(j, 0), rows - 1), min(max(i, 0), columns - 1)])
