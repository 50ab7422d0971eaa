"""What follows from a change, one piece a turn of the event loop: mouse and clock are heard in between."""

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject, QTimer


class Turns(QObject):
    """Pieces wait in the order in which they were first asked for; one that waits already is not asked for twice."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: dict[str, Callable[[], object]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._one)

    def waits(self, but: Collection[str] = ()) -> bool:
        """Whether anything is still to be done, but for these."""
        return any(name not in but for name in self._waiting)

    def ask(self, **pieces: Callable[[], object]) -> None:
        """Do each when its turn comes, by name."""
        for name, piece in pieces.items():
            self._waiting.setdefault(name, piece)
        if self._waiting:
            self._timer.start()

    def finish(self, but: Collection[str] = ()) -> None:
        """Do at once all that waits, but for these: someone is about to look."""
        while ready := [name for name in self._waiting if name not in but]:
            self._waiting.pop(ready[0])()

    def forget(self) -> None:
        """Do none of it: the window closes."""
        self._waiting.clear()

    def _one(self) -> None:
        if self._waiting:
            self._next()
        if self._waiting:
            self._timer.start()

    def _next(self) -> None:
        name = next(iter(self._waiting))
        self._waiting.pop(name)()
