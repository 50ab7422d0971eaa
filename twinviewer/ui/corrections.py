"""Corrections by hand, one after the other: each is worked out from the Case that the one before has left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from twinviewer.domain import CineStack, SegmentationError
from twinviewer.session import steps
from twinviewer.ui.contour_edit import Edit
from twinviewer.ui.measured_beat import without_pixels

if TYPE_CHECKING:
    from twinviewer.ui.presenter import Presenter


class Corrections(QObject):
    """Asks a worker for the model that follows an edit. ``restore`` puts the views right where an edit is not taken."""

    def __init__(self, presenter: Presenter, restore: Callable[[], None]) -> None:
        super().__init__(presenter)
        self._presenter, self._restore = presenter, restore
        self._waiting: list[Edit] = []
        self._working = False

    def add(self, edit: Edit) -> None:
        """One contour or point was put elsewhere."""
        self._waiting.append(edit)
        self._next()

    def _next(self) -> None:
        if self._working or not self._waiting:
            return
        edit, p = self._waiting.pop(0), self._presenter
        case = p.case
        try:
            organ, contours, stack, mesh, patient = steps.correction_input(case)
        except SegmentationError:  # the case is another one by now
            self._waiting.clear()
            return
        assert isinstance(stack, CineStack)
        self._working = True

        def done(found: steps.Corrected) -> None:
            self._working = False
            if p.case.contours is contours and p.case.mesh is mesh:
                p.accept(steps.accept_correction(p.case, found, edit))
            else:
                self._restore()
            self._next()

        def ended() -> None:
            self._working = False
            self._waiting.clear()
            self._restore()

        p.submit(
            "correct", "Model" if mesh is not None else "Segment", steps.compute_correction,
            organ, contours, without_pixels(stack), mesh, patient, edit,
            done=done, ended=ended, name="Correct by hand",
        )  # fmt: skip
