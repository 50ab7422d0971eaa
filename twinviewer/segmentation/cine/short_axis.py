"""The short-axis planes of a cine study, from base to apex, and one common frame in which they are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CinePlane, CineStack, SegmentationError

PARALLEL_COSINE = 0.985
"""Planes within 10 degrees of each other belong to one stack."""
SAME_MM = 0.5
_APEXWARD = np.array([0.6, -0.6, -0.5])
"""From base to apex the axis of a heart runs left, forward and down (LPS)."""


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """Short-axis planes from base to apex in the frame (u, v, w): u, v in plane in mm, w towards the apex.

    indices: places in ``CineStack.planes``. depth_mm: (k,) along w. axes: (3, 3) rows u, v, w in LPS.
    origin_mm: (3,) LPS, the middle of the planes. thickness_mm: the thickest plane.
    """

    indices: tuple[int, ...]
    planes: tuple[CinePlane, ...]
    depth_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    origin_mm: NDArray[np.float64]

    def to_uvw(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) LPS mm -> (n, 3) u, v, w in mm."""
        return (np.atleast_2d(points_mm) - self.origin_mm) @ self.axes.T

    def to_mm(self, number: int, uv: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) points u, v of one slice -> (n, 3) LPS mm in that slice's plane."""
        uvw = np.column_stack([uv, np.full(len(uv), self.depth_mm[number])])
        return uvw @ self.axes + self.origin_mm


def shows_something(plane: CinePlane) -> bool:
    """Whether a plane has an image at all: finite pixels that are not all alike."""
    frames = np.asarray(plane.frames)
    return bool(np.isfinite(frames).all()) and bool(frames.max() > frames.min())


def middle_mm(plane: CinePlane) -> NDArray[np.float64]:
    """(3,) LPS position of the middle of a plane."""
    _, j, i = plane.frames.shape
    return plane.affine[:3, :2] @ np.array([(i - 1) / 2, (j - 1) / 2]) + plane.affine[:3, 3]


def short_axis(stack: CineStack, known: Sequence[int] | None = None) -> Slices:
    """Find the short-axis planes: those so labelled, or else the largest family of parallel planes. known: their places
    in the stack, where they have been found already.

    Planes without an image and repeated ones are left out. Errors: SegmentationError where fewer than three parallel
    planes show different depths.
    """
    named = [i for i, plane in enumerate(stack.planes) if plane.label.upper().startswith("SAX")]
    pool = [i for i in (named if len(named) >= 3 else range(len(stack.planes))) if shows_something(stack.planes[i])]
    pool = pool if known is None else list(known)
    normals = np.array([plane.normal for plane in stack.planes])
    families = [[j for j in pool if abs(normals[i] @ normals[j]) >= PARALLEL_COSINE] for i in pool]
    chosen = max(families, key=len, default=[])
    if len(chosen) < 3:
        raise SegmentationError(
            "There are no short-axis slices: fewer than three planes are parallel",
            remedy="Load a short-axis cine stack, or import a mask of the heart.",
        )
    first = stack.planes[chosen[0]]
    w = first.normal * (1.0 if first.normal @ _APEXWARD >= 0 else -1.0)
    u = first.affine[:3, 0] / np.linalg.norm(first.affine[:3, 0])
    axes = np.array([u, np.cross(w, u), w])
    origin = np.mean([middle_mm(stack.planes[i]) for i in chosen], axis=0)
    depth = np.array([(middle_mm(stack.planes[i]) - origin) @ w for i in chosen])
    order = np.argsort(depth, kind="stable")
    # a plane that was scanned twice: the first one counts
    order = order[np.concatenate([[True], np.diff(depth[order]) > SAME_MM])]
    if len(order) < 3 or depth[order[-1]] - depth[order[0]] < 10.0:
        raise SegmentationError(
            "The parallel planes show fewer than three depths or lie within 10 mm: that is no stack of short axes",
            remedy="Load a short-axis cine stack, or import a mask of the heart.",
        )
    return Slices(
        indices=tuple(chosen[i] for i in order),
        planes=tuple(stack.planes[chosen[i]] for i in order),
        depth_mm=depth[order],
        axes=axes,
        origin_mm=origin,
    )


def sample(slices: Slices, number: int, uv: NDArray[np.float64]) -> NDArray[np.float32]:
    """Linear samples of all frames of one slice at points u, v.

    uv: (..., 2) in mm. Returns (t, ...) in the scanner's units; points outside the image take its nearest pixel.
    """
    plane = slices.planes[number]
    points = slices.to_mm(number, uv.reshape(-1, 2)) - plane.affine[:3, 3]
    columns, rows = plane.affine[:3, 0], plane.affine[:3, 1]
    ij = np.array([points @ columns / (columns @ columns), points @ rows / (rows @ rows)])
    frames = [
        ndimage.map_coordinates(frame.astype(np.float32), ij[::-1], order=1, mode="nearest") for frame in plane.frames
    ]
    return np.array(frames, dtype=np.float32).reshape(len(frames), *uv.shape[:-1])


def in_plane(slices: Slices, plane: CinePlane, phase: int, uvw: NDArray[np.float64]) -> NDArray[np.float32]:
    """Linear samples (...,) of one frame of any plane at the feet of points (..., 3) u, v, w on that plane."""
    points = uvw.reshape(-1, 3) @ slices.axes + slices.origin_mm - plane.affine[:3, 3]
    columns, rows = plane.affine[:3, 0], plane.affine[:3, 1]
    ij = np.array([points @ columns / (columns @ columns), points @ rows / (rows @ rows)])
    frame = plane.frames[phase].astype(np.float32)
    return ndimage.map_coordinates(frame, ij[::-1], order=1, mode="nearest").reshape(uvw.shape[:-1])
