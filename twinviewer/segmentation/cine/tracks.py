"""Named points as paths over the common beat, and what the ends of the left wall say of the base's size."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, CineStack
from twinviewer.segmentation.cine.phases import at_fraction, beat_fraction

_LEAST_TRUST = 0.02
_HARMONICS = 4


def tracks(
    contours: CineContours, stack: CineStack, name: str, side: int, fraction: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Place (t, 3) LPS mm, breath-hold shift included, and trust (t,) of one end at the wanted phases, by plane."""
    out = []
    chosen = [p for p in contours.points if p.name == name and p.side == side]
    for plane in sorted({p.plane for p in chosen}):
        mine = sorted((p for p in chosen if p.plane == plane), key=lambda p: p.phase)
        own = beat_fraction(stack.planes[plane])[[p.phase for p in mine]]
        place = at_fraction(np.array([p.point_mm for p in mine]), own, fraction)
        if contours.shift_mm is not None:
            place = place + contours.shift_mm[plane]
        out.append((place, at_fraction(np.array([p.confidence for p in mine]), own, fraction)))
    return out


def ring_area_mm2(
    contours: CineContours, stack: CineStack, axis: NDArray[np.float64], fraction: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """(t,) area across ``axis`` (3,) of the left ventricle's base, inside the ends of its wall; None without any.

    Each long-axis plane gives a diameter. With three or more it is that of the ellipse with the ends' second moments,
    which is exact where they lie evenly about an ellipse; with fewer that of a circle of the mean diameter.
    """
    low, high = (tracks(contours, stack, "mitral", side, fraction) for side in (-1, 1))
    ends = low + high
    if not low or not high:
        return None
    place = np.array([p - (p @ axis)[:, None] * axis for p, _ in ends])
    trust = np.maximum(np.array([t for _, t in ends]), _LEAST_TRUST)
    if len(low) >= 3 and len(high) >= 3:
        middle = (trust[..., None] * place).sum(axis=0) / trust.sum(axis=0)[:, None]
        off = place - middle
        moments = np.einsum("nt,nti,ntj->tij", trust, off, off) / trust.sum(axis=0)[:, None, None]
        values = np.sort(np.linalg.eigvalsh(moments), axis=1)[:, 1:]
        area = 2.0 * np.pi * np.sqrt(np.maximum(values, 0.0).prod(axis=1))
    else:
        pairs = min(len(low), len(high))
        across = [np.linalg.norm(low[i][0] - high[i][0], axis=1) for i in range(pairs)]
        area = np.pi * np.mean(across, axis=0) ** 2 / 4.0
    if len(fraction) > 2 * _HARMONICS:
        spectrum = np.fft.rfft(area)
        spectrum[_HARMONICS:] = 0.0
        area = np.fft.irfft(spectrum, n=len(area))
    out: NDArray[np.float64] = np.maximum(area, 1.0)
    return out


def apex_depth_mm(
    contours: CineContours, stack: CineStack, name: str, axis: NDArray[np.float64], fraction: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """(t,) depth along ``axis`` (3,) of an apex: the middle one of what the planes show; None without any."""
    found = tracks(contours, stack, name, 0, fraction)
    return np.median([place @ axis for place, _ in found], axis=0) if found else None
