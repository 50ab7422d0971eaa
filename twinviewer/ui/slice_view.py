"""One painted slice of a volume: orientation letters, crosshair linked with its sisters, structures over the image."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPixmap

from twinviewer.scene.label_paint import LabelColours
from twinviewer.scene.slices import SliceImage, patch_of, repaint, slice_count, slice_image, slice_index
from twinviewer.ui.image_canvas import ImageCanvas, to_pixmap
from twinviewer.ui.image_display import ImageDisplay
from twinviewer.ui.theme import Look

AXIS_COLOURS = {"axial": "#E5B454", "coronal": "#5BC58C", "sagittal": "#D98FD0"}
"""Each orientation's colour: of its title mark, and of its line in the other views."""


class SliceView(ImageCanvas):
    """A slice in one orientation ("axial", "coronal", "sagittal") of the display's volume.

    marks: what modes paint over it, in widget pixels, after everything else.
    """

    def __init__(self, look: Look, display: ImageDisplay, orientation: str) -> None:
        super().__init__(look, orientation.capitalize())
        self.display, self.orientation = display, orientation
        self.index = 0
        self._image: SliceImage | None = None
        self._pixmap: QPixmap | None = None
        self._under = ""
        self._colours: tuple[object, LabelColours] | None = None
        self.marks: list[Callable[[QPainter, SliceView], None]] = []
        display.changed.connect(self._stale)
        display.moved.connect(self._follow_cross)
        display.touched.connect(self._touched)

    def _stale(self) -> None:
        self._image = self._pixmap = None
        self.update()

    def _follow_cross(self) -> None:
        volume = self.display.volume
        if volume is not None:
            index = slice_index(volume.grid, self.orientation, self.display.cross_mm)
            if index != self.index:
                self.index = index
                self._image = self._pixmap = None
        self.update()

    def slice(self) -> SliceImage | None:
        """The painted slice, made when it is first needed."""
        d = self.display
        if self._image is None and d.volume is not None:
            self._image = slice_image(
                d.volume, self.orientation, self.index, d.phase, d.window, d.level, d.labels, d.label_phase, d.colours,
                d.opacity, band=d.band,
            )  # fmt: skip
        return self._image

    def _touched(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> None:
        """Labels have changed within a box: paint that patch of the slice again, and nothing else."""
        d = self.display
        if d.volume is None or d.labels is None or self._image is None or self._pixmap is None:
            return
        patch = patch_of(d.volume.grid, self.orientation, self._image.index, start, stop)
        if patch is None or not d.labels.grid.same_as(d.volume.grid):
            return
        key = (d.labels.names, d.colours, d.opacity)
        if self._colours is None or self._colours[0] != key:
            self._colours = key, LabelColours.of(d.labels.names, d.colours, d.opacity)
        labels = d.labels.data[min(d.label_phase, d.labels.phases - 1)]
        fresh = repaint(self._image, labels, d.volume.grid, self.orientation, patch, self._colours[1])
        rows, columns = patch
        painter = QPainter(self._pixmap)
        painter.drawPixmap(columns.start, rows.start, to_pixmap(fresh))
        painter.end()
        first = self.from_image(columns.start - 1.5, rows.start - 1.5)
        last = self.from_image(columns.stop + 0.5, rows.stop + 0.5)
        self.update(QRectF(first, last).toAlignedRect())

    def place_mm(self, where: QPointF) -> NDArray[np.float64] | None:
        """(3,) LPS place under a point of the widget; None without an image."""
        image = self.slice()
        if image is None:
            return None
        point = self.to_image(where)
        return np.asarray((image.affine @ np.array([point.x(), point.y(), 0.0, 1.0]))[:3])

    def point_of(self, place_mm: NDArray[np.floating]) -> tuple[QPointF, float]:
        """Where a (3,) LPS place lies in the widget when it is laid straight onto the slice, and its distance in mm
        from it, positive towards higher slices."""
        image = self.slice()
        if image is None:
            return QPointF(), 0.0
        column, row, _ = (np.linalg.inv(image.affine) @ np.append(np.asarray(place_mm, float), 1.0))[:3]
        normal = image.affine[:3, 2] / np.linalg.norm(image.affine[:3, 2])
        return self.from_image(float(column), float(row)), float((place_mm - image.affine[:3, 3]) @ normal)

    @property
    def pixels_per_mm(self) -> float:
        """How large a millimetre is drawn; 0 without an image."""
        image, frame = self.slice(), self.frame()
        return 0.0 if image is None else frame.width() / (image.rgb.shape[1] * image.spacing_mm[0])

    @property
    def normal(self) -> NDArray[np.float64] | None:
        """(3,) unit LPS vector across the slice; None without an image."""
        image = self.slice()
        if image is None:
            return None
        across = np.cross(image.affine[:3, 0], image.affine[:3, 1])
        return np.asarray(across / np.linalg.norm(across))

    def picture(self) -> tuple[QPixmap, tuple[float, float]] | None:
        image = self.slice()
        if image is None:
            return None
        if self._pixmap is None:
            self._pixmap = to_pixmap(image.rgb)
        return self._pixmap, image.spacing_mm

    def step(self, by: int) -> None:
        image, volume = self.slice(), self.display.volume
        if image is None or volume is None:
            return
        count = slice_count(volume.grid, self.orientation)
        index = min(max(self.index + by, 0), count - 1)
        if index != self.index:
            self.display.set_cross(self.display.cross_mm + image.affine[:3, 2] * (index - self.index))

    def window_by(self, width: float, level: float) -> None:
        d = self.display
        if d.volume is not None:
            reach = max(d.own_window[0], 200.0) if d.volume.modality == "CT" else d.own_window[0]
            d.set_window(d.window + width * 2.0 * reach, d.level + level * 1.5 * reach)

    def hover(self, point: QPointF, event: QMouseEvent) -> None:
        image = self.slice()
        if image is None:
            return
        place = (image.affine @ np.array([point.x(), point.y(), 0.0, 1.0]))[:3]
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.display.set_cross(place)
        value = self.display.value_at(place)
        unit = " HU" if self.display.volume is not None and self.display.volume.modality == "CT" else ""
        text = "" if value is None else f"{value:.0f}{unit}"
        if text != self._under:
            self._under = text
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._under = ""
        self.update()

    def overlay(self, painter: QPainter) -> None:
        image, d = self.slice(), self.display
        a = Qt.AlignmentFlag
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(AXIS_COLOURS[self.orientation]))
        painter.drawRoundedRect(QRectF(8, 9, 3, 11), 1.5, 1.5)
        painter.translate(8, 0)
        self.corner(painter, self.title, a.AlignTop | a.AlignLeft, strong=True)
        painter.translate(-8, 0)
        if image is None or d.volume is None:
            return
        if d.cross_shown:
            self._cross(painter, image)
        left, right, top, bottom = image.letters
        for letter, where in (
            (left, a.AlignLeft | a.AlignVCenter),
            (right, a.AlignRight | a.AlignVCenter),
            (top, a.AlignTop | a.AlignHCenter),
            (bottom, a.AlignBottom | a.AlignHCenter),
        ):
            self.corner(painter, letter, where, strong=True)
        wide = self.width() > 240
        place = f"{image.index + 1}/{image.count}" + (f"  {image.position_mm:+.1f} mm" if wide else "")
        self.corner(painter, place, a.AlignBottom | a.AlignLeft)
        shades = "No image" if d.volume.modality == "none" else f"W {d.window:.0f}  L {d.level:.0f}"
        self.corner(painter, shades, a.AlignBottom | a.AlignRight)
        phase = f"{d.volume.phase_percent[d.phase]:.0f} % R-R" if d.volume.phases > 1 else ""
        self.corner(painter, self._under or phase, a.AlignTop | a.AlignRight)
        for mark in self.marks:
            mark(painter, self)

    def _cross(self, painter: QPainter, image: SliceImage) -> None:
        column, row = (np.linalg.inv(image.affine) @ np.append(self.display.cross_mm, 1.0))[:2]
        centre, rect = self.from_image(float(column), float(row)), self.frame()
        others = {"axial": ("sagittal", "coronal"), "coronal": ("sagittal", "axial"), "sagittal": ("coronal", "axial")}
        upright, level = (QColor(AXIS_COLOURS[name]) for name in others[self.orientation])
        gap = 9.0
        for colour, lines in (
            (upright, ((centre.x(), rect.top(), centre.x(), centre.y() - gap),
                       (centre.x(), centre.y() + gap, centre.x(), rect.bottom()))),
            (level, ((rect.left(), centre.y(), centre.x() - gap, centre.y()),
                     (centre.x() + gap, centre.y(), rect.right(), centre.y()))),
        ):  # fmt: skip
            colour.setAlpha(120)
            painter.setPen(QPen(colour, 1.0))
            for x1, y1, x2, y2 in lines:
                painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))
