"""A change drops what rested on it; undo and redo walk through Cases that share arrays."""

import fake_twin
import pytest

from twinviewer.domain import ImageWarning, SegmentationError
from twinviewer.session import scenarios, steps
from twinviewer.session.case import STEPS, Case, step_states
from twinviewer.session.history import History


def test_every_step_of_an_empty_case_says_what_comes_first() -> None:
    states = step_states(Case())
    assert tuple(states) == STEPS
    assert all(state.state == "not_yet" and state.why for state in states.values())


def test_a_finished_case_is_ready_everywhere(finished: Case) -> None:
    assert {state.state for state in step_states(finished).values()} == {"ready"}


def test_new_labels_drop_mesh_measurements_and_runs_and_say_so(finished: Case) -> None:
    assert finished.labels is not None
    changed = steps.accept_segmentation(
        finished, fake_twin.FakeOrgan().segment(fake_twin.volume(), lambda f, t: None), "Paint"
    )
    assert changed.mesh is None and changed.scenarios == () and dict(changed.measurements) == {}
    assert changed.image is finished.image
    states = step_states(changed)
    assert states["Model"].state == "not_yet" and "Paint" in states["Model"].why
    assert states["Compare"].state == "not_yet"
    rebuilt = steps.build(changed)
    assert step_states(rebuilt)["Model"].state == "ready"


def test_opening_another_series_drops_the_old_image(finished: Case) -> None:
    other = steps.accept_image(finished, fake_twin.series("9.9"), (fake_twin.volume(250), "box", ""))
    assert other.labels is None and other.mesh is None and other.scenarios == ()
    assert other.series == finished.series


def test_working_and_warnings_show(opened: Case) -> None:
    warned = fake_twin.series(warnings=(ImageWarning("gap", "Two slices are missing"),))
    case = steps.accept_image(opened.changed("x", series=(warned,)), warned, (fake_twin.volume(), "box", ""))
    assert step_states(case)["Import"].state == "needs_a_look"
    assert "missing" in step_states(case)["Import"].why
    assert step_states(case, {"Segment": "Thresholding"})["Segment"].state == "working"


def test_a_series_without_an_organ_says_why_and_refuses(fakes: None) -> None:
    case = steps.accept_scan(Case(), "x", (fake_twin.series(),))
    dark = fake_twin.volume(60)
    name, verdict = steps.suitable_organ(case.series[0], dark)
    case = steps.accept_image(case, case.series[0], (dark, name, verdict.reason))
    assert step_states(case)["Segment"].state == "needs_a_look"
    with pytest.raises(SegmentationError, match="cannot be told apart"):
        steps.segment(case)


def test_undo_and_redo_walk_the_cases_and_name_them(opened: Case) -> None:
    history = History(opened)
    segmented = history.push(steps.segment(opened))
    built = history.push(steps.build(segmented))
    assert history.undo_text == "Build model"
    assert history.undo() is segmented
    assert history.redo_text == "Build model"
    assert history.undo() is history.current and history.current.labels is None
    assert not history.can_undo
    history.redo()
    assert history.redo() is built and not history.can_redo
    assert built.labels is segmented.labels


def test_revisions_are_never_used_twice(opened: Case) -> None:
    history = History(opened)
    seen = {opened.revision}
    for _ in range(4):
        accepted = history.push(steps.segment(history.current))
        assert accepted.revision not in seen
        seen.add(accepted.revision)
        history.undo()


def test_history_forgets_the_oldest_and_what_was_undone(opened: Case) -> None:
    history = History(opened, length=3)
    for i in range(5):
        history.push(history.current.changed(f"step {i}"))
    assert len(history) == 3
    history.undo()
    history.push(history.current.changed("other way"))
    assert not history.can_redo and history.undo_text == "other way"


def test_a_prepared_baseline_keeps_treated_scenarios_as_plans(finished: Case) -> None:
    again = scenarios.prepare(finished, {"heart_rate_bpm": 90.0})
    assert [s.name for s in again.scenarios] == ["baseline", "dose"]
    assert all(scenario.run is None for scenario in again.scenarios)
    assert again.scenario("dose").setup.value("heart_rate_bpm") == 90.0
    assert "Not simulated" in step_states(again)["Simulate"].why
