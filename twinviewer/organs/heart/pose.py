"""Where the heart is and how it lies: the atlas placed in the scan, first as a whole, then locally.

The scan is reduced to two soft maps, blood and muscle. The affine placement minimises the squared difference between
them and what the atlas expects (Levenberg-Marquardt, several starts); the local one is a demons registration
(Vercauteren et al. 2009, NeuroImage 45:S61) of the atlas, painted with the same two classes.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from twinviewer.domain import Reporter
from twinviewer.organs.heart.atlas import BLOOD_LABELS, LV_MYOCARDIUM, OTHER, RV_MYOCARDIUM, Atlas
from twinviewer.segmentation.working_grid import WorkingGrid

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """scan_mm = linear @ (atlas_mm - centre_mm) + position_mm. blood_hit: share of the atlas' blood that meets blood;
    wall_hit: share of its LV wall that meets muscle; outside_hit: share of its surroundings that is blood."""

    linear: NDArray[np.float64]
    position_mm: NDArray[np.float64]
    centre_mm: NDArray[np.float64]
    blood_hit: float
    wall_hit: float
    outside_hit: float
    cost: float

    def to_scan(self, atlas_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) atlas mm -> (n, 3) LPS mm."""
        return np.asarray((atlas_mm - self.centre_mm) @ self.linear.T + self.position_mm)

    def to_atlas(self, scan_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) LPS mm -> (n, 3) atlas mm."""
        return np.asarray((scan_mm - self.position_mm) @ np.linalg.inv(self.linear).T + self.centre_mm)


def _linear(p: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = Rotation.from_rotvec(p[3:6]).as_matrix()
    if p.size == 7:
        return np.asarray(turn * np.exp(p[6]))
    shear = np.array([[p[6], p[9], p[10]], [p[9], p[7], p[11]], [p[10], p[11], p[8]]])
    # matrix exponential of a symmetric matrix: stretch along three axes, never a mirror image
    values, vectors = np.linalg.eigh(shear)
    return np.asarray(turn @ (vectors * np.exp(values)) @ vectors.T)


def place(
    atlas: Atlas, blood: Float, muscle: Float, work: WorkingGrid, start_mm: NDArray[np.float64], report: Reporter
) -> Pose:
    """Find the affine placement.

    blood, muscle: (k, j, i) soft maps 0..1 on ``work``. start_mm: (3,) LPS of the middle of the opacified complex.
    """
    label, depth = atlas.label, atlas.depth_mm
    is_blood = np.isin(label, BLOOD_LABELS)
    is_wall = label == LV_MYOCARDIUM
    is_shell = (label == 0) & (depth < -4.0) & (depth > -13.0)
    chosen = np.flatnonzero(is_blood | is_wall | is_shell | (label == RV_MYOCARDIUM))
    chosen = chosen[:: max(1, chosen.size // 3500)]
    points, kind = atlas.points_mm[chosen], label[chosen]
    centre = atlas.centre_mm
    want_blood = np.isin(kind, BLOOD_LABELS).astype(float)
    want_wall = kind == LV_MYOCARDIUM
    weight = np.where(want_blood > 0, 1.0, np.where(want_wall, 1.2, np.where(kind == RV_MYOCARDIUM, 0.3, 0.7)))
    # great vessels vary most and leave the scan first
    weight = np.where(np.isin(kind, (6, 7)), 0.4, weight)
    weight = np.sqrt(weight / weight.sum())
    wall_weight = weight * want_wall

    def maps(sigma_mm: float) -> tuple[Float, Float]:
        sigma = sigma_mm / work.spacing_mm
        return (
            ndimage.gaussian_filter(blood, sigma, mode="nearest"),
            ndimage.gaussian_filter(muscle, sigma, mode="nearest"),
        )

    def residual(p: NDArray[np.float64], fields: tuple[Float, Float], prior: float) -> NDArray[np.float64]:
        where = (points - centre) @ _linear(p).T + p[:3]
        kji = work.to_kji(where).T
        # beyond the scan nothing is known: neither for nor against
        size = np.array(work.shape)[:, None]
        inside = ((kji > -1) & (kji < size)).all(axis=0)
        b = ndimage.map_coordinates(fields[0], kji, order=1, mode="nearest")
        m = ndimage.map_coordinates(fields[1], kji, order=1, mode="nearest")
        miss_blood = np.where(inside, (b - want_blood), 0.5) * weight
        miss_wall = np.where(inside, (m - 1.0), 0.5) * wall_weight
        stretch = p[6:] if p.size == 7 else np.concatenate([p[6:9] - p[6:9].mean(), p[9:] * 1.4, [p[6:9].mean()]])
        return np.concatenate([miss_blood, miss_wall, prior * p[3:6], prior * stretch])

    coarse = maps(6.0)
    best: tuple[float, NDArray[np.float64]] | None = None
    starts = [(shift, size) for size in (0.0, 0.18) for shift in ((0, 0, 0), (0, 0, -18), (0, 0, 18))]
    for number, (shift, size) in enumerate(starts):
        report(0.1 + 0.5 * number / len(starts), "Looking for the heart")
        first = np.concatenate([start_mm + np.array(shift, dtype=float), np.zeros(3), [size]])
        fit = least_squares(
            residual, first, args=(coarse, 0.12), x_scale=[10, 10, 10, 0.2, 0.2, 0.2, 0.1], max_nfev=25, ftol=1e-3
        )
        if best is None or fit.cost < best[0] - 1e-9:
            best = (float(fit.cost), fit.x)
    assert best is not None
    start = np.concatenate([best[1][:6], np.full(3, best[1][6]), np.zeros(3)])
    scale = [10, 10, 10, 0.2, 0.2, 0.2, *([0.1] * 6)]
    for step, sigma_mm in enumerate((5.0, 3.0)):
        report(0.65 + 0.15 * step, "Fitting the heart's size and tilt")
        fit = least_squares(residual, start, args=(maps(sigma_mm), 0.15), x_scale=scale, max_nfev=25, ftol=1e-4)
        start = fit.x

    linear = _linear(start)
    kji = work.to_kji((points - centre) @ linear.T + start[:3]).T
    inside = ((kji >= 0) & (kji <= np.array(work.shape)[:, None] - 1)).all(axis=0)
    b = ndimage.map_coordinates(blood, kji, order=1, mode="nearest") > 0.5
    m = ndimage.map_coordinates(muscle, kji, order=1, mode="nearest") > 0.5
    chambers = np.isin(kind, (2, 3, 4, 5))

    def share(hit: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
        return float((hit & inside & where).sum() / max(1, where.sum()))

    return Pose(
        linear, start[:3], centre, share(b, chambers), share(m, want_wall), share(b, kind == 0), float(fit.cost)
    )


def painted(label: NDArray[np.integer]) -> Float:
    """What a label is expected to look like: blood 2, muscle 1, else 0."""
    paint = np.zeros(OTHER + 1, dtype=np.float32)
    paint[list(BLOOD_LABELS) + [OTHER]] = 2.0
    paint[[LV_MYOCARDIUM, RV_MYOCARDIUM]] = 1.0
    return paint[label]


def demons(
    fixed: Float, moving: Float, spacing_mm: float, iterations: int, smooth_mm: float, threads: int = 2
) -> NDArray[np.float64]:
    """Displacement (k, j, i, 3) in mm, components x, y, z: moving at (x + displacement) looks like fixed at x."""
    images = []
    for array in (fixed, moving):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((spacing_mm,) * 3)
        images.append(image)
    method = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    method.SetNumberOfIterations(iterations)
    method.SetStandardDeviations(smooth_mm / spacing_mm)
    method.SetSmoothDisplacementField(True)
    method.SetSmoothUpdateField(False)
    method.SetMaximumUpdateStepLength(1.5)
    method.SetNumberOfThreads(threads)
    field = method.Execute(images[0], images[1])
    return np.asarray(sitk.GetArrayFromImage(field), dtype=np.float64)


def atlas_on(atlas: Atlas, pose: Pose, work: WorkingGrid) -> tuple[NDArray[np.uint8], Float]:
    """Labels of the placed atlas on a grid, and the depth in mm inside each label (negative outside the heart)."""
    inverse = np.linalg.inv(pose.linear)
    # (k, j, i) of the grid -> LPS -> atlas mm -> (k, j, i) of the atlas
    flip = np.eye(3)[::-1]
    matrix = flip @ inverse @ flip * work.spacing_mm / atlas.step_mm
    at_origin = inverse @ (work.origin_mm - pose.position_mm) + pose.centre_mm
    offset = ((at_origin - atlas.origin_mm) / atlas.step_mm)[::-1]
    label = ndimage.affine_transform(
        atlas.label_grid(), matrix, offset, output_shape=work.shape, order=0, mode="constant", cval=0
    )
    size = float(np.cbrt(abs(np.linalg.det(pose.linear))))
    depth = ndimage.affine_transform(
        atlas.depth_grid(), matrix, offset, output_shape=work.shape, order=1, mode="constant", cval=-60.0
    )
    return label, (depth * size).astype(np.float32)


def bend(atlas: Atlas, pose: Pose, blood: Float, muscle: Float, work: WorkingGrid) -> tuple[NDArray[np.uint8], Float]:
    """The placed atlas bent locally until it fits: labels and depth as in :func:`atlas_on`."""
    label, depth = atlas_on(atlas, pose, work)
    scene = ndimage.gaussian_filter(2.0 * blood + muscle * (1.0 - blood), 0.6)
    expected = painted(label)
    known = (label > 0) | ((depth < -3.0) & (depth > -9.0))
    expected = np.where(known, expected, np.minimum(scene, 1.0))
    # round the heart the atlas only says "no blood": muscle of the chest wall or diaphragm must not pull
    expected = np.where(known & (label == 0), np.minimum(scene, 1.0), expected)
    expected = ndimage.gaussian_filter(expected, 0.6)
    field = demons(scene, expected.astype(np.float32), work.spacing_mm, 45, 5.0)
    return warp(label, depth, field, work.spacing_mm)


def warp(
    label: NDArray[np.uint8], depth: Float, field: NDArray[np.float64], spacing_mm: float
) -> tuple[NDArray[np.uint8], Float]:
    """Pull labels and depth through a displacement field in mm (components x, y, z)."""
    grid = np.indices(label.shape, dtype=np.float64)
    where = grid + np.moveaxis(field[..., ::-1], -1, 0) / spacing_mm
    moved = ndimage.map_coordinates(label, where, order=0, mode="nearest")
    deep = ndimage.map_coordinates(depth, where, order=1, mode="nearest")
    return moved.astype(np.uint8), deep.astype(np.float32)
