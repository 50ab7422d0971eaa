"""Polar views of a short-axis slice about the ventricle's axis, and the best closed pair of borders in them."""

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull

from twinviewer.segmentation.cine.short_axis import Slices, sample

ANGLES = 72
STEP_MM = 1.0
"""Distance between samples along a ray."""
REACH_MM = 110
INNER_MM = 48
"""Largest radius of the endocardium; a left ventricle of 96 mm across is beyond any cine."""
THINNEST_MM, THICKEST_MM = 3, 24
"""Wall thickness that is looked for, from thinned scar to severe hypertrophy."""


def directions() -> NDArray[np.float64]:
    """(angles, 2) unit vectors u, v of the rays."""
    angle = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def polar_frames(slices: Slices, number: int, centre: NDArray[np.float64]) -> NDArray[np.float32]:
    """(t, angles, radii) samples of all frames of a slice about ``centre`` (2,) u, v in mm; radius index = mm."""
    radii = np.arange(REACH_MM) * STEP_MM
    uv = centre + directions()[:, None, :] * radii[None, :, None]
    return sample(slices, number, uv)


def to_uv(radii_mm: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """(angles,) radii -> (angles, 2) points u, v in mm."""
    return centre + directions() * np.asarray(radii_mm)[:, None]


def smooth_closed(radii_mm: NDArray[np.float64], harmonics: int) -> NDArray[np.float64]:
    """(..., angles) radii with only the lowest Fourier harmonics, the last ones tapered."""
    spectrum = np.fft.rfft(radii_mm, axis=-1)
    order = np.arange(spectrum.shape[-1])
    keep = np.clip((harmonics + 2 - order) / 2.0, 0.0, 1.0)
    return np.fft.irfft(spectrum * keep, n=radii_mm.shape[-1], axis=-1)


def convex(radii_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """(t, angles) radii of the convex hulls of star-shaped outlines: a papillary muscle makes no dent."""
    rays = directions()
    out = np.empty_like(radii_mm)
    for t, radii in enumerate(radii_mm):
        points = rays * np.maximum(radii, 0.5)[:, None]
        faces = ConvexHull(points).equations
        with np.errstate(divide="ignore"):
            reach = -faces[:, 2] / (rays @ faces[:, :2].T)
        out[t] = np.where(reach > 0, reach, np.inf).min(axis=1)
    return out


def over_time(radii: NDArray[np.float64], cyclic: bool) -> NDArray[np.float64]:
    """(t, angles) mean of the frames before and after each frame (itself where there is no neighbour)."""
    if len(radii) == 1:
        return radii
    if cyclic:
        return (np.roll(radii, 1, axis=0) + np.roll(radii, -1, axis=0)) / 2
    return ndimage.correlate1d(radii, [0.5, 0.0, 0.5], axis=0, mode="nearest")


@njit(cache=True, nogil=True)
def best_walls(
    inside: NDArray[np.float32],
    wall: NDArray[np.float32],
    inner_edge: NDArray[np.float32],
    outer_edge: NDArray[np.float32],
    near_inner: NDArray[np.float32],
    near_outer: NDArray[np.float32],
    pull: float,
    usual: float,
    stiff: float,
    bend_inner: float,
    bend_thickness: float,
    thinnest: int,
    thickest: int,
    inner_end: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:  # pragma: no cover (compiled)
    """The cheapest closed pair of radii (inner < outer) over all angles, by dynamic programming.

    inside, wall: (angles, radii + 1) cumulated costs of being blood or wall up to each radius. inner_edge, outer_edge:
    (angles, radii) cost of a border there. near_inner, near_outer: (angles,) radii to stay near with weight ``pull``
    (cost a squared mm). A wall thicker than ``usual`` costs ``stiff`` a squared mm, a thinner one a
    quarter. Neighbouring angles differ by at most 2 in the inner radius and 2 in thickness.
    Returns inner and outer radii (angles,) and the cost. The ring is unrolled twice and the middle taken.
    """
    angles = inside.shape[0]
    n_r = inner_end
    n_d = thickest - thinnest + 1
    big = 1e9
    unrolled = 2 * angles
    previous = np.full((n_r, n_d), big)
    current = np.full((n_r, n_d), big)
    back = np.zeros((unrolled, n_r, n_d), dtype=np.int8)
    for turn in range(unrolled):
        a = turn % angles
        for r in range(n_r):
            for d in range(n_d):
                outer = r + thinnest + d
                excess = outer - r - usual
                if excess < 0:
                    excess *= 0.5
                cost = (
                    inside[a, r]
                    + wall[a, outer]
                    - wall[a, r]
                    + inner_edge[a, r]
                    + outer_edge[a, outer]
                    + pull * ((r - near_inner[a]) ** 2 + (outer - near_outer[a]) ** 2)
                    + stiff * excess * excess
                )
                best = big
                chosen = 0
                if turn == 0:
                    best = 0.0
                else:
                    for dr in range(-2, 3):
                        other_r = r + dr
                        if other_r < 0 or other_r >= n_r:
                            continue
                        for dd in range(-2, 3):
                            other_d = d + dd
                            if other_d < 0 or other_d >= n_d:
                                continue
                            value = previous[other_r, other_d] + bend_inner * dr * dr + bend_thickness * dd * dd
                            if value < best:
                                best = value
                                chosen = (dr + 2) * 5 + dd + 2
                current[r, d] = best + cost
                back[turn, r, d] = chosen
        previous, current = current, previous
    best = big
    r, d = 0, 0
    for i in range(n_r):
        for j in range(n_d):
            if previous[i, j] < best:
                best = previous[i, j]
                r, d = i, j
    inner_path = np.zeros(angles, dtype=np.int64)
    outer_path = np.zeros(angles, dtype=np.int64)
    half = angles // 2
    for turn in range(unrolled - 1, -1, -1):
        if half <= turn < half + angles:
            inner_path[turn % angles] = r
            outer_path[turn % angles] = r + thinnest + d
        move = back[turn, r, d]
        if turn > 0:
            r += move // 5 - 2
            d += move % 5 - 2
    return inner_path, outer_path, best / 2
