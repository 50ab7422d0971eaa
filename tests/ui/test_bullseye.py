"""The bullseye widget: right colours in right places, what the mouse is told, and missing values that look missing."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage

from twinviewer.scene.bullseye import SCALES, SEGMENTS
from twinviewer.ui.bullseye import Bullseye
from twinviewer.ui.theme import DARK, LIGHT, Look

VALUES = np.linspace(-30.0, 10.0, 17)


@pytest.fixture(params=[200, 400])
def bullseye(qtbot, request) -> Bullseye:  # type: ignore[no-untyped-def]
    widget = Bullseye(Look(DARK))
    qtbot.addWidget(widget)
    widget.resize(request.param, request.param + 30)
    values = VALUES.copy()
    values[2] = np.nan
    widget.show_values(values, "longitudinal_percent")
    return widget


def place(widget: Bullseye, number: int, aside: float = 0.0) -> QPointF:
    """A spot of a segment: its middle, or nearer to its inner border, beside the figure."""
    centre, radius = widget._disc()
    segment = SEGMENTS[number - 1]
    x, y = segment.label
    turn = np.radians(aside)
    x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    return QPointF(centre.x() + radius * x, centre.y() - radius * y)


def pixel(image: QImage, at: QPointF) -> QColor:
    return image.pixelColor(at.toPoint())


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_each_segment_has_its_colour_in_its_place(bullseye: Bullseye, tokens) -> None:  # type: ignore[no-untyped-def]
    bullseye.look.tokens = tokens
    image = bullseye.grab().toImage()
    for number in (1, 2, 4, 5, 6, 7, 10, 12, 13, 15):
        expected = SCALES["longitudinal_percent"].colour(VALUES[number - 1])
        got = pixel(image, place(bullseye, number, 20.0))
        assert expected is not None
        assert [got.red(), got.green(), got.blue()] == pytest.approx(expected, abs=3), number


def test_a_missing_value_is_grey_and_hatched(bullseye: Bullseye) -> None:
    image = bullseye.grab().toImage()
    centre, radius = bullseye._disc()
    tones = {
        pixel(image, QPointF(centre.x() - radius * 0.87 * np.cos(a), centre.y() + radius * 0.87 * np.sin(a))).rgb()
        for a in np.radians(np.linspace(10, 50, 80))
    }
    assert len(tones) > 1
    assert max(abs(QColor(t).red() - QColor(t).blue()) for t in tones) < 40  # no colour of the map


def test_the_mouse_is_told_the_segment(bullseye: Bullseye, qtbot) -> None:  # type: ignore[no-untyped-def]
    bullseye.show()
    told: list[int] = []
    bullseye.hovered.connect(told.append)
    for number in (5, 17, 14):
        qtbot.mouseMove(bullseye, place(bullseye, number).toPoint())
    qtbot.waitUntil(lambda: told[-1:] == [14])
    assert bullseye._told() == "14 apical septal: 2 %"
    qtbot.mouseMove(bullseye, place(bullseye, 14).toPoint().__class__(2, 2))
    qtbot.waitUntil(lambda: told[-1:] == [0])
    with qtbot.waitSignal(bullseye.chosen) as chosen:
        qtbot.mouseClick(bullseye, Qt.MouseButton.LeftButton, pos=place(bullseye, 9).toPoint())
    assert chosen.args == [9]


def test_a_reader_of_screens_is_told_every_value(bullseye: Bullseye) -> None:
    text = bullseye.accessibleDescription()
    assert "1 basal anterior: −30 %" in text and "3 basal inferoseptal: no value" in text and "17 apex: 10 %" in text


def test_it_fits_whatever_room_it_has(qtbot) -> None:  # type: ignore[no-untyped-def]
    widget = Bullseye(Look(LIGHT))
    qtbot.addWidget(widget)
    for size in ((150, 170), (600, 200), (160, 700)):
        widget.resize(*size)
        centre, radius = widget._disc()
        assert centre.x() - radius >= 0 and centre.x() + radius <= size[0]
        assert centre.y() - radius >= 16 and centre.y() + radius + 30 <= size[1] + 1
        assert not widget.grab().isNull()
    with pytest.raises(ValueError, match="17"):
        widget.show_values([1.0, 2.0], "thickness_mm")
