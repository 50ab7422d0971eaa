"""The pixels of a key image, made again from the images that it was marked in."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, Grid, Image, KeyImage, Volume
from twinviewer.geometry.cardiac_planes import Plane
from twinviewer.scene.oblique import ObliqueSlicer, Raster, Resampler
from twinviewer.scene.slab import Slab
from twinviewer.scene.slices import windowed


def key_pixels(image: Image | None, key: KeyImage, most_px: int = 900) -> NDArray[np.uint8] | None:
    """(rows, columns, 3) RGB in the proportions of its pane; None where other images or none are open. Structures,
    lines and a second series that lay over it are not drawn."""
    if image is None or image.uid != key.image_uid:
        return None
    shrink = max(1.0, max(key.size_px) / most_px)
    columns, rows = (max(int(round(side / shrink)), 2) for side in key.size_px)
    raster = Raster(Plane(key.centre_mm, key.right, key.down), (0.0, 0.0), (columns, rows), key.mm_per_px * shrink)
    if isinstance(image, Volume):
        slab = Slab(key.slab, key.slab_mm)  # type: ignore[arg-type]
        values = ObliqueSlicer(image).values(raster, min(key.frame, image.phases - 1), slab)
    elif isinstance(image, CineStack) and 0 <= key.plane < len(image.planes):
        plane = image.planes[key.plane]
        frame = plane.frames[min(key.frame, len(plane.frames) - 1)]
        affine = plane.affine.copy()
        affine[:3, 2] = plane.normal * plane.thickness_mm
        # laid flat onto the scanned plane: the shift of a breath-hold does not take the picture away
        affine[:3, 3] += plane.normal * float((key.centre_mm - affine[:3, 3]) @ plane.normal)
        values = Resampler(Grid((1, *frame.shape), affine)).at(raster, frame[None])
    else:
        return None
    grey = windowed(values, key.window, key.level)
    return np.repeat(grey[:, :, None], 3, axis=2)
