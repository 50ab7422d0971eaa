"""Leads by coronary vein and quadripolar leads: where they lie, and what they do to a blocked heart."""

from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import ParameterValue, Quantity, Setup, TherapyError
from twinviewer.engines.beat.electrical import activate
from twinviewer.organs.heart.conduction import stimuli
from twinviewer.therapies.crt import THERAPY
from twinviewer.therapies.crt.veins import BEHIND_TIP_MM, LEVELS, SHARES, free_wall, lead_nodes, vein_site

VEIN = next(p for p in THERAPY.parameters if p.name == "lv_lead_vein")
SITES = [c.key for c in VEIN.choices if c.key != "none"]


NUMBERS = (
    ("heart_rate_bpm", 70.0, "bpm"),
    ("conduction_fibre_m_s", 0.6, "m/s"),
    ("conduction_cross_m_s", 0.3, "m/s"),
    ("conduction_endocardial_m_s", 2.0, "m/s"),
)


@lru_cache(maxsize=2)
def own(state: str) -> Setup:
    mesh = ideal_heart(2.0)
    found, layer, _ = stimuli(mesh, state, 160.0)
    speeds = {name: Quantity(value, unit, "population", "test") for name, value, unit in NUMBERS}
    return Setup(mesh, speeds, found, {"fast_layer": layer})


def measured(state: str, **values: ParameterValue) -> dict[str, float]:
    return {name: q.value for name, q in activate(THERAPY.apply(own(state), values)).metrics.items()}


def untreated(state: str) -> dict[str, float]:
    return {name: q.value for name, q in activate(own(state)).metrics.items()}


def leads(**values: ParameterValue) -> dict[str, int]:
    return {s.name: s.node for s in THERAPY.apply(own("lbbb"), values).stimuli}


def test_all_sites_are_declared_and_marked_as_not_this_patients() -> None:
    assert {f"{vein}_{level}" for vein in SHARES for level in LEVELS} == set(SITES) and len(SITES) == 15
    assert "not this patient's vein" in VEIN.help and VEIN.pick == "lv_vein"
    notes = THERAPY.apply(own("lbbb"), {"lv_lead_vein": "lateral_mid"}).notes
    assert any("typical course" in note for note in notes)


@pytest.mark.parametrize("site", SITES)
def test_each_site_lies_outside_on_the_free_wall_in_its_third(site: str) -> None:
    mesh = own("lbbb").mesh
    node = vein_site(mesh, site)
    height = float(mesh.point_fields["apicobasal"][node])
    thirds = {"apical": (0.0, 1 / 3), "mid": (1 / 3, 2 / 3), "basal": (2 / 3, 1.0)}
    low, high = thirds[site.rpartition("_")[2]]
    assert low < height < high and node in np.unique(mesh.surfaces["epicardium"])
    assert mesh.point_fields["aha_segment"][node] not in (0, 2, 3, 8, 9, 14)


def test_veins_go_round_from_the_anterior_to_the_posterior_groove() -> None:
    """The grooves stand where the free walls meet; at mid height AHA 7, 12, 11, 10 in this order."""
    mesh = own("lbbb").mesh
    turn = [np.mod(float(mesh.point_fields["rotational_rad"][vein_site(mesh, f"{v}_mid")]), 2 * np.pi) for v in SHARES]
    assert (np.diff(turn) > np.radians(15.0)).all()
    segments = [int(mesh.point_fields["aha_segment"][vein_site(mesh, f"{v}_mid")]) for v in SHARES]
    assert segments[0] == 7 and segments[2] in (11, 12) and segments[-1] == 10
    right = mesh.points_mm[np.flatnonzero(np.asarray(mesh.point_fields["rv_segment"]) == 2)]
    off = {v: np.linalg.norm(right - mesh.points_mm[vein_site(mesh, f"{v}_mid")], axis=1).min() for v in SHARES}
    assert off["anterior"] < 15.0 and off["posterior"] < 15.0 and off["lateral"] > 30.0


def test_rings_lie_behind_the_tip_as_on_the_lead() -> None:
    """Along the wall the electrodes are 20, 30 and 47 mm from the tip; as the crow flies a little less."""
    mesh = own("lbbb").mesh
    tip = vein_site(mesh, "lateral_apical")
    nodes = lead_nodes(mesh, tip, "lateral", tuple(BEHIND_TIP_MM))
    assert nodes[0] == tip
    height = [float(mesh.point_fields["apicobasal"][n]) for n in nodes]
    assert height == sorted(height)
    for (name, behind_mm), node in zip(BEHIND_TIP_MM.items(), nodes, strict=True):
        straight_mm = float(np.linalg.norm(mesh.points_mm[node] - mesh.points_mm[tip]))
        assert 0.8 * behind_mm - 3.0 <= straight_mm <= behind_mm + 3.0, name
    gap_mm = float(np.linalg.norm(mesh.points_mm[nodes[3]] - mesh.points_mm[nodes[1]]))
    assert 27.0 * 0.8 - 3.0 < gap_mm < 27.0 + 3.0


def test_a_block_gains_most_from_a_posterolateral_or_lateral_vein() -> None:
    before = untreated("lbbb")["qrs_ms"]
    gain = {v: before - measured("lbbb", lv_lead_vein=f"{v}_basal")["qrs_ms"] for v in SHARES}
    septal = before - measured("lbbb", lv_lead="AHA9")["qrs_ms"]
    assert gain["posterolateral"] > 10.0 and gain["posterolateral"] > septal + 10.0
    assert max(gain, key=lambda v: gain[v]) in ("anterolateral", "lateral", "posterolateral")
    apical = before - measured("lbbb", lv_lead_vein="posterolateral_apical")["qrs_ms"]
    assert apical < gain["posterolateral"]  # an apical place does worse (MADIT-CRT)


def test_a_second_electrode_of_the_lead_never_does_worse_than_the_best_alone() -> None:
    lead: dict[str, ParameterValue] = {"lv_lead_vein": "posterolateral_apical"}
    alone = {e: measured("lbbb", **lead, lv_electrode=e)["qrs_ms"] for e in BEHIND_TIP_MM}
    best = min(alone, key=lambda e: alone[e])
    for second in BEHIND_TIP_MM:
        if second != best:
            both = measured("lbbb", **lead, lv_electrode=best, lv_second=second)
            assert both["qrs_ms"] <= alone[best] + 1.0  # the ECG is sampled at 1 ms


def test_right_pacing_alone_is_worse_than_a_narrow_qrs() -> None:
    assert measured("normal", pacing_mode="rv_only")["qrs_ms"] > untreated("normal")["qrs_ms"] + 15.0


def test_the_electrode_follows_a_clicked_point_before_the_vein_before_the_segment() -> None:
    mesh = own("lbbb").mesh
    node = vein_site(mesh, "lateral_mid")
    assert leads(lv_lead="AHA1", lv_lead_vein="lateral_mid")["LV lead"] == node
    other = vein_site(mesh, "posterior_mid")
    assert leads(lv_lead_vein="lateral_mid", lv_lead_node=other)["LV lead"] == other
    free = free_wall(mesh)
    assert free.share_of(node) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"lv_lead_vein": "lateral_basal", "lv_electrode": "P4"}, "coronary sinus"),
        ({"lv_lead": "AHA9", "lv_electrode": "D1"}, "free wall"),
        ({"lv_lead_vein": "lateral_apical", "lv_electrode": "M2", "lv_second": "M2"}, "the same"),
        ({"lv_lead_vein": "oblique_mid"}, "none of"),
    ],
)
def test_leads_that_cannot_be_are_refused_and_why(values: dict[str, ParameterValue], why: str) -> None:
    with pytest.raises(TherapyError, match=why):
        THERAPY.apply(own("lbbb"), values)
