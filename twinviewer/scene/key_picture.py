"""The picture of a key image, made again from the images that it was marked in, with what lay over them then."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, Image, KeyImage, LabelMap, Volume
from twinviewer.geometry.cardiac_planes import Plane
from twinviewer.scene.fusion import Fused
from twinviewer.scene.label_paint import LabelColours, painted
from twinviewer.scene.oblique import ObliqueSlicer, Raster, Resampler
from twinviewer.scene.oblique_cine import CineSlicer
from twinviewer.scene.slab import THIN, Slab
from twinviewer.scene.slices import fraction_of, windowed

MOST_PX = 900


def key_raster(key: KeyImage, most_px: int = MOST_PX) -> Raster:
    """The pixels of a key image in space, in the proportions of its pane."""
    shrink = max(1.0, max(key.size_px) / most_px)
    columns, rows = (max(int(round(side / shrink)), 2) for side in key.size_px)
    return Raster(Plane(key.centre_mm, key.right, key.down), (0.0, 0.0), (columns, rows), key.mm_per_px * shrink)


def key_pixels(
    image: Image | None,
    key: KeyImage,
    most_px: int = MOST_PX,
    *,
    fused: Fused | None = None,
    shift_mm: NDArray[np.float64] | None = None,
) -> NDArray[np.uint8] | None:
    """(rows, columns, 3) RGB in the proportions of its pane; None where other images or none are open.

    Structures are those that were marked with it. fused: its second series, in its look. shift_mm: (planes, 3) of a
    cine study whose breath-holds were corrected. Lines are left to whoever draws them.
    """
    if image is None or image.uid != key.image_uid:
        return None
    raster = key_raster(key, most_px)
    values = _values(image, key, raster, shift_mm)
    if values is None:
        return None
    found = table = None
    if key.labels is not None and key.labels.size and key.structures:
        found = np.ascontiguousarray(_spread(key.labels, raster.size))
        names, colours = ({one[0]: one[1] for one in key.structures}, {one[1]: one[2] for one in key.structures})
        table = LabelColours.of(names, colours, key.opacity)
    rgb = painted(windowed(values, key.window, key.level), found, table)
    if fused is not None:
        rgb = fused.over(rgb, raster.affine, moment_percent(image, key), slab_of(key))
    return rgb


def slab_of(key: KeyImage) -> Slab:
    """The slab that it showed."""
    return Slab(key.slab, key.slab_mm) if key.slab_mm > 0 else THIN  # type: ignore[arg-type]


def moment_percent(image: Image, key: KeyImage) -> float:
    """When in the beat it is, 0..100."""
    if isinstance(image, Volume):
        return float(image.phase_percent[min(key.frame, image.phases - 1)])
    if 0 <= key.plane < len(image.planes):
        plane = image.planes[key.plane]
        return 100.0 * fraction_of(plane, min(key.frame, len(plane.frames) - 1))
    return 100.0 * key.fraction


def labels_under(volume: Volume, labels: LabelMap, key: KeyImage, phase: int) -> NDArray[np.uint8]:
    """(rows, columns) label values over the pane of a key image, those of the nearest voxels."""
    raster = key_raster(key)
    return ObliqueSlicer(volume).structures(raster, labels, phase).copy()


def _values(
    image: Image, key: KeyImage, raster: Raster, shift_mm: NDArray[np.float64] | None
) -> NDArray[np.generic] | None:
    if isinstance(image, Volume):
        return ObliqueSlicer(image).values(raster, min(key.frame, image.phases - 1), slab_of(key))
    if 0 <= key.plane < len(image.planes):
        plane = image.planes[key.plane]
        grid = plane.grid
        frame = plane.frames[min(key.frame, len(plane.frames) - 1)]
        affine = raster.affine
        # laid flat onto the scanned plane: a tilt of rounding does not take the picture away
        affine[:3, 3] -= plane.normal * float((key.centre_mm - plane.affine[:3, 3]) @ plane.normal)
        return Resampler(grid).sample(affine, raster.size, frame[None])
    slicer = CineSlicer(image, shift_mm) if isinstance(image, CineStack) and key.plane < 0 else None
    return slicer.between_values(raster, key.fraction) if slicer is not None and slicer.can_interpolate else None


def _spread(labels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Labels of another raster over the same pane."""
    columns, rows = size
    row = ((np.arange(rows) + 0.5) * labels.shape[0] / rows).astype(int)
    column = ((np.arange(columns) + 0.5) * labels.shape[1] / columns).astype(int)
    return labels[row][:, column]
