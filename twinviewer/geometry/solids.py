"""Smooth signed distances of label-map structures, with the volume of the voxels kept.

A binary mask p0 is blurred by a Gaussian; across a plane face the blurred value is p(d) = Φ(-d/σ), so
d = -σ Φ⁻¹(p) is the signed distance wherever the structure is thicker than about 2σ. This removes the staircase and
keeps sub-voxel position. Curved faces move inwards by about σ²κ; :func:`calibrate` shifts the level to undo that.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize, special

from twinviewer.domain import Grid, MeshError

Array = NDArray[np.float64]
_P_MIN = 1e-4  # |d| saturates at 3.7 σ
WIDE = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A box of the voxel grid on which solids are sampled, in a local frame of mm without rotation.

    shape: (k, j, i) samples; spacing_mm (3,) along x = i, y = j, z = k; origin_mm: local position of sample (0, 0, 0);
    rotation: (3, 3) and translation (3,): LPS = rotation @ local + translation; pool: voxels averaged into a sample.
    """

    shape: tuple[int, int, int]
    spacing_mm: Array
    origin_mm: Array
    rotation: Array
    translation_mm: Array
    window: tuple[slice, slice, slice]
    pad: tuple[tuple[int, int], ...]
    pool: tuple[int, int, int]

    @property
    def sample_ml(self) -> float:
        """Volume of one sample in mL."""
        return float(np.prod(self.spacing_mm)) / 1000.0

    def to_lps(self, points_mm: Array) -> Array:
        """(n, 3) local mm -> LPS mm."""
        return points_mm @ self.rotation.T + self.translation_mm

    def from_lps(self, points_mm: Array) -> Array:
        """(n, 3) LPS mm -> local mm."""
        return (points_mm - self.translation_mm) @ self.rotation

    def crop(self, data: NDArray[np.generic]) -> NDArray[np.generic]:
        """The (k, j, i) voxels of this box, padded with 0 where it reaches over the edge of the image."""
        return np.pad(data[self.window], self.pad)

    def occupancy(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Share of each sample that a cropped mask fills, 0..1."""
        if self.pool == (1, 1, 1):
            return mask.astype(np.float32)
        k, j, i = self.shape
        pk, pj, pi = self.pool
        blocks = mask[: k * pk, : j * pj, : i * pi].reshape(k, pk, j, pj, i, pi)
        return np.asarray(blocks.mean(axis=(1, 3, 5)), dtype=np.float32)


def frame_around(grid: Grid, mask: NDArray[np.bool_], margin_mm: float, coarsest_mm: float = 1.6) -> Frame:
    """The box around a (k, j, i) mask with a margin; fine grids are averaged to samples of at most ``coarsest_mm``.

    Raises MeshError when the mask is empty or the grid is sheared.
    """
    spacing = np.array(grid.spacing_mm)
    rotation = grid.affine[:3, :3] / spacing
    if not np.allclose(rotation.T @ rotation, np.eye(3), atol=1e-3):
        raise MeshError("The voxel grid is sheared, so that a mesh would be too", remedy="Resample the image first.")
    boxes = ndimage.find_objects(mask.view(np.uint8), max_label=1)
    if not boxes or boxes[0] is None:
        raise MeshError("There is nothing to mesh: the label map is empty")
    pool = tuple(int(max(1, coarsest_mm // s)) for s in spacing[::-1])
    window, pad, start, shape = [], [], [], []
    for axis, box in enumerate(boxes[0]):
        margin = int(np.ceil(margin_mm / spacing[::-1][axis]))
        low, high = box.start - margin, box.stop + margin
        high += -(high - low) % pool[axis]
        window.append(slice(max(low, 0), min(high, mask.shape[axis])))
        pad.append((max(-low, 0), max(high - mask.shape[axis], 0)))
        start.append(low)
        shape.append((high - low) // pool[axis])
    first = np.array(start[::-1], dtype=float) + (np.array(pool[::-1]) - 1) / 2
    return Frame(
        shape=(shape[0], shape[1], shape[2]),
        spacing_mm=spacing * np.array(pool[::-1]),
        origin_mm=first * spacing,
        rotation=rotation,
        translation_mm=grid.affine[:3, 3].copy(),
        window=(window[0], window[1], window[2]),
        pad=tuple(pad),
        pool=(pool[0], pool[1], pool[2]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A signed distance (mm, negative inside) sampled on a Frame, valid to about ±3.7 σ."""

    frame: Frame
    values: NDArray[np.float32]

    def at(self, points_mm: Array) -> Array:
        """(n,) distances at (n, 3) local points, trilinear; points beyond the box take its edge values."""
        index = ((points_mm - self.frame.origin_mm) / self.frame.spacing_mm)[:, ::-1].T
        return np.asarray(ndimage.map_coordinates(self.values, index, order=1, mode="nearest", output=np.float64))

    def moved(self, outward_mm: float) -> "Solid":
        """The same solid with its face shifted outwards."""
        return Solid(self.frame, self.values - np.float32(outward_mm))

    def volume_ml(self) -> float:
        """Volume inside, counting samples at the face by the share that lies inside."""
        edge = float(np.mean(self.frame.spacing_mm))
        return float(np.clip(0.5 - self.values / edge, 0.0, 1.0).sum(dtype=np.float64)) * self.frame.sample_ml


def smooth_solid(frame: Frame, mask: NDArray[np.bool_], sigma_mm: float) -> Solid:
    """Smooth signed distance of a mask that has been cropped by ``frame.crop``, with the mask's volume.

    Faces nearly parallel to the grid make terraces many voxels wide, which a blur of one voxel leaves. So a second,
    wider blur may move the face, but by no more than half a voxel: as far as the mask itself leaves it open.
    """
    volume_ml = float(mask.sum()) / np.prod(frame.pool) * frame.sample_ml
    filled = frame.occupancy(mask)
    fine = calibrate(_blurred_distance(frame, filled, sigma_mm), volume_ml)
    wide = calibrate(_blurred_distance(frame, filled, WIDE * sigma_mm), volume_ml)
    free = np.float32(0.5 * np.mean(frame.spacing_mm))
    return calibrate(Solid(frame, fine.values + free * np.tanh((wide.values - fine.values) / free)), volume_ml)


def _blurred_distance(frame: Frame, filled: NDArray[np.float32], sigma_mm: float) -> Solid:
    blurred = ndimage.gaussian_filter(filled, sigma_mm / frame.spacing_mm[::-1], truncate=3.0)
    # the voxel itself is a box filter of variance s²/12, which counts as blur too
    sigma = float(np.sqrt(sigma_mm**2 + np.mean(frame.spacing_mm**2) / 12.0))
    values = -sigma * special.ndtri(np.clip(blurred, _P_MIN, 1.0 - _P_MIN))
    return Solid(frame, values.astype(np.float32))


def calibrate(solid: Solid, volume_ml: float) -> Solid:
    """Shift the level of a solid so that it encloses ``volume_ml``; unchanged where no shift below 3 mm does."""
    edge = float(np.mean(solid.frame.spacing_mm))
    band = solid.values[np.abs(solid.values) < 3.0 + edge]
    inside = float(np.count_nonzero(solid.values <= -3.0 - edge))
    target = volume_ml / solid.frame.sample_ml

    def surplus(shift: float) -> float:
        return inside + float(np.clip(0.5 - (band - shift) / edge, 0.0, 1.0).sum(dtype=np.float64)) - target

    if surplus(-3.0) > 0 or surplus(3.0) < 0:
        return solid
    return solid.moved(float(optimize.brentq(surplus, -3.0, 3.0, xtol=1e-4)))


def union(solids: Iterable[Solid]) -> Solid:
    """The union of solids on one frame."""
    parts = list(solids)
    return Solid(parts[0].frame, np.minimum.reduce([part.values for part in parts]))
