"""Ctrl+K: all actions in one list, filtered as you type."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from twinviewer.ui.actions import Actions


class CommandPalette(QDialog):
    """Type, choose with the arrows, Enter."""

    def __init__(self, window: QWidget, actions: Actions) -> None:
        super().__init__(window, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._actions = actions
        self.setObjectName("palette")
        self.field = QLineEdit()
        self.field.setPlaceholderText("Type what you want to do")
        self.field.setAccessibleName("Search actions")
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.resize(520, 380)
        self.field.textChanged.connect(self.filter)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._go)
        self.filter("")

    def filter(self, text: str) -> None:
        """Show the actions whose name holds every word that was typed."""
        self.list.clear()
        words = text.lower().split()
        for key, action in self._actions.all.items():
            if not action.isVisible():
                continue
            name = f"{self._actions.menu_of[key]}: {self._actions.name(key)}"
            if not all(word in name.lower() for word in words):
                continue
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, key)
            self.list.addItem(item)
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(8, 5, 8, 5)
            left = QLabel(name)
            right = QLabel(action.shortcut().toString() if action.isEnabled() else action.statusTip())
            right.setProperty("role", "small")
            if not action.isEnabled():
                left.setProperty("role", "quiet")
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            line.addWidget(left, 1)
            line.addWidget(right)
            item.setSizeHint(row.sizeHint())
            self.list.setItemWidget(item, row)
        self._first()

    def _first(self) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentRow(row)
                return

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                row = self.list.currentRow() + step
                while 0 <= row < self.list.count():
                    if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled:
                        self.list.setCurrentRow(row)
                        break
                    row += step
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self.list.currentItem() is not None:
                    self._go(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _go(self, item: QListWidgetItem) -> None:
        key = item.data(Qt.ItemDataRole.UserRole)
        self.close()
        if self._actions.all[key].isEnabled():
            self._actions.all[key].trigger()

    def open_over(self, window: QWidget) -> None:
        """Show it under the window's top edge, in the middle."""
        self.field.clear()
        self.filter("")
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 90)
        self.show()
        self.field.setFocus()
