"""The bullseye: the 17 segments of the left ventricle on one disc, as plain geometry that a window or a page can draw.

Cerqueira MD et al. Circulation 2002;105:539: the apex in the middle, then a ring of four, the mid and the basal
ring of six; anterior at the top, the septum on the left, numbered anticlockwise from anterior. The disc has radius 1, x
to the right and y up; angles in degrees, anticlockwise from the right. Territories of the coronary arteries are the
paper's; they vary between people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twinviewer.scene.palette import lookup_table

Array = NDArray[np.float64]

SEPTAL_BORDERS_DEG = (120.0, 240.0)
"""Where the right ventricle joins the left one: between segments 1 and 2, and between 3 and 4."""
SIDES = (("anterior", 90.0), ("septal", 180.0), ("inferior", 270.0), ("lateral", 0.0))
_RINGS = ((0.75, 1.0), (0.5, 0.75), (0.25, 0.5))
_SIXTHS = ("anterior", "anteroseptal", "inferoseptal", "inferior", "inferolateral", "anterolateral")
_QUARTERS = ("anterior", "septal", "inferior", "lateral")
_TERRITORY = {"LAD": (1, 2, 7, 8, 13, 14, 17), "RCA": (3, 4, 9, 10, 15), "LCX": (5, 6, 11, 12, 16)}


@dataclass(frozen=True, slots=True)
class Segment:
    """One of the 17. inner, outer: radii; start_deg, stop_deg: its angles; label: where its number stands."""

    number: int
    name: str
    territory: str
    inner: float
    outer: float
    start_deg: float
    stop_deg: float

    @property
    def label(self) -> tuple[float, float]:
        """(x, y) of the middle of the segment."""
        if self.inner == 0.0:
            return 0.0, 0.0
        turn, far = np.radians((self.start_deg + self.stop_deg) / 2.0), (self.inner + self.outer) / 2.0
        return float(far * np.cos(turn)), float(far * np.sin(turn))

    def outline(self, step_deg: float = 3.0) -> Array:
        """(k, 2) corners of a polygon, anticlockwise; arcs are drawn in steps of at most step_deg."""
        count = max(int(np.ceil((self.stop_deg - self.start_deg) / step_deg)), 1) + 1
        turn = np.radians(np.linspace(self.start_deg, self.stop_deg, count))
        arc = np.column_stack([np.cos(turn), np.sin(turn)])
        if self.inner == 0.0:
            return self.outer * arc[:-1]
        return np.concatenate([self.outer * arc, self.inner * arc[::-1]])


def _segments() -> tuple[Segment, ...]:
    territory = {number: name for name, members in _TERRITORY.items() for number in members}
    found = []
    for level, (ring, (inner, outer)) in enumerate(zip(("basal", "mid", "apical"), _RINGS, strict=True)):
        sides = _SIXTHS if level < 2 else _QUARTERS
        width = 360.0 / len(sides)
        for k, side in enumerate(sides):
            number = 6 * level + k + 1
            start = 90.0 - width / 2.0 + k * width
            found.append(Segment(number, f"{ring} {side}", territory[number], inner, outer, start, start + width))
    found.append(Segment(17, "apex", territory[17], 0.0, _RINGS[-1][0], 0.0, 360.0))
    return tuple(found)


SEGMENTS = _segments()
"""All 17, in the order of their numbers."""


def segment_at(x: float, y: float) -> int:
    """Number of the segment at a place of the disc, 0 outside it."""
    far, turn = float(np.hypot(x, y)), float(np.degrees(np.arctan2(y, x)))
    for segment in SEGMENTS:
        if segment.inner <= far < segment.outer and (turn - segment.start_deg) % 360.0 < (
            segment.stop_deg - segment.start_deg
        ):
            return segment.number
    return 17 if far == 0.0 else 0


@dataclass(frozen=True, slots=True)
class Scale:
    """How one measure is shown: title, unit, the values at both ends of its colour map, and decimals."""

    title: str
    unit: str
    low: float
    high: float
    colours: str
    decimals: int = 0

    def text(self, value: float) -> str:
        """A value as it stands in a segment; a missing one is a dash."""
        if not np.isfinite(value):
            return "–"
        text = f"{value:.{self.decimals}f}"
        return (text if float(text) != 0.0 else text.lstrip("-")).replace("-", "−")

    def colour(self, value: float) -> tuple[int, int, int] | None:
        """RGB 0..255 of a value, at the end of the map when it is beyond; None when it is missing."""
        if not np.isfinite(value):
            return None
        table = _table(self.colours)
        place = (value - self.low) / (self.high - self.low)
        r, g, b = table[int(round(float(np.clip(place, 0.0, 1.0)) * (len(table) - 1)))]
        return int(r), int(g), int(b)

    def ticks(self) -> tuple[float, float, float]:
        """Values to write at the colour bar: its ends and its middle."""
        return self.low, (self.low + self.high) / 2.0, self.high


SCALES = {
    "longitudinal_percent": Scale("Longitudinal strain", "%", -20.0, 20.0, "strain"),
    "circumferential_percent": Scale("Circumferential strain", "%", -30.0, 30.0, "strain"),
    "radial_percent": Scale("Radial strain", "%", 0.0, 60.0, "work"),
    "thickening_percent": Scale("Wall thickening", "%", 0.0, 80.0, "work"),
    "thickness_mm": Scale("Wall thickness", "mm", 4.0, 16.0, "work", 1),
    "time_to_peak_percent": Scale("Time to peak shortening", "% R-R", 20.0, 60.0, "activation"),
}
"""By the names of organs/heart/motion's bullseye()."""


@cache
def _table(name: str) -> NDArray[np.uint8]:
    return lookup_table(name)


def dark_ink(colour: tuple[int, int, int]) -> bool:
    """Whether black is easier to read than white on a colour (relative luminance of WCAG 2, equal at 0.179)."""
    part = np.array(colour) / 255.0
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return bool(linear @ np.array([0.2126, 0.7152, 0.0722]) > 0.179)


def spoken(number: int, value: float, scale: Scale) -> str:
    """One line for a tooltip or a status line: number, name, value with unit, territory."""
    segment = SEGMENTS[number - 1]
    told = "no value" if not np.isfinite(value) else f"{scale.text(value)} {scale.unit}"
    return f"{number} {segment.name}: {told} ({segment.territory} territory)"


def checked(values: Sequence[float] | NDArray[np.floating] | None) -> Array:
    """(17,) values; None and values that are not there become NaN. ValueError for another number of them."""
    if values is None:
        return np.full(len(SEGMENTS), np.nan)
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (len(SEGMENTS),):
        raise ValueError(f"a bullseye has {len(SEGMENTS)} values, not {array.shape}")
    return array
