"""The cell of ten Tusscher and Panfilov (2006) for many nodes at once, in single precision.

Formulas and figures: twinviewer/physics/cells/tentusscher.py (the reference that tests compare with). What differs:

- a chunk of CHUNK nodes lies in one flat array, row after row (ROWS below), so that compilers see constant distances
  and turn each of the small loops into vector code;
- K and Na are kept as differences from their initial values, else single precision would lose their slow drift;
- gates but m use exp(-z) ~ 1/(1 + z + z²/2 + z³/6), z = dt / tau: error below z⁴/24, never unstable. m is exact;
- exponentials that are powers of one another are computed once (exp(v/5) = exp(v/20)⁴).

First order in the step. Units: mV, ms, mM, uA/uF.
"""

from math import sqrt

from numba import njit
from numpy import float32 as f
from numpy.typing import NDArray

from twinviewer.physics.cells.tentusscher import FARADAY, RT_F
from twinviewer.physics.monodomain.fast_math import CHUNK, exp32, log32

# Rows of a chunk: voltage, 18 states, parameters, scratch.
V, DK, DNA, CAI, CASS, CASR, RQ, XR1, XR2, XS, M, H, J, D, F, F2, FCASS, S, R = range(19)
STATES = 19
ENDO, MID, G_NA, G_CAL, G_KR, G_KS = range(19, 25)
IK, INA, PUMP, ICAL, INACA, EXP = range(25, 31)
ROWS = 31

_FAR = f(FARADAY)
_PER_RT = f(1.0 / RT_F)
_MYO, _SR, _SS = 0.016404, 0.001094, 0.00005468
_PER_MYO, _PER_SS = f(0.185 / (_MYO * FARADAY)), f(0.185 / (_SS * FARADAY))
_RT = f(RT_F)
# Initial K and Na of the layers in mM: what DK and DNA count from (tentusscher.py, published initial states).
_K0, _K_ENDO, _K_MID = f(136.89), f(138.4 - 136.89), f(138.52 - 136.89)
_NA0, _NA_ENDO, _NA_MID = f(8.604), f(10.355 - 8.604), f(10.132 - 8.604)


@njit(cache=True, fastmath=True, error_model="numpy", inline="always")
def _keep(z):  # type: ignore[no-untyped-def]
    """About exp(-z) for z >= 0."""
    return f(1.0) / (f(1.0) + z * (f(1.0) + z * (f(0.5) + z * f(1.0 / 6.0))))


@njit(cache=True, fastmath=True, error_model="numpy")
def _sodium_gates(w: NDArray, b: int, dt: float) -> None:
    if b < 0:  # tells the compiler that no index wraps round
        return
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        e20 = exp32(v * f(0.05))
        e10 = e20 * e20
        e5 = e10 * e10
        inf = f(1.0) / (f(1.0) + exp32((f(-56.86) - v) * f(1.0 / 9.03)))
        tau = (
            e5 / (e5 + f(6.144212353328214e-06))
            * (f(0.1) / (f(1.0) + e5 * f(1096.6331584284585)) + f(0.1) / (f(1.0) + exp32((v - f(50.0)) * f(0.005))))
        )  # fmt: skip
        inf = inf * inf
        m = w[b + M * CHUNK + i]
        w[b + M * CHUNK + i] = inf + (m - inf) * exp32(-dt / tau)
        w[b + EXP * CHUNK + i] = e10
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        inf = f(1.0) / (f(1.0) + exp32((v + f(71.55)) * f(1.0 / 7.43)))
        inf = inf * inf
        low = (
            f(0.057) * exp32((v + f(80.0)) * f(-1.0 / 6.8)) + f(2.7) * exp32(f(0.079) * v)
            + f(3.1e5) * exp32(f(0.3485) * v)
        )  # fmt: skip
        high = f(0.77 / 0.13) / (f(1.0) + exp32((v + f(10.66)) * f(-1.0 / 11.1)))
        rate = low if v < f(-40.0) else high
        h = w[b + H * CHUNK + i]
        w[b + H * CHUNK + i] = inf + (h - inf) * _keep(dt * rate)
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        inf = f(1.0) / (f(1.0) + exp32((v + f(71.55)) * f(1.0 / 7.43)))
        inf = inf * inf
        alpha = (f(25428.0) * exp32(f(0.2444) * v) + f(6.948e-6) * exp32(f(-0.04391) * v)) * (f(-37.78) - v)
        alpha = alpha / (f(1.0) + exp32(f(0.311) * (v + f(79.23))))
        low = alpha + f(0.02424) * exp32(f(-0.01052) * v) / (f(1.0) + exp32(f(-0.1378) * (v + f(40.14))))
        high = f(0.6) * exp32(f(0.057) * v) / (f(1.0) + f(0.0407622039783662) / w[b + EXP * CHUNK + i])
        rate = low if v < f(-40.0) else high
        j = w[b + J * CHUNK + i]
        w[b + J * CHUNK + i] = inf + (j - inf) * _keep(dt * rate)


@njit(cache=True, fastmath=True, error_model="numpy")
def _potassium_gates(w: NDArray, b: int, dt: float) -> None:
    if b < 0:  # tells the compiler that no index wraps round
        return
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        e10 = w[b + EXP * CHUNK + i]
        inf = f(1.0) / (f(1.0) + exp32((f(-26.0) - v) * f(1.0 / 7.0)))
        # 1 / (2700 rise(v, -45, 10) rise(v, -30, -11.5))
        rate = f(1.0 / 2700.0) * (f(1.0) + f(0.011108996538242306) / e10)
        rate = rate * (f(1.0) + exp32((v + f(30.0)) * f(1.0 / 11.5)))
        x = w[b + XR1 * CHUNK + i]
        w[b + XR1 * CHUNK + i] = inf + (x - inf) * _keep(dt * rate)
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        e20 = sqrt(w[b + EXP * CHUNK + i])
        inf = f(1.0) / (f(1.0) + exp32((v + f(88.0)) * f(1.0 / 24.0)))
        rate = f(1.0 / 3.36) * (f(1.0) + f(0.049787068367863944) / e20) * (f(1.0) + f(0.049787068367863944) * e20)
        x = w[b + XR2 * CHUNK + i]
        w[b + XR2 * CHUNK + i] = inf + (x - inf) * _keep(dt * rate)
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        inf = f(1.0) / (f(1.0) + exp32((f(-5.0) - v) * f(1.0 / 14.0)))
        tau = f(1400.0) / sqrt(f(1.0) + exp32((f(5.0) - v) * f(1.0 / 6.0)))
        tau = tau / (f(1.0) + exp32((v - f(35.0)) * f(1.0 / 15.0))) + f(80.0)
        x = w[b + XS * CHUNK + i]
        w[b + XS * CHUNK + i] = inf + (x - inf) * _keep(dt / tau)
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        e10 = w[b + EXP * CHUNK + i]
        e5 = e10 * e10
        endo = w[b + ENDO * CHUNK + i]
        inf_endo = f(1.0) / (f(1.0) + e5 * f(270.42640742615254))
        inf_epi = f(1.0) / (f(1.0) + e5 * f(54.598150033144236))
        a = v + f(67.0)
        c = v + f(45.0)
        tau_endo = f(1000.0) * exp32(a * a * f(-0.001)) + f(8.0)
        tau_epi = f(85.0) * exp32(c * c * f(-1.0 / 320.0)) + f(5.0) / (f(1.0) + e5 * f(0.01831563888873418)) + f(3.0)
        inf = inf_epi + endo * (inf_endo - inf_epi)
        tau = tau_epi + endo * (tau_endo - tau_epi)
        x = w[b + S * CHUNK + i]
        w[b + S * CHUNK + i] = inf + (x - inf) * _keep(dt / tau)
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        inf = f(1.0) / (f(1.0) + exp32((f(20.0) - v) * f(1.0 / 6.0)))
        c = v + f(40.0)
        tau = f(9.5) * exp32(c * c * f(-1.0 / 1800.0)) + f(0.8)
        x = w[b + R * CHUNK + i]
        w[b + R * CHUNK + i] = inf + (x - inf) * _keep(dt / tau)


@njit(cache=True, fastmath=True, error_model="numpy")
def _calcium_gates(w: NDArray, b: int, dt: float) -> None:
    if b < 0:  # tells the compiler that no index wraps round
        return
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        e10 = w[b + EXP * CHUNK + i]
        inf = f(1.0) / (f(1.0) + exp32((f(-8.0) - v) * f(1.0 / 7.5)))
        tau = (f(1.4) / (f(1.0) + exp32((f(-35.0) - v) * f(1.0 / 13.0))) + f(0.25)) * f(1.4)
        tau = tau / (f(1.0) + e10 * e10 * f(2.718281828459045)) + f(1.0) / (f(1.0) + f(12.182493960703473) / sqrt(e10))
        x = w[b + D * CHUNK + i]
        w[b + D * CHUNK + i] = inf + (x - inf) * _keep(dt / tau)
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        e10 = w[b + EXP * CHUNK + i]
        a = v + f(27.0)
        low = f(1.0) / (f(1.0) + e10 * f(20.085536923187668))
        inf = f(1.0) / (f(1.0) + exp32((v + f(20.0)) * f(1.0 / 7.0)))
        tau = f(1102.5) * exp32(a * a * f(-1.0 / 225.0)) + f(200.0) / (f(1.0) + f(3.6692966676192444) / e10)
        tau = tau + f(180.0) * low + f(20.0)
        x = w[b + F * CHUNK + i]
        w[b + F * CHUNK + i] = inf + (x - inf) * _keep(dt / tau)
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        e10 = w[b + EXP * CHUNK + i]
        a = v + f(27.0)
        low = f(1.0) / (f(1.0) + e10 * f(20.085536923187668))
        inf = f(0.67) / (f(1.0) + exp32((v + f(35.0)) * f(1.0 / 7.0))) + f(0.33)
        tau = f(562.0) * exp32(a * a * f(-1.0 / 240.0)) + f(31.0) / (f(1.0) + f(12.182493960703473) / e10)
        tau = tau + f(80.0) * low
        x = w[b + F2 * CHUNK + i]
        w[b + F2 * CHUNK + i] = inf + (x - inf) * _keep(dt / tau)
    for i in range(CHUNK):
        ca = w[b + CASS * CHUNK + i] * f(20.0)
        share = f(1.0) / (f(1.0) + ca * ca)
        inf = f(0.6) * share + f(0.4)
        x = w[b + FCASS * CHUNK + i]
        w[b + FCASS * CHUNK + i] = inf + (x - inf) * _keep(dt / (f(80.0) * share + f(2.0)))
    for i in range(CHUNK):
        q = f(1.5) / w[b + CASR * CHUNK + i]
        rate = f(0.045) * (f(2.5) - f(1.5) / (f(1.0) + q * q)) * w[b + CASS * CHUNK + i] + f(0.005)
        inf = f(0.005) / rate
        x = w[b + RQ * CHUNK + i]
        w[b + RQ * CHUNK + i] = inf + (x - inf) * _keep(dt * rate)


@njit(cache=True, fastmath=True, error_model="numpy")
def _currents(w: NDArray, b: int, dt: float) -> None:
    if b < 0:  # tells the compiler that no index wraps round
        return
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        endo = w[b + ENDO * CHUNK + i]
        mid = w[b + MID * CHUNK + i]
        k = _K0 + w[b + DK * CHUNK + i] + _K_ENDO * endo + _K_MID * mid
        na = _NA0 + w[b + DNA * CHUNK + i] + _NA_ENDO * endo + _NA_MID * mid
        u = v - _RT * log32(f(5.4) / k)
        p = exp32(f(0.02) * u)
        p2 = p * p
        p4 = p2 * p2
        p5 = p4 * p
        p25 = p5 * p5 * p5 * p5 * p5
        alpha = f(0.1) / (f(1.0) + p2 * p * f(6.14421235e-06))
        beta = (f(3.0) * (f(1.02020134) + f(0.000204040268) * u) + p5 * f(0.36787944)) / (f(1.0) + f(1.0) / p25)
        out = f(5.405) * alpha / (alpha + beta)
        xs = w[b + XS * CHUNK + i]
        to = (f(0.294) - f(0.221) * endo) * w[b + R * CHUNK + i] * w[b + S * CHUNK + i]
        kr = f(0.153) * w[b + G_KR * CHUNK + i] * w[b + XR1 * CHUNK + i] * w[b + XR2 * CHUNK + i]
        pk = f(0.0146) / (f(1.0) + exp32((f(25.0) - v) * f(1.0 / 5.98)))
        e_ks = _RT * log32(f(9.6) / (k + f(0.03) * na))
        ks = (f(0.392) - f(0.294) * mid) * w[b + G_KS * CHUNK + i] * xs * xs * (v - e_ks)
        w[b + IK * CHUNK + i] = (out + to + kr + pk) * u + ks
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        endo = w[b + ENDO * CHUNK + i]
        mid = w[b + MID * CHUNK + i]
        na = _NA0 + w[b + DNA * CHUNK + i] + _NA_ENDO * endo + _NA_MID * mid
        m = w[b + M * CHUNK + i]
        g = f(14.838) * w[b + G_NA * CHUNK + i] * m * m * m * w[b + H * CHUNK + i] * w[b + J * CHUNK + i]
        w[b + INA * CHUNK + i] = (g + f(0.00029)) * (v - _RT * log32(f(140.0) / na))
        e = exp32(f(0.05) * _PER_RT * v)
        e2 = e * e
        e4 = e2 * e2
        e7 = e4 * e2 * e
        e20 = e4 * e4 * e4 * e4 * e4
        back = e7 / e20
        cai = w[b + CAI * CHUNK + i]
        exchange = e7 * na * na * na * f(2.0) - back * cai * f(2.5 * 140.0**3)
        exchange = exchange * f(1000.0 / ((87.5**3 + 140.0**3) * 3.38)) / (f(1.0) + f(0.1) * back)
        w[b + INACA * CHUNK + i] = exchange
        pump = f(2.724 * 5.4 / 6.4) * na / (na + f(40.0))
        pump = pump / (f(1.0) + f(0.1245) / e2 + f(0.0353) / e20)
        w[b + PUMP * CHUNK + i] = pump
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        x = f(2.0) * _PER_RT * (v - f(15.0))
        e = exp32(x)
        small = f(1.0) - x * (f(0.5) - x * f(1.0 / 12.0))
        large = x / (e - f(1.0))
        ratio = small if abs(x) < f(0.02) else large
        g = f(3.98e-5 * 2.0) * _FAR * w[b + G_CAL * CHUNK + i] * w[b + D * CHUNK + i] * w[b + F * CHUNK + i]
        g = g * w[b + F2 * CHUNK + i] * w[b + FCASS * CHUNK + i]
        w[b + ICAL * CHUNK + i] = g * ratio * (f(0.25) * w[b + CASS * CHUNK + i] * e - f(2.0))


@njit(cache=True, fastmath=True, error_model="numpy")
def _stores(w: NDArray, b: int, dt: float) -> None:
    if b < 0:  # tells the compiler that no index wraps round
        return
    for i in range(CHUNK):
        v = w[b + V * CHUNK + i]
        cai, ss, sr = w[b + CAI * CHUNK + i], w[b + CASS * CHUNK + i], w[b + CASR * CHUNK + i]
        pump, exchange = w[b + PUMP * CHUNK + i], w[b + INACA * CHUNK + i]
        i_k, i_na, i_cal = w[b + IK * CHUNK + i], w[b + INA * CHUNK + i], w[b + ICAL * CHUNK + i]
        pca = f(0.1238) * cai / (cai + f(0.0005))
        bca = f(0.000592) * (v - f(0.5) * _RT * log32(f(2.0) / cai))
        w[b + V * CHUNK + i] = v - dt * (i_k + i_na + i_cal + exchange + pump + pca + bca)
        w[b + DK * CHUNK + i] -= dt * _PER_MYO * (i_k - f(2.0) * pump)
        w[b + DNA * CHUNK + i] -= dt * _PER_MYO * (i_na + f(3.0) * (pump + exchange))
        q = f(0.00025) / cai
        up = f(0.006375) / (f(1.0) + q * q)
        leak, transfer = f(0.00036) * (sr - cai), f(0.0038) * (ss - cai)
        q = f(1.5) / sr
        k1 = f(0.15) / (f(2.5) - f(1.5) / (f(1.0) + q * q)) * ss * ss
        release = f(0.102) * k1 * w[b + RQ * CHUNK + i] / (f(0.06) + k1) * (sr - ss)
        flux = (leak - up) * f(_SR / _MYO) + transfer - f(0.5) * (bca + pca - f(2.0) * exchange) * _PER_MYO
        q = cai + f(0.001)
        w[b + CAI * CHUNK + i] = cai + dt * flux / (f(1.0) + f(0.0002) / (q * q))
        flux = f(-0.5) * i_cal * _PER_SS + release * f(_SR / _SS) - transfer * f(_MYO / _SS)
        q = ss + f(0.00025)
        w[b + CASS * CHUNK + i] = ss + dt * flux / (f(1.0) + f(0.0001) / (q * q))
        q = sr + f(0.3)
        w[b + CASR * CHUNK + i] = sr + dt * (up - release - leak) / (f(1.0) + f(3.0) / (q * q))


@njit(cache=True, error_model="numpy")
def tt06_chunk(w: NDArray, b: int, dt: float, table: NDArray) -> None:
    """Advance the CHUNK cells whose rows start at w[b] by dt ms without a stimulus."""
    _sodium_gates(w, b, dt)
    _potassium_gates(w, b, dt)
    _calcium_gates(w, b, dt)
    _currents(w, b, dt)
    _stores(w, b, dt)
