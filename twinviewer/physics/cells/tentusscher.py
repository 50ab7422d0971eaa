"""Human ventricular myocyte of ten Tusscher and Panfilov, Am J Physiol Heart 291:H1088 (2006), three layers.

    C_m dV/dt = -(INa + Ito + IK1 + IKr + IKs + ICaL + INaCa + INaK + IpCa + IpK + IbNa + IbCa + Istim)

with 19 states: voltage, 12 gates, Na, K, Ca in cytosol, subspace and sarcoplasmic reticulum, ryanodine recovery. Values
of the paper's standard sets with the initial states of its published model files; units mV, ms, mM, uA/uF, 37 C.

Gates are advanced exactly at frozen voltage (Rush, Larsen 1978), the rest explicitly with the new gates: first order in
the step, which follows the voltage between bounds. Halving it changes APD90 by less than 0.5 % (tests/physics).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.cells.gates import over_expm1, relax, rise, sampled, step_ms

Layer = Literal["endo", "epi", "mid"]
LAYERS: tuple[Layer, ...] = ("endo", "epi", "mid")

STIMULUS_UA_UF = -52.0
STIMULUS_MS = 1.0

RT_F = 8314.472 * 310.0 / 96485.3415
FARADAY = 96485.3415
_K_O, _NA_O, _CA_O = 5.4, 140.0, 2.0
# Volumes in the paper's unit (1e-6 um3), capacitance in nF: C / (V F) gives mM/ms per uA/uF.
_MYO, _SR, _SS = 0.016404, 0.001094, 0.00005468
_PER_MYO, _PER_SS = 0.185 / (_MYO * FARADAY), 0.185 / (_SS * FARADAY)

# V, K, Na, Ca cytosol, Ca subspace, Ca SR, R', xr1, xr2, xs, m, h, j, d, f, f2, fCass, s, r.
_INITIAL = {
    "epi": (
        -85.23, 136.89, 8.604, 0.000126, 0.00036, 3.64, 0.9073, 0.00621, 0.4712, 0.0095, 0.00172, 0.7444, 0.7045,
        3.373e-5, 0.7888, 0.9755, 0.9953, 0.999998, 2.42e-8,
    ),
    "endo": (
        -86.709, 138.4, 10.355, 0.00013, 0.00036, 3.715, 0.9068, 0.00448, 0.476, 0.0087, 0.00155, 0.7573, 0.7225,
        3.164e-5, 0.8009, 0.9778, 0.9953, 0.3212, 2.235e-8,
    ),
    "mid": (
        -85.423, 138.52, 10.132, 0.000153, 0.00042, 4.272, 0.8978, 0.0165, 0.473, 0.0174, 0.00165, 0.749, 0.6788,
        3.288e-5, 0.7026, 0.9526, 0.9942, 0.999998, 2.347e-8,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TenTusscher:
    """A cell of one layer; the fractions scale IKr, ICaL, INa and IKs (block, mutation). Frozen: results are cached."""

    layer: Layer = "epi"
    rapid_potassium: float = 1.0
    calcium: float = 1.0
    sodium: float = 1.0
    slow_potassium: float = 1.0

    def parameters(self) -> NDArray[np.float64]:
        """(6,) of the kernel: endocardial Ito or not, g of Ito, IKs, IKr, ICaL, INa. Raises EngineError."""
        if self.layer not in LAYERS:
            raise EngineError(f"There is no cell layer {self.layer!r}", remedy="endo, epi or mid")
        endo, mid = self.layer == "endo", self.layer == "mid"
        values = np.array([
            float(endo), 0.073 if endo else 0.294, (0.098 if mid else 0.392) * self.slow_potassium,
            0.153 * self.rapid_potassium, 3.98e-5 * self.calcium, 14.838 * self.sodium,
        ])  # fmt: skip
        if not np.isfinite(values).all() or (values < 0.0).any():
            raise EngineError("A cell's conductances must be finite and not below zero", where=repr(self))
        return values

    def initial(self) -> NDArray[np.float64]:
        """(19,) published initial state of the layer."""
        return np.array(_INITIAL[self.layer])


@njit(cache=True)
def _gates(s: NDArray[np.float64], endo: bool, dt: float) -> None:
    """Advance R' and the gates s[6:19] in place."""
    v, ca_ss = s[0], s[4]
    sr = 2.5 - 1.5 / (1.0 + (1.5 / s[5]) ** 2)
    rate = 0.045 * sr * ca_ss + 0.005
    s[6] = relax(s[6], 0.005 / rate, 1.0 / rate, dt)
    s[7] = relax(s[7], rise(v, -26.0, 7.0), 2700.0 * rise(v, -45.0, 10.0) * rise(v, -30.0, -11.5), dt)
    s[8] = relax(s[8], rise(v, -88.0, -24.0), 3.36 * rise(v, -60.0, 20.0) * rise(v, 60.0, -20.0), dt)
    ts = 1400.0 * math.sqrt(rise(v, 5.0, 6.0)) * rise(v, 35.0, -15.0) + 80.0
    s[9] = relax(s[9], rise(v, -5.0, 14.0), ts, dt)
    tm = rise(v, -60.0, 5.0) * (0.1 * rise(v, -35.0, -5.0) + 0.1 * rise(v, 50.0, -200.0))
    s[10] = relax(s[10], rise(v, -56.86, 9.03) ** 2, tm, dt)
    if v < -40.0:
        th = 1.0 / (0.057 * math.exp(-(v + 80.0) / 6.8) + 2.7 * math.exp(0.079 * v) + 3.1e5 * math.exp(0.3485 * v))
        alpha = -(25428.0 * math.exp(0.2444 * v) + 6.948e-6 * math.exp(-0.04391 * v)) * (v + 37.78)
        alpha /= 1.0 + math.exp(0.311 * (v + 79.23))
        tj = 1.0 / (alpha + 0.02424 * math.exp(-0.01052 * v) / (1.0 + math.exp(-0.1378 * (v + 40.14))))
    else:
        th = 0.13 * (1.0 + math.exp(-(v + 10.66) / 11.1)) / 0.77
        tj = (1.0 + math.exp(-0.1 * (v + 32.0))) / (0.6 * math.exp(0.057 * v))
    hss = rise(v, -71.55, -7.43) ** 2
    s[11] = relax(s[11], hss, th, dt)
    s[12] = relax(s[12], hss, tj, dt)
    td = (1.4 * rise(v, -35.0, 13.0) + 0.25) * 1.4 * rise(v, -5.0, -5.0) + rise(v, 50.0, 20.0)
    s[13] = relax(s[13], rise(v, -8.0, 7.5), td, dt)
    square = (v + 27.0) ** 2
    tf = 1102.5 * math.exp(-square / 225.0) + 200.0 * rise(v, 13.0, 10.0) + 180.0 * rise(v, -30.0, -10.0) + 20.0
    s[14] = relax(s[14], rise(v, -20.0, -7.0), tf, dt)
    tf2 = 562.0 * math.exp(-square / 240.0) + 31.0 * rise(v, 25.0, 10.0) + 80.0 * rise(v, -30.0, -10.0)
    s[15] = relax(s[15], 0.67 * rise(v, -35.0, -7.0) + 0.33, tf2, dt)
    share = 1.0 / (1.0 + (ca_ss / 0.05) ** 2)
    s[16] = relax(s[16], 0.6 * share + 0.4, 80.0 * share + 2.0, dt)
    if endo:
        s[17] = relax(s[17], rise(v, -28.0, -5.0), 1000.0 * math.exp(-((v + 67.0) ** 2) / 1000.0) + 8.0, dt)
    else:
        ts = 85.0 * math.exp(-((v + 45.0) ** 2) / 320.0) + 5.0 * rise(v, 20.0, -5.0) + 3.0
        s[17] = relax(s[17], rise(v, -20.0, -5.0), ts, dt)
    s[18] = relax(s[18], rise(v, 20.0, 6.0), 9.5 * math.exp(-((v + 40.0) ** 2) / 1800.0) + 0.8, dt)


@njit(cache=True)
def tentusscher_step(s: NDArray[np.float64], p: NDArray[np.float64], stimulus: float, dt: float) -> float:
    """Advance the cell by dt (ms) in place. Returns dV/dt in mV/ms."""
    _gates(s, p[0] > 0.5, dt)
    v, ki, nai, cai, ca_ss, ca_sr = s[0], s[1], s[2], s[3], s[4], s[5]
    e_k, e_na = RT_F * math.log(_K_O / ki), RT_F * math.log(_NA_O / nai)
    e_ks = RT_F * math.log((_K_O + 0.03 * _NA_O) / (ki + 0.03 * nai))
    e_ca = 0.5 * RT_F * math.log(_CA_O / cai)
    u = v - e_k
    alpha = 0.1 / (1.0 + math.exp(0.06 * (u - 200.0)))
    beta = (3.0 * math.exp(0.0002 * (u + 100.0)) + math.exp(0.1 * (u - 10.0))) / (1.0 + math.exp(-0.5 * u))
    i_k1 = 5.405 * alpha / (alpha + beta) * u
    i_to = p[1] * s[18] * s[17] * u
    i_ks = p[2] * s[9] * s[9] * (v - e_ks)
    i_kr = p[3] * s[7] * s[8] * u
    x = 2.0 * (v - 15.0) / RT_F
    i_cal = p[4] * s[13] * s[14] * s[15] * s[16] * 2.0 * FARADAY * over_expm1(x) * (0.25 * ca_ss * math.exp(x) - _CA_O)
    i_na = p[5] * s[10] ** 3 * s[11] * s[12] * (v - e_na)
    i_bna, i_bca = 0.00029 * (v - e_na), 0.000592 * (v - e_ca)
    y = v / RT_F
    back = math.exp(-0.65 * y)
    i_naca = 1000.0 * (math.exp(0.35 * y) * nai**3 * _CA_O - 2.5 * back * _NA_O**3 * cai)
    i_naca /= (87.5**3 + _NA_O**3) * (1.38 + _CA_O) * (1.0 + 0.1 * back)
    i_nak = 2.724 * _K_O / (_K_O + 1.0) * nai / (nai + 40.0)
    i_nak /= 1.0 + 0.1245 * math.exp(-0.1 * y) + 0.0353 * math.exp(-y)
    i_pca = 0.1238 * cai / (cai + 0.0005)
    i_pk = 0.0146 * u * rise(v, 25.0, 5.98)
    potassium = i_k1 + i_to + i_kr + i_ks + i_pk + stimulus
    total = potassium + i_na + i_cal + i_naca + i_nak + i_pca + i_bna + i_bca
    up = 0.006375 / (1.0 + (0.00025 / cai) ** 2)
    leak, transfer = 0.00036 * (ca_sr - cai), 0.0038 * (ca_ss - cai)
    k1 = 0.15 / (2.5 - 1.5 / (1.0 + (1.5 / ca_sr) ** 2))
    release = 0.102 * k1 * ca_ss * ca_ss * s[6] / (0.06 + k1 * ca_ss * ca_ss) * (ca_sr - ca_ss)
    s[0] = v - dt * total
    s[1] = ki - dt * (potassium - 2.0 * i_nak) * _PER_MYO
    s[2] = nai - dt * (i_na + i_bna + 3.0 * (i_nak + i_naca)) * _PER_MYO
    flux = (leak - up) * _SR / _MYO + transfer - 0.5 * (i_bca + i_pca - 2.0 * i_naca) * _PER_MYO
    s[3] = cai + dt * flux / (1.0 + 0.2 * 0.001 / (cai + 0.001) ** 2)
    flux = -0.5 * i_cal * _PER_SS + release * _SR / _SS - transfer * _MYO / _SS
    s[4] = ca_ss + dt * flux / (1.0 + 0.4 * 0.00025 / (ca_ss + 0.00025) ** 2)
    s[5] = ca_sr + dt * (up - release - leak) / (1.0 + 10.0 * 0.3 / (ca_sr + 0.3) ** 2)
    return -total


@njit(cache=True, nogil=True)
def tentusscher_beat(
    s: NDArray[np.float64],
    p: NDArray[np.float64],
    cycle_ms: float,
    stimulus: float,
    scale: float,
    sample_ms: float,
    trace: NDArray[np.float64],
) -> float:
    """One beat in place from the stimulus on; trace (n, 3): V mV, cytosolic Ca mM, dV/dt mV/ms. Returns NaN or 0."""
    time, row, slope = 0.0, 0, 0.0
    while time < cycle_ms - 1e-9:
        dt = step_ms(s[0], slope, scale)
        if time < 40.0:
            # Calcium release makes the subspace fast while the voltage hardly moves.
            dt = min(dt, scale * 0.02)
        on = time < STIMULUS_MS - 1e-9
        dt = min(dt, (STIMULUS_MS if on else cycle_ms) - time)
        before, calcium = s[0], s[3]
        slope = tentusscher_step(s, p, stimulus if on else 0.0, dt)
        row = sampled(trace, row, sample_ms, time, dt, before, s[0], calcium, s[3], slope)
        time += dt
        if not math.isfinite(s[0]):
            return math.nan
    return 0.0
