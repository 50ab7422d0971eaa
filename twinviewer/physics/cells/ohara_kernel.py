"""One time step and one beat of the O'Hara-Rudy cell with dynamic hERG (equations: see ohara_cipa.py).

Gates and the ryanodine fluxes are advanced exactly at frozen voltage (Rush, Larsen 1978), the hERG chain by an implicit
step, voltage and concentrations explicitly with the new gates: first order in the step. The step follows the voltage
(at most STEP_MV a step) between bounds; halving all of it changes APD90 by less than 0.5 % (tests/physics).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.physics.cells.gates import over_expm1, relax, rise, sampled, step_ms
from twinviewer.physics.cells.herg import herg_step
from twinviewer.physics.cells.herg_mixed import BINDING, herg_mixed_step

SIZE = 48
"""State: V, 8 concentrations, 27 gates, 2 release fluxes, trapped CaMK, 9 hERG states; three more by further drug."""
PARAMETERS = 12
"""Of a cell under one drug or none; under several the binding of each of them follows."""
HERG = 39

NA_O, CA_O = 140.0, 1.8
RT_F = 8314.0 * 310.0 / 96485.0
FARADAY = 96485.0
_LENGTH, _RADIUS = 0.01, 0.0011
_CELL = 1000.0 * 3.14 * _RADIUS * _RADIUS * _LENGTH
_CAPACITY = 2.0 * (2.0 * 3.14 * _RADIUS * _RADIUS + 2.0 * 3.14 * _RADIUS * _LENGTH)
_MYO, _NSR, _JSR, _SS = 0.68 * _CELL, 0.0552 * _CELL, 0.0048 * _CELL, 0.02 * _CELL
_PER_MYO, _PER_SS = _CAPACITY / (FARADAY * _MYO), _CAPACITY / (FARADAY * _SS)

RELEASE_MS, RELEASE_STEP_MS, RELEASE_GROWS_MS = 40.0, 0.003, 4.0
"""While calcium is released, it and qNet need a finer step than the voltage asks for: fixed until the release peaks at
some 4 ms, then in proportion to time. As many steps as 0.01 ms throughout, half its error."""
STIMULUS_MS = 0.5


@njit(cache=True)
def _exchanger(v: float, na: float, ca: float) -> float:
    """Na/Ca exchange current per unit density (four-state cycle) at inner concentrations in mM."""
    x = v / RT_F
    hca, hna = math.exp(0.1670 * x), math.exp(0.5224 * x)
    h1 = 1.0 + na / 88.12 * (1.0 + hna)
    h2 = na * hna / (88.12 * h1)
    h4 = 1.0 + na / 15.0 * (1.0 + na / 5.0)
    h5 = na * na / (h4 * 75.0)
    h7 = 1.0 + NA_O / 88.12 * (1.0 + 1.0 / hna)
    h8 = NA_O / (88.12 * hna * h7)
    h10 = 13.5 + NA_O / 15.0 * (1.0 + NA_O / 5.0)
    h11 = NA_O * NA_O / (h10 * 75.0)
    k1 = CA_O * 1.5e6 / h10
    k2 = k5 = 5.0e3
    out_na, in_na = h8 * 5.0e3, h2 * 5.0e3
    k3 = 6.0e4 / h7 + out_na
    k4 = 6.0e4 / (h1 * hca) + in_na
    k6 = ca * 1.5e6 / h4
    k7, k8 = h5 * h2 * 6.0e4, h8 * h11 * 6.0e4
    e1 = k2 * k4 * (k7 + k6) + k5 * k7 * (k2 + k3)
    e2 = k1 * k7 * (k4 + k5) + k4 * k6 * (k1 + k8)
    e3 = k1 * k3 * (k7 + k6) + k8 * k6 * (k2 + k3)
    e4 = k2 * k8 * (k4 + k5) + k3 * k5 * (k1 + k8)
    sodium = 3.0 * (e4 * k7 - e1 * k8) + e3 * in_na - e2 * out_na
    calcium = e2 * k2 - e1 * k1
    allosteric = 1.0 / (1.0 + (150.0e-6 / ca) ** 2)
    return allosteric * (sodium + 2.0 * calcium) / (e1 + e2 + e3 + e4)


@njit(cache=True)
def _pump(v: float, na: float, k: float, k_o: float) -> float:
    """Na/K pump current per unit density (Smith, Crampin 2004)."""
    x = v / RT_F
    inner = na / (9.073 * math.exp(-0.155 * x / 3.0))
    outer = NA_O / (27.78 * math.exp(1.155 * x / 3.0))
    ki, ko = k / 0.5, k_o / 0.3582
    inside = (1.0 + inner) ** 3 + (1.0 + ki) ** 2 - 1.0
    outside = (1.0 + outer) ** 3 + (1.0 + ko) ** 2 - 1.0
    energy = 9.8 / 1.698e-7
    phosphate = 4.2 / (1.0 + 1.0e-7 / 1.698e-7 + na / 224.0 + k / 292.0)
    a1, b1 = 949.5 * inner**3 / inside, 182.4 * 0.05
    a2, b2 = 687.2, 39.4 * outer**3 / outside
    a3, b3 = 1899.0 * ko * ko / outside, 79300.0 * phosphate * 1.0e-7 / (1.0 + energy)
    a4, b4 = 639.0 * energy / (1.0 + energy), 40.0 * ki * ki / inside
    x1 = a4 * a1 * a2 + b2 * b4 * b3 + a2 * b4 * b3 + b3 * a1 * a2
    x2 = b2 * b1 * b4 + a1 * a2 * a3 + a3 * b1 * b4 + a2 * a3 * b4
    x3 = a2 * a3 * a4 + b3 * b2 * b1 + b2 * b1 * a4 + a3 * a4 * b1
    x4 = b4 * b3 * b2 + a3 * a4 * a1 + b2 * a4 * a1 + b3 * b2 * a1
    return (3.0 * (x1 * a3 - x2 * b3) + 2.0 * (x4 * b1 - x3 * a1)) / (x1 + x2 + x3 + x4)


@njit(cache=True)
def _gates(s: NDArray[np.float64], epi: bool, k_o: float, dt: float) -> None:
    """Advance the voltage gates s[9:36] in place."""
    v = s[0]
    tm = 1.0 / (6.765 * math.exp((v + 11.64) / 34.77) + 8.552 * math.exp(-(v + 77.42) / 5.955))
    s[9] = relax(s[9], rise(v, -39.57, 9.871), tm, dt)
    hss = rise(v, -82.90, -6.086)
    thf = 1.0 / (1.432e-5 * math.exp(-(v + 1.196) / 6.285) + 6.149 * math.exp((v + 0.5096) / 20.27))
    ths = 1.0 / (0.009794 * math.exp(-(v + 17.95) / 28.05) + 0.3343 * math.exp((v + 5.730) / 56.66))
    tj = 2.038 + 1.0 / (0.02136 * math.exp(-(v + 100.6) / 8.281) + 0.3052 * math.exp((v + 0.9941) / 38.45))
    s[10] = relax(s[10], hss, thf, dt)
    s[11] = relax(s[11], hss, ths, dt)
    s[12] = relax(s[12], hss, tj, dt)
    s[13] = relax(s[13], rise(v, -89.1, -6.086), 3.0 * ths, dt)
    s[14] = relax(s[14], hss, 1.46 * tj, dt)
    s[15] = relax(s[15], rise(v, -42.85, 5.264), tm, dt)
    s[16] = relax(s[16], rise(v, -87.61, -7.488), 200.0, dt)
    s[17] = relax(s[17], rise(v, -93.81, -7.488), 600.0, dt)
    ta = 1.0515 / (rise(v, 18.4099, 29.3814) / 1.2089 + 3.5 * rise(v, -100.0, -29.3814))
    s[18] = relax(s[18], rise(v, 14.34, 14.82), ta, dt)
    s[21] = relax(s[21], rise(v, 24.34, 14.82), ta, dt)
    iss = rise(v, -43.94, -5.711)
    faster = 1.0 - 0.95 * rise(v, -70.0, -5.0) if epi else 1.0
    fast = faster * (4.562 + 1.0 / (0.3933 * math.exp(-(v + 100.0) / 100.0) + 0.08004 * math.exp((v + 50.0) / 16.59)))
    slow = faster * (
        23.62 + 1.0 / (0.001416 * math.exp(-(v + 96.52) / 59.05) + 1.780e-8 * math.exp((v + 114.1) / 8.079))
    )
    develop = 1.354 + 1.0e-4 / (math.exp((v - 167.4) / 15.89) + math.exp(-(v - 12.23) / 0.2154))
    phosphorylated = develop * (1.0 - 0.5 * rise(v, -70.0, -20.0))
    s[19] = relax(s[19], iss, fast, dt)
    s[20] = relax(s[20], iss, slow, dt)
    s[22] = relax(s[22], iss, phosphorylated * fast, dt)
    s[23] = relax(s[23], iss, phosphorylated * slow, dt)
    td = 0.6 + 1.0 / (math.exp(-0.05 * (v + 6.0)) + math.exp(0.09 * (v + 14.0)))
    s[24] = relax(s[24], rise(v, -3.940, 4.230), td, dt)
    fss = rise(v, -19.58, -3.696)
    tff = 7.0 + 1.0 / (0.009 * math.cosh((v + 20.0) / 10.0))
    tfs = 1000.0 + 1.0 / (3.5e-5 * (math.exp(-(v + 5.0) / 4.0) + math.exp((v + 5.0) / 6.0)))
    tcaf = 7.0 + 1.0 / (0.08 * math.cosh((v - 4.0) / 7.0))
    tcas = 100.0 + 1.0 / (0.00012 * (math.exp(-v / 3.0) + math.exp(v / 7.0)))
    s[25] = relax(s[25], fss, tff, dt)
    s[26] = relax(s[26], fss, tfs, dt)
    s[27] = relax(s[27], fss, tcaf, dt)
    s[28] = relax(s[28], fss, tcas, dt)
    s[29] = relax(s[29], fss, 75.0, dt)
    s[31] = relax(s[31], fss, 2.5 * tff, dt)
    s[32] = relax(s[32], fss, 2.5 * tcaf, dt)
    x = rise(v, -11.60, 8.932)
    t1 = 817.3 + 1.0 / (2.326e-4 * math.exp((v + 48.28) / 17.80) + 0.001292 * math.exp(-(v + 210.0) / 230.0))
    t2 = 1.0 / (0.01 * math.exp((v - 50.0) / 20.0) + 0.0193 * math.exp(-(v + 66.54) / 31.0))
    s[33] = relax(s[33], x, t1, dt)
    s[34] = relax(s[34], x, t2, dt)
    tk = 122.2 / (math.exp(-(v + 127.2) / 20.36) + math.exp((v + 236.8) / 69.33))
    s[35] = relax(s[35], rise(v, -(2.5538 * k_o + 144.59), 1.5692 * k_o + 3.8115), tk, dt)
    # Calcium-dependent inactivation: 1000 / ms in, jca / ms out.
    sensor = 1.0 / (1000.0 / s[29] + (1.0 + 0.002 / s[6]) ** 4)
    s[30] = relax(s[30], sensor * 1000.0 / s[29], 1.0 / s[29], dt)


@njit(cache=True)
def ohara_step(
    s: NDArray[np.float64], p: NDArray[np.float64], stimulus: float, dt: float, scratch: NDArray[np.float64]
) -> tuple[float, float]:
    """Advance the cell by dt (ms). Returns (dV/dt in mV/ms, INaL + ICaL + Ito + IKr + IKs + IK1 in uA/uF)."""
    kind = int(p[0])
    epi, mid = kind == 1, kind == 2
    k_o = p[11]
    _gates(s, epi, k_o, dt)
    if p.size > PARAMETERS:
        herg_mixed_step(s[HERG:], s[0], dt, p[PARAMETERS:].reshape(-1, BINDING), scratch)
    else:
        herg_step(s[HERG : HERG + 9], s[0], dt, p[8], p[9], p[10], scratch)
    v, nai, nass, ki, kss, cai, cass, cansr, cajsr = s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]
    bound = 0.05 * (1.0 - s[38]) / (1.0 + 0.0015 / cass)
    camk = bound + s[38]
    f = 1.0 / (1.0 + 0.15 / camk)
    e_na, e_k = RT_F * math.log(NA_O / nai), RT_F * math.log(k_o / ki)
    e_ks = RT_F * math.log((k_o + 0.01833 * NA_O) / (ki + 0.01833 * nai))
    h, hp = 0.99 * s[10] + 0.01 * s[11], 0.99 * s[10] + 0.01 * s[13]
    i_na = 75.0 * p[1] * (v - e_na) * s[9] ** 3 * ((1.0 - f) * h * s[12] + f * hp * s[14])
    i_nal = 0.0075 * p[2] * (v - e_na) * s[15] * ((1.0 - f) * s[16] + f * s[17])
    a_fast = rise(v, 213.6, -151.2)
    to = (1.0 - f) * s[18] * (a_fast * s[19] + (1.0 - a_fast) * s[20])
    to += f * s[21] * (a_fast * s[22] + (1.0 - a_fast) * s[23])
    i_to = 0.02 * p[3] * (v - e_k) * to
    x = v / RT_F
    one, two = over_expm1(x), over_expm1(2.0 * x)
    e1 = math.exp(x)
    e2 = e1 * e1
    a_ca = 0.3 + 0.6 * rise(v, 10.0, -10.0)
    nca, jca = s[30], s[29]
    plain = (0.6 * s[25] + 0.4 * s[26]) * (1.0 - nca) + jca * (a_ca * s[27] + (1.0 - a_ca) * s[28]) * nca
    phos = (0.6 * s[31] + 0.4 * s[26]) * (1.0 - nca) + jca * (a_ca * s[32] + (1.0 - a_ca) * s[28]) * nca
    permeability = 1.0e-4 * p[4] * s[24] * ((1.0 - f) * plain + 1.1 * f * phos)
    i_cal = permeability * 2.0 * FARADAY * two * (cass * e2 - 0.341 * CA_O)
    i_cana = 0.00125 * permeability * FARADAY * one * 0.75 * (nass * e1 - NA_O)
    i_cak = 3.574e-4 * permeability * FARADAY * one * 0.75 * (kss * e1 - k_o)
    i_kr = 0.046 * p[5] * math.sqrt(k_o / 5.4) * s[HERG + 4] * (v - e_k)
    i_ks = 0.0034 * p[6] * (1.0 + 0.6 / (1.0 + (3.8e-5 / cai) ** 1.4)) * s[33] * s[34] * (v - e_ks)
    i_k1 = 0.1908 * p[7] * math.sqrt(k_o) * rise(v, 2.6 * k_o - 105.8, -9.493) * s[35] * (v - e_k)
    exchange = 0.0008 * (1.1 if epi else (1.4 if mid else 1.0))
    i_naca, i_naca_ss = 0.8 * exchange * _exchanger(v, nai, cai), 0.2 * exchange * _exchanger(v, nass, cass)
    i_nak = 30.0 * (0.9 if epi else (0.7 if mid else 1.0)) * _pump(v, nai, ki, k_o)
    i_kb = 0.003 * (0.6 if epi else 1.0) * rise(v, 14.48, 18.34) * (v - e_k)
    i_nab = 3.75e-10 * FARADAY * one * (nai * e1 - NA_O)
    i_cab = 2.5e-8 * 2.0 * FARADAY * two * (cai * e2 - 0.341 * CA_O)
    i_pca = 0.0005 * cai / (0.0005 + cai)
    net = i_nal + i_cal + i_to + i_kr + i_ks + i_k1
    total = net + i_na + i_cana + i_cak + i_naca + i_naca_ss + i_nak + i_kb + i_nab + i_cab + i_pca + stimulus
    # Release, uptake and diffusion in mM/ms of their own compartment.
    release = (1.7 if mid else 1.0) * -i_cal / (1.0 + (1.5 / cajsr) ** 8)
    tau = 4.75 / (1.0 + 0.0123 / cajsr)
    s[36] = relax(s[36], 2.375 * release, max(tau, 0.001), dt)
    s[37] = relax(s[37], 2.96875 * release, max(1.25 * tau, 0.001), dt)
    j_rel = (1.0 - f) * s[36] + f * s[37]
    uptake = 0.004375 * (1.3 if epi else 1.0) * cai
    j_up = (1.0 - f) * uptake / (cai + 0.00092) + 2.75 * f * uptake / (cai + 0.00075) - 0.0039375 * cansr / 15.0
    j_tr = (cansr - cajsr) / 100.0
    j_na, j_k, j_ca = (nass - nai) / 2.0, (kss - ki) / 2.0, (cass - cai) / 0.2
    s[0] = v - dt * total
    sodium = i_na + i_nal + 3.0 * i_naca + 3.0 * i_nak + i_nab
    s[1] = nai + dt * (-sodium * _PER_MYO + j_na * _SS / _MYO)
    s[2] = nass + dt * (-(i_cana + 3.0 * i_naca_ss) * _PER_SS - j_na)
    potassium = i_to + i_kr + i_ks + i_k1 + i_kb + stimulus - 2.0 * i_nak
    s[3] = ki + dt * (-potassium * _PER_MYO + j_k * _SS / _MYO)
    s[4] = kss + dt * (-i_cak * _PER_SS - j_k)
    buffer = 0.05 * (1.3 if epi else 1.0) * 0.00238 / (0.00238 + cai) ** 2 + 0.07 * 0.0005 / (0.0005 + cai) ** 2
    flux = -(i_pca + i_cab - 2.0 * i_naca) * 0.5 * _PER_MYO - j_up * _NSR / _MYO + j_ca * _SS / _MYO
    s[5] = cai + dt * flux / (1.0 + buffer)
    buffer = 0.047 * 0.00087 / (0.00087 + cass) ** 2 + 1.124 * 0.0087 / (0.0087 + cass) ** 2
    s[6] = cass + dt * (-(i_cal - 2.0 * i_naca_ss) * 0.5 * _PER_SS + j_rel * _JSR / _SS - j_ca) / (1.0 + buffer)
    s[7] = cansr + dt * (j_up - j_tr * _JSR / _NSR)
    s[8] = cajsr + dt * (j_tr - j_rel) / (1.0 + 8.0 / (0.8 + cajsr) ** 2)
    s[38] += dt * (0.05 * bound * camk - 0.00068 * s[38])
    return -total, net


@njit(cache=True, nogil=True)
def ohara_beat(
    s: NDArray[np.float64],
    p: NDArray[np.float64],
    cycle_ms: float,
    stimulus: float,
    scale: float,
    sample_ms: float,
    trace: NDArray[np.float64],
) -> float:
    """One beat in place from the stimulus on. Fills trace (n, 3): V in mV, Ca in mM and dV/dt in mV/ms every sample_ms.

    Returns the time integral of the six net currents in uC/uF.
    """
    scratch = np.zeros((9, 5))
    time, charge, row, slope = 0.0, 0.0, 0, 0.0
    end = STIMULUS_MS
    while time < cycle_ms - 1e-9:
        dt = step_ms(s[0], slope, scale)
        if time < RELEASE_MS:
            dt = min(dt, scale * RELEASE_STEP_MS * max(1.0, time / RELEASE_GROWS_MS))
        on = time < end - 1e-9
        dt = min(dt, (end if on else cycle_ms) - time)
        before, calcium = s[0], s[5]
        slope, net = ohara_step(s, p, stimulus if on else 0.0, dt, scratch)
        row = sampled(trace, row, sample_ms, time, dt, before, s[0], calcium, s[5], slope)
        charge += net * dt * 1e-3
        time += dt
        if not math.isfinite(s[0]):
            return math.nan
    return charge
