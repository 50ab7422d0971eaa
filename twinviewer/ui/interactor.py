"""The VTK widget of the 3D view: keys and drops are the window's, clicks and drags are reported."""

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget


def interactor_class() -> type:
    """Made late: importing pyvistaqt takes longer than showing the window."""
    from pyvistaqt import QtInteractor

    from twinviewer.scene.stage import MAX_PANES

    class Interactor(QtInteractor):
        """A QtInteractor that leaves keys and drops to the window and reports clicks."""

        clicked = Signal(QPointF)
        dragging = Signal(bool)

        def __init__(self, parent: QWidget) -> None:
            super().__init__(
                parent, auto_update=False, multi_samples=0, shape=(1, MAX_PANES), border=False, lighting="none"
            )
            self.setAcceptDrops(False)
            self._pressed: QPointF | None = None

        def keyPressEvent(self, event: QKeyEvent) -> None:
            event.ignore()

        def keyReleaseEvent(self, event: QKeyEvent) -> None:
            event.ignore()

        def mousePressEvent(self, event: QMouseEvent) -> None:
            self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None
            self.dragging.emit(True)
            super().mousePressEvent(event)

        def mouseReleaseEvent(self, event: QMouseEvent) -> None:
            super().mouseReleaseEvent(event)
            self.dragging.emit(False)
            start, self._pressed = self._pressed, None
            if start is not None and (event.position() - start).manhattanLength() < 4:
                self.clicked.emit(event.position())

        def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
            event.ignore()

    return Interactor
