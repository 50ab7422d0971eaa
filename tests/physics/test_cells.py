"""Single ventricular cells against published values and against the published C model of the CiPA initiative."""

import csv
from pathlib import Path

import numpy as np
import pytest

from twinviewer.domain import EngineError
from twinviewer.physics.cells.cipa_table import mean_after_60_beats
from twinviewer.physics.cells.drugs import drug, drug_names, risk_class
from twinviewer.physics.cells.herg import herg_step
from twinviewer.physics.cells.ohara_cipa import OHaraCiPA
from twinviewer.physics.cells.pacing import pace
from twinviewer.physics.cells.steady import dosed, extrapolate, layer_durations_ms, mean_qnet, steady
from twinviewer.physics.cells.tentusscher import TenTusscher


def test_ten_tusscher_epicardial_durations_at_1000_ms() -> None:
    """gotranx-generated code with LSODA gives 290.2 ms at beat 1 and 304.8 ms at beat 30 (tolerance 1 %)."""
    paced = pace(TenTusscher("epi"), 1000.0, 30)
    assert paced.apd90_ms[0] == pytest.approx(290.2, rel=0.01)
    assert paced.apd90_ms[-1] == pytest.approx(304.8, rel=0.01)
    assert -88.0 < paced.rest_mv[-1] < -83.0


def test_ten_tusscher_midmyocardium_lasts_longest() -> None:
    """Ten Tusscher 2006: epi and endo alike, M cells about 100 ms longer at 1 Hz (weak IKs)."""
    epi, endo, mid = (pace(TenTusscher(layer), 1000.0, 10).apd90_ms[-1] for layer in ("epi", "endo", "mid"))
    assert abs(epi - endo) < 10.0
    assert 70.0 < mid - epi < 150.0


def test_ohara_control_beat_like_the_published_c_model() -> None:
    """CL 2000 ms, 60 beats: qNet 0.0697 uC/uF, APD90 290 ms (sampled every ms), peak 41.7 mV (tolerance 2 %)."""
    paced = pace(OHaraCiPA(), 2000.0, 60)
    assert paced.qnet_uc_uf[-1] == pytest.approx(0.0697, rel=0.02)
    assert paced.apd90_ms[-1] == pytest.approx(290.0, rel=0.02)
    assert paced.peak_mv[-1] == pytest.approx(41.7, abs=0.5)


@pytest.mark.parametrize(
    ("cell", "cycle_ms"), [(TenTusscher("epi"), 1000.0), (OHaraCiPA(), 2000.0), (OHaraCiPA("epi"), 1000.0)]
)
def test_halving_the_step_changes_the_duration_by_less_than_half_a_percent(
    cell: TenTusscher | OHaraCiPA, cycle_ms: float
) -> None:
    coarse = pace(cell, cycle_ms, 5)
    fine = pace(cell, cycle_ms, 5, step_scale=0.5)
    assert coarse.apd90_ms[-1] == pytest.approx(fine.apd90_ms[-1], rel=0.005)
    if np.isfinite(coarse.qnet_uc_uf[-1]):
        assert coarse.qnet_uc_uf[-1] == pytest.approx(fine.qnet_uc_uf[-1], rel=0.005)


@pytest.mark.parametrize(
    ("name", "times_cmax", "qnet", "apd90_ms"),
    [("cisapride", 2.0, 0.0611, 326.0), ("ranolazine", 4.0, 0.0707, 378.0), ("bepridil", 4.0, 0.0332, 469.0)],
)
def test_drugs_against_the_published_c_model(name: str, times_cmax: float, qnet: float, apd90_ms: float) -> None:
    """Values of the published C model, CL 2000 ms, 60 beats."""
    paced = pace(OHaraCiPA("endo", drug(name).at_cmax(times_cmax)), 2000.0, 60)
    assert paced.qnet_uc_uf[-1] == pytest.approx(qnet, rel=0.02)
    assert paced.apd90_ms[-1] == pytest.approx(apd90_ms, rel=0.01)


def test_mean_qnet_of_training_drugs_and_their_order() -> None:
    """Mean over 1-4 x Cmax after 60 beats, as the published C model (tolerance 3 %); all 12: cipa_table --beats60."""
    expected = {"bepridil": 0.0427, "terfenadine": 0.0587, "mexiletine": 0.0838}
    found = [mean_after_60_beats(name) for name in expected]
    assert found == pytest.approx(list(expected.values()), rel=0.03)
    assert found == sorted(found)


def test_classes_of_drugs_that_need_the_steady_state() -> None:
    """Dofetilide binds slowly: intermediate by 60 beats, high by the steady state as the panel says. Verapamil: low."""
    assert risk_class(mean_qnet(drug("dofetilide"))) == 2
    assert risk_class(mean_qnet(drug("verapamil"))) == 0


def test_thresholds_are_the_published_pair_for_manual_patch_clamp() -> None:
    """Li 2019: 0.0579 and 0.0689 uC/uF (0.0581 and 0.0671 belong to its hybrid data set)."""
    assert [risk_class(qnet) for qnet in (0.0578, 0.0580, 0.0688, 0.0690)] == [2, 1, 1, 0]


@pytest.mark.parametrize(("name", "risk"), [("risperidone", 1), ("tamoxifen", 0)])
def test_validation_drugs_beside_the_threshold_of_low_risk(name: str, risk: int) -> None:
    """In the class of the panel by 1.2 and 0.6 %: with the pair of the other data set risperidone is not."""
    assert risk_class(mean_qnet(drug(name))) == risk == drug(name).risk


@pytest.mark.slow
@pytest.mark.parametrize(("name", "found"), [("domperidone", 2), ("pimozide", 2), ("metoprolol", 1)])
def test_three_validation_drugs_stay_one_class_above_the_panel(name: str, found: int) -> None:
    """13 of 16 where 14 are wanted. Independent code agrees (test_cells_nversion); of these three the FDA's own later
    result (2000 samples each) has domperidone and pimozide high too."""
    assert risk_class(mean_qnet(drug(name))) == found == drug(name).risk + 1


def test_dynamic_herg_chain_keeps_probability_and_reaches_the_block_of_its_binding_curve() -> None:
    """At a held voltage with an untrapped drug the ratio bound to free tends to Kmax c^n / (c^n + halfmax)."""
    chain, scratch = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0]), np.zeros((9, 5))
    unbind, ratio = 0.05, 3.0
    for _ in range(40000):
        herg_step(chain, 40.0, 0.5, unbind * ratio, unbind, -1000.0, scratch)
    assert chain.sum() == pytest.approx(1.0, abs=1e-9)
    assert (chain >= -1e-15).all()
    # Vhalf far below: nothing is trapped, so O and IO each balance with their bound twins.
    assert chain[6] / chain[4] == pytest.approx(ratio, rel=0.02)


def test_more_of_a_herg_blocker_lengthens_the_action_potential_and_lowers_qnet() -> None:
    paced = [pace(OHaraCiPA("endo", drug("sotalol").at_cmax(k)), 2000.0, 8) for k in (0.0, 1.0, 5.0)]
    durations = [one.apd90_ms[-1] for one in paced]
    assert durations == sorted(durations)
    assert paced[0].qnet_uc_uf[-1] > paced[1].qnet_uc_uf[-1] > paced[2].qnet_uc_uf[-1]


def test_all_28_drugs_are_there_with_their_classes() -> None:
    assert len(drug_names()) == 28
    assert sum(drug(name).training for name in drug_names()) == 12
    assert {drug(name).risk for name in drug_names()} == {0, 1, 2}
    assert risk_class(0.02) == 2
    assert risk_class(0.06) == 1
    assert risk_class(0.08) == 0


def test_the_drug_table_holds_the_measured_values(data_dir: Path) -> None:
    """Every IC50, Hill coefficient, Cmax and class as in the measured table, to six digits."""
    columns = {"ICaL": "CaL", "INaL": "Late_sodium", "INa": "Peak_sodium", "IKs": "IKs", "IK1": "IK1", "Ito": "Ito"}
    with (data_dir / "reference" / "cipa_channel_block.csv").open() as file:
        rows = {row["drug"]: row for row in csv.DictReader(file)}
    for name in drug_names():
        medicine, row = drug(name), rows[name]
        assert medicine.risk == int(row["CiPA"])
        assert medicine.cmax_nm == pytest.approx(float(row["therapeutic"]), rel=1e-5)
        for current, column in columns.items():
            ic50, hill = medicine.blocks.get(current, (0.0, 0.0))
            assert ic50 == pytest.approx(float(row[column + "IC50"]), rel=1e-5), (name, current)
            assert hill == pytest.approx(float(row[column + "h"]) if ic50 else 0.0, rel=1e-5), (name, current)


def test_half_the_current_is_blocked_at_the_ic50() -> None:
    assert drug("verapamil").effect(201.783).calcium == pytest.approx(0.5)
    assert drug("verapamil").effect(0.0).calcium == 1.0


def test_the_solution_converges_at_first_order() -> None:
    """The error of qNet and APD90 against a fine step halves with the step (within a factor 1.5 to 3)."""
    fine, half, whole = (pace(OHaraCiPA(), 1000.0, 3, step_scale=scale) for scale in (0.0625, 0.5, 1.0))
    for name in ("qnet_uc_uf", "apd90_ms"):
        exact = getattr(fine, name)[-1]
        ratio = (getattr(whole, name)[-1] - exact) / (getattr(half, name)[-1] - exact)
        assert 1.5 < ratio < 3.0


@pytest.mark.parametrize(("name", "times_cmax", "qnet"), [("verapamil", 4.0, 0.0744), ("dofetilide", 4.0, 0.0437)])
def test_extrapolated_steady_state_is_that_of_600_plain_beats(name: str, times_cmax: float, qnet: float) -> None:
    """Values: our own kernel paced for 600 beats without extrapolation (0.0628 and 0.0561 after 60 beats)."""
    found = dosed("endo", 2000.0, name, times_cmax)
    assert found.settled
    assert found.beats < 200
    assert found.qnet_uc_uf == pytest.approx(qnet, rel=0.01)
    assert dosed("endo", 2000.0, name, times_cmax) is found


def test_ten_tusscher_steady_state_is_that_of_1500_plain_beats() -> None:
    """Our own kernel without extrapolation: 300.6 ms after 1500 beats (304.4 ms at beat 30)."""
    found = steady(TenTusscher("epi"), 1000.0)
    assert found.beats < 150
    assert found.apd90_ms == pytest.approx(300.6, rel=0.003)


def test_layers_and_a_drug_on_them() -> None:
    """At 1 Hz mid-myocardium repolarises last and epicardium first; an IKr blocker lengthens every layer."""
    plain = layer_durations_ms(1000.0)
    blocked = layer_durations_ms(1000.0, drug("cisapride").at_cmax(1.0))
    assert plain["epi"] < plain["endo"] < plain["mid"]
    assert all(blocked[layer] > plain[layer] + 5.0 for layer in plain)


@pytest.mark.parametrize("potassium_mm", [4.0, 5.4, 7.0])
def test_the_cell_rests_near_the_potassium_equilibrium(potassium_mm: float) -> None:
    paced = pace(OHaraCiPA(potassium_mm=potassium_mm), 1000.0, 5)
    equilibrium_mv = 26.71 * np.log(potassium_mm / paced.state[3])
    assert paced.rest_mv[-1] == pytest.approx(equilibrium_mv, abs=3.0)


def test_low_potassium_lengthens_and_high_potassium_shortens() -> None:
    low, normal, high = (pace(OHaraCiPA(potassium_mm=mm), 1000.0, 10).apd90_ms[-1] for mm in (4.0, 5.4, 7.0))
    assert low > normal + 10.0 > high + 20.0


def test_extrapolation_finds_the_fixed_point_of_a_linear_map() -> None:
    matrix = np.diag([0.99, 0.9, 0.5, 0.1])
    states = [np.zeros(4)]
    for _ in range(5):
        states.append(matrix @ states[-1] + 1.0)
    found = extrapolate(np.array([[-80.0, *(state / 1000.0 + 1.0)] for state in states]))
    assert found is not None
    assert found[1:] == pytest.approx(1.0 + 0.001 / (1.0 - np.diag(matrix)), rel=1e-3)


def test_a_cell_that_cannot_follow_is_not_called_settled() -> None:
    """Quinidine at 4 x Cmax skips beats at 2 s (the published C model: APD90 209 ms after 1418 ms at 3 x Cmax)."""
    assert not dosed("endo", 2000.0, "quinidine", 4.0, 60).settled


def test_a_weak_stimulus_does_not_fire() -> None:
    paced = pace(OHaraCiPA(), 1000.0, 1, stimulus_scale=0.1)
    assert np.isnan(paced.apd90_ms[0])
    assert paced.peak_mv[0] < -60.0


@pytest.mark.parametrize(
    "ask",
    [
        lambda: pace(OHaraCiPA(), 10.0, 1),
        lambda: pace(OHaraCiPA(), 1000.0, 0),
        lambda: pace(OHaraCiPA(), 1000.0, 1, step_scale=10.0),
        lambda: pace(OHaraCiPA(), 1000.0, 1, state=np.zeros(3)),
        lambda: pace(OHaraCiPA(potassium_mm=40.0), 1000.0, 1),
        lambda: pace(TenTusscher("epi", sodium=-1.0), 1000.0, 1),
        lambda: pace(TenTusscher("epi", calcium=float("nan")), 1000.0, 1),
        lambda: drug("water"),
        lambda: drug("quinidine").effect(-1.0),
    ],
)
def test_absurd_values_are_refused(ask: object) -> None:
    with pytest.raises(EngineError):
        ask()  # type: ignore[operator]
