"""A contour or a valve point is dragged where it belongs; the case follows, and undo takes it back."""

import numpy as np
import pytest
from moving_ball import cine_case
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from twinviewer.domain import CineContour, CinePoint
from twinviewer.ui.contour_edit import grip, pulled


def circle(radius_mm: float, height_mm: float = 0.0, count: int = 90) -> np.ndarray:
    turn = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    return np.stack([radius_mm * np.cos(turn), radius_mm * np.sin(turn), np.full(count, height_mm)], axis=1)


def test_a_pull_moves_what_is_held_and_fades_along_the_contour() -> None:
    before = circle(30.0)
    after = pulled(before, 0, np.array([5.0, 0.0, 0.0]))
    np.testing.assert_allclose(after[0], [35.0, 0.0, 0.0])
    moved = np.linalg.norm(after - before, axis=1)
    assert moved[45] == 0.0 and (np.diff(moved[:45]) <= 1e-12).all()
    np.testing.assert_allclose(moved[1:45], moved[:45:-1], atol=1e-9)
    assert 0.2 < (moved > 0).mean() < 0.4


def test_named_points_come_before_contours() -> None:
    contour = CineContour(0, 0, "lv_endocardium", circle(30.0), 0.5)
    point = CinePoint(0, 0, "mitral", 1, np.array([31.0, 0.0, 0.0]), 0.5)
    apex = CinePoint(0, 0, "lv_apex_endo", 0, np.array([-30.5, 0.0, 0.0]), 0.5)
    held = grip(np.array([30.0, 0.5, 0.0]), [contour], [point, apex], 3.0)
    assert held is not None and held.what is point
    held = grip(np.array([-30.5, 0.0, 0.0]), [contour], [point, apex], 3.0)
    assert held is not None and held.what is apex
    held = grip(np.array([-30.5, 0.0, 0.0]), [contour], [point], 3.0)
    assert held is not None and held.what is contour and held.vertex == 45
    assert held.moved(np.array([0.0, 2.0, 0.0])).confidence == 1.0
    assert grip(np.array([0.0, 0.0, 0.0]), [contour], [point], 3.0) is None


@pytest.fixture
def delineated(window, qtbot):  # type: ignore[no-untyped-def]
    """The window with contours of three slices and no model, in its first frame."""
    from dataclasses import replace

    made = cine_case()
    found = []
    for plane, height in ((0, 12.0), (1, 0.0)):
        for frame in range(8):
            radius = 30.0 - 5.0 * np.sin(np.pi * frame / 8)
            found.append(CineContour(plane, frame, "lv_endocardium", circle(radius, height), 0.9))
            found.append(CineContour(plane, frame, "lv_epicardium", circle(radius + 9.0, height), 0.9))
    contours = replace(made.contours, contours=tuple(found), short_axis=(0, 1))
    window.presenter._push(replace(made, mesh=None, contours=contours))
    window.playback.seek(0.0)
    qtbot.wait(20)
    return window


def drag(view, start: tuple[float, float], end: tuple[float, float]) -> None:  # type: ignore[no-untyped-def]
    """From one place of the image to another, in its pixels (of 1 mm; the middle is 63.5)."""
    a, b = (view.from_image(63.5 + x, 63.5 + y).toPoint() for x, y in (start, end))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, a)
    for share in (0.5, 1.0):
        here = QPointF(a) + share * QPointF(b - a)
        QTest.mouseMove(view, here.toPoint())
        _move(view, here)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, b)


def _move(view, place: QPointF) -> None:  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    view.mouseMoveEvent(
        QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            view.mapToGlobal(place),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
    )


def test_a_dragged_contour_becomes_part_of_the_case_and_can_be_undone(delineated, qtbot) -> None:  # type: ignore[no-untyped-def]
    view, presenter = delineated.views.cine.planes[1], delineated.presenter
    before = presenter.case.contours
    width = view.window_width
    drag(view, (30.0, 0.0), (36.0, 0.0))  # not correcting: this windows
    assert view.window_width != width and presenter.case.contours is before
    delineated.actions_.all["correct"].trigger()
    drag(view, (30.0, 0.0), (36.0, 0.0))
    assert len(view._drawn_edits()) == 1  # at once, before any answer
    qtbot.waitUntil(lambda: presenter.case.contours is not before, timeout=60_000)
    after = presenter.case.contours.at(1, 0, "lv_endocardium")
    assert after.confidence == 1.0
    assert after.points_mm[0] == pytest.approx([36.0, 0.0, 0.0], abs=1.0)
    np.testing.assert_allclose(after.points_mm[45], [-30.0, 0.0, 0.0], atol=1e-6)
    assert after.area_mm2 > before.at(1, 0, "lv_endocardium").area_mm2 + 50.0
    qtbot.waitUntil(lambda: "lv_edv_ml" in presenter.case.measurements, timeout=60_000)
    assert presenter.history.undo_text == "Correct lv endocardium, SAX 2, phase 1"
    assert not view._drawn_edits()
    presenter.undo()
    assert presenter.case.contours is before


def test_a_second_pull_on_one_contour_keeps_the_first(delineated, qtbot) -> None:  # type: ignore[no-untyped-def]
    view, presenter = delineated.views.cine.planes[1], delineated.presenter
    before = presenter.case.contours
    delineated.views.cine.hand.setChecked(True)
    drag(view, (30.0, 0.0), (36.0, 0.0))
    drag(view, (-30.0, 0.0), (-35.0, 0.0))
    qtbot.waitUntil(lambda: presenter.case.contours.at(1, 0, "lv_endocardium").points_mm[45, 0] < -33.0, timeout=60_000)
    after = presenter.case.contours.at(1, 0, "lv_endocardium")
    assert after.points_mm[0, 0] == pytest.approx(36.0, abs=1.0)
    presenter.undo()
    presenter.undo()
    assert presenter.case.contours is before


def test_a_refused_correction_leaves_no_trace(delineated, qtbot, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from twinviewer.domain import MeshError

    view, presenter = delineated.views.cine.planes[1], delineated.presenter
    before = presenter.case
    monkeypatch.setattr(
        presenter, "submit", lambda *_, ended, name, **__: (ended(), presenter._fail(MeshError("It folds"), name))
    )
    delineated.views.cine.hand.setChecked(True)
    drag(view, (30.0, 0.0), (36.0, 0.0))
    assert presenter.case is before and not view._drawn_edits()
    assert "It folds" in delineated.messages.texts
