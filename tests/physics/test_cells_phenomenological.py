"""Mitchell-Schaeffer and Bueno-Orovio cells against their asymptotics and an independent stiff solver."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from twinviewer.domain import EngineError
from twinviewer.physics.cells.pacing import apd_ms, pace
from twinviewer.physics.cells.phenomenological import STIMULUS_PER_MS, BuenoOrovio, MitchellSchaeffer


def _bueno_orovio_epi(time: float, y: np.ndarray) -> list[float]:
    """The equations of Bueno-Orovio 2008 in their own form (Heaviside products), epicardial column of table 1."""
    u, v, w, s = y
    heaviside_v, heaviside_w, heaviside_o = float(u > 0.3), float(u > 0.13), float(u > 0.006)
    tau_v = (1 - heaviside_o) * 60.0 + heaviside_o * 1150.0
    tau_w = 60.0 + (15.0 - 60.0) * (1 + math.tanh(65.0 * (u - 0.03))) / 2
    tau_so = 30.0181 + (0.9957 - 30.0181) * (1 + math.tanh(2.0458 * (u - 0.65))) / 2
    tau_s = (1 - heaviside_w) * 2.7342 + heaviside_w * 16.0
    tau_o = (1 - heaviside_o) * 400.0 + heaviside_o * 6.0
    v_inf = 1.0 - heaviside_o
    w_inf = (1 - heaviside_o) * (1 - u / 0.07) + heaviside_o * 0.94
    fast_in = -v * heaviside_v * (u - 0.3) * (1.55 - u) / 0.11
    slow_out = u * (1 - heaviside_w) / tau_o + heaviside_w / tau_so
    slow_in = -heaviside_w * w * s / 1.8875
    return [
        -(fast_in + slow_out + slow_in) + (STIMULUS_PER_MS if time % 1000.0 < 1.0 else 0.0),
        (1 - heaviside_v) * (v_inf - v) / tau_v - heaviside_v * v / 1.4506,
        (1 - heaviside_w) * (w_inf - w) / tau_w - heaviside_w * w / 200.0,
        ((1 + math.tanh(2.0994 * (u - 0.9087))) / 2 - s) / tau_s,
    ]


def test_bueno_orovio_against_an_independent_stiff_solver() -> None:
    """Our Rush-Larsen step against LSODA at tight tolerance on the published form: APD90 of three beats within 1 %."""
    ours = pace(BuenoOrovio("epi"), 1000.0, 3)
    state, times = np.array([0.0, 1.0, 1.0, 0.0]), np.arange(0.0, 1000.0, 0.25)
    for beat in range(3):
        solved = solve_ivp(_bueno_orovio_epi, (0.0, 1000.0), state, "LSODA", times, max_step=0.2, rtol=1e-7, atol=1e-9)
        voltage = 85.7 * solved.y[0] - 84.0
        assert ours.apd90_ms[beat] == pytest.approx(apd_ms(times, voltage, np.gradient(voltage, times)), rel=0.01)
        state = solved.y[:, -1]


def test_bueno_orovio_layers_differ_as_in_the_human_heart() -> None:
    """Mid-myocardium lasts longest (above 400 ms at 1 Hz), epi and endo within 10 ms (Drouin 1995; the paper's fit)."""
    epi, endo, mid = (pace(BuenoOrovio(layer), 1000.0, 5).apd90_ms[-1] for layer in ("epi", "endo", "mid"))
    assert abs(epi - endo) < 10.0
    assert 400.0 < mid < 425.0


def test_mitchell_schaeffer_tends_to_its_asymptotic_duration() -> None:
    """APD -> tau_close ln(tau_out / (4 tau_in)) as the time scales separate (Mitchell, Schaeffer 2003)."""
    errors = []
    for separation in (1.0, 4.0, 16.0):
        cell = MitchellSchaeffer(0.3, 6.0, 120.0 * separation, 150.0 * separation)
        errors.append(abs(pace(cell, 10000.0, 1).apd90_ms[0] / cell.expected_apd_ms - 1.0))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.03


def test_restitution_a_shorter_cycle_gives_a_shorter_beat() -> None:
    for cell in (MitchellSchaeffer(), BuenoOrovio("epi"), BuenoOrovio("endo")):
        durations = [pace(cell, cycle_ms, 6).apd90_ms[-1] for cycle_ms in (1000.0, 600.0, 450.0)]
        assert durations[0] > durations[1] > durations[2]


@pytest.mark.parametrize("cell", [MitchellSchaeffer(), BuenoOrovio("epi"), BuenoOrovio("endo"), BuenoOrovio("mid")])
def test_halving_the_step(cell: MitchellSchaeffer | BuenoOrovio) -> None:
    coarse, fine = pace(cell, 1000.0, 3), pace(cell, 1000.0, 3, step_scale=0.5)
    assert coarse.apd90_ms[-1] == pytest.approx(fine.apd90_ms[-1], rel=0.005)


@pytest.mark.parametrize("cell", [MitchellSchaeffer(), BuenoOrovio("epi"), BuenoOrovio("endo"), BuenoOrovio("mid")])
def test_half_the_stimulus_fires_and_a_twentieth_does_not(cell: MitchellSchaeffer | BuenoOrovio) -> None:
    assert pace(cell, 1000.0, 1, stimulus_scale=0.55).peak_mv[0] > 0.0
    assert np.isnan(pace(cell, 1000.0, 1, stimulus_scale=0.05).apd90_ms[0])


def test_a_cell_that_has_not_repolarised_has_no_duration() -> None:
    """Close to steady depolarisation (tau_in 0.05 ms) the second stimulus meets a cell that is still up."""
    assert np.isnan(pace(MitchellSchaeffer(tau_in_ms=0.05), 1000.0, 2).apd90_ms[1])


@pytest.mark.parametrize("cell", [MitchellSchaeffer(tau_in_ms=0.0), MitchellSchaeffer(tau_out_ms=1.0)])
def test_absurd_values_are_refused(cell: MitchellSchaeffer) -> None:
    with pytest.raises(EngineError):
        pace(cell, 1000.0, 1)
