"""Cardiac views of a cine study: the scanned plane that lies nearest, or one made between the short axes, said so.

A cine study has thick planes with gaps between them. A scanned plane is shown as it was taken, turned as its view is
read; nothing is made up in it. What lies between the planes is linear interpolation, and carries the gap's size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CinePlane, CineStack
from twinviewer.geometry.cardiac_planes import Plane, across, unit
from twinviewer.scene.oblique import Raster
from twinviewer.scene.slices import frame_at

PARALLEL_DEG = 5.0
NATIVE_DEG, NATIVE_MM = 20.0, 10.0
"""Farther from a view than this a scanned plane is another view."""
OUTSIDE = -1e6
"""Value of pixels that no plane has: black in any window."""


@dataclass(frozen=True, slots=True)
class Native:
    """A scanned plane that stands for a view: its number in the study, and how far it lies from what was asked."""

    number: int
    tilt_deg: float
    away_mm: float


class CineSlicer:
    """Views of one study. shift_mm: (planes, 3), breath-hold corrections as in CineContours: where planes agree."""

    def __init__(self, stack: CineStack, shift_mm: NDArray[np.float64] | None = None) -> None:
        self.stack = stack
        self.shift_mm = np.zeros((len(stack.planes), 3)) if shift_mm is None else shift_mm
        self.short_axis = _largest_family(stack.planes)
        self._made: tuple[tuple[int, ...], NDArray[np.float32]] | None = None

    def origin_mm(self, number: int) -> NDArray[np.float64]:
        """(3,) LPS of a plane's first pixel, where it agrees with the others."""
        return np.asarray(self.stack.planes[number].affine[:3, 3] + self.shift_mm[number])

    @property
    def gap_mm(self) -> float:
        """Distance of neighbouring short-axis planes, centre to centre; 0 with fewer than two."""
        depths = np.sort(self._depths())
        return float(np.median(np.diff(depths))) if len(depths) > 1 else 0.0

    def nearest(self, plane: Plane, parallel_only: bool = False) -> Native | None:
        """The scanned plane that stands for a view, least tilted first; None where none is near enough.

        parallel_only: among the short axes.
        """
        best: Native | None = None
        for number, one in enumerate(self.stack.planes):
            if (number in self.short_axis) is not parallel_only:
                continue
            tilt = float(np.degrees(np.arccos(np.clip(abs(one.normal @ plane.normal), 0.0, 1.0))))
            away = abs(float((plane.origin_mm - self.origin_mm(number)) @ one.normal))
            if parallel_only:
                if tilt < 2 * NATIVE_DEG and (best is None or away < best.away_mm):
                    best = Native(number, tilt, away)
            elif tilt < NATIVE_DEG and away < NATIVE_MM and (best is None or tilt < best.tilt_deg):
                best = Native(number, tilt, away)
        return best

    def as_scanned(self, plane: Plane, number: int) -> Plane:
        """A scanned plane, turned as the view is read: apex or anterior wall where they are expected."""
        one = self.stack.planes[number]
        normal = one.normal if one.normal @ plane.normal > 0 else -one.normal
        origin = plane.origin_mm - ((plane.origin_mm - self.origin_mm(number)) @ normal) * normal
        down = across(normal, plane.down)
        return Plane(origin, unit(np.cross(down, normal)), down)

    def step(self, number: int, by: int, towards: NDArray[np.floating]) -> int:
        """The short-axis plane so many places on in a direction; stays at the last one."""
        order = [self.short_axis[i] for i in np.argsort([self.origin_mm(n) @ towards for n in self.short_axis])]
        at = order.index(number) + by
        return order[min(max(at, 0), len(order) - 1)]

    def native_values(self, raster: Raster, number: int, fraction: float) -> NDArray[np.float32]:
        """(rows, columns) of a scanned plane at a fraction of the beat; the raster's plane is as_scanned's."""
        one = self.stack.planes[number]
        inverse = np.linalg.inv(one.affine)
        affine = raster.affine
        affine[:3, 3] -= self.shift_mm[number]
        to_frame = (inverse @ affine)[:2][:, [0, 1, 3]]  # (column, row, 1) of the pane -> column, row of the frame
        matrix, offset = to_frame[::-1, [1, 0]], to_frame[::-1, 2]
        columns, rows = raster.size
        frame = one.frames[frame_at(one, fraction)]
        return np.asarray(
            ndimage.affine_transform(
                frame, matrix, offset, (rows, columns), np.float32, order=1, mode="constant", cval=OUTSIDE
            )
        )

    def between_values(self, raster: Raster, fraction: float) -> NDArray[np.float32]:
        """(rows, columns) made by linear interpolation between the short-axis planes; OUTSIDE beyond the last ones."""
        depths = self._depths()
        order = np.argsort(depths)
        numbers = [self.short_axis[i] for i in order]
        planes = [self.stack.planes[n] for n in numbers]
        frames = tuple(frame_at(one, fraction) for one in planes)
        if self._made is None or self._made[0] != frames:
            self._made = (
                frames,
                np.stack([one.frames[f] for one, f in zip(planes, frames, strict=True)]).astype(np.float32),
            )
        columns, rows = raster.size
        affine = raster.affine
        column, row = np.meshgrid(np.arange(columns), np.arange(rows))
        points = np.stack([column, row], -1).reshape(-1, 2) @ affine[:3, :2].T + affine[:3, 3]
        normal = planes[0].normal
        depth, known = points @ normal, depths[order]
        index = np.interp(depth, known, np.arange(len(known)))
        starts = np.array([self.origin_mm(n) for n in numbers])
        start = np.stack([np.interp(depth, known, starts[:, axis]) for axis in range(3)], axis=-1)
        right, down = planes[0].affine[:3, 0], planes[0].affine[:3, 1]
        aside = points - start
        where = np.stack([index, aside @ down / (down @ down), aside @ right / (right @ right)])
        values = ndimage.map_coordinates(self._made[1], where, order=1, mode="constant", cval=OUTSIDE)
        values[(depth < known[0]) | (depth > known[-1])] = OUTSIDE
        return np.asarray(values.reshape(rows, columns), np.float32)

    @property
    def can_interpolate(self) -> bool:
        """Whether there are at least three parallel planes of one matrix."""
        shapes = {self.stack.planes[n].frames.shape[1:] for n in self.short_axis}
        return len(self.short_axis) >= 3 and len(shapes) == 1

    def _depths(self) -> NDArray[np.float64]:
        if not self.short_axis:
            return np.zeros(0)
        normal = self.stack.planes[self.short_axis[0]].normal
        return np.array([self.origin_mm(n) @ normal for n in self.short_axis])


def _largest_family(planes: tuple[CinePlane, ...]) -> tuple[int, ...]:
    """The planes that are parallel to most others: the short axes."""
    normals = np.array([plane.normal for plane in planes])
    alike = np.abs(normals @ normals.T) > np.cos(np.deg2rad(PARALLEL_DEG))
    of = int(np.argmax(alike.sum(axis=1)))
    return tuple(int(n) for n in np.flatnonzero(alike[of])) if alike[of].sum() > 1 else ()
