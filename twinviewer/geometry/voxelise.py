"""Closed surfaces as voxels: a voxel belongs where its centre lies inside, by VTK's scan of each slice."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid

Array = NDArray[np.float64]


def inside_surface(points_mm: Array, triangles: NDArray[np.integer], grid: Grid) -> NDArray[np.bool_]:
    """(k, j, i) True where voxel centres lie inside the closed surface; a shell within a shell is hollow.

    points_mm: (n, 3) LPS; triangles: (m, 3) in either sense. The grid may be turned or sheared: the surface is taken to
    its indices.
    """
    import pyvista as pv
    from vtkmodules.vtkImagingStencil import vtkPolyDataToImageStencil

    out = np.zeros(grid.shape, dtype=np.bool_)
    ijk = grid.to_ijk(points_mm)
    low = np.maximum(np.floor(ijk.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(ijk.max(axis=0)).astype(int), np.array(grid.shape[::-1]) - 1)
    if (high < low).any():
        return out
    shape = pv.PolyData.from_regular_faces(ijk, np.asarray(triangles, dtype=int))
    stencil = vtkPolyDataToImageStencil()
    stencil.SetInputData(shape)
    stencil.SetOutputSpacing(1.0, 1.0, 1.0)
    stencil.SetOutputOrigin(0.0, 0.0, 0.0)
    stencil.SetOutputWholeExtent(low[0], high[0], low[1], high[1], low[2], high[2])
    stencil.SetTolerance(0.0)
    stencil.Update()
    data = stencil.GetOutput()
    size = high - low + 1
    box = np.zeros(size[::-1], dtype=np.bool_)
    _fill(box, data, low, high)
    out[low[2] : high[2] + 1, low[1] : high[1] + 1, low[0] : high[0] + 1] = box
    return out


def _fill(box: NDArray[np.bool_], stencil: object, low: NDArray[np.int_], high: NDArray[np.int_]) -> None:
    """The stencil's runs as an image, by VTK too: run by run in Python would take seconds."""
    import pyvista as pv
    from vtkmodules.vtkImagingStencil import vtkImageStencil

    k, j, i = box.shape
    ones = pv.ImageData(dimensions=(i, j, k))
    ones.SetExtent(low[0], high[0], low[1], high[1], low[2], high[2])
    ones.point_data["in"] = np.ones(i * j * k, dtype=np.uint8)
    cut = vtkImageStencil()
    cut.SetInputData(ones)
    cut.SetStencilData(stencil)
    cut.SetBackgroundValue(0)
    cut.Update()
    box[:] = np.asarray(pv.wrap(cut.GetOutput()).point_data["in"]).reshape(k, j, i) > 0


def grid_round(low_mm: Array, high_mm: Array, smallest_ml: float) -> Grid:
    """A grid along the patient's axes round a box, with a margin, fine enough for the mesh in it.

    About 150 voxels along the longest edge, between 0.4 and 3 mm, and finer where the smallest part asks for it, so
    that it still has some hundred voxels.
    """
    longest = float((high_mm - low_mm).max())
    spacing = float(np.clip(longest / 150.0, 0.4, 3.0))
    if smallest_ml > 0:
        spacing = min(spacing, max((1000.0 * smallest_ml / 300.0) ** (1 / 3), 0.4))
    spacing = max(spacing, longest / 400.0)
    margin = 6.0 * spacing
    counts = np.ceil((high_mm - low_mm + 2 * margin) / spacing).astype(int) + 1
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = low_mm - margin
    i, j, k = (int(one) for one in counts)
    return Grid((k, j, i), affine)
