"""Pictures on their sheet: stepped through, played, brightened, and read off where the pointer is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import QPoint, Qt

from twinviewer import dicom
from twinviewer.domain import Patient, Picture, Pictures, Series
from twinviewer.session.pictures import compute_pictures, opens_as_pictures, value_text
from twinviewer.ui.picture_sheet import PictureSheet
from twinviewer.ui.theme import Look
from twinviewer.ui.thumbnails import SIZE, thumbnail

GREY = np.arange(40 * 60, dtype=np.int16).reshape(40, 60)


def series(**more: object) -> Series:
    return Series("1", "2", Patient("P-1"), "planar", "US", "Film", "", 3, 1, (40, 60), (0.0, 0.0, 0.0), ("x",),
                  extra={"opens_as": "pictures"}, **more)  # type: ignore[arg-type]  # fmt: skip


def film() -> Pictures:
    frames = tuple(Picture(GREY + 1000 * n, (0.5, 0.25), "in the patient") for n in range(3))
    return Pictures(frames, "US", "uid", "Film", 0.05, ("They do not form a volume",))


@pytest.fixture
def sheet(qtbot: Callable) -> PictureSheet:  # type: ignore[type-arg]
    found = PictureSheet(Look(), series(), film())
    found.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(found)  # type: ignore[attr-defined]
    found.resize(900, 700)
    found.show()
    return found


def test_every_picture_is_reached(sheet: PictureSheet, qtbot: Callable) -> None:  # type: ignore[type-arg]
    assert "1 of 3" in sheet.said.text() and "0.25 × 0.5 mm in the patient" in sheet.said.text()
    qtbot.keyClick(sheet.canvas, Qt.Key.Key_Right)  # type: ignore[attr-defined]
    assert "2 of 3" in sheet.said.text() and sheet.slider.value() == 1
    qtbot.keyClick(sheet.canvas, Qt.Key.Key_Left)  # type: ignore[attr-defined]
    qtbot.keyClick(sheet.canvas, Qt.Key.Key_Left)  # type: ignore[attr-defined]
    assert "3 of 3" in sheet.said.text()


def test_a_film_plays_at_its_own_speed(sheet: PictureSheet, qtbot: Callable) -> None:  # type: ignore[type-arg]
    assert "20 pictures a second" in sheet.play.toolTip()
    sheet.play.setChecked(True)
    assert sheet._timer.interval() == 50
    qtbot.waitUntil(lambda: sheet.number == 2, timeout=3000)  # type: ignore[attr-defined]
    sheet.play.setChecked(False)
    assert not sheet._timer.isActive()


def test_pixels_keep_their_shape_and_are_read_off(sheet: PictureSheet, qtbot: Callable) -> None:  # type: ignore[type-arg]
    """60 x 40 pixels of 0.25 x 0.5 mm are a picture of 15 x 20 mm."""
    place = sheet.canvas.place()
    assert place.width() / place.height() == pytest.approx(15 / 20)
    at = QPoint(round(place.left() + 0.75 * place.width()), round(place.top() + 0.5 * place.height()))
    qtbot.mouseMove(sheet.canvas, at)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: sheet.value.text() != "", timeout=2000)  # type: ignore[attr-defined]
    row, column = divmod(int(sheet.value.text()), 60)
    assert abs(row - 20) <= 1 and abs(column - 45) <= 1


def test_brightness_by_dragging_and_back(sheet: PictureSheet, qtbot: Callable) -> None:  # type: ignore[type-arg]
    own = sheet.pictures.frames[0].own_window()
    assert f"width {own[0]:.4g}" in sheet.said.text()
    canvas = sheet.canvas
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))  # type: ignore[attr-defined]
    qtbot.mouseMove(canvas, QPoint(150, 100))  # type: ignore[attr-defined]
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(150, 100))  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: canvas.window_ is not None, timeout=2000)  # type: ignore[attr-defined]
    assert canvas.window_ is not None and canvas.window_[0] > own[0]
    qtbot.keyClick(canvas, Qt.Key.Key_R)  # type: ignore[attr-defined]
    assert canvas.window_ is None


def test_values_as_a_person_reads_them() -> None:
    colour = Pictures((Picture(np.full((2, 2, 3), 7, np.uint8)),), "OT", "u")
    assert value_text(colour, 0, 1, 1) == "RGB 7 7 7" and value_text(colour, 0, 2, 0) == ""
    dose = Pictures((Picture(np.full((2, 2), 1.23456, np.float32)),), "OT", "u", unit="Gy")
    assert value_text(dose, 0, 0, 0) == "1.235 Gy"


def test_a_colour_capture_opens_and_has_a_thumbnail() -> None:
    path = Path(pydicom.__file__).parent / "data" / "test_files" / "examples_rgb_color.dcm"
    (found,) = dicom.scan(path)
    assert opens_as_pictures(found)
    (frame,) = compute_pictures(found).frames
    assert frame.in_colour and frame.pixels.shape == (240, 320, 3)
    small = thumbnail(found)
    assert small.shape == (SIZE, SIZE, 3) and (np.ptp(small.astype(int), axis=2) > 20).any()  # in colour, too
