"""Images are seen while they come: the middle slice of a volume within a blink, the others as they are decoded; of a
cine study the first frame of every plane.

The worker fills memory that the window maps, so that looking again is all there is to do.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from twinviewer.domain import CineStack, Image, Volume
from twinviewer.scene.slices import default_window, percentile_window

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

PERIOD_S = 0.25


class ReadingFlow(QObject):
    """Shows what ``presenter.previewed`` brings until the Case has an image, or the job has ended without one."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.volume: Image | None = None
        self._looked_s = 0.0
        window.presenter.previewed.connect(self.show_first)
        window.presenter.progressed.connect(self._look)
        window.presenter.jobs_changed.connect(self._ended)
        window.presenter.case_changed.connect(self._forget)

    def show_first(self, image: Image) -> None:
        """The others are coming."""
        self.volume = image
        if isinstance(image, CineStack):
            self.w.views.show_image(image, self.w.presenter.case.mesh is not None)
        else:
            self._show_volume(image)

    def _show_volume(self, volume: Volume) -> None:
        w, middle = self.w, volume.data[0, volume.data.shape[1] // 2]
        known = volume.window is not None or volume.modality == "CT"
        w.display.open(volume, None, default_window(volume) if known else percentile_window(np.asarray(middle)))
        w.views.show_image(volume, w.presenter.case.mesh is not None)
        self._looked_s = time.monotonic()

    def _look(self) -> None:
        if self.volume is not None and time.monotonic() - self._looked_s > PERIOD_S:
            self._looked_s = time.monotonic()
            self.w.display.changed.emit()

    def _forget(self) -> None:
        self.volume = None

    def _ended(self) -> None:
        """Cancelled or failed: what was there before is shown again."""
        if self.volume is not None and not self.w.presenter.reading:
            self.volume = None
            self.w.coupling.show_again()
