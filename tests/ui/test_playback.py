"""The clock keeps time whatever the frame rate."""

import time

import pytest

from twinviewer.ui.playback import SPEEDS, WHOLE, Loop, Playback
from twinviewer.ui.transport import SPOKEN


def test_time_follows_the_wall_clock_when_frames_are_slow(qtbot) -> None:  # type: ignore[no-untyped-def]
    clock = Playback()
    clock.set_period(0.8, True)
    clock.ticked.connect(lambda _: time.sleep(0.06))  # a machine that draws 16 frames a second
    started = time.perf_counter()
    clock.play()
    qtbot.wait(700)
    elapsed, shown = time.perf_counter() - started, clock.time_s
    clock.close()
    assert abs(shown - elapsed) < 0.25


def test_speed_scales_and_pause_holds(qtbot) -> None:  # type: ignore[no-untyped-def]
    clock = Playback()
    clock.set_period(1.0, True)
    clock.set_speed(0.25)
    clock.play()
    qtbot.wait(400)
    clock.pause()
    held = clock.time_s
    assert 0.04 < held < 0.2
    qtbot.wait(60)
    assert clock.time_s == held


def test_nothing_plays_where_nothing_moves() -> None:
    clock = Playback()
    clock.set_period(1.0, False)
    clock.play()
    assert not clock.playing


def test_a_change_of_rate_keeps_the_phase() -> None:
    clock = Playback()
    clock.set_period(1.0, True)
    clock.seek(0.25)
    clock.set_period(0.6, True)
    assert abs(clock.in_beat_s - 0.15) < 1e-9


def test_a_loop_keeps_to_its_part_of_the_beat_and_a_whole_one_does_not_jump() -> None:
    clock = Playback()
    clock.set_period(1.0, True)
    clock.set_loop(Loop("Excitation alone", 0.2, 0.4))
    clock.seek(0.39)
    clock._advance(0.03)
    assert clock.in_beat_s == pytest.approx(0.22)
    clock.set_loop(Loop("Diastole", 0.8, 0.3))  # into the next beat
    clock.seek(0.95)
    clock._advance(0.10)
    assert clock.in_beat_s == pytest.approx(0.05)
    clock._advance(0.30)
    assert clock.in_beat_s == pytest.approx(0.85)
    clock.set_loop(WHOLE)
    clock.seek(7.9)
    clock._advance(0.2)
    assert clock.time_s == pytest.approx(8.1)  # beats of the ECG go on


def test_played_once_it_stops_after_one_beat(qtbot) -> None:  # type: ignore[no-untyped-def]
    clock = Playback()
    clock.set_period(0.2, True)
    clock.set_loop(Loop("Once", once=True))
    clock.play()
    qtbot.waitUntil(lambda: not clock.playing, timeout=3000)
    clock.play()
    assert clock.playing  # and again from there
    clock.close()


def test_slow_motion_is_said_as_a_share_of_the_true_rate() -> None:
    assert {0.1, 0.25, 0.5, 1.0} <= set(SPEEDS) == set(SPOKEN)
