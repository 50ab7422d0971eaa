"""Every action of the window. Menus, command palette and shortcut sheet read this."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar

from twinviewer.ui.icons import icon
from twinviewer.ui.theme import Look


class Actions:
    """Actions by key, in the order in which they were added."""

    def __init__(self, window: QMainWindow, look: Look) -> None:
        self._window, self._look = window, look
        self._signs: dict[str, str] = {}
        self.all: dict[str, QAction] = {}
        self.menu_of: dict[str, str] = {}
        look.changed.connect(self._draw)

    def add(
        self,
        key: str,
        menu: str,
        text: str,
        do: Callable[[], object],
        shortcut: str = "",
        sign: str = "",
        *,
        checkable: bool = False,
    ) -> QAction:
        """Make an action and give it to the window, so that its shortcut works wherever the focus is."""
        action = QAction(text, self._window)
        action.triggered.connect(lambda _=False: do())
        action.setCheckable(checkable)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if sign:
            self._signs[key] = sign
            action.setIcon(icon(sign, self._look.tokens))
        self._window.addAction(action)
        self.all[key] = action
        self.menu_of[key] = menu
        return action

    def allow(self, key: str, possible: bool, why_not: str = "") -> None:
        """Enable or disable; a disabled action says why in its tooltip and in the command palette."""
        action = self.all[key]
        action.setEnabled(possible)
        action.setToolTip(self.name(key) if possible or not why_not else f"{self.name(key)}: {why_not}")
        action.setStatusTip("" if possible else why_not)

    def name(self, key: str) -> str:
        """The action's text without mnemonic or dots."""
        return self.all[key].text().replace("&", "").rstrip("…")

    def fill(self, bar: QMenuBar, layout: dict[str, list[str | tuple[str, list[str]]]]) -> dict[str, QMenu]:
        """Put actions into menus: a key, "-" for a rule, or (submenu title, keys)."""
        menus = {}
        for title, entries in layout.items():
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            menus[title] = menu
            for entry in entries:
                if entry == "-":
                    menu.addSeparator()
                elif isinstance(entry, tuple):
                    inner = menu.addMenu(entry[0])
                    inner.setToolTipsVisible(True)
                    for key in entry[1]:
                        if key == "-":
                            inner.addSeparator()
                        else:
                            inner.addAction(self.all[key])
                else:
                    menu.addAction(self.all[entry])
        return menus

    def _draw(self) -> None:
        for key, sign in self._signs.items():
            self.all[key].setIcon(icon(sign, self._look.tokens))
