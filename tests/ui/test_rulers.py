"""Measuring by hand in the window: keys, drags in slices, clicks on the heart, the list, undo."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from twinviewer.session.rulers import words


def at(view, place_mm) -> QPoint:  # type: ignore[no-untyped-def]
    return view.point_of(np.asarray(place_mm, float))[0].toPoint()


def drag(view, start, stop) -> None:  # type: ignore[no-untyped-def]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(view, start))
    for share in (0.3, 0.7, 1.0):
        between = np.asarray(start, float) + share * (np.asarray(stop, float) - start)
        QTest.mouseMove(view, at(view, between))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(view, stop))


def test_a_drag_measures_and_is_a_named_step(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view = w.views.slices["axial"]
    z = view.place_mm(QPointF(10, 10))[2]
    before = (w.display.window, w.display.level)
    w.actions_.all["ruler_distance"].trigger()
    assert w.rulers.on and w.actions_.all["ruler_distance"].isChecked()
    drag(view, [-20.0, 0.0, z], [20.0, 10.0, z])
    (ruler,) = w.presenter.case.rulers
    length = ruler.values["length"]
    pixel = 1.0 / view.pixels_per_mm
    assert length.value == pytest.approx(np.hypot(40, 10), abs=2 * pixel)
    assert length.low is not None and length.low < np.hypot(40, 10) < length.high  # type: ignore[operator]
    assert length.origin == "measured" and length.unit == "mm"
    assert w.presenter.history.undo_text == f"Measure distance, {words(ruler)}"
    assert (w.display.window, w.display.level) == before
    w.presenter.undo()
    assert not w.presenter.case.rulers


def test_esc_drops_the_half_done_first_and_the_drag_windows_again_after_it(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view = w.views.slices["axial"]
    z = view.place_mm(QPointF(10, 10))[2]
    w.actions_.all["ruler_angle"].trigger()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(view, [-20.0, 0, z]))
    w.actions_.all["cancel"].trigger()
    assert w.rulers.on
    w.actions_.all["cancel"].trigger()
    assert not w.rulers.on and not w.presenter.case.rulers
    before = w.display.window
    drag(view, [-20.0, -20.0, z], [20.0, -10.0, z])  # beside the lines of the crosshair
    assert w.display.window != before and not w.presenter.case.rulers


def test_three_clicks_make_an_angle(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view = w.views.slices["coronal"]
    y = view.place_mm(QPointF(10, 10))[1]
    w.actions_.all["ruler_angle"].trigger()
    for place in ([-30.0, y, 0.0], [0.0, y, 0.0], [0.0, y, 30.0]):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(view, place))
    (ruler,) = w.presenter.case.rulers
    assert ruler.values["angle"].value == pytest.approx(90.0, abs=6.0)


def test_an_ellipse_reads_the_phase_that_is_shown(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view = w.views.slices["axial"]
    w.display.set_phase(3)
    z = view.place_mm(QPointF(10, 10))[2]
    w.actions_.all["ruler_ellipse"].trigger()
    drag(view, [-16.0, -16.0, z], [16.0, 16.0, z])
    (ruler,) = w.presenter.case.rulers
    assert ruler.values["mean"].value == pytest.approx(330.0) and ruler.values["mean"].unit == "HU"
    assert ruler.values["area"].value == pytest.approx(np.pi * 16 * 16 / 100, rel=0.1)


def test_an_end_can_be_moved_and_the_list_removes_it(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view = w.views.slices["axial"]
    z = view.place_mm(QPointF(10, 10))[2]
    w.actions_.all["ruler_distance"].trigger()
    drag(view, [-20.0, 0.0, z], [20.0, 0.0, z])
    drag(view, [20.0, 0.0, z], [40.0, 0.0, z])
    (ruler,) = w.presenter.case.rulers
    assert ruler.values["length"].value == pytest.approx(60.0, abs=3.0)
    assert w.presenter.history.undo_text.startswith("Move distance")
    from twinviewer.ui.ruler_list import RulerRow

    (row,) = w.tree.findChildren(RulerRow)
    row.removed.emit(ruler.uid)
    assert not w.presenter.case.rulers


def test_it_is_drawn_on_its_slice_and_not_on_another(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view = w.views.slices["axial"]
    z = view.place_mm(QPointF(10, 10))[2]
    plain = view.grab().toImage()
    w.actions_.all["ruler_distance"].trigger()
    drag(view, [-20.0, 0.0, z], [20.0, 10.0, z])
    w.actions_.all["cancel"].trigger()
    view.clearFocus()
    assert view.grab().toImage() != plain
    view.step(2)
    moved = view.grab().toImage()
    w.rulers.remove_all()
    view.clearFocus()
    assert view.grab().toImage() == moved
    w.presenter.undo()
    (ruler,) = w.presenter.case.rulers
    w.rulers.show(ruler.uid)
    assert view.place_mm(QPointF(10, 10))[2] == pytest.approx(z)


def test_places_on_the_heart_ride_on_it(open_window) -> None:  # type: ignore[no-untyped-def]
    from twinviewer.scene.pick_surface import Pick

    w = open_window
    mesh = w.presenter.case.mesh
    triangles = mesh.surfaces["myocardium"]
    w.actions_.all["ruler_distance"].trigger()
    for triangle in (triangles[0], triangles[-1]):
        nodes = tuple(int(node) for node in triangle)
        place = mesh.points_mm[list(nodes)].mean(axis=0)
        w.views.view3d.measured.emit(Pick(0, nodes[0], tuple(place), nodes, (1 / 3, 1 / 3, 1 / 3)))  # type: ignore[arg-type]
    (ruler,) = w.presenter.case.rulers
    assert ruler.nodes is not None and ruler.mesh_uid == mesh.uid
    np.testing.assert_allclose(ruler.points_on(mesh.points_mm), ruler.points_mm)
    half = np.linalg.norm(np.diff(ruler.points_on(0.5 * mesh.points_mm), axis=0))
    assert half == pytest.approx(ruler.values["length"].value / 2)
