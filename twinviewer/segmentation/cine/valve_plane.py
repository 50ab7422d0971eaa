"""How far the left ventricle's wall reaches towards the base, followed in the long-axis planes in every phase."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CinePlane, CineStack, Reporter
from twinviewer.segmentation.cine.confidence import LEAST_RING
from twinviewer.segmentation.cine.phases import at_fraction, beat_fraction
from twinviewer.segmentation.cine.polar import ANGLES, directions
from twinviewer.segmentation.cine.short_axis import Slices, in_plane
from twinviewer.segmentation.cine.tone import Tone
from twinviewer.segmentation.cine.wall import Walls

_OFF_AXIS_MM = 12.0
"""A long-axis plane that passes farther from the cavity's middle cuts its wall too slantwise."""
_CLIMB_MM, _HIGHEST_MM, _BESIDE_MM = 45, 38, 14
_MUSCLE_SIGMA, _GAIN = 0.2, 0.5
_STOP, _ASTRAY = 1.0, 0.002
_STRAY_MM = 12.0
_MOST_TILT = 0.45
"""Slope of the valve plane against the short axis that is believed (24 degrees)."""


@dataclass(frozen=True, slots=True, eq=False)
class ValvePlane:
    """Depth of the mitral valve plane by phase, at the middle of the wall's ends.

    fraction: (t,) of the beat; base_mm: (t,); spread_mm: robust scatter of the wall ends about the tilted plane.
    """

    fraction: NDArray[np.float64]
    base_mm: NDArray[np.float64]
    spread_mm: float


def find_valve_plane(
    stack: CineStack,
    slices: Slices,
    walls: tuple[Walls, ...],
    rings: list[NDArray[np.float64]],
    fraction: NDArray[np.float64],
    report: Reporter,
) -> ValvePlane | None:
    """The plane through the basal ends of the walls seen in long axes; None where fewer than two ends are seen.

    rings: (t,) evidence of each slice; fraction: (t,) phases of the result.
    """
    whole = [k for k, ring in enumerate(rings) if float(ring.min()) >= LEAST_RING]
    if len(whole) < 2:
        return None
    anchor, below = whole[0], whole[1]
    ends: list[NDArray[np.float64]] = []
    for i, plane in enumerate(stack.planes):
        if i in slices.indices or abs(plane.normal @ slices.axes[2]) > 0.5:
            continue
        report(i / len(stack.planes), "Following the wall to the valve")
        for side in (-1, 1):
            end = _wall_end(slices, plane, walls, anchor, below, side, fraction)
            if end is not None:
                ends.append(end)
    if len(ends) < 2:
        return None
    return _plane(np.array(ends), fraction)


def _wall_end(
    slices: Slices,
    plane: CinePlane,
    walls: tuple[Walls, ...],
    anchor: int,
    below: int,
    side: int,
    fraction: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """(t, 3) u, v, w of the basal end of the wall on one side of one long-axis plane, by the beat's phases."""
    normal = slices.axes @ plane.normal
    origin = slices.to_uvw(plane.affine[:3, 3])[0]
    across = np.array([-normal[1], normal[0]]) / np.linalg.norm(normal[:2])
    foot = []
    for k in (anchor, below):
        centre = walls[k].centre
        gap = (normal @ origin - normal[2] * slices.depth_mm[k] - normal[:2] @ centre) / (normal[:2] @ normal[:2])
        if abs(gap) * np.linalg.norm(normal[:2]) > _OFF_AXIS_MM:
            return None
        foot.append(centre + gap * normal[:2])
    place = beat_fraction(plane)
    muscle_at = [_mid_wall(walls[k], foot[n], side * across, place) for n, k in enumerate((anchor, below))]
    rise = slices.depth_mm[below] - slices.depth_mm[anchor]
    step_foot = (foot[0] - foot[1]) / rise
    lean = (muscle_at[0] - muscle_at[1]) / rise
    heights = np.arange(_CLIMB_MM + 1, dtype=np.float64)
    beside = np.arange(-_BESIDE_MM, _BESIDE_MM + 1, dtype=np.float64)
    tone = _tone(slices, plane, walls[below], foot[1], across, float(slices.depth_mm[below]))
    out = np.zeros((len(place), 3))
    for t in range(len(place)):
        # the wall curves inwards to the valve: it keeps a third of its lean at most
        middle = muscle_at[0][t] + np.clip(lean[t], -0.35, 0.1) * heights
        offset = middle[:, None] + beside[None, :]
        uv = foot[0] + step_foot * heights[:, None, None] + side * across * offset[..., None]
        uvw = np.concatenate([uv, np.broadcast_to(-heights[:, None, None], (*offset.shape, 1))], axis=-1)
        uvw[..., 2] += slices.depth_mm[anchor]
        s = tone.relative(in_plane(slices, plane, t, uvw))
        height, column = _climb(ndimage.uniform_filter1d(s, 4, axis=1, mode="nearest"))
        out[t] = uvw[height, column]
    # a path that runs on to the end of the picture has left the wall (lung, aortic wall): that phase says nothing
    lost = out[:, 2] <= slices.depth_mm[anchor] - _HIGHEST_MM
    if lost.mean() > 0.3:
        return None
    out[lost] = np.median(out[~lost], axis=0)
    # the ring moves less than 20 mm in a beat: what lies farther off has left the wall, too
    stray = np.abs(out[:, 2] - np.median(out[:, 2])) > _STRAY_MM
    if stray.mean() > 0.3:
        return None
    out[stray] = np.median(out[~stray], axis=0)
    return at_fraction(out, place, fraction)


def _mid_wall(
    walls: Walls, foot: NDArray[np.float64], ray: NDArray[np.float64], place: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(t,) distance in mm from ``foot`` along ``ray`` to the middle of the wall at the phases ``place``."""
    shift = foot - walls.centre
    turn = int(np.argmax(directions() @ ray)) % ANGLES
    middle = 0.5 * (walls.inner_mm[:, turn] + walls.outer_mm[:, turn])
    return at_fraction(middle - shift @ ray, walls.fraction, place)


def _tone(
    slices: Slices,
    plane: CinePlane,
    walls: Walls,
    foot: NDArray[np.float64],
    across: NDArray[np.float64],
    depth_mm: float,
) -> Tone:
    """Blood and muscle in a long-axis plane at the level of a slice whose borders are known, over the beat."""
    blood: list[NDArray[np.float32]] = []
    muscle: list[NDArray[np.float32]] = []
    place = beat_fraction(plane)
    inner = at_fraction(walls.inner_mm, walls.fraction, place)
    outer = at_fraction(walls.outer_mm, walls.fraction, place)
    for side in (-1, 1):
        turn = int(np.argmax(directions() @ (side * across))) % ANGLES
        shift = float((foot - walls.centre) @ (side * across))
        for t in range(len(place)):
            for low, high, into in ((0.0, inner[t, turn] - 3, blood), (inner[t, turn] + 2, outer[t, turn] - 2, muscle)):
                distance = np.arange(low, high, 1.0) - shift
                uv = foot + side * across * distance[:, None]
                uvw = np.column_stack([uv, np.full(len(uv), depth_mm)])
                into.append(in_plane(slices, plane, t, uvw))
    bright, dark = np.concatenate(blood), np.concatenate(muscle)
    top = float(np.median(bright)) if bright.size else 1.0
    low_level = float(np.median(dark)) if dark.size else 0.3 * top
    return Tone(muscle=min(low_level, 0.7 * top), blood=top)


def _climb(s: NDArray[np.float32]) -> tuple[int, int]:
    """(row, column) where the best dark path from row 0's middle upwards has its end.

    The first end counts: what is dark again beyond a bright gap (lung, wall of the atrium) is not this wall.
    """
    price = np.minimum(s**2 / (2 * _MUSCLE_SIGMA**2), 1.0) - _GAIN
    rows, columns = s.shape
    astray = (np.arange(columns) - columns // 2) ** 2
    total = price[0] + 0.02 * astray
    end, least = (0, int(np.argmin(total))), float(total.min())
    for row in range(1, rows):
        around = np.stack([np.roll(total, shift) + 0.05 * abs(shift) for shift in (-1, 0, 1)])
        around[0, -1] = around[2, 0] = np.inf
        total = around.min(axis=0) + price[row] + _ASTRAY * astray
        column = int(np.argmin(total))
        if total[column] < least:
            end, least = (row, column), float(total[column])
        elif total[column] > least + _STOP:
            break
    return end


def _plane(ends: NDArray[np.float64], fraction: NDArray[np.float64]) -> ValvePlane:
    """Fit one tilt for the beat and a depth by phase, smooth in time, to wall ends (n, t, 3); robust to outliers."""
    count, phases, _ = ends.shape
    origin = np.median(ends[..., :2].reshape(-1, 2), axis=0)
    uv = ends[..., :2] - origin
    tilt = np.zeros(2)
    base = np.median(ends[..., 2], axis=0)
    weight = np.ones((count, phases))
    for _ in range(8):
        left = ends[..., 2] - uv @ tilt
        base = (weight * left).sum(axis=0) / weight.sum(axis=0)
        if phases > 6:
            spectrum = np.fft.rfft(base)
            spectrum[4:] = 0.0
            base = np.fft.irfft(spectrum, n=phases)
        rest = ends[..., 2] - base
        if count >= 4:
            a = np.sqrt(weight).reshape(-1, 1)
            # pulled towards no tilt, so that two ends on one side do not turn the plane
            system = np.concatenate([a * uv.reshape(-1, 2), 15.0 * np.sqrt(phases) * np.eye(2)])
            tilt = np.linalg.lstsq(system, np.concatenate([a[:, 0] * rest.ravel(), np.zeros(2)]), rcond=None)[0]
            tilt *= min(1.0, _MOST_TILT / max(float(np.linalg.norm(tilt)), 1e-9))
        miss = np.abs(rest - uv @ tilt)
        weight = 1.0 / (1.0 + (miss / 5.0) ** 2)
    return ValvePlane(fraction, base, float(np.median(miss)))
