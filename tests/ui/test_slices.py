"""What the hands do on a slice: wheel, drag, crosshair, presets."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from twinviewer.scene.slices import slice_index
from twinviewer.ui.image_display import ImageDisplay
from twinviewer.ui.slice_view import SliceView
from twinviewer.ui.theme import Look


@pytest.fixture
def views(qtbot, small_case):  # type: ignore[no-untyped-def]
    display = ImageDisplay()
    made = {name: SliceView(Look(), display, name) for name in ("axial", "coronal", "sagittal")}
    for view in made.values():
        qtbot.addWidget(view)
        view.resize(300, 300)
        view.show()
    display.open(small_case.image, small_case.labels, (800.0, 250.0))
    return display, made


def wheel(view: SliceView, steps: int) -> None:
    centre = QPointF(150, 150)
    view.wheelEvent(
        QWheelEvent(centre, view.mapToGlobal(centre), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
                    Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    )  # fmt: skip


def test_wheel_moves_one_slice_and_links_the_crosshair(views) -> None:  # type: ignore[no-untyped-def]
    display, made = views
    before, z = made["axial"].index, display.cross_mm[2]
    wheel(made["axial"], 3)
    assert made["axial"].index == before + 3
    assert display.cross_mm[2] == pytest.approx(z + 3 * 4.0)
    assert made["coronal"].index == slice_index(display.volume.grid, "coronal", display.cross_mm)


def test_wheel_stops_at_the_ends(views) -> None:  # type: ignore[no-untyped-def]
    _, made = views
    wheel(made["axial"], 500)
    assert made["axial"].index == 31
    wheel(made["axial"], -500)
    assert made["axial"].index == 0


def test_left_drag_windows(views, qtbot) -> None:  # type: ignore[no-untyped-def]
    display, made = views
    view = made["axial"]
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view, QPoint(160, 100))
    view.window_by(0.2, 0.0)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(160, 100))
    assert display.window > 800.0


def test_image_and_widget_pixels_are_inverse(views) -> None:  # type: ignore[no-untyped-def]
    _, made = views
    view = made["coronal"]
    view.zoom_by(1.7, QPointF(40, 90))
    back = view.to_image(view.from_image(7.0, 21.0))
    assert (back.x(), back.y()) == pytest.approx((7.0, 21.0))


def test_zoom_keeps_the_place_under_the_pointer(views) -> None:  # type: ignore[no-untyped-def]
    _, made = views
    view, place = made["axial"], QPointF(210, 60)
    before = view.to_image(place)
    view.zoom_by(2.5, place)
    after = view.to_image(place)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_presets_are_the_clinics(views) -> None:  # type: ignore[no-untyped-def]
    display, _ = views
    assert display.preset(1) and (display.window, display.level) == (800, 250)
    assert display.preset(5) and (display.window, display.level) == (1500, -600)
    assert display.preset(9) and (display.window, display.level) == (800.0, 250.0)


def test_phase_follows_the_beat(views) -> None:  # type: ignore[no-untyped-def]
    display, _ = views
    display.follow(58.0)
    assert display.phase == 3
    display.follow(95.0)  # nearer to 0 % of the next beat than to 80 %
    assert display.phase == 0


def test_value_under_the_pointer(views) -> None:  # type: ignore[no-untyped-def]
    display, _ = views
    assert display.value_at(np.zeros(3)) == 300.0  # the ball's blood in phase 0
    assert display.value_at(np.array([1e3, 0, 0])) is None


def test_a_large_volume_is_fetched_beside_the_window(qtbot, small_case, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Scanned slices are there at once; those across touch every page of memory and wait for the thread."""
    monkeypatch.setattr("twinviewer.ui.image_display.LARGE_BYTES", 1)
    display = ImageDisplay()
    made = {name: SliceView(Look(), display, name) for name in ("axial", "coronal", "sagittal")}
    for view in made.values():
        qtbot.addWidget(view)
    display.open(small_case.image, small_case.labels, (800.0, 250.0))
    assert not display.fetched and made["axial"].slice() is not None and made["sagittal"].slice() is None
    qtbot.waitUntil(lambda: display.fetched)
    assert made["sagittal"].slice() is not None and made["coronal"].slice() is not None
