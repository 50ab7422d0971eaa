"""Slices as RGB arrays: numpy look-up, label overlay, outlines, orientation letters. Others paint them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePlane, Grid, LabelMap, Volume
from twinviewer.scene.label_paint import LabelColours, painted
from twinviewer.scene.slab import THIN, Slab, flattened

ORIENTATIONS = ("axial", "coronal", "sagittal")

# Image right and image down in LPS: axial seen from the feet, coronal from the front, sagittal from the left.
_AXES: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "axial": ((0, 1), (1, 1)),
    "coronal": ((0, 1), (2, -1)),
    "sagittal": ((1, 1), (2, -1)),
}
_LETTERS = (("R", "L"), ("A", "P"), ("F", "H"))


@dataclass(frozen=True, slots=True, eq=False)
class SliceImage:
    """One painted slice.

    rgb: (h, w, 3) uint8. affine: (4, 4), (column, row, 0, 1) -> LPS mm at pixel centres. spacing_mm: (column, row).
    letters: (left, right, top, bottom) edges. index of count along the view direction; position_mm along it.
    grey, band: (h, w) what lies under the labels, and which pixels are marked, to paint a patch of it again.
    """

    rgb: NDArray[np.uint8]
    affine: NDArray[np.float64]
    spacing_mm: tuple[float, float]
    letters: tuple[str, str, str, str]
    index: int
    count: int
    position_mm: float
    grey: NDArray[np.uint8] | None = None
    band: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class _Layout:
    """How an orientation lies in the (k, j, i) array: voxel axes (0 = i, 1 = j, 2 = k) and signs of right and down."""

    right: tuple[int, int]
    down: tuple[int, int]
    through: int


def _layout(grid: Grid, orientation: str) -> _Layout:
    # Assign each LPS axis the voxel axis that follows it most closely, greatest first, each voxel axis once.
    direction = grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0)
    free_lps, free_voxel, owner = {0, 1, 2}, {0, 1, 2}, {}
    while free_lps:
        best = max(((abs(direction[a, v]), a, v) for a in free_lps for v in free_voxel), key=lambda item: item[0])
        owner[best[1]] = best[2]
        free_lps.discard(best[1])
        free_voxel.discard(best[2])
    (right_axis, right_sign), (down_axis, down_sign) = _AXES[orientation]

    def along(axis: int, sign: int) -> tuple[int, int]:
        voxel = owner[axis]
        return voxel, int(sign * (1 if direction[axis, voxel] >= 0 else -1))

    through = ({0, 1, 2} - {owner[right_axis], owner[down_axis]}).pop()
    return _Layout(along(right_axis, right_sign), along(down_axis, down_sign), through)


def directions(grid: Grid, orientation: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(3,) unit LPS vectors of image right, image down and higher slices, along the grid."""
    layout, unit = _layout(grid, orientation), grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0)
    (right, right_sign), (down, down_sign) = layout.right, layout.down
    return right_sign * unit[:, right], down_sign * unit[:, down], unit[:, layout.through].copy()


def step_mm(grid: Grid, orientation: str) -> float:
    """How far apart the slices of an orientation lie, in mm."""
    return grid.spacing_mm[_layout(grid, orientation).through]


def is_native(grid: Grid, orientation: str) -> bool:
    """Whether the slices of an orientation are those of the scan: their voxels lie together in memory."""
    return _layout(grid, orientation).through == 2


def slice_count(grid: Grid, orientation: str) -> int:
    """How many slices there are in an orientation."""
    return grid.shape[2 - _layout(grid, orientation).through]


def slice_index(grid: Grid, orientation: str, point_mm: NDArray[np.floating]) -> int:
    """The slice that holds an LPS point, clamped to the volume."""
    layout = _layout(grid, orientation)
    index = round(float(grid.to_ijk(np.asarray(point_mm)[None])[0][layout.through]))
    return min(max(index, 0), grid.shape[2 - layout.through] - 1)


def _extract(array: NDArray[np.generic], layout: _Layout, index: int) -> NDArray[np.generic]:
    """(k, j, i) -> (rows, columns) with rows down and columns right: a view, no copy."""
    plane = array[(slice(None),) * (2 - layout.through) + (index,)]
    remaining = [axis for axis in (2, 1, 0) if axis != layout.through]
    if remaining[0] == layout.right[0]:
        plane = plane.T
    return plane[:: layout.down[1], :: layout.right[1]]


def _slab(array: NDArray[np.generic], layout: _Layout, index: int, step_mm: float, slab: Slab) -> NDArray[np.generic]:
    """The mean, greatest or least of the slices whose middles lie in a slab round one of them."""
    reach = int(slab.thickness_mm / 2 / step_mm + 1e-6)
    first, last = max(index - reach, 0), min(index + reach, array.shape[2 - layout.through] - 1)
    if last <= first:
        return _extract(array, layout, index)
    axis = 2 - layout.through
    block = array[(slice(None),) * axis + (slice(first, last + 1),)]
    return _extract(np.expand_dims(flattened(block, axis, slab.kind), axis), layout, 0)


def letters_of(right: NDArray[np.floating], down: NDArray[np.floating]) -> tuple[str, str, str, str]:
    """Edge letters (left, right, top, bottom) from unit LPS vectors of image right and down; oblique ones get two."""

    def name(vector: NDArray[np.floating]) -> str:
        order = np.argsort(-np.abs(vector))
        text = _LETTERS[order[0]][int(vector[order[0]] > 0)]
        if abs(vector[order[1]]) > 0.4:
            text += _LETTERS[order[1]][int(vector[order[1]] > 0)]
        return text

    return name(-right), name(right), name(-down), name(down)


def windowed(values: NDArray[np.generic], window: float, level: float) -> NDArray[np.uint8]:
    """Grey values by window width and level, DICOM PS3.3 C.11.2.1.2 without the half-unit shift."""
    low = level - window / 2
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / max(window, 1e-6))
    return np.clip(scaled, 0, 255).astype(np.uint8)


def default_window(volume: Volume) -> tuple[float, float]:
    """(width, level): the header's own, cardiac CT angiography for contrast CT, else 0.1-99.9 percentile."""
    if volume.window is not None:
        return volume.window
    if volume.modality == "CT":
        return 800.0, 250.0
    return percentile_window(volume.data[0])


def percentile_window(values: NDArray[np.generic]) -> tuple[float, float]:
    """(width, level) that span the 0.1-99.9 percentiles."""
    low, high = np.percentile(
        values.astype(np.float32, copy=False).ravel()[:: max(1, values.size // 200_000)], [0.1, 99.9]
    )
    return float(max(high - low, 1.0)), float((low + high) / 2)


def slice_image(
    volume: Volume,
    orientation: str,
    index: int,
    phase: int = 0,
    window: float = 800.0,
    level: float = 250.0,
    labels: LabelMap | None = None,
    label_phase: int = 0,
    colours: Mapping[str, str] | None = None,
    opacity: float = 0.25,
    outline: bool = True,
    band: tuple[float, float] | None = None,
    slab: Slab = THIN,
) -> SliceImage:
    """Paint one slice. colours: structure name -> "#RRGGBB" of what is to be shown over the grey image. band: lowest
    and highest voxel value to be marked. slab: what is shown of the slices round it; labels are the slice's own."""
    layout = _layout(volume.grid, orientation)
    count = volume.grid.shape[2 - layout.through]
    index = min(max(index, 0), count - 1)
    step_mm = volume.grid.spacing_mm[layout.through]
    values = np.ascontiguousarray(_slab(volume.data[phase], layout, index, step_mm, slab))
    grey = windowed(values, window, level)
    marked = None if band is None else (values >= band[0]) & (values <= band[1])
    found = table = None
    if labels is not None and colours and labels.grid.same_as(volume.grid):
        plane = _extract(labels.data[min(label_phase, labels.phases - 1)], layout, index)
        found = np.ascontiguousarray(plane).astype(np.uint8, copy=False)
        table = LabelColours.of(labels.names, colours, opacity)
    rgb = painted(grey, found, table, outline=outline, band=marked)
    return _image(rgb, volume.grid, layout, index, count, grey, marked)


def slice_values(volume: Volume, orientation: str, index: int, phase: int = 0) -> NDArray[np.generic]:
    """(h, w) voxel values of a slice as they are painted: rows down, columns to the right."""
    return np.ascontiguousarray(_extract(volume.data[phase], _layout(volume.grid, orientation), index))


Patch = tuple[slice, slice]
"""Rows and columns of a slice."""


def patch_of(
    grid: Grid, orientation: str, index: int, start: tuple[int, int, int], stop: tuple[int, int, int]
) -> Patch | None:
    """Where a slice meets a box of voxels (k, j, i) from start up to, not including, stop; a pixel wider, for the
    outline. None where it does not."""
    layout = _layout(grid, orientation)
    low, high, size = start[::-1], stop[::-1], grid.shape[::-1]
    if not low[layout.through] <= index < high[layout.through]:
        return None
    sides = []
    for axis, sign in (layout.down, layout.right):
        first, last = (low[axis], high[axis]) if sign > 0 else (size[axis] - high[axis], size[axis] - low[axis])
        first, last = max(first - 1, 0), min(last + 1, size[axis])
        if first >= last:
            return None
        sides.append(slice(first, last))
    return sides[0], sides[1]


def repaint(
    image: SliceImage, labels: NDArray[np.uint8], grid: Grid, orientation: str, patch: Patch, colours: LabelColours
) -> NDArray[np.uint8]:
    """(h, w, 3) of a patch of a slice under labels (k, j, i) that have changed; also written into the slice itself."""
    assert image.grey is not None
    plane = _extract(labels, _layout(grid, orientation), image.index)
    rows, columns = patch
    around = tuple(slice(max(one.start - 1, 0), one.stop + 1) for one in patch)
    inner = tuple(slice(one.start - wide.start, one.stop - wide.start) for one, wide in zip(patch, around, strict=True))
    band = None if image.band is None else image.band[around]
    fresh = painted(image.grey[around], np.ascontiguousarray(plane[around]), colours, band=band)[inner]
    image.rgb[rows, columns] = fresh
    return np.ascontiguousarray(fresh)


def _image(
    rgb: NDArray[np.uint8],
    grid: Grid,
    layout: _Layout,
    index: int,
    count: int,
    grey: NDArray[np.uint8],
    band: NDArray[np.bool_] | None,
) -> SliceImage:
    size = (grid.shape[2], grid.shape[1], grid.shape[0])  # along i, j, k
    affine = np.eye(4)
    start = np.zeros(3)
    start[layout.through] = index
    for column, (axis, sign) in enumerate((layout.right, layout.down)):
        affine[:3, column] = sign * grid.affine[:3, axis]
        if sign < 0:
            start[axis] = size[axis] - 1
    affine[:3, 2] = grid.affine[:3, layout.through]
    affine[:3, 3] = grid.to_mm(start[None])[0]
    spacing = np.linalg.norm(affine[:3, :2], axis=0)
    letters = letters_of(affine[:3, 0] / spacing[0], affine[:3, 1] / spacing[1])
    normal = affine[:3, 2] / np.linalg.norm(affine[:3, 2])
    position = float(affine[:3, 3] @ normal)
    size_mm = (float(spacing[0]), float(spacing[1]))
    return SliceImage(np.ascontiguousarray(rgb), affine, size_mm, letters, index, count, position, grey, band)


def plane_image(plane: CinePlane, phase: int, window: float, level: float) -> SliceImage:
    """Paint one frame of a cine plane as it was scanned."""
    grey = windowed(plane.frames[phase % len(plane.frames)], window, level)
    spacing = np.linalg.norm(plane.affine[:3, :2], axis=0)
    letters = letters_of(plane.affine[:3, 0] / spacing[0], plane.affine[:3, 1] / spacing[1])
    position = float(plane.affine[:3, 3] @ plane.normal)
    return SliceImage(
        painted(grey, None, None), plane.affine, (float(spacing[0]), float(spacing[1])), letters, phase, 1, position
    )


def _beat_s(plane: CinePlane) -> float:
    """The beat of one plane, as long as its frames reach; without an R-R they are taken to fill it evenly."""
    last = float(plane.trigger_s[-1])
    return max(plane.rr_s or last * (1.0 + 1.0 / max(len(plane.frames) - 1, 1)), last)


def frame_at(plane: CinePlane, fraction: float) -> int:
    """The frame that a plane shows at a fraction of the beat, each in its own R-R: the last one taken by then."""
    count, beat = len(plane.frames), _beat_s(plane)
    index = int((plane.trigger_s <= fraction * beat + 1e-9).sum()) - 1 if beat > 0 else int(fraction * count)
    return min(max(index, 0), count - 1)


def fraction_of(plane: CinePlane, frame: int) -> float:
    """When a frame was taken in this plane's own beat, 0..1 (0 = R wave)."""
    beat = _beat_s(plane)
    return float(np.clip(plane.trigger_s[frame] / beat, 0.0, 1.0)) if beat > 0 else frame / len(plane.frames)
