"""The clock of the beat: time advances with the wall clock, whatever the frame rate, and never waits for a job."""

import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
"""1 is the true heart rate."""
SHORTEST_MS, LONGEST_MS = 16, 120
SHARE, SHARE_YIELDING = 0.25, 1.0
"""Of the time that a frame took the window rests before the next: clicks are served, and workers have a core. As long
as the frame itself where a worker is at it: drawn in software, the beat that is shown would hold up the one to come."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What is played again and again: from start to end, shares 0..1 of the beat; an end before the start lies in the
    next beat. once: play it and stop."""

    name: str
    start: float = 0.0
    end: float = 1.0
    once: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is all of the beat."""
        return self.end - self.start >= 1.0

    @property
    def length(self) -> float:
        """Its share of the beat."""
        return 1.0 if self.whole else (self.end - self.start) % 1.0

    def inside(self, share: float) -> bool:
        """Whether a share of the beat lies in it."""
        return self.whole or (share - self.start) % 1.0 < self.length


WHOLE = Loop("The whole beat")


class Playback(QObject):
    """Cardiac time in seconds. ``ticked`` is emitted when it changes, ``state_changed`` on play and pause.

    Frames that the machine cannot draw are dropped: a tick asks the wall clock how far the beat has come. The pause
    between ticks follows the cost of the last one, so that clicks are served even when drawing is slow.
    """

    ticked = Signal(float)
    state_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.time_s = 0.0
        self.period_s = 1.0
        self.speed = 1.0
        self.loop = WHOLE
        self._played = 0.0
        self._last = 0.0
        self._wait_ms = SHORTEST_MS
        self.yielding = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        self.playing = False
        self.enabled = False

    def set_period(self, period_s: float, enabled: bool) -> None:
        """The length of the beat; enabled False where nothing moves."""
        if period_s > 0 and period_s != self.period_s:
            fraction = (self.time_s % self.period_s) / self.period_s
            self.period_s = period_s
            self.time_s = fraction * period_s
        self.enabled = enabled
        if not enabled:
            self.pause()
        self.state_changed.emit()

    def play(self) -> None:
        """Start, where there is something to play."""
        if self.enabled and not self.playing:
            self.playing = True
            self._played = 0.0
            if not self.loop.inside(self.in_beat_s / self.period_s):
                self.time_s = self.loop.start * self.period_s
            self._last, self._wait_ms = time.perf_counter(), SHORTEST_MS
            self._timer.start(SHORTEST_MS)
            self.state_changed.emit()

    def pause(self) -> None:
        """Stop at the present moment."""
        if self.playing:
            self.playing = False
            self._timer.stop()
            self.state_changed.emit()

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, speed: float) -> None:
        """1.0 is the patient's own heart rate."""
        self.speed = speed
        self.state_changed.emit()

    def set_loop(self, loop: Loop) -> None:
        """Play another part of the beat."""
        self.loop, self._played = loop, 0.0
        self.state_changed.emit()

    def seek(self, time_s: float) -> None:
        """Go to a time of the beat; wraps."""
        self.time_s = time_s
        self.ticked.emit(self.time_s)

    def step(self, by_s: float) -> None:
        """Pause, and go on or back by some seconds."""
        self.pause()
        self.seek((self.time_s + by_s) % self.period_s)

    @property
    def in_beat_s(self) -> float:
        """Time since the start of the present beat."""
        return self.time_s % self.period_s

    def _tick(self) -> None:
        now = time.perf_counter()
        elapsed, self._last = now - self._last, now
        cost_ms = 1000.0 * elapsed - self._wait_ms  # of the last tick and of all that was drawn for it
        self._advance(elapsed * self.speed)
        if self.time_s > 3600.0:  # keep the float small; whole beats only, so nothing jumps
            self.time_s %= self.period_s
        self.ticked.emit(self.time_s)
        if not self.playing:
            self.state_changed.emit()
            return
        if self.playing:
            share = SHARE_YIELDING if self.yielding else SHARE
            self._wait_ms = int(min(max(SHORTEST_MS, share * cost_ms), LONGEST_MS))
            self._timer.start(self._wait_ms)

    def _advance(self, by_s: float) -> None:
        """Go on within the loop; played once, stop at its end."""
        loop, period = self.loop, self.period_s
        before = self.in_beat_s / period
        self._played += by_s / period
        left = (loop.start + loop.length - before) % 1.0 or 1.0
        if loop.once and (self._played >= 1.0 if loop.whole else by_s / period >= left):
            self.time_s += 0.0 if loop.whole else left * period - 1e-6
            self.playing = False
            return
        self.time_s += by_s
        if not loop.inside(self.in_beat_s / period):
            over = (self.in_beat_s / period - loop.start - loop.length) % 1.0
            self.time_s = (loop.start + over % loop.length) * period

    def close(self) -> None:
        """Stop for good."""
        self.playing = False
        self._timer.stop()
