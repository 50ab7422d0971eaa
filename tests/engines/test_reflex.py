"""A beta-blocker with and without the baroreflex, against what metoprolol did to healthy men."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import Progress, Quantity, Records, Setup
from twinviewer.engines.beat import ENGINE
from twinviewer.engines.beat.electrical import activation_times_ms
from twinviewer.engines.beat.mechanics import beating, walls_for
from twinviewer.engines.beat.metrics import metrics_of
from twinviewer.engines.beat.reflex import answered, is_on
from twinviewer.organs.heart.setup import setup
from twinviewer.physics.heart_model import patches_of
from twinviewer.therapies.beta_blocker import THERAPY


@lru_cache(maxsize=1)
def healthy_setup() -> Setup:
    found = {
        name: Quantity(value, unit, "measured", "test")
        for name, value, unit in (
            ("heart_rate_bpm", 72.0, "bpm"), ("systolic_mmhg", 115.0, "mmHg"), ("diastolic_mmhg", 70.0, "mmHg"),
        )
    }  # fmt: skip
    volumes = {f"lv_{name}_ml": Quantity(ml, "mL", "measured", "test") for name, ml in (("edv", 100.0), ("esv", 42.0))}
    return setup(ideal_heart(), volumes, Records(found, {}), {})


def with_reflex(on: float) -> Setup:
    return healthy_setup().with_parameter("baroreflex", Quantity(on, "", "chosen", "test"))


def treated(on: float) -> Setup:
    base = with_reflex(on)
    return replace(THERAPY.apply(base, {"metoprolol_mg_day": 100.0}), untreated=base)


def settled(asked: Setup) -> Setup:
    """The setup that the reflex makes of it."""
    steps = answered(asked)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: Setup = end.value
            return made


def numbers(asked: Setup) -> dict[str, float]:
    """What the engine says of a setup's steady beat, without moving a mesh."""
    made = settled(asked)
    patches, activation_ms = patches_of(made.mesh), activation_times_ms(made)
    *_, beat = beating(made, walls_for(made, patches, activation_ms))
    return {p.name: p.quantity.value for p in metrics_of(beat, patches, 1e-3 * np.nanmin(activation_ms), "test")}


def test_the_baseline_is_never_changed() -> None:
    assert not is_on(with_reflex(1.0)) and not is_on(treated(0.0)) and is_on(treated(1.0))


def test_metoprolol_lowers_pressure_as_in_healthy_men_and_by_more_without_reflex() -> None:
    # intravenous metoprolol, eight healthy men at rest: systolic pressure -7 to -10 mmHg, vascular resistance +14 %
    # (Scand J Clin Lab Invest 51:161, 1991, doi:10.1080/00365519109091103)
    base, off, on = (numbers(asked) for asked in (with_reflex(1.0), treated(0.0), treated(1.0)))
    systolic = "systolic_aortic_mmhg"
    assert 6.0 < base[systolic] - on[systolic] < 11.0
    assert off[systolic] < on[systolic] - 3.0
    tone = "vascular_resistance_mmhg_s_ml"
    assert on[tone] / base[tone] - 1.0 == pytest.approx(0.14, abs=0.06)
    assert abs(off[tone] / base[tone] - 1.0) < 0.04


def test_what_the_therapy_set_is_held_and_the_rest_moves() -> None:
    asked = treated(1.0)
    found = settled(asked)
    for name in ("heart_rate_bpm", "contractility_lv_kpa"):
        assert found.value(name) == asked.value(name)
    for name in ("systemic_resistance_mmhg_s_ml", "stressed_volume_ml"):
        assert found.value(name) > asked.value(name)
        assert "baroreflex" in found.parameters[name].source


def test_blood_loss_is_answered_by_rate_and_tone() -> None:
    base = with_reflex(1.0)
    blood = base.parameters["stressed_volume_ml"]
    bled = base.with_parameter("stressed_volume_ml", blood.with_value(0.85 * blood.value, "chosen", "test"))
    whole, found, alone = (numbers(asked) for asked in (base, replace(bled, untreated=base), bled))
    assert alone["mean_arterial_mmhg"] < found["mean_arterial_mmhg"] < whole["mean_arterial_mmhg"]
    assert found["heart_rate_bpm"] > alone["heart_rate_bpm"] + 2.0


def test_the_engine_asks_the_reflex_first() -> None:
    run = ENGINE.run(treated(1.0))
    first = [next(run) for _ in range(3)]
    run.close()
    assert any(isinstance(p, Progress) and "Baroreflex" in p.text for p in first)
