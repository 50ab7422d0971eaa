"""Starts the window. Heavy libraries are imported after it is on the screen."""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QSurfaceFormat
from PySide6.QtWidgets import QApplication, QStyleFactory

from twinviewer import __version__
from twinviewer.session.settings import load_settings
from twinviewer.ui.farewell import destroy
from twinviewer.ui.gl_probe import surface_format
from twinviewer.ui.theme import THEMES, Look


def application() -> QApplication:
    """The one QApplication, with Fusion and the surface format that VTK needs."""
    os.environ.setdefault("QT_API", "pyside6")
    os.environ.setdefault("VTK_SMP_BACKEND_IN_USE", "STDThread")
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QSurfaceFormat.setDefaultFormat(surface_format())
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Twinviewer")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("twinviewer")
    app.setStyle(QStyleFactory.create("Fusion"))
    return app


def start(path: Path | str | None = None, demo: bool = False, quit_when_shown: bool = False) -> int:
    """Open the window, on a folder or case file, or on the demo patient; returns the exit code.

    quit_when_shown: leave once the window is drawn and answers, to measure the start.
    """
    app = application()
    settings = load_settings()
    look = Look()
    look.use(THEMES[settings.theme])
    from twinviewer.ui.window import MainWindow

    window = MainWindow(look, settings=settings)
    window.show()
    if quit_when_shown:
        QTimer.singleShot(0, app.quit)
    elif demo:
        QTimer.singleShot(0, window.presenter.open_demo)
    elif path is not None:
        QTimer.singleShot(0, lambda: window.open_path(Path(path)))
    code = app.exec()
    window.shut_down()
    destroy(window)
    return int(code)
