"""An off-screen stage, and the SceneState that shows a whole case: baseline beside therapy under one camera."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyvista
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from twinviewer.domain import RenderError
from twinviewer.report import MEASURED_ONLY, OF_NUMBERS, RESEARCH_ONLY, TYPED_ONLY
from twinviewer.scene import compose
from twinviewer.scene.measured import beat_of
from twinviewer.scene.stage import MAX_PANES, Stage
from twinviewer.scene.state import Marker, SceneState
from twinviewer.session import catalog
from twinviewer.session.case import Case, Scenario
from twinviewer.session.comparison import compare


@contextmanager
def off_screen(size: tuple[int, int], samples: int = 8) -> Iterator[Stage]:
    """A Stage without a window: size (width, height) in px, samples of each pixel; GLX, EGL or OSMesa, as VTK finds.

    Raises RenderError when no renderer works.
    """
    from twinviewer.scene import new_plotter

    try:
        plotter = new_plotter(size, samples)
    except (RuntimeError, pyvista.PyVistaEnvironmentError) as error:
        raise RenderError(
            "No 3D renderer could be started", remedy="Install Mesa (libgl1-mesa-dri, libegl1)"
        ) from error
    try:
        yield Stage(plotter)
    finally:
        plotter.close()


def grab(stage: Stage) -> NDArray[np.uint8]:
    """Render and return (h, w, 3) uint8, top row first."""
    stage.window.Render()
    reader = vtk.vtkWindowToImageFilter()
    reader.SetInput(stage.window)
    reader.SetInputBufferTypeToRGB()
    reader.ReadFrontBufferOff()
    reader.ShouldRerenderOff()
    reader.Update()
    image = reader.GetOutput()
    width, height, _ = image.GetDimensions()
    flat = vtk_to_numpy(image.GetPointData().GetScalars())
    return np.ascontiguousarray(flat.reshape(height, width, 3)[::-1])


def footer(case: Case) -> str:
    """The line under every picture."""
    simulated = any(s.run is not None for s in case.scenarios)
    synthetic = " · SYNTHETIC patient" if case.active_series is not None and case.active_series.synthetic else ""
    if case.typed:
        notice = f"{OF_NUMBERS.strip(' ·')} · {RESEARCH_ONLY}" if simulated else TYPED_ONLY
    else:
        notice = RESEARCH_ONLY if simulated else MEASURED_ONLY
    return f"{case.patient.pseudonym}{synthetic} · {notice}".lstrip(" ·")


def beat_s(case: Case) -> float:
    """How long the measured beat lasts: the R-R of the images, 1 s where no header says."""
    return beat_of(case.image)


def lead_markers(scenario: Scenario) -> tuple[Marker, ...]:
    """The pacing sites of a scenario: what was added to muscle by a therapy."""
    return tuple(
        Marker(stimulus.name, stimulus.node, "#FFE08A", 3.2)
        for stimulus in scenario.setup.stimuli
        if stimulus.layer == "myocardium"
    )


def scene_of(
    case: Case, colour_by: str = "", *, difference: bool = False, cut: bool = False, chosen: tuple[str, ...] = ()
) -> SceneState:
    """All simulated scenarios of a case side by side (at most three panes), or its mesh at rest.

    colour_by: a field name or "" for anatomy. difference: a last pane with other - baseline. cut: the long-axis
    section. chosen: names of the scenarios to show, default baseline and the first treated ones.
    """
    if case.mesh is None:
        raise RenderError("There is no model to draw yet", remedy="Build the model first")
    organ = catalog.organs()[case.organ]
    shown = compose.structures(case.mesh, organ.styles)
    ready = [s for s in case.scenarios if s.run is not None and (not chosen or s.name in chosen)]
    runs = [s.run for s in ready if s.run is not None]
    colour = compose.colouring(colour_by, runs, case.mesh)
    period_s = runs[0].period_s if runs else None
    panes = [
        compose.pane(s.label, case.mesh, shown, s.run, colour, lead_markers(s), s.colour, period_s)
        for s in ready[: MAX_PANES - int(difference)]
    ]
    if difference and len(ready) > 1 and ready[1].run is not None:
        last = compose.difference_pane(case.mesh, shown, ready[1].run, compare(ready[0], ready[1]), period_s=period_s)
        panes += [last] if last is not None else []
    if not panes:
        moves = case.mesh.motion_mm is not None
        title = "Measured motion" if moves else organ.label
        title = "Scaled from typed numbers" if case.typed else title
        panes = [compose.pane(title, case.mesh, shown, None, colour, period_s=beat_s(case) if moves else None)]
    section = compose.long_axis_section(case.mesh) if cut else None
    return SceneState(tuple(panes), section=section, footer=footer(case))


def cut_view(state: SceneState) -> tuple[tuple[float, float, float] | None, tuple[float, float, float]]:
    """Look along the section's normal, apex down, when the heart is cut open; else the standard view."""
    section, panes = state.section, state.panes
    if section is None:
        return None, (0.0, 0.0, 1.0)
    direction = tuple(-float(c) for c in section.normal)
    return direction, compose.section_up(panes[0].mesh)  # type: ignore[return-value]
