"""The calcium score in the window: asked for on the Segment page or in the menu, found in a worker, kept as a step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject

from twinviewer.domain import TwinviewerError

if TYPE_CHECKING:
    from twinviewer.session import calcium
    from twinviewer.ui.window import MainWindow

# session.calcium loads scipy: it is imported where it is used, so that the window opens without it.


class CalciumScore(QObject):
    """Verbs behind the button and the menu entry."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.dialog: Any = None

    def ask(self) -> None:
        """Open the dialog, or say why this image can have no score."""
        from twinviewer.session import calcium
        from twinviewer.ui.calcium_dialog import CalciumDialog

        case = self.w.presenter.case
        reason = calcium.why_not(case)
        if reason:
            self.w.messages.tell("No calcium score", reason, "caution")
            return
        labels = case.labels
        styles = self.w.choices.labels
        names = [] if labels is None else [n for n in labels.names.values() if labels.mask(n).any()]
        structures = [(n, styles[n].label if n in styles else n.replace("_", " ")) for n in names]
        self.dialog = CalciumDialog(self.w, self.w.look, structures, self._crosshair)
        self.dialog.remark = calcium.remark(case)
        self.dialog.setModal(False)  # the crosshair is moved meanwhile
        self.dialog.sought.connect(self._seek)
        self.dialog.pointed.connect(lambda lesion: self.w.display.set_cross(np.array(lesion.centre_mm)))
        self.dialog.chosen.connect(self._keep)
        self.dialog.show()
        corner = self.w.mapToGlobal(self.w.rect().topRight())  # beside the slices, not over them
        self.dialog.move(corner.x() - self.dialog.frameGeometry().width() - 16, corner.y() + 72)

    def _crosshair(self) -> tuple[float, float, float]:
        x, y, z = self.w.display.cross_mm
        return float(x), float(y), float(z)

    def _seek(self, region: calcium.Region) -> None:
        """Look in a worker: it needs the image and, for a structure, the labels."""
        from twinviewer.session import calcium

        p, dialog = self.w.presenter, self.dialog
        image = p.case.image
        labels = p.case.labels if region.structure else None

        def take(found: Any) -> None:
            if p.case.image is image and dialog is self.dialog:
                dialog.show_lesions(calcium.lesions_of(found))

        p.submit(
            "calcium", "Segment", calcium.compute_rows, image, labels, region.structure, region.centre_mm,
            region.radius_mm, done=take, name=calcium.ACTION, deadline_s=60.0, refused=partial(self._refused, dialog),
        )  # fmt: skip

    def _refused(self, dialog: Any, error: TwinviewerError) -> None:
        dialog.refuse(error.what)

    def _keep(self, region: calcium.Region, chosen: Any, offered: int) -> None:
        from twinviewer.session import calcium

        p = self.w.presenter
        p.accept(calcium.accept_calcium(p.case, region, chosen, offered))
        score = p.case.measurements["calcium_agatston"]
        p.noticed.emit(f"Calcium score {score.value:.0f}", score.source.rpartition("; ")[2])
