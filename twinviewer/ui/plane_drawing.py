"""What lies over the frames of one plane of a cine study: what was delineated, and where a moving model meets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from twinviewer.domain import CineContours, CinePlane
from twinviewer.scene.palette import POINTS
from twinviewer.ui.image_canvas import ImageCanvas

if TYPE_CHECKING:
    from twinviewer.scene.plane_lines import PlaneLines

SURE = 0.6
"""Contours of less confidence are dashed."""
CONTOUR_PX, BAND_PX, MODEL_PX, EDIT_PX = 1.6, 3.4, 1.2, 2.2
"""Widths: contours alone; contours under the model, as a pale band; the model, a fine line; what is being moved."""
BAND_ALPHA = 120
POINT_PX = 2.6
"""Radius of a named point: a disc, or a ring where it is not sure."""
CONTOURS, MODEL, BOTH, NOTHING = "contours", "model", "both", "none"


class PlaneDrawing:
    """Contours, points and the model's lines by frame, in image pixels. Lines are cut when first seen and kept."""

    def __init__(self, plane: CinePlane, number: int, spacing_mm: tuple[float, float]) -> None:
        """number: of the plane in its study, from 1. spacing_mm: of its columns and rows."""
        self.plane, self.number, self.spacing_mm = plane, number, spacing_mm
        self.shown = BOTH
        self.ink: Mapping[str, str] = {}
        self._contours: dict[int, list[tuple[QColor, bool, np.ndarray]]] = {}
        self._points: dict[int, list[tuple[QColor, bool, QPointF]]] = {}
        self._model: PlaneLines | None = None
        self._colours: Mapping[str, str] = {}
        self._cuts: dict[int, list[tuple[QColor, QPolygonF]]] = {}
        self._inverse = np.linalg.inv(plane.affine)

    def set_contours(self, contours: CineContours | None, number: int, colours: Mapping[str, str]) -> None:
        """What was delineated in this plane (its place in the stack); colours: structure -> "#RRGGBB"."""
        self._contours, self._points, self.ink = {}, {}, colours
        for contour in () if contours is None else contours.contours:
            if contour.plane == number:
                colour = QColor(colours.get(contour.structure, "#FFFFFF"))
                self._contours.setdefault(contour.phase, []).append(
                    (colour, contour.confidence < SURE, self.pixels(contour.points_mm))
                )
        for point in () if contours is None else contours.points:
            if point.plane == number:
                place = QPointF(*self.pixels(point.point_mm).tolist())
                colour = QColor(POINTS.get(point.name, "#FFFFFF"))
                self._points.setdefault(point.phase, []).append((colour, point.confidence < SURE, place))

    def set_model(self, lines: PlaneLines | None, colours: Mapping[str, str]) -> None:
        """Where a mesh meets this plane at the moment of each frame; None: nowhere."""
        self._model, self._colours, self._cuts = lines, colours, {}

    def pixels(self, points_mm: np.ndarray) -> np.ndarray:
        """(..., 2) column and row of (..., 3) LPS points, along the plane's normal."""
        return points_mm @ self._inverse[:2, :3].T + self._inverse[:2, 3]

    def cut(self, frame: int) -> list[tuple[QColor, QPolygonF]]:
        """The model's lines in one frame, in image pixels."""
        if self._model is None:
            return []
        if frame not in self._cuts:
            self._cuts[frame] = [
                (QColor(self._colours.get(name, "#FFFFFF")), polygon(line))
                for name, lines in self._model.at(self.number - 1, frame).items()
                for line in lines
            ]
        return self._cuts[frame]

    @property
    def prepare_left(self) -> int:
        """How many frames have not been cut yet."""
        return 0 if self._model is None else len(self.plane.frames) - len(self._cuts)

    def prepare(self) -> None:
        """Cut one frame that has not been seen yet."""
        if self.prepare_left:
            self.cut(next(frame for frame in range(len(self.plane.frames)) if frame not in self._cuts))

    def heart(self, margin_mm: float, near_mm: np.ndarray | None = None) -> QRectF | None:
        """Where the heart is in this plane, in image pixels: round all its contours, with a margin.

        near_mm: (n, 3) points of the heart on both sides of the plane, for one without contours.
        """
        lines = [outline for found in self._contours.values() for _, _, outline in found]
        if not lines and near_mm is not None and len(near_mm):
            lines = [self.pixels(near_mm)]
        if not lines:
            return None
        every = np.vstack(lines)
        low, high = every.min(axis=0), every.max(axis=0)
        region = QRectF(QPointF(*low.tolist()), QPointF(*high.tolist()))
        across, down = (margin_mm / mm for mm in self.spacing_mm)
        return region.adjusted(-across, -down, across, down)

    def draw(self, painter: QPainter, view: ImageCanvas, frame: int, edits: Sequence[tuple[QColor, QPolygonF]]) -> None:
        """Paint what one frame has, over its image. edits: what is being moved, outlines or points, in image pixels."""
        found = self._contours.get(frame, []) if self.shown in (CONTOURS, BOTH) else []
        contours = [(colour, unsure, polygon(pixels)) for colour, unsure, pixels in found]
        cuts = self.cut(frame) if self.shown in (MODEL, BOTH) else []
        points = self._points.get(frame, []) if self.shown in (CONTOURS, BOTH) else []
        rect, image = view.frame(), view.picture()
        if image is None or not (contours or cuts or points):
            return
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ratio = view.devicePixelRatioF()
        scale_x, scale_y = rect.width() / image[0].width(), rect.height() / image[0].height()
        painter.setTransform(  # image pixels, whose centres are whole numbers, to the widget's
            QTransform(scale_x, 0, 0, scale_y, rect.left() + 0.5 * scale_x, rect.top() + 0.5 * scale_y),
            combine=True,
        )
        for colour, unsure, outline in contours:
            ink = QColor(colour)
            ink.setAlpha(BAND_ALPHA if cuts else 255)
            style = Qt.PenStyle.DashLine if unsure else Qt.PenStyle.SolidLine
            painter.setPen(_pen(ink, ratio * (BAND_PX if cuts else CONTOUR_PX), style))
            painter.drawPolygon(outline)
        for colour, line in cuts:
            painter.setPen(_pen(colour, ratio * MODEL_PX))
            painter.drawPolyline(line)
        for colour, outline in edits:
            if outline.count() > 1:
                painter.setPen(_pen(colour, ratio * EDIT_PX))
                painter.drawPolygon(outline)
            else:
                points = [*points, (colour, False, outline.first())]
        painter.restore()
        for colour, unsure, place in points:
            painter.setPen(QPen(colour, 1.4))
            painter.setBrush(Qt.BrushStyle.NoBrush if unsure else colour)
            painter.drawEllipse(view.from_image(place.x(), place.y()), POINT_PX, POINT_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def drawn_mm(self, frame: int, pixels_per_mm: float) -> list[tuple[str, float, bool, np.ndarray]]:
        """(colour, width, dashed, (s, 2, 3) LPS ends of segments) of the lines and points of one frame.

        pixels_per_mm: of the screen, for the rings that stand for points.
        """
        found = []
        cuts = self._model.at(self.number - 1, frame) if self._model is not None and self.shown in (MODEL, BOTH) else {}
        if self.shown in (CONTOURS, BOTH):
            wide = BAND_PX if cuts else CONTOUR_PX
            for colour, unsure, pixels in self._contours.get(frame, []):
                found.append((colour.name(), wide, unsure, self._segments_mm(pixels, closed=True)))
            for colour, unsure, place in self._points.get(frame, []):
                turn = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
                radius = POINT_PX / max(pixels_per_mm, 1e-6) / np.array(self.spacing_mm)
                ring = [place.x(), place.y()] + radius * np.stack([np.cos(turn), np.sin(turn)], -1)
                found.append((colour.name(), CONTOUR_PX, unsure, self._segments_mm(ring, closed=True)))
        for name, lines in cuts.items():
            ends = [self._segments_mm(line, closed=False) for line in lines]
            if ends:
                found.append((self._colours.get(name, "#FFFFFF"), MODEL_PX, False, np.concatenate(ends)))
        return found

    def _segments_mm(self, pixels: np.ndarray, *, closed: bool) -> np.ndarray:
        line = np.vstack([pixels, pixels[:1]]) if closed else pixels
        points = line @ self.plane.affine[:3, :2].T + self.plane.affine[:3, 3]
        return np.stack([points[:-1], points[1:]], axis=1)


def polygon(pixels: np.ndarray) -> QPolygonF:
    """Of (n, 2) columns and rows."""
    return QPolygonF([QPointF(x, y) for x, y in pixels.tolist()])


def _pen(colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(colour, width, style)
    pen.setCosmetic(True)  # widths are in the screen's pixels whatever the zoom
    return pen
