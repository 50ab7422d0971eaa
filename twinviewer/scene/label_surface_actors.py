"""Label surfaces in a renderer: an actor a structure, its arrays exchanged when the structure has changed."""

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from twinviewer.scene.actors import finish, triangles_to_cells
from twinviewer.scene.label_surface import LabelShape, LabelSurface


class LabelActors:
    """The label surfaces of one pane."""

    def __init__(self, renderer: vtk.vtkRenderer) -> None:
        self._renderer = renderer
        self._shown: dict[int, tuple[LabelShape, vtk.vtkActor]] = {}

    @property
    def points_mm(self) -> NDArray[np.float32]:
        """(n, 3) all points that are drawn, LPS mm."""
        none = np.zeros((0, 3), np.float32)
        return np.vstack([none, *(shape.surface.points_mm for shape, _ in self._shown.values())])

    def show(self, shapes: tuple[LabelShape, ...]) -> None:
        """Draw these and nothing else."""
        wanted = {shape.surface.value: shape for shape in shapes}
        for value in [value for value in self._shown if value not in wanted]:
            self._renderer.RemoveActor(self._shown.pop(value)[1])
        for value, shape in wanted.items():
            old = self._shown.get(value)
            if old is None:
                actor = vtk.vtkActor()
                actor.SetMapper(vtk.vtkPolyDataMapper())
                self._renderer.AddActor(actor)
            else:
                actor = old[1]
            if old is None or old[0].surface is not shape.surface:
                actor.GetMapper().SetInputData(_polydata(shape.surface))
            if old is None or (old[0].colour, old[0].opacity) != (shape.colour, shape.opacity):
                finish(actor, shape.colour, shape.opacity, cull=shape.opacity < 1)
            self._shown[value] = shape, actor

    def clear(self) -> None:
        """Take all away."""
        self.show(())


def _polydata(surface: LabelSurface) -> vtk.vtkPolyData:
    made = vtk.vtkPolyData()
    points = vtk.vtkPoints()
    points.SetData(numpy_to_vtk(surface.points_mm, deep=True))
    made.SetPoints(points)
    made.SetPolys(triangles_to_cells(surface.triangles))
    made.GetPointData().SetNormals(numpy_to_vtk(surface.normals, deep=True))
    return made
