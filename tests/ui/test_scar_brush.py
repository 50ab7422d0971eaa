"""The brush paints what lies under it, a stroke is one step to undo, and the baseline knows of it."""

from dataclasses import replace

import numpy as np
import pytest
from beating_ball import RADIUS_MM, ball
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from twinviewer.scene.pick import to_screen
from twinviewer.session.case import Case
from twinviewer.session.scar_edit import Brush, WallFeet, accept_scar, amounts_ml, painted
from twinviewer.session.store import load, save
from twinviewer.ui.step_bar import Step


def shell() -> Case:
    """The hollow ball of 30 to 40 mm with its depth, as a case without images."""
    mesh = ball()
    radius = np.linalg.norm(mesh.points_mm, axis=1)
    depth = np.where(np.arange(len(radius)) < mesh.wall_points, (radius - 30.0) / 10.0, np.nan)
    return Case(title="Shell", mesh=replace(mesh, point_fields={**mesh.point_fields, "transmural": depth}))


def test_a_brush_covers_a_disc_of_its_radius_through_the_wall_or_less_deep() -> None:
    mesh = shell().mesh
    assert mesh is not None
    feet = WallFeet.of(mesh)
    wall = mesh.points_mm[: mesh.wall_points]
    outside = int(np.argmax(wall[:, 2]))
    inside = int(np.argmin(np.linalg.norm(wall - [0, 0, 30.0], axis=1)))
    for node, radius in ((outside, RADIUS_MM), (inside, 30.0)):
        whole = feet.under(node, Brush("core", 9.0, 100.0))
        along = radius * np.arccos(np.clip(wall[whole, 2] / np.linalg.norm(wall[whole], axis=1), -1, 1))
        assert along.max() < 9.3 and along.max() > 5.0
        depth = (np.linalg.norm(wall[whole], axis=1) - 30.0) / 10.0
        assert depth.min() < 0.01 and depth.max() > 0.99  # both skins, so all between
        half = feet.under(node, Brush("core", 9.0, 50.0))
        assert set(half) == {n for n in whole if np.linalg.norm(wall[n]) < 35.0}


def test_a_scar_drops_what_was_simulated_without_it_and_is_kept_in_the_file(small_case, tmp_path) -> None:  # type: ignore[no-untyped-def]
    values = painted(small_case.mesh)
    values[small_case.mesh.tets[0]] = 1.0
    case = accept_scar(small_case, values)
    assert case.action == "Scar painted" and case.baseline is None
    assert [(one.name, one.run, one.setup.mesh) for one in case.scenarios] == [("crt", None, case.mesh)]  # still a plan
    assert case.messages["Simulate"] == "Made again after: Scar painted"
    assert case.measurements == small_case.measurements
    core, border = amounts_ml(case.mesh, np.ones(len(case.mesh.tets)))
    assert core > 0.0 and border == 0.0
    back = load(save(case, tmp_path / "scar.twin"))
    assert back.mesh is not None
    np.testing.assert_array_equal(painted(back.mesh), values)
    cleared = accept_scar(back, np.zeros_like(values))
    assert "scar" not in cleared.mesh.point_fields  # as if nothing had ever been painted


def seen(view, place_mm) -> QPoint:  # type: ignore[no-untyped-def]
    """Where a place in space is drawn."""
    x, y = to_screen(view.stage.renderer(), [place_mm])[0] / view.interactor.devicePixelRatioF()
    return QPoint(round(x), round(view.interactor.height() - 1 - y))


def send(view, kind: QEvent.Type, place: QPoint, button: Qt.MouseButton) -> None:  # type: ignore[no-untyped-def]
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    point = QPointF(place)
    event = QMouseEvent(kind, point, view.interactor.mapToGlobal(point), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view.interactor, event)


def stroke(view, qtbot, start: QPoint, end: QPoint) -> None:  # type: ignore[no-untyped-def]
    send(view, QEvent.Type.MouseButtonPress, start, Qt.MouseButton.LeftButton)
    for share in (0.5, 1.0):
        send(view, QEvent.Type.MouseMove, start + (end - start) * share, Qt.MouseButton.NoButton)
        qtbot.wait(30)
    send(view, QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.LeftButton)


def test_a_stroke_by_mouse_paints_and_undoes(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    window.presenter.accept(shell())
    view, brush = window.views.view3d, window.coupling.brush
    qtbot.waitUntil(lambda: view.stage is not None and view.stage.state is not None)
    window.actions_.all["paint_scar"].trigger()
    assert brush.on and brush.panel.isVisible() and window.coupling.step is Step.SIMULATE
    qtbot.waitUntil(lambda: brush._ready() is not None)
    assert view.state.panes[0].title == "Paint scar" and view.state.panes[0].colouring.names
    qtbot.wait(200)  # the panels find their sizes
    turned = view.stage.camera.GetDirectionOfProjection()
    middle = seen(view, (0.0, 0.0, 0.0))
    steps = window.presenter.history._at

    stroke(view, qtbot, middle, middle + QPoint(40, 0))
    first = painted(window.presenter.case.mesh)
    assert 0 < (first == 1.0).sum() < 0.5 * len(first)
    assert window.presenter.history._at == steps + 1 and window.presenter.history.undo_text == "Scar painted"
    assert "Core" in brush.panel.amount.text()
    assert np.nanmax(view.state.panes[0].values) == 1.0
    brush.panel.choose("border")
    middle = seen(view, (0.0, 0.0, 0.0))  # the plots step back with what they drew: the view may have grown
    stroke(view, qtbot, middle, middle)
    second = painted(window.presenter.case.mesh)
    assert (second == 0.5).any() and (second == 1.0).any()
    brush.panel.choose("healthy")
    stroke(view, qtbot, middle, middle)
    assert (painted(window.presenter.case.mesh) == 0.5).sum() == 0
    assert view.stage.camera.GetDirectionOfProjection() == pytest.approx(turned)  # painting does not turn the heart

    window.actions_.all["undo"].trigger()
    np.testing.assert_array_equal(painted(window.presenter.case.mesh), second)
    np.testing.assert_array_equal(brush._values, second)  # what is undone is no longer on the brush's own copy
    window.actions_.all["cancel"].trigger()  # Esc
    assert not brush.on and not brush.panel.isVisible()
    assert view.state.panes[0].title != "Paint scar"
    assert ("scar", "Scar") in window.coupling._fields()  # and can be looked at afterwards


def test_a_drag_beside_the_heart_paints_nothing(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    window.presenter.accept(shell())
    view, brush = window.views.view3d, window.coupling.brush
    qtbot.waitUntil(lambda: view.stage is not None and view.stage.state is not None)
    brush.start()
    qtbot.waitUntil(lambda: brush._ready() is not None)
    before = window.presenter.case
    stroke(view, qtbot, QPoint(4, 4), QPoint(60, 40))
    assert window.presenter.case is before and not brush._values.any()


def test_without_a_model_the_brush_says_why(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    window.coupling.brush.start()
    assert not window.coupling.brush.on
    assert "cannot be painted" in window.messages.texts[0]
