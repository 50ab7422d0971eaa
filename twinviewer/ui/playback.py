"""The clock of the beat: time advances with the wall clock, whatever the frame rate, and never waits for a job."""

import time

from PySide6.QtCore import QObject, QTimer, Signal

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
SHORTEST_MS, LONGEST_MS = 16, 120


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
        self._last = 0.0
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
            self._last = time.perf_counter()
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
        self.time_s += elapsed * self.speed
        if self.time_s > 3600.0:  # keep the float small; whole beats only, so nothing jumps
            self.time_s %= self.period_s
        self.ticked.emit(self.time_s)
        cost_ms = 1000.0 * (time.perf_counter() - now)
        if self.playing:
            self._timer.start(int(min(max(SHORTEST_MS, 0.5 * cost_ms), LONGEST_MS)))

    def close(self) -> None:
        """Stop for good."""
        self.playing = False
        self._timer.stop()
