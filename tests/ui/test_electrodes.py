"""Electrodes lie where the engines take them to lie, and a move changes the leads of every scenario, nothing else."""

import numpy as np
import pytest
from ideal_heart import ideal_heart
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from twinviewer.domain import EngineError, Setup
from twinviewer.physics import ecg
from twinviewer.physics.ecg_places import electrode_shift
from twinviewer.scene.pick import to_screen
from twinviewer.session.case import Case
from twinviewer.session.electrodes import NAMES, Chest, compute_chest, move_electrodes, muscle_mm, shifts_of
from twinviewer.session.scenarios import setup_input
from twinviewer.session.store import load, save


@pytest.fixture(scope="module")
def chest() -> Chest:
    mesh = ideal_heart(3.0)
    return Chest(*compute_chest(muscle_mm(mesh), mesh.landmarks))


def test_markers_lie_where_the_engines_put_electrodes(chest: Chest) -> None:
    middle = muscle_mm(ideal_heart(3.0))
    shifts = {"V1": (10.0, -5.0, 40.0), "LL": (0.0, 0.0, -20.0)}
    assert NAMES == ecg.ELECTRODES
    np.testing.assert_allclose(chest.places_mm({}), ecg.torso_round(middle).electrodes_mm)
    np.testing.assert_allclose(chest.places_mm(shifts), ecg.torso_round(middle, shifts).electrodes_mm)
    up = {name: (0.0, 0.0, 30.0) for name in NAMES if name.startswith("V")}
    np.testing.assert_allclose(chest.raised(30.0).places_mm({}), ecg.torso_round(middle, up).electrodes_mm)


def test_a_drag_ends_where_it_was_let_go(chest: Chest) -> None:
    usual = chest.places_mm({})
    for name, towards in (("V1", (30.0, -60.0, 30.0)), ("V6", (0.0, 40.0, -50.0)), ("RA", (20.0, 0.0, 30.0))):
        wanted = usual[NAMES.index(name)] - chest.centre_mm + np.array(towards)
        wanted = chest.centre_mm + chest.radius_mm * wanted / np.linalg.norm(wanted)
        reached = chest.places_mm({name: chest.shift_to(name, wanted)})[NAMES.index(name)]
        assert np.linalg.norm(reached - wanted) < 1.0  # shifts are whole mm
        assert chest.shift_to(name, usual[NAMES.index(name)]) == (0.0, 0.0, 0.0)


def test_a_move_reaches_every_setup_and_drops_the_runs(small_case: Case, tmp_path) -> None:  # type: ignore[no-untyped-def]
    shifts = {"V2": (0.0, 0.0, 40.0)}
    case = move_electrodes(small_case, shifts)
    assert case.action == "Electrodes moved" and case.mesh is small_case.mesh
    for scenario in case.scenarios:
        assert scenario.run is None
        assert electrode_shift(scenario.setup) == (("V2", 0.0, 0.0, 40.0),)
        assert scenario.setup.parameters["electrode_V2_up_mm"].origin == "chosen"
    assert shifts_of(load(save(case, tmp_path / "moved.twin"))) == shifts
    back = move_electrodes(case, {})
    assert not shifts_of(back) and not electrode_shift(back.scenarios[0].setup)
    assert setup_input(case, case.setup_values)[-1] == {"electrode_V2_up_mm": 40.0}  # a new baseline keeps them


def test_an_electrode_too_far_away_or_unknown_is_refused(small_case: Case) -> None:
    with pytest.raises(EngineError, match="V2"):
        move_electrodes(small_case, {"V2": (0.0, 0.0, 400.0)})
    with pytest.raises(EngineError, match="V9"):
        move_electrodes(small_case, {"V9": (0.0, 0.0, 4.0)})


def test_the_baseline_knows_only_electrodes_that_were_moved() -> None:
    from twinviewer.domain import Records
    from twinviewer.organs.heart.setup import setup

    made: Setup = setup(ideal_heart(3.0), {}, Records(), {"electrode_V1_left_mm": -12.0})
    named = {name for name in made.parameters if name.startswith("electrode_")}
    assert named == {"electrode_V1_left_mm"}
    assert electrode_shift(made) == (("V1", -12.0, 0.0, 0.0),)


def test_markers_are_shown_dragged_and_put_back(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    window.presenter.accept(small_case)
    view, tool = window.views.view3d, window.coupling.electrodes
    qtbot.waitUntil(lambda: view.stage is not None and view.stage.state is not None)
    window.actions_.all["electrodes"].trigger()
    qtbot.waitUntil(lambda: tool.chest is not None, timeout=30_000)
    qtbot.wait(200)  # the panels find their sizes
    shown = {m.name: m for m in view.state.panes[0].markers}
    assert set(NAMES) <= set(shown) and shown["V1"].label == "V1"
    x, y = to_screen(view.stage.renderer(), [shown["V1"].place_mm])[0] / view.interactor.devicePixelRatioF()
    start = QPoint(round(x), round(view.interactor.height() - 1 - y))
    assert view.interactor.rect().contains(start) and tool.at(QPointF(start)) == "V1"
    window.presenter.simulate_all = lambda: asked.append(1)  # type: ignore[method-assign]
    asked: list[int] = []
    turned = view.stage.camera.GetDirectionOfProjection()
    for kind, place in (
        (QEvent.Type.MouseButtonPress, start),
        (QEvent.Type.MouseMove, start - QPoint(0, 20)),
        (QEvent.Type.MouseMove, start - QPoint(0, 40)),
        (QEvent.Type.MouseButtonRelease, start - QPoint(0, 40)),
    ):
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        at = QPointF(place)
        event = QMouseEvent(kind, at, view.interactor.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(view.interactor, event)
    left, back, up = shifts_of(window.presenter.case)["V1"]
    assert up > 5.0 and abs(left) < up  # straight up on the screen, seen from the front
    assert view.stage.camera.GetDirectionOfProjection() == pytest.approx(turned)
    assert asked and window.presenter.history.undo_text == "Electrodes moved"
    assert tool.panel.shift("V1") == (left, back, up)
    moved = next(m for m in view.state.panes[0].markers if m.name == "V1")
    assert moved.place_mm[2] > shown["V1"].place_mm[2] + 5.0

    tool.panel.boxes["V4"][0].setValue(15.0)  # by numbers
    assert shifts_of(window.presenter.case)["V4"] == (15.0, 0.0, 0.0)
    tool.panel.usual.click()
    assert not shifts_of(window.presenter.case)
    window.actions_.all["undo"].trigger()
    assert tool.panel.shift("V4") == (15.0, 0.0, 0.0)
    window.actions_.all["cancel"].trigger()  # Esc
    assert not tool.on and not any(m.name == "V1" for m in view.state.panes[0].markers)
