"""Corrections by hand, one after the other: the model follows first, the numbers come after the last of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from twinviewer.domain import (
    CineContours,
    CineStack,
    OrganMesh,
    Patient,
    Quantity,
    Reporter,
    SegmentationError,
    silent,
)
from twinviewer.session import catalog, steps
from twinviewer.ui.contour_edit import Edit
from twinviewer.ui.measured_beat import without_pixels

if TYPE_CHECKING:
    from twinviewer.ui.presenter import Presenter

Followed = tuple[CineContours, OrganMesh | None]


def compute_follow(
    organ: str,
    contours: CineContours,
    stack: CineStack,
    mesh: OrganMesh | None,
    edit: Edit,
    report: Reporter = silent,
) -> Followed:
    """Contours with one put right, and the model that follows it. For a worker. MeshError."""
    return catalog.organ(organ).correct(contours, stack, mesh, edit)


def compute_measures(
    organ: str,
    contours: CineContours,
    stack: CineStack,
    mesh: OrganMesh | None,
    patient: Patient,
    report: Reporter = silent,
) -> dict[str, Quantity]:
    """What contours and model say now. For a worker. SegmentationError."""
    return dict(catalog.organ(organ).measure(contours, mesh, stack, patient))


class Corrections(QObject):
    """Asks workers for what follows from an edit. ``restore`` puts the views right where an edit is not taken."""

    def __init__(self, presenter: Presenter, restore: Callable[[], None]) -> None:
        super().__init__(presenter)
        self._presenter, self._restore = presenter, restore
        self._waiting: list[Edit] = []
        self._working = self._ready = False
        self._measured: CineContours | None = None
        presenter.case_changed.connect(self._fill)

    def add(self, edit: Edit) -> None:
        """One contour or point was put elsewhere."""
        self._waiting.append(edit)
        self._next()

    def get_ready(self, on: bool = True) -> None:
        """The hand was taken up: let the worker load what following needs, by an edit that changes nothing."""
        p = self._presenter
        if not on or self._ready or p.busy:
            return
        try:
            organ, contours, stack, mesh, _ = steps.correction_input(p.case)
        except SegmentationError:
            return
        if mesh is not None and contours.contours:
            self._ready = True
            as_it_is = contours.contours[0]
            p.look_up(compute_follow, organ, contours, without_pixels(stack), mesh, as_it_is, done=lambda _: None)

    def _next(self) -> None:
        if self._working or not self._waiting:
            return
        edit, p = self._waiting.pop(0), self._presenter
        try:
            organ, contours, stack, mesh, _ = steps.correction_input(p.case)
        except SegmentationError:  # the case is another one by now
            self._waiting.clear()
            return
        self._working = True

        def done(found: Followed) -> None:
            self._working = False
            if p.case.contours is not contours or p.case.mesh is not mesh:
                self._waiting.clear()
                self._restore()
                return
            p.accept(steps.accept_correction(p.case, (*found, {}), edit))
            self._next()

        def ended() -> None:
            self._working = False
            self._waiting.clear()
            self._restore()
            self._fill()

        step = "Segment" if mesh is None else "Model"
        p.submit(
            "correct", step, compute_follow, organ, contours, without_pixels(stack), mesh, edit,
            done=done, ended=ended, name="Correct by hand",
        )  # fmt: skip

    def _fill(self) -> None:
        """Ask for the numbers of a corrected heart that has none yet: after the last edit, or a redo before they came.

        They are put into the Case that waits for them, with no step of their own to undo.
        """
        p = self._presenter
        busy = self._working or self._waiting
        if busy or p.case.contours is None or p.case.measurements or p.case.contours is self._measured:
            return
        self._measured = p.case.contours  # once: what cannot be measured is not asked again
        try:
            organ, contours, stack, mesh, patient = steps.correction_input(p.case)
        except SegmentationError:
            return

        def done(found: dict[str, Quantity]) -> None:
            if p.case.contours is contours and p.case.mesh is mesh:
                self._measured = None
                p.accept(replace(p.case, measurements=found), step=False)

        p.submit(
            "measure", "Segment" if mesh is None else "Model", compute_measures,
            organ, contours, without_pixels(stack), mesh, patient, done=done, name="Measure",
        )  # fmt: skip
