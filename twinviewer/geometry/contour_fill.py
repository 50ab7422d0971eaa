"""Planar contours as voxels: even-odd filling, so that a contour within a contour is a hole.

A voxel belongs to a region where a line from its centre crosses the contours of its plane an odd number of times; the
crossings are computed with the contours' own coordinates, so that no point is moved to a voxel. Both keyholes (a hole
joined to its outline by a channel of no width) and outlines with separate holes come out right, as DICOM PS3.3
C.8.8.6.3 allows either. Volumes are unbiased: the error is that of counting voxel centres.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid

Array = NDArray[np.float64]
PARALLEL = 0.9995
"""Cosine between the normals of planes that count as parallel: 1.8 degrees."""
FLAT_MM = 0.1
"""A contour's points may lie this far from its plane."""
_FINER = 0.5
"""Step in contour planes that do not go with the voxels, in the smallest voxel edge."""


@dataclass(frozen=True, slots=True, eq=False)
class FilledContours:
    """region: (k, j, i) bool. gaps: places where the distance of contours leaves slices without any. bent: contours
    left out since they lie in no plane. outside: contours that reach no voxel's plane."""

    region: NDArray[np.bool_]
    gaps: int
    bent: int
    outside: int


def fill(
    contours: Sequence[Array],
    grid: Grid,
    *,
    thickness_mm: float | None = None,
    interpolate: bool = False,
    bridge_mm: float = 0.0,
) -> FilledContours:
    """Fill closed contours, each (n, 3) LPS mm in a plane of any orientation, all planes parallel.

    thickness_mm: how far a contour reaches to both sides together; None: the grid's slice distance where the contours
    lie in its slices, else the usual distance of the contours' planes. interpolate: fill what lies between contours
    further apart than that by the mean of their signed distances; else it stays empty and is counted. bridge_mm: up to
    this distance it is done all the same, and not counted: the images have no slices of their own there. ValueError
    where the contours' planes are not parallel.
    """
    planes, bent = _planes(contours)
    empty = np.zeros(grid.shape, dtype=np.bool_)
    if not planes:
        return FilledContours(empty, 0, bent, 0)
    normal = planes[0][0]
    if any(abs(float(normal @ own)) < PARALLEL for own, _ in planes):
        raise ValueError("The contours lie in planes of different orientations")
    frame, own_shape, along = _frame(normal, [points for _, points in planes], grid)
    to_frame = np.asarray(np.linalg.inv(frame), dtype=np.float64)
    heights, drawn = _stacked([points @ to_frame[:3, :3].T + to_frame[:3, 3] for _, points in planes], own_shape)
    slice_mm = abs(float(normal @ grid.affine[:3, 2]))
    thickness = thickness_mm or _usual_distance(heights, slice_mm if along else None)
    layers = _Layers(heights, drawn, thickness, np.inf if interpolate else bridge_mm, frame, bridge_mm)
    region, reached = layers.onto(grid, to_frame)
    return FilledContours(region, layers.gaps, bent, len(planes) - sum(layers.counts[at] for at in reached))


def even_odd(polygons: Sequence[Array], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(rows, columns) True where a pixel's centre lies inside an odd number of closed polygons, each (n, 2) in pixels
    (column, row); a pixel's centre has whole coordinates."""
    rows, columns = shape
    flips = np.zeros((rows, columns + 1), dtype=np.int32)
    for polygon in polygons:
        start, stop = polygon, np.roll(polygon, -1, axis=0)
        # the same edge run through in either sense must cross at the same place: a keyhole's channel cancels
        swap = (start[:, 1] > stop[:, 1]) | ((start[:, 1] == stop[:, 1]) & (start[:, 0] > stop[:, 0]))
        low, high = np.where(swap[:, None], stop, start), np.where(swap[:, None], start, stop)
        first = np.clip(np.ceil(low[:, 1]), 0, rows).astype(np.int64)
        last = np.clip(np.ceil(high[:, 1]), 0, rows).astype(np.int64)
        count = last - first
        edge = np.repeat(np.arange(len(low)), count)
        row = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + first[edge]
        share = (row - low[edge, 1]) / (high[edge, 1] - low[edge, 1])
        crossing = low[edge, 0] + share * (high[edge, 0] - low[edge, 0])
        column = np.clip(np.ceil(crossing), 0, columns).astype(np.int64)
        np.add.at(flips, (row, column), 1)
    return np.asarray(np.cumsum(flips[:, :columns], axis=1) % 2 == 1)


def _planes(contours: Sequence[Array]) -> tuple[list[tuple[Array, Array]], int]:
    """Unit normal and points of each flat contour of three points or more, and how many others there were. The
    normals of tiny or narrow contours are the common one where they lie in such a plane."""
    found: list[tuple[Array, Array, float]] = []
    for points in contours:
        if len(points) >= 3:
            away = points - points.mean(axis=0)
            area = 0.5 * np.cross(away, np.roll(away, -1, axis=0)).sum(axis=0)
            found.append((area, points, float(np.linalg.norm(area))))
    if not found or max(size for _, _, size in found) < 1e-9:
        return [], len(contours)
    largest = max(found, key=lambda one: one[2])[0]
    common = largest / np.linalg.norm(largest)
    planes = []
    for area, points, size in found:
        height = points @ common
        if np.ptp(height) <= 2 * FLAT_MM:
            planes.append((common, points))
            continue
        own = area / max(size, 1e-12)
        if np.ptp(points @ own) <= 2 * FLAT_MM:
            planes.append((own, points))
    return planes, len(contours) - len(planes)


def _frame(normal: Array, parts: Sequence[Array], grid: Grid) -> tuple[Array, tuple[int, int], bool]:
    """(4, 4) affine from (u, v, w) to LPS mm with w in mm along the normal, (rows v, columns u), and whether the
    contours lie in the grid's slices: then u and v are the grid's own i and j, so that no voxel is hit by half."""
    own = np.cross(grid.affine[:3, 0], grid.affine[:3, 1])
    own /= np.linalg.norm(own)
    frame = np.eye(4)
    if abs(float(own @ normal)) >= PARALLEL:
        frame[:3, :2], frame[:3, 2], frame[:3, 3] = grid.affine[:3, :2], own, grid.affine[:3, 3]
        # a sheared stack's slices begin elsewhere each: only a straight one shares its pixels with all planes
        sheared = abs(float(own @ grid.affine[:3, 2])) < PARALLEL * np.linalg.norm(grid.affine[:3, 2])
        if not sheared:
            return frame, (grid.shape[1], grid.shape[2]), True
    step = _FINER * min(grid.spacing_mm)
    helper = np.eye(3)[int(np.argmin(np.abs(normal)))]
    u = np.cross(normal, helper)
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    points = np.concatenate(parts)
    low = np.array([(points @ axis).min() for axis in (u, v)]) - 2 * step
    high = np.array([(points @ axis).max() for axis in (u, v)]) + 2 * step
    columns, rows = (np.ceil((high - low) / step).astype(int) + 1).tolist()
    frame[:3, 0], frame[:3, 1], frame[:3, 2] = u * step, v * step, normal
    frame[:3, 3] = u * low[0] + v * low[1]
    return frame, (rows, columns), abs(float(own @ normal)) >= PARALLEL


def _stacked(parts: Sequence[Array], shape: tuple[int, int]) -> tuple[Array, list[tuple[NDArray[np.bool_], int]]]:
    """Heights (p,) in mm, rising, and for each the filled plane with the number of contours in it."""
    height = np.array([float(np.median(part[:, 2])) for part in parts])
    order = np.argsort(height, kind="stable")
    heights: list[float] = []
    groups: list[list[int]] = []
    for at in order:
        if heights and height[at] - heights[-1] <= 2 * FLAT_MM:
            groups[-1].append(at)
        else:
            heights.append(float(height[at]))
            groups.append([at])
    drawn = [(even_odd([parts[at][:, :2] for at in group], shape), len(group)) for group in groups]
    return np.array(heights), drawn


def _usual_distance(heights: Array, slice_mm: float | None) -> float:
    if slice_mm is not None:
        return slice_mm
    return float(np.median(np.diff(heights))) if len(heights) > 1 else 1.0


class _Layers:
    """Filled planes at rising heights, each as thick as the distance of slices."""

    def __init__(
        self,
        heights: Array,
        drawn: Sequence[tuple[NDArray[np.bool_], int]],
        thickness: float,
        up_to_mm: float,
        frame: Array,
        own_mm: float,
    ) -> None:
        self.heights, self.thickness, self.up_to_mm = heights, thickness, up_to_mm
        self.interpolate = up_to_mm > 1.5 * thickness
        self.filled = [one for one, _ in drawn]
        self.counts = [count for _, count in drawn]
        wide = np.diff(heights) > max(1.5 * thickness, own_mm + FLAT_MM)
        self.gaps = int(np.count_nonzero(wide))
        self._sampling = (float(np.linalg.norm(frame[:3, 1])), float(np.linalg.norm(frame[:3, 0])))
        self._signed: dict[int, NDArray[np.float32]] = {}

    def at(self, height: float) -> tuple[NDArray[np.bool_] | None, int | None]:
        """The plane at one height, None where none reaches, and which one it is if it is one that was drawn."""
        near = int(np.argmin(np.abs(self.heights - height)))
        off = height - self.heights[near]
        half = 0.5 * self.thickness * (1.0 + 1e-6)
        above = min(int(np.searchsorted(self.heights, height)), len(self.heights) - 1)
        below = max(above - 1, 0)
        between = self.heights[below] < height < self.heights[above]
        if abs(off) <= half:
            return self.filled[near], near
        if between and self.heights[above] - self.heights[below] <= 1.5 * self.thickness:
            return self.filled[near], near
        if between and self.heights[above] - self.heights[below] <= self.up_to_mm + FLAT_MM:
            share = (height - self.heights[below]) / (self.heights[above] - self.heights[below])
            return (1.0 - share) * self._distance(below) + share * self._distance(above) > 0.0, None
        return None, None

    def _distance(self, plane: int) -> NDArray[np.float32]:
        if plane not in self._signed:
            one = self.filled[plane]
            inside = ndimage.distance_transform_edt(one, sampling=self._sampling)
            outside = ndimage.distance_transform_edt(~one, sampling=self._sampling)
            self._signed[plane] = (inside - outside).astype(np.float32)
        return self._signed[plane]

    def onto(self, grid: Grid, to_frame: Array) -> tuple[NDArray[np.bool_], set[int]]:
        """(k, j, i) bool, and which drawn planes reach a voxel's plane."""
        region = np.zeros(grid.shape, dtype=np.bool_)
        matrix = to_frame @ grid.affine  # i, j, k -> u, v, w
        reached: set[int] = set()
        level = np.allclose(matrix[2, :2], 0.0, atol=1e-9 * max(grid.spacing_mm))
        same = np.allclose(matrix[:2, :2], np.eye(2), atol=1e-9) and np.allclose(matrix[:2, 2], 0.0, atol=1e-6)
        rows, columns = np.mgrid[0 : grid.shape[1], 0 : grid.shape[2]]
        for k in range(grid.shape[0]):
            if level or (same and abs(matrix[2, :2]).max() * max(grid.shape) < 0.25 * self.thickness):
                middle = matrix[2, :2] @ [(grid.shape[2] - 1) / 2, (grid.shape[1] - 1) / 2]
                plane, near = self.at(float(middle + matrix[2, 2] * k + matrix[2, 3]))
                if plane is not None:
                    region[k] = plane if same else _sampled(plane, matrix, rows, columns, k)
                    reached |= set() if near is None else {near}
                continue
            height = matrix[2, 0] * columns + matrix[2, 1] * rows + matrix[2, 2] * k + matrix[2, 3]
            reached |= self._across(region[k], height, matrix, rows, columns, k)
        return region, reached

    def _across(
        self, out: NDArray[np.bool_], height: Array, matrix: Array, rows: Array, columns: Array, k: int
    ) -> set[int]:
        """One slice that cuts the contours' planes: its voxels plane by plane."""
        fine = np.round(height / (0.25 * self.thickness)) if self.interpolate else None
        reached: set[int] = set()
        if fine is not None:
            for level in np.unique(fine):
                plane, near = self.at(float(level) * 0.25 * self.thickness)
                if plane is not None:
                    here = fine == level
                    out[here] = _sampled(plane, matrix, rows[here], columns[here], k)
                    reached |= set() if near is None else {near}
            return reached
        edges = (self.heights[:-1] + self.heights[1:]) / 2
        nearest = np.searchsorted(edges, height)
        wide = np.concatenate([[True], np.diff(self.heights) > 1.5 * self.thickness, [True]])
        half = 0.5 * self.thickness * (1.0 + 1e-6)
        for near in np.unique(nearest):
            off = height - self.heights[near]
            here = (nearest == near) & ((off >= 0) | ~wide[near] | (off >= -half)) & (
                (off <= 0) | ~wide[near + 1] | (off <= half)
            )  # fmt: skip
            if here.any():
                out[here] = _sampled(self.filled[near], matrix, rows[here], columns[here], k)
                reached.add(int(near))
        return reached


def _sampled(plane: NDArray[np.bool_], matrix: Array, rows: Array, columns: Array, k: int) -> NDArray[np.bool_]:
    """The plane's nearest pixel at each voxel centre, False outside."""
    u, v = (
        matrix[axis, 0] * columns + matrix[axis, 1] * rows + matrix[axis, 2] * k + matrix[axis, 3] for axis in (0, 1)
    )
    column, row = np.rint(u).astype(np.int64), np.rint(v).astype(np.int64)
    inside = (row >= 0) & (row < plane.shape[0]) & (column >= 0) & (column < plane.shape[1])
    out = np.zeros(rows.shape, dtype=np.bool_)
    out[inside] = plane[row[inside], column[inside]]
    return out
