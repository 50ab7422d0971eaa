"""The chest round the heart, where its skin is in the field of view: an upright elliptic cylinder through the skin.

What is sought is the surface from which an ECG is taken: its middle, half its width and half its depth at the heart's
height. Skin is the outer border of what is not air, above -300 HU in CT. Borders next to the edge of the picture, or to
what the scanner filled with nothing, show where the picture ends and not the body: they are left out. Sides that are
out of view are drawn by a mean adult's chest, as in any least-squares estimate with a prior; where too little skin is
in view, no chest is said to be known. Planes of cine MR are not read: arms beside the chest cannot be told from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

from twinviewer.domain import OrganMesh, Volume
from twinviewer.physics.ecg import STANDARD_CHEST, Chest

Array = NDArray[np.float64]

REACH_MM = (90.0, 75.0, 60.0, 50.0)
"""Beyond this from the mean it is no chest: the same four numbers."""
HEIGHT_MM = 60.0
"""Skin up to this far above and below the heart's middle counts: the chest is nearly upright there."""
SPREAD_MM = (30.0, 25.0, 25.0, 20.0)
"""Between adults: of the chest's middle as seen from the heart (left, back), and of half its width and depth. From the
girths and breadths of adult chests in anthropometric surveys, rounded up."""
SKIN_ERROR_MM = 10.0
"""How far skin lies from an ellipse (arms, breasts, a flat back)."""
WITHIN_MM = 25.0
"""How far the chest may taper over the height that is looked at."""
SQUARE = 2.5
"""Exponent of the outline |x / a|^p + |y / b|^p = 1: an ellipse has 2, a chest that lies on its back is squarer."""
SECTORS = 72
FEWEST_SECTORS = 18
WORST_MM = 15.0
EDGE_PIXELS = 8
SKIN_HU = -300.0


def chest_of(image: Volume, heart_mm: Array) -> Chest | None:
    """The chest round a heart whose muscle has its middle at heart_mm (3,) LPS; None where its skin is not in view."""
    found = [_skin(frame, heart_mm) for frame in _volume_frames(image, heart_mm)]
    points = _outer(np.concatenate([_outermost(points, heart_mm) for points in found]), heart_mm) if found else None
    if points is None:
        return None
    sector = _sectors(points - _prior(heart_mm)[:2])
    if len(np.unique(sector)) < FEWEST_SECTORS:
        return None
    fitted = _fit(points, heart_mm)
    if (np.abs(fitted - _prior(heart_mm)) > 0.99 * np.array(REACH_MM)).any():
        return None
    off = np.abs(_distance(fitted, points))
    close = points[off < WORST_MM]
    if np.median(off) > WORST_MM / 2 or len(np.unique(_sectors(close - fitted[:2]))) < FEWEST_SECTORS:
        return None
    return Chest(float(fitted[0]), float(fitted[1]), float(fitted[2]), float(fitted[3]))


def with_chest(mesh: OrganMesh, image: Volume) -> OrganMesh:
    """The mesh with the landmarks chest_middle, chest_left and chest_front, where the image shows the chest."""
    heart = np.asarray(mesh.points_mm[mesh.tets].mean(axis=(0, 1)), np.float64)
    chest = chest_of(image, heart)
    if chest is None:
        return mesh
    middle = np.array([chest.left_mm, chest.back_mm, heart[2]])
    found = {
        "chest_middle": middle,
        "chest_left": middle + [chest.half_width_mm, 0.0, 0.0],
        "chest_front": middle - [0.0, chest.half_depth_mm, 0.0],
    }
    return replace(mesh, landmarks={**mesh.landmarks, **found})


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """One picture: body (j, i) true where it is not air, blank (j, i) true where the scanner measured nothing."""

    body: NDArray[np.bool_]
    blank: NDArray[np.bool_]
    affine: Array


def _volume_frames(volume: Volume, heart_mm: Array) -> Iterator[_Frame]:
    """Every 10 mm a slice of the first phase, near the heart. Slices that are not transverse say nothing here."""
    grid = volume.grid
    step = grid.affine[:3, 2]
    if volume.modality != "CT" or abs(step[2]) < 0.9 * np.linalg.norm(step):
        return
    middle = (heart_mm[2] - grid.affine[2, 3]) / step[2]
    every = max(1, round(10.0 / abs(step[2])))
    reach = int(HEIGHT_MM / abs(step[2]))
    for k in range(max(0, int(middle) - reach), min(grid.shape[0], int(middle) + reach), every):
        picture = np.asarray(volume.data[0, k])
        affine = grid.affine.copy()
        affine[:3, 3] += k * step
        yield _Frame(_body(picture > SKIN_HU), picture <= -1100, affine)


def _body(tissue: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece of tissue with all that it encloses."""
    label, count = ndimage.label(ndimage.binary_opening(tissue, iterations=2))
    if count == 0:
        return np.zeros_like(tissue)
    return np.asarray(ndimage.binary_fill_holes(label == 1 + int(np.argmax(np.bincount(label.ravel())[1:]))))


def _skin(frame: _Frame, heart_mm: Array) -> Array:
    """(n, 2) left and back of the skin's pixels in this picture, near the heart's height."""
    border = frame.body & ~ndimage.binary_erosion(frame.body, border_value=1)
    edge = np.ones_like(border)
    edge[EDGE_PIXELS:-EDGE_PIXELS, EDGE_PIXELS:-EDGE_PIXELS] = False
    blank = ndimage.binary_opening(frame.blank, iterations=2)
    border &= ~(edge | ndimage.binary_dilation(blank, iterations=EDGE_PIXELS))
    j, i = np.nonzero(border)
    points = np.stack([i, j, np.zeros_like(i), np.ones_like(i)], axis=1) @ frame.affine.T
    near = np.abs(points[:, 2] - heart_mm[2]) < HEIGHT_MM
    return np.asarray(points[near, :2], np.float64)


def _outermost(points: Array, heart_mm: Array) -> Array:
    """Of each sector round the middle of a mean chest only the point furthest out."""
    away = points - _prior(heart_mm)[:2]
    sector, far = _sectors(away), np.linalg.norm(away, axis=1)
    order = np.lexsort((-far, sector))
    first = np.unique(sector[order], return_index=True)[1]
    return points[order[first]]


def _outer(points: Array, heart_mm: Array) -> Array:
    """Without what one picture takes for skin further in than another does: there the first one missed the skin."""
    away = points - _prior(heart_mm)[:2]
    sector, far = _sectors(away) + SECTORS // 2, np.linalg.norm(away, axis=1)
    furthest = np.zeros(SECTORS + 1)
    np.maximum.at(furthest, sector, far)
    return points[far > furthest[sector] - WITHIN_MM]


def _sectors(away: Array) -> NDArray[np.intp]:
    return np.asarray(np.floor(np.arctan2(away[:, 1], away[:, 0]) / (2 * np.pi) * SECTORS), np.intp)


def _prior(heart_mm: Array) -> Array:
    """Middle (left, back), half width, half depth of a mean chest round this heart."""
    left, back = STANDARD_CHEST.left_mm, STANDARD_CHEST.back_mm
    return np.array(
        [heart_mm[0] + left, heart_mm[1] + back, STANDARD_CHEST.half_width_mm, STANDARD_CHEST.half_depth_mm]
    )


def _distance(ellipse: Array, points: Array) -> Array:
    """About how far points lie outside an ellipse, mm (first order)."""
    x, y = (points - ellipse[:2]).T
    u, v = np.abs(x) / ellipse[2], np.abs(y) / ellipse[3]
    level = np.maximum(u**SQUARE + v**SQUARE, 1e-9) ** (1.0 / SQUARE)
    slope = np.hypot(u ** (SQUARE - 1) / ellipse[2], v ** (SQUARE - 1) / ellipse[3]) * level ** (1 - SQUARE)
    return np.asarray((level - 1.0) / np.maximum(slope, 1e-9))


def _fit(points: Array, heart_mm: Array) -> Array:
    prior = _prior(heart_mm)
    # neighbouring skin errs alike: all points together count as one a sector, not as thousands
    weight = np.sqrt(min(1.0, SECTORS / len(points)))

    def residual(ellipse: Array) -> Array:
        off = _distance(ellipse, points) / SKIN_ERROR_MM
        robust = np.sign(off) * np.sqrt(2.0 * (np.sqrt(1.0 + off**2) - 1.0))
        return np.concatenate([weight * robust, (ellipse - prior) / SPREAD_MM])

    reach = np.array(REACH_MM)
    return np.asarray(optimize.least_squares(residual, prior, bounds=(prior - reach, prior + reach)).x)
