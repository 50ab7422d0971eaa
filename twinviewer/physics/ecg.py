"""Twelve-lead ECG from activation times by lead fields.

Equation: φ_L(t) = −∫ ∇Z_L · G_i ∇V dΩ (Geselowitz 1989; Pezzuto 2017) with V(x, t) = V_A [S(t − τ(x)) − R(t − ρ(x))]:
an upstroke S at the activation time τ and a repolarisation R at ρ (repolarisation.py), both rising from 0 to 1. Then
∇V = −V_A (S'∇τ − R'∇ρ), so each lead is S' * h_τ − R' * h_ρ, where h(s) is the histogram over time of ∇Z·G_i∇τ over
the tetrahedra. The front need not be resolved by the mesh: each tetrahedron's share is spread over the times at which
the front crosses it (ecg_kernel.py), and the convolution does the rest.

The torso is a homogeneous conducting ball in air, whose lead field is known in closed form (Neumann function of the
ball; Wilson and Bayley 1950). With x and the electrode y, |y| = a, taken from its centre and d = |x − y|:
4π σ_T Z = 2/d + ln(2a² / (a² − x·y + a d)) / a. An infinite conductor would need less but gives limb leads of a tenth
of their size, because it lets the current escape. Blood enters by its effect on the wall (wall_leads.py); there is no
lung or skin.

Units: points mm, times ms, potentials mV. Frame LPS (x to the left, y to the back, z to the head).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.membrane import AMPLITUDE_MV, BIN_MS

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")

STANDARD_TORSO: Mapping[str, tuple[float, float, float]] = {
    "RA": (-180.0, 20.0, 200.0),
    "LA": (130.0, 10.0, 190.0),
    "LL": (60.0, -45.0, -375.0),
    "V1": (-56.0, -79.0, -5.0),
    "V2": (-2.0, -80.0, -5.0),
    "V3": (48.0, -66.0, -2.0),
    "V4": (86.0, -38.0, -5.0),
    "V5": (111.0, -8.0, -8.0),
    "V6": (122.0, 34.0, -8.0),
}
"""Electrodes as offsets in mm LPS from the centre of the ventricular muscle; limb electrodes stand for shoulders and
hip, where a limb has the potential of its root. From the usual sites on a chest 320 mm wide and 230 mm deep (centre of
the heart 35 mm left of the midline and 80 mm behind the sternum) they were moved by up to 40 mm, on a ball of that
size, until the leads look at the middle of the heart in the directions that were measured on torsos: Frank's, as the
matrix from his leads to the twelve (Dower et al., J Electrocardiol 13:91, 1980). All eight agree within 10 degrees. A
mean adult, not this patient."""
TORSO_CENTRE_UP_MM = 8.0
"""Middle of the ball above the centre of the ventricular muscle (found with the electrodes)."""
WIDTH_SHARE = 2.0 / 3.0
"""The ball's radius lies between half the width and half the depth of the chest, heavier on the width."""
TORSO_MARGIN = 1.15
"""The ball is never smaller than this times the distance from its centre to the furthest muscle."""

TORSO_S_M = 0.22
"""Bulk torso conductivity (Keller 2010 give 0.2 to 0.24 S/m)."""


@dataclass(frozen=True, slots=True, eq=False)
class Fronts:
    """Histogram of ∇Z·G∇τ: (electrodes, bins) without unit; first bin begins at start_ms, width BIN_MS."""

    start_ms: float
    weight: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chest:
    """An upright elliptic cylinder, mm LPS: left_mm and back_mm of its middle, half its width and half its depth."""

    left_mm: float
    back_mm: float
    half_width_mm: float
    half_depth_mm: float


STANDARD_CHEST = Chest(-36.0, 47.0, 160.0, 115.0)
"""A mean adult's, its middle as seen from the centre of the ventricular muscle (found with the electrodes)."""


@dataclass(frozen=True, slots=True, eq=False)
class Torso:
    """The conducting ball. centre_mm: (3,) LPS. electrodes_mm: (9, 3) LPS on its surface, ordered as ELECTRODES.

    line_mm: (9, 3) from the centre, where they lay before they were moved onto the surface along that line: shifts of
    electrodes count from there.
    """

    centre_mm: NDArray[np.float64]
    radius_mm: float
    electrodes_mm: NDArray[np.float64]
    line_mm: NDArray[np.float64]


def chest_between(landmarks: Mapping[str, NDArray[np.float64]]) -> Chest | None:
    """The chest of the landmarks chest_middle, chest_left and chest_front (docs/rooms.md); None if one lacks."""
    if not {"chest_middle", "chest_left", "chest_front"} <= set(landmarks):
        return None
    left, back = (float(landmarks["chest_middle"][axis]) for axis in (0, 1))
    return Chest(left, back, float(landmarks["chest_left"][0]) - left, back - float(landmarks["chest_front"][1]))


def torso_round(
    muscle_mm: NDArray[np.float64],
    moved_mm: Mapping[str, tuple[float, float, float]] | None = None,
    chest: Chest | None = None,
) -> Torso:
    """The torso round ventricular muscle given as (n, 3) LPS points (the centres of its elements).

    chest: this patient's, its middle in the same frame; None for a mean adult's. Electrodes sit where they sit on a
    mean chest, in shares of its width and depth. moved_mm: electrode -> how far from its usual place (LPS). Electrodes
    are moved along the line from the middle of the chest onto the ball. Raises EngineError for an electrode that does
    not exist or a shift that is not finite.
    """
    heart = muscle_mm.mean(axis=0)
    usual = STANDARD_CHEST
    middle = np.array([usual.left_mm, usual.back_mm, TORSO_CENTRE_UP_MM])
    if chest is None:
        centre, stretch = heart + middle, np.ones(3)
        chest = usual
    else:
        centre = np.array([chest.left_mm, chest.back_mm, heart[2] + TORSO_CENTRE_UP_MM])
        stretch = np.array([chest.half_width_mm / usual.half_width_mm, chest.half_depth_mm / usual.half_depth_mm, 1.0])
    place = {name: (np.array(offset) - middle) * stretch for name, offset in STANDARD_TORSO.items()}
    for name, shift in (moved_mm or {}).items():
        if name not in place or not np.isfinite(shift).all():
            raise EngineError("There is no such electrode, or no such place", where=f"{name} by {shift}")
        place[name] = place[name] + np.array(shift)
    furthest = float(np.linalg.norm(muscle_mm - centre, axis=1).max())
    usual_radius = WIDTH_SHARE * chest.half_width_mm + (1.0 - WIDTH_SHARE) * chest.half_depth_mm
    radius = max(usual_radius, TORSO_MARGIN * furthest)
    line = np.stack([place[name] for name in ELECTRODES])
    return Torso(centre, radius, centre + radius * line / np.linalg.norm(line, axis=1, keepdims=True), line)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def lead_fields(
    points: NDArray[np.float64], centre: NDArray[np.float64], electrodes: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """(n, electrodes, 3) gradient of 4π σ Z in mm⁻² at points inside a ball, for electrodes on its surface."""
    out = np.empty((points.shape[0], electrodes.shape[0], 3))
    for k in range(points.shape[0]):
        x0, x1, x2 = points[k, 0] - centre[0], points[k, 1] - centre[1], points[k, 2] - centre[2]
        for s in range(electrodes.shape[0]):
            y0, y1, y2 = electrodes[s, 0] - centre[0], electrodes[s, 1] - centre[1], electrodes[s, 2] - centre[2]
            r0, r1, r2 = y0 - x0, y1 - x1, y2 - x2
            d = np.sqrt(r0 * r0 + r1 * r1 + r2 * r2)
            near = 2.0 / d**3
            far = 1.0 / (radius * radius - x0 * y0 - x1 * y1 - x2 * y2 + radius * d)
            out[k, s, 0] = (near + far / d) * r0 + far / radius * y0
            out[k, s, 1] = (near + far / d) * r1 + far / radius * y1
            out[k, s, 2] = (near + far / d) * r2 + far / radius * y2
    return out


def shell_fronts(
    points_mm: NDArray[np.float64],
    triangles: NDArray[np.int32],
    times_ms: NDArray[np.float64],
    torso: Torso,
    thickness_mm: float,
    conductivity_s_m: float,
) -> Fronts:
    """Fronts in a thin isotropic wall given by a surface and a thickness (the atria)."""
    corner, time = points_mm[triangles], times_ms[triangles]
    known = np.isfinite(time).all(axis=1)
    corner, time = corner[known], time[known]
    a, b = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    da, db = time[:, 1] - time[:, 0], time[:, 2] - time[:, 0]
    aa, bb, ab = (a * a).sum(1), (b * b).sum(1), (a * b).sum(1)
    det = np.maximum(aa * bb - ab**2, 1e-12)
    gradient = ((bb * da - ab * db) / det)[:, None] * a + ((aa * db - ab * da) / det)[:, None] * b
    dipole = gradient * (0.5 * np.sqrt(det) * thickness_mm * conductivity_s_m)[:, None]
    fields = lead_fields(corner.mean(axis=1), torso.centre_mm, torso.electrodes_mm, torso.radius_mm)
    share = np.einsum("kec,kc->ek", fields, dipole)
    start = float(time.min()) - 2.0 * BIN_MS
    bin_of = ((time.mean(axis=1) - start) / BIN_MS).astype(int)
    weight = np.stack([np.bincount(bin_of, row, minlength=int(bin_of.max()) + 4) for row in share])
    return Fronts(start, weight / (4.0 * np.pi * TORSO_S_M * BIN_MS))


def tail_ms(kernel: tuple[NDArray[np.float64], float], share: float = 0.9) -> float:
    """How long after the mean of R' this share of repolarisation is over: what lies between APD90 and the T wave's
    middle."""
    shape, first = kernel
    return first + float(np.searchsorted(np.cumsum(shape) * BIN_MS, share)) * BIN_MS


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
