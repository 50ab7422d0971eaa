"""Where the eye stands so that something is seen whole."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.scene.state import Camera

FROM = (-0.45, 0.85, -0.22)
"""The usual look: from the left front and a little above."""
ROOM = 1.04


def camera_for(
    points_mm: NDArray[np.floating],
    direction: tuple[float, float, float] | None,
    up: tuple[float, float, float],
    view_angle_deg: float,
    aspect: float,
) -> Camera:
    """A camera that sees all (n, 3) LPS points along a direction. aspect: width over height of the pane."""
    view = np.array(direction if direction is not None else FROM, float)
    view /= np.linalg.norm(view)
    centre = (points_mm.min(axis=0) + points_mm.max(axis=0)) / 2
    radius = float(np.linalg.norm(points_mm - centre, axis=1).max())
    distance = ROOM * radius / np.sin(np.deg2rad(view_angle_deg / 2)) / min(1.0, aspect)
    return Camera(tuple(centre - distance * view), tuple(centre), up)
