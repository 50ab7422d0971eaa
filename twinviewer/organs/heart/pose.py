"""Where the heart is and how it lies: the atlas placed in the scan, first as a whole, then locally.

The scan is reduced to two soft maps, blood and muscle. The affine placement minimises the squared difference between
them and what the atlas expects, from the best of all places (see search); the local one is a demons registration
(Vercauteren et al. 2009, NeuroImage 45:S61) of the atlas, painted with the same two classes.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from twinviewer.domain import Cancelled, Reporter, part, silent
from twinviewer.organs.heart.atlas import (
    BLOOD_LABELS,
    LV_MYOCARDIUM,
    OTHER,
    RV_MYOCARDIUM,
    Atlas,
)
from twinviewer.organs.heart.search import BOTH, LEFT, RIGHT, Sample, bright, candidates, sample
from twinviewer.segmentation.working_grid import WorkingGrid

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """scan_mm = linear @ (atlas_mm - centre_mm) + position_mm.

    opacified: which side carries contrast: both, left or right. misfit: 0 where all is as the atlas has it, 1 where
    the scan looks like muscle all through. left_hit, right_hit: share of the atlas' chambers of that side that meets
    blood; wall_hit: share of its LV wall that meets muscle.
    """

    linear: NDArray[np.float64]
    position_mm: NDArray[np.float64]
    centre_mm: NDArray[np.float64]
    opacified: str
    misfit: float

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


UNSEEN = 0.6
"""Misfit of a point that should be blood and lies beyond the scan, where nothing is known (1 where it meets none)."""
TURN_PRIOR, STRETCH_PRIOR = 0.12, 0.15
SIZE_PRIOR = 6.0
"""How much more unlikely a change of the whole heart's size is than a like change of its shape."""
Maps = tuple[Float, Float]


@dataclass(frozen=True, slots=True, eq=False)
class _Misfit:
    """What the atlas' sample misses in a scan, as residuals for a least-squares fit of shift, turn and stretch."""

    chosen: Sample
    work: WorkingGrid
    maps: Maps
    opacified: str
    prior: float

    def __call__(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        kji = self.work.to_kji(self.chosen.points_mm @ _linear(p).T + p[:3]).T
        inside = ((kji > -1) & (kji < np.array(self.work.shape)[:, None])).all(axis=0)
        b, m = (ndimage.map_coordinates(f, kji, order=1, mode="nearest") for f in self.maps)
        want, weight, soft = self.chosen.expects(self.opacified)
        blood = np.where(inside, b - want, UNSEEN * want) * np.sqrt(weight)
        muscle = np.where(inside, m - 1.0, UNSEEN) * np.sqrt(soft)
        if p.size == 7:
            stretch = SIZE_PRIOR * p[6:]
        else:
            size = p[6:9].mean()
            stretch = np.concatenate([p[6:9] - size, p[9:] * 1.4, [SIZE_PRIOR * size]])
        return np.concatenate([blood, muscle, self.prior * p[3:6], self.prior * stretch])

    def relative(self, p: NDArray[np.float64]) -> float:
        """Misfit as in :class:`Pose`."""
        return float(np.square(self(p)).sum()) / self.chosen.nothing(self.opacified)


def place(
    atlas: Atlas,
    blood: Float,
    muscle: Float,
    work: WorkingGrid,
    report: Reporter,
    sides: tuple[str, ...] = (BOTH, LEFT, RIGHT),
) -> list[Pose]:
    """The affine placements, one for each side of the heart that may be opacified, best first.

    blood, muscle: (k, j, i) soft maps 0..1 on ``work``. sides: what may be opacified. At least one is returned.
    """
    chosen = sample(atlas)
    few = chosen.thinned(3)

    def maps(sigma_mm: float) -> Maps:
        sigma = sigma_mm / work.spacing_mm
        return (
            ndimage.gaussian_filter(blood, sigma, mode="nearest"),
            ndimage.gaussian_filter(muscle, sigma, mode="nearest"),
        )

    guesses = candidates(chosen, blood, muscle, work, sides, part(report, 0.0, 0.5))
    coarse = maps(5.0)
    tried: list[tuple[float, NDArray[np.float64], str]] = []
    for number, guess in enumerate(guesses):
        report(0.5 + 0.3 * number / len(guesses), "Fitting the heart's place")
        misfit = _Misfit(few, work, coarse, guess.opacified, TURN_PRIOR)
        first = np.concatenate([guess.shift_mm, guess.turn, [np.log(guess.size)]])
        fit = least_squares(misfit, first, x_scale=[10, 10, 10, 0.2, 0.2, 0.2, 0.1], max_nfev=15, ftol=1e-3)
        tried.append((misfit.relative(fit.x), fit.x, guess.opacified))
    tried.sort(key=lambda one: one[0])
    # the best of each side, as far as it has a chance
    leaders = [next(one for one in tried if one[2] == side) for side in sides]
    leaders = [one for one in leaders if one[0] < min(0.98, tried[0][0] + 0.3)] or tried[:1]
    finest = maps(3.0)
    scale = [10, 10, 10, 0.2, 0.2, 0.2, *([0.1] * 6)]
    placed: list[Pose] = []
    for number, (_, p, side) in enumerate(leaders):
        start = np.concatenate([p[:6], np.full(3, p[6]), np.zeros(3)])
        for step, fields in enumerate((coarse, finest)):
            report(0.8 + 0.2 * (number + 0.5 * step) / len(leaders), "Fitting the heart's size and tilt")
            misfit = _Misfit(chosen, work, fields, side, STRETCH_PRIOR)
            start = least_squares(misfit, start, x_scale=scale, max_nfev=15, ftol=1e-3).x
        placed.append(Pose(_linear(start), start[:3], atlas.centre_mm, side, misfit.relative(start)))
    return sorted(placed, key=lambda one: one.misfit)


def painted(label: NDArray[np.integer], opacified: str = BOTH) -> Float:
    """What a label is expected to look like: blood with contrast 2, muscle and blood without contrast 1, else 0."""
    paint = np.zeros(OTHER + 1, dtype=np.float32)
    paint[[LV_MYOCARDIUM, RV_MYOCARDIUM, *BLOOD_LABELS]] = 1.0
    paint[[*bright(opacified), OTHER]] = 2.0
    return paint[label]


def demons(
    fixed: Float,
    moving: Float,
    spacing_mm: float,
    iterations: int,
    smooth_mm: float,
    threads: int = 2,
    report: Reporter = silent,
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
    stopped: list[Cancelled] = []

    def each() -> None:
        try:
            report(method.GetElapsedIterations() / iterations, "Following the shape")
        except Cancelled as stop:
            stopped.append(stop)
            method.Abort()

    method.AddCommand(sitk.sitkIterationEvent, each)
    try:
        field = method.Execute(images[0], images[1])
    finally:
        method.RemoveAllCommands()
    if stopped:
        raise stopped[0]
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


def bend(
    atlas: Atlas, pose: Pose, blood: Float, muscle: Float, work: WorkingGrid, report: Reporter = silent
) -> tuple[NDArray[np.uint8], Float]:
    """The placed atlas bent locally until it fits: labels and depth as in :func:`atlas_on`."""
    label, depth = atlas_on(atlas, pose, work)
    scene = ndimage.gaussian_filter(2.0 * blood + muscle * (1.0 - blood), 0.6)
    expected = painted(label, pose.opacified)
    known = (label > 0) | ((depth < -3.0) & (depth > -9.0))
    expected = np.where(known, expected, np.minimum(scene, 1.0))
    # round the heart the atlas only says "no blood": muscle of the chest wall or diaphragm must not pull
    expected = np.where(known & (label == 0), np.minimum(scene, 1.0), expected)
    expected = ndimage.gaussian_filter(expected, 0.6)
    field = demons(scene, expected.astype(np.float32), work.spacing_mm, 45, 5.0, report=report)
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
