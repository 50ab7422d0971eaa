"""Stripes over what is not sure: a texture laid over the colours of a surface, fixed to the heart at rest.

Colours stay readable between the stripes. One coordinate of the texture runs across the stripes, the other says whether
there are any, so that between a sure node and an unsure one they end halfway.
"""

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

PITCH_MM = 7.0
"""From stripe to stripe: wider than the mesh's triangles, narrower than a segment."""
ACROSS = np.array([0.48, 0.36, 0.80])
SHADE = 120
"""Of 255: how much of the colour is left in a stripe."""


def texture() -> vtk.vtkTexture:
    """Left to right: a third of a pitch dark, the rest clear. Lower half: no stripes."""
    width, height = 64, 16
    grey = np.full((height, width), 255, np.uint8)
    grey[height // 2 :, : width // 3] = SHADE
    image = vtk.vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.repeat(grey.ravel()[:, None], 3, axis=1), deep=True))
    made = vtk.vtkTexture()
    made.SetInputData(image)
    made.SetColorModeToDirectScalars()
    made.InterpolateOn()
    made.RepeatOn()
    return made


def coordinates(points_mm: NDArray[np.floating], unsure: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(n, 2) texture coordinates of points (n, 3) LPS mm at rest; unsure: (n,) where stripes are."""
    made = np.empty((len(points_mm), 2), np.float32)
    made[:, 0] = points_mm @ (ACROSS / np.linalg.norm(ACROSS)) / PITCH_MM
    made[:, 1] = np.where(unsure, 0.75, 0.25)
    return made


class Hatch:
    """The stripes of one actor. They cost a coordinate a node, and nothing a frame."""

    def __init__(self, actor: vtk.vtkActor, data: vtk.vtkDataSet, mapper: vtk.vtkPolyDataMapper) -> None:
        self._actor, self._data, self._mapper = actor, data, mapper
        self._shown: NDArray[np.bool_] | None = None

    def show(self, unsure: NDArray[np.bool_] | None, rest_mm: NDArray[np.floating]) -> None:
        """Stripes where ``unsure`` of the data's points, None for none at all. rest_mm: (n, 3), of the same points."""
        if unsure is None or not unsure.any():
            if self._shown is not None:
                self._shown = None
                self._actor.SetTexture(None)
                self._data.GetPointData().SetTCoords(None)
                self._mapper.SetInterpolateScalarsBeforeMapping(True)
            return
        if self._shown is not None and np.array_equal(self._shown, unsure):
            return
        found = numpy_to_vtk(coordinates(rest_mm, unsure), deep=True)
        found.SetName("hatch")
        self._data.GetPointData().SetTCoords(found)
        if self._shown is None:
            # The mapper can lay one texture only, and interpolating values before colours is one.
            self._mapper.SetInterpolateScalarsBeforeMapping(False)
            self._actor.SetTexture(texture())
        self._shown = unsure.copy()
