"""Siemens' mosaics: the slices of a volume as tiles of one picture, told by private tags.

Source: Siemens' conformance statements; the header "CSA2" as its bytes show it.
"""

from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from pydicom.tag import Tag

from twinviewer.dicom.frame_geometry import Frame, along, normal_of, plain_number, read_more

_MOSAIC_TILES = Tag(0x0019, 0x100A)
_MOSAIC_NORMAL = Tag(0x0029, 0x1010)


@dataclass(frozen=True, slots=True)
class Mosaic:
    """across: tiles in a row. stored: (rows, columns) of the picture that holds the tiles."""

    across: int
    stored: tuple[int, int]

    @property
    def tile(self) -> tuple[int, int]:
        """(rows, columns) of one slice."""
        return self.stored[0] // self.across, self.stored[1] // self.across


def mosaic_of(
    stream: BinaryIO, frame: Frame, rows: int, columns: int, force: bool
) -> tuple[Mosaic, tuple[Frame, ...]] | None:
    """The tiles of a mosaic and where they lie; None if the header does not say what is needed to know that.

    ImagePositionPatient of a mosaic is where a single slice of the mosaic's size would begin, about the first slice's
    centre; the first tile's corner is half of the difference of sizes inwards. The slices go along the slice normal
    of the CSA header, SpacingBetweenSlices apart.
    """
    more = read_more(stream, [_MOSAIC_TILES, _MOSAIC_NORMAL, "SpacingBetweenSlices", "SliceThickness"], force)
    csa = more.get(_MOSAIC_NORMAL)
    facts = _csa(bytes(csa.value)) if csa is not None and isinstance(csa.value, bytes) else {}
    tiles = _first_number(more.get(_MOSAIC_TILES)) or (facts.get("NumberOfImagesInMosaic") or [0.0])[0]
    normal = normal_of(frame)
    step = plain_number(more, "SpacingBetweenSlices") or plain_number(more, "SliceThickness")
    if not 1 < tiles <= 4096 or normal is None or not step or frame.spacing_mm is None or frame.position_mm is None:
        return None
    own = facts.get("SliceNormalVector") or []
    if len(own) == 3 and float(np.dot(own, normal)) < 0:
        normal = -normal
    across = int(np.ceil(np.sqrt(tiles)))
    if rows % across or columns % across:
        return None
    tile = rows // across, columns // across
    orientation = np.array(frame.orientation)
    corner = (
        np.array(frame.position_mm)
        + orientation[:3] * frame.spacing_mm[1] * (columns - tile[1]) / 2
        + orientation[3:] * frame.spacing_mm[0] * (rows - tile[0]) / 2
    )
    frame = replace(frame, position_mm=tuple(map(float, corner)))
    return Mosaic(across, (rows, columns)), along(frame, np.arange(int(tiles)) * step, normal)


def _first_number(element: object) -> float:
    """The number of a private element, whichever way it was read."""
    value = getattr(element, "value", None)
    if isinstance(value, bytes):
        if len(value) == 2:
            return float(int.from_bytes(value, "little"))
        value = value.decode("ascii", "ignore").strip(" \0")
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0


def _csa(blob: bytes) -> dict[str, list[float]]:
    """Numbers of Siemens' image header (CSA2, "SV10"): name -> values. Empty if it is damaged."""
    found: dict[str, list[float]] = {}
    if blob[:4] != b"SV10":
        return found
    count, at = int.from_bytes(blob[8:12], "little"), 16
    for _ in range(min(count, 512)):
        name = blob[at : at + 64].split(b"\0")[0].decode("ascii", "ignore")
        items = int.from_bytes(blob[at + 76 : at + 80], "little")
        at += 84
        values = []
        for _ in range(min(items, 4096)):
            length = int.from_bytes(blob[at + 4 : at + 8], "little")
            text = blob[at + 16 : at + 16 + length].split(b"\0")[0].decode("ascii", "ignore").strip()
            at += 16 + -(-length // 4) * 4
            if at > len(blob):
                return found
            if text:
                try:
                    values.append(float(text))
                except ValueError:
                    break
        found[name] = values
    return found


def is_mosaic(image_type: tuple[str, ...]) -> bool:
    """Whether a picture's ImageType says that it is a mosaic."""
    return "MOSAIC" in image_type
