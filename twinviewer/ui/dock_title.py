"""The slim title of a docked panel: its name or its controls, float and close."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from twinviewer.ui.icons import icon
from twinviewer.ui.theme import Look


class DockTitle(QWidget):
    """Drag it to move the panel. ``body`` replaces the name, for a panel whose title is a row of controls."""

    def __init__(self, dock: QDockWidget, look: Look, body: QWidget | None = None) -> None:
        super().__init__(dock)
        self.setObjectName("dockTitle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.look, self.dock = look, dock
        row = QHBoxLayout(self)
        row.setContentsMargins(12 if body is None else 0, 2, 4, 2)
        row.setSpacing(0)
        if body is None:
            name = QLabel(dock.windowTitle().upper())
            name.setProperty("role", "section")
            row.addWidget(name, 1)
        else:
            row.addWidget(body, 1)
        self.float = self._button("Undock this panel", lambda: dock.setFloating(not dock.isFloating()))
        self.shut = self._button("Hide this panel (View > Panels brings it back)", dock.close)
        row.addWidget(self.float)
        row.addWidget(self.shut)
        look.changed.connect(self._draw)
        dock.topLevelChanged.connect(self._draw)
        self._draw()

    def _button(self, tip: str, do: object) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setIconSize(QSize(13, 13))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(do)
        return button

    def _draw(self, *_: object) -> None:
        t = self.look.tokens
        self.float.setIcon(icon("dock" if self.dock.isFloating() else "float", t, t.quiet))
        self.shut.setIcon(icon("close", t, t.quiet))
