"""Borders in one image near where a model expects them: the offset of each point along its normal that suits best.

An active shape's search (Cootes TF et al. Comput Vis Image Underst 1995;61:38) with intensities in units of blood and
muscle. Neighbouring points share what they see, so that a single papillary muscle or a flow void moves no border.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from twinviewer.domain import CinePlane
from twinviewer.segmentation.cine.tone import Tone

Array = NDArray[np.float64]

STEP_MM = 0.75
_WINDOW_MM = {"lv_endocardium": 6.0, "lv_epicardium": 5.0, "rv_endocardium": 3.0}
_SHARED_MM = 5.0
"""Points within about this of each other are taken to be offset alike."""
_BRIGHTEST = 1.4
_PRIOR = 0.3
"""Cost of an offset as long as the whole reach, in units of the best possible gain."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """offset_mm: (n,) along the outward normals. trust: (n,) 0..1, how clear the border is there."""

    offset_mm: Array
    trust: Array


def find_edges(
    plane: CinePlane,
    phase: int,
    structure: str,
    points_mm: Array,
    outward: Array,
    tone: Tone,
    reach_mm: float,
) -> Edges:
    """Search from each of (n, 3) points on the plane along its (n, 3) outward unit vector in the plane.

    structure: "lv_endocardium" and "rv_endocardium" have blood inside and muscle outside, "lv_epicardium" muscle inside
    and anything else outside.
    """
    if not len(points_mm):
        return Edges(np.zeros(0), np.zeros(0))
    window = max(int(round(_WINDOW_MM[structure] / STEP_MM)), 2)
    half = int(round(reach_mm / STEP_MM))
    place = np.arange(-half - window, half + window + 1, dtype=np.float64) * STEP_MM
    s = tone.relative(along_rays(plane, phase, points_mm, outward, place)).astype(np.float64)
    if structure == "lv_epicardium":
        inside, outside = 1.0 - 2.0 * np.minimum(np.abs(s) / 0.6, 1.0), 2.0 * np.minimum(np.abs(s) / 0.6, 1.0) - 1.0
    else:
        # beyond the brightness of blood it is fat
        blood = 2.0 * np.clip(s, 0.0, 1.0) - 1.0 - 2.0 * np.clip((s - _BRIGHTEST) / 0.3, 0.0, 1.0)
        inside, outside = blood, -blood
    total_in = np.concatenate([np.zeros((len(s), 1)), np.cumsum(inside, axis=1)], axis=1)
    total_out = np.concatenate([np.zeros((len(s), 1)), np.cumsum(outside, axis=1)], axis=1)
    at = np.arange(window, window + 2 * half + 1)
    # a border at sample i: the window before it should be inside, the window after it outside
    gain = (total_in[:, at] - total_in[:, at - window] + total_out[:, at + window] - total_out[:, at]) / (2 * window)
    near = cKDTree(points_mm).query_ball_point(points_mm, 2.0 * _SHARED_MM)
    shared = np.empty_like(gain)
    for row, others in enumerate(near):
        away = np.linalg.norm(points_mm[others] - points_mm[row], axis=1)
        weight = np.exp(-0.5 * (away / _SHARED_MM) ** 2) * np.clip(outward[others] @ outward[row], 0.0, 1.0)
        shared[row] = weight @ gain[others] / max(float(weight.sum()), 1e-9)
    offset = np.arange(-half, half + 1) * STEP_MM
    value = shared - _PRIOR * (offset / reach_mm) ** 2
    best = np.argmax(value, axis=1)
    top = shared[np.arange(len(shared)), best]
    edge = (best == 0) | (best == len(offset) - 1)
    # a peak that hardly stands out of the rest says little
    trust = np.where(edge, 0.0, np.clip(top / 0.6, 0.0, 1.0))
    return Edges(offset[best], trust)


def along_rays(plane: CinePlane, phase: int, points_mm: Array, outward: Array, place_mm: Array) -> NDArray[np.float32]:
    """(n, p) linear samples of one frame at points + place * outward."""
    where = points_mm[:, None, :] + place_mm[None, :, None] * outward[:, None, :] - plane.affine[:3, 3]
    columns, rows = plane.affine[:3, 0], plane.affine[:3, 1]
    ij = np.stack([where @ rows / (rows @ rows), where @ columns / (columns @ columns)])
    return ndimage.map_coordinates(plane.frames[phase].astype(np.float32), ij, order=1, mode="nearest")
