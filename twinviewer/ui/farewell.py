"""How widgets go: with the Python side of all that is in them alive until Qt has destroyed them.

A widget that only its parent knows loses its Python side while Qt destroys it, and Shiboken (6.11) then looks at what
was freed: ``BindingManager::releaseWrapper``, called by ``QObjectPrivate::deleteChildren``, on a plain QLabel whose
reference count was 0. Mostly the memory still holds what it held; about one window in five hundred took the process
with it.
"""

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget


def discard(widget: QWidget) -> None:
    """Destroy a widget and all that is in it, when the event loop is next reached."""
    held = widget.findChildren(QObject)
    # Qt says "destroyed" before the children go, so that they are let go in the turn after.
    widget.destroyed.connect(lambda: QTimer.singleShot(0, held.clear))
    widget.deleteLater()


def destroy(window: QWidget) -> None:
    """Destroy a window that has been closed, and all that is in it, now."""
    QCoreApplication.processEvents()  # what its parts have put off by a turn still finds them
    held = window.findChildren(QObject)
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    held.clear()
