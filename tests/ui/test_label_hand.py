"""The hand that mends labels, with the mouse in a real window: strokes, names, undo, and the surface in 3D."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from twinviewer.domain import LabelMap
from twinviewer.scene.pick import to_screen
from twinviewer.session.store import load, save
from twinviewer.ui.label_panel import ERASE, NOTHING, PAINT, RANGE
from twinviewer.ui.step_bar import Step

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def labelled(small_case):  # type: ignore[no-untyped-def]
    """The ball with a second structure round it, not built yet."""
    data = small_case.labels.data.copy()
    k, j, i = np.indices(data.shape[1:]) * 4.0 - 62.0
    radius = np.sqrt(k**2 + j**2 + i**2)
    data[:, (radius >= 40) & (radius < 50)] = 2
    labels = replace(small_case.labels, data=data, names={1: "lv_blood", 2: "lv_myocardium"})
    return replace(small_case, labels=labels, mesh=None, scenarios=(), measurements={})


def send(view, kind, place: QPointF, button=LEFT, keys=PLAIN) -> None:  # type: ignore[no-untyped-def]
    held = (
        NONE if kind == QEvent.Type.MouseButtonRelease or (kind == QEvent.Type.MouseMove and button is None) else LEFT
    )
    pressed = NONE if kind == QEvent.Type.MouseMove else button
    QApplication.sendEvent(view, QMouseEvent(kind, place, view.mapToGlobal(place), pressed, held, keys))


def drag(view, *places: QPointF, keys=PLAIN) -> None:  # type: ignore[no-untyped-def]
    send(view, QEvent.Type.MouseButtonPress, places[0], keys=keys)
    for place in places[1:]:
        send(view, QEvent.Type.MouseMove, place, keys=keys)
    send(view, QEvent.Type.MouseButtonRelease, places[-1], keys=keys)


def at(window, view, x: float, y: float, z: float) -> QPointF:  # type: ignore[no-untyped-def]
    """Where a place lies in a slice, once the slice goes through it."""
    window.display.set_cross(np.array([x, y, z]))
    return view.point_of(np.array([x, y, z]))[0]


def take_up(window, qtbot, case):  # type: ignore[no-untyped-def]
    window.presenter.accept(case)
    window.coupling.go(Step.SEGMENT)
    window.inspector.segment.by_hand.click()
    hand = window.coupling.hand
    qtbot.waitUntil(lambda: hand.on and hand.draft is not None)
    qtbot.wait(60)
    return hand


def test_a_stroke_in_a_slice_is_one_named_step(window, qtbot, labelled) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, labelled)
    p, view = window.presenter, window.views.slices["axial"]
    assert hand.panel.isVisible() and not window.inspector.segment.go.isVisible()
    assert [chip.text() for chip in hand.panel.structures.chips.values()] == ["LV blood", "LV myocardium"]
    before = np.array(p.case.labels.data)
    hand.panel.radius.set_value(6.0)
    hand.chosen()
    start, end = at(window, view, -54.0, 0.0, -2.0), at(window, view, -54.0, 40.0, -2.0)
    window.display.set_phase(2)
    drag(view, start, end)
    after = p.case.labels.data
    changed = np.argwhere(after != before)
    assert set(changed[:, 0]) == {2} and set(changed[:, 1]) == {15}  # the shown phase, the shown slice, nothing else
    assert (after[tuple(changed.T)] == 1).all()
    rows = np.unique(changed[:, 2])
    np.testing.assert_array_equal(rows, np.arange(rows[0], rows[-1] + 1))  # no gaps between two far mouse events
    grid = labelled.labels.grid
    away = np.abs(grid.to_mm(changed[:, ::-1].astype(float)[:, :3])[:, 0] + 54.0)
    assert away.max() <= 6.0
    assert p.history.undo_text == "Paint LV blood, phase 3"
    assert window.actions_.all["undo"].text() == "&Undo: Paint LV blood, phase 3"
    window.actions_.all["undo"].trigger()
    np.testing.assert_array_equal(p.case.labels.data, before)
    window.actions_.all["redo"].trigger()
    np.testing.assert_array_equal(np.argwhere(p.case.labels.data != before), changed)
    assert hand.on and hand.draft.follows(p.case.labels)  # the hand goes on


def test_a_ball_reaches_other_slices_and_ctrl_erases_what_is_painted(window, qtbot, labelled) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, labelled)
    p, view = window.presenter, window.views.slices["coronal"]
    window.display.set_phase(0)
    before = np.array(p.case.labels.data)
    hand.panel.ball.click()
    hand.panel.radius.set_value(10.0)
    place = at(window, view, 2.0, 58.0, 2.0)
    drag(view, place)
    new = np.argwhere(p.case.labels.data != before)
    assert len(set(new[:, 2])) > 2 and len(set(new[:, 1])) > 2  # through several coronal slices
    drag(view, place, keys=Qt.KeyboardModifier.ControlModifier)
    assert p.history.undo_text == "Erase LV blood, phase 1"
    assert (p.case.labels.data[tuple(new.T)] == 0).all()


def test_what_may_be_painted_over_and_where_the_image_must_lie(window, qtbot, labelled) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, labelled)
    p, view, panel = window.presenter, window.views.slices["axial"], hand.panel
    window.display.set_phase(0)
    panel.radius.set_value(15.0)
    before = np.array(p.case.labels.data)
    place = at(window, view, -46.0, 0.0, -2.0)
    panel.over.setCurrentIndex(panel.over.findData(NOTHING))
    drag(view, place)
    was = before[p.case.labels.data != before]
    assert len(was) and (was == 0).all()
    window.actions_.all["undo"].trigger()
    panel.over.setCurrentIndex(panel.over.findData("lv_myocardium"))
    drag(view, place)
    was = before[p.case.labels.data != before]
    assert len(was) and (was == 2).all()
    window.actions_.all["undo"].trigger()
    panel.over.setCurrentIndex(0)
    hand.take_tool(RANGE)
    panel.low.set_value(200.0)
    panel.high.set_value(400.0)
    hand.chosen()
    assert window.display.band == (200.0, 400.0)
    panel.structures.choose(2)
    drag(view, place)
    changed = p.case.labels.data != before
    assert changed.any() and (labelled.image.data[changed] == 300).all()  # only within the ball, as bright as it
    assert p.history.undo_text == "Threshold paint LV myocardium, phase 1"
    hand.take_tool(ERASE)
    assert window.display.band is None
    drag(view, at(window, view, 0.0, 0.0, -2.0))
    assert p.history.undo_text == "Erase, phase 1"


def test_keys_wheel_and_esc(window, qtbot, labelled) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, labelled)
    view, panel = window.views.slices["axial"], hand.panel
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    qtbot.keyClick(view, Qt.Key.Key_2)
    assert panel.value == 2
    assert (window.display.window, window.display.level) == window.display.own_window  # not a preset
    size = panel.radius_mm
    qtbot.keyClick(view, Qt.Key.Key_BracketRight)
    assert panel.radius_mm > size
    qtbot.keyClick(view, Qt.Key.Key_BracketLeft)
    qtbot.keyClick(view, Qt.Key.Key_BracketLeft)
    assert panel.radius_mm < size
    zoom, index = view.zoom, view.index
    centre = QPointF(100, 100)
    for keys in (Qt.KeyboardModifier.ControlModifier, PLAIN):
        wheel = QWheelEvent(centre, view.mapToGlobal(centre), QPoint(), QPoint(0, 120), NONE, keys,
                            Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        QApplication.sendEvent(view, wheel)
    assert panel.radius_mm == pytest.approx(size, abs=0.6) and view.zoom == zoom and view.index == index + 1
    before = np.array(window.presenter.case.labels.data)
    send(view, QEvent.Type.MouseButtonPress, at(window, view, -54.0, 0.0, -2.0))
    assert not np.array_equal(window.display.labels.data, before)
    window.actions_.all["cancel"].trigger()  # Esc in the middle of a stroke takes it back
    np.testing.assert_array_equal(window.display.labels.data, before)
    assert hand.on and window.presenter.history.undo_text != "Paint LV myocardium, phase 1"
    window.actions_.all["cancel"].trigger()
    assert not hand.on and not panel.isVisible() and hand.ring.draw not in view.marks
    qtbot.keyClick(view, Qt.Key.Key_5)
    assert window.display.window == 1500.0  # number keys are windows again
    drag(view, centre, QPointF(140, 100))
    np.testing.assert_array_equal(window.presenter.case.labels.data, before)


def test_the_edits_are_undone_by_name_after_reopening(window, qtbot, labelled, tmp_path) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, labelled)
    p, view = window.presenter, window.views.slices["sagittal"]
    window.display.set_phase(0)
    first = np.array(p.case.labels.data)
    drag(view, at(window, view, 2.0, 2.0, 54.0), at(window, view, 2.0, 30.0, 54.0))
    second = np.array(p.case.labels.data)
    assert not np.array_equal(first, second)
    hand.take_tool(ERASE)
    drag(view, at(window, view, 2.0, 2.0, 2.0))
    third = np.array(p.case.labels.data)
    back = load(save(p.case, tmp_path / "edited.twin"))
    p.accept(back)
    np.testing.assert_array_equal(p.case.labels.data, third)
    assert p.history.undo_text == "Erase, phase 1" or p.history.undo_text == back.action
    for expected in (second, first):
        while np.array_equal(p.case.labels.data, third if expected is second else second):
            p.undo()
        np.testing.assert_array_equal(p.case.labels.data, expected)
    qtbot.waitUntil(lambda: hand.draft is not None and hand.draft.follows(p.case.labels))


def test_the_surface_in_3d_follows_and_can_be_painted_on(window, qtbot, labelled) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    hand = take_up(window, qtbot, labelled)
    view, p = window.views.view3d, window.presenter
    window.display.set_phase(0)
    hand.panel.structures.choose(2)
    hand.chosen()
    qtbot.waitUntil(lambda: hand.shapes.ready and len(view.state.panes[0].labels) == 2)
    shapes = {shape.surface.value: shape for shape in view.state.panes[0].labels}
    assert shapes[2].opacity == 1.0 > shapes[1].opacity and shapes[2].colour == "#C96A5B"
    radius = np.linalg.norm(shapes[2].surface.points_mm, axis=1)
    assert 45 < radius.max() < 53
    qtbot.wait(100)
    eye = np.array(view.stage.current_camera().position_mm)
    towards = eye / np.linalg.norm(eye)
    x, y = to_screen(view.stage.renderer(), [50.0 * towards])[0] / view.interactor.devicePixelRatioF()
    place = QPointF(x, view.interactor.height() - 1 - y)
    turned = view.stage.camera.GetDirectionOfProjection()
    before = np.array(p.case.labels.data)
    hand.panel.radius.set_value(9.0)
    drag(view.interactor, place)
    grid = labelled.labels.grid
    new = np.argwhere(p.case.labels.data[0] != before[0])
    centre = grid.to_mm(new[:, ::-1].astype(float)).mean(axis=0)
    assert len(new) and np.linalg.norm(grid.to_mm(new[:, ::-1].astype(float)) - 50.0 * towards, axis=1).max() < 14.0
    assert centre @ towards > 49.0  # a bump on the near side
    assert p.history.undo_text == "Paint LV myocardium, phase 1"
    qtbot.waitUntil(lambda: hand.shapes.ready)
    qtbot.waitUntil(
        lambda: max(np.linalg.norm(s.surface.points_mm, axis=1).max() for s in view.state.panes[0].labels) > 53
    )
    bumped = int((p.case.labels.data[0] == 0).sum())
    hand.take_tool(ERASE)
    drag(view.interactor, place)
    assert (p.case.labels.data[0] == 0).sum() > bumped
    drag(view.interactor, QPointF(3, 3), QPointF(40, 30))  # beside the heart: turns the view
    assert p.history.undo_text.startswith("Erase")
    assert view.stage.camera.GetDirectionOfProjection() != pytest.approx(turned)
    hand.stop()
    qtbot.waitUntil(lambda: view.state is None)  # no model yet: the view says what comes next


def test_a_model_made_before_is_given_up_with_a_word(window, qtbot, labelled, small_case) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, replace(labelled, mesh=small_case.mesh))
    p, view = window.presenter, window.views.slices["axial"]
    hand.take_tool(PAINT)
    drag(view, at(window, view, -54.0, 0.0, -2.0))
    assert p.case.mesh is None
    assert "build it again" in hand.panel.note.text
    assert p.case.messages["Model"].startswith("Made again after: Paint LV blood")
    p.undo()
    assert p.case.mesh is small_case.mesh


def test_outlining_begins_with_an_empty_structure(window, qtbot, small_case) -> None:  # type: ignore[no-untyped-def]
    bare = replace(small_case, labels=None, mesh=None, scenarios=(), measurements={})
    window.presenter.accept(bare)
    window.coupling.go(Step.SEGMENT)
    assert window.inspector.segment.by_hand.text() == "Outline by hand"
    hand = take_up(window, qtbot, bare)
    labels: LabelMap = window.presenter.case.labels
    assert not labels.data.any() and list(labels.names) == [1]
    view = window.views.slices["axial"]
    drag(view, at(window, view, 0.0, 0.0, -2.0), at(window, view, 10.0, 0.0, -2.0))
    assert window.presenter.case.labels.volume_ml(labels.names[1], hand.phase) > 0.3
