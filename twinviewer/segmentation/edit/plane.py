"""An image plane through a volume, straight or oblique: its grey values, and what a shape drawn in it covers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid
from twinviewer.segmentation.edit.patch import Box, box_at, grown

Plane = NDArray[np.bool_]
STRAIGHT = 1e-3
"""Sine of the angle up to which a plane runs along the voxels."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A square of a plane round a point. values: (rows, columns) grey values, the least of them outside the volume. at:
    the pixel of the point. axis, index: the slice of the (k, j, i) array that it is, axis None for an oblique plane.
    corner_mm, right, down: (3,) LPS of the first pixel and one pixel's step along columns and rows."""

    values: NDArray[np.generic]
    at: tuple[int, int]
    axis: int | None
    index: int
    corner: tuple[int, int]
    corner_mm: NDArray[np.float64]
    right: NDArray[np.float64]
    down: NDArray[np.float64]


def axis_of(grid: Grid, orientation: str) -> int:
    """The axis of the (k, j, i) array that runs through axial, coronal or sagittal slices; each has its own."""
    from scipy.optimize import linear_sum_assignment

    direction = np.abs(grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0))
    lps, voxel = linear_sum_assignment(-direction)
    follows = dict(zip(lps.tolist(), voxel.tolist(), strict=True))
    return 2 - follows[{"sagittal": 0, "coronal": 1, "axial": 2}[orientation]]


def straight_axis(grid: Grid, normal: NDArray[np.floating]) -> int | None:
    """The axis of the (k, j, i) array that a plane with this normal is a slice of; None for an oblique plane."""
    unit = np.asarray(normal, float) / np.linalg.norm(normal)
    direction = grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0)
    along = np.abs(unit @ direction)
    for voxel in range(3):
        if np.delete(along, voxel).max() < STRAIGHT:
            return 2 - voxel
    return None


def cut(
    image: NDArray[np.generic],
    grid: Grid,
    point_mm: NDArray[np.floating],
    normal: NDArray[np.floating],
    reach_mm: float,
) -> Cut:
    """The plane through a (3,) LPS point with a normal, as far as reach_mm from the point along rows and columns."""
    axis = straight_axis(grid, normal)
    at = np.clip(
        np.rint(grid.to_ijk(np.asarray(point_mm, float)[None])[0][::-1]).astype(int), 0, np.array(image.shape) - 1
    )
    if axis is not None:
        reach = [int(reach_mm / s) for s in grid.spacing_mm[::-1]]
        box = grown(box_at(tuple(int(n) for n in at), (1, 1, 1)), tuple(reach), image.shape)  # type: ignore[arg-type]
        rows, columns = (a for a in range(3) if a != axis)
        values = np.take(image[box], 0 if axis == rows else int(at[axis]) - box[axis].start, axis)
        corner = (box[rows].start, box[columns].start)
        return Cut(values, (int(at[rows] - corner[0]), int(at[columns] - corner[1])), axis, int(at[axis]), corner,
                   np.zeros(3), np.zeros(3), np.zeros(3))  # fmt: skip
    unit = np.asarray(normal, float) / np.linalg.norm(normal)
    step = min(grid.spacing_mm)
    right = np.cross(unit, np.eye(3)[int(np.argmin(np.abs(unit)))])
    right *= step / np.linalg.norm(right)
    down = np.cross(unit, right)
    count = int(reach_mm / step)
    corner_mm = np.asarray(point_mm, float) - count * (right + down)
    steps = np.arange(2 * count + 1)
    places = corner_mm + steps[:, None, None] * down + steps[:, None] * right
    ijk = grid.to_ijk(places.reshape(-1, 3))
    least = float(image.min())
    values = ndimage.map_coordinates(image, ijk.T[::-1], np.float32, order=1, mode="constant", cval=least)
    return Cut(values.reshape(len(steps), -1), (count, count), None, 0, (0, 0), corner_mm, right, down)


def covered(grid: Grid, made: Cut, drawn: Plane) -> tuple[Box, NDArray[np.bool_]]:
    """The voxels that a (rows, columns) shape in a cut covers: those of the slice, or those that an oblique plane runs
    through. As a box and a mask in it."""
    shape = grid.shape
    if made.axis is not None:
        start = [0, 0, 0]
        rows, columns = (a for a in range(3) if a != made.axis)
        start[rows], start[columns], start[made.axis] = *made.corner, made.index
        mask = np.expand_dims(drawn, made.axis)
        return box_at((start[0], start[1], start[2]), mask.shape), mask
    found = np.argwhere(drawn)
    if not len(found):
        return box_at((0, 0, 0), (1, 1, 1)), np.zeros((1, 1, 1), bool)
    places = made.corner_mm + found[:, :1] * made.down + found[:, 1:] * made.right
    ijk = grid.to_ijk(places)
    low = np.clip(np.floor(ijk.min(axis=0)).astype(int) - 1, 0, np.array(shape[::-1]) - 1)
    high = np.clip(np.ceil(ijk.max(axis=0)).astype(int) + 2, 1, shape[::-1])
    size = tuple(int(n) for n in (high - low)[::-1])
    k, j, i = np.indices(size).reshape(3, -1)
    centres = grid.to_mm(np.stack([i, j, k], axis=1) + low)
    step = float(np.linalg.norm(made.right))
    unit = np.cross(made.right, made.down) / step**2
    half = 0.5 * float(np.abs(unit @ grid.affine[:3, :3]).sum())
    away = centres - made.corner_mm
    near = np.abs(away @ unit) <= half
    row = np.rint(away @ made.down / step**2).astype(int)
    column = np.rint(away @ made.right / step**2).astype(int)
    near &= (row >= 0) & (row < drawn.shape[0]) & (column >= 0) & (column < drawn.shape[1])
    mask = np.zeros(size, bool)
    mask.reshape(-1)[near] = drawn[row[near], column[near]]
    return box_at((int(low[2]), int(low[1]), int(low[0])), size), mask
