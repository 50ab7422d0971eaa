"""Where the eye stands so that something is seen whole."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.scene.state import Camera

FROM = (-0.45, 0.85, -0.22)
"""The usual look: from the left front and a little above."""
ROOM = 1.04
NARROW, NARROW_ROOM = 0.85, 1.10
"""Panes narrower than this share of their height fit what is seen and not a ball round it, which would waste much of
their width; the room round it."""


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
    if aspect < NARROW:
        return _narrow(points_mm, centre, view, up, view_angle_deg, aspect)
    radius = float(np.linalg.norm(points_mm - centre, axis=1).max())
    distance = ROOM * radius / np.sin(np.deg2rad(view_angle_deg / 2)) / min(1.0, aspect)
    return Camera(tuple(centre - distance * view), tuple(centre), up)


def _narrow(
    points_mm: NDArray[np.floating],
    centre: NDArray[np.floating],
    view: NDArray[np.floating],
    up: tuple[float, float, float],
    view_angle_deg: float,
    aspect: float,
) -> Camera:
    """As near as the points' own outline allows: each lies within the pane's pyramid."""
    right = np.cross(view, np.array(up, float))
    if np.linalg.norm(right) < 1e-6:
        right = np.cross(view, (1.0, 0.0, 0.0))
    right /= np.linalg.norm(right)
    upright = np.cross(right, view)
    high = np.tan(np.deg2rad(view_angle_deg / 2)) / NARROW_ROOM
    away = points_mm - centre
    across, along, deep = away @ right, away @ upright, away @ view
    centre = centre + right * (across.max() + across.min()) / 2 + upright * (along.max() + along.min()) / 2
    across, along = across - (across.max() + across.min()) / 2, along - (along.max() + along.min()) / 2
    distance = float(np.max(np.maximum(np.abs(across) / (high * aspect), np.abs(along) / high) - deep))
    return Camera(tuple(centre - distance * view), tuple(centre), up)
