"""Where the left ventricle lies in each short-axis slice: a bright disc in a dark ring, in the part that moves.

First which of all discs it is: near motion, on the patient's left of all that beats. A dilated ventricle is still in
its middle, so motion counts as far as a wall may be from it. Then where its middle is, close by.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import fftconvolve

from twinviewer.domain import CineStack, Reporter, SegmentationError
from twinviewer.segmentation.cine.short_axis import Slices, middle_mm, sample
from twinviewer.segmentation.cine.sides import beats_beyond, side_prior

GRID_MM = 2.0
"""Spacing of the coarse grid on which the ventricle is looked for."""
_RADII_MM = (10.0, 14.0, 18.0, 22.0, 27.0, 32.0)
_DRIFT_MM = 6.0
"""How far the axis of the ventricle may wander sideways in 10 mm of depth before it counts against a path."""
_CROSSING_SIGMA_MM = 30.0
_WALL_FROM_MIDDLE_MM = 24.0
"""The wall that moves lies so far from the middle of the cavity: in health just so, in a dilated one farther."""
_CLOSE_MM, _OTHER_MM = 15.0, 25.0
_NEARLY = 0.95
_BEYOND = (
    "Something beats to the patient's left of what was taken for the left ventricle, where nothing of the heart should "
    "lie: it may be the right one, or the heart lies the other way round. Check the outlines before using any number."
)
_TWO_ALIKE = (
    "By their look alone, another place is as good a left ventricle as the one outlined, which was chosen for lying on "
    "the patient's left. Check that the right ventricle was not taken for it."
)


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """centres: (k, 2) u, v in mm of the left ventricle in the frame of ``Slices``; evidence: (k,) 0..1 in each slice.

    notes: why it may be the right ventricle, if it may.
    """

    centres: NDArray[np.float64]
    evidence: NDArray[np.float64]
    notes: tuple[str, ...]


def locate(stack: CineStack, slices: Slices, report: Reporter) -> Located:
    """Centre of the left ventricle in every slice.

    Errors: SegmentationError where nothing in the images beats.
    """
    u, v = _grid(slices)
    uv = np.stack(np.meshgrid(u, v, indexing="xy"), axis=-1)
    energy, looks = [], []
    for number in range(len(slices.planes)):
        tick = partial(report, 0.9 * number / len(slices.planes), "Looking for the left ventricle")
        tick()
        frames = sample(slices, number, uv)
        tick()
        energy.append(motion_energy(frames))
        looks.append(_disc_in_ring(frames, tick))
    shared = _filled(energy)
    if shared is None:
        raise SegmentationError(
            "Nothing in these images beats: every plane has one phase only.",
            remedy="Load the cine series with all its phases.",
        )
    prior = _crossings(stack, slices, uv)
    motion = np.array(shared)
    tick = partial(report, 0.9, "Looking for the left ventricle")
    looked = np.array(looks) * _around(motion, tick) * prior
    depth = slices.depth_mm
    which = _places(_path(looked * side_prior(slices, motion, uv), depth, tick), u, v)
    close = np.array([np.linalg.norm(uv - centre, axis=-1) <= _CLOSE_MM for centre in which])
    score = np.array(looks) * motion * prior * close
    path = _path(score, depth, tick)
    centres = _places(path, u, v)
    peak = float(score.max()) or 1.0
    evidence = np.array([float(score[k][j, i]) / peak for k, (j, i) in enumerate(path)])
    notes = []
    if beats_beyond(slices, motion, uv, centres):
        notes.append(_BEYOND)
    elif _other(looked, uv, which, depth, tick) > _NEARLY:
        notes.append(_TWO_ALIKE)
    return Located(centres, evidence, tuple(notes))


def _places(path: list[tuple[int, int]], u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, 2) u, v in mm of pixels (row, column)."""
    return np.array([[u[i], v[j]] for j, i in path])


def _around(motion: NDArray[np.float32], tick: Callable[[], None]) -> NDArray[np.float32]:
    """(k, v, u) the most motion within a wall's distance of each pixel."""
    size = int(_WALL_FROM_MIDDLE_MM / GRID_MM)
    y, x = np.mgrid[-size : size + 1, -size : size + 1]
    out = np.empty_like(motion)
    for k, image in enumerate(motion):
        tick()
        out[k] = ndimage.maximum_filter(image, footprint=np.hypot(x, y) <= size)
    return out


def _other(
    score: NDArray[np.float32],
    uv: NDArray[np.float64],
    centres: NDArray[np.float64],
    depth_mm: NDArray[np.float64],
    tick: Callable[[], None],
) -> float:
    """Score of the best path away from ``centres`` as a share of the best near them."""
    gain = score / np.maximum(score.max(axis=(1, 2), keepdims=True), 1e-6)
    near = np.array([np.linalg.norm(uv - centre, axis=-1) <= _OTHER_MM for centre in centres])
    sums = []
    for part_of in (np.where(near, gain, 0.0), np.where(near, 0.0, gain)):
        path = _path(part_of, depth_mm, tick)
        sums.append(sum(float(part_of[k][j, i]) for k, (j, i) in enumerate(path)))
    return sums[1] / max(sums[0], 1e-6)


def motion_energy(frames: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """(t, v, u) frames -> (v, u) amplitude of the first harmonic of the beat; None for a single frame.

    With few frames (two or three) it is half their range, which is what the harmonic tends to.
    """
    if len(frames) < 2:
        return None
    if len(frames) < 4:
        return ((frames.max(axis=0) - frames.min(axis=0)) / 2).astype(np.float32)
    turn = np.exp(-2j * np.pi * np.arange(len(frames)) / len(frames))
    return np.abs(np.tensordot(turn, frames, axes=1) * (2 / len(frames))).astype(np.float32)


def _grid(slices: Slices) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates u and v in mm of a grid over the part of the frame that all slices show."""
    low, high = [], []
    for plane in slices.planes:
        _, j, i = plane.frames.shape
        corners = np.array([[0, 0], [i - 1, 0], [0, j - 1], [i - 1, j - 1]], dtype=np.float64)
        uvw = slices.to_uvw(corners @ plane.affine[:3, :2].T + plane.affine[:3, 3])
        low.append(uvw[:, :2].min(axis=0))
        high.append(uvw[:, :2].max(axis=0))
    start, stop = np.max(low, axis=0), np.min(high, axis=0)
    if np.any(stop - start < 80.0):
        raise SegmentationError(
            "The short-axis slices do not show the same 80 mm of the chest.", remedy="Load one stack of short axes."
        )
    return np.arange(start[0], stop[0], GRID_MM), np.arange(start[1], stop[1], GRID_MM)


def _disc_in_ring(frames: NDArray[np.float32], tick: Callable[[], None]) -> NDArray[np.float32]:
    """(v, u) 0..1: how well a bright disc in an even, darker ring lies about each pixel, for the best radius.

    The brightest phase at each place stands for the full ventricle.
    """
    full = np.percentile(frames, 80, axis=0).astype(np.float32)
    # fat under the coil may be several times as bright as blood; above the chest's own bright end it says nothing
    scale = float(np.percentile(full, 93)) or 1.0
    full = np.minimum(full / scale, 1.0)
    size = int(np.ceil((_RADII_MM[-1] + 10.0) / GRID_MM))
    y, x = np.mgrid[-size : size + 1, -size : size + 1] * GRID_MM
    distance = np.hypot(x, y)
    angle = np.arctan2(y, x)
    best = np.zeros_like(full)
    for radius in _RADII_MM:
        tick()
        disc = distance <= 0.8 * radius
        ring = (distance > radius + 1.0) & (distance <= radius + 8.0)
        # judged by octants: all but one of the disc bright (a fold of fat is no disc), and all but two of the ring
        # darker than that (the right ventricle and the outflow tract are not)
        octants = [np.floor((angle + np.pi) / (np.pi / 4)) % 8 == part for part in range(8)]
        inside = np.sort([_mean(full, disc & octant) for octant in octants], axis=0)[1]
        around = np.sort([_mean(full, ring & octant) for octant in octants], axis=0)[5]
        best = np.maximum(best, np.clip(inside - around, 0.0, None) / (0.3 + inside))
    return best


def _mean(image: NDArray[np.float32], kernel: NDArray[np.bool_]) -> NDArray[np.float32]:
    padded = np.pad(image, [(s // 2, s // 2) for s in kernel.shape], mode="edge")
    return fftconvolve(padded, kernel[::-1, ::-1].astype(np.float32) / kernel.sum(), mode="valid").astype(np.float32)


def _filled(energy: list[NDArray[np.float32] | None]) -> list[NDArray[np.float32]] | None:
    """Smoothed relative energy of each slice; a slice with one frame takes the nearest slice's that has more."""
    known = [k for k, e in enumerate(energy) if e is not None]
    if not known:
        return None
    relative = {}
    for k in known:
        image = energy[k]
        assert image is not None
        # capped, so that the edge of bright fat that breathes does not outweigh a heart that beats
        smooth = ndimage.gaussian_filter(np.minimum(image, np.percentile(image, 96)), 7.0 / GRID_MM)
        relative[k] = smooth / max(float(smooth.max()), 1e-6)
    shared = np.mean(list(relative.values()), axis=0)
    relative = {k: image * shared for k, image in relative.items()}
    return [relative[min(known, key=lambda other: abs(other - k))] for k in range(len(energy))]


def _crossings(stack: CineStack, slices: Slices, uv: NDArray[np.float64]) -> NDArray[np.float32]:
    """(v, u) 0.3..1: near where long-axis planes cross each other in the middle slice; 1 everywhere without any.

    Long axes are planned through the apex and the middle of the mitral valve; views of the right heart are not, so
    each crossing is one vote and none rules a place out.
    """
    normals = [plane.normal for i, plane in enumerate(stack.planes) if i not in slices.indices]
    middles = [middle_mm(plane) for i, plane in enumerate(stack.planes) if i not in slices.indices]
    w = slices.axes[2]
    centre = slices.origin_mm
    votes = []
    for a, b in combinations(range(len(normals)), 2):
        system = np.array([normals[a], normals[b], w])
        if abs(np.linalg.det(system)) < 0.3:
            continue
        point = np.linalg.solve(system, [normals[a] @ middles[a], normals[b] @ middles[b], w @ centre])
        votes.append(slices.to_uvw(point)[0, :2])
    if not votes:
        return np.ones(uv.shape[:2], dtype=np.float32)
    field = np.zeros(uv.shape[:2])
    for vote in votes:
        field += np.exp(-np.sum((uv - vote) ** 2, axis=-1) / (2 * _CROSSING_SIGMA_MM**2))
    return (0.3 + 0.7 * field / field.max()).astype(np.float32)


def _path(score: NDArray[np.float32], depth_mm: NDArray[np.float64], tick: Callable[[], None]) -> list[tuple[int, int]]:
    """The pixel (row, column) in each slice: most score in all, and little sideways drift between neighbours."""
    gain = score / np.maximum(score.max(axis=(1, 2), keepdims=True), 1e-6)
    total = gain[0].astype(np.float64)
    back = []
    for k in range(1, len(score)):
        tick()
        allowed = _DRIFT_MM * max(abs(depth_mm[k] - depth_mm[k - 1]), 5.0) / 10.0
        # a quadratic price for drift is a distance transform along each axis
        moved, from_row, from_column = _lower_envelope(total, 0.25 * (GRID_MM / allowed) ** 2)
        back.append((from_row, from_column))
        total = moved + gain[k]
    j, i = (int(x) for x in np.unravel_index(int(np.argmax(total)), total.shape))
    path = [(j, i)]
    for from_row, from_column in reversed(back):
        j, i = int(from_row[j, i]), int(from_column[j, i])
        path.append((j, i))
    return path[::-1]


def _lower_envelope(
    total: NDArray[np.float64], price: float
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """max over moves of total - price * distance^2, one axis after the other, with where it came from."""
    reach = int(np.ceil(np.sqrt(1.5 / price)))
    shifts = np.arange(-reach, reach + 1)

    def along(image: NDArray[np.float64], axis: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        best, source = np.full(image.shape, -np.inf), np.zeros(image.shape, dtype=np.intp)
        places = np.indices(image.shape)[axis]
        for shift in shifts:
            other = np.clip(places + shift, 0, image.shape[axis] - 1)
            value = np.take_along_axis(image, other, axis) - price * shift**2
            better = value > best
            best[better], source[better] = value[better], other[better]
        return best, source

    by_row, row = along(total, 0)
    best, column = along(by_row, 1)
    return best, np.take_along_axis(row, column, 1), column
