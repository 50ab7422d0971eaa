"""The left ventricle's apex, inside and outside, in the long-axis planes in every phase."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePlane
from twinviewer.segmentation.cine import polar as ring
from twinviewer.segmentation.cine.phases import beat_fraction, is_cyclic
from twinviewer.segmentation.cine.short_axis import Slices, in_plane
from twinviewer.segmentation.cine.wall import Walls, borders
from twinviewer.segmentation.cine.wall_end import long_axis_tone, section

_ABOVE_LAST_MM = 15.0
"""The apex is looked at from the axis at least this far above the last slice that shows the wall."""
_DOWNWARD = 0.35
_EDGE_MM = 2.0
_AT_REACH_MM = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Apex:
    """Lower end of blood and of muscle in one long-axis plane: inner, outer (t, 3) u, v, w; confidence (t,) 0..1."""

    plane: int
    inner: NDArray[np.float64]
    outer: NDArray[np.float64]
    confidence: NDArray[np.float64]


def find_apex(
    stack_index: int,
    slices: Slices,
    plane: CinePlane,
    walls: tuple[Walls, ...],
    whole: list[int],
    tick: Callable[[], None],
) -> Apex | None:
    """None where the plane passes the axis too far off, or the apex lies too far below.

    whole: slices that show the whole wall, base first; tick: called for every frame; may raise Cancelled.
    The plane is seen in rays about a point of the axis; the rays to the base are the mirror image of those to the apex,
    so that the same closed ring of muscle is looked for as in a short axis.
    """
    last = slices.depth_mm[whole[-1]]
    above = [k for k in whole[:-1] if last - slices.depth_mm[k] >= _ABOVE_LAST_MM]
    if not above:
        return None
    level, beside = above[-1], whole[whole.index(above[-1]) + 1]
    cut = section(slices, plane, walls, level, beside)
    if cut is None:
        return None
    place = beat_fraction(plane)
    tone = long_axis_tone(slices, plane, walls[level], cut.foot[0], cut.across, float(slices.depth_mm[level]))
    centre = np.array([*cut.foot[0], slices.depth_mm[level]])
    axis = np.array([*cut.foot[1], slices.depth_mm[beside]]) - centre
    axis /= np.linalg.norm(axis)
    normal = slices.axes @ plane.normal
    across = np.cross(normal, axis)
    turn = np.arange(ring.ANGLES) * (2 * np.pi / ring.ANGLES)
    rays = np.cos(turn)[:, None] * across + np.abs(np.sin(turn))[:, None] * axis
    points = centre + rays[:, None, :] * (np.arange(ring.REACH_MM) * ring.STEP_MM)[:, None]
    frames = []
    for t in range(len(place)):
        tick()
        frames.append(tone.relative(in_plane(slices, plane, t, points)))
    seen = np.array(frames)
    inner, outer = borders(seen, is_cyclic(place), None, tick)
    low = np.flatnonzero(np.sin(turn) > _DOWNWARD)
    if float(np.median(inner[:, low].max(axis=1))) > ring.INNER_MM - _AT_REACH_MM:
        return None
    return Apex(
        plane=stack_index,
        inner=centre + _lowest(inner[:, low], rays[low], axis),
        outer=centre + _lowest(outer[:, low], rays[low], axis),
        confidence=_sureness(seen[:, low], inner[:, low], outer[:, low]),
    )


def _lowest(radii_mm: NDArray[np.float64], rays: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """(t, 3) the point of each outline (t, rays) that reaches farthest along the axis, to a few degrees' mean."""
    points = radii_mm[..., None] * rays
    reach = points @ axis
    weight = np.exp((reach - reach.max(axis=1, keepdims=True)) / 1.0)
    out: NDArray[np.float64] = (weight[..., None] * points).sum(axis=1) / weight.sum(axis=1)[:, None]
    return out


def _sureness(seen: NDArray[np.float32], inner: NDArray[np.float64], outer: NDArray[np.float64]) -> NDArray[np.float64]:
    """(t,) share of the rays to the apex on which blood lies inside of the inner border and muscle between both."""
    radius = np.arange(seen.shape[-1])
    cavity = (radius > inner[..., None] - _EDGE_MM - 5.0) & (radius < inner[..., None] - _EDGE_MM)
    wall = (radius > inner[..., None] + 0.5) & (radius < outer[..., None] - 0.5)
    blood = (np.where(cavity, seen, 0.0).sum(axis=-1) / np.maximum(cavity.sum(axis=-1), 1)) > 0.5
    level = np.where(wall, seen, 0.0).sum(axis=-1) / np.maximum(wall.sum(axis=-1), 1)
    muscle = np.abs(level) < 0.4
    # a cavity that has closed at end systole shows no blood: the wall alone counts for two thirds
    out: NDArray[np.float64] = (2.0 * muscle.mean(axis=1) + blood.mean(axis=1)) / 3.0
    return out
