"""A second series in colour over the slices of the first, resampled where it lies in space, not voxel by voxel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Volume
from twinviewer.scene.oblique import Resampler
from twinviewer.scene.palette import lookup_table
from twinviewer.scene.slab import THIN, Slab

RAMP = 0.12
"""Share of the range over which low values fade in: a hard edge there would look like a finding."""


@dataclass(frozen=True, slots=True)
class FusionLook:
    """How the second series is shown: a colour map of the palette, the values at its ends, and 0..1 how strongly it
    covers."""

    colours: str
    low: float
    high: float
    opacity: float


class Fused:
    """The second series, ready to be laid over any slice. label, unit: what its values are called. doubt: what every
    picture of it must say, "" for nothing."""

    def __init__(self, volume: Volume, look: FusionLook, label: str = "", unit: str = "", doubt: str = "") -> None:
        self.volume, self.look, self.label, self.unit, self.doubt = volume, look, label, unit, doubt
        self._resampler = Resampler(volume.grid)
        self._voxels = 0, volume.data[0]
        self._table: tuple[FusionLook, NDArray[np.uint8], NDArray[np.uint16]] | None = None

    def _tables(self) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """(256, 3) colours times their cover, and (256,) what is left of the grey below, of 256."""
        if self._table is None or self._table[0] is not self.look:
            cover = self.look.opacity * np.clip(np.linspace(0.0, 1.0, 256) / RAMP, 0.0, 1.0)
            colours = (lookup_table(self.look.colours) * cover[:, None]).astype(np.uint8)
            self._table = self.look, colours, np.round(256 * (1.0 - cover)).astype(np.uint16)
        return self._table[1], self._table[2]

    def phase_for(self, percent: float) -> int:
        """Its phase that is nearest to a position of the beat, 0..100."""
        if self.volume.phases < 2:
            return 0
        away = np.abs((self.volume.phase_percent - percent + 50.0) % 100.0 - 50.0)
        return int(np.argmin(away))

    def values(
        self, affine: NDArray[np.float64], size: tuple[int, int], percent: float = 0.0, slab: Slab = THIN
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """(rows, columns) values at the pixels of a slice, and which of them lie in the second series at all."""
        phase = self.phase_for(percent)
        if self._voxels[0] != phase:
            self._voxels = phase, self.volume.data[phase]
        found = self._resampler.sample(affine, size, self._voxels[1], slab)
        return found, found != found.dtype.type(self._resampler.outside)

    def over(
        self, rgb: NDArray[np.uint8], affine: NDArray[np.float64], percent: float = 0.0, slab: Slab = THIN
    ) -> NDArray[np.uint8]:
        """(h, w, 3) a painted slice with the second series over it. affine: (column, row, 0, 1) -> LPS mm."""
        rows, columns, _ = rgb.shape
        found, inside = self.values(affine, (columns, rows), percent, slab)
        low, span = self.look.low, max(self.look.high - self.look.low, 1e-9)
        level = np.clip((found.astype(np.float32) - np.float32(low)) * np.float32(255.0 / span), 0, 255)
        level = level.astype(np.uint8) * inside
        colours, left = self._tables()
        under = (rgb * left.take(level)[:, :, None]) >> 8
        return np.asarray(under.astype(np.uint8) + colours.take(level, axis=0))

    def said_at(self, place_mm: NDArray[np.float64], percent: float = 0.0) -> str:
        """The second series' voxel under an LPS place, with its name; "" outside."""
        i, j, k = np.round(self.volume.grid.to_ijk(np.asarray(place_mm, float)[None])[0]).astype(int)
        shape = self.volume.grid.shape
        if not (0 <= k < shape[0] and 0 <= j < shape[1] and 0 <= i < shape[2]):
            return ""
        value = float(self.volume.data[self.phase_for(percent), k, j, i])
        return f"{self.label} {value:.4g} {self.unit}".strip()
