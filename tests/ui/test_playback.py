"""The clock keeps time whatever the frame rate."""

import time

from twinviewer.ui.playback import Playback


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
