"""Shifts between planes that were taken in different breath-holds, from the lines in which planes cross.

Two planes show the same tissue along their common line. Each plane may be shifted within itself so that what it shows
there agrees with all planes that cross it (in the manner of Lötjönen J et al., Med Image Anal 2004;8:371). A shift
across a plane is not looked for: a plane does not show what lies beside it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CinePlane, CineStack, Reporter, silent
from twinviewer.segmentation.cine.phases import FEW, beat_fraction, follows

MOST_MM = 10.0
_PHASES = 8
_HALF_MM, _STEP_MM = 64.0, 2.0
"""Half length of a line about the heart, and the distance of samples on it."""
_ACROSS_MM, _ALONG_MM = 48.0, 75.0
"""What lies farther than this from the ventricle's axis, or from its middle along it, counts for little: ribs and spine
do not breathe with the heart."""
_CROSSING = 0.85
_ROUNDS = 3
_PRIOR = 0.0001
"""What a squared mm of shift costs against the mean correlation: 5 mm must gain 0.0025."""
_LEAST_GAIN = 0.005
_TEXT = "Looking for shifts between breath-holds"


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A plane's images at the common phases, smoothed and capped, and its own axes in mm."""

    frames: NDArray[np.float32]
    affine: NDArray[np.float64]
    axes: NDArray[np.float64]
    pixel_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """Points (n, 3) LPS mm on the common line of two planes and their weights (n,)."""

    first: int
    second: int
    points: NDArray[np.float64]
    weight: NDArray[np.float64]


def breath_hold_shifts(
    stack: CineStack, heart_mm: NDArray[np.float64], apexward: NDArray[np.float64], report: Reporter = silent
) -> NDArray[np.float64]:
    """(planes, 3) mm to add to what lies in each plane, so that crossing planes agree; 0 where that would not help.

    heart_mm: (3,) LPS, the middle of the left ventricle; apexward: (3,) unit vector along its axis. Shifts lie within
    their planes, up to MOST_MM along either axis; one that all planes share cannot be seen and is left out. ``report``
    may raise Cancelled.
    """
    most = max(len(plane.frames) for plane in stack.planes)
    wanted = (np.arange(_PHASES) + 0.5) / _PHASES if most > FEW else np.array([0.0, 0.35])
    # a plane with a frame or two says nothing of the other phases that are compared
    moving = [follows(plane, stack.planes) for plane in stack.planes]
    views = []
    for plane in stack.planes:
        report(0.0, _TEXT)
        views.append(_view(plane, wanted))
    lines = _lines(stack.planes, heart_mm, apexward, moving)
    shift = np.zeros((len(views), 2))
    crossed = [i for i in range(len(views)) if any(i in (line.first, line.second) for line in lines)]
    steps = [(MOST_MM, 2.0)] + [(4.0, 1.0)] * (_ROUNDS - 1) + [(1.0, 0.5)]
    total = len(steps) * max(len(crossed), 1)
    for turn, (reach, step) in enumerate(steps):
        order = crossed if turn % 2 == 0 else crossed[::-1]
        for n, i in enumerate(order):
            report((turn * len(crossed) + n) / total, _TEXT)
            shift[i] = _best(i, views, lines, shift, reach, step)[0]
    for i in crossed:
        report(1.0, _TEXT)
        _, gain = _best(i, views, lines, shift, 0.0, 1.0)
        if gain < _LEAST_GAIN:
            shift[i] = 0.0
    return np.array([s @ view.axes for s, view in zip(shift, views, strict=True)])


def _view(plane: CinePlane, wanted: NDArray[np.float64]) -> _View:
    fraction = beat_fraction(plane)
    away = np.abs(fraction[None, :] - wanted[:, None])
    chosen = np.argmin(np.minimum(away, 1.0 - away), axis=1)
    size = np.linalg.norm(plane.affine[:3, :2], axis=0)
    sigma = (0.0, 1.2 / size[1], 1.2 / size[0])
    frames = plane.frames[chosen].astype(np.float32)
    top = float(np.percentile(frames, 98)) or 1.0
    frames = ndimage.gaussian_filter(np.minimum(frames / top, 1.0), sigma)
    return _View(frames, plane.affine, plane.affine[:3, :2].T / size[:, None], size)


def _lines(
    planes: tuple[CinePlane, ...],
    heart_mm: NDArray[np.float64],
    apexward: NDArray[np.float64],
    moving: list[bool],
) -> list[_Line]:
    out = []
    along = np.arange(-_HALF_MM, _HALF_MM + _STEP_MM / 2, _STEP_MM)
    for i, a in enumerate(planes):
        for j in range(i + 1, len(planes)):
            b = planes[j]
            if abs(a.normal @ b.normal) > _CROSSING or not (moving[i] and moving[j]):
                continue
            direction = np.cross(a.normal, b.normal)
            direction /= np.linalg.norm(direction)
            system = np.array([a.normal, b.normal, direction])
            foot = np.linalg.solve(
                system, [a.normal @ a.affine[:3, 3], b.normal @ b.affine[:3, 3], direction @ heart_mm]
            )
            points = foot + along[:, None] * direction
            away = points - heart_mm
            deep = away @ apexward
            across = np.linalg.norm(away - deep[:, None] * apexward, axis=1)
            weight = np.exp(-(((across / _ACROSS_MM) ** 2 + (deep / _ALONG_MM) ** 2) ** 2))
            if weight.sum() > 8:
                out.append(_Line(i, j, points, weight))
    return out


def _best(
    index: int,
    views: list[_View],
    lines: list[_Line],
    shift: NDArray[np.float64],
    reach: float,
    step: float,
) -> tuple[NDArray[np.float64], float]:
    """The best shift (2,) of one plane about its present one while the others stay, and what it gains against none."""
    offsets = np.arange(-reach, reach + step / 2, step)
    around = np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2) + shift[index]
    candidates = np.concatenate([np.clip(around, -MOST_MM, MOST_MM), np.zeros((1, 2))])
    score, count = np.zeros(len(candidates)), 0.0
    for line in lines:
        if index not in (line.first, line.second):
            continue
        other = line.second if line.first == index else line.first
        seen = _sample(views[other], line.points, shift[other][None])[0]
        mine = _sample(views[index], line.points, candidates)
        weight = float(line.weight.sum())
        score += weight * _correlation(mine, seen, line.weight)
        count += weight
    score = score / max(count, 1e-9) - _PRIOR * (candidates**2).sum(axis=1)
    best = int(np.argmax(score))
    return candidates[best], float(score[best] - score[-1])


def _sample(view: _View, points: NDArray[np.float64], shifts: NDArray[np.float64]) -> NDArray[np.float32]:
    """(m, t, n) what a plane shows at points (n, 3) if its content is moved by shifts (m, 2) mm along its axes."""
    at = (points - view.affine[:3, 3]) @ view.axes.T
    ij = ((at[None] - shifts[:, None, :]) / view.pixel_mm).reshape(-1, 2)
    out = np.stack([ndimage.map_coordinates(frame, ij.T[::-1], order=1, mode="nearest") for frame in view.frames])
    return out.reshape(len(view.frames), len(shifts), len(points)).swapaxes(0, 1)


def _correlation(
    mine: NDArray[np.float32], seen: NDArray[np.float32], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(m,) weighted correlation of (m, t, n) with (t, n) over places and phases together."""
    w = np.broadcast_to(weight / weight.sum() / len(seen), seen.shape)
    a = mine - (w * mine).sum(axis=(1, 2), keepdims=True)
    b = seen - float((w * seen).sum())
    spread = np.sqrt((w * a**2).sum(axis=(1, 2)) * float((w * b**2).sum()))
    out: NDArray[np.float64] = (w * a * b).sum(axis=(1, 2)) / np.maximum(spread, 1e-9)
    return out
