"""The picture without a screen toolkit: frozen scene states, the Stage that draws them, slices as RGB arrays."""

from typing import Any


def new_plotter(size: tuple[int, int], samples: int = 8) -> Any:
    """An off-screen pyvista plotter with the panes that a Stage expects. size: (width, height) in px.

    samples: of each pixel; 0 halves the time of a frame without a GPU.
    """
    import pyvista
    import vtk

    # Without a display VTK warns of it and goes on with EGL or OSMesa: nothing that a user could act on.
    vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_ERROR)
    from twinviewer.scene.stage import MAX_PANES

    plotter = pyvista.Plotter(
        off_screen=True, shape=(1, MAX_PANES), window_size=list(size), border=False, lighting="none"
    )
    plotter.render_window.SetMultiSamples(samples)
    return plotter
