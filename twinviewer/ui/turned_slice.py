"""A turned slice of the display's volume, painted: grey, slab, labels and marked values as on a straight one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twinviewer.scene.label_paint import LabelColours, painted
from twinviewer.scene.slices import SliceImage, letters_of, windowed
from twinviewer.scene.turned import pixels

if TYPE_CHECKING:
    from twinviewer.ui.image_display import ImageDisplay

COARSE = 2.0
"""How much larger pixels are while the hand turns."""


def turned_slice(display: ImageDisplay, orientation: str, room: tuple[float, float]) -> SliceImage | None:
    """The slice of an orientation through the crosshair; None without a volume. room: pixels that can be seen of it."""
    d, slicer = display, display.slicer()
    if d.volume is None or d.axes is None or slicer is None:
        return None
    coarse = COARSE if d.turning else 1.0
    affine, size = pixels(d.volume.grid, d.axes, orientation, d.cross_mm, (room[0] / coarse, room[1] / coarse))
    values = slicer.values_at(affine, size, d.phase, d.slab)
    grey = windowed(values, d.window, d.level)
    level = values.astype(np.float32, copy=False)
    marked = None if d.band is None else (level >= d.band[0]) & (level <= d.band[1])
    found = table = None
    if d.labels is not None and d.colours and d.labels.grid.same_as(d.volume.grid):
        found = slicer.structures_at(affine, size, d.labels, d.label_phase)
        table = LabelColours.of(d.labels.names, d.colours, d.opacity)
    rgb = painted(grey, found, table, band=marked)
    mm = float(np.linalg.norm(affine[:3, 0]))
    normal = affine[:3, 2] / np.linalg.norm(affine[:3, 2])
    letters = letters_of(affine[:3, 0] / mm, affine[:3, 1] / mm)
    return SliceImage(rgb, affine, (mm, mm), letters, 0, 1, float(affine[:3, 3] @ normal), grey, marked)
