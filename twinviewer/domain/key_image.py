"""Views that a reader has marked as worth coming back to, and a second series that was laid over the first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Fusion:
    """Which series lies over the open one, and how. colours: a colour map; low, high: the values at its ends; opacity:
    0..1. overruled: a reader was told that the frames of reference differ, and laid it there all the same."""

    series_uid: str
    colours: str
    low: float
    high: float
    opacity: float
    overruled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class KeyLine:
    """Lines of one colour as they lay over a view: outlines that were drawn, and where a model met it. colour:
    "#RRGGBB". width_px: on the screen. ends_mm: (s, 2, 3) ends of segments in LPS. dashed: of what is not sure."""

    colour: str
    width_px: float
    dashed: bool
    ends_mm: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class KeyImage:
    """One view as it was marked: enough to make its picture again from the images, which it does not hold.

    title: what a list calls it; note: what the reader wrote about it. centre_mm: (3,) LPS of the pane's middle; right,
    down: (3,) unit vectors of the image; cross_mm: (3,) the crosshair. mm_per_px, size_px: (columns, rows) of the pane.
    view: the name of the slice or of the cardiac view, "" for a scanned plane of a cine study. plane: that plane's
    number, -1 for others. frame: the phase of the volume or the frame of the plane; fraction: the moment of its R-R
    interval, 0..1. window, level: grey values. slab, slab_mm: "mean", "max" or "min" of so many mm, 0 for a thin slice.
    image_uid: the images.

    What lay over them then, so that work that follows does not change the picture: labels (rows, columns) uint8 over
    the whole pane, None without any; structures: (value, name, "#RRGGBB") of those that were shown, with opacity 0..1;
    lines; over: the second series.
    """

    uid: str
    title: str
    image_uid: str
    centre_mm: NDArray[np.float64]
    right: NDArray[np.float64]
    down: NDArray[np.float64]
    cross_mm: NDArray[np.float64]
    mm_per_px: float
    size_px: tuple[int, int]
    view: str
    plane: int
    frame: int
    fraction: float
    window: float
    level: float
    slab: str = "mean"
    slab_mm: float = 0.0
    note: str = ""
    labels: NDArray[np.uint8] | None = None
    structures: tuple[tuple[int, str, str], ...] = ()
    opacity: float = 0.25
    lines: tuple[KeyLine, ...] = ()
    over: Fusion | None = None

    @property
    def normal(self) -> NDArray[np.float64]:
        """(3,) across the image."""
        return np.cross(self.right, self.down)
