"""The beating heart: blood, steadiness, and what dyssynchrony does to it."""

from dataclasses import replace

import numpy as np
import pytest
from patched_heart import NORMAL_S, VALUE, beat_of, heart, steepest

from twinviewer.domain import EngineError
from twinviewer.physics.circulation import stressed_volume
from twinviewer.physics.heart_model import loop_of
from twinviewer.physics.heartbeat import Beat, beats, one_beat, rest_state


@pytest.fixture(scope="module")
def healthy() -> Beat:
    return beat_of(heart(NORMAL_S))


def test_healthy_heart_is_physiological(healthy: Beat) -> None:
    volume, pressure = healthy["lv_volume_ml"], healthy["lv_pressure_mmhg"]
    assert 50.0 < 100.0 * (1.0 - volume.min() / volume.max()) < 65.0
    assert 110.0 < pressure.max() < 130.0
    assert 65.0 < healthy["aortic_pressure_mmhg"].min() < 90.0
    assert 18.0 < healthy["rv_pressure_mmhg"].max() < 35.0
    assert 1200.0 < steepest(healthy) < 2200.0
    assert 4.0 < healthy["la_pressure_mmhg"].mean() < 13.0


def test_aortic_valve_opens_when_weissler_says(healthy: Beat) -> None:
    # pre-ejection period 131 - 0.4 HR ms after the onset of QRS (Weissler 1968)
    opens = healthy.time_s[np.flatnonzero(healthy["aortic_flow_ml_s"] > 1.0)[0]]
    assert 1000.0 * (opens - 0.17) == pytest.approx(131.0 - 0.4 * 70.0, abs=10.0)


def test_left_ventricle_ejects_as_long_as_weissler_says(healthy: Beat) -> None:
    # ejection time 413 - 1.7 HR, electromechanical systole 546 - 2.1 HR ms, SD 10 to 14 (Weissler 1968)
    opened = 1000.0 * (healthy.time_s[healthy["aortic_flow_ml_s"] > 1.0] - 0.17)
    assert opened[-1] - opened[0] == pytest.approx(294.0, abs=8.0)
    assert opened[-1] == pytest.approx(399.0, abs=10.0)


def test_fibres_do_the_work_that_the_cavities_show() -> None:
    # first law: closed integrals of p dV inside against outside, and of fibre stress d strain
    walls = heart(0.08)
    beat = beat_of(walls)
    outer = 0.0
    for side in ("lv", "rv"):
        volume = beat[f"{side}_volume_ml"]
        pressure = beat[f"{side}_pressure_mmhg"] - beat["pericardium_pressure_mmhg"]
        outer -= float((0.5 * (np.roll(pressure, -1) + pressure) * (np.roll(volume, -1) - volume)).sum())
    strain, stress = np.vstack([beat.strain, beat.strain[:1]]), np.vstack([beat.stress_kpa, beat.stress_kpa[:1]])
    inner = -float((0.5 * (stress[1:] + stress[:-1]) * np.diff(strain, axis=0)).sum(axis=0) @ walls.wall_ml)
    # the published strain is a polynomial in z and not the tension's exact conjugate
    assert outer * 0.133322 == pytest.approx(inner, rel=0.03)


def test_the_loop_is_closed() -> None:
    walls, loop = heart(0.05), loop_of(VALUE)
    state = rest_state(walls, loop, 140.0, 150.0, 1110.0)
    assert stressed_volume(state, loop) == pytest.approx(1110.0, rel=1e-12)
    for number in range(5):
        state = one_beat(walls, loop, state, walls.septum.copy(), walls.relaxed_cm2.copy(), beat=number).state
    assert stressed_volume(state, loop) == pytest.approx(1110.0, rel=1e-9)


def test_the_way_to_the_steady_beat_keeps_the_blood_and_leads_there() -> None:
    walls, loop = heart(0.08, fluid_ml=100.0), loop_of({**VALUE, "mitral_leak_cm2": 0.2})
    found = list(beats(walls, loop, rest_state(walls, loop, 140.0, 150.0, 1110.0), 3e-4))
    assert stressed_volume(found[-1].state, loop) == pytest.approx(1110.0, rel=1e-9)
    assert found[-1].change < 3e-4 and len(found) < 14
    # thirty beats more without any help stay within 0.1 %
    state, septum, area = found[-1].state, *guesses(found[-1])
    for number in range(30):
        later = one_beat(walls, loop, state, septum, area, beat=number)
        state = later.state
    for name in ("lv_volume_ml", "rv_volume_ml", "aortic_pressure_mmhg"):
        assert later[name].max() == pytest.approx(found[-1][name].max(), rel=1e-3)
        assert later[name].mean() == pytest.approx(found[-1][name].mean(), rel=1e-3)


def test_steady_means_periodic(healthy: Beat) -> None:
    assert healthy.change < 1e-3
    again = one_beat(heart(NORMAL_S), loop_of(VALUE), healthy.state, *guesses(healthy))
    for name in ("lv_volume_ml", "lv_pressure_mmhg", "aortic_pressure_mmhg"):
        assert again[name] == pytest.approx(healthy[name], abs=0.005 * healthy[name].max())
    left = healthy["lv_volume_ml"].max() - healthy["lv_volume_ml"].min()
    right = healthy["rv_volume_ml"].max() - healthy["rv_volume_ml"].min()
    assert left == pytest.approx(right, rel=0.01)


def guesses(beat: Beat) -> tuple[np.ndarray, np.ndarray]:
    return np.array([beat["septum_ml"][-1], beat["ring_cm"][-1]]), beat.area_cm2[-1].copy()


def test_half_the_step_changes_nothing(healthy: Beat) -> None:
    fine = one_beat(heart(NORMAL_S), loop_of(VALUE), healthy.state, *guesses(healthy), step_s=0.25e-3)
    for name in ("lv_volume_ml", "lv_pressure_mmhg"):
        assert np.interp(healthy.time_s, fine.time_s, fine[name]) == pytest.approx(
            healthy[name], abs=2e-3 * healthy[name].max()
        )
    assert steepest(fine) == pytest.approx(steepest(healthy), rel=0.01)


def test_dyssynchrony_costs_force_and_output() -> None:
    beats = [beat_of(heart(delay)) for delay in (0.02, 0.06, 0.12)]
    slopes = [steepest(beat) for beat in beats]
    ejected = [1.0 - beat["lv_volume_ml"].min() / beat["lv_volume_ml"].max() for beat in beats]
    assert slopes[0] > slopes[1] > slopes[2]
    assert slopes[2] < 0.9 * slopes[0]
    assert ejected[0] > ejected[1] > ejected[2]


def test_late_muscle_is_stretched_first() -> None:
    beat = beat_of(heart(0.12))
    start = np.searchsorted(beat.time_s, 0.17)
    early, late = beat.strain[:, 7] - beat.strain[start, 7], beat.strain[:, 4] - beat.strain[start, 4]
    soon = slice(start, start + 240)
    assert early[soon].min() < -0.04
    assert late[soon].max() > 0.03
    work = [-(beat.stress_kpa[:, p] * np.gradient(beat.strain[:, p])).sum() for p in (7, 4)]
    assert work[1] > 2.0 * max(work[0], 0.1)


def test_more_contractility_empties_more(healthy: Beat) -> None:
    assert beat_of(heart(NORMAL_S, force=130.0))["lv_volume_ml"].min() < healthy["lv_volume_ml"].min() - 5.0


def test_more_resistance_more_pressure(healthy: Beat) -> None:
    high = beat_of(heart(NORMAL_S), systemic_resistance_mmhg_s_ml=1.1)
    assert high["aortic_pressure_mmhg"].mean() > healthy["aortic_pressure_mmhg"].mean() + 10.0
    assert high["lv_volume_ml"].min() > healthy["lv_volume_ml"].min()


def test_same_input_same_numbers(healthy: Beat) -> None:
    again = beat_of(heart(NORMAL_S))
    assert np.array_equal(again["lv_pressure_mmhg"], healthy["lv_pressure_mmhg"])
    assert np.array_equal(again.strain, healthy.strain)


def test_divergence_names_time_and_state() -> None:
    walls, loop = heart(NORMAL_S), loop_of(VALUE)
    broken = replace(walls, contractility_kpa=np.full(20, np.nan))
    with pytest.raises(EngineError, match=r"beat 1, .* ms; V_LA"):
        one_beat(broken, loop, rest_state(walls, loop, 140.0, 150.0, 1110.0), walls.septum.copy(), walls.relaxed_cm2)


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(EngineError, match="heart_rate_bpm"):
        loop_of({**VALUE, "heart_rate_bpm": 0.0})
