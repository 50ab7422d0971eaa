"""A mode of the hand: taken up, it sees the mouse before the views do; laid down, they are as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow


class EditMode(QObject):
    """What painting a scar, moving electrodes and mending labels have in common.

    A subclass says what ``start`` and ``stop`` do, and takes left drags by ``press`` (True where the drag is its own),
    ``drag`` and ``release``. All other buttons, the wheel, and drags that it does not take go to the view.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.on = False
        self._watched: list[Any] = []
        self._held: QObject | None = None

    def toggle(self) -> None:
        """Take it up, or lay it down."""
        if not self.stop():
            self.start()

    def start(self) -> None:
        """Take it up. A subclass says first what speaks against it, and watches its views."""
        self.on = True

    def stop(self) -> bool:
        """Lay it down, and leave all widgets to themselves; whether it was up."""
        was_on, self.on = self.on, False
        self.unwatch()
        return was_on

    def watch(self, *views: Any) -> None:
        """See the mouse over these widgets from now on; None among them is passed over."""
        for view in views:
            if view is not None and view not in self._watched:
                self._watched.append(view)
                view.installEventFilter(self)

    def unwatch(self) -> None:
        """Leave all widgets to themselves, with their own pointers."""
        for view in self._watched:
            view.removeEventFilter(self)
            view.unsetCursor()
        self._watched, self._held = [], None

    @property
    def holding(self) -> bool:
        """Whether a drag of its own is going on."""
        return self._held is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self.on:
            return False
        self.seen(watched, event)
        if not isinstance(event, QMouseEvent):
            return self.other(watched, event)
        kind, left = event.type(), event.button() == Qt.MouseButton.LeftButton
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick) and left:
            if self.press(watched, event):
                self._held = watched
                return True
        elif kind == QEvent.Type.MouseMove and self._held is watched:
            self.drag(watched, event)
            return True
        elif kind == QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton:
            self.hover(watched, event)
        elif kind == QEvent.Type.MouseButtonRelease and left and self._held is watched:
            self._held = None
            self.release(watched, event)
            return True
        return False

    # What a subclass does --------------------------------------------------------------------------------------

    def press(self, view: Any, event: QMouseEvent) -> bool:
        """The left button went down; whether the drag that begins here is this mode's."""
        return False

    def drag(self, view: Any, event: QMouseEvent) -> None:
        """The pointer moved in a drag of its own."""

    def release(self, view: Any, event: QMouseEvent) -> None:
        """A drag of its own has ended."""

    def hover(self, view: Any, event: QMouseEvent) -> None:
        """The pointer moved with no button down."""

    def seen(self, view: Any, event: QEvent) -> None:
        """Anything happened to a watched widget."""

    def other(self, view: Any, event: QEvent) -> bool:
        """Something that is no click or move (a wheel, a key); whether it goes no further."""
        return False
