"""One-fibre walls made of patches, joined as left wall, septum and right wall (TriSeg).

A thick wall of volume W, midwall area A and curvature C carries one fibre stress sigma. With z = 3 C W / (2 A):

    e = 1/2 ln(A / A_ref) - z^2/12 - 0.019 z^4            T = W sigma / (2 A) (1 + z^2/3 + z^4/5)

Each wall is a spherical cap of height x on the common ring of radius y: V = pi/6 x (x^2 + 3 y^2), A = pi (x^2 + y^2),
C = 2 x / (x^2 + y^2). The ring is in balance, sum T sin(a) = sum T cos(a) = 0 with sin(a) = 2 x y / (x^2 + y^2), and
the transmural pressure of a cap is 2 T sin(a) / y (Lumens et al., Ann Biomed Eng 37:2234, 2009). Patches of one wall
share its tension and add up to its area (MultiPatch: Walmsley et al., PLoS Comput Biol 11:e1004284, 2015). Units: cm,
cm^2, mL, kPa. Walls: 0 left free wall, 1 septum, 2 right free wall. x < 0 on the left.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.physics.sarcomere import active_stress, passive_strain, passive_stress

LEFT, SEPTUM, RIGHT = 0, 1, 2
MMHG_PER_KPA = 7.50062


@njit(cache=True)
def cap_height(volume: float, ring: float) -> float:
    """Height x of the cap with pi/6 x (x^2 + 3 ring^2) = volume (Cardano; one real root). Sign follows the volume."""
    half = 3.0 * volume / math.pi
    root = math.sqrt(half * half + ring**6)
    # The two cube roots multiply to -ring^2: take the large one and divide, which keeps digits when the cap is flat.
    large = (abs(half) + root) ** (1.0 / 3.0)
    height = large - ring * ring / large
    return height if volume >= 0.0 else -height


@njit(cache=True)
def fibre_strain(area: float, curvature: float, wall: float, reference: float) -> float:
    """Natural fibre strain of a patch."""
    z = 1.5 * curvature * wall / area
    return 0.5 * math.log(area / reference) - z * z / 12.0 - 0.019 * z**4


@njit(cache=True)
def patch_tension(
    area: float,
    curvature: float,
    wall: float,
    reference: float,
    stiffness: float,
    contractility: float,
    contractile_um: float,
    activation: float,
) -> tuple[float, float, float, float, float]:
    """Tension (kPa cm), its slopes with area and with curvature, fibre strain and fibre stress (kPa) of a patch."""
    z = 1.5 * curvature * wall / area
    strain = 0.5 * math.log(area / reference) - z * z / 12.0 - 0.019 * z**4
    passive, passive_slope = passive_stress(strain)
    active, active_slope = active_stress(strain, contractile_um, activation)
    stress = stiffness * passive + contractility * active
    slope = stiffness * passive_slope + contractility * active_slope
    bend = 1.0 + z * z / 3.0 + z**4 / 5.0
    bend_slope = 2.0 * z / 3.0 + 0.8 * z**3
    bent = z / 6.0 + 0.076 * z**3
    half = wall / (2.0 * area)
    by_area = half * (slope * bend * (0.5 + bent * z) - stress * (bend_slope * z + bend)) / area
    by_curvature = half * 1.5 * wall / area * (stress * bend_slope - slope * bend * bent)
    return half * stress * bend, by_area, by_curvature, strain, stress


@njit(cache=True)
def balance(
    lv_ml: float,
    rv_ml: float,
    wall_of: NDArray[np.int64],
    wall_ml: NDArray[np.float64],
    reference_cm2: NDArray[np.float64],
    stiffness_kpa: NDArray[np.float64],
    contractility_kpa: NDArray[np.float64],
    contractile_um: NDArray[np.float64],
    activation: NDArray[np.float64],
    area_cm2: NDArray[np.float64],
    septum: NDArray[np.float64],
    strain: NDArray[np.float64],
    stress_kpa: NDArray[np.float64],
) -> tuple[float, float, int]:
    """Newton's method for the ring and all patch areas at once, at given cavity volumes.

    area_cm2 (n,) and septum (2,: septal cap volume, ring radius) hold the first guess and receive the solution;
    strain and stress_kpa (n,) are filled. Returns LV and RV transmural pressure in kPa and the iterations used, -1 when
    they did not converge.
    """
    patches = wall_of.shape[0]
    total = np.zeros(3)
    for p in range(patches):
        total[wall_of[p]] += wall_ml[p]
    tension = np.empty(patches)
    by_area = np.empty(patches)
    by_curvature = np.empty(patches)
    x = np.empty(3)
    wall_area = np.empty(3)
    curvature = np.empty(3)
    wall_tension = np.empty(3)
    stiff = np.empty(3)
    bend = np.empty(3)
    p_left = 0.0
    p_right = 0.0
    for iteration in range(60):
        ring = septum[1]
        volume = septum[0]
        x[LEFT] = cap_height(volume - lv_ml - 0.5 * (total[LEFT] + total[SEPTUM]), ring)
        x[SEPTUM] = cap_height(volume, ring)
        x[RIGHT] = cap_height(volume + rv_ml + 0.5 * (total[RIGHT] + total[SEPTUM]), ring)
        for w in range(3):
            square = x[w] * x[w] + ring * ring
            wall_area[w] = math.pi * square
            curvature[w] = 2.0 * x[w] / square
            wall_tension[w] = wall_area[w]
            stiff[w] = 0.0
            bend[w] = 0.0
        for p in range(patches):
            w = wall_of[p]
            tension[p], k, c, strain[p], stress_kpa[p] = patch_tension(
                area_cm2[p], curvature[w], wall_ml[p], reference_cm2[p], stiffness_kpa[p], contractility_kpa[p],
                contractile_um[p], activation[p],
            )  # fmt: skip
            # A slack patch has next to no stiffness of its own: a floor keeps Newton's step finite.
            k = max(k, 1e-3 * stiffness_kpa[p] * wall_ml[p] / area_cm2[p] ** 2)
            by_area[p] = k
            by_curvature[p] = c
            wall_tension[w] -= area_cm2[p] - tension[p] / k
            stiff[w] += 1.0 / k
            bend[w] += c / k
        f_x = f_y = j_xv = j_xy = j_yv = j_yy = 0.0
        scale = 1e-9
        for w in range(3):
            stiff[w] = 1.0 / stiff[w]
            bend[w] *= stiff[w]
            wall_tension[w] *= stiff[w]
            square = x[w] * x[w] + ring * ring
            sine = 2.0 * x[w] * ring / square
            cosine = (ring * ring - x[w] * x[w]) / square
            t = wall_tension[w]
            scale = max(scale, abs(t))
            f_x += t * sine
            f_y += t * cosine
            for axis in range(2):
                # dx of the cap for a step of the septal volume (the ring held) or of the ring (volumes held)
                dx = 2.0 / (math.pi * square) if axis == 0 else -2.0 * x[w] * ring / square
                dy = 0.0 if axis == 0 else 1.0
                d_area = 2.0 * math.pi * (x[w] * dx + ring * dy)
                d_curve = (2.0 * (ring * ring - x[w] * x[w]) * dx - 4.0 * x[w] * ring * dy) / (square * square)
                d_t = stiff[w] * d_area + bend[w] * d_curve
                d_angle = 2.0 * (ring * dx - x[w] * dy) / square
                if axis == 0:
                    j_xv += d_t * sine + t * cosine * d_angle
                    j_yv += d_t * cosine - t * sine * d_angle
                else:
                    j_xy += d_t * sine + t * cosine * d_angle
                    j_yy += d_t * cosine - t * sine * d_angle
        determinant = j_xv * j_yy - j_xy * j_yv
        if determinant == 0.0 or not math.isfinite(determinant):
            return p_left, p_right, -1
        step_v = -(f_x * j_yy - f_y * j_xy) / determinant
        step_y = -(f_y * j_xv - f_x * j_yv) / determinant
        limit = min(1.0, 0.15 * ring / max(abs(step_y), 1e-12), 15.0 / max(abs(step_v), 1e-12))
        step_v *= limit
        step_y *= limit
        worst = max(abs(step_v) * 1e-2, abs(step_y))
        for p in range(patches):
            w = wall_of[p]
            square = x[w] * x[w] + ring * ring
            dx = 2.0 / (math.pi * square) * step_v - 2.0 * x[w] * ring / square * step_y
            d_area = 2.0 * math.pi * (x[w] * dx + ring * step_y)
            d_curve = (2.0 * (ring * ring - x[w] * x[w]) * dx - 4.0 * x[w] * ring * step_y) / (square * square)
            target = wall_tension[w] + stiff[w] * d_area + bend[w] * d_curve
            step = (target - tension[p] - by_curvature[p] * d_curve) / by_area[p]
            step = min(max(step, -0.2 * area_cm2[p]), 0.2 * area_cm2[p])
            area_cm2[p] += step
            worst = max(worst, abs(step) / area_cm2[p])
        septum[0] += step_v
        septum[1] += step_y
        if worst < 1e-6:
            square = x[LEFT] * x[LEFT] + ring * ring
            p_left = -4.0 * wall_tension[LEFT] * x[LEFT] / square
            square = x[RIGHT] * x[RIGHT] + ring * ring
            p_right = 4.0 * wall_tension[RIGHT] * x[RIGHT] / square
            return p_left, p_right, iteration + 1
    return p_left, p_right, -1


@njit(cache=True)
def _design_tensions(
    volume: float, ring: float, outer_lv: float, outer_rv: float, lv_kpa: float, rv_kpa: float,
    x: NDArray[np.float64], tension: NDArray[np.float64],
) -> float:  # fmt: skip
    """Fill the caps' heights x (3,) and tensions (3,) for a septal volume and ring; the radial forces' sum."""
    x[LEFT] = cap_height(volume - outer_lv, ring)
    x[SEPTUM] = cap_height(volume, ring)
    x[RIGHT] = cap_height(volume + outer_rv, ring)
    sine, cosine = np.empty(3), np.empty(3)
    for w in range(3):
        square = x[w] * x[w] + ring * ring
        sine[w] = 2.0 * x[w] * ring / square
        cosine[w] = (ring * ring - x[w] * x[w]) / square
    tension[LEFT] = -lv_kpa * ring / (2.0 * sine[LEFT])
    tension[RIGHT] = rv_kpa * ring / (2.0 * sine[RIGHT])
    tension[SEPTUM] = -(tension[LEFT] * sine[LEFT] + tension[RIGHT] * sine[RIGHT]) / sine[SEPTUM]
    return float((tension * cosine).sum())


@njit(cache=True)
def _design_ring(volume: float, share: float, outer_lv: float) -> float:
    """The ring at which the septum has its share of the left wall's area, by bisection."""
    low, high = 0.2 * outer_lv ** (1.0 / 3.0), 2.0 * outer_lv ** (1.0 / 3.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        left, septum = cap_height(volume - outer_lv, middle), cap_height(volume, middle)
        square = middle * middle
        if septum * septum + square < share * (left * left + septum * septum + 2.0 * square):
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@njit(cache=True)
def _design_state(
    share: float, outer_lv: float, outer_rv: float, lv_kpa: float, rv_kpa: float
) -> tuple[float, float, NDArray[np.float64], NDArray[np.float64]]:
    """Septal volume and ring in balance, heights and tensions (3,) there; a volume of 0 where there is no balance."""
    x, tension = np.empty(3), np.empty(3)
    volumes = np.linspace(0.02, 0.6, 60) * outer_lv
    low = high = at_low = before = 0.0
    for i in range(60):
        value = _design_tensions(
            volumes[i], _design_ring(volumes[i], share, outer_lv), outer_lv, outer_rv, lv_kpa, rv_kpa, x, tension
        )
        if i > 0 and value * before < 0.0:
            low, high, at_low = volumes[i - 1], volumes[i], before
            break
        before = value
    if high == 0.0:
        return 0.0, 0.0, x, tension
    for _ in range(60):
        middle = 0.5 * (low + high)
        ring = _design_ring(middle, share, outer_lv)
        if (_design_tensions(middle, ring, outer_lv, outer_rv, lv_kpa, rv_kpa, x, tension) > 0.0) == (at_low > 0.0):
            low = middle
        else:
            high = middle
    volume = 0.5 * (low + high)
    ring = _design_ring(volume, share, outer_lv)
    _design_tensions(volume, ring, outer_lv, outer_rv, lv_kpa, rv_kpa, x, tension)
    return volume, ring, x, tension


def design(
    lv_ml: float,
    rv_ml: float,
    lv_mmhg: float,
    rv_mmhg: float,
    wall_of: NDArray[np.int64],
    wall_ml: NDArray[np.float64],
    area_share: NDArray[np.float64],
    stiffness_kpa: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Reference areas such that the relaxed heart holds these volumes at these pressures (inverse of `balance`).

    area_share (n,): each patch's part of the LV+septum midwall (walls 0, 1: they sum to 1 together) or of the right
    wall (sums to 1). Septal height, ring and the three tensions follow from both pressures, the ring's balance and the
    septum's share; the passive law gives the strain that carries each tension.

    Returns reference areas (n,) cm^2, patch areas (n,) cm^2 in that state, and (septal cap volume mL, ring cm).
    """
    total = np.bincount(wall_of, weights=wall_ml, minlength=3)
    share = float(area_share[wall_of == SEPTUM].sum())
    outer_lv = lv_ml + 0.5 * (total[LEFT] + total[SEPTUM])
    outer_rv = rv_ml + 0.5 * (total[RIGHT] + total[SEPTUM])
    volume, ring, x, tension = _design_state(share, outer_lv, outer_rv, lv_mmhg / MMHG_PER_KPA, rv_mmhg / MMHG_PER_KPA)
    if volume == 0.0:
        raise ValueError("no balanced septum for these volumes and pressures")
    curvature = 2.0 * x / (x**2 + ring**2)
    wall_area = np.pi * (x**2 + ring**2)
    areas = np.empty_like(wall_ml)
    references = np.empty_like(wall_ml)
    wall_share = np.bincount(wall_of, weights=area_share, minlength=3)
    for p, w in enumerate(wall_of):
        area = wall_area[w] * area_share[p] / wall_share[w]
        z = 1.5 * curvature[w] * wall_ml[p] / area
        stress = tension[w] * 2.0 * area / wall_ml[p] / (1.0 + z**2 / 3.0 + z**4 / 5.0)
        strain = passive_strain(stress / stiffness_kpa[p])
        areas[p] = area
        references[p] = area * np.exp(-2.0 * (strain + z**2 / 12.0 + 0.019 * z**4))
    return references, areas, np.array([volume, ring])
