"""Key images as a report shows them: made again from the images, with what lay over them when they were marked, the
patient's sides, and measurements there."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from twinviewer.domain import Image as Images
from twinviewer.domain import KeyImage, KeyLine, LoadError, Ruler, Volume
from twinviewer.scene.fusion import Fused, FusionLook
from twinviewer.scene.key_picture import key_pixels, key_raster, labels_under
from twinviewer.scene.slices import letters_of
from twinviewer.session.case import Case
from twinviewer.session.image_files import read_any_image
from twinviewer.session.rulers import words
from twinviewer.session.units import unit_of

SIDE_PX = 640
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
INK, EDGE, RULER = "#FFFFFF", "#05070A", "#FFD166"
FINE, DASH_PX = 2, 5.0
CHANGED = "Structures as they were marked; they have been changed since"
NEAR_MM = 1.0
"""A ruler within this of the plane was drawn on it."""


def key_pictures(case: Case) -> list[tuple[NDArray[np.uint8], str]]:
    """((h, w, 3) uint8, caption) of each key image of the images that are in the case, in order."""
    found = []
    second = _Second(case)
    shift_mm = None if case.contours is None else case.contours.shift_mm
    for number, key in enumerate(case.key_images, start=1):
        if case.image is None or key.image_uid != case.image.uid:
            continue
        fused = second.of(key)
        pixels = key_pixels(case.image, key, SIDE_PX, fused=fused, shift_mm=shift_mm)
        if pixels is not None:
            said = f"{number}  {_caption(key, second.words(key, fused), _changed(case, key))}"
            found.append((_drawn(case, key, pixels, fused), said))
    return found


class _Second:
    """The series that key images have laid over them, each read once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._read: dict[str, Images | None] = {}

    def of(self, key: KeyImage) -> Fused | None:
        """What lay over one of them; None for nothing, or where its files cannot be read any more."""
        look = key.over
        series = None if look is None else next((s for s in self.case.series if s.uid == look.series_uid), None)
        if look is None or series is None:
            return None
        if series.uid not in self._read:
            try:
                self._read[series.uid] = read_any_image(series) if series.files else None
            except LoadError:
                self._read[series.uid] = None
        image = self._read[series.uid]
        if image is None:
            return None
        doubt = "frame of reference overruled" if look.overruled else ""
        shown = FusionLook(look.colours, look.low, look.high, look.opacity)
        return Fused(image, shown, self._name(key), unit_of(image.modality, series), doubt)

    def _name(self, key: KeyImage) -> str:
        uid = "" if key.over is None else key.over.series_uid
        series = next((s for s in self.case.series if s.uid == uid), None)
        return "second series" if series is None else series.description or f"{series.modality} series"

    def words(self, key: KeyImage, fused: Fused | None) -> str:
        """ "Over it Late enhancement, 0 to 900"; "" for nothing."""
        if key.over is None:
            return ""
        if fused is None:
            return f"{self._name(key)} lay over it and could not be read"
        return f"Over it {fused.label}, {key.over.low:.4g} to {key.over.high:.4g} {fused.unit}".strip()


def _changed(case: Case, key: KeyImage) -> str:
    """Whether the structures that were marked with it are not those of the case any more."""
    image, labels = case.image, case.labels
    if key.labels is None or not isinstance(image, Volume):
        return ""
    kept = {name for _, name, _ in key.structures}
    if labels is None or not kept <= set(labels.names.values()):
        return CHANGED
    raster = key_raster(key)
    if raster.size != key.labels.shape[::-1]:
        return ""
    percent = image.phase_percent[min(key.frame, image.phases - 1)]
    phase = key.frame
    if labels.phases != image.phases:
        phase = int(np.argmin(np.abs((labels.phase_percent - percent + 50.0) % 100.0 - 50.0)))
    now = labels_under(image, labels, key, phase)
    same = all(np.array_equal(now == labels.value(name), key.labels == value) for value, name, _ in key.structures)
    return "" if same else CHANGED


def _caption(key: KeyImage, over: str, changed: str) -> str:
    wide = key.mm_per_px * key.size_px[0]
    said = [key.title, f"{wide:.0f} mm wide, W {key.window:.0f} L {key.level:.0f}", over, changed]
    return " ".join([*(f"{one}." for one in said if one), *([key.note] if key.note else [])])


def _drawn(case: Case, key: KeyImage, pixels: NDArray[np.uint8], fused: Fused | None) -> NDArray[np.uint8]:
    rows, columns, _ = pixels.shape
    picture = _lined(pixels, key)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(15)
    if fused is not None:
        raster = key_raster(key, SIDE_PX)
        notes = fused.notes(raster.affine, raster.size)
        pen.text((7, rows - 7), "\n".join(notes), fill=INK, font=ImageFont.load_default(12), anchor="ld",
                 stroke_width=2, stroke_fill=EDGE)  # fmt: skip
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


def _lined(pixels: NDArray[np.uint8], key: KeyImage) -> Image.Image:
    """With the lines that lay over it, drawn twice as large and reduced: smooth without another library."""
    picture = Image.fromarray(pixels)
    if not key.lines:
        return picture
    rows, columns, _ = pixels.shape
    mm = key.mm_per_px * key.size_px[0] / columns / FINE
    large = picture.resize((columns * FINE, rows * FINE), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(large)
    for line in key.lines:
        _segments(pen, line, key, mm, (columns * FINE, rows * FINE))
    return large.resize((columns, rows), Image.Resampling.LANCZOS)


def _segments(pen: ImageDraw.ImageDraw, line: KeyLine, key: KeyImage, mm: float, size: tuple[int, int]) -> None:
    away = line.ends_mm - key.centre_mm
    ends = np.stack([away @ key.right, away @ key.down], -1) / mm + np.array(size) / 2
    for (x0, y0), (x1, y1) in (_dashes(ends) if line.dashed else ends).tolist():
        pen.line((x0, y0, x1, y1), fill=line.colour, width=max(round(line.width_px * FINE), 1))


def _dashes(ends: NDArray[np.floating]) -> NDArray[np.floating]:
    """(d, 2, 2) every other piece of segments (s, 2, 2), cut to a quarter of a dash."""
    step = DASH_PX * FINE / 4
    counts = np.maximum(np.ceil(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) / step).astype(int), 1)
    of = np.repeat(np.arange(len(ends)), counts)
    first = (np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)) / counts[of]
    way = (ends[:, 1] - ends[:, 0])[of]
    starts = ends[of, 0] + first[:, None] * way
    pieces = np.stack([starts, starts + way / counts[of][:, None]], axis=1)
    run = np.cumsum(np.linalg.norm(pieces[:, 1] - pieces[:, 0], axis=1))
    return pieces[(run // (DASH_PX * FINE)) % 2 < 1]


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
