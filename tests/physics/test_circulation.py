"""The closed loop against its published state and against what is known in closed form."""

import numpy as np
import pytest

from twinviewer.physics import circulation as loop
from twinviewer.physics.circulation import elastance_beat, loop_rates, stressed_volume
from twinviewer.physics.valves import Valve, valve_flow

STEPS = 1600


@pytest.fixture(scope="module")
def steady() -> np.ndarray:
    state = loop.REGAZZONI_START.copy()
    record = np.zeros((STEPS, 12))
    for _ in range(40):
        elastance_beat(state, loop.REGAZZONI_LOOP, loop.REGAZZONI_LV, loop.REGAZZONI_RV, STEPS, record)
    return record


@pytest.mark.parametrize(
    ("column", "highest", "lowest"),
    [(0, 136.8, 67.0), (5, 118.8, 79.9), (3, 25.0, None)],
    ids=["LV volume", "aortic pressure", "RV pressure"],
)
def test_published_state(steady: np.ndarray, column: int, highest: float, lowest: float | None) -> None:
    # package `circulation` 0.4 with its default parameters (SCIENCE.md)
    assert steady[:, column].max() == pytest.approx(highest, rel=0.01)
    if lowest is not None:
        assert steady[:, column].min() == pytest.approx(lowest, rel=0.01)


def test_published_output(steady: np.ndarray) -> None:
    stroke = steady[:, 0].max() - steady[:, 0].min()
    assert 100.0 * stroke / steady[:, 0].max() == pytest.approx(51.0, abs=0.5)
    assert stroke * 75.0 / 1000.0 == pytest.approx(5.2, abs=0.1)


def test_no_blood_is_lost() -> None:
    state = loop.REGAZZONI_START.copy()
    before = stressed_volume(state, loop.REGAZZONI_LOOP)
    for _ in range(20):
        elastance_beat(state, loop.REGAZZONI_LOOP, loop.REGAZZONI_LV, loop.REGAZZONI_RV, 800, np.zeros((800, 12)))
    assert stressed_volume(state, loop.REGAZZONI_LOOP) == pytest.approx(before, rel=1e-12)


def test_half_the_step_changes_nothing() -> None:
    found = []
    for steps in (800, 1600):
        state = loop.REGAZZONI_START.copy()
        record = np.zeros((steps, 12))
        for _ in range(30):
            elastance_beat(state, loop.REGAZZONI_LOOP, loop.REGAZZONI_LV, loop.REGAZZONI_RV, steps, record)
        found.append((record[:, 0].max(), record[:, 0].min(), record[:, 5].max()))
    assert found[0] == pytest.approx(found[1], rel=1e-3)


def test_diastolic_decay_is_the_windkessels() -> None:
    # valves shut, venous pressure held by a huge compliance: dp/dt = -(p - p_v) / (R C) after the inertance has settled
    body = loop.REGAZZONI_LOOP.systemic._replace(vein_compliance=1e9, artery_inertance=1e-5)
    circuit = loop.REGAZZONI_LOOP._replace(systemic=body)
    state = loop.REGAZZONI_START.copy()
    state[loop.P_SV], state[loop.Q_SV] = 10.0, 0.0
    state[loop.Q_SA] = (state[loop.P_SA] - 10.0) / body.artery_resistance
    rate, flow, dt = np.zeros(loop.STATES), np.zeros(4), 1e-5
    start = state[loop.P_SA]
    for _ in range(50000):
        loop_rates(state, 0.0, -100.0, -100.0, 0.0, circuit, 0.0, rate, flow)
        for i in (loop.P_SA, loop.Q_SA):
            state[i] += dt * rate[i]
    expected = 10.0 + (start - 10.0) * np.exp(-0.5 / (body.artery_resistance * body.artery_compliance))
    assert state[loop.P_SA] == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("area", "flow"), [(0.8, 220.0), (1.5, 250.0), (3.0, 300.0)])
def test_a_narrow_valve_obeys_bernoulli(area: float, flow: float) -> None:
    # 1/2 rho v^2 is 4 v^2 mmHg for v in m/s, to 2 %: rho 1060 kg/m3, 133.3 Pa a mmHg
    velocity = flow / area / 100.0
    drop = 0.5 * 1060.0 * velocity**2 / 133.322
    assert valve_flow(Valve(0.0, area, 1e9), drop) == pytest.approx(flow, rel=0.02)
    assert valve_flow(Valve(0.01, area, 1e9), drop + 0.01 * flow) == pytest.approx(flow, rel=0.02)


def test_a_shut_valve_holds() -> None:
    assert -0.01 < valve_flow(loop.REGAZZONI_VALVE, -100.0) < 0.0
    assert valve_flow(loop.REGAZZONI_VALVE, 0.0) == 0.0


def test_starling_more_blood_more_stroke() -> None:
    strokes = []
    for extra in (-150.0, 0.0, 150.0):
        state = loop.REGAZZONI_START.copy()
        state[loop.P_SV] += extra / loop.REGAZZONI_LOOP.systemic.vein_compliance
        record = np.zeros((800, 12))
        for _ in range(30):
            elastance_beat(state, loop.REGAZZONI_LOOP, loop.REGAZZONI_LV, loop.REGAZZONI_RV, 800, record)
        strokes.append(record[:, 0].max() - record[:, 0].min())
    assert strokes[0] < strokes[1] < strokes[2]
