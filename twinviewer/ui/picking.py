"""Choosing a site on the heart with a click: a mode that is entered, and left by a choice or Esc."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow


class Picking(QObject):
    """Listens to the form that asks for a site and to the 3D view that gives it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self._wanted: tuple[str, str] | None = None
        window.views.view3d.picked.connect(self.picked)
        window.views.view3d.missed.connect(lambda: window.messages.tell("Click on the heart's wall to choose the site"))
        window.inspector.simulate.pick_asked.connect(self.ask)

    def ask(self, parameter: str, kind: str, on: bool) -> None:
        """Enter or leave the mode for one parameter of a therapy."""
        self._wanted = (parameter, kind) if on else None
        self.w.views.view3d.set_picking(on)
        if on:
            self.w.messages.tell("Click the site on the heart", "Esc leaves the choice as it is.")

    def stop(self) -> bool:
        """Leave the mode; whether it was on."""
        if self._wanted is None:
            return False
        parameter, _ = self._wanted
        self._wanted = None
        self.w.views.view3d.set_picking(False)
        self.w.inspector.simulate.stop_picking(parameter)
        return True

    def picked(self, pane: int, node: int) -> None:
        """A node of the heart was clicked."""
        mesh = self.w.presenter.case.mesh
        if self._wanted is None or mesh is None:
            return
        parameter, kind = self._wanted
        segments = mesh.point_fields.get("aha_segment")
        segment = int(segments[node]) if kind == "lv_segment" and segments is not None else 0
        if kind == "lv_segment" and segment <= 0:
            self.w.messages.tell("That is not the LV wall", "Click a site on the LV wall.", "caution")
            return
        self.w.inspector.simulate.picked(parameter, f"AHA{segment}", node)
        self.stop()
        self.w.messages.clear()
