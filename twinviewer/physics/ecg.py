"""Twelve-lead ECG from activation times by lead fields.

Equation: φ_L(t) = −∫ ∇Z_L · G_i ∇V dΩ (Geselowitz 1989; Pezzuto 2017) with V(x, t) = V_A [S(t − τ(x)) − R(t − ρ(x))]:
an upstroke S at the activation time τ and a repolarisation R at ρ = τ + APD, both rising from 0 to 1. Then
∇V = −V_A (S'∇τ − R'∇ρ), so each lead is S' * h_τ − R' * h_ρ, where h(s) is the histogram over time of ∇Z·G_i∇τ over
the tetrahedra. The front need not be resolved by the mesh: each tetrahedron's share is spread over the times at which
the front crosses it, and the convolution does the rest.

The torso is an infinite homogeneous conductor: Z_e(x) = 1 / (4π σ_T |x − r_e|). There is no blood, lung or skin.

Units: points mm, times ms, potentials mV. Frame LPS (x to the left, y to the back, z to the head).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")

STANDARD_TORSO: Mapping[str, tuple[float, float, float]] = {
    "RA": (-190.0, 10.0, 190.0),
    "LA": (130.0, 10.0, 190.0),
    "LL": (70.0, -20.0, -380.0),
    "V1": (-60.0, -80.0, 15.0),
    "V2": (-15.0, -85.0, 15.0),
    "V3": (25.0, -82.0, -5.0),
    "V4": (60.0, -72.0, -25.0),
    "V5": (95.0, -45.0, -25.0),
    "V6": (118.0, 0.0, -25.0),
}
"""Electrodes as offsets in mm LPS from the centre of the ventricular muscle, on a chest 320 mm wide and 230 mm deep
with the centre 35 mm left of the midline and 80 mm behind the sternum. V1 and V2 lie beside the sternum in the fourth
space, V4 in the midclavicular line in the fifth, V5 and V6 level with it in the anterior and middle axillary lines;
limb electrodes stand for shoulders and hip, where a limb has the potential of its root. Assumed: a mean adult, not
this patient."""

AMPLITUDE_MV = 100.0
"""From rest to plateau, about −85 to +15 mV."""
TORSO_S_M = 0.22
"""Bulk torso conductivity (Keller 2010 give 0.2 to 0.24 S/m)."""
INTRACELLULAR_S_M = (0.17, 0.019)
"""Intracellular conductivity along and across the fibre (Clerc 1976)."""
BIN_MS = 0.5
UPSTROKE_MS = 1.0
"""Standard deviation of S': an upstroke of some 3 ms, tissue and recording together."""
REPOLARISATION_MS = (14.0, 30.0)
"""R' is a Gaussian (standard deviation first) drawn out towards early times by an exponential (second): phase 2 bends
slowly into phase 3, which ends fast. That makes the T wave's slow rise and quicker fall."""


APD_MS, APD_TRANSMURAL_MS, APD_LATE = 285.0, 45.0, 0.25
"""At 60 bpm: endocardial action potential, its loss towards the epicardium, and its loss per ms of later activation.
The first gives a QT near 400 ms; the gradients are chosen so that a normal sequence gives a concordant T wave of
0.1 to 0.4 mV. Wedges and monophasic potentials show 20 to 60 ms across the wall. Assumed."""


@dataclass(frozen=True, slots=True, eq=False)
class Fronts:
    """Histogram of ∇Z·G∇τ: (electrodes, bins) without unit; first bin begins at start_ms, width BIN_MS."""

    start_ms: float
    weight: NDArray[np.float64]


def electrodes_mm(heart_centre_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """(9, 3) LPS positions on the standard torso, in the order of ELECTRODES."""
    return np.array([STANDARD_TORSO[name] for name in ELECTRODES]) + np.asarray(heart_centre_mm)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _tet_fronts(
    points: NDArray[np.float64],
    tets: NDArray[np.int32],
    fibre: NDArray[np.float64],
    times: NDArray[np.float64],
    electrodes: NDArray[np.float64],
    along: float,
    across: float,
    start: float,
    width: float,
    bins: int,
) -> NDArray[np.float64]:
    out = np.zeros((electrodes.shape[0], bins))
    e = np.empty((3, 3))
    share = np.empty(electrodes.shape[0])
    for k in range(tets.shape[0]):
        t0 = times[tets[k, 0]]
        mean, square = 0.0, 0.0
        for i in range(4):
            mean += 0.25 * times[tets[k, i]]
        if not np.isfinite(mean):
            continue
        for i in range(4):
            square += (times[tets[k, i]] - mean) ** 2
        for i in range(3):
            for c in range(3):
                e[i, c] = points[tets[k, i + 1], c] - points[tets[k, 0], c]
        # cofactors: row i of n is the volume gradient of corner i + 1, |det| = 6 volumes
        n00, n01, n02 = (e[1, 1] * e[2, 2] - e[1, 2] * e[2, 1], e[1, 2] * e[2, 0] - e[1, 0] * e[2, 2],
                         e[1, 0] * e[2, 1] - e[1, 1] * e[2, 0])  # fmt: skip
        n10, n11, n12 = (e[2, 1] * e[0, 2] - e[2, 2] * e[0, 1], e[2, 2] * e[0, 0] - e[2, 0] * e[0, 2],
                         e[2, 0] * e[0, 1] - e[2, 1] * e[0, 0])  # fmt: skip
        n20, n21, n22 = (e[0, 1] * e[1, 2] - e[0, 2] * e[1, 1], e[0, 2] * e[1, 0] - e[0, 0] * e[1, 2],
                         e[0, 0] * e[1, 1] - e[0, 1] * e[1, 0])  # fmt: skip
        d1, d2, d3 = times[tets[k, 1]] - t0, times[tets[k, 2]] - t0, times[tets[k, 3]] - t0
        # gradient times volume: (Σ d n / det) · |det| / 6
        gx = (d1 * n00 + d2 * n10 + d3 * n20) / 6.0
        gy = (d1 * n01 + d2 * n11 + d3 * n21) / 6.0
        gz = (d1 * n02 + d2 * n12 + d3 * n22) / 6.0
        f = gx * fibre[k, 0] + gy * fibre[k, 1] + gz * fibre[k, 2]
        gx = across * gx + (along - across) * f * fibre[k, 0]
        gy = across * gy + (along - across) * f * fibre[k, 1]
        gz = across * gz + (along - across) * f * fibre[k, 2]
        cx = points[tets[k, 0], 0] + 0.25 * (e[0, 0] + e[1, 0] + e[2, 0])
        cy = points[tets[k, 0], 1] + 0.25 * (e[0, 1] + e[1, 1] + e[2, 1])
        cz = points[tets[k, 0], 2] + 0.25 * (e[0, 2] + e[1, 2] + e[2, 2])
        for s in range(electrodes.shape[0]):
            rx, ry, rz = electrodes[s, 0] - cx, electrodes[s, 1] - cy, electrodes[s, 2] - cz
            share[s] = (rx * gx + ry * gy + rz * gz) / (rx * rx + ry * ry + rz * rz) ** 1.5
        # a linear time in a tetrahedron has variance Σ(t − mean)² / 20; a box of the same variance stands for it
        half = max(np.sqrt(3.0 * square / 20.0), 0.5 * width)
        low, high = (mean - half - start) / width, (mean + half - start) / width
        for b in range(int(low), int(high) + 1):
            part = (min(high, b + 1.0) - max(low, float(b))) / (high - low)
            for s in range(electrodes.shape[0]):
                out[s, b] += share[s] * part
    return out


def muscle_fronts(
    points_mm: NDArray[np.float64],
    tets: NDArray[np.int32],
    fibre: NDArray[np.float64],
    times_ms: NDArray[np.float64],
    electrodes: NDArray[np.float64],
    conductivity_s_m: tuple[float, float] = INTRACELLULAR_S_M,
) -> Fronts:
    """What one front through a wall of tetrahedra gives each electrode: ∇Z·G∇τ over time.

    times_ms: (n,) activation or repolarisation; elements with a corner that has none are left out. electrodes: (e, 3).
    """
    finite = times_ms[np.isfinite(times_ms)]
    start = float(finite.min()) - 2.0 * BIN_MS
    bins = int((finite.max() - start) / BIN_MS) + 4
    weight = _tet_fronts(
        np.ascontiguousarray(points_mm, np.float64), np.ascontiguousarray(tets, np.int32),
        np.ascontiguousarray(fibre, np.float64), np.ascontiguousarray(times_ms, np.float64),
        np.ascontiguousarray(electrodes, np.float64), *conductivity_s_m, start, BIN_MS, bins,
    )  # fmt: skip
    # lengths in mm: 1/r³·r · vol·∇ = mm⁻² mm³ mm⁻¹ has no unit left, so only the conductivities enter
    return Fronts(start, weight / (4.0 * np.pi * TORSO_S_M * BIN_MS))


def shell_fronts(
    points_mm: NDArray[np.float64],
    triangles: NDArray[np.int32],
    times_ms: NDArray[np.float64],
    electrodes: NDArray[np.float64],
    thickness_mm: float,
    conductivity_s_m: float,
) -> Fronts:
    """The same for a thin isotropic wall given by a surface and a thickness (the atria)."""
    corner, time = points_mm[triangles], times_ms[triangles]
    known = np.isfinite(time).all(axis=1)
    corner, time = corner[known], time[known]
    a, b = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    da, db = time[:, 1] - time[:, 0], time[:, 2] - time[:, 0]
    aa, bb, ab = (a * a).sum(1), (b * b).sum(1), (a * b).sum(1)
    det = np.maximum(aa * bb - ab**2, 1e-12)
    gradient = ((bb * da - ab * db) / det)[:, None] * a + ((aa * db - ab * da) / det)[:, None] * b
    dipole = gradient * (0.5 * np.sqrt(det) * thickness_mm * conductivity_s_m)[:, None]
    line = electrodes[:, None, :] - corner.mean(axis=1)[None]
    share = (line * dipole[None]).sum(axis=2) / np.linalg.norm(line, axis=2) ** 3
    start = float(time.min()) - 2.0 * BIN_MS
    bin_of = ((time.mean(axis=1) - start) / BIN_MS).astype(int)
    weight = np.stack([np.bincount(bin_of, row, minlength=int(bin_of.max()) + 4) for row in share])
    return Fronts(start, weight / (4.0 * np.pi * TORSO_S_M * BIN_MS))


def action_potential_ms(
    activation_ms: NDArray[np.float64], epicardial: NDArray[np.float64], rr_ms: float
) -> NDArray[np.float64]:
    """(n,) time from upstroke to mid-repolarisation.

    Longest in the endocardium, shorter towards the epicardium (epicardial 0 … 1) and where activation is late (Franz
    1987: later sites repolarise with shorter potentials), and with the cube root of the cycle (Fridericia). What is
    intrinsic (the transmural part) stays when the sequence changes, so an abnormal sequence makes a discordant T.
    """
    rate = (rr_ms / 1000.0) ** (1.0 / 3.0)
    late = activation_ms - np.nanmean(activation_ms)
    return (APD_MS - APD_TRANSMURAL_MS * epicardial) * rate - APD_LATE * late


def upstroke_kernel(spread_ms: float = UPSTROKE_MS) -> tuple[NDArray[np.float64], float]:
    """S' sampled every BIN_MS with sum 1/BIN_MS, and the time of its first sample."""
    s = np.arange(-round(5.0 * spread_ms / BIN_MS), round(5.0 * spread_ms / BIN_MS) + 1) * BIN_MS
    shape = np.exp(-0.5 * (s / spread_ms) ** 2)
    return shape / (shape.sum() * BIN_MS), float(s[0])


def repolarisation_kernel() -> tuple[NDArray[np.float64], float]:
    """R' sampled every BIN_MS with sum 1/BIN_MS and mean time 0, and the time of its first sample."""
    spread, tail = REPOLARISATION_MS
    gauss, first = upstroke_kernel(spread)
    early = np.exp(np.arange(-round(8.0 * tail / BIN_MS), 1) * BIN_MS / tail)
    shape = np.convolve(gauss, early)
    s = first - (len(early) - 1) * BIN_MS + np.arange(len(shape)) * BIN_MS
    shape /= shape.sum() * BIN_MS
    return shape, float(s[0] - (s * shape).sum() * BIN_MS)


def potentials_mv(
    fronts: Fronts, kernel: tuple[NDArray[np.float64], float], time_ms: NDArray[np.float64], period_ms: float
) -> NDArray[np.float64]:
    """(electrodes, t) potentials of one family of fronts; what passes the end of the beat returns at its start."""
    shape, first = kernel
    wave = np.stack([np.convolve(row, shape) for row in fronts.weight]) * (AMPLITUDE_MV * BIN_MS)
    at = fronts.start_ms + 0.5 * BIN_MS + first + np.arange(wave.shape[1]) * BIN_MS
    out = np.zeros((len(wave), len(time_ms)))
    lowest, highest = int(np.floor(at[0] / period_ms)), int(np.ceil(at[-1] / period_ms))
    for beat in range(-highest, -lowest + 1):
        for row in range(len(wave)):
            out[row] += np.interp(time_ms - beat * period_ms, at, wave[row], left=0.0, right=0.0)
    return out


def leads_mv(potential_mv: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Twelve leads from nine electrodes (order of ELECTRODES): Einthoven, Goldberger, Wilson."""
    ra, la, ll = potential_mv[:3]
    wilson = (ra + la + ll) / 3.0
    limb = (la - ra, ll - ra, ll - la, ra - 0.5 * (la + ll), la - 0.5 * (ra + ll), ll - 0.5 * (ra + la))
    return dict(zip(LEADS, (*limb, *(chest - wilson for chest in potential_mv[3:])), strict=True))
