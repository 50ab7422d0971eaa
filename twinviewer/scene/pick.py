"""From the screen to space and back: pixels of the render window (VTK's origin: lower left), places in LPS mm."""

import numpy as np
import vtk
from numpy.typing import ArrayLike, NDArray


def to_screen(renderer: vtk.vtkRenderer, places_mm: ArrayLike) -> NDArray[np.float64]:
    """(k, 2) pixels at which (k, 3) places are seen."""
    out = []
    for x, y, z in np.asarray(places_mm, float).reshape(-1, 3):
        renderer.SetWorldPoint(x, y, z, 1.0)
        renderer.WorldToDisplay()
        out.append(renderer.GetDisplayPoint()[:2])
    return np.array(out, float).reshape(-1, 2)


def ray(renderer: vtk.vtkRenderer, x: float, y: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the line of sight through a pixel begins, (3,), and its unit direction, (3,)."""
    ends = []
    for depth in (0.0, 1.0):
        renderer.SetDisplayPoint(x, y, depth)
        renderer.DisplayToWorld()
        point = np.array(renderer.GetWorldPoint())
        ends.append(point[:3] / point[3])
    along = ends[1] - ends[0]
    return ends[0], along / np.linalg.norm(along)


def on_ball(
    start_mm: NDArray[np.float64],
    along: NDArray[np.float64],
    centre_mm: ArrayLike,
    radius_mm: float,
    *,
    behind: bool = False,
) -> NDArray[np.float64]:
    """(3,) where a line of sight meets a ball: its near side, or the far one where ``behind``; beside the ball, the
    point of its outline that is nearest to the line."""
    centre = np.asarray(centre_mm, float)
    middle = float((centre - start_mm) @ along)
    closest = start_mm + middle * along
    off = closest - centre
    away = float(np.linalg.norm(off))
    if away >= radius_mm:
        return np.asarray(centre + off * (radius_mm / away))
    half = float(np.sqrt(radius_mm**2 - away**2))
    return np.asarray(closest + (half if behind else -half) * along)


def pixels_per_mm(renderer: vtk.vtkRenderer, place_mm: ArrayLike) -> float:
    """How large a millimetre is at a place, seen straight on."""
    camera = renderer.GetActiveCamera()
    distance = float(np.linalg.norm(np.asarray(camera.GetPosition()) - np.asarray(place_mm, float)))
    height = renderer.GetSize()[1]
    return float(height / (2.0 * distance * np.tan(np.deg2rad(camera.GetViewAngle() / 2.0))))
