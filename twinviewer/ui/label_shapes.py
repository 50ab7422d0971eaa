"""The labels' surfaces beside the slices: made in a thread, and made again for what a hand has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from twinviewer.domain import Grid
from twinviewer.scene.label_surface import CELLS, Box, LabelShape, LabelSurface, boxes_of, label_surface

FOLLOW_MS = 40
"""How long after a change the surface is begun anew; what changes meanwhile goes with it."""
GHOST_CELLS = 64
GHOST_OPACITY = 0.22
"""Structures that are not being painted: coarser, and seen through."""

Made = tuple[dict[int, Box], dict[int, LabelSurface | None], int, bool]
"""Boxes and surfaces by label value, which value was made fine, and whether these are all that there are."""


class LabelShapes(QObject):
    """``changed`` when there are newer surfaces to draw."""

    changed = Signal()
    _made = Signal(int, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, "shapes")
        self._labels: NDArray[np.uint8] | None = None
        self._grid: Grid | None = None
        self._boxes: dict[int, Box] = {}
        self._surfaces: dict[int, LabelSurface] = {}
        self._fine: set[int] = set()
        self._stale: set[int] = set()
        self._active = 0
        self._round = 0
        self._working = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FOLLOW_MS)
        self._timer.timeout.connect(self._begin)
        self._made.connect(self._take)

    @property
    def surfaces(self) -> dict[int, LabelSurface]:
        """Label value -> its surface as it was last made."""
        return self._surfaces

    @property
    def ready(self) -> bool:
        """Whether all that is to be drawn is as it should be."""
        return self._labels is not None and not self._stale and not self._working

    def follow(self, labels: NDArray[np.uint8] | None, grid: Grid | None, active: int) -> None:
        """Show these labels (k, j, i); active: the value that is painted. The same array again changes nothing."""
        same = labels is not None and self._labels is not None and _same_memory(labels, self._labels)
        if same and self._grid is grid:
            self.choose(active)
            return
        self._labels, self._grid, self._active = labels, grid, active
        self._round += 1
        self._boxes, self._surfaces, self._fine, self._stale = {}, {}, set(), set()
        if labels is not None:
            self._submit(self._round, None)

    def choose(self, active: int) -> None:
        """Another value is painted from now on: it is drawn solid and fine."""
        if active != self._active:
            self._active = active
            self._need({active} - self._fine)
            self.changed.emit()

    def touch(self, start: tuple[int, int, int], stop: tuple[int, int, int], values: set[int]) -> None:
        """Labels of these values have changed within a box."""
        box = Box(start, stop)
        for value in values - {0}:
            self._boxes[value] = self._boxes[value].with_box(box) if value in self._boxes else box
        self._need(values - {0})

    def again(self) -> None:
        """Anything may have changed: look at all labels anew, while what was there stays in view."""
        if self._labels is not None:
            self._round += 1
            self._submit(self._round, None)

    def shapes(self, colours: dict[int, str]) -> tuple[LabelShape, ...]:
        """What to draw. colours: label value -> "#RRGGBB" of what is shown."""
        return tuple(
            LabelShape(surface, colours[value], 1.0 if value == self._active else GHOST_OPACITY)
            for value, surface in sorted(self._surfaces.items())
            if value in colours
        )

    def close(self) -> None:
        """End the thread."""
        self._timer.stop()
        self._labels = None
        self._thread.shutdown(wait=False, cancel_futures=True)

    # The thread ------------------------------------------------------------------------------------------------

    def _need(self, values: set[int]) -> None:
        self._stale |= values
        if self._stale and not self._working and not self._timer.isActive():
            self._timer.start()

    def _begin(self) -> None:
        if self._stale and not self._working and self._labels is not None:
            values, self._stale = self._stale, set()
            self._submit(self._round, {value: self._boxes[value] for value in values if value in self._boxes})

    def _submit(self, number: int, boxes: dict[int, Box] | None) -> None:
        labels, grid, active = self._labels, self._grid, self._active
        assert labels is not None and grid is not None
        self._working = True
        if boxes is None:
            self._stale.clear()

        def work() -> None:
            result: Made = ({}, {}, active, False)
            try:
                found = boxes_of(labels) if boxes is None else boxes
                made: dict[int, LabelSurface | None] = {}
                for value in sorted(found, key=lambda value: value != active):
                    cells = CELLS if value == active else GHOST_CELLS
                    made[value] = label_surface(labels, value, grid, found[value], cells)
                result = found, made, active, boxes is None
            finally:  # whatever befalls one surface, the next is made again
                self._made.emit(number, result)

        self._thread.submit(work)

    def _take(self, number: int, result: Made) -> None:
        found, made, active, everything = result
        if self._labels is None or number != self._round:
            return
        self._working = False
        if everything:
            self._boxes, self._surfaces, self._fine = dict(found), {}, set()
        for value, surface in made.items():
            if surface is None:
                self._surfaces.pop(value, None)
            else:
                self._surfaces[value] = surface
            (self._fine.add if value == active else self._fine.discard)(value)
        if self._active not in self._fine and self._active in self._boxes:
            self._stale.add(self._active)
        if self._stale:
            self._timer.start()
        self.changed.emit()


def _same_memory(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    a, b = one.__array_interface__["data"][0], other.__array_interface__["data"][0]
    return bool(a == b and one.shape == other.shape)
