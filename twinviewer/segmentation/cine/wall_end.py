"""Where the left ventricle's wall ends towards the base in one long-axis plane, followed through the beat."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CinePlane
from twinviewer.segmentation.cine.phases import at_fraction, beat_fraction, is_cyclic
from twinviewer.segmentation.cine.polar import ANGLES, directions
from twinviewer.segmentation.cine.short_axis import Slices, in_plane
from twinviewer.segmentation.cine.tone import Tone
from twinviewer.segmentation.cine.wall import Walls

_OFF_AXIS_MM = 12.0
"""A long-axis plane that passes farther from the cavity's middle cuts its wall too slantwise."""
_DOWN_MM, _UP_MM, _BESIDE_MM = 8, 46, 24
_MUSCLE_SIGMA, _GAIN = 0.25, 0.5
_LEAST_WALL_MM = 6
_STOP, _ASTRAY = 1.0, 0.0003
_HASTE = 0.05
"""Price of a squared mm of travel between neighbouring ones of 25 frames: the ring moves at some 100 mm/s at most."""
_APART = 0.03
"""Price of a squared mm off the plane through all ends; muscle gains up to 0.5 a mm."""


@dataclass(frozen=True, slots=True, eq=False)
class WallStrip:
    """One side of one long-axis plane, straightened along the wall, in all phases of that plane.

    plane: place in ``CineStack.planes``; side: -1 or +1. fraction: (t,) of the beat. tone_image: (t, rows, columns),
    0 = muscle, 1 = blood; rows climb to the base, columns run from the cavity outwards, in mm. uvw: (t, rows, columns,
    3) their places. price: (t, rows) of a wall that ends at each row, column: (t, rows) where.
    """

    plane: int
    side: int
    fraction: NDArray[np.float64]
    tone_image: NDArray[np.float32]
    uvw: NDArray[np.float64]
    price: NDArray[np.float64]
    column: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class WallEnd:
    """The basal end of the wall on one side of one plane: uvw (t, 3) at its inner corner, and trust 0..1 (t,)."""

    plane: int
    side: int
    fraction: NDArray[np.float64]
    uvw: NDArray[np.float64]
    confidence: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """How a long-axis plane cuts the ventricle: the axis' foot (2, 2) u, v in two slices, and the way across (2,)."""

    foot: NDArray[np.float64]
    across: NDArray[np.float64]


def section(slices: Slices, plane: CinePlane, walls: tuple[Walls, ...], anchor: int, below: int) -> Section | None:
    """None where the plane passes the cavity's middle too far off in one of the two slices."""
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
    return Section(np.array(foot), across)


def wall_strip(
    stack_index: int,
    slices: Slices,
    plane: CinePlane,
    walls: tuple[Walls, ...],
    anchor: int,
    below: int,
    side: int,
    tick: Callable[[], None],
) -> WallStrip | None:
    """The wall's strip from just below slice ``anchor`` upwards; None where the plane misses the ventricle's axis.

    tick: called for every frame; may raise Cancelled.
    """
    cut = section(slices, plane, walls, anchor, below)
    if cut is None:
        return None
    place = beat_fraction(plane)
    ray = side * cut.across
    middle_at = [mid_wall(walls[k], cut.foot[n], ray, place) for n, k in enumerate((anchor, below))]
    rise = slices.depth_mm[below] - slices.depth_mm[anchor]
    step_foot = (cut.foot[0] - cut.foot[1]) / rise
    # the wall curves inwards to the valve: it keeps a third of its lean at most
    lean = np.clip((middle_at[0] - middle_at[1]) / rise, -0.35, 0.1)
    height = np.arange(-_DOWN_MM, _UP_MM + 1, dtype=np.float64)
    beside = np.arange(-_BESIDE_MM, _BESIDE_MM + 1, dtype=np.float64)
    tone = long_axis_tone(slices, plane, walls[below], cut.foot[1], cut.across, float(slices.depth_mm[below]))
    offset = (middle_at[0][:, None] + lean[:, None] * height)[..., None] + beside
    uv = cut.foot[0] + (step_foot * height[:, None])[:, None, :] + ray * offset[..., None]
    depth = np.broadcast_to((slices.depth_mm[anchor] - height)[:, None], offset.shape)
    uvw = np.concatenate([uv, depth[..., None]], axis=-1)
    frames, paths = [], []
    for t in range(len(place)):
        tick()
        frames.append(tone.relative(in_plane(slices, plane, t, uvw[t])))
        paths.append(_climb(frames[-1]))
    return WallStrip(
        plane=stack_index,
        side=side,
        fraction=place,
        tone_image=np.array(frames),
        uvw=uvw,
        price=np.array([price for price, _ in paths]),
        column=np.array([column for _, column in paths]),
    )


def wall_end(strip: WallStrip, expected_mm: NDArray[np.float64] | None = None) -> WallEnd:
    """The end in all phases at once: where muscle stops, moving no faster than a valve ring does.

    expected_mm: (t, columns) depth w of the plane through all ends at each column of the strip, or None.
    """
    rows = np.arange(strip.price.shape[1])
    price = strip.price.copy()
    frames = np.arange(len(price))
    if expected_mm is not None:
        at = strip.uvw[frames[:, None], rows, strip.column]
        price += _APART * (at[..., 2] - np.take_along_axis(expected_mm, strip.column, axis=1)) ** 2
    row = steady(price, _HASTE * (len(price) / 25.0) ** 2, is_cyclic(strip.fraction))
    column = strip.column[frames, row]
    inner = np.array([_corner(strip.tone_image[t], row[t], column[t]) for t in frames])
    # a path that runs to the top has left the wall; one that never begins found no muscle
    inside = (row < rows[-1] - 2) & (row > 0)
    best = strip.price.min(axis=1)
    lead = np.clip((strip.price[:, -1] - best) / 2.0, 0.0, 1.0) * np.clip(-best / 2.0, 0.2, 1.0)
    loss = np.clip(1.0 - (strip.price[frames, row] - best) / 4.0, 0.1, 1.0)
    return WallEnd(
        plane=strip.plane,
        side=strip.side,
        fraction=strip.fraction,
        uvw=strip.uvw[frames, row, inner],
        confidence=np.where(inside, lead * loss, 0.05),
    )


def _price(s: NDArray[np.float32]) -> NDArray[np.float64]:
    """(rows, columns) price a mm of taking a pixel for the middle of the wall.

    A wall is muscle over its whole thickness, which the edge between lung and fat is not, and has blood beside it on
    the inner side, which liver and diaphragm have not.
    """
    foreign = np.minimum(s**2 / (2 * _MUSCLE_SIGMA**2), 1.0)
    foreign = ndimage.uniform_filter1d(foreign, _LEAST_WALL_MM, axis=1, mode="nearest")
    smooth = ndimage.uniform_filter(s, 3, mode="nearest")
    beside = np.pad(smooth, ((0, 0), (9, 0)), mode="edge")[:, :-9]
    blood = ndimage.uniform_filter1d(beside, 7, axis=1, mode="nearest")
    out: NDArray[np.float64] = (foreign - _GAIN + 0.5 * np.clip((0.6 - blood) / 0.6, 0.0, 1.0)).astype(np.float64)
    return out


def _climb(s: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """(rows,) price of the best path from the lowest row's middle up to each row, and the column it has come to.

    The first end counts: what is dark again beyond a bright gap (lung, wall of the atrium) is not this wall.
    """
    price = _price(s)
    rows, columns = price.shape
    astray = (np.arange(columns) - columns // 2) ** 2
    total = price[0] + 0.02 * astray
    best, column = np.zeros(rows), np.zeros(rows, dtype=np.intp)
    best[0], column[0] = total.min(), total.argmin()
    for row in range(1, rows):
        around = np.stack([np.roll(total, shift) + 0.05 * abs(shift) for shift in (-1, 0, 1)])
        around[0, -1] = around[2, 0] = np.inf
        total = around.min(axis=0) + price[row] + _ASTRAY * astray
        best[row], column[row] = total.min(), total.argmin()
    least = np.minimum.accumulate(best)
    over = np.flatnonzero(best > least + _STOP)
    if over.size:
        first = int(over[0])
        best[first:] = least[first] + _STOP + _GAIN * np.arange(rows - first)
    return best, column


def steady(price: NDArray[np.float64], haste: float, cyclic: bool) -> NDArray[np.intp]:
    """(t,) the cheapest row in every frame when a squared step between frames costs ``haste``; round the beat."""
    count, rows = price.shape
    step = haste * (np.arange(rows)[:, None] - np.arange(rows)) ** 2
    turns = np.concatenate([price] * 3) if cyclic else price
    total, back = turns[0], []
    for frame in turns[1:]:
        ways = total + step
        back.append(ways.argmin(axis=1))
        total = ways.min(axis=1) + frame
    path = [int(total.argmin())]
    for source in reversed(back):
        path.append(int(source[path[-1]]))
    out = np.array(path[::-1], dtype=np.intp)
    return out[count : 2 * count] if cyclic else out


def _corner(s: NDArray[np.float32], row: int, column: int) -> int:
    """The column inwards of the wall's middle where blood begins, within 10 mm."""
    line = s[max(row - 1, 0) : row + 2].mean(axis=0)
    inwards = line[max(column - 10, 0) : column + 1][::-1]
    bright = np.flatnonzero(inwards >= 0.5)
    return column - (int(bright[0]) if bright.size else 5 if column >= 5 else column)


def mid_wall(
    walls: Walls, foot: NDArray[np.float64], ray: NDArray[np.float64], place: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(t,) distance in mm from ``foot`` along ``ray`` to the middle of the wall at the phases ``place``."""
    shift = foot - walls.centre
    turn = int(np.argmax(directions() @ ray)) % ANGLES
    middle = 0.5 * (walls.inner_mm[:, turn] + walls.outer_mm[:, turn])
    return at_fraction(middle - shift @ ray, walls.fraction, place)


def long_axis_tone(
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
