"""The volumes over the beat that the images of the case in view give: discs come from a worker, a mesh's at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from twinviewer.domain import CineContours, CineStack, OrganMesh, Reporter, silent
from twinviewer.scene.measured import MeasuredVolumes, disc_volumes, mesh_volumes
from twinviewer.session.case import Case

if TYPE_CHECKING:
    from twinviewer.ui.presenter import Presenter


def compute_discs(
    contours: CineContours, stack: CineStack, report: Reporter = silent
) -> dict[str, NDArray[np.float64]]:
    """Simpson's discs, for a worker: the arrays of MeasuredVolumes by name; empty where there is no volume."""
    found = disc_volumes(contours, stack)
    if found is None:
        return {}
    right = {} if found.rv_ml is None else {"rv_ml": found.rv_ml}
    return {"fraction": found.fraction, "lv_ml": found.lv_ml, **right}


def without_pixels(stack: CineStack) -> CineStack:
    """The same planes and frames without what they show: little to send."""
    return replace(
        stack,
        planes=tuple(
            replace(plane, frames=np.zeros((len(plane.frames), 1, 1), plane.frames.dtype)) for plane in stack.planes
        ),
    )


class MeasuredBeat(QObject):
    """``volumes`` are those of the case followed last; ``changed`` says that discs have come."""

    changed = Signal()

    def __init__(self, presenter: Presenter) -> None:
        super().__init__(presenter)
        self._presenter = presenter
        self._contours: CineContours | None = None
        self._mesh: OrganMesh | None = None
        self._discs: MeasuredVolumes | None = None
        self._model: MeasuredVolumes | None = None

    @property
    def volumes(self) -> tuple[MeasuredVolumes, ...]:
        """Discs, then model, as far as they are known."""
        return tuple(one for one in (self._discs, self._model) if one is not None)

    def follow(self, case: Case) -> None:
        """Another case is in view."""
        if case.mesh is not self._mesh:
            self._mesh = case.mesh
            self._model = None if case.mesh is None else mesh_volumes(case.mesh)
        if case.contours is not self._contours:
            contours = self._contours = case.contours
            self._discs = None
            if contours is not None and isinstance(case.image, CineStack):
                self._presenter.look_up(
                    compute_discs, contours, without_pixels(case.image), done=lambda found: self._take(contours, found)
                )

    def _take(self, contours: CineContours, found: dict[str, NDArray[np.float64]]) -> None:
        if contours is self._contours and found:
            self._discs = MeasuredVolumes("discs", found["fraction"], found["lv_ml"], found.get("rv_ml"))
            self.changed.emit()
