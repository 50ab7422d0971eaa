"""A second series in colour over the slices of the first, resampled where it lies in space, not voxel by voxel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Image
from twinviewer.scene.laid_over import Sampled, covered, laid_over
from twinviewer.scene.palette import lookup_table
from twinviewer.scene.slab import THIN, Slab

WHOLE = 0.995
"""From this share of a slice on, nothing is said of the rest."""
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

    def __init__(self, image: Image, look: FusionLook, label: str = "", unit: str = "", doubt: str = "") -> None:
        self.image, self.look, self.label, self.unit, self.doubt = image, look, label, unit, doubt
        self.source = laid_over(image)
        self._table: tuple[FusionLook, NDArray[np.uint8], NDArray[np.uint16]] | None = None

    def _tables(self) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """(256, 3) colours times their cover, and (256,) what is left of the grey below, of 256."""
        if self._table is None or self._table[0] is not self.look:
            cover = self.look.opacity * np.clip(np.linspace(0.0, 1.0, 256) / RAMP, 0.0, 1.0)
            colours = (lookup_table(self.look.colours) * cover[:, None]).astype(np.uint8)
            self._table = self.look, colours, np.round(256 * (1.0 - cover)).astype(np.uint16)
        return self._table[1], self._table[2]

    def values(
        self, affine: NDArray[np.float64], size: tuple[int, int], percent: float = 0.0, slab: Slab = THIN
    ) -> Sampled:
        """(rows, columns) values at the pixels of a slice, and which of them lie in the second series at all. percent:
        the moment of the beat, 0..100; the nearest one is shown."""
        return self.source.sample(affine, size, percent, slab)

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
        value = self.source.value_at(np.asarray(place_mm, float), percent)
        return "" if value is None else f"{self.label} {value:.4g} {self.unit}".strip()

    def notes(self, affine: NDArray[np.float64], size: tuple[int, int], *, brief: bool = False) -> list[str]:
        """What a reader must know of the second series on one slice: the doubt, how much of the slice it reaches, and
        slices that are shown as scanned. Low values let the images through: without a word nobody could tell them from
        where there is nothing. brief: for small views, its name left out."""
        share = covered(self.source, affine, size)
        name = "" if brief else f"{self.label} "
        said = [self.doubt.replace("frame of reference", "frame") if brief else self.doubt] if self.doubt else []
        if share <= 0.0:
            return [*said, "not reached" if brief else f"{name}does not reach here"]
        if share < WHOLE:
            said.append(f"{name}reaches {max(round(100 * share), 1)} %" + ("" if brief else " of it"))
        if self.source.steps_mm:
            said.append(f"{name}in steps of {self.source.steps_mm:.3g} mm")
        return said

    @property
    def stands_still(self) -> bool:
        """Whether it has one moment only."""
        return self.source.moments < 2
