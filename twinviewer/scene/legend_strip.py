"""Legends under hearts that stand side by side: one bar for all panes that share a colouring, never over a heart."""

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from twinviewer.scene.overlay import text_actor
from twinviewer.scene.palette import banded_table, lookup_table, rgb
from twinviewer.scene.state import Colouring, SceneState

TITLE_PX, TICK_PX, FOOT_PX = 12, 11, 11
BAR_PX, MOST_PX, SIDE_PX = 9, 280, 22
LEGEND_PX, FOOTER_PX = 46, 20
TICKS = 5


def groups(state: SceneState) -> tuple[tuple[int, int, Colouring], ...]:
    """(first pane, number of panes, colouring) of neighbours that are coloured alike."""
    found: list[tuple[int, int, Colouring]] = []
    for index, pane in enumerate(state.panes):
        if found and found[-1][2] == pane.colouring:
            first, count, colouring = found[-1]
            found[-1] = (first, count + 1, colouring)
        else:
            found.append((index, 1, pane.colouring))
    return tuple(found)


def height_px(state: SceneState) -> int:
    """How much room the strip needs under the panes of a state; none where one heart stands alone."""
    if len(state.panes) < 2:
        return 0
    legend = state.legend and any(pane.colouring.field for pane in state.panes)
    return int(state.scale * ((LEGEND_PX if legend else 0) + (FOOTER_PX if state.footer else 0)))


class LegendStrip:
    """Its own renderer along the lower edge of the window."""

    def __init__(self, window: vtk.vtkRenderWindow) -> None:
        self.renderer = vtk.vtkRenderer()
        self.renderer.InteractiveOff()
        self.renderer.SetDraw(False)
        self.renderer.SetViewport(0.0, 0.0, 1.0, 1e-3)
        window.AddRenderer(self.renderer)
        self._parts: list[vtk.vtkProp] = []
        self._drawn: tuple[object, ...] = ()

    def show(self, state: SceneState, width: int, height: int) -> None:
        """Draw the legends of a state for a window of this size; nothing is done where nothing has changed."""
        tall = height_px(state)
        kinds = groups(state)
        key = (tall, width, height, kinds, state.text, state.quiet, state.footer, state.scale, state.background)
        if key == self._drawn:
            return
        self._drawn = key
        for part in self._parts:
            self.renderer.RemoveViewProp(part)
        self._parts = []
        self.renderer.SetDraw(tall > 0)
        self.renderer.SetViewport(0.0, 0.0, 1.0, max(tall / max(height, 1), 1e-3))
        self.renderer.SetBackground(*rgb(state.background))
        if not tall:
            return
        pane_px = width / len(state.panes)
        if state.legend:
            for first, count, colouring in kinds:
                if colouring.field:
                    self._legend(colouring, first * pane_px, count * pane_px, tall, state, count)
        if state.footer:
            self._word(state.footer, 8 * state.scale, 5 * state.scale, state.quiet, FOOT_PX, state.scale)
        for part in self._parts:
            self.renderer.AddViewProp(part)

    def _legend(self, colouring: Colouring, left: float, wide: float, tall: int, state: SceneState, count: int) -> None:
        s = state.scale
        long = min(wide - 2 * SIDE_PX * s, MOST_PX * s)
        if long < 40:
            return
        start, base = left + (wide - long) / 2, tall - (LEGEND_PX - 17) * s
        title = f"{colouring.title}, {colouring.unit}" if colouring.unit else colouring.title
        self._parts.append(_bar(colouring, start, base, long, BAR_PX * s))
        self._word(title, left + wide / 2, base + 13 * s, state.text, TITLE_PX, s, "centre")
        if colouring.names:
            step = long / len(colouring.names)
            for k, name in enumerate(colouring.names):
                self._word(name, start + (k + 0.5) * step, base - 13 * s, state.text, TICK_PX, s, "centre")
            return
        values = np.linspace(colouring.low, colouring.high, TICKS)
        decimals = 0 if np.allclose(values, np.round(values), atol=0.051 * (values[1] - values[0])) else 1
        decimals = decimals if values[1] - values[0] >= 0.1 else 2
        for value in values:
            x = start + long * (value - colouring.low) / max(colouring.high - colouring.low, 1e-12)
            text = f"{value:.{decimals}f}".replace("-", "−") if abs(value) > 1e-12 else "0"
            self._word(text, x, base - 13 * s, state.text, TICK_PX, s, "centre")
        if colouring.ends and wide >= 190 * s:
            low, high = colouring.ends
            self._ends(low, high, title, left, wide, base + 13 * s, state)

    def _ends(self, low: str, high: str, title: str, left: float, wide: float, y: float, state: SceneState) -> None:
        """What both ends mean, on the title's line where they fit beside it."""
        s = state.scale
        need = (len(title) * 5.9 + 2 * 5.6 * max(len(low), len(high)) + 28) * s
        if need > wide:
            return
        self._word(low, left + 8 * s, y, state.quiet, TICK_PX, s)
        self._word(high, left + wide - 8 * s, y, state.quiet, TICK_PX, s, "right")

    def _word(self, text: str, x: float, y: float, colour: str, size: int, scale: float, side: str = "left") -> None:
        actor = text_actor(int(size * scale), colour)
        actor.GetPositionCoordinate().SetCoordinateSystemToViewport()
        actor.SetInput(text)
        actor.SetPosition(x, y)
        if side == "centre":
            actor.GetTextProperty().SetJustificationToCentered()
        elif side == "right":
            actor.GetTextProperty().SetJustificationToRight()
        self._parts.append(actor)


def _bar(colouring: Colouring, x: float, y: float, long: float, thick: float) -> vtk.vtkActor2D:
    """A row of upright slices, one a pixel, in the viewport's pixels."""
    count = max(int(long), 8)
    colours = (
        np.repeat(lookup_table(colouring.map, 2 * len(colouring.names) - 1)[::2], count // len(colouring.names), axis=0)
        if colouring.names
        else banded_table(colouring.map, colouring.low, colouring.high, colouring.band, count)
    )
    count = len(colours)
    along = x + np.linspace(0.0, long, count + 1)
    points = np.zeros((2 * (count + 1), 3), np.float32)
    points[0::2, 0] = points[1::2, 0] = along
    points[0::2, 1], points[1::2, 1] = y, y + thick
    first = 2 * np.arange(count)
    quads = np.stack([first, first + 2, first + 3, first + 1], axis=1).astype(np.int64)
    cells = vtk.vtkCellArray()
    cells.SetData(
        numpy_to_vtkIdTypeArray(np.arange(0, 4 * count + 1, 4, dtype=np.int64), deep=True),
        numpy_to_vtkIdTypeArray(quads.ravel(), deep=True),
    )
    surface = vtk.vtkPolyData()
    place = vtk.vtkPoints()
    place.SetData(numpy_to_vtk(points, deep=True))
    surface.SetPoints(place)
    surface.SetPolys(cells)
    surface.GetCellData().SetScalars(numpy_to_vtk(np.ascontiguousarray(colours), deep=True))
    frame = vtk.vtkCoordinate()
    frame.SetCoordinateSystemToViewport()
    mapper = vtk.vtkPolyDataMapper2D()
    mapper.SetInputData(surface)
    mapper.SetTransformCoordinate(frame)
    mapper.SetScalarModeToUseCellData()
    mapper.SetColorModeToDirectScalars()
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    return actor
