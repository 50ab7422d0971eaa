"""Labels over grey pixels: one look-up for all structures, one pass for outlines, whole slices or patches of one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.scene.palette import rgb

BAND_COLOUR = "#E5B454"
BAND_OPACITY = 0.4
"""How voxels within a threshold are shown before they are painted."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class LabelColours:
    """What each grey looks like under each label.

    table: (256 * 256, 4) uint8 red, green, blue, 0 at 256 * label + grey. solid: (256, 4) the same for outlines.
    shown: (256,) whether a label is drawn at all.
    """

    table: Bytes
    solid: Bytes
    shown: NDArray[np.bool_]

    @classmethod
    def of(cls, names: Mapping[int, str], colours: Mapping[str, str], opacity: float) -> "LabelColours":
        """names: label value -> structure; colours: structure -> "#RRGGBB" of what is drawn; opacity: 0..1."""
        grey = np.arange(256, dtype=np.float32)[:, None]
        table = np.zeros((256, 256, 4), np.uint8)
        table[:, :, :3] = grey
        solid, shown = np.zeros((256, 4), np.uint8), np.zeros(256, np.bool_)
        for value, name in names.items():
            if value and name in colours:
                colour = np.array(rgb(colours[name]), np.float32) * 255
                table[value, :, :3] = (1 - opacity) * grey + opacity * colour
                solid[value, :3], shown[value] = colour, True
        return cls(table.reshape(-1, 4), solid, shown)


def outlined(labels: Bytes) -> NDArray[np.bool_]:
    """(h, w) where a label (h, w) borders on another one, up, down, left or right."""
    edge = np.zeros(labels.shape, np.bool_)
    upright, level = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    edge[1:] |= upright
    edge[:-1] |= upright
    edge[:, 1:] |= level
    edge[:, :-1] |= level
    return edge


def painted(
    grey: Bytes,
    labels: Bytes | None,
    colours: LabelColours | None,
    *,
    outline: bool = True,
    band: NDArray[np.bool_] | None = None,
) -> Bytes:
    """(h, w, 3) RGB of a grey slice (h, w) under its labels (h, w). band: (h, w) pixels to be marked besides."""
    if labels is None or colours is None:
        out = np.repeat(grey[:, :, None], 3, axis=2)
    else:
        where = np.left_shift(labels, 8, dtype=np.uint16) | grey
        packed = colours.table.view(np.uint32).ravel().take(where)
        if outline:
            rim = outlined(labels)
            rim &= colours.shown.take(labels)
            packed[rim] = colours.solid.view(np.uint32).ravel().take(labels[rim])
            band = None if band is None else band & ~rim  # outlines stay as they are
        out = np.ascontiguousarray(packed.view(np.uint8).reshape(*grey.shape, 4)[:, :, :3])
    if band is not None and band.any():
        tint = np.array(rgb(BAND_COLOUR), np.float32) * (255 * BAND_OPACITY)
        out[band] = (out[band] * (1 - BAND_OPACITY) + tint).astype(np.uint8)
    return out
