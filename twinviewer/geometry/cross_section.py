"""Cuts of voxel structures with planes: outline, area, perimeter and diameters, finer than the voxels.

A mask is blurred by less than a voxel and its outline drawn at one half. On a cylinder of radius R a blur of σ moves
that outline inwards by σ²/2R (0.03 mm for R 12 mm and voxels of 1.5 mm), which is left as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial

from twinviewer.domain import Grid

Array = NDArray[np.float64]
BLUR, BLUR_MM = 0.6, 0.9
"""Of a voxel edge, and at least in mm: removes the staircase and the roughness of a face, keeps its place."""
GRAIN_MM = 0.4
_TURNS = np.deg2rad(np.arange(0.0, 180.0, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Soft:
    """How full of a structure each place is, 0..1. values: (k, j, i) float32 of a box; low: its first voxel's (k, j, i)
    in the grid."""

    values: NDArray[np.float32]
    grid: Grid
    low: NDArray[np.int64]

    def at(self, points_mm: Array) -> Array:
        """(n,) share at (n, 3) LPS mm, trilinear; 0 beyond the box."""
        index = self.grid.to_ijk(points_mm)[:, ::-1] - self.low
        return np.asarray(ndimage.map_coordinates(self.values, index.T, order=1, mode="constant", output=np.float64))

    @property
    def edge_mm(self) -> float:
        """Mean edge of a voxel."""
        return float(np.mean(self.grid.spacing_mm))


def soft(mask: NDArray[np.bool_], grid: Grid, within: tuple[slice, ...] | None = None) -> Soft:
    """Blur a (k, j, i) mask by BLUR voxels or BLUR_MM, in its box or in a given one."""
    if within is None:
        within = box_of(mask, 2 + int(4.0 * BLUR_MM / min(grid.spacing_mm)))
    low = np.array([part.start for part in within])
    share = ndimage.gaussian_filter(
        mask[within].astype(np.float32), [max(BLUR, BLUR_MM / step) for step in grid.spacing_mm[::-1]], truncate=3.0
    )
    return Soft(share, grid, low)


def box_of(mask: NDArray[np.bool_], margin: int) -> tuple[slice, ...]:
    """The box round a mask with a margin in voxels, inside the array; of no size where the mask is empty."""
    found = ndimage.find_objects(mask.view(np.uint8), max_label=1)
    if not found or found[0] is None:
        return tuple(slice(0, 0) for _ in mask.shape)
    return tuple(
        slice(max(part.start - margin, 0), min(part.stop + margin, size))
        for part, size in zip(found[0], mask.shape, strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One cut. outline_mm: (p, 3) LPS, closed (first point repeated); flat_mm: (p, 2) the same in the plane's axes
    across and along (3,) unit vectors, from centre_mm; normal: (3,) unit. area_mm2, perimeter_mm: of the outline.
    cut_off: it reaches the edge of what was looked at."""

    centre_mm: Array
    normal: Array
    across: Array
    along: Array
    flat_mm: Array
    area_mm2: float
    perimeter_mm: float
    cut_off: bool = False

    @property
    def outline_mm(self) -> Array:
        """(p, 3) LPS points of the outline, closed."""
        return np.asarray(self.centre_mm + self.flat_mm[:, :1] * self.across + self.flat_mm[:, 1:] * self.along)

    @property
    def area_diameter_mm(self) -> float:
        """Of the circle of equal area."""
        return 2.0 * float(np.sqrt(self.area_mm2 / np.pi))

    @property
    def perimeter_diameter_mm(self) -> float:
        """Of the circle of equal perimeter."""
        return self.perimeter_mm / float(np.pi)

    @property
    def inscribed_mm(self) -> float:
        """Diameter of the largest circle inside the outline: from a grid of centres, made finer round the best."""
        from skimage.measure import points_in_poly

        rim = np.concatenate([self.flat_mm[:-1] + share * np.diff(self.flat_mm, axis=0) for share in (0.0, 0.5)])
        tree = spatial.KDTree(rim)
        best, reach = np.zeros(2), 0.5 * float(np.sqrt(self.area_mm2))
        radius = 0.0
        for _ in range(4):
            ticks = np.linspace(-reach, reach, 15)
            spots = best + np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
            away = np.where(points_in_poly(spots, self.flat_mm), tree.query(spots)[0], 0.0)
            best, radius = spots[int(np.argmax(away))], max(radius, float(away.max()))
            reach *= 0.2
        return 2.0 * radius

    @property
    def widths_mm(self) -> tuple[float, float]:
        """Least and largest distance of two parallel lines that hold the outline: the axes of an ellipse."""
        hull = self.flat_mm[spatial.ConvexHull(self.flat_mm).vertices]
        reach = hull @ np.stack([np.cos(_TURNS), np.sin(_TURNS)])
        wide = reach.max(axis=0) - reach.min(axis=0)
        return float(wide.min()), float(wide.max())

    def width_mm(self, direction: Array) -> float:
        """Extent along a direction (3,), laid into the plane."""
        u = np.array([direction @ self.across, direction @ self.along])
        reach = self.flat_mm @ (u / np.linalg.norm(u))
        return float(reach.max() - reach.min())

    def chord_mm(self, direction: Array) -> float:
        """Length inside the outline of the line through the centre along a direction (3,), laid into the plane."""
        u = np.array([direction @ self.across, direction @ self.along])
        u = u / np.linalg.norm(u)
        beside = self.flat_mm @ np.array([-u[1], u[0]])
        ahead = self.flat_mm @ u
        swap = np.flatnonzero((beside[:-1] < 0) != (beside[1:] < 0))
        share = beside[swap] / (beside[swap] - beside[swap + 1])
        hits = ahead[swap] + share * (ahead[swap + 1] - ahead[swap])
        return float(hits.max() - hits.min()) if len(hits) > 1 else 0.0


def axes_of(normal: Array) -> tuple[Array, Array]:
    """Two unit vectors that with the normal make a right-handed frame."""
    least = np.eye(3)[int(np.argmin(np.abs(normal)))]
    across = np.cross(normal, least)
    across /= np.linalg.norm(across)
    return across, np.cross(normal, across)


def section(
    parts: Sequence[Soft], centre_mm: Array, normal: Array, radius_mm: float, grain_mm: float = GRAIN_MM
) -> Section | None:
    """The cut of the union of structures with a plane: the piece that holds the centre or is nearest to it.

    Looks in a square of ±radius_mm round the centre. None where there is nothing.
    """
    normal = normal / np.linalg.norm(normal)
    across, along, places, shape = square(centre_mm, normal, radius_mm, grain_mm)
    filled = sum(part.at(places) for part in parts)
    return outlined(np.asarray(filled).reshape(shape), centre_mm, normal, across, along, grain_mm)


def square(
    centre_mm: Array, normal: Array, radius_mm: float, grain_mm: float = GRAIN_MM
) -> tuple[Array, Array, Array, tuple[int, int]]:
    """The plane's axes, (n, 3) places of a square in it, and the square's shape."""
    across, along = axes_of(normal)
    ticks = np.arange(-np.ceil(radius_mm / grain_mm), np.ceil(radius_mm / grain_mm) + 1) * grain_mm
    u, v = np.meshgrid(ticks, ticks, indexing="ij")
    places = centre_mm + u.reshape(-1, 1) * across + v.reshape(-1, 1) * along
    return across, along, places, (len(ticks), len(ticks))


def outlined(
    filled: Array, centre_mm: Array, normal: Array, across: Array, along: Array, grain_mm: float = GRAIN_MM
) -> Section | None:
    """The section whose share of tissue on the samples of :func:`square` is ``filled`` (n, n)."""
    from skimage.measure import find_contours  # takes a tenth of a second to import

    inside = filled > 0.5
    pieces, count = ndimage.label(inside)
    if count == 0:
        return None
    middle = (np.array(filled.shape) - 1) / 2.0
    own = pieces[int(middle[0]), int(middle[1])]
    if own == 0:
        index = np.argwhere(inside)
        nearest = index[np.argmin(np.square(index - middle).sum(axis=1))]
        own = pieces[nearest[0], nearest[1]]
    others = inside & (pieces != own)
    field = np.where(others, 0.0, filled) if others.any() else filled
    cut_off = bool(np.any(_rim(pieces) == own))
    field = np.pad(field, 1)
    lines = [line for line in find_contours(field, 0.5) if len(line) > 3]
    if not lines:
        return None
    loop = max(lines, key=lambda line: abs(_shoelace(line)))
    flat = (loop - 1.0 - middle) * grain_mm
    area = _shoelace(flat)
    if area < 0:
        flat, area = flat[::-1], -area
    if area <= 0.0:
        return None
    x, y = flat[:-1].T
    xn, yn = flat[1:].T
    cross = x * yn - xn * y
    shift = np.array([((x + xn) * cross).sum(), ((y + yn) * cross).sum()]) / (6.0 * area)
    flat = flat - shift
    around = float(np.linalg.norm(np.diff(flat, axis=0), axis=1).sum())
    centre = centre_mm + shift[0] * across + shift[1] * along
    return Section(np.asarray(centre), normal, across, along, flat, float(area), around, cut_off)


def _shoelace(loop: Array) -> float:
    x, y = loop[:-1].T
    xn, yn = loop[1:].T
    return 0.5 * float((x * yn - xn * y).sum())


def _rim(pieces: NDArray[np.integer]) -> NDArray[np.integer]:
    return np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
