"""Cavity volumes of a moving mesh over the beat, and how fast they change.

Volume inside a closed surface: divergence theorem, V = 1/6 Σ a·(b × c) over its outward triangles. Rates are those of
the periodic cubic spline through the frames; with few frames its steepest slope is too gentle, so none is given then.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError

Array = NDArray[np.float64]

LEAST_FRAMES = 10
"""Fewer frames over a beat tell neither a rate nor the time of a peak."""
_FINE = 720
EARLY = 0.5  # share of diastole that counts as early filling; atrial contraction comes after


def cavity_ml(motion_mm: NDArray[np.floating], triangles: NDArray[np.integer]) -> Array:
    """(t,) mL inside a closed surface of (k, 3) outward triangles at the positions (t, n, 3) of its points.

    Raises MeshError when the surface is empty or looks inwards.
    """
    if len(triangles) == 0:
        raise MeshError("A cavity has no surface")
    rows, corners = np.unique(triangles, return_inverse=True)
    corners = corners.reshape(-1, 3)
    out = np.empty(len(motion_mm))
    for k, frame in enumerate(motion_mm):
        points = frame[rows].astype(np.float64)
        points -= points.mean(axis=0)
        a, b, c = (points[corners[:, j]] for j in range(3))
        out[k] = np.einsum("ij,ij->", a, np.cross(b, c)) / 6000.0
    if not out.max() > 0.0:
        raise MeshError("The surface of a cavity looks inwards")
    return out


@dataclass(frozen=True, slots=True)
class Rates:
    """Steepest changes of a volume in mL/s, both positive, and when they come, as a fraction of the beat."""

    ejection_ml_s: float
    ejection_fraction: float
    early_filling_ml_s: float
    early_filling_fraction: float


def rates(volume_ml: Array, fraction: Array, rr_s: float) -> Rates | None:
    """Peak ejection and peak early filling rate of a volume (t,) at fractions (t,) of a beat of rr_s seconds.

    Ejection: from the largest to the smallest volume. Early filling: the first half of the time from the smallest
    volume to the next largest, before the atrium contracts. None with fewer than LEAST_FRAMES frames.
    """
    from scipy.interpolate import CubicSpline

    if len(volume_ml) < LEAST_FRAMES or rr_s <= 0.0:
        return None
    spline = CubicSpline(np.append(fraction, fraction[0] + 1.0), np.append(volume_ml, volume_ml[0]), bc_type="periodic")
    phase = fraction[0] + np.arange(_FINE) / _FINE
    volume, slope = spline(phase), spline(phase, 1) / rr_s
    full, empty = int(np.argmax(volume)), int(np.argmin(volume))
    systole = (np.arange(_FINE) - full) % _FINE <= (empty - full) % _FINE
    since = (np.arange(_FINE) - empty) % _FINE
    early = since <= EARLY * ((full - empty) % _FINE)
    out = int(np.argmin(np.where(systole, slope, np.inf)))
    into = int(np.argmax(np.where(early, slope, -np.inf)))
    return Rates(float(-slope[out]), float(phase[out] % 1.0), float(slope[into]), float(phase[into] % 1.0))


def scatter_ml(volume_ml: Array, fraction: Array, harmonics: int = 8) -> float | None:
    """Standard deviation of a frame's volume about the curve of all: about its first harmonics, which hold every wave
    of filling. None where there are too few frames to tell (fewer than two more than the harmonics need)."""
    free = len(volume_ml) - (2 * harmonics + 1)
    if free < 2:
        return None
    turn = 2.0 * np.pi * np.outer(fraction, np.arange(1, harmonics + 1))
    waves = np.concatenate([np.ones((len(fraction), 1)), np.cos(turn), np.sin(turn)], axis=1)
    off = volume_ml - waves @ np.linalg.lstsq(waves, volume_ml, rcond=None)[0]
    return float(np.sqrt(np.square(off).sum() / free))


def peak_fraction(curve: Array, fraction: Array) -> float | None:
    """When a periodic curve (t,) is lowest, as a fraction of the beat: the vertex of the parabola through the lowest
    frame and its neighbours. None with fewer than LEAST_FRAMES frames, or where the curve is not finite or flat."""
    count = len(curve)
    if count < LEAST_FRAMES or not np.all(np.isfinite(curve)) or np.ptp(curve) == 0.0:
        return None
    k = int(np.argmin(curve))
    before = (fraction[k] - fraction[k - 1]) % 1.0
    after = (fraction[(k + 1) % count] - fraction[k]) % 1.0
    up, down = (curve[k - 1] - curve[k]) / before, (curve[(k + 1) % count] - curve[k]) / after
    # slopes up/−down at the middles of the two gaps; the vertex is where their line crosses 0
    shift = 0.5 * (up * after - down * before) / (up + down) if up + down > 0 else 0.0
    return float((fraction[k] + np.clip(shift, -0.5 * before, 0.5 * after)) % 1.0)
