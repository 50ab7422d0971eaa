"""Cine planes as panels of a picture: the frame of the moment, cropped to the heart, with the lines of the mesh."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from twinviewer.domain import CineContours, CinePlane, CineStack
from twinviewer.scene.palette import CONTOURS
from twinviewer.scene.plane_lines import PlaneLines
from twinviewer.scene.slices import frame_at, percentile_window, plane_image

MARGIN_MM = 22.0
"""What is shown around the heart."""
_SCALE = 2  # drawn twice as large and reduced: smooth lines without another library
_LEFT, _RIGHT = "lv_endocardium", "rv_endocardium"


def choose_planes(lines: PlaneLines, contours: CineContours | None) -> tuple[int, ...]:
    """Up to two short axes and two long axes that show the left ventricle well, as places in the stack.

    Short axes: a third and two thirds of the way down those that the cavity reaches all beat. Long axes: the one with
    the largest cavities, which is a four-chamber view where there is one, then the one that shows much of the left
    ventricle from another side.
    """
    stack = lines.stack
    short = contours.short_axis if contours is not None else _parallel(stack)
    size = {index: _cavity_mm2(lines, index) for index in range(len(stack.planes))}
    across = [index for index in short if size[index] > 0.0]
    chosen = [across[(len(across) - 1) // 3], across[2 * (len(across) - 1) // 3]] if across else []
    along = [index for index in size if index not in short and size[index] > 0.0]
    if along:
        first = max(along, key=lambda index: size[index] + _cavity_mm2(lines, index, _RIGHT))
        normal = stack.planes[first].normal
        turned = {i: size[i] * (1.0 - abs(float(stack.planes[i].normal @ normal))) for i in along if i != first}
        chosen += [first, *([max(turned, key=lambda i: turned[i])] if turned else [])]
    return tuple(dict.fromkeys(chosen))


def long_axis(lines: PlaneLines, chosen: Sequence[int]) -> CinePlane | None:
    """The first of the chosen planes that is none of the parallel ones."""
    short = _parallel(lines.stack)
    return next((lines.stack.planes[index] for index in chosen if index not in short), None)


def _parallel(stack: CineStack) -> tuple[int, ...]:
    """The largest set of parallel planes."""
    normals = np.array([plane.normal for plane in stack.planes])
    same = np.abs(normals @ normals.T) > 0.99
    return tuple(np.flatnonzero(same[int(np.argmax(same.sum(axis=1)))]).tolist())


def _cavity_mm2(lines: PlaneLines, index: int, side: str = _LEFT) -> float:
    """The smaller of a cavity's areas at the start and in the middle of the beat."""
    plane = lines.stack.planes[index]
    pixel = float(np.linalg.norm(np.cross(plane.affine[:3, 0], plane.affine[:3, 1])))
    areas = []
    for fraction in (0.0, 0.35):
        found = lines.at(index, frame_at(plane, fraction)).get(side, [])
        areas.append(max((_area(line) for line in found), default=0.0) * pixel)
    return min(areas)


def _area(line: NDArray[np.float64]) -> float:
    x, y = line[:, 0] - line[0, 0], line[:, 1] - line[0, 1]
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


class PlanePanels:
    """Panels of some planes, all of one size in px; a frame is drawn once and kept."""

    def __init__(
        self, lines: PlaneLines, chosen: Sequence[int], size: tuple[int, int], colours: tuple[str, str]
    ) -> None:
        """colours: of a panel's name, and of the rule around it."""
        self.lines, self.chosen, self.size, self._colours = lines, tuple(chosen), size, colours
        stack = lines.stack
        self._window = stack.window or percentile_window(stack.planes[len(stack.planes) // 2].frames[0])
        self._kept: dict[tuple[int, int], NDArray[np.uint8]] = {}
        self._boxes = {index: self._box(index) for index in self.chosen}

    def _box(self, index: int) -> tuple[float, float, float]:
        """(column, row) of the panel's middle in image pixels, and mm per panel pixel."""
        plane = self.lines.stack.planes[index]
        spacing = np.linalg.norm(plane.affine[:3, :2], axis=0)
        found = [
            line
            for fraction in (0.0, 0.35)
            for part in self.lines.at(index, frame_at(plane, fraction)).values()
            for line in part
        ]
        rows, columns = plane.frames.shape[1:]
        points = np.vstack(found) if found else np.array([[0.0, 0.0], [columns - 1.0, rows - 1.0]])
        low, high = points.min(axis=0), points.max(axis=0)
        extent = (high - low) * spacing + 2 * MARGIN_MM
        middle = (low + high) / 2
        return float(middle[0]), float(middle[1]), float(max(extent[0] / self.size[0], extent[1] / self.size[1]))

    def frame(self, index: int, fraction: float) -> NDArray[np.uint8]:
        """(h, w, 3) uint8 of one plane at a fraction of the beat."""
        key = (index, frame_at(self.lines.stack.planes[index], fraction))
        if key not in self._kept:
            self._kept[key] = self._draw(*key)
        return self._kept[key]

    def grid(self, fraction: float, columns: int) -> NDArray[np.uint8]:
        """All panels at one moment, row by row; what is missing in the last row stays dark."""
        cells = [self.frame(index, fraction) for index in self.chosen]
        while len(cells) % columns:
            cells.append(np.zeros((self.size[1], self.size[0], 3), np.uint8))
        return np.vstack([np.hstack(cells[at : at + columns]) for at in range(0, len(cells), columns)])

    def _draw(self, index: int, frame: int) -> NDArray[np.uint8]:
        plane = self.lines.stack.planes[index]
        column, row, scale_mm = self._boxes[index]
        spacing = np.linalg.norm(plane.affine[:3, :2], axis=0)
        width, height = (side * _SCALE for side in self.size)
        step = scale_mm / _SCALE / spacing  # image pixels a drawn pixel
        corner = np.array([column, row]) - step * np.array([width - 1, height - 1]) / 2
        shown = plane_image(plane, frame, *self._window)
        # PIL's transform counts from the corner of a pixel, lines from its centre
        image = Image.fromarray(shown.rgb).transform(
            (width, height),
            Image.Transform.AFFINE,
            (step[0], 0.0, corner[0] + 0.5 - step[0] / 2, 0.0, step[1], corner[1] + 0.5 - step[1] / 2),
            Image.Resampling.BICUBIC,
        )
        pen = ImageDraw.Draw(image)
        for name, lines in self.lines.at(index, frame).items():
            for line in lines:
                drawn = ((line - corner) / step).tolist()
                pen.line([tuple(p) for p in drawn], fill=CONTOURS.get(name, "#FFFFFF"), width=round(1.7 * _SCALE))
        self._letter(pen, plane.label or f"Plane {index + 1}", shown.letters, width, height)
        return np.asarray(image.resize(self.size, Image.Resampling.LANCZOS))

    def _letter(
        self, pen: ImageDraw.ImageDraw, name: str, letters: tuple[str, str, str, str], width: int, height: int
    ) -> None:
        ink, rule = self._colours
        title, small = ImageFont.load_default(14 * _SCALE), ImageFont.load_default(11 * _SCALE)
        edge, dark = 8 * _SCALE, "#05070A"
        texts: list[tuple[tuple[float, float], str, str, Any]] = [((edge, edge), name, "la", title)]
        left, right, top, bottom = letters
        texts += [
            ((edge, height / 2), left, "lm", small),
            ((width - edge, height / 2), right, "rm", small),
            ((width / 2, edge), top, "ma", small),
            ((width / 2, height - edge), bottom, "md", small),
        ]
        for place, text, anchor, font in texts:
            pen.text(place, text, fill=ink, font=font, anchor=anchor, stroke_width=_SCALE, stroke_fill=dark)
        pen.rectangle([0, 0, width - 1, height - 1], outline=rule, width=_SCALE)
