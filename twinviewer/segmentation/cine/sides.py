"""Which of two beating cavities is the left one: the one that lies to the patient's left and behind.

A dilated ventricle that hardly moves shows a ring of muscle as clearly as any, but the right one beside it may be as
bright and move more. Where the patient lay tells them apart whatever either does.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.segmentation.cine.short_axis import Slices

RIGHTWARD = np.array([-0.85, -0.5, 0.15])
"""From the left to the right ventricle it goes to the patient's right and forward (LPS)."""
LEAST_PRIOR = 0.3
"""What is left of a place's score on the wrong side: some hearts lie otherwise, and directions may be written wrong."""
_SOFT_MM = 8.0
_BEATS = 0.3
"""What moves by less than this share of the most is taken to stand still."""
_WALL_MM, _HEART_MM = 45.0, 110.0
"""No left ventricle's side wall reaches so far from its middle as the first; no heart so far as the second."""
_MOST_BEYOND = 0.03
"""Share of all motion that may lie so far to the left: 0 on two real hearts and two painted ones, where 0.16 to 0.43
lie as far to the right; 0.07 and more, and none to the right, where left and right are exchanged."""


def rightward(slices: Slices) -> NDArray[np.float64]:
    """(2,) unit vector u, v towards the right ventricle, in the plane of the slices."""
    towards = slices.axes[:2] @ RIGHTWARD
    return np.asarray(towards / max(float(np.linalg.norm(towards)), 1e-6))


def side_prior(slices: Slices, motion: NDArray[np.float32], uv: NDArray[np.float64]) -> NDArray[np.float32]:
    """(v, u) LEAST_PRIOR..1: 1 on the left and hind side of the middle of all that beats.

    motion: (k, v, u) amplitude of each slice on the grid uv (v, u, 2) in mm.
    """
    along = uv @ rightward(slices)
    beats = _beating(motion.mean(axis=0))
    middle = float((beats * along).sum() / max(float(beats.sum()), 1e-9))
    left = 1.0 / (1.0 + np.exp(np.clip((along - middle) / _SOFT_MM, -50.0, 50.0)))
    return (LEAST_PRIOR + (1.0 - LEAST_PRIOR) * left).astype(np.float32)


def beats_beyond(
    slices: Slices, motion: NDArray[np.float32], uv: NDArray[np.float64], centres: NDArray[np.float64]
) -> bool:
    """Whether there beats something to the left of what was taken for the left ventricle, beyond its own side wall, and
    more than to its right: it may be the right one. centres: (k, 2) u, v mm."""
    shares = []
    for image, centre in zip(motion, centres, strict=True):
        beats, off = _beating(image), uv - centre
        along, near = off @ rightward(slices), np.hypot(off[..., 0], off[..., 1]) < _HEART_MM
        sides = [float(beats[there & near].sum()) for there in (along < -_WALL_MM, along > _WALL_MM)]
        shares.append(np.array(sides) / max(float(beats.sum()), 1e-9))
    left, right = np.median(shares, axis=0)
    return bool(left > max(_MOST_BEYOND, right))


def _beating(motion: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(motion - _BEATS * motion.max(), 0.0, None)
