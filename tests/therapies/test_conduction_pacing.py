"""Pacing beyond a block: the branches conduct again, as QRS durations of patients show."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import ParameterValue, Quantity, Setup, Therapy, TherapyError
from twinviewer.engines.beat.electrical import activate
from twinviewer.organs.heart.conduction import conduction_system, stimuli
from twinviewer.therapies.conduction_pacing import LEFT, RIGHT, THERAPY, left_septal
from twinviewer.therapies.crt import THERAPY as CRT

SPEEDS = {
    "heart_rate_bpm": Quantity(70.0, "bpm", "population", "test"),
    "conduction_fibre_m_s": Quantity(0.6, "m/s", "population", "test"),
    "conduction_cross_m_s": Quantity(0.3, "m/s", "population", "test"),
    "conduction_endocardial_m_s": Quantity(2.0, "m/s", "population", "test"),
}


@lru_cache(maxsize=4)
def own(state: str) -> Setup:
    mesh = ideal_heart(2.0)
    found, layer, _ = stimuli(mesh, state, 180.0)
    entry_ms, whole = conduction_system(mesh)
    return Setup(mesh, SPEEDS, found, {"fast_layer": layer, "conduction_entry_ms": entry_ms, "conduction_layer": whole})


@lru_cache(maxsize=8)
def qrs_ms(state: str, place: str = "") -> float:
    setup = own(state) if not place else THERAPY.apply(own(state), {"place": place, "av_delay_ms": 80.0})
    return activate(setup).metrics["qrs_ms"].value


def test_is_a_therapy() -> None:
    assert isinstance(THERAPY, Therapy) and THERAPY.edits == {"stimuli", "conduction"}


def test_his_pacing_makes_a_blocked_heart_a_sound_one() -> None:
    assert qrs_ms("lbbb", "his") == pytest.approx(qrs_ms("normal"), abs=2)
    assert qrs_ms("lbbb") > qrs_ms("normal") + 30


def test_left_bundle_pacing_narrows_a_block_and_widens_a_sound_qrs() -> None:
    """170 to 126 and 98 to 121 ms in patients: -26 and +23 %."""
    assert 0.6 < qrs_ms("lbbb", "left_bundle") / qrs_ms("lbbb") < 0.9
    assert 1.0 < qrs_ms("normal", "left_bundle") / qrs_ms("normal") < 1.6
    two_leads = activate(CRT.apply(own("lbbb"), {})).metrics["qrs_ms"].value
    assert qrs_ms("lbbb", "left_bundle") < two_leads + 5  # no worse than two leads in muscle


def test_the_septum_alone_lies_between() -> None:
    assert qrs_ms("lbbb", "left_bundle") < qrs_ms("lbbb", "left_septum") <= qrs_ms("lbbb") + 2


def test_the_lead_ends_under_the_left_endocardium_of_the_septum() -> None:
    mesh = ideal_heart(2.0)
    node = left_septal(mesh)
    assert int(mesh.point_fields["aha_segment"][node]) in (2, 3, 8, 9) and mesh.point_fields["transmural"][node] <= 0.1


def test_only_what_it_is_about_is_changed_and_anew_each_time() -> None:
    first = THERAPY.apply(own("lbbb"), {})
    left = np.asarray(own("lbbb").tissue["conduction_layer"]) == LEFT
    right = np.asarray(own("lbbb").tissue["conduction_layer"]) == RIGHT
    assert (first.tissue["fast_layer"][left] == 1.0).all() and left.any()
    assert np.array_equal(first.tissue["fast_layer"][right], own("lbbb").tissue["fast_layer"][right])
    again = THERAPY.apply(first, {})
    assert [s.name for s in again.stimuli] == [s.name for s in first.stimuli]
    assert any("own conduction" in note for note in THERAPY.apply(own("normal"), {"av_delay_ms": 250.0}).notes)
    with pytest.raises(TherapyError, match="does not know"):
        THERAPY.apply(replace(own("lbbb"), tissue={}), {})


@pytest.mark.parametrize("values", [{"place": "apex"}, {"av_delay_ms": 10.0}])
def test_refuses_what_it_does_not_know(values: dict[str, ParameterValue]) -> None:
    with pytest.raises(TherapyError):
        THERAPY.apply(own("lbbb"), values)
