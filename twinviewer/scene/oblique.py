"""Oblique slices of a volume as RGB: any plane, thin or as a slab (mean, MIP, MinIP), with structures over it.

vtkImageReslice samples on all cores; only the pixels of the pane are made, so that a slice costs what the pane does.
"""

from dataclasses import dataclass
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LabelMap, Volume
from twinviewer.geometry.cardiac_planes import Plane
from twinviewer.scene.slab import THIN, Slab, SlabKind, gap_mm
from twinviewer.scene.slices import SliceImage, letters_of

__all__ = ["THIN", "Halves", "ObliqueSlicer", "Raster", "Resampler", "Slab", "SlabKind", "slice_of"]

MOST_SLAB_SLICES = 256
SMALL = 120_000
"""Samples below which threads cost more than they give."""
LARGE_VOXELS = 24_000_000
"""Volumes from here on are thinned for coarse slices."""


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """The pixels of a pane in a plane. centre: (across, below) in mm of the plane's origin. size: (columns, rows)."""

    plane: Plane
    centre: tuple[float, float]
    size: tuple[int, int]
    mm_per_px: float

    @property
    def affine(self) -> NDArray[np.float64]:
        """(4, 4), (column, row, 0, 1) -> LPS mm at pixel centres."""
        made, (columns, rows) = np.eye(4), self.size
        made[:3, 0], made[:3, 1] = self.plane.right * self.mm_per_px, self.plane.down * self.mm_per_px
        made[:3, 2] = self.plane.normal
        first = self.centre[0] - (columns - 1) / 2 * self.mm_per_px, self.centre[1] - (rows - 1) / 2 * self.mm_per_px
        made[:3, 3] = self.plane.to_mm(*first)
        return made

    def to_pixels(self, points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 3) LPS mm -> (..., 2) columns and rows."""
        columns, rows = self.size
        flat = self.plane.to_plane(points_mm) - np.asarray(self.centre)
        return np.asarray(flat / self.mm_per_px + (np.array([columns, rows]) - 1) / 2)


class Resampler:
    """One (k, j, i) array on a grid, sampled in any plane. Keeps no copy of the voxels. outside: what is said of places
    beyond the grid."""

    def __init__(self, grid: Grid, *, nearest: bool = False) -> None:
        from vtkmodules.vtkCommonDataModel import vtkImageData
        from vtkmodules.vtkCommonMath import vtkMatrix4x4
        from vtkmodules.vtkImagingCore import vtkImageReslice

        self.grid = grid
        self._inverse = np.linalg.inv(grid.affine)
        self._image = vtkImageData()
        k, j, i = grid.shape
        self._image.SetDimensions(i, j, k)  # in voxels; the plane is turned into voxels, not the voxels into mm
        self._axes = vtkMatrix4x4()
        self._reslice = vtkImageReslice()
        self._reslice.SetInputData(self._image)
        self._reslice.SetOutputDimensionality(2)
        self._reslice.SetOutputSpacing(1, 1, 1)
        self._reslice.SetOutputOrigin(0, 0, 0)
        self._nearest, self._threads = nearest, self._reslice.GetNumberOfThreads()
        if nearest:
            self._reslice.SetInterpolationModeToNearestNeighbor()
        else:
            self._reslice.SetInterpolationModeToLinear()
        self._held: NDArray[np.generic] | None = None
        self.outside = 0.0

    def _hold(self, voxels: NDArray[np.generic]) -> None:
        from vtkmodules.util.numpy_support import numpy_to_vtk

        if voxels is self._held:
            return
        flat = np.ascontiguousarray(voxels)
        if flat.dtype == bool:
            flat = flat.view(np.uint8)
        if flat.dtype == np.float16 or flat.dtype.kind not in "iuf":
            flat = flat.astype(np.float32)
        self._image.GetPointData().SetScalars(numpy_to_vtk(flat.ravel()))
        self._image.Modified()
        self._held = voxels
        whole = flat.dtype.kind in "iu"
        self.outside = float(np.iinfo(flat.dtype).min) if whole else -1e30
        self._reslice.SetBackgroundLevel(self.outside)

    def at(self, raster: Raster, voxels: NDArray[np.generic], slab: Slab = THIN) -> NDArray[np.generic]:
        """(rows, columns) values; outside the grid the least value of the type. voxels: (k, j, i) on this grid."""
        return self.sample(raster.affine, raster.size, voxels, slab)

    def sample(
        self, affine: NDArray[np.float64], size: tuple[int, int], voxels: NDArray[np.generic], slab: Slab = THIN
    ) -> NDArray[np.generic]:
        """The same for any pixels. affine: (4, 4), (column, row, 0, 1) -> LPS mm, its third column along the normal.
        size: (columns, rows)."""
        from vtkmodules.util.numpy_support import vtk_to_numpy

        self._hold(voxels)
        step = min(self.grid.spacing_mm)
        count = min(int(round(slab.thickness_mm / step)) + 1, MOST_SLAB_SLICES) if slab.thickness_mm > 0 else 1
        affine = affine.copy()
        affine[:3, 2] *= (slab.thickness_mm / (count - 1) if count > 1 else step) / np.linalg.norm(affine[:3, 2])
        self._axes.DeepCopy((self._inverse @ affine).ravel().tolist())
        self._reslice.SetResliceAxes(self._axes)
        self._reslice.SetSlabNumberOfSlices(count)
        {"mean": self._reslice.SetSlabModeToMean, "max": self._reslice.SetSlabModeToMax,
         "min": self._reslice.SetSlabModeToMin}[slab.kind]()  # fmt: skip
        columns, rows = size
        self._reslice.SetNumberOfThreads(1 if self._nearest or columns * rows * count < SMALL else self._threads)
        self._reslice.SetOutputExtent(0, columns - 1, 0, rows - 1, 0, 0)
        self._reslice.Update()
        out: Any = self._reslice.GetOutput().GetPointData().GetScalars()
        return np.asarray(vtk_to_numpy(out)).reshape(rows, columns)


class ObliqueSlicer:
    """Slices of one volume and of the labels that go with it.

    Of large volumes a half as fine copy is made beside, one a phase: coarse slices are then quick, since most of their
    time goes into fetching voxels that lie far apart. gap_mm: the step of slices that lie too far apart to look between
    them, which are shown as scanned, the nearest one everywhere; 0 for all others.
    """

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.gap_mm = gap_mm(volume.grid)
        self._grey = Resampler(volume.grid, nearest=self.gap_mm > 0)
        self._shown = 0, volume.data[0]
        self._half = Halves(volume.data, volume.grid, nearest=self.gap_mm > 0)
        self._labels: tuple[LabelMap, Resampler, Halves] | None = None
        self._found: tuple[int, NDArray[np.uint8]] | None = None

    def values(self, raster: Raster, phase: int, slab: Slab = THIN, *, coarse: bool = False) -> NDArray[np.generic]:
        """(rows, columns) in the volume's unit. coarse: half as fine will do, where it is ready."""
        quick = self._half.at(raster, phase, slab) if coarse else None
        if quick is not None:
            return quick
        return self.values_at(raster.affine, raster.size, phase, slab)

    def values_at(
        self, affine: NDArray[np.float64], size: tuple[int, int], phase: int, slab: Slab = THIN
    ) -> NDArray[np.generic]:
        """The same for any pixels: affine (column, row, 0, 1) -> LPS mm, size (columns, rows)."""
        if self._shown[0] != phase:  # the same array object says that nothing has changed
            self._shown = phase, self.volume.data[phase]
        return self._grey.sample(affine, size, self._shown[1], slab)

    def structures(self, raster: Raster, labels: LabelMap, phase: int, *, coarse: bool = False) -> NDArray[np.uint8]:
        """(rows, columns) label values, those of the nearest voxels."""
        phase = min(phase, labels.phases - 1)
        quick = self._of(labels)[2].at(raster, phase) if coarse else None
        if quick is None:
            return self.structures_at(raster.affine, raster.size, labels, phase)
        return quick.astype(np.uint8, copy=False)

    def structures_at(
        self, affine: NDArray[np.float64], size: tuple[int, int], labels: LabelMap, phase: int
    ) -> NDArray[np.uint8]:
        """The same for any pixels, as ``values_at``."""
        phase, resampler = min(phase, labels.phases - 1), self._of(labels)[1]
        if self._found is None or self._found[0] != phase:
            self._found = phase, labels.data[phase]
        return resampler.sample(affine, size, self._found[1]).astype(np.uint8, copy=False)

    def _of(self, labels: LabelMap) -> "tuple[LabelMap, Resampler, Halves]":
        if self._labels is None or self._labels[0] is not labels:
            halves = Halves(labels.data, labels.grid, nearest=True)
            self._labels, self._found = (labels, Resampler(labels.grid, nearest=True), halves), None
        return self._labels

    def touched(self) -> None:
        """The labels have changed in place."""
        self._labels = self._found = None


class Halves:
    """Every second voxel of each phase of a large (t, k, j, i) array, made in a thread when first asked for."""

    def __init__(self, data: NDArray[np.generic], grid: Grid, *, nearest: bool = False) -> None:
        self._data = data
        self._ready: dict[int, NDArray[np.generic]] = {}
        self._large = int(np.prod(grid.shape)) >= LARGE_VOXELS
        affine = grid.affine.copy()
        affine[:3, :3] *= 2.0
        shape = tuple((length + 1) // 2 for length in grid.shape)
        self._resampler = Resampler(Grid(shape, affine), nearest=nearest) if self._large else None  # type: ignore[arg-type]
        self._asked: set[int] = set()

    def at(self, raster: Raster, phase: int, slab: Slab = THIN) -> NDArray[np.generic] | None:
        """(rows, columns) of the half as fine array; None where it is not ready or not worth it."""
        if self._resampler is None:
            return None
        found = self._ready.get(phase)
        if found is None:
            if phase not in self._asked:
                self._asked.add(phase)
                Thread(target=self._make, args=(phase,), daemon=True).start()
            return None
        return self._resampler.at(raster, found, slab)

    def _make(self, phase: int) -> None:
        self._ready[phase] = np.ascontiguousarray(self._data[phase][::2, ::2, ::2])


def slice_of(raster: Raster, pixels: NDArray[np.uint8]) -> SliceImage:
    """The painted pixels with their place in space."""
    spacing, plane = raster.mm_per_px, raster.plane
    letters = letters_of(plane.right, plane.down)
    position = float(plane.origin_mm @ plane.normal)
    return SliceImage(np.ascontiguousarray(pixels), raster.affine, (spacing, spacing), letters, 0, 1, position)
