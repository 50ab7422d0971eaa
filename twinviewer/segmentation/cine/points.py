"""Named points in the long-axis planes: the ends of the walls at the valves, and the apex."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePoint, CineStack, Reporter
from twinviewer.segmentation.cine.apex import find_apex
from twinviewer.segmentation.cine.phases import follows
from twinviewer.segmentation.cine.short_axis import Slices
from twinviewer.segmentation.cine.valve_plane import ValvePlane
from twinviewer.segmentation.cine.wall import Walls
from twinviewer.segmentation.cine.wall_end import WallEnd

_OFF_PLANE_MM = 5.0
"""A wall end this far off the plane through all of them is trusted half."""


def mitral_points(
    slices: Slices, base: ValvePlane, ring: tuple[WallEnd, ...], shift: NDArray[np.float64]
) -> tuple[CinePoint, ...]:
    """The basal ends of the wall, at the inner corner, both sides of every long axis, at each plane's own phases.

    ring: the ends of the tricuspid ring; shift: (planes, 3) u, v, w mm between breath-holds. Confidence: how clearly
    muscle stops there and how near the plane through all ends it lies; half of that beside the right inflow, where
    the septum goes on without muscle to the ring.
    """
    septa = {end.plane: end.uvw.mean(axis=0) for end in ring if end.side < 0}
    out: list[CinePoint] = []
    for end in base.ends:
        moved = end.uvw + shift[end.plane]
        off = moved[:, 2] - base.depth_at(moved[:, None, :2], end.fraction)[:, 0]
        sure = end.confidence / (1.0 + (off / _OFF_PLANE_MM) ** 2)
        others = [one.uvw.mean(axis=0) for one in base.ends if one.plane == end.plane]
        septum = septa.get(end.plane)
        if septum is not None:
            mine = float(np.linalg.norm(end.uvw.mean(axis=0) - septum))
            sure = sure * (0.5 if mine <= min(float(np.linalg.norm(other - septum)) for other in others) else 1.0)
        out += named(slices, end.plane, "mitral", end.side, end.uvw, sure)
    return tuple(out)


def tricuspid_points(slices: Slices, ends: tuple[WallEnd, ...]) -> tuple[CinePoint, ...]:
    """Both ends of the right ventricle's base in the planes that show its inflow: -1 septal, +1 free wall."""
    out: list[CinePoint] = []
    for end in ends:
        out += named(slices, end.plane, "tricuspid", end.side, end.uvw, end.confidence)
    return tuple(out)


def apex_points(
    stack: CineStack, slices: Slices, walls: tuple[Walls, ...], whole: list[int], report: Reporter
) -> tuple[CinePoint, ...]:
    """The lower ends of the left ventricle's blood and muscle in every long axis and phase.

    whole: slices that show the whole wall in every phase, base first; with fewer than two no apex is looked for.
    """
    out: list[CinePoint] = []
    if len(whole) < 2:
        return ()
    for i, plane in enumerate(stack.planes):
        if i in slices.indices or abs(plane.normal @ slices.axes[2]) > 0.5 or not follows(plane, stack.planes):
            continue
        tick = partial(report, i / len(stack.planes), "Looking for the apex")
        apex = find_apex(i, slices, plane, walls, whole, tick)
        if apex is not None:
            out += named(slices, i, "lv_apex_endo", 0, apex.inner, apex.confidence)
            out += named(slices, i, "lv_apex_epi", 0, apex.outer, apex.confidence)
    return tuple(out)


def named(
    slices: Slices, plane: int, name: str, side: int, uvw: NDArray[np.float64], confidence: NDArray[np.float64]
) -> list[CinePoint]:
    """Points (t, 3) u, v, w of one name in one plane, one a phase, as nouns of the domain in LPS mm."""
    points = uvw @ slices.axes + slices.origin_mm
    points.flags.writeable = False
    sure = np.clip(confidence, 0.0, 1.0)
    return [CinePoint(plane, phase, name, side, point, float(sure[phase])) for phase, point in enumerate(points)]
