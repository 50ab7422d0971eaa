"""Markers of one pane: balls that ride on a node or stand at a place, with a word beside them."""

from collections.abc import Sequence

import numpy as np
import vtk
from numpy.typing import NDArray

from twinviewer.scene.actors import ball
from twinviewer.scene.palette import rgb
from twinviewer.scene.state import Marker

LABEL_PX = 12
BESIDE_PX = 12


class PaneMarkers:
    """Actors of the markers in one renderer, kept until the markers change."""

    def __init__(self, renderer: vtk.vtkRenderer) -> None:
        self._renderer = renderer
        self._shown: tuple[tuple[Marker, ...], str, float] = ((), "", 1.0)
        self._parts: list[tuple[Marker, tuple[vtk.vtkProp3D, ...]]] = []

    @property
    def places_mm(self) -> NDArray[np.float64]:
        """(k, 3) LPS of the markers that stand off the heart: a picture must have room for them."""
        return np.array([m.place_mm for m, _ in self._parts if m.place_mm is not None], float).reshape(-1, 3)

    def show(self, markers: Sequence[Marker], points_mm: NDArray[np.floating], text: str, scale: float) -> None:
        """Draw these at the points' present positions. text: colour of the labels."""
        wanted = (tuple(markers), text, scale)
        if wanted != self._shown:
            self.clear()
            self._shown = wanted
            for row, marker in enumerate(markers):
                parts = (ball(marker.radius_mm, marker.colour), *_label(marker, text, scale, row % 3 - 1))
                for actor in parts:
                    self._renderer.AddActor(actor)
                self._parts.append((marker, parts))
        for marker, parts in self._parts:
            place = points_mm[marker.node] if marker.place_mm is None else marker.place_mm
            for actor in parts:
                actor.SetPosition(*(float(x) for x in place))

    def clear(self) -> None:
        """Take all away."""
        for _, parts in self._parts:
            for actor in parts:
                self._renderer.RemoveActor(actor)
        self._parts, self._shown = [], ((), "", 1.0)


def _label(marker: Marker, text: str, scale: float, row: int) -> tuple[vtk.vtkProp3D, ...]:
    """row: -1 to 1, a little lower or higher, so that words of neighbours that lie behind each other stay apart."""
    if not marker.label:
        return ()
    actor = vtk.vtkBillboardTextActor3D()
    actor.SetInput(marker.label)
    style = actor.GetTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(int(LABEL_PX * scale))
    style.SetBold(True)
    style.SetColor(*rgb(text))
    style.SetVerticalJustificationToCentered()
    actor.SetDisplayOffset(int(BESIDE_PX * scale), int(LABEL_PX * row * scale))
    actor.PickableOff()
    return (actor,)
