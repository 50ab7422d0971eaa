"""States of the ventricles as a cardiologist reads them off the twelve leads, on three hearts.

Criteria: Surawicz et al., AHA/ACCF/HRS recommendations part III, Circulation 119:e235 (2009); axis and Q waves as in
textbooks. The ideal heart lies flat, the demo heart points forwards, the template between: their axes differ as
people's do, so blocks are judged by how far they turn the axis as well as by where it ends.
"""

from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import OrganMesh, Quantity, Setup
from twinviewer.engines.beat.electrical import Activation, activate
from twinviewer.organs.heart.build import build, wall_fields
from twinviewer.organs.heart.conduction import stimuli
from twinviewer.organs.heart.demo.anatomy import demo_labels
from twinviewer.organs.heart.landmarks import axis_and_apex
from twinviewer.organs.heart.scar import TERRITORIES, scar_of_segments
from twinviewer.organs.heart.setup import POPULATION
from twinviewer.organs.heart.template.shape import template
from twinviewer.physics.ecg_measure import measure
from twinviewer.physics.ecg_waves import Waves, waves

SPEEDS = {
    "heart_rate_bpm": 70.0, "conduction_fibre_m_s": 0.6, "conduction_cross_m_s": 0.3,
    "conduction_endocardial_m_s": POPULATION["conduction_endocardial_m_s"][0],
}  # fmt: skip
HEARTS = ["ideal", "template", pytest.param("demo", marks=pytest.mark.slow)]
ONSET_MS = 160.0


def template_heart() -> OrganMesh:
    """The unfitted template with its fields; no atria."""
    shape, faces = template(), template().faces
    left = np.zeros(len(shape.points_mm), bool)
    left[shape.tets[~shape.right]] = True
    inner = faces.every[faces.rv]
    axis, landmarks = axis_and_apex(shape.points_mm, faces, inner[left[inner].all(axis=1)])
    points, cells = wall_fields(
        shape.points_mm, shape.tets, faces, shape.right, axis, landmarks, lambda *_: None, shape.coordinates
    )
    surfaces = {"lv_endocardium": faces.every[faces.lv], "rv_endocardium": faces.every[faces.rv]}
    count = len(shape.points_mm)
    return OrganMesh(
        "heart", shape.points_mm, shape.tets, surfaces, points, cells, landmarks, count, "template", "test"
    )


@lru_cache(maxsize=3)
def heart(which: str) -> OrganMesh:
    return {"ideal": lambda: ideal_heart(2.0), "template": template_heart, "demo": lambda: build(demo_labels())}[
        which
    ]()


@lru_cache(maxsize=48)
def beat(which: str, state: str, scar: str = "none", depth: float = 1.0, electrodes_up_mm: float = 0.0) -> Activation:
    mesh = heart(which)
    found, layer, _ = stimuli(mesh, state, ONSET_MS)
    tissue = {"fast_layer": layer}
    if scar != "none":
        tissue["conduction_scale"] = scar_of_segments(mesh, dict.fromkeys(TERRITORIES[scar], depth)).conduction_scale
    values = SPEEDS | {"electrodes_up_mm": electrodes_up_mm}
    return activate(Setup(mesh, {n: Quantity(v, "", "assumed", "test") for n, v in values.items()}, found, tissue))


def value(activation: Activation, name: str) -> float:
    return activation.metrics[name].value


def leads(activation: Activation) -> dict[str, Waves]:
    end = ONSET_MS + value(activation, "qrs_ms")
    return {name: waves(trace.values, ONSET_MS - 4.0, end) for name, trace in activation.ecg.items()}


def t_mv(activation: Activation, name: str) -> float:
    """Largest deflection after QRS, from the level before it."""
    trace = activation.ecg[name].values - activation.ecg[name].values[155]
    after = trace[round(ONSET_MS + value(activation, "qrs_ms") + 40.0) : 640]
    return float(after[np.abs(after).argmax()])


@pytest.mark.parametrize("which", HEARTS)
def test_normal(which: str) -> None:
    normal = beat(which, "normal")
    read = leads(normal)
    assert 75 <= value(normal, "qrs_ms") <= 110 and -30 <= value(normal, "qrs_axis_deg") <= 90
    chest = [read[f"V{k}"] for k in range(1, 7)]
    assert chest[0].s_mv > chest[0].r_mv and chest[1].s_mv > chest[1].r_mv > 0.1  # rS
    assert chest[4].r_mv > chest[4].s_mv and chest[5].r_mv > chest[5].s_mv  # R beyond the transition
    share = [w.r_mv / (w.r_mv + w.s_mv) for w in chest[:5]]
    assert share[0] < share[2] < share[4] and share[1] < share[3]  # R gains from V1 to V5
    assert 0.0 < read["V6"].q_mv < 0.35 * read["V6"].r_mv and read["V6"].q_ms < 40.0  # septal q
    assert read["aVR"].net_mv < 0.0 < read["II"].net_mv


@pytest.mark.parametrize("which", HEARTS)
def test_normal_repolarisation(which: str) -> None:
    normal = beat(which, "normal")
    assert 340 <= value(normal, "qt_ms") <= 440 and 360 <= value(normal, "qtc_ms") <= 450
    for name in ("I", "II", "V3", "V4", "V5", "V6"):
        assert 0.05 < t_mv(normal, name) < 1.2, name
    assert t_mv(normal, "aVR") < -0.05
    later = normal.recovery_ms - normal.activation_ms
    wall = heart(which).wall_points
    assert np.isfinite(later[:wall]).all() and 200.0 < later[:wall].min() < later[:wall].max() < 400.0


@pytest.mark.parametrize("which", HEARTS)
def test_left_bundle_branch_block(which: str) -> None:
    block = beat(which, "lbbb")
    read = leads(block)
    assert 130 <= value(block, "qrs_ms") <= 210
    for name in ("I", "V5", "V6"):  # broad R without q
        assert read[name].r_mv > 0.3 and read[name].r_ms > 100.0 and read[name].q_mv < 0.05, name
    # notched or slurred in at least two lateral leads (Strauss et al., Am J Cardiol 107:927, 2011)
    if which != "ideal":  # whose even ellipsoid gives an even dome
        assert sum(read[name].notched for name in ("I", "aVL", "V5", "V6")) >= 2
    for name in ("V1", "V2"):  # rS or QS
        assert max(read[name].q_mv, read[name].s_mv) > 0.8 and read[name].r_mv < 0.45, name
    assert value(block, "septal_lateral_delay_ms") > 60
    # the T wave opposes a wide QRS
    assert t_mv(block, "V6") < -0.1 and t_mv(block, "V1") > 0.3 and t_mv(block, "V2") > 0.3


@pytest.mark.parametrize("which", HEARTS)
def test_the_septum_is_crossed_from_right_to_left_before_the_lateral_wall(which: str) -> None:
    """Transseptal conduction takes 40 ms and more, the lateral wall is last (Auricchio et al., Circulation 109:1133,
    2004; Vassallo et al., Circulation 69:914, 1984)."""
    mesh, block = heart(which), beat(which, "lbbb")
    times = block.activation_ms - ONSET_MS
    left = np.unique(mesh.surfaces["lv_endocardium"])
    segment = np.asarray(mesh.point_fields["aha_segment"])[left]
    septal = times[left][np.isin(segment, (8, 9, 14))]
    lateral = times[left][np.isin(segment, (5, 6, 11, 12))]
    assert 20.0 < septal.min() < 60.0
    assert np.median(lateral) > np.median(septal) + 40.0


@pytest.mark.parametrize("which", HEARTS)
def test_right_bundle_branch_block(which: str) -> None:
    normal, block = beat(which, "normal"), beat(which, "rbbb")
    read = leads(block)
    assert value(block, "qrs_ms") >= 120
    assert value(block, "lv_activation_ms") == pytest.approx(value(normal, "lv_activation_ms"), abs=6)
    assert read["V1"].r_mv > 0.1 and read["V1"].r2_mv > 0.2 and read["V1"].s_mv > 0.05  # rSR'
    for name in ("I", "V6"):  # a broad S: 40 ms and more below the line at the end of QRS
        trace = block.ecg[name].values - block.ecg[name].values[156]
        end = round(ONSET_MS + value(block, "qrs_ms"))
        assert read[name].s_mv > 0.15, name
        assert np.count_nonzero(trace[end - 80 : end] < -0.03) >= 40, name


@pytest.mark.parametrize("which", HEARTS)
def test_left_anterior_fascicular_block(which: str) -> None:
    normal, block = beat(which, "normal"), beat(which, "lafb")
    read = leads(block)
    axis = value(block, "qrs_axis_deg")
    assert -90 <= axis <= -20 and axis < value(normal, "qrs_axis_deg") - 40
    assert value(block, "qrs_ms") < 120 and 0 <= value(block, "qrs_ms") - value(normal, "qrs_ms") <= 20
    assert read["aVL"].q_mv > 0.03 and read["aVL"].r_mv > 2 * read["aVL"].q_mv  # qR
    assert 0.03 < read["III"].r_mv < read["III"].s_mv and 0.03 < read["aVF"].r_mv < read["aVF"].s_mv + 0.15  # rS


@pytest.mark.parametrize("which", HEARTS)
def test_left_posterior_fascicular_block(which: str) -> None:
    normal, block = beat(which, "normal"), beat(which, "lpfb")
    read = leads(block)
    axis = value(block, "qrs_axis_deg")
    assert axis > value(normal, "qrs_axis_deg") + 15 and axis <= 120
    assert axis > (40 if which == "ideal" else 80)
    assert value(block, "qrs_ms") < 120 and value(block, "qrs_ms") - value(normal, "qrs_ms") <= 20
    assert read["III"].q_mv > 0.03 and read["III"].r_mv > read["III"].q_mv * 0.8  # qR
    assert read["aVL"].r_mv > 0.05 and read["III"].r_mv > leads(normal)["III"].r_mv


@pytest.mark.parametrize("which", HEARTS)
@pytest.mark.parametrize(("scar", "seen"), [("rca_inferior", ("III", "aVF")), ("lcx_lateral", ("V5", "V6"))])
def test_an_infarct_leaves_pathological_q_waves_over_its_territory(
    which: str, scar: str, seen: tuple[str, ...]
) -> None:
    """Q of 30 ms and 0.1 mV or more in two neighbouring leads (Thygesen et al., Circulation 138:e618, 2018)."""
    normal, infarct = beat(which, "normal"), beat(which, "normal", scar)
    before, after = leads(normal), leads(infarct)
    for name in seen:
        assert after[name].q_ms >= 30.0 and after[name].q_mv >= 0.1, name
        assert after[name].q_mv / max(after[name].r_mv, 0.01) > before[name].q_mv / max(before[name].r_mv, 0.01), name
    assert value(infarct, "qrs_ms") >= value(normal, "qrs_ms") - 3.0


@pytest.mark.parametrize("which", HEARTS)
def test_an_anterior_infarct_takes_the_chest_leads_r_waves(which: str) -> None:
    before, after = leads(beat(which, "normal")), leads(beat(which, "normal", "lad_extensive"))
    for name in ("V3", "V4"):
        assert after[name].r_mv < 0.7 * before[name].r_mv, name
    assert max(after[name].q_mv / max(after[name].r_mv, 0.01) for name in ("V3", "V4", "I", "aVL")) > 0.25


def test_electrodes_placed_high_show_less_r_and_a_more_negative_p() -> None:
    """V1 and V2 one or two spaces high: smaller r, as after a septal infarct, and P negative at its end, as with a
    large left atrium (Garcia-Niebla et al., Europace 11:1248, 2009). In a heart that points forwards r stays."""
    usual, high = (beat("ideal", "normal", electrodes_up_mm=up) for up in (0.0, 50.0))
    for name in ("V1", "V2"):
        assert leads(high)[name].r_mv < 0.85 * leads(usual)[name].r_mv, name
        p_before, p_after = (shown.ecg[name].values[:140] for shown in (usual, high))
        assert p_after.min() < p_before.min() and p_after.max() < 0.8 * p_before.max()
    assert leads(high)["II"].r_mv == pytest.approx(leads(usual)["II"].r_mv)


def test_a_measure_of_the_whole_trace_finds_the_pr_interval() -> None:
    trace = {name: t.values[:-1] for name, t in beat("ideal", "normal").ecg.items()}
    found = measure(trace)
    assert found.pr_ms == pytest.approx(ONSET_MS, abs=15.0)
    assert found.qrs_ms == pytest.approx(value(beat("ideal", "normal"), "qrs_ms"), abs=6.0)


def test_longer_action_potentials_lengthen_qt_and_nothing_else() -> None:
    mesh = heart("ideal")
    found, layer, _ = stimuli(mesh, "normal", ONSET_MS)
    values = SPEEDS | {f"apd_{name}_scale": 1.1 for name in ("endo", "mid", "epi")}
    parameters = {n: Quantity(v, "", "assumed", "test") for n, v in values.items()}
    longer = activate(Setup(mesh, parameters, found, {"fast_layer": layer}))
    normal = beat("ideal", "normal")
    assert 20.0 < value(longer, "qt_ms") - value(normal, "qt_ms") < 45.0  # a tenth of 300 ms
    assert value(longer, "qrs_ms") == pytest.approx(value(normal, "qrs_ms"), abs=1.0)
