"""Callipers on ECG paper read what a ruler would: 25 mm are a second, 10 mm a millivolt."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from tests.ui.conftest import ball_case
from twinviewer.ui.calliper import Calliper
from twinviewer.ui.curves import Curves
from twinviewer.ui.ecg_strip import MM_PER_MV, MM_PER_S, EcgStrip
from twinviewer.ui.theme import Look

PX_PER_MM = 4.0


def calliper() -> Calliper:
    return Calliper(Look(), lambda: (25.0 * PX_PER_MM, 10.0 * PX_PER_MM))


def test_a_big_square_is_two_hundred_milliseconds_and_half_a_millivolt(qapp) -> None:  # type: ignore[no-untyped-def]
    found = calliper()
    found.begin(QPointF(100.0, 100.0))
    found.drag(QPointF(100.0 + 5 * PX_PER_MM, 100.0 - 5 * PX_PER_MM))
    found.end()
    assert found.time_ms == pytest.approx(200.0)
    assert found.height_mv == pytest.approx(0.5)  # upwards is positive
    assert found.text == "200 ms   +0.50 mV"


def test_an_interval_of_a_rhythm_says_its_rate_and_a_level_drag_only_time(qapp) -> None:  # type: ignore[no-untyped-def]
    found = calliper()
    found.begin(QPointF(0.0, 50.0))
    found.drag(QPointF(0.8 * 25 * PX_PER_MM, 10.0), upright=True)
    assert found.text == "800 ms   +0.00 mV   75 /min"
    assert found.nudge(-5)
    assert found.time_ms == pytest.approx(790.0)


def test_a_click_takes_them_away(qapp) -> None:  # type: ignore[no-untyped-def]
    found = calliper()
    found.begin(QPointF(10.0, 10.0))
    found.drag(QPointF(80.0, 10.0))
    found.end()
    assert found.shown
    found.begin(QPointF(40.0, 10.0))
    found.end()
    assert not found.shown and not found.nudge(1)


def test_dragging_over_the_paper_measures_and_escape_removes(qtbot) -> None:  # type: ignore[no-untyped-def]
    strip = EcgStrip(Look())
    qtbot.addWidget(strip)
    strip.resize(600, 160)
    run = ball_case().scenarios[0].run
    assert run is not None
    strip.set_curves([Curves("Baseline", run, "#8FA3BF")])
    strip.show()
    qtbot.waitExposed(strip)
    strip.grab()  # the scale is known once it has been drawn
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(100, 80))
    qtbot.mouseMove(strip, QPoint(150, 60))
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(150, 60))
    if not strip.calliper.shown:  # some platforms send no move without a pointer
        strip.calliper.begin(QPointF(100, 80))
        strip.calliper.drag(QPointF(150, 60))
    per_mm = strip.calliper._scale()[0] / MM_PER_S
    assert strip.calliper.time_ms == pytest.approx(1000.0 * 50 / per_mm / MM_PER_S)
    assert strip.calliper.height_mv == pytest.approx(20 / per_mm / MM_PER_MV)
    qtbot.keyClick(strip, Qt.Key.Key_Escape)
    assert not strip.calliper.shown


def test_the_sheet_shows_what_is_in_view_and_what_is_read_from_it(window, qtbot, small_case) -> None:  # type: ignore[no-untyped-def]
    window.presenter.accept(small_case)
    window.playback.pause()
    window.make_plots()
    window.plots.open_sheet()
    sheet = window.plots.sheet
    qtbot.waitExposed(sheet)
    assert sheet.ecg.twelve and "QRS" in sheet.read.text() and "160 ms" in sheet.read.text()
    window.choices.set(scenario="crt", other="crt", comparing=True)
    qtbot.waitUntil(lambda: "120 ms" in sheet.read.text())  # follows what the window compares
    window.playback.seek(0.3)
    assert sheet.ecg._time_s == pytest.approx(0.3)
    sheet.close()
