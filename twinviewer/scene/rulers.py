"""Lines of one pane: frames of image planes and rulers, with a word beside them. Moved in place."""

from collections.abc import Sequence

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from twinviewer.scene.actors import ball
from twinviewer.scene.palette import rgb
from twinviewer.scene.state import Line

LABEL_PX = 12
BALL_MM = 1.4
IN_FRONT = -66000.0
"""Depth offset, in units of the depth buffer, that puts a line before everything else."""


class _Drawn:
    """The actors of one line. Its corners are written in place."""

    def __init__(self, line: Line, text: str, scale: float) -> None:
        self.line = line
        self._corners = np.zeros((len(line.points_mm), 3), np.float32)
        self._points = vtk.vtkPoints()
        self._points.SetData(numpy_to_vtk(self._corners))
        order = [*range(len(line.points_mm)), *((0,) if line.closed else ())]
        cells = vtk.vtkCellArray()
        if len(order) > 1:
            cells.InsertNextCell(len(order))
            for corner in order:
                cells.InsertCellPoint(corner)
        self._data = vtk.vtkPolyData()
        self._data.SetPoints(self._points)
        self._data.SetLines(cells)
        mapper = vtk.vtkPolyDataMapper()
        mapper.SetInputData(self._data)
        if line.balls:  # a ruler goes through the wall and is seen all the same
            mapper.SetResolveCoincidentTopologyToPolygonOffset()
            mapper.SetRelativeCoincidentTopologyLineOffsetParameters(0, IN_FRONT)
        actor = vtk.vtkActor()
        actor.SetMapper(mapper)
        actor.PickableOff()
        style = actor.GetProperty()
        style.SetColor(*rgb(line.colour))
        style.SetLineWidth(line.width * scale)
        style.LightingOff()
        self.balls = [ball(BALL_MM, line.colour) for _ in line.points_mm] if line.balls else []
        for one in self.balls:
            one.PickableOff()
        self.label = _label(line, text, scale) if line.label else None
        self.actors = [actor, *self.balls, *([] if self.label is None else [self.label])]
        self.move(line)

    def fits(self, line: Line) -> bool:
        """Whether the same actors can show it with other corners and words."""
        old = self.line
        same = (old.colour, old.closed, old.width, old.balls, bool(old.label), len(old.points_mm))
        return same == (line.colour, line.closed, line.width, line.balls, bool(line.label), len(line.points_mm))

    def move(self, line: Line) -> None:
        self.line = line
        self._corners[:] = line.points_mm
        self._points.GetData().Modified()
        self._points.Modified()
        self._data.Modified()
        for one, place in zip(self.balls, line.points_mm, strict=False):
            one.SetPosition(*place)
        if self.label is not None:
            self.label.SetInput(f" {line.label} ")
            middle = len(line.points_mm) // 2
            where = self._corners[middle] if len(self._corners) != 2 else self._corners.mean(axis=0)
            self.label.GetPositionCoordinate().SetValue(*(float(x) for x in where))


def _label(line: Line, text: str, scale: float) -> vtk.vtkTextActor:
    """Flat on the picture, so that nothing stands before it."""
    actor = vtk.vtkTextActor()
    actor.GetPositionCoordinate().SetCoordinateSystemToWorld()
    style = actor.GetTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(int(LABEL_PX * scale))
    style.SetBold(True)
    style.SetColor(*rgb(text if line.balls else line.colour))
    style.SetVerticalJustificationToBottom()
    if line.balls:  # it stands on the heart: a ground of the other tone
        dark = sum(rgb(text)) < 1.5
        style.SetBackgroundColor(*((1.0, 1.0, 1.0) if dark else (0.05, 0.06, 0.08)))
        style.SetBackgroundOpacity(0.7)
    actor.PickableOff()
    return actor


class PaneLines:
    """The lines in one renderer, kept while they only move."""

    def __init__(self, renderer: vtk.vtkRenderer) -> None:
        self._renderer = renderer
        self._drawn: list[_Drawn] = []
        self._look: tuple[str, float] = ("", 0.0)

    def show(self, lines: Sequence[Line], text: str, scale: float) -> None:
        """Draw these. text: colour of the words of rulers."""
        same = self._look == (text, scale) and len(lines) == len(self._drawn)
        if same and all(drawn.fits(line) for drawn, line in zip(self._drawn, lines, strict=True)):
            for drawn, line in zip(self._drawn, lines, strict=True):
                if drawn.line != line:
                    drawn.move(line)
            return
        self.clear()
        self._look = text, scale
        self._drawn = [_Drawn(line, text, scale) for line in lines]
        for drawn in self._drawn:
            for actor in drawn.actors:
                self._renderer.AddViewProp(actor)

    def clear(self) -> None:
        """Take all away."""
        for drawn in self._drawn:
            for actor in drawn.actors:
                self._renderer.RemoveViewProp(actor)
        self._drawn = []
