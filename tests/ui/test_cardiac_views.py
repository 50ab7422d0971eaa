"""Cardiac views in the window: one key each, scrolled, turned and cut along; what a cine study has not, is said."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from twinviewer.domain import CinePlane, CineStack
from twinviewer.geometry.cardiac_planes import FOUR, SHORT, TWO, rotation, tilt_deg
from twinviewer.scene.oblique_cine import CineSlicer
from twinviewer.session.case import Case
from twinviewer.ui.layouts import CARDIAC, ONE, SOLID
from twinviewer.ui.layouts import FOUR as FOUR_UP
from twinviewer.ui.layouts import TWO as TWO_UP

NO_KEYS = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def open_window(window, small_case: Case, qtbot):  # type: ignore[no-untyped-def]
    window.resize(1366, 768)
    window.presenter.accept(small_case)
    window.show()
    qtbot.waitExposed(window)
    window.playback.pause()
    return window


def test_greyed_with_the_reason_before_there_is_a_heart(window) -> None:  # type: ignore[no-untyped-def]
    action = window.actions_.all["layout_cardiac"]
    assert not action.isEnabled() and "first" in action.toolTip()


def test_one_key_shows_all_and_one_key_each(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.actions_.all["layout_cardiac"].trigger()
    views = w.views.cardiac.views
    assert w.views.layout_name == CARDIAC and w.views.view3d.isVisible()
    assert views[SHORT].isVisible() and views[FOUR].isVisible() and views[TWO].isVisible()
    assert not w.actions_.all["view_3ch"].isEnabled()  # the ball has no aortic valve
    w.actions_.all["view_4ch"].trigger()
    assert views[FOUR].isVisible() and not views[SHORT].isVisible()
    w.actions_.all["cancel"].trigger()
    assert views[SHORT].isVisible()
    w.actions_.all["layout_four"].trigger()
    assert w.views.layout_name == FOUR_UP and w.views.slices["axial"].isVisible() and not views[SHORT].isVisible()


def test_layouts_of_one_two_and_the_heart_alone(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.actions_.all["layout_two"].trigger()
    shown = [view for view in w.views.slices.values() if view.isVisible()]
    assert w.views.layout_name == TWO_UP and len(shown) == 1 and w.views.view3d.isVisible()
    w.actions_.all["layout_solid"].trigger()
    assert w.views.layout_name == SOLID and w.views.view3d.isVisible()
    assert not any(view.isVisible() for view in w.views.slices.values())
    w.actions_.all["cancel"].trigger()
    assert w.views.layout_name == FOUR_UP
    w.views.toggle_alone(w.views.slices["coronal"])
    assert w.views.layout_name == ONE and not w.views.view3d.isVisible()


def test_planes_are_the_models_and_pixels_their_places(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.actions_.all["layout_cardiac"].trigger()
    mesh, view = w.presenter.case.mesh, w.views.cardiac.views[FOUR]
    for name in ("lv_apex", "mitral_centre", "rv_centre"):
        assert abs(view.point_of(mesh.landmarks[name])[1]) < 1e-6
    apex, base = view.point_of(mesh.landmarks["lv_apex"])[0], view.point_of(mesh.landmarks["mitral_centre"])[0]
    assert apex.y() < base.y() and apex.x() == pytest.approx(base.x(), abs=1.0)
    place = view.place_mm(QPointF(50, 60))
    assert (view.point_of(place)[0] - QPointF(50, 60)).manhattanLength() < 1e-3
    image = view.grab().toImage()
    inside, outside = view.point_of(np.array([0.0, 0, 10.0]))[0].toPoint(), QPoint(3, view.height() // 2 + 20)
    assert image.pixelColor(inside).lightness() > image.pixelColor(outside).lightness()


def test_the_wheel_scrolls_the_short_axis_between_apex_and_base(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    state = w.views.cardiac.state
    before = state.planes[SHORT]
    state.step(SHORT, 3)
    away = state.planes[SHORT].origin_mm - before.origin_mm
    assert float(away @ state.frame.up) == pytest.approx(12.0)  # three voxels, towards the base
    for _ in range(100):
        state.step(SHORT, 1)
    height = float((state.planes[SHORT].origin_mm - state.frame.apex_mm) @ state.frame.up) / state.frame.length_mm
    assert 1.0 < height < 1.3


def test_a_sisters_line_is_turned_by_its_end_and_moved_by_its_middle(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.actions_.all["layout_cardiac"].trigger()
    state, view = w.views.cardiac.state, w.views.cardiac.views[SHORT]
    point, along = view.sisters.found()[FOUR]
    end = point + along * view.sisters.half(point, along) * 0.8
    assert view.sisters.at(end) == (FOUR, True)
    first = state.planes[FOUR]
    target = point + QPointF(along.x() - along.y(), along.x() + along.y()) * 60.0  # 45 degrees on, with the clock
    QTest.mousePress(view, Qt.MouseButton.LeftButton, NO_KEYS, end.toPoint())
    QTest.mouseMove(view, target.toPoint())
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, NO_KEYS, target.toPoint())
    turned = state.planes[FOUR]
    assert tilt_deg(turned, first) == pytest.approx(45.0, abs=3.0)
    assert np.abs(turned.away_mm(np.array([state.frame.apex_mm, state.frame.mitral_mm]))).max() < 1e-6
    new_point, new_along = view.sisters.found()[FOUR]
    away = target - new_point
    assert abs(away.x() * new_along.y() - away.y() * new_along.x()) < 4.0  # the line has followed the pointer
    w.actions_.all["planes_back"].trigger()
    assert state.planes[FOUR] is state.first[FOUR] and not state.by_hand(FOUR)


def test_frames_stand_in_3d_and_the_heart_is_cut_along_a_view(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.actions_.all["layout_cardiac"].trigger()
    lines = w.views.view3d.state.lines
    assert {line.label for line in lines} == {"SAX", "4CH", "2CH"}
    w.views.cardiac.state.active = TWO
    w.actions_.all["cut_here"].trigger()
    section, plane = w.views.view3d.state.section, w.views.cardiac.state.planes[TWO]
    assert section is not None and abs(np.dot(section.normal, plane.normal)) == pytest.approx(1.0)
    w.views.cardiac.state.turn(TWO, 30.0)
    assert abs(np.dot(w.views.view3d.state.section.normal, plane.normal)) == pytest.approx(np.cos(np.deg2rad(30)))
    w.choices.set(section=False)
    assert w.choices.cut is None
    w.actions_.all["layout_four"].trigger()
    assert not w.views.view3d.state.lines


def test_the_outline_moves_with_the_beat(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.actions_.all["layout_cardiac"].trigger()
    view = w.views.cardiac.views[SHORT]

    def reach() -> float:
        view.grab()
        lines = [line for found in view._segments[1].values() for line in found]
        return max(line.x1() for line in lines) - min(line.x1() for line in lines)

    w.playback.seek(0.0)
    wide = reach()
    w.playback.seek(0.4)
    assert reach() == pytest.approx(0.9 * wide, rel=0.02)  # the ball ejects a tenth of its size at mid-beat


def cine_of(case: Case) -> CineStack:
    """Short axes 10 mm apart and one long axis, of the ball's own place."""
    planes = []
    for number in range(7):
        affine = np.diag([2.0, 2.0, 1.0, 1.0])
        affine[:3, 3] = (-60.0, -60.0, -30.0 + 10.0 * number)
        planes.append(
            CinePlane(np.full((4, 61, 61), 100.0 + number), affine, np.arange(4) / 4, 1.0, f"SAX {number}", 8)
        )
    upright = np.eye(4)
    upright[:3, :3] = rotation(np.array([0, 0, 1.0]), 6.0) @ np.array([[2.0, 0, 0], [0, 0, 1], [0, 2, 0]])
    upright[:3, 3] = upright[:3, :3] @ [-30.0, -30.0, 0.0]
    planes.append(CinePlane(np.full((4, 61, 61), 300.0), upright, np.arange(4) / 4, 1.0, "4CH", 8))
    return CineStack(tuple(planes), "MR", "cine ball")


def test_a_cine_study_shows_what_was_scanned_and_says_what_was_not(open_window, small_case: Case) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    stack = cine_of(small_case)
    mesh = small_case.mesh
    w.presenter.accept(small_case.changed("cine", image=stack, mesh=mesh, scenarios=()))
    w.actions_.all["layout_cardiac"].trigger()
    state = w.views.cardiac.state
    assert CineSlicer(stack).short_axis == tuple(range(7))
    assert state.note(FOUR) == "as scanned: 4CH, 6° off"
    assert state.note(TWO) == "interpolated, planes 10.0 mm apart"
    assert state.note(SHORT).startswith("as scanned: SAX 3")
    state.step(SHORT, 1)
    assert state.note(SHORT).startswith("as scanned: SAX 4")
    w.views.cardiac._choose_scanned(False)
    assert state.note(FOUR) == "interpolated, planes 10.0 mm apart"
    for view in w.views.cardiac.views.values():
        view.grab()


def test_labels_will_do_until_there_is_a_model(open_window, small_case: Case) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    assert small_case.labels is not None
    w.presenter.accept(small_case.changed("Segment", labels=replace(small_case.labels, made_by="again"), mesh=None))
    action = w.actions_.all["layout_cardiac"]
    assert not action.isEnabled() and "both ventricles" in action.toolTip()
    found = small_case.labels.data.copy()
    found[:, :, :, :11] = np.where(found[:, :, :, :11] > 0, 2, 0)  # what lies far to the right is the right ventricle's
    names = {1: "lv_blood", 2: "rv_blood"}
    labels = replace(small_case.labels, data=found, names=names)
    w.presenter.accept(small_case.changed("Segment", labels=labels, mesh=None))
    assert action.isEnabled()
    w.actions_.all["layout_cardiac"].trigger()
    state = w.views.cardiac.state
    assert state.frame.source == "labels" and {SHORT, FOUR, TWO} <= set(state.planes)
    right = w.views.cardiac.views[FOUR].point_of(np.array([-35.0, 0, 0]))[0]
    assert right.x() < w.views.cardiac.views[FOUR].width() / 2
    assert not state.outlines or state.lines is None
