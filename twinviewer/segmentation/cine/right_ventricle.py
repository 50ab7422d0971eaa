"""The right ventricle's cavity in a short-axis slice: a layer of blood on the septum, seen from the left ventricle."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.segmentation.cine import polar as ring
from twinviewer.segmentation.cine.short_axis import Slices
from twinviewer.segmentation.cine.sides import rightward
from twinviewer.segmentation.cine.wall import Walls

_DEEPEST_MM = 70
_HALF_SECTOR = 100.0
_GAIN, _WALL_PRICE, _EDGE = 0.45, 1.6, 2.5
_BEND, _JUMP, _PULL = 0.03, 12.0, 0.03
_BRIGHTEST = 1.45
"""Beyond this it is fat under the coil, not blood."""
_LEAST_CM2 = 1.0
_TAIL_MM, _TAIL_SHARE = 7.0, 0.4
"""An end of the layer thinner than this, or than this share of the deepest, is left out."""
_NECK_MM, _SWELLS_MM = 5.0, 1.5
"""A layer that has become thinner than the first and then thickens by the second is another thing: fat of a groove."""


@dataclass(frozen=True, slots=True, eq=False)
class RightCavity:
    """Septal and free-wall radii (t, angles) in mm about the left ventricle's centre; depth 0 where there is none.

    confidence: (t,) 0..1.
    """

    near_mm: NDArray[np.float64]
    far_mm: NDArray[np.float64]
    confidence: NDArray[np.float64]

    def outline(
        self, phase: int, centre: NDArray[np.float64], share: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """(n, 2) closed outline u, v of the largest piece, or (0, 2) where there is no cavity to speak of.

        share: (angles,) how much of the layer on each ray is known to be ventricle; a piece counts by that much.
        """
        depth = self.far_mm[phase] - self.near_mm[phase]
        ours = depth if share is None else depth * share
        # a moderator band or a crest at the insertion does not end the cavity
        wide = np.pad(depth > 1.0, 6, mode="wrap")
        piece = _largest_run(ndimage.binary_closing(wide, iterations=1)[6:-6], ours * self.near_mm[phase])
        piece = _without_tails(piece, depth, ours)
        if len(piece) < 4:
            return np.zeros((0, 2))
        near = ring.to_uv(self.near_mm[phase], centre)[piece]
        far = ring.to_uv(self.far_mm[phase], centre)[piece]
        points = np.concatenate([far, near[::-1]])
        return points if _area_cm2(points) >= _LEAST_CM2 else np.zeros((0, 2))


def find_right(slices: Slices, walls: Walls, cyclic: bool, tick: Callable[[], None]) -> RightCavity:
    """The cavity in all phases of one slice, next to the left ventricle's epicardium that ``walls`` gives.

    tick: called for every round over the frames; may raise Cancelled.
    """
    s = walls.tone.relative(walls.polar)
    turned = np.degrees(np.arccos(np.clip(ring.directions() @ rightward(slices), -1.0, 1.0)))
    open_here = turned <= _HALF_SECTOR
    layers = [_layer(s[t], walls.outer_mm[t]) for t in range(len(s))]
    level, depth = 1.0, np.zeros((len(s), ring.ANGLES))
    costs: list[NDArray[np.float64]] = []
    for turn in range(3):
        tick()
        costs = [_layer_costs(layer / level, walls.outer_mm[t], open_here) for t, layer in enumerate(layers)]
        near, pull = (ring.over_time(depth, cyclic), _PULL) if turn > 0 and len(s) > 3 else (depth, 0.0)
        depth = np.array([best_layer(c, near[t], pull, _BEND, _JUMP) for t, c in enumerate(costs)], dtype=np.float64)
        level = _blood_level(layers, depth)
    smooth = np.where(depth > 0, ndimage.gaussian_filter1d(depth, 0.8, axis=1, mode="wrap"), 0.0)
    near_mm = walls.outer_mm + np.where(smooth > 0, 0.3, 0.0)
    sure = np.array([_sureness(cost, d) for cost, d in zip(costs, depth, strict=True)])
    return RightCavity(near_mm=near_mm, far_mm=near_mm + smooth, confidence=sure)


def _area_cm2(points: NDArray[np.float64]) -> float:
    x, y = points.T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 100.0


def _layer(s: NDArray[np.float32], outer_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """(angles, depths) samples of one frame by depth in mm beyond the epicardium."""
    columns = outer_mm[:, None] + 0.5 + np.arange(_DEEPEST_MM + 1)[None, :]
    rows = np.broadcast_to(np.arange(len(s))[:, None], columns.shape)
    return ndimage.map_coordinates(s, [rows, columns], order=1, mode="nearest").astype(np.float64)


def _blood_level(layers: list[NDArray[np.float64]], depth: NDArray[np.float64]) -> float:
    """Blood of this cavity in units of the left one's: nearer to or farther from the coil, and finely trabeculated."""
    inside = [
        layer[np.arange(layer.shape[1])[None, :] < d[:, None] - 1.5] for layer, d in zip(layers, depth, strict=True)
    ]
    pixels = np.concatenate(inside)
    return float(np.clip(np.percentile(pixels, 60), 0.5, 1.3)) if pixels.size > 300 else 0.8


def _layer_costs(layer: NDArray, outer_mm: NDArray[np.float64], open_here: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(angles, depths) cost of a layer of blood of each depth in mm, from samples in units of its own blood."""
    slope = ndimage.gaussian_filter1d(layer, 1.0, axis=1, order=1, mode="nearest") * 2.4
    dark = np.clip(0.75 - layer, 0.0, 0.75) / 0.75
    bright = np.clip(layer - _BRIGHTEST, 0.0, 0.5) / 0.5
    per_mm = _WALL_PRICE * dark**2 + bright - _GAIN
    total = np.concatenate([np.zeros((len(layer), 1)), np.cumsum(per_mm[:, :-1], axis=1)], axis=1)
    edge = _EDGE * np.clip(slope, -1.0, 0.0)
    edge[:, 0] = 0.0
    outside_image = outer_mm[:, None] + np.arange(layer.shape[1])[None, :] > ring.REACH_MM - 3
    total = np.where(outside_image, 1e3, total + edge)
    total[~open_here, 1:] = 1e3
    return np.ascontiguousarray(total, dtype=np.float64)


@njit(cache=True, nogil=True)
def best_layer(
    cost: NDArray[np.float64], near: NDArray[np.float64], pull: float, bend: float, jump: float
) -> NDArray[np.int64]:  # pragma: no cover (compiled)
    """The cheapest closed depth profile (angles,) for cost (angles, depths).

    Neighbours differ by at most 6 mm at ``bend`` a squared mm, but the layer may begin and end abruptly (depth 0 to any
    or back) at the price ``jump``. near: (angles,) depths to stay near at ``pull`` a squared mm.
    """
    angles, depths = cost.shape
    unrolled = 2 * angles
    before = np.zeros(depths)
    now = np.zeros(depths)
    back = np.zeros((unrolled, depths), dtype=np.int16)
    for turn in range(unrolled):
        a = turn % angles
        low = 0
        for d in range(depths):
            if before[d] < before[low]:
                low = d
        for d in range(depths):
            here = cost[a, d] + pull * (d - near[a]) ** 2
            best = before[0] + (jump if d > 0 else 0.0)
            chosen = 0
            if d == 0 and before[low] + jump < best:
                best = before[low] + jump
                chosen = low
            for other in range(max(d - 6, 0), min(d + 7, depths)):
                value = before[other] + bend * (d - other) ** 2
                if value < best:
                    best = value
                    chosen = other
            now[d] = best + here
            back[turn, d] = chosen
        before, now = now, before
    d = int(np.argmin(before))
    path = np.zeros(angles, dtype=np.int64)
    half = angles // 2
    for turn in range(unrolled - 1, -1, -1):
        if half <= turn < half + angles:
            path[turn % angles] = d
        d = back[turn, d]
    return path


def _largest_run(on: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.intp]:
    """Indices of the heaviest unbroken run round the ring."""
    if not on.any():
        return np.zeros(0, dtype=np.intp)
    if on.all():
        return np.arange(len(on))
    start = int(np.flatnonzero(~on)[0])
    order = (np.arange(len(on)) + start) % len(on)
    runs = np.split(order, np.flatnonzero(np.diff(on[order].astype(int)) != 0) + 1)
    return max((run for run in runs if on[run[0]]), key=lambda run: float(weight[run].sum()))


def _without_tails(piece: NDArray[np.intp], depth: NDArray[np.float64], ours: NDArray[np.float64]) -> NDArray[np.intp]:
    """The run less what is fat in the grooves: lobes beyond a neck, and thin ends along the epicardium.

    The neck is looked for on both sides of where ``ours``, what is known to be ventricle, is deepest.
    """
    if len(piece) == 0:
        return piece
    here = depth[piece]
    top = int(np.argmax(ours[piece]))
    piece = piece[_to_neck(here[: top + 1][::-1], top, -1) : _to_neck(here[top:], top, 1) + 1]
    thick = np.flatnonzero(depth[piece] >= min(_TAIL_MM, _TAIL_SHARE * float(depth[piece].max())))
    first, last = max(int(thick[0]) - 1, 0), min(int(thick[-1]) + 1, len(piece) - 1)
    return piece[first : last + 1]


def _to_neck(depth: NDArray[np.float64], start: int, way: int) -> int:
    """The last place, counted from ``start``, before the layer swells again after it had become thin."""
    least = np.minimum.accumulate(depth)
    swollen = np.flatnonzero((least < _NECK_MM) & (depth > least + _SWELLS_MM))
    if not len(swollen):
        return start + way * (len(depth) - 1)
    neck = int(np.argmin(depth[: int(swollen[0])]))
    return start + way * neck


def _sureness(cost: NDArray[np.float64], depth: NDArray[np.float64]) -> float:
    """0..1: how much of the best possible gain the layer has, blood being even and its far border sharp."""
    used = depth > 0
    if not used.any():
        return 0.0
    got = -cost[np.flatnonzero(used), depth[used].astype(int)].sum()
    best = (_GAIN * depth[used] + _EDGE).sum()
    return float(np.clip(got / best, 0.0, 1.0))
