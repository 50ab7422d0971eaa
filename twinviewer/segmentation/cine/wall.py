"""Endocardium and epicardium of the left ventricle in one short-axis slice, both at once, in all phases."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.segmentation.cine import polar as ring
from twinviewer.segmentation.cine.phases import beat_fraction
from twinviewer.segmentation.cine.short_axis import Slices
from twinviewer.segmentation.cine.tone import Tone, measured_tone

_SIGMA_MUSCLE, _SIGMA_BLOOD = 0.25, 0.35
"""Scatter of muscle and blood in units of their contrast."""
_PAPILLARY = 0.55
"""Muscle within the cavity costs less than blood within the wall: papillary muscles belong to the cavity."""
_BLOOD_GAIN, _MUSCLE_GAIN = 0.55, 0.3
"""What a millimetre of perfect blood or muscle is worth against tissue of unknown kind beyond the wall."""
_INNER_EDGE, _OUTER_EDGE, _BEYOND = 3.0, 1.5, 0.5
_PULL, _PULL_BESIDE = 0.12, 0.01
_CLOSE_PHASES = 20
"""So many phases a beat lie close enough for each to be near its neighbours' mean; of fewer, end systole is not."""
_STIFF = 0.4
_MOST_WALL = 1.25
_BEND_INNER, _BEND_THICKNESS = 0.5, 1.5
_ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Walls:
    """Borders of one slice in polar form about ``centre`` (2,) u, v mm.

    inner_mm, outer_mm: (t, angles) radii. polar: (t, angles, radii) samples; tone: their scale. fraction: (t,) place
    in the beat.
    """

    centre: NDArray[np.float64]
    inner_mm: NDArray[np.float64]
    outer_mm: NDArray[np.float64]
    polar: NDArray[np.float32]
    tone: Tone
    fraction: NDArray[np.float64]


def find_walls(
    slices: Slices,
    number: int,
    centre: NDArray[np.float64],
    tone: Tone,
    cyclic: bool,
    beside: "Walls | None",
    tick: Callable[[], None],
) -> Walls:
    """Both borders in all phases of a slice whose cavity lies about ``centre``; the centre is corrected twice.

    tone: first guess of muscle and blood. cyclic: whether the last frame is followed by the first. beside: walls of a
    slice next to this one, to stay near. tick: called for every frame; may raise Cancelled.
    """
    walls = None
    for turn in range(_ROUNDS):
        polar = ring.polar_frames(slices, number, centre)
        fraction = beat_fraction(slices.planes[number])
        near = None if beside is None else _seen_from(beside, centre, fraction)
        inner, outer = borders(tone.relative(polar), cyclic, near, tick)
        tone = measured_tone(polar, inner, outer, tone)
        walls = Walls(centre, inner, outer, polar, tone, fraction)
        moved = centroid(walls)
        if np.hypot(*(moved - centre)) < 1.0 and turn > 0:
            break
        centre = moved
    assert walls is not None
    return walls


def _seen_from(
    beside: Walls, centre: NDArray[np.float64], fraction: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The borders (t, angles) of another slice as radii about this centre, at the phases nearest in the beat."""
    gap = np.abs(fraction[:, None] - beside.fraction[None, :])
    phase = np.argmin(np.minimum(gap, 1.0 - gap), axis=1)
    # a shifted centre changes a radius by the shift along the ray, to first order
    shift = ring.directions() @ (beside.centre - centre)
    return np.maximum(beside.inner_mm[phase] + shift, 1.0), np.maximum(beside.outer_mm[phase] + shift, 4.0)


def centroid(walls: Walls) -> NDArray[np.float64]:
    """(2,) u, v of the middle of the cavity, midway between the fullest and the emptiest phase's centroids."""
    r = walls.inner_mm
    area = (r**2).sum(axis=1)
    offset = (2 / 3) * (r[..., None] ** 3 * ring.directions()).sum(axis=1) / np.maximum(area, 1.0)[:, None]
    full, empty = offset[int(np.argmax(area))], offset[int(np.argmin(area))]
    return walls.centre + (full + empty) / 2


def borders(
    relative: NDArray[np.float32],
    cyclic: bool,
    near: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    tick: Callable[[], None],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Inner and outer radii (t, angles) mm of a ring of muscle in polar images (t, angles, radii), 0 muscle, 1 blood.

    cyclic: whether the last frame is followed by the first. near: radii (t, angles) of both to stay near, or None.
    """
    costs = [_costs(frame) for frame in relative]
    inner, outer = np.zeros(relative.shape[:2]), np.zeros(relative.shape[:2])
    first = near or (inner.copy(), outer.copy())
    usual = np.full(len(relative), 8.0) if near is None else _usual(*near)
    for t, cost in enumerate(costs):
        pull, stiff = (0.0, 0.02) if near is None else (_PULL_BESIDE, 0.03)
        tick()
        inner[t], outer[t] = _best(cost, first[0][t], first[1][t], pull, float(usual[t]), stiff)
    for _ in range(2):
        # where the outer border is open (liver, diaphragm) or papillary muscle lies against the wall, the wall is as
        # thick there as elsewhere in that frame
        usual = _usual(inner, outer)
        near_in, near_out = ring.over_time(inner, cyclic), ring.over_time(outer, cyclic)
        pull = _PULL * min(len(relative) / _CLOSE_PHASES, 1.0) ** 2 if len(relative) > 3 else 0.0
        if len(relative) <= 3 and near is not None:
            near_in, near_out, pull = *near, _PULL_BESIDE
        for t, cost in enumerate(costs):
            tick()
            inner[t], outer[t] = _best(cost, near_in[t], near_out[t], pull, float(usual[t]), _STIFF)
    # a border at index r lies between the samples r - 1 and r
    inner = ring.convex(ring.smooth_closed(inner, 8) - 0.5)
    outer = np.maximum(ring.smooth_closed(outer, 7) - 0.5, inner + 2.0)
    return without_papillaries(inner, outer), outer


def without_papillaries(inner: NDArray[np.float64], outer: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inner border moved out where papillary muscle and trabeculae have closed on the wall in systole.

    Muscle does not change its volume, so the wall's area in a short axis grows as the ventricle shortens: by a quarter
    at most (longitudinal shortening is 15 to 20 %). What exceeds that against the fullest phase is taken off where the
    wall is thickest. inner, outer: (t, angles) mm; returns the new inner.
    """
    areas = (outer**2 - inner**2).sum(axis=1)
    fullest = int(np.argmax((inner**2).sum(axis=1)))
    moved = inner.copy()
    for t, area in enumerate(areas):
        allowed = _MOST_WALL * areas[fullest]
        if area <= allowed:
            continue
        low, high = 1.0, float((outer[t] - inner[t]).max())
        for _ in range(20):
            cap = (low + high) / 2
            new = np.maximum(inner[t], outer[t] - cap)
            low, high = (cap, high) if (outer[t] ** 2 - new**2).sum() < allowed else (low, cap)
        moved[t] = np.maximum(inner[t], outer[t] - low)
    return ring.convex(ring.smooth_closed(moved, 6))


def _usual(inner: NDArray[np.float64], outer: NDArray[np.float64]) -> NDArray[np.float64]:
    """(t,) thickness in mm of the thinner part of the wall, where neither papillary muscle nor liver adds to it."""
    return np.percentile(outer - inner, 40, axis=1)


def _best(
    cost: tuple[NDArray[np.float32], ...],
    near_in: NDArray[np.float64],
    near_out: NDArray[np.float64],
    pull: float,
    usual: float,
    stiff: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    inside, wall, inner_edge, outer_edge = cost
    inner, outer, _ = ring.best_walls(
        inside,
        wall,
        inner_edge,
        outer_edge,
        near_in.astype(np.float32),
        near_out.astype(np.float32),
        pull,
        usual,
        stiff,
        _BEND_INNER,
        _BEND_THICKNESS,
        ring.THINNEST_MM,
        ring.THICKEST_MM,
        ring.INNER_MM,
    )
    return inner, outer


def _costs(s: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Costs of one frame (angles, radii) for ``best_walls``."""
    as_wall = np.minimum(s**2 / (2 * _SIGMA_MUSCLE**2), 2.0)
    as_blood = _PAPILLARY * np.minimum(np.clip(1.0 - s, 0.0, None) ** 2 / (2 * _SIGMA_BLOOD**2), 2.0)
    slope = ndimage.gaussian_filter1d(s, 1.2, axis=1, order=1, mode="nearest") * 2.4
    inner_edge = _INNER_EDGE * np.clip(slope, -1.0, 0.5)
    # just beyond the wall lies anything but muscle: blood, fat or lung
    beyond = ndimage.uniform_filter1d(2.0 - as_wall, 4, axis=1, origin=-2, mode="nearest")
    outer_edge = -_OUTER_EDGE * np.minimum(np.abs(slope), 1.0) + 4 * _BEYOND * beyond
    cumulated = [
        np.concatenate([np.zeros((len(s), 1)), np.cumsum(c, axis=1)], axis=1)
        for c in (as_blood - _BLOOD_GAIN, as_wall - _MUSCLE_GAIN)
    ]
    return tuple(np.ascontiguousarray(c, dtype=np.float32) for c in (*cumulated, inner_edge, outer_edge))
