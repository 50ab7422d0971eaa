"""One painted slice of a volume: orientation letters, crosshair linked with its sisters, structures over the image."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPixmap

from twinviewer.scene.label_paint import LabelColours
from twinviewer.scene.slices import SliceImage, is_native, patch_of, repaint, slice_count, slice_image, slice_index
from twinviewer.ui.cross_lines import AXIS_COLOURS, CrossLines, Grip
from twinviewer.ui.image_canvas import ImageCanvas, to_pixmap
from twinviewer.ui.image_display import ImageDisplay
from twinviewer.ui.theme import Look

SAME_MM = 1e-3
__all__ = ["AXIS_COLOURS", "SliceView"]


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
        self.lines = CrossLines(self)
        self._grip: Grip | None = None
        self._near = False
        self._room = (0.0, 0.0)
        self._of: object = None
        display.changed.connect(self._stale)
        display.moved.connect(self._follow_cross)
        display.touched.connect(self._touched)

    def _stale(self) -> None:
        self._image = self._pixmap = None
        if self.display.volume is not self._of:  # what was zoomed in on lies elsewhere in other images
            self._of = self.display.volume
            self.zoom, self.pan = 1.0, QPointF(0.0, 0.0)
        self.update()

    def _follow_cross(self) -> None:
        display, volume = self.display, self.display.volume
        if display.turned and self._image is not None:
            normal = self._image.affine[:3, 2] / np.linalg.norm(self._image.affine[:3, 2])
            if abs(float((display.cross_mm - self._image.affine[:3, 3]) @ normal)) > SAME_MM:
                self._image = self._pixmap = None
        elif volume is not None:
            index = slice_index(volume.grid, self.orientation, display.cross_mm)
            if index != self.index:
                self.index = index
                self._image = self._pixmap = None
        self.update()

    def slice(self) -> SliceImage | None:
        """The painted slice, made when it is first needed."""
        d = self.display
        if d.turned and self._room != self._seen():
            self._image = self._pixmap = None
        if self._image is None and d.volume is not None and (d.fetched or is_native(d.volume.grid, self.orientation)):
            if d.turned:
                from twinviewer.ui.turned_slice import turned_slice

                self._room = self._seen()
                self._image = turned_slice(d, self.orientation, self._room)
            else:
                self._image = slice_image(
                    d.volume, self.orientation, self.index, d.phase, d.window, d.level, d.labels, d.label_phase,
                    d.colours, d.opacity, band=d.band, slab=d.slab,
                )  # fmt: skip
        return self._image

    def _seen(self) -> tuple[float, float]:
        """How many of the screen's pixels a whole picture would take, in coarse steps of the zoom."""
        zoom = 2.0 ** np.ceil(np.log2(max(self.zoom, 1.0))) * self.devicePixelRatioF()
        return max(self.width(), 64) * float(zoom), max(self.height(), 64) * float(zoom)

    def _touched(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> None:
        """Labels have changed within a box: paint that patch of the slice again, and nothing else."""
        d = self.display
        if d.turned or d.fused is not None:
            d.labels_touched()
            self._stale()
            return
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
            d, rgb = self.display, image.rgb
            if d.fused is not None and d.volume is not None:
                rgb = d.fused.over(rgb, image.affine, float(d.volume.phase_percent[d.phase]), d.slab)
            self._pixmap = to_pixmap(rgb)
        return self._pixmap, image.spacing_mm

    @property
    def smooth(self) -> bool:
        """Across slices that lie far apart no in-between is drawn."""
        image = self._image
        return image is None or not self.display.gap_mm or max(image.spacing_mm) < self.display.gap_mm - 0.01

    def step(self, by: int) -> None:
        image, volume, d = self.slice(), self.display.volume, self.display
        if image is None or volume is None:
            return
        if d.turned:
            goal = d.cross_mm + image.affine[:3, 2] * by
            ijk = volume.grid.to_ijk(goal[None])[0]
            if (ijk >= -0.5).all() and (ijk <= np.array(volume.grid.shape[::-1]) - 0.5).all():
                d.set_cross(goal)
            return
        count = slice_count(volume.grid, self.orientation)
        index = min(max(self.index + by, 0), count - 1)
        if index != self.index:
            d.set_cross(d.cross_mm + image.affine[:3, 2] * (index - self.index))

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
        text = "" if value is None else self.display.said(value)
        if self.display.fused is not None:
            text = "\n".join(filter(None, (text, self.display.fused.said_at(place, self._percent()))))
        if text != self._under:
            self._under = text
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._under, self._near = "", False
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
            self.lines.draw(painter, self._grip, knobs=self._near or d.turned)
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
        notes = [*self.notes(), f"{image.position_mm:+.1f} mm" if d.turned else place]
        self.corner(painter, "\n".join(notes), a.AlignBottom | a.AlignLeft)
        shades = "No image" if d.volume.modality == "none" else f"W {d.window:.0f}  L {d.level:.0f}"
        self.corner(painter, shades, a.AlignBottom | a.AlignRight)
        phase = f"{d.volume.phase_percent[d.phase]:.0f} % R-R" if d.volume.phases > 1 else ""
        self.corner(painter, self._under or phase, a.AlignTop | a.AlignRight)
        for mark in self.marks:
            mark(painter, self)

    def notes(self) -> list[str]:
        """What a reader must know of how these pixels were made."""
        d = self.display
        found = [d.slab.words] if d.slab.words else []
        image = self.slice()
        if d.fused is not None and image is not None:
            rows, columns, _ = image.rgb.shape
            found += d.fused.notes(image.affine, (columns, rows))
        if d.axes is not None and not d.axes.straight(self.orientation):
            found.append("turned by hand")
        if d.gap_mm and (d.turned or not self.smooth):
            found.append(f"steps of {d.gap_mm:.3g} mm, as scanned")
        return found

    def _percent(self) -> float:
        d = self.display
        return 0.0 if d.volume is None else float(d.volume.phase_percent[d.phase])

    # The hand ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if event.button() == Qt.MouseButton.LeftButton and plain:
            self._grip = self.lines.at(event.position())
            if self._grip is not None:
                self.display.turning = self._grip.turns
                self.activated.emit(self)
                return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._grip = self.lines.drag(self._grip, event.position())
            return
        if event.buttons() == Qt.MouseButton.NoButton:
            self._point_out(self.lines.at(event.position()))
        super().mouseMoveEvent(event)

    def _point_out(self, over: Grip | None) -> None:
        if not self._near and self.testAttribute(Qt.WidgetAttribute.WA_SetCursor):
            return  # a mode has the hand, and says so by its own pointer
        if over is not None:
            shapes = {True: Qt.CursorShape.OpenHandCursor, False: Qt.CursorShape.SizeAllCursor}
            self.setCursor(shapes[over.turns])
        elif self._near:
            self.unsetCursor()
        if self._near is not (over is not None):
            self._near = over is not None
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._let_go()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._let_go()
        super().mouseDoubleClickEvent(event)

    def _let_go(self) -> None:
        self._grip = None
        if self.display.turning:
            self.display.turning = False
            self.display.changed.emit()
        self.update()
