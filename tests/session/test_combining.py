"""Therapies that meet in one scenario: found by what they write to a real heart's Setup, not by their names."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import Conflict, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.organs.heart.conduction import conduction_system, stimuli
from twinviewer.session import catalog, combining, scenarios
from twinviewer.session.therapy_use import TherapyUse

NUMBERS = {
    "heart_rate_bpm": (70.0, "bpm"),
    "contractility_lv_kpa": (60.0, "kPa"),
    "contractility_rv_kpa": (40.0, "kPa"),
    "systemic_resistance_mmhg_s_ml": (1.1, "mmHg s/mL"),
    "pulmonary_resistance_mmhg_s_ml": (0.1, "mmHg s/mL"),
    "stressed_volume_ml": (700.0, "mL"),
}


@lru_cache(maxsize=1)
def blocked() -> Setup:
    """A heart with left bundle branch block, all that therapies change, none of it fitted."""
    mesh = ideal_heart(2.0)
    found, layer, _ = stimuli(mesh, "lbbb", 180.0)
    entry_ms, whole = conduction_system(mesh)
    numbers = {name: Quantity(value, unit, "population", "test") for name, (value, unit) in NUMBERS.items()}
    tissue = {"fast_layer": layer, "conduction_entry_ms": entry_ms, "conduction_layer": whole}
    return Setup(mesh, numbers, found, tissue)


def use(name: str, on: bool = True, **values: ParameterValue) -> TherapyUse:
    (made,) = scenarios.use_therapies([name], values, "test")
    return replace(made, on=on)


def said(*uses: TherapyUse) -> list[tuple[str, tuple[int, ...], str]]:
    return [(one.kind, one.uses, one.text) for one in combining.conflicts(blocked(), uses, "beat")]


def test_one_therapy_meets_nothing() -> None:
    assert said(use("crt")) == [] and said() == []


def test_beta_blocker_and_dobutamine_pull_rate_and_force_opposite_ways() -> None:
    ((kind, places, text),) = [one for one in said(use("beta_blocker"), use("dobutamine")) if one[0] == "opposes"]
    assert places == (0, 1) and "heart rate" in text and "contractility" in text


def test_what_is_switched_off_meets_nothing_and_keeps_its_place() -> None:
    uses = (use("beta_blocker", on=False), use("crt"), use("dobutamine"))
    assert said(*uses) == []
    on = (replace(uses[0], on=True), *uses[1:])
    assert {one[1] for one in said(*on)} == {(0, 2)}


def test_the_same_pacemaker_twice_is_refused_and_why() -> None:
    ((kind, places, text),) = said(use("crt"), use("crt"))
    assert (kind, places) == ("impossible", (0, 1)) and "already" in text


def test_two_therapies_that_no_single_engine_answers() -> None:
    """Premature beats belong to the tissue engine, valves and resistances to the beat: each alone is answered."""
    found = said(use("programmed_stimulation"), use("noradrenaline"))
    assert found[0][0] == "impossible" and "No engine answers" in found[0][2]
    assert "Noradrenaline" in found[0][2]
    with pytest.raises(TherapyError, match="No engine answers"):
        scenarios.treat(blocked(), (use("programmed_stimulation"), use("noradrenaline")), "beat")


def test_programmed_stimulation_takes_the_place_of_leads() -> None:
    """It clears all stimuli: leads set before it are lost, leads set after it are not, and that is said."""
    after = said(use("crt"), use("programmed_stimulation"))
    assert any(kind == "overrides" and "CRT" in text for kind, _, text in after)
    assert any(kind == "order" for kind, _, _ in after)
    before = said(use("programmed_stimulation"), use("crt"))
    assert not any(kind == "overrides" for kind, _, _ in before)


def test_two_pacings_both_fire() -> None:
    """A left lead beside one in the left bundle's area (LOT-CRT) is one treatment: nothing is lost, all sites fire."""
    found = said(use("crt", pacing_mode="lv_only"), use("conduction_pacing"))
    assert [kind for kind, _, _ in found] == ["together"]


def test_ivabradine_after_a_beta_blocker_is_not_the_other_way_round() -> None:
    """Ivabradine slows a fast heart more: its effect depends on the rate that it meets. Commuting ones say nothing."""
    assert all(kind != "order" for kind, _, _ in said(use("nitroprusside"), use("noradrenaline")))
    first = (use("beta_blocker"), use("ivabradine"))
    setup = blocked()
    fast = setup.with_parameter("heart_rate_bpm", Quantity(90.0, "bpm", "measured", "test"))
    found = combining.conflicts(fast, first, "beat")
    both = scenarios.treat(fast, first, "beat").value("heart_rate_bpm")
    swapped = scenarios.treat(fast, first[::-1], "beat").value("heart_rate_bpm")
    told = [one.text for one in found if one.kind == "order"]
    assert abs(both - swapped) > 0.1 and len(told) == 1 and f"{swapped:.3g}" in told[0]


def test_what_meets_stands_in_the_notes_of_the_scenario() -> None:
    uses = (use("beta_blocker"), use("dobutamine"))
    setup = scenarios.treat(blocked(), uses, "beat")
    assert any("opposite ways" in note for note in setup.notes)
    off = scenarios.treat(blocked(), (uses[0], replace(uses[1], on=False)), "beat")
    assert not any("opposite ways" in note for note in off.notes)
    alone = scenarios.treat(blocked(), uses[:1], "beat")
    assert off.value("heart_rate_bpm") == alone.value("heart_rate_bpm")


def test_all_off_is_the_baseline() -> None:
    baseline = blocked()
    setup = scenarios.treat(baseline, (use("crt", on=False),), "beat")
    assert setup.stimuli == baseline.stimuli and setup.parameters == baseline.parameters


def test_this_hearts_own_limits_are_the_reason_that_is_given() -> None:
    """The ideal heart's valves are sound: neither a prosthesis nor a clip, whatever is chosen."""
    beat, setup = catalog.engine("beat"), blocked()
    for name, reason in (("aortic_valve", "neither narrow nor leaking"), ("mitral_clip", "does not leak")):
        verdict = combining.addable(catalog.therapy(name), beat, setup.mesh, setup)
        assert not verdict.ok and reason in verdict.reason
    narrow = setup.with_parameter("aortic_area_cm2", Quantity(0.8, "cm2", "measured", "test"))
    assert combining.addable(catalog.therapy("aortic_valve"), beat, setup.mesh, narrow).ok
    lesion = TherapyUse("valve_lesion", {"aortic_area_cm2": 0.8})  # in the list, it makes room for the prosthesis
    assert combining.addable(catalog.therapy("aortic_valve"), beat, setup.mesh, setup, (lesion,)).ok
    bare = replace(setup.mesh, cell_fields={})
    verdict = combining.addable(catalog.therapy("crt"), beat, bare)
    assert not verdict.ok and "fibre" in verdict.reason


def test_what_cannot_join_the_list_says_so() -> None:
    beat, setup = catalog.engine("beat"), blocked()
    verdict = combining.addable(catalog.therapy("crt"), beat, setup.mesh, setup, (use("crt"),))
    assert not verdict.ok and "already" in verdict.reason
    verdict = combining.addable(
        catalog.therapy("noradrenaline"), beat, setup.mesh, setup, (use("programmed_stimulation"),)
    )
    assert not verdict.ok and "No engine" in verdict.reason
    assert combining.addable(catalog.therapy("dobutamine"), beat, setup.mesh, setup, (use("beta_blocker"),)).ok


def test_one_pump_a_ventricle() -> None:
    """Impella and LVAD: the second cannot follow the first, and that is known before it is chosen."""
    found = said(use("impella"), use("lvad"))
    assert found[0][0] == "impossible" and "already" in found[0][2]
    beat, setup = catalog.engine("beat"), blocked()
    assert not combining.addable(catalog.therapy("lvad"), beat, setup.mesh, setup, (use("impella"),)).ok
    assert combining.addable(catalog.therapy("lvad"), beat, setup.mesh, setup).ok


def test_a_therapy_may_object_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Pump:
        name: str = "pump"
        label: str = "Pump"
        group: str = "Pacing"
        summary: str = "Through the aortic valve"
        edits: frozenset[str] = frozenset({"resistance"})
        parameters: tuple[()] = ()

        def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
            return setup

        def objections(
            self, values: Mapping[str, ParameterValue], others: list[tuple[str, Mapping[str, ParameterValue]]]
        ) -> list[Conflict]:
            met = any(name == "beta_blocker" for name, _ in others)
            return [Conflict("impossible", "No pump beside a beta blocker")] if met else []

    pump, own = Pump(), catalog.therapy
    monkeypatch.setattr(catalog, "therapy", lambda name: pump if name == "pump" else own(name))
    uses = (use("beta_blocker"), TherapyUse("pump"))
    found = combining.conflicts(blocked(), uses, "beat")
    assert combining.impossible(found) == "No pump beside a beta blocker" and found[0].uses == (0, 1)
    assert combining.impossible(combining.conflicts(blocked(), uses[1:], "beat")) == ""
