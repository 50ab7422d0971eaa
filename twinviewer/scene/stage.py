"""The Stage: a render window that shows a SceneState. It updates arrays in place and rebuilds only what is new.

One vtkCamera serves all panes, so paired views cannot drift apart.
"""

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray

from twinviewer.scene import compose
from twinviewer.scene.actors import MovingSurface, WallCap, finish, vtk_table
from twinviewer.scene.electrical import map_at, running_maps
from twinviewer.scene.fibres import HELIX
from twinviewer.scene.framing import camera_for
from twinviewer.scene.legend_strip import LegendStrip, height_px
from twinviewer.scene.motion import same_elements, same_heart
from twinviewer.scene.overlay import OrientationCube, legend_actors, text_actor
from twinviewer.scene.palette import rgb
from twinviewer.scene.pane import Pane
from twinviewer.scene.pick_surface import Pick, pick_surface
from twinviewer.scene.state import Camera, PaneState, SceneState, Section

MAX_PANES = 4
"""Three scenarios and a difference."""


class Stage:
    """Draws SceneStates into a pyvista plotter (off screen or a Qt interactor) made with ``shape=(1, MAX_PANES)``."""

    def __init__(self, plotter: Any) -> None:
        self.plotter = plotter
        self.window: vtk.vtkRenderWindow = plotter.render_window
        renderers = list(plotter.renderers)[:MAX_PANES]
        self.camera = vtk.vtkCamera()
        self.camera.SetViewAngle(24)
        self._panes = []
        for renderer in renderers:
            renderer.RemoveAllLights()
            renderer.AutomaticLightCreationOff()
            for position, strength in (((-0.7, 0.9, 1.0), 0.92), ((0.9, -0.3, 0.7), 0.34)):
                light = vtk.vtkLight()
                light.SetLightTypeToCameraLight()
                light.SetPosition(*position)
                light.SetFocalPoint(0, 0, 0)
                light.SetIntensity(strength)
                renderer.AddLight(light)
            renderer.SetActiveCamera(self.camera)
            self._panes.append(Pane(renderer))
        self.cube = OrientationCube(self.window)
        self.strip = LegendStrip(self.window)
        self.footer = text_actor(11, "#94A0AF")
        self.footer.SetPosition(0.02, 0.02)
        self._panes[0].renderer.AddViewProp(self.footer)
        self._plane = vtk.vtkPlane()
        self._state: SceneState | None = None
        self._laid_out: tuple[int, int, int] = (0, 0, 0)
        self._framed: str = ""
        self.window.AddObserver("StartEvent", self._before_render)

    def _before_render(self, *_: object) -> None:
        self._lay_out()
        self.cube.follow(self.camera)
        for pane in self._panes:
            if pane.state is not None:
                pane.renderer.ResetCameraClippingRange()
                pane.title.place()

    @property
    def state(self) -> SceneState | None:
        """What is shown now."""
        return self._state

    def apply(self, state: SceneState) -> None:
        """Show ``state``. Does not render: the caller does (``widget.update()`` or ``window.Render()``)."""
        old = self._state
        count = min(len(state.panes), len(self._panes))
        seen = old is not None and old.panes and count and old.panes[0].mesh.uid == self._framed
        corrected = bool(seen) and same_heart(old.panes[0].mesh, state.panes[0].mesh)
        for index, pane in enumerate(self._panes):
            if index < count:
                self._update_pane(pane, state.panes[index], state, old)
            elif pane.state is not None:
                pane.clear()
        if old is None or (old.footer, old.quiet, old.scale) != (state.footer, state.quiet, state.scale):
            self.footer.SetInput(state.footer)
            self._laid_out = (0, 0, 0)
            self.footer.GetTextProperty().SetColor(*rgb(state.quiet))
            self.footer.GetTextProperty().SetFontSize(int(11 * state.scale))
        for pane in self._panes:
            pane.renderer.SetBackground(*rgb(state.background))
        self._state = state
        self._lay_out()
        if state.camera is not None and (old is None or old.camera != state.camera):
            self.look(state.camera)
        elif state.panes and self._framed != state.panes[0].mesh.uid:
            if corrected:  # the same model, bent: the eye stays where it is
                self._framed = state.panes[0].mesh.uid
            else:
                self.frame()

    def _lay_out(self) -> None:
        """Panes in a row, under them the legends where there are several; done anew when the window has changed."""
        state = self._state
        if state is None:
            return
        width, height = self.window.GetSize()
        count = min(len(state.panes), len(self._panes))
        below = min(height_px(state), height // 2)
        self.strip.show(state, width, height)
        if (now := (width, height, 1000 * below + count)) == self._laid_out:
            return
        self._laid_out = now
        floor = below / max(height, 1)
        for index, pane in enumerate(self._panes):
            shown = index < count
            pane.renderer.SetDraw(shown)
            if shown:
                pane.renderer.SetViewport(index / count, floor, (index + 1) / count, 1.0)
            else:
                pane.renderer.SetViewport(0.0, 0.0, 1e-3, 1e-3)
        self.footer.SetVisibility(not below)
        self.cube.place(width, height, below)

    def _update_pane(self, pane: Pane, new: PaneState, state: SceneState, old: SceneState | None) -> None:
        before = pane.state
        time_s = new.own_time(state.time_s)
        points = new.points_at(time_s)
        if before is None or not same_elements(before.mesh, new.mesh):
            pane.clear()
            before = None
            for name, triangles in new.mesh.surfaces.items():
                if any(s.name == name for s in new.structures) and len(triangles):
                    surface = MovingSurface(triangles, points)
                    pane.surfaces[name] = surface
                    pane.renderer.AddActor(surface.actor)
        moved = before is None or old is None or old.time_s != state.time_s
        moved = moved or before is None or before.run is not new.run or before.beat_s != new.beat_s
        moved = moved or before.mesh is not new.mesh or before.exaggeration != new.exaggeration
        moved = moved or (before.time_scale, before.shift_s) != (new.time_scale, new.shift_s)
        values = self._values(new, time_s)
        if before is None or before.structures != new.structures:
            for structure in new.structures:
                if structure.name in pane.surfaces:
                    shown = pane.surfaces[structure.name]
                    shown.actor.SetVisibility(structure.visible and structure.opacity > 0)
                    finish(shown.actor, structure.colour, structure.opacity, cull=structure.opacity < 1)
        alone = old is not None and (len(old.panes) == 1) == (len(state.panes) == 1)
        if before is None or before.colouring != new.colouring or old is None or old.text != state.text or not alone:
            pane.table = vtk_table(new.colouring) if new.colouring.field else None
            shown_legend = bool(new.colouring.field) and state.legend and len(state.panes) == 1
            pane.show_legend(legend_actors(new.colouring, state.text, state.scale) if shown_legend else ())
        self._cut(pane, new, state.section, old, points)
        for shown in pane.surfaces.values():
            shown.follow(points, moved)
        if moved and pane.cap is not None:
            pane.cap.move(points)
        for shown in pane.surfaces.values():
            shown.paint(values, pane.table)
            shown.hatch(new.unsure, new.mesh.points_mm)
        if pane.cap is not None:
            pane.cap.paint(values, pane.table)
            pane.cap.hatch(new.unsure, new.mesh.points_mm)
        if new.fibres:
            cut = self._plane if state.section is not None else None
            pane.fibres.show(new.mesh, points, pane.table if new.colouring.field == HELIX.field else None, cut, moved)
        else:
            pane.fibres.hide()
        pane.labels.show(new.labels)
        pane.markers.show(new.markers, points, state.text, state.scale)
        pane.lines.show(state.lines, state.text, state.scale)
        whole = state.volume if pane is self._panes[0] else None
        pane.volume.show(whole, self._plane if state.section is not None else None)
        more = "" if new.exaggeration == 1.0 else f"motion × {new.exaggeration:g}"
        note = "  ·  ".join(part for part in (new.note, more) if part)
        pane.title.say(new.title, note, new.accent, state.text, state.quiet, state.background, state.scale)
        pane.state = new

    @staticmethod
    def _values(new: PaneState, time_s: float) -> NDArray[np.floating] | None:
        if not new.colouring.field:
            return None
        if new.values is not None:
            return new.values
        run = new.run
        if run is not None and (new.colouring.field in run.fields or new.colouring.field in run.moving_fields):
            return run.field_at(new.colouring.field, time_s)
        if new.colouring.field in running_maps(run):
            assert run is not None
            return map_at(run, new.colouring.field, time_s)
        if new.colouring.field in new.mesh.point_fields:
            values = new.mesh.point_fields[new.colouring.field].astype(np.float32)
            values[new.mesh.wall_points :] = np.nan  # chambers and vessels keep their own colours
            return values
        return None

    def _cut(
        self, pane: Pane, new: PaneState, section: Section | None, old: SceneState | None, points: NDArray[np.floating]
    ) -> None:
        """Clip every surface and cap the wall, following the section plane."""
        if section is None:
            if pane.cap is not None:
                pane.renderer.RemoveActor(pane.cap.actor)
                pane.cap = None
            if old is not None and old.section is not None:
                for surface in pane.surfaces.values():
                    surface.clip(None)
            return
        look = tuple((s.colour, s.visible) for s in new.structures) if "structure" in new.mesh.cell_fields else ()
        moved = old is not None and old.section != section  # it holds only what lay near the plane
        if pane.cap is not None and (moved or look != pane.cap_look):
            pane.renderer.RemoveActor(pane.cap.actor)
            pane.cap = None
        self._plane.SetOrigin(*section.origin_mm)
        self._plane.SetNormal(*(-component for component in section.normal))
        for surface in pane.surfaces.values():
            surface.clip(self._plane)
        if pane.cap is None and len(new.mesh.tets) and (not look or any(visible for _, visible in look)):
            pane.cap_look = look
            tets, colours = compose.cut_cells(new.mesh, new.structures)
            pane.cap = WallCap(tets, points, self._plane, colours)
            wall = next((s for s in new.structures if s.name == "myocardium"), None)
            pane.cap.actor.GetProperty().SetColor(*rgb(wall.colour if wall is not None else "#C96A5B"))
            pane.renderer.AddActor(pane.cap.actor)

    def look(self, camera: Camera) -> None:
        """Set the shared camera."""
        self.camera.SetPosition(*camera.position_mm)
        self.camera.SetFocalPoint(*camera.focus_mm)
        self.camera.SetViewUp(*camera.up)
        if self._state is not None and self._state.panes:
            self._framed = self._state.panes[0].mesh.uid

    def frame(
        self,
        direction: tuple[float, float, float] | None = None,
        up: tuple[float, float, float] = (0, 0, 1),
        *,
        tight: bool = False,
    ) -> None:
        """Fit the heart into the pane, seen along ``direction`` (default: from the left front and a little above).

        tight: fit the ventricles alone.
        """
        shown = [pane for pane in self._panes if len(pane.framed_mm(tight))]
        if not shown:
            return
        width, height = self.window.GetSize()
        height -= 0 if self._state is None else height_px(self._state)
        aspect = max(width / max(len(shown), 1), 1) / max(height, 1)
        self.look(camera_for(shown[0].framed_mm(tight), direction, up, self.camera.GetViewAngle(), aspect))
        first = shown[0].state
        self._framed = first.mesh.uid if first is not None else self._framed

    def current_camera(self) -> Camera:
        """The camera as the user has turned it."""
        return Camera(self.camera.GetPosition(), self.camera.GetFocalPoint(), self.camera.GetViewUp())

    def renderer(self, pane: int = 0) -> vtk.vtkRenderer:
        """The renderer of a pane, to go from the screen to space (pick.py)."""
        return self._panes[pane].renderer

    def pick(self, x: int, y: int) -> Pick | None:
        """The node under a window pixel (VTK's origin: lower left), or None over the background."""
        width, _ = self.window.GetSize()
        shown = [pane for pane in self._panes if pane.state is not None]
        if not shown or (self._state is not None and y < height_px(self._state)):
            return None
        index = min(int(x * len(shown) / max(width, 1)), len(shown) - 1)
        return pick_surface(index, shown[index].renderer, shown[index].surfaces.values(), x, y)
