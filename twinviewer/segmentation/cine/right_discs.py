"""The right ventricle's volume by discs, cut by its own tilted base between and above the slices."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.segmentation.cine.right_base import RightBase, kept

DISC_MM = 1.0
_REACH_MM = 60.0
"""How far above the first contour the base may lie."""


def right_disc_ml(
    areas_mm2: NDArray[np.float64],
    depth_mm: NDArray[np.float64],
    outlines: list[NDArray[np.float64]],
    base: RightBase,
    phase: int,
    apexward: NDArray[np.float64],
    cap_mm: float,
) -> float:
    """Volume in mL of one phase.

    areas_mm2, depth_mm: (k,) of the slices that show the ventricle, base first; outlines: (n, 3) LPS mm of each,
    on the ventricle's side of ``base``. Between slices the square root of the area is linear, but no less than what the
    lower outline, carried straight up, has below the base; above the first slice it is that alone. cap_mm: how far
    the cavity reaches past the last slice, as a paraboloid.
    """
    size = np.sqrt(areas_mm2)
    z = np.arange(depth_mm[0] - _REACH_MM + DISC_MM / 2, depth_mm[-1] + cap_mm, DISC_MM)
    total = 0.0
    for level in z:
        if level > depth_mm[-1]:
            total += float(areas_mm2[-1] * np.clip((depth_mm[-1] + cap_mm - level) / max(cap_mm, 1e-6), 0.0, 1.0))
            continue
        below = int(np.searchsorted(depth_mm, level))
        carried = areas_mm2[below] * _share(outlines[below], base, phase, (level - depth_mm[below]) * apexward)
        between = float(np.interp(level, depth_mm, size)) ** 2 if below > 0 else 0.0
        total += max(carried, between)
    return total * DISC_MM / 1000.0


def _share(outline: NDArray[np.float64], base: RightBase, phase: int, shift_mm: NDArray[np.float64]) -> float:
    """Share of an outline that lies on the ventricle's side of the base after a shift (3,)."""
    points = outline + shift_mm
    left = kept(points, base.depth_of(points, phase))
    return _area(left) / max(_area(points), 1e-6) if len(left) >= 3 else 0.0


def _area(points: NDArray[np.float64]) -> float:
    p = points - points.mean(axis=0)
    return 0.5 * float(np.linalg.norm(np.cross(p, np.roll(p, -1, axis=0)).sum(axis=0)))
