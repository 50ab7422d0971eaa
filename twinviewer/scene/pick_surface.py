"""What lies under the pointer on the heart."""

from collections.abc import Iterable
from dataclasses import dataclass

import vtk

from twinviewer.scene.actors import MovingSurface


@dataclass(frozen=True, slots=True)
class Pick:
    """What lies under the pointer: the pane, the nearest node of its mesh, the place in LPS mm, and the corners of the
    triangle that it is on with their shares in it."""

    pane: int
    node: int
    position_mm: tuple[float, float, float]
    nodes: tuple[int, int, int] = (0, 0, 0)
    weights: tuple[float, float, float] = (1.0, 0.0, 0.0)


def pick_surface(
    pane: int, renderer: vtk.vtkRenderer, surfaces: Iterable[MovingSurface], x: int, y: int
) -> Pick | None:
    """The place on a surface under a window pixel (VTK's origin: lower left), or None over the background."""
    picker = vtk.vtkCellPicker()
    picker.SetTolerance(0.002)
    if not picker.Pick(x, y, 0, renderer):
        return None
    for surface in surfaces:
        if surface.actor is picker.GetActor():
            node = int(surface.nodes[picker.GetPointId()])
            nodes, weights = surface.share(picker.GetCellId(), picker.GetPickPosition())
            return Pick(pane, node, picker.GetPickPosition(), nodes, weights)
    return None
