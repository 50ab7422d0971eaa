"""Labels of one voxel grid on another, of any spacing and orientation.

Onto coarser or like voxels the nearest of the old voxels is taken at each new centre, which is unbiased. Onto finer
ones that would give steps the size of the old voxels, so there each label's signed distance is interpolated, and the
label that reaches furthest inside wins: borders come out smooth and volumes are kept.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, Reporter, silent

FINER = 0.8
"""Where the new voxels' longest edge is below this share of the old one's, distances are interpolated."""
_REACH_MM = 6.0


def is_finer(own: Grid, wanted: Grid) -> bool:
    """Whether labels of one grid would show as steps on the other."""
    return max(wanted.spacing_mm) < FINER * max(own.spacing_mm)


def same_lattice(own: Grid, wanted: Grid) -> bool:
    """Whether the voxels of both grids are the same where both have any: cropped, or counted from another corner."""
    between = np.linalg.inv(own.affine) @ wanted.affine
    whole = np.rint(between)
    far = np.array([wanted.shape[2], wanted.shape[1], wanted.shape[0], 1.0])
    return bool((np.abs(between - whole)[:3] @ far < 1e-2).all() and abs(abs(np.linalg.det(whole[:3, :3])) - 1.0) < 0.5)


def regridded(
    frame: NDArray[np.integer],
    own: Grid,
    wanted: Grid,
    table: Mapping[int, int],
    smooth: bool | None = None,
    report: Reporter = silent,
) -> NDArray[np.uint8]:
    """(k, j, i) uint8 on the wanted grid. table: number of the frame -> number to write, others become background.

    smooth: interpolate distances; None: where the wanted grid is finer.
    """
    lookup = np.zeros(int(frame.max(initial=0)) + 1, dtype=np.uint8)
    for value, number in table.items():
        if 0 <= value < len(lookup):
            lookup[value] = number
    if own.same_as(wanted):
        return np.asarray(lookup[frame])
    if (is_finer(own, wanted) and not same_lattice(own, wanted)) if smooth is None else smooth:
        return _smooth(lookup[frame], own, wanted, report)
    return _nearest(frame, lookup, own, wanted)


def _nearest(frame: NDArray[np.integer], lookup: NDArray[np.uint8], own: Grid, wanted: Grid) -> NDArray[np.uint8]:
    k_count, j_count, i_count = wanted.shape
    out = np.zeros(wanted.shape, dtype=np.uint8)
    to_own = np.linalg.inv(own.affine) @ wanted.affine
    jj, ii = np.mgrid[0:j_count, 0:i_count]
    plane = np.stack([ii.ravel(), jj.ravel()]).astype(np.float64)
    limits = np.array(own.shape[::-1])[:, None]
    for k in range(k_count):
        at = np.rint(to_own[:3, :2] @ plane + (to_own[:3, 2] * k + to_own[:3, 3])[:, None]).astype(np.int64)
        inside = ((at >= 0) & (at < limits)).all(axis=0)
        i, j, depth = at[:, inside]
        row = out[k].reshape(-1)
        row[inside] = lookup[frame[depth, j, i]]
    return out


def _smooth(data: NDArray[np.uint8], own: Grid, wanted: Grid, report: Reporter) -> NDArray[np.uint8]:
    out = np.zeros(wanted.shape, dtype=np.uint8)
    best = np.zeros(wanted.shape, dtype=np.float32)
    spacing = np.array(own.spacing_mm[::-1])
    margin = np.ceil(_REACH_MM / spacing).astype(int) + 1
    back = np.linalg.inv(wanted.affine) @ own.affine
    numbers = [int(v) for v in np.unique(data) if v]
    for done, number in enumerate(numbers):
        report(done / len(numbers), "Placing the mask in the images")
        seen = np.argwhere(data == number)
        low, high = seen.min(axis=0) - margin, seen.max(axis=0) + margin + 1
        inner = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low, high, data.shape, strict=True))
        pads = [(max(-a, 0), max(b - n, 0)) for a, b, n in zip(low, high, data.shape, strict=True)]
        region = np.pad(data[inner] == number, pads)
        inside = ndimage.distance_transform_edt(region, sampling=spacing)
        outside = ndimage.distance_transform_edt(~region, sampling=spacing)
        half = 0.5 * float(spacing.mean())
        signed = np.clip(np.where(region, inside - half, half - outside), -_REACH_MM, _REACH_MM).astype(np.float32)
        corners = np.array([[(low, high - 1)[c >> a & 1][a] for a in range(3)] for c in range(8)], dtype=np.float64)
        there = corners[:, ::-1] @ back[:3, :3].T + back[:3, 3]
        first = np.maximum(np.floor(there.min(axis=0)), 0).astype(int)[::-1]
        last = np.minimum(np.ceil(there.max(axis=0)) + 1, wanted.shape[::-1]).astype(int)[::-1]
        if (last <= first).any():
            continue
        flip = np.eye(4)[[2, 1, 0, 3]]
        matrix = flip @ np.linalg.inv(back) @ flip  # indices (k, j, i) of the wanted grid to those of the own one
        offset = matrix[:3, :3] @ first + matrix[:3, 3] - low
        values = ndimage.affine_transform(
            signed, matrix[:3, :3], offset, tuple(last - first), order=1, mode="constant", cval=-_REACH_MM
        )
        box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
        wins = values > np.maximum(best[box], 0.0)
        out[box][wins] = number
        best[box][wins] = values[wins]
    return out
