"""The two ends of the right ventricle's base in four-chamber planes, followed through the beat.

The free wall ends in the atrioventricular groove: seen from the left ventricle's axis, the border of the right heart's
blood bulges over the ventricle and over the atrium and is dented in between. The septum ends where its muscle ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CineStack, Reporter
from twinviewer.segmentation.cine.phases import at_fraction, beat_fraction, is_cyclic
from twinviewer.segmentation.cine.polar import directions
from twinviewer.segmentation.cine.right_ventricle import RightCavity
from twinviewer.segmentation.cine.short_axis import Slices, in_plane
from twinviewer.segmentation.cine.valve_plane import ValvePlane
from twinviewer.segmentation.cine.wall import Walls
from twinviewer.segmentation.cine.wall_end import Section, WallEnd, long_axis_tone, section, steady

_ABOVE_MM, _BELOW_MM, _OUT_MM = 35.0, 60.0, 115
"""What is looked at: from this far above the mitral plane at its highest to this far below, and this far out."""
_ROOM_MM = 14.0
"""Blood of the right heart is taken to begin this far beyond the left ventricle's outer border at the latest."""
_HIGHEST_MM, _LOWEST_MM = 17.0, 37.0
"""Where the free wall's end is looked for, above and below the mitral plane's highest place in the beat."""
_INFLOW_DEG = (-60.0, 20.0)
"""A four-chamber plane's ray meets the right ventricle on the lower side of its middle, an outflow view above it."""
_LEAST_CAVITY_MM = 15.0
_GAIN, _WALL_PRICE, _EDGE, _BEND = 0.45, 1.6, 2.5, 0.15
_CHORDS_MM = (12, 16, 20, 24)
_DENT_MM, _HASTE = 4.0, 0.02
_SURE_DENT_MM = 6.0
_HARMONICS, _STRAY_MM = 4, 4.0
"""The ring's travel holds ejection, early filling and the atrial kick: four harmonics of the beat."""


@dataclass(frozen=True, slots=True, eq=False)
class RightView:
    """The right heart beside the left ventricle's axis in one plane: image (t, rows, columns), 0 muscle, 1 blood.

    Rows climb to the base and columns run outwards in mm; uvw: (rows, columns, 3) their places. depth_mm: (rows,) w.
    outer_mm: (t, rows) the left ventricle's outer border. level: the right blood's brightness.
    """

    plane: int
    side: int
    fraction: NDArray[np.float64]
    image: NDArray[np.float32]
    uvw: NDArray[np.float64]
    depth_mm: NDArray[np.float64]
    outer_mm: NDArray[np.float64]
    level: float


def find_tricuspid(
    stack: CineStack,
    slices: Slices,
    walls: tuple[Walls, ...],
    rights: list[RightCavity],
    whole: list[int],
    base: ValvePlane,
    report: Reporter,
) -> tuple[WallEnd, ...]:
    """Septal (side -1) and free-wall (side +1) end in every plane that shows the right inflow, by its own phases."""
    out: list[WallEnd] = []
    for i, plane in enumerate(stack.planes):
        if i in slices.indices or abs(plane.normal @ slices.axes[2]) > 0.5:
            continue
        tick = partial(report, i / len(stack.planes), "Following the tricuspid ring")
        tick()
        cut = section(slices, plane, walls, whole[0], whole[1])
        if cut is None:
            continue
        for side in (-1, 1):
            if not _meets_inflow(side * cut.across, walls, rights, whole):
                continue
            view = _view(stack, i, slices, walls, whole, base, cut, side)
            septum = [end for end in base.ends if end.plane == i and end.side == side]
            if septum:
                out.append(_septal(view, cut, septum[0]))
                out.append(_lateral(view, float(base.base_mm.min()), tick))
    return tuple(out)


def _meets_inflow(
    ray: NDArray[np.float64], walls: tuple[Walls, ...], rights: list[RightCavity], whole: list[int]
) -> bool:
    """Whether a ray u, v from the left ventricle's axis crosses the right cavity on the side of its inflow."""
    turn = int(np.argmax(directions() @ ray))
    deep = [float(np.median(rights[k].far_mm[:, turn] - rights[k].near_mm[:, turn])) for k in whole[:2]]
    if min(deep) < _LEAST_CAVITY_MM:
        return False
    middle = np.zeros(2)
    for k in whole[: max(len(whole) - 1, 2)]:
        weight = (rights[k].far_mm ** 3 - rights[k].near_mm ** 3).mean(axis=0)
        middle += directions().T @ weight
    angle = np.degrees(np.arctan2(ray[0] * middle[1] - ray[1] * middle[0], ray @ middle))
    return bool(_INFLOW_DEG[0] <= angle <= _INFLOW_DEG[1])


def _view(
    stack: CineStack,
    index: int,
    slices: Slices,
    walls: tuple[Walls, ...],
    whole: list[int],
    base: ValvePlane,
    cut: Section,
    side: int,
) -> RightView:
    plane = stack.planes[index]
    place = beat_fraction(plane)
    highest = float(base.base_mm.min())
    depth = np.arange(highest + _BELOW_MM, highest - _ABOVE_MM, -1.0)
    first, second = slices.depth_mm[whole[0]], slices.depth_mm[whole[1]]
    foot = cut.foot[0] + (cut.foot[0] - cut.foot[1]) / (second - first) * (first - depth)[:, None]
    ray = side * cut.across
    uv = foot[:, None, :] + ray * np.arange(_OUT_MM + 1.0)[:, None]
    uvw = np.concatenate([uv, np.broadcast_to(depth[:, None, None], (*uv.shape[:2], 1))], axis=-1)
    tone = long_axis_tone(slices, plane, walls[whole[1]], cut.foot[1], cut.across, float(second))
    image = np.array([tone.relative(in_plane(slices, plane, t, uvw)) for t in range(len(place))])
    turn = int(np.argmax(directions() @ ray))
    known = np.array([at_fraction(walls[k].outer_mm[:, turn], walls[k].fraction, place) for k in whole])
    outer = np.array([np.interp(depth, slices.depth_mm[whole], known[:, t]) for t in range(len(place))])
    blood = []
    for t in range(len(place)):
        for row in np.flatnonzero(depth > first):
            start = int(outer[t, row]) + 6
            blood.append(image[t, row, start : start + 16])
    level = float(np.clip(np.percentile(np.concatenate(blood), 60), 0.5, 1.3)) if blood else 0.8
    return RightView(index, side, place, image, uvw, depth, outer, level)


def _septal(view: RightView, cut: Section, end: WallEnd) -> WallEnd:
    """The right surface of the septum at the height where its muscle ends."""
    out = end.uvw.copy()
    for t in range(len(out)):
        row = int(np.argmin(np.abs(view.depth_mm - end.uvw[t, 2])))
        column = int(np.argmin(np.abs((view.uvw[row, :, :2] - end.uvw[t, :2]) @ (view.side * cut.across))))
        line = view.image[t, row] / view.level
        muscle = np.flatnonzero(line[column : column + 8] < 0.5)
        start = column + (int(muscle[0]) if muscle.size else 5)
        blood = np.flatnonzero(line[start : start + 15] >= 0.5)
        out[t] = view.uvw[row, start + (int(blood[0]) if blood.size else 5)]
    return WallEnd(view.plane, -1, view.fraction, out, 0.7 * end.confidence)


def _lateral(view: RightView, highest_mm: float, tick: Callable[[], None]) -> WallEnd:
    """Where the border of the right heart's blood is dented most, moving no faster than a ring does."""
    found = []
    for frame, outer in zip(view.image, view.outer_mm, strict=True):
        tick()
        found.append(_border(frame / view.level, outer + _ROOM_MM))
    border = np.array(found)
    dent = np.array([_dent(one) for one in border])
    off = (view.depth_mm < highest_mm - _HIGHEST_MM) | (view.depth_mm > highest_mm + _LOWEST_MM)
    price = np.where(off, 20.0, -dent / _DENT_MM)
    row = steady(price, _HASTE * (len(price) / 25.0) ** 2, is_cyclic(view.fraction))
    frames = np.arange(len(price))
    column = border[frames, row].astype(float)
    if len(row) > 6:
        wrap = "wrap" if is_cyclic(view.fraction) else "nearest"
        column = ndimage.median_filter(column, 5, mode=wrap)
    sure = np.clip(dent[frames, row] / _SURE_DENT_MM, 0.1, 1.0)
    place = view.uvw[row, column.astype(int)]
    if is_cyclic(view.fraction) and len(row) > 3 * (2 * _HARMONICS + 1) / 2:
        place, sure = _smooth(place, sure, view.fraction)
    return WallEnd(view.plane, 1, view.fraction, place, sure)


def _smooth(
    points: NDArray[np.float64], sure: NDArray[np.float64], fraction: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (t, 3) on a smooth closed path, the surer ones counting more, and their trust by how near they lay."""
    turn = 2 * np.pi * fraction[:, None] * np.arange(1, _HARMONICS + 1)
    basis = np.concatenate([np.ones((len(points), 1)), np.cos(turn), np.sin(turn)], axis=1)
    weight = sure.copy()
    path = points
    for _ in range(5):
        root = np.sqrt(weight)[:, None]
        path = basis @ np.linalg.lstsq(root * basis, root * points, rcond=None)[0]
        off = np.linalg.norm(points - path, axis=1)
        weight = sure / (1.0 + (off / _STRAY_MM) ** 2)
    # a phase without a clear dent is held by those before and after it
    return path, np.maximum(weight, ndimage.gaussian_filter1d(weight, 2.0, mode="wrap"))


def _border(s: NDArray[np.float32], seed_mm: NDArray[np.float64]) -> NDArray[np.intp]:
    """(rows,) the column where blood of the right heart ends outwards of ``seed_mm`` (rows,), smooth over the rows."""
    rows, columns = s.shape
    slope = ndimage.gaussian_filter1d(ndimage.gaussian_filter1d(s, 1.0, axis=0), 1.2, axis=1, order=1) * 2.4
    dark = np.clip(0.75 - s, 0.0, 0.75) / 0.75
    before = np.arange(columns) < seed_mm[:, None]
    total = np.cumsum(np.where(before, 0.0, _WALL_PRICE * dark**2 - _GAIN), axis=1) + _EDGE * np.clip(slope, -1.0, 0.0)
    total[before] = 1e3
    best, back = total[0], []
    moves = np.arange(-3, 4)
    for row in range(1, rows):
        padded = np.pad(best, 3, constant_values=np.inf)
        ways = np.stack([padded[3 - m : 3 - m + columns] + _BEND * m * m for m in moves])
        back.append(np.arange(columns) - moves[ways.argmin(axis=0)])
        best = ways.min(axis=0) + total[row]
    path = [int(best.argmin())]
    for source in reversed(back):
        path.append(int(source[path[-1]]))
    return np.array(path[::-1], dtype=np.intp)


def _dent(border: NDArray[np.intp]) -> NDArray[np.float64]:
    """(rows,) how far the border lies inwards of chords over it, mean over several lengths, in mm."""
    smooth = ndimage.gaussian_filter1d(border.astype(float), 1.5)
    place = np.arange(len(smooth))
    total = np.zeros(len(smooth))
    for reach in _CHORDS_MM:
        low, high = np.maximum(place - reach, 0), np.minimum(place + reach, len(smooth) - 1)
        total += (smooth[low] + smooth[high]) / 2 - smooth
    total[: _CHORDS_MM[0]] = total[-_CHORDS_MM[0] :] = 0.0
    return total / len(_CHORDS_MM)
