"""Electrical beat of the ideal heart: what a cardiologist knows of conduction must come out of sites and speeds."""

import time
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import EngineError, OrganMesh, Quantity, Setup, Stimulus
from twinviewer.engines.beat import electrical
from twinviewer.engines.beat.electrical import Activation, activate, activation_times_ms
from twinviewer.organs.heart.conduction import stimuli

PARAMETERS = {
    "heart_rate_bpm": Quantity(70.0, "bpm", "population", "test"),
    "conduction_fibre_m_s": Quantity(0.6, "m/s", "population", "test"),
    "conduction_cross_m_s": Quantity(0.3, "m/s", "population", "test"),
    "conduction_endocardial_m_s": Quantity(1.2, "m/s", "population", "test"),
}


def setup(state: str, pr_ms: float = 160.0) -> Setup:
    mesh = ideal_heart(2.0)
    found, layer, _ = stimuli(mesh, state, pr_ms)
    return Setup(mesh, PARAMETERS, found, {"fast_layer": layer})


@lru_cache(maxsize=4)
def beat(state: str) -> Activation:
    return activate(setup(state))


def value(activation: Activation, name: str) -> float:
    return activation.metrics[name].value


def segment_mean(mesh: OrganMesh, activation: Activation, *segments: int) -> float:
    return float(np.nanmean(activation.activation_ms[np.isin(mesh.point_fields["aha_segment"], segments)]))


def test_normal_conduction() -> None:
    normal = beat("normal")
    assert 75 <= value(normal, "qrs_ms") <= 105  # 80 to 105 in adults; the ideal heart is a small one
    assert -45 <= value(normal, "qrs_axis_deg") <= 100
    assert 330 <= value(normal, "qtc_ms") <= 450
    assert np.nanmin(normal.activation_ms) == pytest.approx(160.0)
    for name in ("V1", "V2"):
        assert abs(normal.ecg[name].values.min()) > 1.3 * normal.ecg[name].values[150:260].max()  # rS
    qrs = {name: trace.values[150:260] for name, trace in normal.ecg.items()}
    for name in ("I", "V6"):
        assert qrs[name].max() > abs(qrs[name].min())
    # aVL looks from -30 degrees: upright where the axis lies within 90 degrees of that, and small where it nears them;
    # R of 1.1 mV is the upper limit (Sokolow, Lyon 1949; Hancock et al., Circulation 119:e251, 2009)
    if value(normal, "qrs_axis_deg") < 50.0:
        assert qrs["aVL"].max() > abs(qrs["aVL"].min())
    assert qrs["aVL"].max() < 1.1
    # below 0.5 mV in all limb leads, or 1.0 mV in all chest leads, would be low voltage (Chou's Electrocardiography,
    # 6th edition)
    assert max(np.ptp(qrs[name]) for name in ("I", "II", "III")) > 0.5
    assert max(np.ptp(qrs[f"V{k}"]) for k in range(1, 7)) > 1.0


def test_left_bundle_branch_block() -> None:
    mesh, normal, block = ideal_heart(2.0), beat("normal"), beat("lbbb")
    assert 130 <= value(block, "qrs_ms") <= 170
    assert value(block, "lv_activation_ms") > 1.6 * value(normal, "lv_activation_ms")
    assert value(block, "septal_lateral_delay_ms") > 50 > value(normal, "septal_lateral_delay_ms")
    assert segment_mean(mesh, block, 5, 6, 11, 12) > segment_mean(mesh, block, 2, 3, 8, 9) + 50
    qrs = slice(150, 330)
    for name in ("I", "V6"):  # broad R without Q
        lead = block.ecg[name].values[qrs]
        assert lead.max() > 0.5 and lead.min() > -0.1
        assert np.count_nonzero(lead > 0.2 * lead.max()) > 70
    assert block.ecg["V1"].values[qrs].min() < -0.5 and block.ecg["V1"].values[qrs].max() < 0.35


def test_left_anterior_fascicular_block_turns_the_axis_left_and_hardly_widens_qrs() -> None:
    normal, block = beat("normal"), beat("lafb")
    assert value(block, "qrs_axis_deg") < value(normal, "qrs_axis_deg") - 10.0
    assert (
        0.0 <= value(block, "qrs_ms") - value(normal, "qrs_ms") <= 20.0
    )  # Elizari et al., Circulation 115:1154 (2007)
    assert block.ecg["aVL"].values[150:260].max() > normal.ecg["aVL"].values[150:260].max()


def test_the_t_wave_agrees_in_health_and_opposes_in_block() -> None:
    after = slice(380, 620)
    assert beat("normal").ecg["V6"].values[after].max() > 0.1
    assert beat("lbbb").ecg["V6"].values[after].min() < -0.1
    assert beat("lbbb").ecg["V2"].values[after].max() > 0.3


def test_right_bundle_branch_block_is_late_on_the_right() -> None:
    mesh, block = ideal_heart(2.0), beat("rbbb")
    right = block.activation_ms[np.asarray(mesh.point_fields["rv_segment"]) > 0]
    assert np.nanmean(right) > segment_mean(mesh, block, 5, 6, 11, 12) + 20
    assert value(block, "lv_activation_ms") == pytest.approx(value(beat("normal"), "lv_activation_ms"), abs=5)
    assert block.ecg["V1"].values[230:330].max() > 0.2  # terminal R' in V1
    assert block.ecg["I"].values[230:330].min() < -0.2  # terminal S in I


def test_p_wave_is_upright_in_ii_and_ends_before_qrs() -> None:
    lead = beat("normal").ecg["II"].values
    assert 0.05 < lead[:140].max() < 0.35 and lead[:140].max() > 3 * abs(lead[:140].min())
    assert abs(lead[140:155]).max() < 0.05


def test_traces_cover_one_periodic_beat_at_1_khz() -> None:
    normal = beat("normal")
    assert set(normal.ecg) == {"I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"}
    trace = normal.ecg["II"]
    assert trace.name == "ecg_II" and trace.unit == "mV"
    assert np.diff(trace.time_s) == pytest.approx(0.001) and trace.time_s[-1] == pytest.approx(60 / 70, abs=1e-3)
    assert abs(trace.values[-1] - trace.values[0]) < 0.02
    assert 0.3 < max(np.abs(t.values).max() for t in normal.ecg.values()) < 3.0
    for name, quantity in normal.metrics.items():
        assert quantity.origin == "simulated" and "beat engine" in quantity.source, name


def test_atria_have_no_activation_time() -> None:
    mesh, normal = ideal_heart(2.0), beat("normal")
    assert np.isfinite(normal.activation_ms[: mesh.wall_points]).all()
    assert np.isnan(normal.activation_ms[mesh.wall_points :]).all()


def test_a_new_delay_reuses_stored_fields_and_is_exact() -> None:
    base = setup("lbbb")
    node = int(np.argmax(base.mesh.point_fields["transmural"][: base.mesh.wall_points]))
    paced = [replace(base, stimuli=(*base.stimuli, Stimulus("LV", node, t))) for t in (120.0, 150.0)]
    activation_times_ms(paced[0])
    start = time.process_time()
    second = activation_times_ms(paced[1])
    assert time.process_time() - start < 0.05
    electrical._sites._items.clear()
    assert np.array_equal(second, activation_times_ms(paced[1]), equal_nan=True)


def test_the_conduction_system_does_not_care_in_which_order_it_is_named() -> None:
    base = setup("normal")
    turned = replace(base, stimuli=tuple(reversed(base.stimuli)))
    assert np.allclose(activation_times_ms(base), activation_times_ms(turned), equal_nan=True)


def test_slow_tissue_delays_what_lies_behind_it() -> None:
    base = setup("lbbb")
    middle = base.mesh.point_fields["aha_segment"][base.mesh.tets].max(axis=1)
    scale = np.where(np.isin(middle, (5, 6, 11, 12, 16)), 0.5, 1.0)
    slow = activate(replace(base, tissue={**base.tissue, "conduction_scale": scale}))
    assert value(slow, "qrs_ms") > value(beat("lbbb"), "qrs_ms") + 20


def test_nothing_to_excite_is_refused() -> None:
    with pytest.raises(EngineError, match="Nothing excites"):
        activate(replace(setup("normal"), stimuli=()))


def test_no_atria_no_p_wave_but_a_note() -> None:
    base = setup("normal")
    surfaces = {name: s for name, s in base.mesh.surfaces.items() if name not in ("la", "ra")}
    bare = activate(replace(base, mesh=replace(base.mesh, surfaces=surfaces, uid="without atria")))
    assert any("P wave" in note for note in bare.notes)
    assert np.abs(bare.ecg["II"].values[:140]).max() < 0.02
    assert value(bare, "qrs_ms") == pytest.approx(value(beat("normal"), "qrs_ms"), abs=1)


def test_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="normal, lbbb, rbbb"):
        stimuli(ideal_heart(2.0), "wpw", 160.0)
