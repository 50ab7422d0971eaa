"""Valves and apex dragged by the mouse: named, undone, kept in the file and through a new model, and measured from."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from twinviewer.domain import MeshError, Quantity
from twinviewer.session import steps
from twinviewer.session.landmarks import HINGES, landmarks_of, move_landmark, move_landmarks, remove_hinges
from twinviewer.session.store import load, save
from twinviewer.ui.step_bar import Step


def drag(view, start: QPointF, end: QPointF) -> None:  # type: ignore[no-untyped-def]
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, place, button, held in (
        (QEvent.Type.MouseButtonPress, start, left, left),
        (QEvent.Type.MouseMove, (start + end) / 2, none, left),
        (QEvent.Type.MouseMove, end, none, left),
        (QEvent.Type.MouseButtonRelease, end, left, none),
    ):
        event = QMouseEvent(kind, place, view.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(view, event)


def test_runs_stay_unless_they_were_computed_from_what_moved(small_case) -> None:  # type: ignore[no-untyped-def]
    hinges = {name: np.array([10.0, 20.0 * n, 5.0 * n * n]) for n, name in enumerate(HINGES)}
    placed = move_landmarks(small_case, hinges, "Place aortic hinge points")
    assert placed.action == "Place aortic hinge points" and placed.scenarios == small_case.scenarios
    assert placed.measurements == small_case.measurements and placed.mesh.uid == small_case.mesh.uid
    assert all(name in placed.mesh.landmarks for name in HINGES)
    bare = remove_hinges(placed)
    assert not set(HINGES) & set(bare.mesh.landmarks) and not bare.landmarks
    moved = move_landmark(placed, "mitral_centre", [1.0, 2.0, 38.0])
    assert moved.baseline is None and [(one.name, one.run) for one in moved.scenarios] == [("crt", None)]
    assert moved.messages["Simulate"] == "Made again after: Move Mitral valve"
    assert moved.scenarios[0].setup.mesh is moved.mesh
    with pytest.raises(MeshError, match="cannot be moved"):
        move_landmark(small_case, "rv_centre", [0.0, 0.0, 0.0])


def test_they_are_kept_in_the_file_and_laid_on_a_new_model(small_case, tmp_path) -> None:  # type: ignore[no-untyped-def]
    moved = move_landmark(small_case, "lv_apex", [3.0, 0.0, -41.0])
    back = load(save(moved, tmp_path / "case.twin"))
    np.testing.assert_array_equal(back.landmarks["lv_apex"], [3.0, 0.0, -41.0])
    edited = back.changed("Paint LV blood", labels=replace(back.labels))
    assert edited.mesh is None and "lv_apex" in edited.landmarks
    rebuilt = steps.accept_model(edited, (small_case.mesh, {"lv_edv_ml": Quantity(1.0, "mL", "measured", "x")}))
    np.testing.assert_array_equal(rebuilt.mesh.landmarks["lv_apex"], [3.0, 0.0, -41.0])
    other = rebuilt.changed("Open series", image=replace(back.image))
    assert not other.landmarks  # another patient's valves are nobody's here


def test_a_point_is_dragged_in_a_slice_and_in_3d(window, qtbot, small_case) -> None:  # type: ignore[no-untyped-def]
    bare = replace(small_case, scenarios=())
    window.presenter.accept(bare)
    p, marks = window.presenter, window.coupling.landmarks
    window.actions_.all["landmarks"].trigger()
    assert marks.on and window.coupling.step is Step.MODEL and marks.panel.isVisible()
    assert {button.text() for button in marks.panel.names.values()} == {"Mitral valve", "LV apex, outside"}
    marks.panel.names["mitral_centre"].click()
    view = window.views.slices["coronal"]
    qtbot.wait(50)
    start, away = view.point_of(landmarks_of(p.case)["mitral_centre"])
    assert abs(away) < 4.0
    drag(view, start, start + QPointF(20 * view.pixels_per_mm / 4, 0))
    place = landmarks_of(p.case)["mitral_centre"]
    assert place[0] == pytest.approx(5.0, abs=1.0) and place[2] == pytest.approx(40.0, abs=1.0)
    assert p.history.undo_text == "Move Mitral valve"
    before = p.case
    drag(view, start + QPointF(60, 60), start + QPointF(90, 60))  # beside any point: the window of the images
    assert p.case is before
    if window.renderer:
        view3d = window.views.view3d
        qtbot.waitUntil(lambda: view3d.stage is not None and view3d.state is not None)
        balls = [marker.label for marker in view3d.state.panes[0].markers]
        assert {"Mitral valve", "LV apex, outside"} <= set(balls)
        qtbot.wait(100)
        seen = marks._seen(place)
        drag(view3d.interactor, seen, seen + QPointF(15, 10))
        moved = landmarks_of(p.case)["mitral_centre"]
        assert 0.5 < np.linalg.norm(moved - place) < 30.0
        ahead = np.array(view3d.stage.camera.GetDirectionOfProjection())
        assert abs((moved - place) @ ahead) < 0.1  # as deep as it was
        after = marks._seen(moved)
        assert (after.x(), after.y()) == pytest.approx((seen.x() + 15, seen.y() + 10), abs=1.5)
        window.actions_.all["undo"].trigger()
    np.testing.assert_allclose(landmarks_of(p.case)["mitral_centre"], place)
    window.actions_.all["cancel"].trigger()
    assert not marks.on and not marks.panel.isVisible()
