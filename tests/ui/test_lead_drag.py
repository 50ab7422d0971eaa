"""A lead drawn over the heart: answers come in order, none of values that are past; one run, one named step."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from twinviewer.domain import Field, Quantity, Setup, Stimulus, Trace
from twinviewer.session import scenarios, therapy_list, trying
from twinviewer.session.case import Case
from twinviewer.session.partial import Partial
from twinviewer.session.simulate import compute_run, setup_uid
from twinviewer.ui.lead_drag import lead_of, places

EXACT = "lv_lead_node"


def partial_of(uid: str, mesh: Any, qrs_ms: float) -> Partial:
    time_s = np.linspace(0.0, 0.8, 50)
    return Partial(
        uid,
        0.8,
        {"activation_ms": Field("activation_ms", "ms", np.full(len(mesh.points_mm), qrs_ms))},
        {"ecg_II": Trace("ecg_II", "mV", time_s, np.sin(time_s))},
        {"qrs_ms": Quantity(qrs_ms, "ms", "simulated", "test")},
    )


def _placed(setup: Setup, uses: Any, engine: str) -> Setup:
    """What CRT does, on a ball that has no segments to place a lead by."""
    return replace(setup, stimuli=(Stimulus("LV lead", int(uses[0].values[EXACT]), 0.0),))


class Workers:
    """In place of workers: keeps what is asked and answers when the test says so. The QRS is the lead's node."""

    def __init__(self, window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.window, self.tries, self.runs = window, [], []
        p = window.presenter
        monkeypatch.setattr(p, "look_up", self._look_up)
        monkeypatch.setattr(p, "submit", self._submit)
        monkeypatch.setattr(p, "runs", lambda name: bool(self.runs))
        monkeypatch.setattr(therapy_list, "treat", _placed)
        monkeypatch.setattr(scenarios, "engine_of", lambda case, scenario: "beat")

    def _look_up(self, function: Any, *arguments: Any, done: Any, failed: Any = None) -> None:
        if function is trying.compute_try:
            self.tries.append((round(arguments[2][0].values[EXACT]), done))

    def _submit(self, key: str, step: str, function: Any, *arguments: Any, done: Any, live: Any, **_: Any) -> None:
        assert function is compute_run
        self.runs.append((arguments[1], done, live))

    def answer(self) -> None:
        node, done = self.tries.pop(0)
        done(partial_of("a trial", self.window.presenter.case.mesh, float(node)))


@pytest.fixture
def dragged(window: Any, small_case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Workers]:
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    window.presenter.accept(small_case)
    window.playback.pause()
    window.choices.set(scenario="crt")
    return window, Workers(window, monkeypatch)


def mouse(window: Any, kind: QEvent.Type, node: int) -> None:
    from twinviewer.scene.pick import to_screen

    view = window.views.view3d
    pane = view.state.panes[0]
    points = pane.points_at(pane.own_time(window.playback.time_s))
    x, y = to_screen(view.stage.renderer(), points[node])[0] / view.interactor.devicePixelRatioF()
    place = QPointF(x, view.interactor.height() - 1 - y)
    left = Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
    QApplication.sendEvent(
        view.interactor,
        QMouseEvent(kind, place, view.interactor.mapToGlobal(place), left, held, Qt.KeyboardModifier.NoModifier),
    )


def shown_qrs(window: Any) -> float | None:
    run = window.coupling.case.scenario("crt").run
    return None if run is None else run.metrics["qrs_ms"].value


def seen_from_the_left(window: Any) -> list[int]:
    """Points of the wall that may carry a lead and are seen, the lead's own first."""
    window.views.view3d.look_from("left")
    case = window.presenter.case
    lead = lead_of(case.scenario("crt"))
    assert lead is not None
    allowed = places(case.mesh, case.scenario("crt").setup)
    away = np.linalg.norm(case.mesh.points_mm[allowed] - case.mesh.points_mm[lead.node], axis=1)
    facing = case.mesh.points_mm[allowed][:, 0] > 25.0
    return [lead.node, *(int(n) for n in allowed[facing][np.argsort(away[facing])][1:5])]


def test_a_drag_gives_one_run_of_the_last_place_and_one_named_step(dragged: tuple[Any, Workers], qtbot: Any) -> None:
    window, workers = dragged
    p, before = window.presenter, window.presenter.case
    scenario = before.scenario("crt")
    on_the_left = replace(scenario.setup, stimuli=(replace(scenario.setup.stimuli[0], node=101),))
    case = before.with_scenario(replace(scenario, setup=on_the_left), "test")
    p.accept(case)
    nodes = seen_from_the_left(window)
    mouse(window, QEvent.Type.MouseButtonPress, nodes[0])
    assert window.coupling.leads.holding
    for node in nodes[1:]:
        mouse(window, QEvent.Type.MouseMove, node)
    assert len(workers.tries) == 1  # the others wait, and only the newest of them is asked next
    assert p.history.undo_text == "test"  # nothing of it is in the Case
    workers.answer()
    first = shown_qrs(window)
    assert first in [float(n) for n in nodes[1:]]
    qtbot.waitUntil(lambda: bool(window.views.view3d.state.panes[0].note))  # said to be on its way
    assert len(workers.tries) == 1 and workers.tries[0][0] == window.coupling.leads._hand
    last = workers.tries[0][0]
    mouse(window, QEvent.Type.MouseButtonRelease, nodes[-1])
    assert p.history.undo_text == "Move LV lead" and p.case.scenario("crt").run is None
    assert shown_qrs(window) is None  # nothing is known yet of the place where the lead is now
    workers.answer()
    assert shown_qrs(window) == last
    QApplication.processEvents()
    assert len(workers.runs) == 1 and not workers.tries
    setup, done, live = workers.runs[0]
    assert setup.stimuli[0].node == last and p.case.scenario("crt").therapies[0].values[EXACT] == last

    from twinviewer.session import catalog

    live(partial_of(setup_uid(catalog.engine("beat"), setup), p.case.mesh, float(last)))
    assert shown_qrs(window) == last
    assert p.case.scenario("crt").run is None, "what is only told stays out of the Case"
    done(replace(before.scenario("crt").run, uid="moved"))
    workers.runs.clear()
    assert p.case.scenario("crt").run.uid == "moved" and window.coupling.case is p.case
    assert p.history.undo_text == "Move LV lead"  # the run belongs to the step
    p.undo()
    assert p.case.scenario("crt").run is before.scenario("crt").run


def test_answers_to_values_that_are_past_are_not_shown(dragged: tuple[Any, Workers]) -> None:
    window, workers = dragged
    p, live = window.presenter, window.coupling.live
    scenario = p.case.scenario("crt")
    use = scenario.therapies[0]
    tried = [replace(use, values={EXACT: float(node)}) for node in (31, 32)]
    assert live.try_out("crt", tried[:1])
    assert p.set_therapies("crt", tried[1:], "Other values")
    workers.answer()
    assert shown_qrs(window) is None  # the Case has other values by now
    p.frame_reached.emit("crt", partial_of("of an older setup", p.case.mesh, 99.0))
    assert shown_qrs(window) is None
    p.undo()
    assert shown_qrs(window) == scenario.run.metrics["qrs_ms"].value
    assert live.try_out("crt", tried[:1])
    workers.answer()
    assert shown_qrs(window) == 31.0
    live.drop("crt")
    assert shown_qrs(window) == scenario.run.metrics["qrs_ms"].value


def test_escape_puts_the_lead_back(dragged: tuple[Any, Workers]) -> None:
    window, workers = dragged
    lead = lead_of(window.presenter.case.scenario("crt"))
    assert lead is not None
    drag = window.coupling.leads
    drag._lead, drag._hand = lead, lead.node
    scenario = window.presenter.case.scenario("crt")
    drag.move(next(int(n) for n in places(scenario.setup.mesh, scenario.setup) if n != lead.node))
    workers.answer()
    assert shown_qrs(window) != 120.0
    assert drag.stop() and not drag.stop()
    assert shown_qrs(window) == 120.0 and not workers.runs
    assert window.presenter.case.scenario("crt").therapies[0].values == {}
