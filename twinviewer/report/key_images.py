"""Key images as a report shows them: made again from the images, with the patient's sides and measurements there."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from twinviewer.domain import KeyImage, Ruler
from twinviewer.scene.key_picture import key_pixels
from twinviewer.scene.slices import letters_of
from twinviewer.session.case import Case
from twinviewer.session.rulers import words

SIDE_PX = 640
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
INK, EDGE, RULER = "#FFFFFF", "#05070A", "#FFD166"
NEAR_MM = 1.0
"""A ruler within this of the plane was drawn on it."""


def key_pictures(case: Case) -> list[tuple[NDArray[np.uint8], str]]:
    """((h, w, 3) uint8, caption) of each key image of the images that are in the case, in order."""
    found = []
    for number, key in enumerate(case.key_images, start=1):
        pixels = key_pixels(case.image, key, SIDE_PX)
        if pixels is not None:
            found.append((_drawn(case, key, pixels), f"{number}  {_caption(key)}"))
    return found


def _caption(key: KeyImage) -> str:
    wide = key.mm_per_px * key.size_px[0]
    return f"{key.title}. {wide:.0f} mm wide, W {key.window:.0f} L {key.level:.0f}."


def _drawn(case: Case, key: KeyImage, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = Image.fromarray(pixels)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(15)
    rows, columns, _ = pixels.shape
    for ruler in case.rulers:
        if _lies_in(ruler, key):
            _measure(pen, font, ruler, key, (columns, rows))
    left, right, top, bottom = letters_of(key.right, key.down)
    for place, text, anchor in (
        ((7, rows / 2), left, "lm"), ((columns - 7, rows / 2), right, "rm"), ((columns / 2, 6), top, "ma"),
        ((columns / 2, rows - 7), bottom, "md"),
    ):  # fmt: skip
        pen.text(place, text, fill=INK, font=font, anchor=anchor, stroke_width=2, stroke_fill=EDGE)
    return np.asarray(picture)


def _lies_in(ruler: Ruler, key: KeyImage) -> bool:
    if ruler.nodes is not None or ruler.right is None or ruler.plane != key.plane:
        return False
    away = np.abs((ruler.points_mm - key.centre_mm) @ key.normal)
    return key.plane >= 0 or (abs(float(away.max())) < NEAR_MM and ruler.frame == key.frame)


def _measure(pen: ImageDraw.ImageDraw, font: Font, ruler: Ruler, key: KeyImage, size: tuple[int, int]) -> None:
    mm = key.mm_per_px * key.size_px[0] / size[0]
    points = ruler.points_mm
    if ruler.kind == "ellipse":
        turn = np.linspace(0.0, 2.0 * np.pi, 73)[:, None]
        points = points[0] + np.cos(turn) * (points[1] - points[0]) + np.sin(turn) * (points[2] - points[0])
    elif ruler.kind == "area":
        points = np.vstack([points, points[:1]])
    away = points - key.centre_mm
    line = [(x / mm + size[0] / 2, y / mm + size[1] / 2) for x, y in np.stack([away @ key.right, away @ key.down], 1)]
    pen.line(line, fill=EDGE, width=4)
    pen.line(line, fill=RULER, width=2)
    right = max(line, key=lambda one: one[0])
    at = (min(right[0] + 6, size[0] - 90), right[1])
    pen.text(at, words(ruler), fill=RULER, font=font, anchor="lm", stroke_width=2, stroke_fill=EDGE)
