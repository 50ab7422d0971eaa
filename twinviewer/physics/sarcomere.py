"""Sarcomere: active stress from activation time and length, passive stress from length.

Phenomenological contraction of Lumens et al., Ann Biomed Eng 37:2234 (2009), eqs B1-B7; with t the time since local
activation, L the length of the contractile element and l of the sarcomere (um), e the natural fibre strain:

    l = l_ref exp(e)                     sigma_act = f C (L - L_0) (l - L) / L_iso
    dL/dt = v_max ((l - L) / L_iso - 1)
    dC/dt = tanh(4 (L - L_0)^2) F(t / tau_R) / tau_R + (C_rest - C) / (1 + exp((t_end - t) / tau_D)) / tau_D
    t_end = tau_sc (0.29 + 0.3 L)
    F(x) = 0.02 x^3 (8 - x)^2 exp(-x),  x clipped to 0..8
    sigma_pas = k (36 max(0, e - 0.1)^2 + 0.1 (e - 0.1) + 0.0025 exp(30 e))

Stress in kPa, time in s. tau_sc (the duration of contraction) shortens with heart rate like electromechanical systole.
Published values throughout but for tau_R and tau_sc, set to the systolic times that Weissler (Circulation 37:149, 1968)
measured at 70 bpm: pre-ejection 103, ejection 294, electromechanical systole QS2 399 ms. tau_R: 48 ms opens the aortic
valve of a normal heart 125 ms after the onset of QRS, 38 ms after 105 ms. tau_sc: the published 425 ms closes it after
some 240 ms of ejection, 542 ms after 297 ms and with that 397 ms after the onset of QRS.
"""

import math

from numba import njit

REFERENCE_LENGTH_UM = 2.0
SLACK_LENGTH_UM = 1.51
SERIES_LENGTH_UM = 0.04
SHORTENING_UM_S = 7.0
RISE_S = 0.038
DURATION_S = 0.542
RESTING_ACTIVATION = 0.02

# Above this strain the exponential goes on as its tangent: no muscle is stretched so far, but a trial step may be.
_STRAIN_LIMIT = 0.45


@njit(cache=True)
def passive_stress(strain: float) -> tuple[float, float]:
    """Passive fibre stress per unit stiffness, and its slope, at a natural strain."""
    capped = min(strain, _STRAIN_LIMIT)
    exponential = 0.0025 * math.exp(30.0 * capped)
    over = max(0.0, strain - 0.1)
    stress = 36.0 * over * over + 0.1 * (strain - 0.1) + exponential * (1.0 + 30.0 * (strain - capped))
    return stress, 72.0 * over + 0.1 + 30.0 * exponential


@njit(cache=True)
def active_stress(strain: float, contractile_um: float, activation: float) -> tuple[float, float]:
    """Active fibre stress per unit contractility, and its slope with strain."""
    length = REFERENCE_LENGTH_UM * math.exp(min(max(strain, -1.0), 1.0))
    gain = activation * max(contractile_um - SLACK_LENGTH_UM, 0.0) / SERIES_LENGTH_UM
    return gain * (length - contractile_um), gain * length


@njit(cache=True)
def contractile_rate(strain: float, contractile_um: float) -> float:
    """dL/dt of the contractile element in um/s."""
    length = REFERENCE_LENGTH_UM * math.exp(min(max(strain, -1.0), 1.0))
    return SHORTENING_UM_S * ((length - contractile_um) / SERIES_LENGTH_UM - 1.0)


@njit(cache=True)
def activation_rate(
    since_s: float, contractile_um: float, activation: float, duration_s: float, relaxation_s: float
) -> float:
    """dC/dt in 1/s, ``since_s`` after local activation."""
    x = min(8.0, max(0.0, since_s / RISE_S))
    rise = 0.02 * x * x * x * (8.0 - x) * (8.0 - x) * math.exp(-x)
    over = max(contractile_um - SLACK_LENGTH_UM, 0.0)
    end_s = duration_s * (0.29 + 0.3 * contractile_um)
    decay = 1.0 / (1.0 + math.exp(min(max((end_s - since_s) / relaxation_s, -60.0), 60.0)))
    return math.tanh(4.0 * over * over) * rise / RISE_S + (RESTING_ACTIVATION - activation) * decay / relaxation_s


def passive_strain(stress: float) -> float:
    """Inverse of :func:`passive_stress`: the strain that carries a stress (per unit stiffness), by bisection."""
    low, high = -1.0, 1.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if passive_stress(middle)[0] < stress:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def duration_at(heart_rate_bpm: float) -> float:
    """tau_sc in s at a heart rate: follows systole QS2 = 546 - 2.1 HR ms (Weissler, Circulation 37:149, 1968)."""
    return DURATION_S * max(546.0 - 2.1 * heart_rate_bpm, 200.0) / (546.0 - 2.1 * 70.0)
