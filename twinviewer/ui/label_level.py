"""Level tracing before the click: the line of equal brightness through the pointer, drawn over the slice."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, QTimer
from PySide6.QtGui import QImage, QPainter

from twinviewer.domain import SegmentationError
from twinviewer.scene.palette import rgb
from twinviewer.scene.slices import slice_values
from twinviewer.ui.slice_view import SliceView

WAIT_MS = 25
LINE = "#3FB6C6"
NOTHING = np.zeros((0, 0), np.bool_)


class LevelLine(QObject):
    """Painted by the views that hold it among their marks; asked anew when the pointer rests for a moment."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._view: SliceView | None = None
        self._where = QPointF()
        self._values: tuple[tuple[object, ...], NDArray[np.generic]] = ((), NOTHING)
        self._drawn: QImage | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._trace)

    def move(self, view: SliceView | None, where: QPointF) -> None:
        """The pointer is over a view, or over none."""
        if view is not self._view and self._view is not None:
            self._view.update()
        self._view, self._where = view, QPointF(where)
        if view is None:
            self._drawn = None
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def _trace(self) -> None:
        from twinviewer.segmentation.edit.trace import traced

        view = self._view
        image = None if view is None else view.slice()
        if view is None or image is None or view.display.volume is None:
            return
        volume, phase = view.display.volume, view.display.phase
        key = (volume.uid, view.orientation, image.index, phase)
        if self._values[0] != key:
            self._values = key, slice_values(volume, view.orientation, image.index, phase)
        values = self._values[1]
        point = view.to_image(self._where)
        at = round(point.y()), round(point.x())
        self._drawn = None
        if 0 <= at[0] < values.shape[0] and 0 <= at[1] < values.shape[1]:
            with suppress(SegmentationError):  # no line closes through this place: nothing to show
                self._drawn = _line(traced(values, at))
        view.update()

    def draw(self, painter: QPainter, view: SliceView) -> None:
        """The line, over the slice that the pointer is in."""
        if view is self._view and self._drawn is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(view.frame(), self._drawn, QRectF(self._drawn.rect()))


def _line(inside: NDArray[np.bool_]) -> QImage:
    """The rim of a mask (h, w) as a picture that is clear elsewhere."""
    core = inside.copy()
    core[1:] &= inside[:-1]
    core[:-1] &= inside[1:]
    core[:, 1:] &= inside[:, :-1]
    core[:, :-1] &= inside[:, 1:]
    height, width = inside.shape
    data = np.zeros((height, width, 4), np.uint8)
    data[inside & ~core] = (*(round(255 * part) for part in rgb(LINE)), 255)
    data[core] = (*(round(0.22 * 255 * part) for part in rgb(LINE)), 56)
    return QImage(data.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied).copy()
