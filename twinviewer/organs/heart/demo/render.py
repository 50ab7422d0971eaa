"""The demo heart and chest as CT: coverage of voxels by layers, blur, noise; and the volumes that this adds up to.

A voxel's grey value is the mean of the layers weighed by how much of the voxel each covers, as in a scanner. The same
weights, summed, are the true volumes: no threshold, no noise and no blur are in them.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, Reporter, part, silent
from twinviewer.organs.heart.demo.anatomy import Anatomy
from twinviewer.organs.heart.demo.layers import LABELS, LAYERS
from twinviewer.organs.heart.demo.motion import Beat
from twinviewer.organs.heart.demo.thorax import canvas, paint_thorax

NOISE_HU = 22.0
BLUR_VOXELS = 0.55
MIXING_HU = 38.0
_COARSE = 3
_NEAR_MM = 11.0
_LOBES = ((0.5, -0.9, 0.3), (0.4, -0.5, 0.9), (0.5, -0.6, -0.7), (0.3, 0.4, -1.0), (0.5, 0.7, 0.4))


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """hu: (t, k, j, i) int16. volumes_ml: structure -> (t,) true volume."""

    hu: NDArray[np.int16]
    grid: Grid
    volumes_ml: dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class _Cover:
    """What some voxels look like in one phase. hu: grey value of the layers times their share; left: share of the
    background; volumes: voxels (as a number with fraction) by label."""

    hu: NDArray[np.float32]
    left: NDArray[np.float32]
    volumes: NDArray[np.float64]


def scan_grid(spacing_mm: float = 1.5) -> Grid:
    """A field of view of 240 x 240 x 192 mm about the heart, as for a coronary angiogram."""
    extent = np.array([240.0, 240.0, 192.0])
    i, j, k = (int(round(n)) for n in extent / spacing_mm)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = np.array([15.0, -12.0, -4.0]) - 0.5 * spacing_mm * (np.array([i, j, k]) - 1)
    return Grid((k, j, i), affine)


def cover(
    heart: Anatomy,
    beat: Beat,
    points_mm: NDArray[np.floating],
    phase_percent: float,
    voxel_mm: float,
    mixing: NDArray[np.float32] | None = None,
) -> _Cover:
    """Shares of the layers in cubic voxels (edge voxel_mm) at LPS points (n, 3)."""
    n = len(points_mm)
    hu, left = np.zeros(n, np.float32), np.ones(n, np.float32)
    volumes = np.zeros(max(LABELS) + 1)
    for start in range(0, n, 150_000):
        piece = slice(start, min(n, start + 150_000))
        x, y, z = (np.ascontiguousarray(c, dtype=np.float32) for c in heart.shape.to_heart(points_mm[piece]).T)
        if phase_percent % 100 != 0:
            x, y, z = beat.at_end_diastole(x, y, z, phase_percent)
        distances = heart.distances(x, y, z, phase_percent)
        hu_here, left_here = hu[piece], left[piece]
        for layer in LAYERS:
            share = np.clip(0.5 - distances[layer.name] / np.float32(voxel_mm), 0, 1)
            share *= left_here
            left_here -= share
            volumes[layer.label] += float(share.sum(dtype=np.float64))
            if layer.mixing and mixing is not None:
                hu_here += share * (np.float32(layer.hu) + np.float32(MIXING_HU * layer.mixing) * mixing[piece])
            else:
                hu_here += share * np.float32(layer.hu)
    return _Cover(hu, left, volumes)


def near_heart(heart: Anatomy, grid: Grid) -> NDArray[np.bool_]:
    """(k, j, i) mask of the voxels that any layer can reach at some time of the beat."""
    k, j, i = (int(np.ceil(n / _COARSE)) for n in grid.shape)
    index = np.stack(np.meshgrid(np.arange(k), np.arange(j), np.arange(i), indexing="ij"), axis=-1).reshape(-1, 3)
    points = grid.to_mm(_COARSE * index[:, ::-1] + 0.5 * (_COARSE - 1))
    x, y, z = (np.ascontiguousarray(c, dtype=np.float32) for c in heart.shape.to_heart(points).T)
    nearest = np.full(x.shape, np.inf, np.float32)
    for distance in heart.distances(x, y, z).values():
        np.minimum(nearest, distance, out=nearest)
    mask = (nearest < _NEAR_MM).reshape(k, j, i)
    for axis in range(3):
        mask = np.repeat(mask, _COARSE, axis=axis)
    return mask[: grid.shape[0], : grid.shape[1], : grid.shape[2]]


def render(
    heart: Anatomy, phases: NDArray[np.float64], grid: Grid, seed: int, report: Reporter = silent, threads: int = 2
) -> Scan:
    """The CT of a heart in its chest at the given phases (% of R-R)."""
    beat = Beat(heart)
    voxel = float(np.mean(grid.spacing_mm))
    background = canvas(grid)
    paint_thorax(background, _lung_ends(heart), seed, part(report, 0.0, 0.2))

    mask = near_heart(heart, grid)
    where = np.argwhere(mask)
    points = grid.to_mm(where[:, ::-1].astype(np.float64))
    x, y, z = (np.ascontiguousarray(c, dtype=np.float32) for c in heart.shape.to_heart(points).T)
    moves = beat.hold(x, y, z) > 0
    mixing = _smooth_field(grid, [seed, 3])[mask]
    still = cover(heart, beat, points[~moves], 0.0, voxel, mixing[~moves])
    base = background.hu
    chosen = where[~moves]
    base[tuple(chosen.T)] = still.hu + still.left * base[tuple(chosen.T)]
    report(0.25, "Painting the heart")

    where, points, mixing = where[moves], points[moves], mixing[moves]
    low, high = where.min(axis=0), where.max(axis=0) + 1
    margin = 3
    outer = tuple(slice(max(a - margin, 0), min(b + margin, n)) for a, b, n in zip(low, high, grid.shape, strict=True))
    sharp = base[outer].copy()
    local = tuple((where - [s.start for s in outer]).T)
    behind = sharp[local]
    blurred = ndimage.gaussian_filter(base, BLUR_VOXELS, truncate=3)
    noise = _noise(grid, [seed, 4])
    shifts = np.random.default_rng([seed, 5]).integers(0, min(grid.shape), (len(phases), 3))
    hu = np.empty((len(phases), *grid.shape), np.int16)
    volumes = np.zeros((len(phases), max(LABELS) + 1))

    def one(number: int) -> None:
        found = cover(heart, beat, points, float(phases[number]), voxel, mixing)
        volumes[number] = (found.volumes + still.volumes) * grid.voxel_ml
        box = sharp.copy()
        box[local] = found.hu + found.left * behind
        image = np.roll(noise, tuple(int(s) for s in shifts[number]), axis=(0, 1, 2))
        image += blurred
        image[outer] += ndimage.gaussian_filter(box, BLUR_VOXELS, truncate=3) - blurred[outer]
        hu[number] = np.clip(np.rint(image), -1024, 3071)

    with ThreadPoolExecutor(threads) as pool:
        for done, _ in enumerate(pool.map(one, range(len(phases)))):
            report(0.25 + 0.75 * (done + 1) / len(phases), f"Phase {done + 1} of {len(phases)}")
    return Scan(hu, grid, {name: volumes[:, value] for value, name in LABELS.items()})


def _lung_ends(heart: Anatomy) -> list[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    """Position, direction (LPS) and radius of the vessels that leave for the lungs, at both hila and on the way."""
    places = heart.places
    ends = []
    for line in (places.left_pulmonary, places.right_pulmonary, *places.pulmonary_veins):
        last, before = heart.shape.to_lps(line.nodes[[-1, -2]])
        out = float(np.sign(last[0] - 10))
        ends.append((last, last - before, max(float(line.radii[-1]), 4.2)))
        # lobar branches: forwards, upwards, downwards and backwards
        for ahead, back, up in _LOBES:
            ends.append((0.5 * (last + before), np.array([out * ahead, back, up]), 3.6))
    return ends


def _smooth_field(grid: Grid, seed: list[int]) -> NDArray[np.float32]:
    """A random field about -1..1 that changes over some 15 mm: how contrast is mixed."""
    coarse = np.random.default_rng(seed).normal(size=[int(np.ceil(n / 10)) + 2 for n in grid.shape])
    field = ndimage.zoom(coarse.astype(np.float32), 10, order=1)
    return field[: grid.shape[0], : grid.shape[1], : grid.shape[2]]


def _noise(grid: Grid, seed: list[int]) -> NDArray[np.float32]:
    """Noise of NOISE_HU standard deviation, correlated over about a voxel in the slice and less across slices."""
    white = np.random.default_rng(seed).standard_normal(grid.shape, dtype=np.float32)
    smooth = ndimage.gaussian_filter(white, (0.35, 0.75, 0.75), mode="wrap", truncate=3)
    return smooth * np.float32(NOISE_HU / smooth.std())
