"""The aortic ring's two ends in the plane that shows the outflow tract (three chambers).

There the septum's muscle ends at the ring itself: that end is seen. The other hinge, on the curtain to the mitral
valve, is hardly seen in cine MR; it is placed by the triangle that aortic ring, mitral ring and the line between the
ends of the two walls make in everyone.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePoint, CineStack
from twinviewer.segmentation.cine.points import named
from twinviewer.segmentation.cine.polar import directions
from twinviewer.segmentation.cine.right_ventricle import RightCavity
from twinviewer.segmentation.cine.short_axis import Slices
from twinviewer.segmentation.cine.valve_plane import ValvePlane
from twinviewer.segmentation.cine.wall_end import WallEnd

Array = NDArray[np.float64]
RING_MM = 22.0
"""Diameter of the aortic ring in a three-chamber plane, 20 to 24 mm in adults."""
BETWEEN_DEG = 125.0
"""Angle between the planes of the aortic and mitral rings at the curtain, 120 to 130 degrees in health."""
_OUTFLOW_DEG = (25.0, 80.0)
"""A plane through the outflow tract meets the septum so far in front of the middle of the right ventricle."""
_INFERRED = 0.4


def aortic_points(
    stack: CineStack, slices: Slices, rights: Sequence[RightCavity], whole: Sequence[int], base: ValvePlane
) -> tuple[CinePoint, ...]:
    """Named "aortic": side -1 on the septum, +1 on the curtain, in every phase of the plane that shows them best; none
    where no plane passes through the outflow tract. The second is inferred and trusted no more than by two fifths."""
    middle = np.zeros(2)
    for k in whole:
        middle += directions().T @ (rights[k].far_mm ** 3 - rights[k].near_mm ** 3).mean(axis=0)
    found: list[tuple[float, WallEnd, WallEnd]] = []
    for end in base.ends:
        for other in base.ends:
            if other.plane != end.plane or other.side == end.side:
                continue
            ray = (end.uvw - other.uvw).mean(axis=0)[:2]
            turn = float(np.degrees(np.arctan2(ray[0] * middle[1] - ray[1] * middle[0], ray @ middle)))
            if _OUTFLOW_DEG[0] <= turn <= _OUTFLOW_DEG[1]:
                found.append((abs(turn - float(np.mean(_OUTFLOW_DEG))), end, other))
    if not found:
        return ()
    _, septal, lateral = min(found, key=lambda one: one[0])
    normal = slices.axes @ stack.planes[septal.plane].normal
    hinge = np.array([_hinge(a, b, normal) for a, b in zip(septal.uvw, lateral.uvw, strict=True)])
    sure = _INFERRED * np.minimum(septal.confidence, lateral.confidence)
    return (
        *named(slices, septal.plane, "aortic", -1, septal.uvw, septal.confidence),
        *named(slices, septal.plane, "aortic", 1, hinge, sure),
    )


def _hinge(septal: Array, lateral: Array, normal: Array) -> Array:
    """(3,) u, v, w of the curtain's hinge: the corner of a triangle over the line between the two walls' ends."""
    line = lateral - septal
    length = float(np.linalg.norm(line))
    line = line / max(length, 1e-6)
    up = np.cross(normal, line)
    up = up * (-1.0 if up[2] > 0 else 1.0)  # w grows towards the apex
    corner = np.deg2rad(BETWEEN_DEG)
    at_lateral = np.arcsin(min(RING_MM * np.sin(corner) / max(length, RING_MM), 1.0))
    angle = np.pi - corner - at_lateral
    out: Array = septal + RING_MM * (np.cos(angle) * line + np.sin(angle) * up)
    return out
