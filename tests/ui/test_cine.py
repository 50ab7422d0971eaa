"""Contours of a cine study lie where their points are, in the frame they belong to, and mark the beat."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from twinviewer.domain import CineContour, CineContours, CinePlane, CinePoint, CineStack
from twinviewer.ui.beat_marks import contour_marks
from twinviewer.ui.cine_view import CineView
from twinviewer.ui.theme import Look

FRAMES = 5
COLOURS = {"lv_endocardium": "#FF0000"}


def study() -> tuple[CineStack, CineContours]:
    """One oblique plane of 100 x 100 pixels of 2 mm; a circle round its middle, smallest in frame 2."""
    turn = np.array([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0], [-0.8, 0.0, 0.6]])
    affine = np.eye(4)
    affine[:3, :3] = turn * [2.0, 2.0, 1.0]
    affine[:3, 3] = [10.0, 20.0, 30.0]
    frames = np.zeros((FRAMES, 100, 100), np.int16)
    plane = CinePlane(frames, affine, np.arange(FRAMES) * 0.16, 0.8, "SAX 1", 8.0)
    angle = np.linspace(0.0, 2.0 * np.pi, 60, endpoint=False)
    found = []
    for frame in range(FRAMES):
        pixels = 50.0 + (20.0 + 4.0 * abs(frame - 2)) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        points = np.concatenate([pixels, np.zeros((60, 1)), np.ones((60, 1))], axis=1) @ affine.T
        found.append(CineContour(0, frame, "lv_endocardium", points[:, :3], 0.9))
    return CineStack((plane,), "MR", "study"), CineContours(tuple(found), (0,), "study", "test")


def reach(view: CineView) -> float:
    """Half the width in image pixels of what is red in the middle row."""
    plane = view.planes[0]
    picture = plane.grab().toImage()
    row = round(plane.from_image(50.0, 50.0).y())
    red = [x for x in range(picture.width()) if _red(picture.pixelColor(x, row))]
    assert red
    return 0.5 * (plane.to_image(QPointF(red[-1], row)).x() - plane.to_image(QPointF(red[0], row)).x())


def _red(colour: QColor) -> bool:
    return colour.red() > 120 and colour.green() < 60 and colour.blue() < 60


def test_contours_play_on_their_plane(qtbot) -> None:  # type: ignore[no-untyped-def]
    stack, contours = study()
    view = CineView(Look())
    qtbot.addWidget(view)
    view.resize(420, 420)
    view.open(stack)
    with qtbot.waitExposed(view):
        view.show()
    view.show_contours(contours, COLOURS)
    for frame, radius in ((0, 28.0), (2, 20.0)):
        view.show_time((frame + 0.1) / FRAMES)
        assert reach(view) == pytest.approx(radius, abs=1.5)
    view.show_contours(None, COLOURS)
    picture = view.planes[0].grab().toImage()
    assert not any(_red(picture.pixelColor(x, picture.height() // 2)) for x in range(picture.width()))


def test_end_systole_is_where_the_contours_are_smallest() -> None:
    stack, contours = study()
    assert contour_marks(contours, stack) == (0.0, pytest.approx(2 / FRAMES))


def test_named_points_stand_where_they_are_and_rings_are_unsure(qtbot) -> None:  # type: ignore[no-untyped-def]
    stack, contours = study()
    affine = stack.planes[0].affine
    sure, unsure = ((affine @ [column, 80.0, 0.0, 1.0])[:3] for column in (30.0, 70.0))
    points = (CinePoint(0, 0, "mitral", -1, sure, 0.9), CinePoint(0, 0, "mitral", 1, unsure, 0.2))
    view = CineView(Look())
    qtbot.addWidget(view)
    view.resize(420, 420)
    view.open(stack)
    with qtbot.waitExposed(view):
        view.show()
    view.show_contours(replace(contours, points=points), COLOURS)
    plane = view.planes[0]

    def inked(column: float) -> bool:
        place = plane.from_image(column, 80.0)
        return plane.grab().toImage().pixelColor(round(place.x()), round(place.y())).red() > 200

    assert inked(30.0) and not inked(70.0)
    view.show_time(1.1 / FRAMES)
    assert not inked(30.0)


def test_one_place_is_shown_on_every_plane_and_the_other_plane_as_a_line(qtbot) -> None:  # type: ignore[no-untyped-def]
    """Two planes at right angles that meet in the line x = 40, y = 60 mm: shift and move in one, look at the other."""
    from PySide6.QtCore import QEvent, Qt
    from PySide6.QtGui import QMouseEvent

    frames = np.arange(FRAMES * 10_000, dtype=np.int16).reshape(FRAMES, 100, 100)
    flat = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 50.0], [0, 0, 0, 1.0]])  # z = 50
    upright = np.array([[1.0, 0, 0, 0], [0, 0, 1.0, 60.0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])  # y = 60
    times = np.arange(FRAMES) * 0.16
    planes = tuple(CinePlane(frames, affine, times, 0.8, "P", 8.0) for affine in (flat, upright))
    view = CineView(Look())
    qtbot.addWidget(view)
    view.resize(820, 420)
    view.open(CineStack(planes, "MR", "crossing"))
    with qtbot.waitExposed(view):
        view.show()
    first, second = view.planes
    at = first.from_image(40.0, 60.0)
    event = QMouseEvent(QEvent.Type.MouseMove, at, first.mapToGlobal(at), Qt.MouseButton.NoButton,
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.ShiftModifier)  # fmt: skip
    first.mouseMoveEvent(event)
    assert second.cross is not None and second.cross.place_mm == pytest.approx([40.0, 60.0, 50.0], abs=0.3)
    assert second.point_of(second.cross.place_mm)[0] == second.from_image(*second.cross.place_mm[[0, 2]])
    assert first._value.startswith("signal ") and abs(int(first._value.split()[1]) - 6040) <= 101
    picture = second.grab().toImage()
    line = second.from_image(80.0, 50.0).toPoint()  # the flat plane cuts the upright one at z = 50
    seen = [picture.pixelColor(line.x(), line.y() + shift) for shift in (-1, 0, 1)]
    assert max(one.red() - one.blue() for one in seen) > 40
    view.set_cross(None)
    assert second.cross is None
    view.toggle_large(first)
    first.step(1)
    assert second.isVisible() and not first.isVisible()
    second.step(1)  # there is no other
    second.step(-1)
    assert first.isVisible() and not second.isVisible()
