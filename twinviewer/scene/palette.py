"""Colours of anatomy and of maps: one table, used by slices, 3D, traces and tables alike.

Activation runs red (early), yellow, green, blue, purple (late); strain red (shortened), pale (0), blue (stretched), as
electrophysiology and echo systems draw them. "safe" variants are readable with red-green blindness.
"""

import numpy as np
from numpy.typing import NDArray

ANATOMY: dict[str, str] = {
    "lv_myocardium": "#C96A5B",
    "rv_myocardium": "#C27B6B",
    "myocardium": "#C96A5B",
    "lv_blood": "#E04B4B",
    "rv_blood": "#4B7BE0",
    "la_blood": "#E58A8A",
    "ra_blood": "#7FA6EA",
    "la": "#E58A8A",
    "ra": "#7FA6EA",
    "lv_cavity": "#E04B4B",
    "rv_cavity": "#4B7BE0",
    "lv_endocardium": "#E04B4B",
    "rv_endocardium": "#4B7BE0",
    "epicardium": "#C96A5B",
    "aorta": "#D9544F",
    "pulmonary_artery": "#5C86D6",
    "scar": "#D8D3C4",
    "bone": "#E6DDC8",
    "lung": "#8FB8C9",
    "tumour": "#E5B454",
}

CONTOURS: dict[str, str] = {
    "lv_endocardium": "#E04B4B",
    "lv_epicardium": "#5BC58C",
    "epicardium": "#5BC58C",
    "rv_endocardium": "#E5B454",
}
"""Lines on images, as reading rooms draw them: LV endocardium red, epicardium green, RV endocardium yellow."""

POINTS: dict[str, str] = {
    "mitral": CONTOURS["lv_endocardium"],
    "lv_apex_endo": CONTOURS["lv_endocardium"],
    "lv_apex_epi": CONTOURS["lv_epicardium"],
    "aortic": "#F29C8E",
    "tricuspid": CONTOURS["rv_endocardium"],
    "rv_apex": CONTOURS["rv_endocardium"],
}
"""Named points in cine planes, in the colour of what they belong to."""

BASELINE = "#8FA3BF"
SCENARIOS = ("#3FB6C6", "#D98FD0", "#E5B454", "#5BC58C")

# Control points: colours at equal steps from low to high.
_MAPS: dict[str, tuple[str, ...]] = {
    "activation": ("#D7302B", "#F08A2C", "#F7DD3F", "#6CC24A", "#2E9FD0", "#3B55C4", "#6B2FA0"),
    "activation_safe": ("#FDE725", "#7AD151", "#22A884", "#2A788E", "#414487", "#440154"),
    "strain": ("#C0362C", "#E58A70", "#F2E9E1", "#8FB4DC", "#2F63B5"),
    "difference": ("#2F8F9D", "#8CCBD2", "#EDEBE6", "#E3B08A", "#C0592C"),
    "work": ("#2B3A67", "#4F6D9A", "#9FB8C8", "#F3E3B3", "#E9A03B", "#C8452A"),
    "membrane": ("#20265C", "#2C5FA8", "#3FA7A0", "#B9D66A", "#F6D64A", "#EE8A30", "#CF2F2A"),
    "membrane_safe": ("#00204D", "#31446B", "#666970", "#958F78", "#CAB969", "#FFE945"),
    "angle": ("#2B4C9B", "#3FA7A0", "#E9E4D8", "#E0A24A", "#A8394B", "#5B2F7E", "#2B4C9B"),
    "hot": ("#000000", "#7A0E0A", "#D9381E", "#F6962B", "#FBE36B", "#FFFFFF"),
    "ice": ("#000000", "#0B2A6F", "#1F6FC4", "#4FC3E8", "#B9F0F2", "#FFFFFF"),
    "voltage": ("#3B4CC0", "#8DB0FE", "#DDDDDD", "#F4987A", "#B40426"),
}

SCAR_NAMES = ("Sound muscle", "Border zone", "Core")
SCAR_COLOURS = (ANATOMY["myocardium"], "#3B5C9E", "#F1EAD6")
"""Told apart with any colour vision: red-brown, blue and pale."""
# steps with short ramps between them, half-way between the values 0, 0.5 and 1 of the field
_MAPS["scar"] = tuple(colour for colour, count in zip(SCAR_COLOURS, (6, 12, 6), strict=True) for _ in range(count))

NAN_COLOUR = "#6E6A68"


def rgb(colour: str) -> tuple[float, float, float]:
    """ "#RRGGBB" -> three floats in 0..1."""
    return int(colour[1:3], 16) / 255.0, int(colour[3:5], 16) / 255.0, int(colour[5:7], 16) / 255.0


def colour_maps() -> tuple[str, ...]:
    """The names of all colour maps."""
    return tuple(_MAPS)


def lookup_table(name: str, size: int = 256) -> NDArray[np.uint8]:
    """(size, 3) uint8 RGB of a colour map from low to high, linear between its control points."""
    stops = np.array([rgb(colour) for colour in _MAPS[name]])
    position = np.linspace(0, len(stops) - 1, size)
    columns = [np.interp(position, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.round(np.stack(columns, axis=1) * 255).astype(np.uint8)


def banded_table(name: str, low: float, high: float, band: float, size: int = 1024) -> NDArray[np.uint8]:
    """Like lookup_table, with a darker line at each multiple of ``band``: isochrones without a contour filter."""
    table = lookup_table(name, size)
    if band <= 0 or high <= low:
        return table
    value = np.linspace(low, high, size)
    distance = np.abs(value / band - np.round(value / band)) * band
    line = distance < max(0.045 * band, 0.6 * (high - low) / size)
    table[line] = (table[line] * 0.45).astype(np.uint8)
    return table
