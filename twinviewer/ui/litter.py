"""Python's cyclic garbage is collected in the window's thread, and mostly while nobody waits.

Left to itself the collector runs in whatever thread happens to allocate: a widget or a render window that dies in a
thread of our own takes the program with it. And a full collection looks at every object there is, a quarter of a second
with a heart open, in the middle of a drag.
"""

import gc
import time

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCursor, QGuiApplication

LOOK_MS = 250
MANY_YOUNG, MANY_OLD = 20_000, 10
"""Containers made since the last look, a few milliseconds of work; and how often, before all are looked at."""
REST_S, AT_LAST_S = 2.0, 120.0
"""A full collection waits until the mouse has rested so long, but not for ever."""


class Litter(QObject):
    """Collects from now on until :meth:`close`; the collector is as it was after that."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        self._young = 0
        self._full_s = self._moved_s = time.monotonic()
        self._mouse = QCursor.pos()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_MS)

    def settle(self) -> None:
        """What is there now will stay: modules, classes and the window's own parts are not looked at again."""
        gc.freeze()

    def look(self) -> None:
        """Collect what is young once there is much of it, and everything in a pause."""
        now, mouse = time.monotonic(), QCursor.pos()
        if mouse != self._mouse or QGuiApplication.mouseButtons():
            self._mouse, self._moved_s = mouse, now
        if gc.get_count()[0] >= MANY_YOUNG:
            gc.collect(1)
            self._young += 1
        if self._young >= MANY_OLD:
            rests = now - max(self._moved_s, self._full_s) > REST_S
            if rests or now - self._full_s > AT_LAST_S:
                gc.collect()
                self._young, self._full_s = 0, time.monotonic()

    def close(self) -> None:
        """Give the collector back; what was set aside is looked at again."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_on:
            gc.enable()
