"""Structures in the case tree, loaded by one act: their series is opened where it is not, then they become labels."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from twinviewer.domain import Series
from twinviewer.session.structure_series import can_lie_anywhere, fault_of, owner_of
from twinviewer.ui.structure_row import title_of

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

_NO_VOLUMES = ("not_image", "unreadable", "planar")


class StructureFlow(QObject):
    """Verbs behind the rows of structures."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.dialog: Any = None
        self._waiting: tuple[str, str, bool] | None = None
        window.tree.structures_opened.connect(self.open)
        window.presenter.finished.connect(self._finished)
        window.presenter.failed.connect(lambda *_: self._forget())

    def open(self, uid: str) -> None:
        """Load structures; where their references do not hold, ask on which images their coordinates are believed."""
        case = self.w.presenter.case
        series = next((one for one in case.series if one.uid == uid), None)
        if series is None:
            return
        if self.w.presenter.busy:
            self.w.messages.tell("Wait for what is running, then load the structures.")
            return
        fault = fault_of(series)
        if not can_lie_anywhere(series):
            self.w.messages.tell(f"{title_of(series)} cannot be laid on images", fault)
            return
        images = self._images()
        owner = owner_of(series, case.series)
        if fault:
            at = owner.uid if owner is not None else case.active_series_uid
            self.ask_place(title_of(series), fault, images, at, partial(self._load, uid, by_place=True))
        else:
            target = owner or case.active_series or (images[0] if len(images) == 1 else None)
            if target is None:
                self.w.messages.tell("Open the images first, then load the structures.")
            else:
                self._load(uid, target.uid)

    def ask_place(self, name: str, fault: str, images: list[Series], at: str, then: Any) -> None:
        """Ask on which series; ``then`` is given its uid."""
        from twinviewer.ui.place_dialog import PlaceDialog

        self.dialog = PlaceDialog(self.w, self.w.look, name, fault, images, at)
        self.dialog.chosen.connect(then)
        self.dialog.open()

    def _images(self) -> list[Series]:
        return [one for one in self.w.presenter.case.series if one.kind not in _NO_VOLUMES]

    def _load(self, uid: str, on: str, by_place: bool = False) -> None:
        p = self.w.presenter
        if p.case.active_series_uid == on and p.case.image is not None:
            series = next((one for one in p.case.series if one.uid == uid), None)
            if series is not None:
                files = [Path(name) for name in series.files]
                self.w.coupling.other_ways.read_mask(*files, by_place=by_place, at_once=True)
            return
        self._waiting = (uid, on, by_place)
        p.open_series(on)

    def _finished(self, key: str) -> None:
        if key == "image" and self._waiting is not None:
            uid, on, by_place = self._waiting
            self._waiting = None
            if self.w.presenter.case.active_series_uid == on:
                self._load(uid, on, by_place)

    def _forget(self) -> None:
        self._waiting = None
