"""One pane of the Stage: its renderer and the actors that are kept between states."""

import numpy as np
import vtk
from numpy.typing import NDArray

from twinviewer.scene.actors import MovingSurface, WallCap
from twinviewer.scene.fibres import FibreActor
from twinviewer.scene.label_surface_actors import LabelActors
from twinviewer.scene.markers import PaneMarkers
from twinviewer.scene.pane_title import PaneTitle
from twinviewer.scene.rulers import PaneLines
from twinviewer.scene.state import PaneState
from twinviewer.scene.volume_render import VolumeActor

_FRAMED = ("myocardium", "la", "ra")


class Pane:
    """The actors of one pane, kept between states."""

    def __init__(self, renderer: vtk.vtkRenderer) -> None:
        self.renderer = renderer
        self.state: PaneState | None = None
        self.surfaces: dict[str, MovingSurface] = {}
        self.markers = PaneMarkers(renderer)
        self.lines = PaneLines(renderer)
        self.labels = LabelActors(renderer)
        self.volume = VolumeActor(renderer)
        self.fibres = FibreActor(renderer)
        self.cap: WallCap | None = None
        self.cap_look: tuple[tuple[str, bool], ...] = ()
        self.table: vtk.vtkLookupTable | None = None
        self.legend: tuple[vtk.vtkProp, ...] = ()
        self.title = PaneTitle(renderer)

    def clear(self) -> None:
        for surface in self.surfaces.values():
            self.renderer.RemoveActor(surface.actor)
        self.markers.clear()
        self.lines.clear()
        self.volume.show(None)
        self.fibres.hide()
        self.labels.clear()
        if self.cap is not None:
            self.renderer.RemoveActor(self.cap.actor)
        self.show_legend(())
        self.surfaces, self.cap, self.state = {}, None, None

    def framed_mm(self, tight: bool) -> NDArray[np.floating]:
        """(n, 3) what is to be seen whole: labels, else heart or ventricles, else the volume; and markers."""
        # Great vessels may leave the picture: framed by them, the heart itself would be small.
        wanted = [
            self.surfaces[name] for name in _FRAMED if name in self.surfaces and not (tight and name != _FRAMED[0])
        ]
        points: NDArray[np.floating] = self.labels.points_mm
        if not len(points) and self.surfaces:
            points = np.vstack([surface.points_mm for surface in wanted or self.surfaces.values()])
        if not len(points):
            points = self.volume.corners_mm
        return np.vstack([points, self.markers.places_mm])

    def show_legend(self, parts: tuple[vtk.vtkProp, ...]) -> None:
        for prop in self.legend:
            self.renderer.RemoveViewProp(prop)
        for prop in parts:
            self.renderer.AddViewProp(prop)
        self.legend = parts
