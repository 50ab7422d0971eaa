"""A comparison in words: computed numbers only, what changed most first, and never a recommendation."""

from twinviewer.domain import Delta
from twinviewer.session.finding import ALL, GROUPS, MOST, group_of_metric, listed, sentence, size_of
from twinviewer.session.metric_names import METRICS

CRT = (
    Delta("qrs_ms", "ms", 154.0, 130.0),
    Delta("lv_ef_percent", "%", 28.81, 29.1, -0.6, 1.2),
    Delta("lv_dpdt_max_mmhg_s", "mmHg/s", 925.0, 1045.0),
    Delta("mitral_regurgitant_percent", "%", 0.0, 0.0),
    Delta("aortic_gradient_mean_mmhg", "mmHg", 1.07, 1.15),
)


def test_the_sentence_repeats_the_computed_numbers():
    assert sentence("CRT", CRT) == (
        "CRT: QRS 154 → 130 ms, LV EF 28.8 → 29.1 % (cannot be told apart), dP/dt max +13 %."
    )
    assert sentence("CRT", CRT, "Dobutamine").startswith("CRT against Dobutamine: ")


def test_the_control_is_the_same_in_all_numbers():
    control = tuple(Delta(d.name, d.unit, d.baseline, d.baseline) for d in CRT)
    assert sentence("Control", control) == "Control: the same in all 5 numbers."
    assert listed([control], MOST) == ("qrs_ms", "lv_ef_percent", "lv_dpdt_max_mmhg_s")
    assert len(listed([control], ALL)) == 5


def test_the_ejection_fraction_is_told_even_when_it_stays():
    still = (Delta("qrs_ms", "ms", 154.0, 130.0), Delta("lv_ef_percent", "%", 28.81, 28.82))
    assert "LV EF 28.8 %, the same" in sentence("CRT", still)


def test_what_changed_most_comes_first_and_a_share_of_nothing_is_no_great_change():
    assert listed([CRT], MOST)[0] == "qrs_ms"
    assert size_of(Delta("aortic_gradient_mean_mmhg", "mmHg", 1.0, 1.5)) < size_of(CRT[0])
    two = [CRT, (Delta("qrs_ms", "ms", 154.0, 153.0), Delta("lv_dpdt_max_mmhg_s", "mmHg/s", 925.0, 1900.0))]
    assert listed(two, MOST)[0] == "lv_dpdt_max_mmhg_s"  # the largest of all scenarios counts


def test_every_group_is_one_of_those_offered():
    assert {group_of_metric(name) for name in METRICS} <= set(GROUPS)
    assert group_of_metric("qtc_ms") == group_of_metric("lv_activation_ms") == "Electrical"
    assert group_of_metric("stroke_work_mmhg_ml") == "Work"
    assert group_of_metric("mean_arterial_mmhg") == "Pressures"
    assert group_of_metric("lv_ef_percent") == "Pump"
    assert group_of_metric("aortic_gradient_mean_mmhg") == "Valves"


def test_nothing_is_recommended():
    assert "recommend" not in sentence("CRT", CRT).lower()
