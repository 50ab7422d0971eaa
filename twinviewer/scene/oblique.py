"""Oblique slices of a volume as RGB: any plane, thin or as a slab (mean, MIP, MinIP), with structures over it.

vtkImageReslice samples on all cores; only the pixels of the pane are made, so that a slice costs what the pane does.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LabelMap, Volume
from twinviewer.geometry.cardiac_planes import Plane
from twinviewer.scene.slices import SliceImage, letters_of

SlabKind = Literal["mean", "max", "min"]
MOST_SLAB_SLICES = 256


@dataclass(frozen=True, slots=True)
class Slab:
    """How thick the slice is and what is made of the thickness: mean, max (MIP) or min (MinIP). 0 mm: a thin slice."""

    kind: SlabKind = "mean"
    thickness_mm: float = 0.0


THIN = Slab()


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
    """One (k, j, i) array on a grid, sampled in any plane. Keeps no copy of the voxels."""

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
        if nearest:
            self._reslice.SetInterpolationModeToNearestNeighbor()
        else:
            self._reslice.SetInterpolationModeToLinear()
        self._held: NDArray[np.generic] | None = None

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
        self._reslice.SetBackgroundLevel(float(np.iinfo(flat.dtype).min) if whole else -1e30)

    def at(self, raster: Raster, voxels: NDArray[np.generic], slab: Slab = THIN) -> NDArray[np.generic]:
        """(rows, columns) values; outside the grid the least value of the type. voxels: (k, j, i) on this grid."""
        from vtkmodules.util.numpy_support import vtk_to_numpy

        self._hold(voxels)
        step = min(self.grid.spacing_mm)
        count = min(int(round(slab.thickness_mm / step)) + 1, MOST_SLAB_SLICES) if slab.thickness_mm > 0 else 1
        affine = raster.affine
        affine[:3, 2] *= slab.thickness_mm / (count - 1) if count > 1 else step
        self._axes.DeepCopy((self._inverse @ affine).ravel().tolist())
        self._reslice.SetResliceAxes(self._axes)
        self._reslice.SetSlabNumberOfSlices(count)
        {"mean": self._reslice.SetSlabModeToMean, "max": self._reslice.SetSlabModeToMax,
         "min": self._reslice.SetSlabModeToMin}[slab.kind]()  # fmt: skip
        columns, rows = raster.size
        self._reslice.SetOutputExtent(0, columns - 1, 0, rows - 1, 0, 0)
        self._reslice.Update()
        out: Any = self._reslice.GetOutput().GetPointData().GetScalars()
        return np.asarray(vtk_to_numpy(out)).reshape(rows, columns)


class ObliqueSlicer:
    """Slices of one volume and of the labels that go with it."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self._grey = Resampler(volume.grid)
        self._labels: tuple[LabelMap, Resampler] | None = None
        self._phase: tuple[int, NDArray[np.generic]] | None = None
        self._label_phase: tuple[object, int, NDArray[np.uint8]] | None = None

    def values(self, raster: Raster, phase: int, slab: Slab = THIN) -> NDArray[np.generic]:
        """(rows, columns) in the volume's unit."""
        if self._phase is None or self._phase[0] != phase:  # the same array object says that nothing has changed
            self._phase = phase, self.volume.data[phase]
        return self._grey.at(raster, self._phase[1], slab)

    def structures(self, raster: Raster, labels: LabelMap, phase: int) -> NDArray[np.uint8]:
        """(rows, columns) label values, those of the nearest voxels."""
        if self._labels is None or self._labels[0] is not labels:
            same = self._labels is not None and self._labels[0].grid.same_as(labels.grid)
            self._labels = labels, self._labels[1] if same and self._labels else Resampler(labels.grid, nearest=True)
            self._label_phase = None
        phase = min(phase, labels.phases - 1)
        if self._label_phase is None or self._label_phase[:2] != (id(labels), phase):
            self._label_phase = id(labels), phase, labels.data[phase]
        return self._labels[1].at(raster, self._label_phase[2]).astype(np.uint8, copy=False)


def slice_of(raster: Raster, pixels: NDArray[np.uint8]) -> SliceImage:
    """The painted pixels with their place in space."""
    spacing, plane = raster.mm_per_px, raster.plane
    letters = letters_of(plane.right, plane.down)
    position = float(plane.origin_mm @ plane.normal)
    return SliceImage(np.ascontiguousarray(pixels), raster.affine, (spacing, spacing), letters, 0, 1, position)
