"""The list of therapies of a scenario: every edit has a name, and a run stays where what acts stays."""

from dataclasses import replace

import pytest

from twinviewer.domain import TherapyError
from twinviewer.session import scenarios, steps, store
from twinviewer.session import therapy_list as lists
from twinviewer.session.case import BASELINE, Case
from twinviewer.session.therapy_use import TherapyUse, in_force, use_names


def names(case: Case) -> list[str]:
    return [use.therapy for use in case.scenario("dose").therapies]


def test_each_edit_is_named_for_the_undo_menu(finished: Case) -> None:
    assert lists.notes_of(finished.scenario("dose")) == ()
    case = lists.add_therapy(finished, "dose", "dose", {"dose": 1.0})
    assert case.action == "Add Dose to Dose" and names(case) == ["dose", "dose"]
    assert case.scenario("dose").run is None and case.scenario("dose").label == "Dose + Dose"
    moved = lists.move_therapy(case, "dose", 1, 0)
    assert [use.values["dose"] for use in moved.scenario("dose").therapies] == [1.0, 0.5]
    off = lists.switch_therapy(case, "dose", 0, False)
    assert off.action == "Switch off Dose in Dose + Dose"
    changed = lists.change_therapy(off, "dose", 1, {"dose": 0.25})
    assert changed.action == "Dose: dose 0.25 1"
    removed = lists.remove_therapy(changed, "dose", 0)
    assert removed.action == "Remove Dose from Dose + Dose" and removed.scenario("dose").label == "Dose"


def test_what_is_off_does_not_act_and_keeps_its_values(finished: Case) -> None:
    baseline = finished.scenario(BASELINE).setup.value("contractility_1")
    case = lists.add_therapy(finished, "dose", "dose", {"dose": 1.0})
    assert case.scenario("dose").setup.value("contractility_1") == pytest.approx(baseline * 1.5 * 2.0)
    off = lists.switch_therapy(case, "dose", 1, False)
    assert off.scenario("dose").setup.value("contractility_1") == pytest.approx(baseline * 1.5)
    again = lists.switch_therapy(off, "dose", 1, True)
    assert again.scenario("dose").therapies[1].values["dose"] == 1.0


def test_a_run_outlives_edits_of_what_is_off(finished: Case) -> None:
    case = lists.add_therapy(finished, "dose", "dose")
    case = steps.simulate_all(lists.switch_therapy(case, "dose", 1, False))
    run = case.scenario("dose").run
    assert run is not None
    case = lists.change_therapy(case, "dose", 1, {"dose": 2.0})
    assert case.scenario("dose").run is run
    assert lists.remove_therapy(case, "dose", 1).scenario("dose").run is run
    assert lists.switch_therapy(case, "dose", 1, True).scenario("dose").run is None


def test_nothing_changed_is_no_step(finished: Case) -> None:
    scenario = finished.scenario("dose")
    assert lists.set_therapies(finished, "dose", scenario.therapies) is finished


def test_a_label_given_by_hand_stays(finished: Case) -> None:
    case = scenarios.rename_scenario(finished, "dose", "My plan")
    assert lists.add_therapy(case, "dose", "dose").scenario("dose").label == "My plan"


def test_places_that_are_not_there_and_the_baseline_are_refused(finished: Case) -> None:
    for broken in (
        lambda: lists.remove_therapy(finished, "dose", 3),
        lambda: lists.move_therapy(finished, "dose", 0, 1),
        lambda: lists.add_therapy(finished, BASELINE, "dose"),
    ):
        with pytest.raises(TherapyError):
            broken()


def test_the_second_use_is_addressed_by_its_number(finished: Case) -> None:
    given = {"dose.dose": 0.1, "dose_2.dose": 0.2, "dose_2.on": "off"}
    case = scenarios.add_scenario(finished, ["dose", "dose"], {"*": given})
    uses = case.scenario("dose+dose").therapies
    assert [(use.values["dose"], use.on) for use in uses] == [(0.1, True), (0.2, False)]
    assert use_names(["a", "b", "a"]) == ("a", "b", "a_2") and in_force(uses) == uses[:1]
    kept = scenarios.change_scenario(case, "dose+dose", {"dose.dose": 0.3}).scenario("dose+dose").therapies
    assert [(use.values["dose"], use.on) for use in kept] == [(0.3, True), (0.2, False)]


def test_a_file_of_before_opens_with_everything_on(finished: Case, tmp_path: object) -> None:
    from pathlib import Path

    from twinviewer.session import codec

    document, arrays = codec.encode(TherapyUse("dose", {"dose": 1.0}))
    assert document["fields"].pop("on") is True  # as files were written before therapies could be switched off
    assert codec.decode(document, lambda i: arrays[i]).on
    path = Path(str(tmp_path)) / "case.twin"
    off = lists.switch_therapy(finished, "dose", 0, False)
    store.save(off, path)
    back = store.load(path)
    assert not back.scenario("dose").therapies[0].on
    assert replace(back.scenario("dose").therapies[0], on=True).values == finished.scenario("dose").therapies[0].values


def test_a_scenario_of_drugs_is_called_by_the_drugs() -> None:
    uses = (TherapyUse("channel_drug", {"drug": "dofetilide"}), TherapyUse("channel_drug", {"drug": "mexiletine"}))
    assert scenarios.label_for(Case(), (*uses, TherapyUse("crt"))) == "Dofetilide + Mexiletine + CRT"
    other = (uses[0], replace(uses[1], values={"drug": "mexiletine", "dose_cmax": 2.0}))
    assert lists.difference("Mine", uses, other) == "Mexiletine: free concentration 2 x Cmax"
    assert lists.difference("Mine", uses, uses[:1]) == "Remove Mexiletine from Mine"
