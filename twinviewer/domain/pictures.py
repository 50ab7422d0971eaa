"""Images to be looked at, not measured in space: X-rays, ultrasound, colour captures, slices without a place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture.

    pixels: (rows, columns, 3) uint8 RGB, or (rows, columns) values after the modality's own rescale. spacing_mm:
    (between rows, between columns), None where the header does not tell; where: what that spacing holds for ("in the
    patient", "at the detector"), "" where None. window: (width, level) of grey values; table: (first value, (n,) uint8)
    in the place of a window, where the header gives a curve. inverted: the lowest value is white.
    """

    pixels: NDArray[np.generic]
    spacing_mm: tuple[float, float] | None = None
    where: str = ""
    window: tuple[float, float] | None = None
    table: tuple[int, NDArray[np.uint8]] | None = None
    inverted: bool = False
    aspect: float = 1.0

    @property
    def in_colour(self) -> bool:
        """Whether the picture is RGB."""
        return self.pixels.ndim == 3

    def own_window(self) -> tuple[float, float]:
        """(width, level): the header's, else from the lowest value to the highest."""
        if self.window is not None:
            return self.window
        low, high = float(self.pixels.min()), float(self.pixels.max())  # type: ignore[arg-type]
        return max(high - low, 1.0), (low + high) / 2

    def shown(self, window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
        """(rows, columns) or (rows, columns, 3) uint8 for a screen; ``window`` (width, level) in place of its own.

        Linear between the window's ends (DICOM PS3.3 C.11.2.1.2.1).
        """
        if self.in_colour:
            return self.pixels.astype(np.uint8, copy=False)
        if window is None and self.table is not None:
            first, table = self.table
            index = np.clip(self.pixels.astype(np.int64) - first, 0, len(table) - 1)
            grey = table[index]
        else:
            width, level = window or self.own_window()
            span = max(width - 1.0, 1e-6) if width > 1 else max(width, 1e-6)
            centre = level - 0.5 if width > 1 else level
            share = (self.pixels.astype(np.float32) - np.float32(centre)) / np.float32(span) + np.float32(0.5)
            grey = np.rint(np.clip(share, 0.0, 1.0) * 255.0).astype(np.uint8)
        return 255 - grey if self.inverted else grey


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Pictures of one series, in its order. frame_s: time between them where they are a film, else None. notes: why
    they are no volume and what else must be known, a sentence each. unit: of grey values, "" where not told."""

    frames: tuple[Picture, ...]
    modality: str
    uid: str
    description: str = ""
    frame_s: float | None = None
    notes: tuple[str, ...] = ()
    unit: str = ""
