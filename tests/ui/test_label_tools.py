"""Tools for whole structures from the window: a bad slice is mended, a try is taken back, structures come and go."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from twinviewer.session.label_tools import TOOLS
from twinviewer.session.store import load
from twinviewer.ui.label_menu import WHOLE
from twinviewer.ui.label_panel import BRUSHES, GROW, LABEL_TOOLS, PAINT
from twinviewer.ui.step_bar import Step

BAD = 17
"""The axial slice whose labels are damaged."""


@pytest.fixture
def damaged(small_case):  # type: ignore[no-untyped-def]
    """The ball, two structures, with half of one slice lost."""
    data = small_case.labels.data.copy()
    k, j, i = np.indices(data.shape[1:]) * 4.0 - 62.0
    radius = np.sqrt(k**2 + j**2 + i**2)
    data[:, (radius >= 40) & (radius < 50)] = 2
    whole = data.copy()
    data[0, BAD, :, :16] = 0
    labels = replace(small_case.labels, data=data, names={1: "lv_blood", 2: "lv_myocardium"})
    return replace(small_case, labels=labels, mesh=None, scenarios=(), measurements={}), whole


def take_up(window, qtbot, case):  # type: ignore[no-untyped-def]
    window.presenter.accept(case)
    window.coupling.go(Step.SEGMENT)
    hand = window.coupling.hand
    hand.start()
    qtbot.waitUntil(lambda: hand.draft is not None)
    window.display.set_phase(0)
    return hand


def click(view, place: QPointF) -> None:  # type: ignore[no-untyped-def]
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        held = Qt.MouseButton.LeftButton if kind == QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
        event = QMouseEvent(kind, place, view.mapToGlobal(place), Qt.MouseButton.LeftButton, held,
                            Qt.KeyboardModifier.NoModifier)  # fmt: skip
        QApplication.sendEvent(view, event)


def at(window, view, x: float, y: float, z: float) -> QPointF:  # type: ignore[no-untyped-def]
    window.display.set_cross(np.array([x, y, z]))
    return view.point_of(np.array([x, y, z]))[0]


def finished(window, hand, qtbot) -> None:  # type: ignore[no-untyped-def]
    qtbot.waitUntil(lambda: not hand.runs._running, timeout=60_000)


def test_every_tool_of_the_session_has_its_place_in_the_menu(window) -> None:  # type: ignore[no-untyped-def]
    named = {name: text for _, tools in WHOLE for name, text in tools}
    row = {tool.name for tool in LABEL_TOOLS} - set(BRUSHES)
    assert set(named) | row | {"add", "rename", "remove"} == set(TOOLS)
    assert all(TOOLS[name].label == text for name, text in named.items())
    assert {f"label_{name}" for name in TOOLS if name not in ("add", "rename", "remove")} <= set(window.actions_.all)
    for key in ("label_smooth", "label_paint", "label_hand"):
        assert not window.actions_.all[key].isEnabled() and window.actions_.all[key].statusTip()  # and says why not


def test_a_damaged_slice_is_mended_from_its_neighbours(window, qtbot, damaged) -> None:  # type: ignore[no-untyped-def]
    case, whole = damaged
    hand = take_up(window, qtbot, case)
    p, view, box = window.presenter, window.views.slices["axial"], hand.panel.box
    window.actions_.all["label_interpolate"].trigger()
    assert box.isVisible() and not box.waits_for_click
    box.form.fields["mend_mm"].set_value(4.0)
    box.form.fields["mend_mm"].changed.emit(4.0)
    assert box.waits_for_click and box.hint.isVisible()
    z = BAD * 4.0 - 62.0
    for value in (1, 2):
        hand.panel.structures.choose(value)
        hand.chosen()
        assert box.form.fields["mend_mm"].value() == 4.0  # what was set stays when another structure is chosen
        click(view, at(window, view, 0.0, 0.0, z))
        finished(window, hand, qtbot)
        assert hand.panel.note.text == ""
    assert p.history.undo_text.startswith("Interpolate slices LV myocardium")
    now = p.case.labels.data
    lost = np.count_nonzero(damaged[0].labels.data[0, BAD] != whole[0, BAD])
    left = np.count_nonzero(now[0, BAD] != whole[0, BAD])
    assert left < 0.2 * lost  # voxels of 4 mm: what is left is the rim of the ball, a voxel wide
    others = np.delete(now, BAD, axis=1)
    np.testing.assert_array_equal(others, np.delete(whole, BAD, axis=1))
    p.undo()
    p.undo()
    np.testing.assert_array_equal(p.case.labels.data, damaged[0].labels.data)


def test_a_try_is_seen_kept_or_taken_back(window, qtbot, damaged, tmp_path) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, damaged[0])
    p, box = window.presenter, hand.panel.box
    steps, before = p.history._at, np.array(p.case.labels.data)
    hand.take_tool("resize")
    box.form.fields["margin_mm"].set_value(-8.0)
    box.try_.click()
    finished(window, hand, qtbot)
    assert hand.runs.trying and box.keep.isVisible() and not box.apply.isVisible()
    seen = np.array(window.display.labels.data)
    assert (seen[0] == 1).sum() < 0.7 * (before[0] == 1).sum() and p.history._at == steps
    box.back.click()
    np.testing.assert_array_equal(window.display.labels.data, before)
    box.try_.click()
    finished(window, hand, qtbot)
    box.keep.click()
    np.testing.assert_array_equal(p.case.labels.data, seen)
    assert p.history._at == steps + 1 and p.history.undo_text.startswith("Grow or shrink LV blood")
    box.try_.click()
    finished(window, hand, qtbot)
    assert hand.runs.trying
    p.undo()  # what was only tried is not part of what is stepped back, saved or built
    np.testing.assert_array_equal(p.case.labels.data, before)
    p.redo()
    np.testing.assert_array_equal(p.case.labels.data, seen)
    box.try_.click()
    finished(window, hand, qtbot)
    assert hand.runs.trying
    p.save_case(tmp_path / "tried.twin")
    qtbot.waitUntil(lambda: not p.busy, timeout=60_000)
    np.testing.assert_array_equal(load(tmp_path / "tried.twin").labels.data, seen)
    box.try_.click()
    finished(window, hand, qtbot)
    hand.take_tool(PAINT)  # going elsewhere takes back what was only tried
    np.testing.assert_array_equal(window.display.labels.data, seen)


def test_copying_to_the_next_phase_goes_there(window, qtbot, damaged) -> None:  # type: ignore[no-untyped-def]
    case, whole = damaged
    hand = take_up(window, qtbot, case)
    window.display.set_phase(1)
    hand.take_tool("copy")
    hand.panel.box.form.fields["over"].set_value("anything")
    hand.panel.box.form.fields["to"].set_value("previous")
    hand.panel.structures.choose(1)
    hand.panel.box.apply.click()
    finished(window, hand, qtbot)
    now = window.presenter.case.labels.data
    np.testing.assert_array_equal(now[0] == 1, whole[1] == 1)  # sound again, as it is in the next phase
    assert window.display.phase == 0


def test_growing_takes_what_is_joined_and_as_bright(window, qtbot, damaged) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, damaged[0])
    p, view, box = window.presenter, window.views.slices["axial"], hand.panel.box
    hand.take_tool(GROW)
    assert box.isVisible() and box.waits_for_click
    click(view, at(window, view, -20.0, 0.0, BAD * 4.0 - 62.0))  # the ball is one brightness; its labels have a gap
    finished(window, hand, qtbot)
    assert hand.panel.note.text == ""
    now = p.case.labels.data
    np.testing.assert_array_equal(now[0] == 1, p.case.image.data[0] == 300)
    assert p.history.undo_text.startswith("Grow from seeds LV blood")
    click(view, at(window, view, 60.0, 60.0, 60.0))
    finished(window, hand, qtbot)


def test_structures_are_added_renamed_and_removed(window, qtbot, damaged) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, damaged[0])
    p, panel = window.presenter, hand.panel
    panel.structures.verbs["add"].click()
    assert panel.box.name.isVisible()
    panel.box.apply.click()
    assert "name" in panel.note.text.lower()
    panel.box.name.setText("Left appendage")
    panel.box.apply.click()
    new = panel.value
    assert p.case.labels.names[new] == "left_appendage" and panel.structures.chips[new].text() == "Left appendage"
    panel.structures.verbs["rename"].click()
    panel.box.name.setText("la_appendage")
    qtbot.keyClick(panel.box.name, Qt.Key.Key_Return)
    assert p.case.labels.names[new] == "la_appendage" and p.history.undo_text.startswith("Rename")
    panel.structures.choose(2)
    panel.structures.verbs["remove"].click()
    finished(window, hand, qtbot)
    assert 2 not in p.case.labels.names and not (p.case.labels.data == 2).any()
    assert panel.tool == PAINT
    p.undo()
    assert p.case.labels.names[2] == "lv_myocardium" and (p.case.labels.data == 2).any()
    qtbot.waitUntil(lambda: 2 in panel.structures.chips)


def test_the_line_of_equal_brightness_is_seen_before_the_click(window, qtbot, damaged) -> None:  # type: ignore[no-untyped-def]
    hand = take_up(window, qtbot, damaged[0])
    p, view = window.presenter, window.views.slices["axial"]
    hand.take_tool("trace")
    place = at(window, view, 0.0, 0.0, BAD * 4.0 - 62.0)
    event = QMouseEvent(QEvent.Type.MouseMove, place, view.mapToGlobal(place), Qt.MouseButton.NoButton,
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)  # fmt: skip
    QApplication.sendEvent(view, event)
    qtbot.waitUntil(lambda: hand.level._drawn is not None)
    assert np.array_equal(p.case.labels.data, damaged[0].labels.data)
    click(view, place)
    finished(window, hand, qtbot)
    np.testing.assert_array_equal(p.case.labels.data[0, BAD] == 1, p.case.image.data[0, BAD] == 300)
