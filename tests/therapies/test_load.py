"""Load, rate and contractility: nothing changes by default, and the heart answers as physiology has it."""

import pytest
from ideal_patient import ideal_patient

from twinviewer.domain import Metric, Quantity, Setup, Therapy, TherapyError
from twinviewer.engines.beat import ENGINE
from twinviewer.therapies.load import THERAPY


def baseline() -> Setup:
    return ideal_patient()


def beat(**values: float) -> dict[str, float]:
    """Metrics of one steady beat with these sliders."""
    run = ENGINE.run(THERAPY.apply(baseline(), values))
    return {p.name: p.quantity.value for p in run if isinstance(p, Metric)}


def test_is_a_therapy_that_by_default_changes_nothing() -> None:
    assert isinstance(THERAPY, Therapy)
    assert THERAPY.apply(baseline(), {}) is baseline()


def test_each_slider_edits_its_own_parameters_only() -> None:
    before = baseline().parameters
    after = THERAPY.apply(baseline(), {"contractility_percent": 150.0, "blood_volume_ml": 200.0}).parameters
    assert after["contractility_lv_kpa"].value == pytest.approx(1.5 * before["contractility_lv_kpa"].value)
    assert after["stressed_volume_ml"].value == pytest.approx(before["stressed_volume_ml"].value + 200.0)
    changed = {name for name in before if after[name].value != before[name].value}
    assert changed == {"contractility_lv_kpa", "contractility_rv_kpa", "stressed_volume_ml"}
    assert after["contractility_lv_kpa"].origin == "chosen" and "150 %" in after["contractility_lv_kpa"].source


def test_more_blood_than_there_is_cannot_be_taken() -> None:
    held = baseline().with_parameter("stressed_volume_ml", Quantity(600.0, "mL", "assumed", "test"))
    with pytest.raises(TherapyError, match="cannot be taken") as caught:
        THERAPY.apply(held, {"blood_volume_ml": -500.0})
    assert "600" in str(caught.value)
    with pytest.raises(TherapyError):
        THERAPY.apply(held, {"rate_percent": 10.0})


@pytest.mark.slow
def test_the_heart_answers_as_physiology_has_it() -> None:
    """Starling: filled more, it ejects more. Against more resistance it ejects less at a higher pressure. Stronger, it
    empties further and faster."""
    usual = beat()
    filled, tight = beat(blood_volume_ml=300.0), beat(systemic_resistance_percent=150.0)
    strong, fast = beat(contractility_percent=120.0), beat(rate_percent=140.0)
    assert (
        filled["lv_edv_ml"] > usual["lv_edv_ml"] and filled["lv_stroke_volume_ml"] > 1.03 * usual["lv_stroke_volume_ml"]
    )
    assert tight["mean_arterial_mmhg"] > 1.1 * usual["mean_arterial_mmhg"]
    assert tight["lv_stroke_volume_ml"] < usual["lv_stroke_volume_ml"] and tight["lv_esv_ml"] > usual["lv_esv_ml"]
    assert strong["lv_esv_ml"] < usual["lv_esv_ml"]
    assert strong["lv_dpdt_max_mmhg_s"] > 1.1 * usual["lv_dpdt_max_mmhg_s"]
    assert fast["lv_edv_ml"] < usual["lv_edv_ml"] and fast["cardiac_output_l_min"] > usual["cardiac_output_l_min"]
