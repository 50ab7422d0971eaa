"""Machines: their curves, what the loop does with them, and that without them nothing is otherwise."""

import numpy as np
import pytest
from failing_heart import State, beat_of, patient, setup_of, state_of, treated_beat

from twinviewer.domain import EngineError, Quantity, Setup, Therapy, TherapyError
from twinviewer.engines.beat import ENGINE
from twinviewer.engines.beat.metrics import loop_area
from twinviewer.engines.beat.support import flows, support_metrics
from twinviewer.physics.circulation import stressed_volume
from twinviewer.physics.heart_model import loop_of
from twinviewer.physics.heartbeat import Beat
from twinviewer.physics.support import Balloon, Pump, balloon_ml, pump_flow, support_of
from twinviewer.therapies.balloon_pump import THERAPY as BALLOON
from twinviewer.therapies.ecmo import THERAPY as ECMO
from twinviewer.therapies.impella import CURVES
from twinviewer.therapies.impella import THERAPY as IMPELLA
from twinviewer.therapies.lvad import THERAPY as LVAD

SHOCK = State(95.0, 3.2, 66.0, 24.0)


def on(*steps: tuple) -> Beat:
    def treat(setup: Setup) -> Setup:
        for therapy, values in steps:
            setup = therapy.apply(setup, values)
        return setup

    return treated_beat(SHOCK, treat)


@pytest.mark.parametrize("therapy", [BALLOON, ECMO, IMPELLA, LVAD], ids=lambda t: t.name)
def test_is_a_therapy_that_leaves_muscle_and_vessels_alone(therapy: Therapy) -> None:
    assert isinstance(therapy, Therapy) and therapy.edits == {"support"} <= ENGINE.understands
    before = setup_of(patient(SHOCK))
    after = therapy.apply(before, {}).parameters
    assert (
        all(after[name] is own for name, own in before.parameters.items()) and len(after) == len(before.parameters) + 3
    )
    assert all(after[name].source for name in set(after) - set(before.parameters))


def test_a_heart_has_room_for_one_pump() -> None:
    assisted = IMPELLA.apply(setup_of(patient(SHOCK)), {})
    with pytest.raises(TherapyError, match="already"):
        LVAD.apply(assisted, {})
    with pytest.raises(TherapyError, match="already"):
        ECMO.apply(ECMO.apply(assisted, {}), {})


def test_flows_of_the_instructions_for_use() -> None:
    """Lowest flow of each level, taken to be against 60 mmHg, L/min: 2.5's read in its manual, CP's recalled."""
    tables = {
        "2.5": {2: 0.8, 3: 1.1, 4: 1.3, 5: 1.5, 6: 1.7, 7: 1.8, 8: 2.1, 9: 2.1},
        "cp": {2: 1.1, 3: 1.6, 4: 2.0, 5: 2.3, 6: 2.5, 7: 2.9, 8: 3.1, 9: 3.3},
    }
    for device, table in tables.items():
        for level, low in table.items():
            pump = Pump(CURVES[device].head_mmhg(level), 0.0, CURVES[device].loss)
            assert 0.06 * pump_flow(pump, 20.0, 80.0) == pytest.approx(low, abs=0.12)


def test_a_pump_turns_back_and_runs_dry() -> None:
    pump = Pump(100.0, 0.02, 0.005)
    assert pump_flow(pump, 20.0, 120.0) == 0.0  # against its head
    assert pump_flow(pump, 20.0, 140.0) < 0.0 < pump_flow(pump, 20.0, 100.0)
    assert pump_flow(Pump(), 20.0, 140.0) == 0.0
    wet, dry = pump_flow(pump, 2.0, 70.0), pump_flow(pump, -20.0, 48.0)  # the same push
    assert 0.0 < dry < 0.1 * wet
    push = 60.0
    flow = pump_flow(pump, 20.0, 20.0 + 100.0 - push)
    assert 0.02 * flow + 0.005 * flow * flow == pytest.approx(push)


def test_a_balloon_fills_and_empties_once_a_beat() -> None:
    balloon = Balloon(40.0, 0.35, -0.03, 0.1, 0.1, 0.17)
    volume = np.array([balloon_ml(balloon, t, 0.8) for t in np.arange(0.0, 1.6, 1e-3)])
    assert volume.max() == 40.0 and volume.min() == 0.0
    assert np.allclose(volume[:800], volume[800:]) and np.abs(np.diff(volume)).max() < 1.0  # no jump
    assert volume[int(1000 * (0.17 + 0.2))] == 0.0  # systole
    assert balloon_ml(Balloon(), 0.1, 0.8) == 0.0


@pytest.mark.parametrize("bad", [{"balloon_ml": -1.0}, {"pump_head_mmhg": -1.0}, {"pump_loss_mmhg_s2_ml2": 0.0}])
def test_what_is_not_physical_is_refused(bad: dict[str, float]) -> None:
    good = {"pump_head_mmhg": 100.0, "pump_resistance_mmhg_s_ml": 0.0, "pump_loss_mmhg_s2_ml2": 0.01}
    with pytest.raises(EngineError):
        support_of({"heart_rate_bpm": 70.0, **good, **bad})


def test_without_a_machine_there_is_none_and_blood_is_kept_with_them() -> None:
    value = patient(SHOCK)
    assert not loop_of(value).support.on and not flows(beat_of(value))
    for steps in ([(BALLOON, {})], [(ECMO, {}), (IMPELLA, {})]):
        beat = on(*steps)
        assert stressed_volume(beat.state, beat.loop) == pytest.approx(value["stressed_volume_ml"], rel=1e-9)


def still(beat: Beat) -> float:
    """Share of the beat in which the volume stands still at a pressure far from the least: the isovolumic sides."""
    pressure = beat["lv_pressure_mmhg"]
    far = pressure > pressure.min() + 0.15 * np.ptp(pressure)
    return float((far & (np.abs(np.gradient(beat["lv_volume_ml"], beat.time_s)) < 10.0)).mean())


def test_an_impella_unloads_and_its_loop_has_no_isovolumic_side() -> None:
    before, after = beat_of(patient(SHOCK)), on((IMPELLA, {"device": "5.0", "level": 9}))
    assert after["lv_volume_ml"].max() < 0.9 * before["lv_volume_ml"].max()
    assert state_of(after).output_l_min > 1.4 * SHOCK.output_l_min
    assert state_of(after).wedge_mmhg < 0.9 * SHOCK.wedge_mmhg
    # nothing is ever shut: the volume stands still only for moments
    assert still(before) > 0.2 and still(after) < 0.05
    flow = flows(after)["pump_flow_ml_s"]
    assert flow.max() > 1.1 * flow.min() > 0.0  # more when the ventricle pushes


def test_a_stopped_pump_leaks() -> None:
    flow = flows(on((IMPELLA, {"level": 0})))["pump_flow_ml_s"]
    assert flow.mean() < 0.0


def test_ecmo_carries_the_body_and_loads_the_ventricle() -> None:
    before, after = beat_of(patient(SHOCK)), on((ECMO, {"speed_rpm": 3200.0}))
    volume, was = after["lv_volume_ml"], before["lv_volume_ml"]
    assert (
        state_of(after).mean_mmhg > SHOCK.mean_mmhg + 10.0 and state_of(after).right_mmhg < state_of(before).right_mmhg
    )
    assert volume.min() > was.min() + 20.0 and volume.max() > was.max() and np.ptp(volume) < 0.6 * np.ptp(was)
    vented = on((ECMO, {"speed_rpm": 3200.0}), (IMPELLA, {"level": 6}))
    assert vented["lv_volume_ml"].max() < volume.max() and state_of(vented).wedge_mmhg < state_of(after).wedge_mmhg
    names = {name for name, _, _ in support_metrics(vented)}
    assert {"pump_flow_l_min", "ecmo_flow_l_min", "pump_suction_percent"} <= names


def test_a_balloon_out_of_time_loads_the_ventricle() -> None:
    right, late = on((BALLOON, {})), on((BALLOON, {"deflation_ms": -150.0}))
    work = [
        loop_area(beat["lv_volume_ml"], beat["lv_pressure_mmhg"]) / np.ptp(beat["lv_volume_ml"])
        for beat in (right, late)
    ]
    assert right["aortic_pressure_mmhg"].min() < 55.0 and work[1] > work[0]
    early = on((BALLOON, {"inflation_ms": -150.0}))  # before the valve has shut
    assert np.ptp(early["lv_volume_ml"]) < np.ptp(right["lv_volume_ml"])


def test_a_leaking_valve_is_warned_of() -> None:
    leaking = setup_of(patient(SHOCK)).with_parameter("aortic_leak_cm2", Quantity(0.3, "cm2", "chosen", "test"))
    assert all(therapy.apply(leaking, {}).notes for therapy in (BALLOON, IMPELLA, LVAD))
