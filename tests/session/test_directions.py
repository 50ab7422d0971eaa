"""Which way is better: only where a source says so, only for patients like those of the source."""

import pytest

from twinviewer.domain import Delta, Quantity
from twinviewer.session.directions import BETTER, KINDS, WORSE, rules, verdict
from twinviewer.session.metric_names import METRICS


def patient(**values: float) -> dict[str, Quantity]:
    return {name: Quantity(value, "", "simulated", "test") for name, value in values.items()}


LBBB = patient(qrs_ms=160.0, lv_ef_percent=28.0, heart_rate_bpm=72.0)
SOUND = patient(qrs_ms=90.0, lv_ef_percent=60.0, heart_rate_bpm=72.0)


def word(delta: Delta, reference: dict[str, Quantity]) -> str:
    found = verdict(delta, reference)
    return "" if found is None else found.word


def test_every_rule_has_a_known_kind_a_known_metric_a_patient_and_a_source():
    for rule in rules():
        assert rule.kind in KINDS
        assert rule.metric in METRICS
        assert rule.who
        assert any(char.isdigit() for char in rule.source) and ";" in rule.source
        assert rule.kind in ("lower", "higher") or rule.limit > 0


def test_a_shorter_qrs_is_better_in_left_bundle_branch_block_and_says_nothing_of_a_sound_heart():
    shorter = Delta("qrs_ms", "ms", 160.0, 130.0)
    assert word(shorter, LBBB) == BETTER
    assert word(Delta("qrs_ms", "ms", 160.0, 190.0), LBBB) == WORSE
    assert word(Delta("qrs_ms", "ms", 90.0, 80.0), SOUND) == ""
    assert word(shorter, {}) == ""  # nothing known of the patient


@pytest.mark.parametrize(("other", "expected"), [(1090.0, ""), (1110.0, BETTER), (880.0, WORSE)])
def test_dpdt_counts_from_ten_percent_on(other: float, expected: str):
    assert word(Delta("lv_dpdt_max_mmhg_s", "mmHg/s", 1000.0, other), LBBB) == expected


def test_limits_speak_when_they_are_crossed():
    assert word(Delta("qtc_ms", "ms", 480.0, 510.0), SOUND) == WORSE
    assert word(Delta("qtc_ms", "ms", 510.0, 480.0), SOUND) == BETTER
    assert word(Delta("qtc_ms", "ms", 400.0, 440.0), SOUND) == ""
    assert word(Delta("qtc_ms", "ms", 400.0, 465.0), SOUND) == WORSE  # 60 ms and more
    assert word(Delta("mean_left_atrial_mmhg", "mmHg", 15.0, 20.0), SOUND) == WORSE
    assert word(Delta("mean_arterial_mmhg", "mmHg", 70.0, 60.0), SOUND) == WORSE


def test_what_cannot_be_told_apart_is_never_better():
    found = verdict(Delta("qrs_ms", "ms", 160.0, 150.0, -25.0, 5.0), LBBB)
    assert found is None
    sure = verdict(Delta("qrs_ms", "ms", 160.0, 130.0, -38.0, -22.0), LBBB)
    assert sure is not None and sure.sure
    unsure = verdict(Delta("qrs_ms", "ms", 160.0, 130.0), LBBB)
    assert unsure is not None and not unsure.sure


def test_no_change_and_no_rule_say_nothing():
    assert word(Delta("qrs_ms", "ms", 160.0, 160.0), LBBB) == ""
    assert word(Delta("qrs_axis_deg", "deg", 20.0, 60.0), LBBB) == ""


def test_an_ejection_fraction_that_moves_less_than_its_repeat_measurement_is_not_better():
    assert word(Delta("lv_ef_percent", "%", 28.8, 29.1), LBBB) == ""
    assert word(Delta("lv_ef_percent", "%", 28.8, 37.7), LBBB) == BETTER


def test_what_was_not_read_in_its_source_says_so():
    assert all(rule.checked or "not verified yet" in rule.said for rule in rules())
