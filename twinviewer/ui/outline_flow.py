"""Any organ as geometry, from the window: outlined by its values; how fine its mesh is to be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from twinviewer.domain import ParameterValue, TwinviewerError, Volume
from twinviewer.session import by_choice

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow


class OutlineFlow(QObject):
    """Verbs behind the pages' buttons and the empty view's."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.dialog: Any = None

    def possible(self) -> bool:
        """Whether a structure can be outlined in what is open."""
        return bool(by_choice.choosable(self.w.presenter.case))

    def ask(self) -> None:
        """The dialog of presets and values."""
        from twinviewer.ui.outline_dialog import OutlineDialog

        case = self.w.presenter.case
        organ = case.organ if by_choice.is_by_choice(case) else next(iter(by_choice.choosable(case)), "")
        if not organ or case.image is None:
            return
        parameters = by_choice.outline_parameters(case, organ)
        there = case.labels is not None and by_choice.is_by_choice(case)
        note = "" if case.image.modality == "CT" else "No preset exists here: the values of these images have no scale."
        self.dialog = OutlineDialog(self.w, self.w.look, parameters, there, note)
        self.dialog.chosen.connect(partial(self.outline, organ))
        self.dialog.open()

    def outline(self, organ: str, values: dict[str, ParameterValue], name: str, keep: bool) -> None:
        """Find the structure in a worker."""
        p, image = self.w.presenter, self.w.presenter.case.image
        if not isinstance(image, Volume):
            return

        def take(labels: Any) -> None:
            if p.case.image is image:
                p.accept(by_choice.accept_outline(p.case, organ, labels, add=keep, name=name))

        p.submit("labels", "Segment", by_choice.compute_outline, organ, image, dict(values), done=take,
                 name=by_choice.ACTION)  # fmt: skip

    def set_edge(self, edge_mm: float) -> None:
        """Another wish for the longest edge."""
        p = self.w.presenter
        try:
            changed = by_choice.set_edge(p.case, edge_mm)
        except TwinviewerError as error:
            p.failed.emit(error, by_choice.EDGE)
            return
        if changed is not p.case:
            p.accept(changed)
