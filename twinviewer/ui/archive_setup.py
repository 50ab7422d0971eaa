"""Setting up archives from the sheet: the form, what is saved, and where a secret goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from twinviewer.archive.node import Node
from twinviewer.domain import TwinviewerError
from twinviewer.session import archive_nodes
from twinviewer.ui.archive_sheet import ArchiveSheet


class ArchiveSetup(QObject):
    """``changed`` when other archives are set up, or another is chosen. Secrets that are not to be kept live here."""

    changed = Signal()

    def __init__(self, sheet: ArchiveSheet, refresh: Callable[[], None]) -> None:
        super().__init__(sheet)
        self.sheet, self._refresh = sheet, refresh
        self.nodes = archive_nodes.load_nodes()
        self._secrets: dict[str, str] = {}
        self._editing = ""
        sheet.edit_asked.connect(lambda: self.edit(self.node))
        sheet.add_asked.connect(lambda: self.edit(None))
        sheet.form.closed.connect(lambda: self._show_form(False))
        sheet.form.save_asked.connect(self.save)
        sheet.form.remove_asked.connect(self.remove)
        sheet.show_nodes(self.nodes, "")

    @property
    def node(self) -> Node | None:
        """The archive that is asked."""
        chosen = self.sheet.node.currentData()
        return next((one for one in self.nodes if one.name == chosen), None)

    def secret(self, node: Node) -> str:
        """The token or password of an archive, from this session or from where it is kept; "" for none.

        What was given for one address is not sent to another, even where it is only tried.
        """
        known = next((one for one in self.nodes if one.name == node.name), None)
        if known is None or (known.url, known.login, known.user) != (node.url, node.login, node.user):
            return ""
        return self._secrets.get(node.name, "") or archive_nodes.kept_secret(node.name)

    def edit(self, node: Node | None) -> None:
        """Show the form of an archive; None: of a new one."""
        shown = node or Node("")
        taken = frozenset(one.name for one in self.nodes if one.name != shown.name)
        self.sheet.form.show_node(shown, taken, bool(node) and archive_nodes.has_kept_secret(shown.name))
        self._editing = shown.name
        self._show_form(True)

    def save(self, node: Node, secret: str, keep: bool) -> None:
        """Keep an archive's settings, and its secret where the user wants it."""
        old = self._editing
        try:
            used = secret or self.secret(replace(node, name=old))
            archive_nodes.save_nodes([one for one in self.nodes if one.name not in (old, node.name)] + [node])
            if old and old != node.name:
                archive_nodes.keep_secret(old, "")
            archive_nodes.keep_secret(node.name, used if keep and node.login != "none" else "")
        except TwinviewerError as error:
            self.sheet.form.note.say(str(error), "alarm")
            return
        self._secrets.pop(old, None)
        self._secrets[node.name] = used
        self.nodes = archive_nodes.load_nodes()
        self.sheet.show_nodes(self.nodes, node.name)
        self._show_form(False)
        if node.name != old:
            self.changed.emit()

    def remove(self, node: Node) -> None:
        """Forget an archive and its secret."""
        try:
            archive_nodes.save_nodes([one for one in self.nodes if one.name != node.name])
            archive_nodes.keep_secret(node.name, "")
        except TwinviewerError as error:
            self.sheet.form.note.say(str(error), "alarm")
            return
        self._secrets.pop(node.name, None)
        self.nodes = archive_nodes.load_nodes()
        self.sheet.show_nodes(self.nodes, "")
        self._show_form(False)
        self.changed.emit()

    def _show_form(self, on: bool) -> None:
        self.sheet.show_form(on)
        self._refresh()
