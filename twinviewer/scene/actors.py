"""Surfaces that move: arrays written in place, so that a frame costs a copy and never a rebuild."""

from typing import Any

import numpy as np
import scipy.sparse as sp
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from twinviewer.scene.hatch import Hatch
from twinviewer.scene.palette import NAN_COLOUR, banded_table, rgb
from twinviewer.scene.state import Colouring


def vtk_table(colouring: Colouring) -> vtk.vtkLookupTable:
    """The VTK lookup table of a colouring; NaN is a neutral grey-brown."""
    colours = banded_table(colouring.map, colouring.low, colouring.high, colouring.band)
    table = vtk.vtkLookupTable()
    table.SetNumberOfTableValues(len(colours))
    table.SetTable(numpy_to_vtk(np.column_stack([colours, np.full(len(colours), 255, np.uint8)]), deep=True))
    table.SetRange(colouring.low, colouring.high if colouring.high > colouring.low else colouring.low + 1e-6)
    table.SetNanColor(*rgb(NAN_COLOUR), 1.0)
    return table


def triangles_to_cells(triangles: NDArray[np.integer]) -> vtk.vtkCellArray:
    """(k, 3) point indices -> vtkCellArray."""
    cells = vtk.vtkCellArray()
    offsets = numpy_to_vtkIdTypeArray(np.arange(0, 3 * len(triangles) + 1, 3, dtype=np.int64), deep=True)
    indices = numpy_to_vtkIdTypeArray(np.ascontiguousarray(triangles.ravel(), dtype=np.int64), deep=True)
    cells.SetData(offsets, indices)
    return cells


def finish(actor: vtk.vtkActor, colour: str, opacity: float, *, cull: bool) -> None:
    """Matte tissue: little specular, weak ambient, smooth shading."""
    surface = actor.GetProperty()
    surface.SetColor(*rgb(colour))
    surface.SetOpacity(opacity)
    surface.SetInterpolationToPhong()
    surface.SetAmbient(0.16)
    surface.SetDiffuse(0.86)
    surface.SetSpecular(0.12)
    surface.SetSpecularPower(18)
    surface.SetBackfaceCulling(cull)


class MovingSurface:
    """One named surface of a mesh as an actor. points/values are given for the whole mesh; only its own are kept."""

    def __init__(self, triangles: NDArray[np.integer], points_mm: NDArray[np.floating]) -> None:
        self.nodes, local = np.unique(triangles, return_inverse=True)
        self._triangles = local.reshape(-1, 3)
        count, faces = len(self.nodes), len(self._triangles)
        # Vertex normal = normalised sum of the area-weighted normals of its triangles, by one sparse product a frame.
        self._gather = sp.csr_matrix(
            (np.ones(3 * faces, np.float32), (self._triangles.ravel(), np.repeat(np.arange(faces), 3))),
            shape=(count, faces),
        )
        self._points = np.empty((count, 3), np.float32)
        self._normals = np.empty((count, 3), np.float32)
        self._values = np.full(count, np.nan, np.float32)
        self._stale = False
        self.polydata = vtk.vtkPolyData()
        self._vtk_points = vtk.vtkPoints()
        self._vtk_points.SetData(numpy_to_vtk(self._points))
        self.polydata.SetPoints(self._vtk_points)
        self.polydata.SetPolys(triangles_to_cells(self._triangles))
        self._vtk_normals = numpy_to_vtk(self._normals)
        self.polydata.GetPointData().SetNormals(self._vtk_normals)
        self._vtk_values = numpy_to_vtk(self._values)
        self._vtk_values.SetName("value")
        self.polydata.GetPointData().SetScalars(self._vtk_values)
        self.mapper = vtk.vtkPolyDataMapper()
        self.mapper.SetInputData(self.polydata)
        self.mapper.SetInterpolateScalarsBeforeMapping(True)
        self.mapper.ScalarVisibilityOff()
        self.actor = vtk.vtkActor()
        self.actor.SetMapper(self.mapper)
        self._hatch = Hatch(self.actor, self.polydata, self.mapper)
        self.move(points_mm)

    def hatch(self, unsure: NDArray[np.bool_] | None, rest_mm: NDArray[np.floating]) -> None:
        """Stripes where a value may be of either sign; unsure (n,) and rest_mm (n, 3) of the whole mesh."""
        self._hatch.show(None if unsure is None else unsure[self.nodes], rest_mm[self.nodes])

    def follow(self, points_mm: NDArray[np.floating], moved: bool) -> None:
        """Move if something moved and this is seen; what is hidden catches up when it is shown."""
        self._stale = self._stale or moved
        if self._stale and self.actor.GetVisibility():
            self.move(points_mm)

    @property
    def points_mm(self) -> NDArray[np.float32]:
        """Where this surface's own points are now, (k, 3) LPS mm."""
        return self._points

    def share(
        self, triangle: int, place_mm: tuple[float, float, float]
    ) -> tuple[tuple[int, int, int], tuple[float, float, float]]:
        """The mesh's nodes of one of its triangles, and the share that each has in a place on it."""
        own = self._triangles[triangle]
        a, b, c = self._points[own].astype(np.float64)
        share, *_ = np.linalg.lstsq(np.stack([b - a, c - a], axis=1), np.asarray(place_mm) - a, rcond=None)
        second, third = np.clip(share, 0.0, 1.0)
        one, two, three = (int(node) for node in self.nodes[own])
        return (one, two, three), (float(1.0 - second - third), float(second), float(third))

    def move(self, points_mm: NDArray[np.floating]) -> None:
        """Write new positions (of the whole mesh) and their normals in place."""
        self._stale = False
        self._points[:] = points_mm[self.nodes]
        corner = self._points[self._triangles]
        normals = self._gather @ np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        self._normals[:] = normals
        self._vtk_points.GetData().Modified()
        self._vtk_points.Modified()
        self._vtk_normals.Modified()
        self.polydata.Modified()

    def paint(self, values: NDArray[np.floating] | None, table: vtk.vtkLookupTable | None) -> None:
        """Show a field (values for the whole mesh) through a table, or the plain colour when values is None."""
        if values is None or table is None or not np.isfinite(values[self.nodes]).any():
            self.mapper.ScalarVisibilityOff()
            return
        self._values[:] = values[self.nodes]
        self._vtk_values.Modified()
        self.polydata.Modified()
        self.mapper.SetLookupTable(table)
        self.mapper.UseLookupTableScalarRangeOn()
        self.mapper.ScalarVisibilityOn()

    def clip(self, plane: vtk.vtkPlane | None) -> None:
        """Hide what lies beyond a plane; None shows everything."""
        self.mapper.RemoveAllClippingPlanes()
        if plane is not None:
            self.mapper.AddClippingPlane(plane)


CAP_REACH_MM = 30.0


class WallCap:
    """The cut face of the wall where a section plane goes through the tetrahedra.

    colours: (m, 3) uint8 of each tetrahedron where structures differ, None where one colour serves all.
    """

    def __init__(
        self,
        tets: NDArray[np.integer],
        points_mm: NDArray[np.floating],
        plane: vtk.vtkPlane,
        colours: NDArray[np.uint8] | None = None,
    ) -> None:
        # A heart moves through a plane by less than this; what is farther away is never cut.
        away = (points_mm - np.array(plane.GetOrigin())) @ np.array(plane.GetNormal())
        corner = away[tets]
        near = (corner.min(axis=1) < CAP_REACH_MM) & (corner.max(axis=1) > -CAP_REACH_MM)
        which = np.nonzero(near)[0] if near.any() else np.arange(min(1, len(tets)))
        tets = tets[which]
        count = int(tets.max()) + 1
        self._points = np.ascontiguousarray(points_mm[:count], np.float32)
        self._values = np.full(count, np.nan, np.float32)
        self.grid = vtk.vtkUnstructuredGrid()
        self._vtk_points = vtk.vtkPoints()
        self._vtk_points.SetData(numpy_to_vtk(self._points))
        self.grid.SetPoints(self._vtk_points)
        cells = vtk.vtkCellArray()
        cells.SetData(
            numpy_to_vtkIdTypeArray(np.arange(0, 4 * len(tets) + 1, 4, dtype=np.int64), deep=True),
            numpy_to_vtkIdTypeArray(np.ascontiguousarray(tets.ravel(), dtype=np.int64), deep=True),
        )
        self.grid.SetCells(vtk.VTK_TETRA, cells)
        self._vtk_values = numpy_to_vtk(self._values)
        self._vtk_values.SetName("value")
        self.grid.GetPointData().SetScalars(self._vtk_values)
        cutter = vtk.vtkPlaneCutter()
        cutter.SetPlane(plane)
        cutter.SetInputData(self.grid)
        cutter.BuildTreeOff()
        self.mapper = vtk.vtkPolyDataMapper()
        surface = vtk.vtkGeometryFilter()
        surface.SetInputConnection(cutter.GetOutputPort())
        self.mapper.SetInputConnection(surface.GetOutputPort())
        self.mapper.SetInterpolateScalarsBeforeMapping(True)
        self.mapper.ScalarVisibilityOff()
        if colours is not None:
            of_cells = numpy_to_vtk(np.ascontiguousarray(colours[which]), deep=True)
            of_cells.SetName("colour")
            self.grid.GetCellData().SetScalars(of_cells)
            self.mapper.SetScalarModeToUseCellData()
            self.mapper.SetColorModeToDirectScalars()
            self.mapper.ScalarVisibilityOn()
        self._by_cell = colours is not None
        self.actor = vtk.vtkActor()
        self.actor.SetMapper(self.mapper)
        self.actor.GetProperty().SetAmbient(0.35)
        self.actor.GetProperty().SetDiffuse(0.7)
        self._hatch = Hatch(self.actor, self.grid, self.mapper)

    def hatch(self, unsure: NDArray[np.bool_] | None, rest_mm: NDArray[np.floating]) -> None:
        """As MovingSurface.hatch."""
        count = len(self._points)
        if not self._by_cell:
            self._hatch.show(None if unsure is None else unsure[:count], rest_mm[:count])

    def move(self, points_mm: NDArray[np.floating]) -> None:
        """Write new positions in place; the cutter runs again at the next render."""
        self._points[:] = points_mm[: len(self._points)]
        self._vtk_points.GetData().Modified()
        self._vtk_points.Modified()
        self.grid.Modified()

    def paint(self, values: NDArray[np.floating] | None, table: vtk.vtkLookupTable | None) -> None:
        """As MovingSurface.paint."""
        if self._by_cell:
            return
        if values is None or table is None:
            self.mapper.ScalarVisibilityOff()
            return
        self._values[:] = values[: len(self._values)]
        self._vtk_values.Modified()
        self.grid.Modified()
        self.mapper.SetLookupTable(table)
        self.mapper.UseLookupTableScalarRangeOn()
        self.mapper.ScalarVisibilityOn()


def ball(radius_mm: float, colour: str) -> Any:
    """A small sphere actor with a source at the origin, moved by SetPosition."""
    source = vtk.vtkSphereSource()
    source.SetRadius(radius_mm)
    source.SetThetaResolution(24)
    source.SetPhiResolution(16)
    mapper = vtk.vtkPolyDataMapper()
    mapper.SetInputConnection(source.GetOutputPort())
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    finish(actor, colour, 1.0, cull=True)
    actor.GetProperty().SetAmbient(0.45)
    return actor
