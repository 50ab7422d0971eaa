"""Classes of a one-dimensional histogram as a mixture of Gaussians.

Peaks of the smoothed histogram start an expectation-maximisation on the bin counts (Dempster, Laird and Rubin 1977).
The border between two classes is the midpoint of their means: at a sharp edge blurred by a symmetric point spread
function the midpoint lies on the edge whatever the blur, the crossing of the two densities does not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import find_peaks


@dataclass(frozen=True, slots=True)
class GaussianClass:
    """One class: mean and standard deviation in image units, share of all voxels 0..1."""

    mean: float
    sd: float
    share: float


def gaussian_mixture(
    values: NDArray[np.generic],
    *,
    bins: int = 400,
    smooth_bins: float = 3.0,
    least_share: float = 0.004,
    iterations: int = 60,
) -> tuple[GaussianClass, ...]:
    """Classes of ``values`` (any shape), sorted by mean; as many as the smoothed histogram has peaks.

    The histogram spans the 0.05th to the 99.95th percentile. Peaks of less than ``least_share`` of all values are left
    out. Raises ValueError when there are fewer than 100 finite values.
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    flat = flat[np.isfinite(flat)]
    if flat.size < 100:
        raise ValueError(f"a mixture needs at least 100 values, got {flat.size}")
    low, high = np.percentile(flat, (0.05, 99.95))
    if high - low < 1e-9:
        return (GaussianClass(float(low), 0.0, 1.0),)
    counts, edges = np.histogram(flat, bins=bins, range=(float(low), float(high)))
    centre = 0.5 * (edges[1:] + edges[:-1])
    width = float(edges[1] - edges[0])
    smooth = ndimage.gaussian_filter1d(counts.astype(np.float64), smooth_bins, mode="constant")
    padded = np.concatenate([[0.0], smooth, [0.0]])
    found, seen = find_peaks(padded, prominence=least_share * flat.size / (2.5 * smooth_bins), width=1)
    peaks = found - 1
    if peaks.size == 0:
        peaks, widths = np.array([int(np.argmax(smooth))]), np.array([10.0])
    else:
        widths = seen["widths"]

    mean = centre[peaks].astype(np.float64)
    sd = np.maximum(widths * width / 2.355, width)
    share = smooth[peaks] * sd
    share /= share.sum()
    # a flat class takes partial volume and bone, which are no Gaussians, so that they do not widen the others
    flat_share = 0.1
    total = float(counts.sum())
    anchor = mean.copy()
    reach = np.maximum(2.0 * sd, 3 * width)
    for _ in range(iterations):
        density = share * np.exp(-0.5 * ((centre[:, None] - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        background = flat_share / (high - low)
        whole = density.sum(axis=1) + background
        duty = density / whole[:, None] * counts[:, None]
        mass = np.maximum(duty.sum(axis=0), 1e-9)
        mean = np.clip((duty * centre[:, None]).sum(axis=0) / mass, anchor - reach, anchor + reach)
        variance = (duty * (centre[:, None] - mean) ** 2).sum(axis=0) / mass
        sd = np.sqrt(np.maximum(variance, width**2))
        share = mass / total
        flat_share = max(1.0 - float(share.sum()), 1e-3)
    order = np.argsort(mean)
    return tuple(GaussianClass(float(mean[k]), float(sd[k]), float(share[k])) for k in order)


def midpoint(lower: GaussianClass, upper: GaussianClass) -> float:
    """The border between two classes: half-way between their means (see the module's note)."""
    return 0.5 * (lower.mean + upper.mean)
