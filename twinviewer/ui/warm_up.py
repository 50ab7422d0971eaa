"""Imports what is slow after the window is on the screen, in a thread, so that the window stays alive meanwhile."""

import importlib
import threading
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

MODULES = ("pyqtgraph", "pyvistaqt", "twinviewer.scene.stage", "twinviewer.scene.compose")
LATER = ("twinviewer.session.label_draft", "twinviewer.session.label_jobs")
"""What a hand may want a moment later."""


class WarmUp(QObject):
    """``ready`` carries a module's name, or "catalog"; ``done`` comes last."""

    ready = Signal(str)
    done = Signal()

    def __init__(self, modules: Sequence[str] = MODULES) -> None:
        super().__init__()
        self._modules = tuple(modules)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="warm-up", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _work(self) -> None:
        for name in self._modules:
            if self._stop.is_set():
                return
            importlib.import_module(name)
            self._say(name)
        from twinviewer.session import catalog

        for look in (catalog.organs, catalog.engines, catalog.therapies):
            if self._stop.is_set():
                return
            look()
        self._say("catalog")
        if not self._stop.is_set():
            self.done.emit()
        for name in LATER:
            if not self._stop.is_set():
                importlib.import_module(name)

    def _say(self, name: str) -> None:
        if not self._stop.is_set():
            self.ready.emit(name)

    def close(self) -> None:
        """Ask the thread to end, and wait for the import under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(20.0)
