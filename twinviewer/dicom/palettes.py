"""Pictures stored as numbers of colours: three tables, plain or by segments. DICOM PS3.3 C.7.6.3.1.5 and C.7.9.2."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from twinviewer.dicom.elements import BIG_ENDIAN
from twinviewer.dicom.headers import Header
from twinviewer.domain import LoadError


def by_palette(stored: NDArray[np.generic], data: Dataset, header: Header) -> NDArray[np.uint8]:
    """(rows, columns, 3) uint8 by the three tables of the header; LoadError where they are damaged.

    Not pydicom's own: it turns the bytes of tables in big endian about (every pixel black).
    """
    order = ">" if header.transfer_syntax == BIG_ENDIAN else "<"
    found = np.empty((*stored.shape, 3), np.uint8)
    for n, name in enumerate(("Red", "Green", "Blue")):
        try:
            count, first, bits = (int(one) for one in data[f"{name}PaletteColorLookupTableDescriptor"].value)
            count = count or 65536
            if f"Segmented{name}PaletteColorLookupTableData" in data:
                table = _unsegmented(data[f"Segmented{name}PaletteColorLookupTableData"].value, bits, order)
            else:
                content = data[f"{name}PaletteColorLookupTableData"].value
                wide = 1 if len(content) < 2 * count else 2
                if wide == 1 and order == ">":  # bytes in words, and the words in big endian
                    content = np.frombuffer(content[: len(content) // 2 * 2], ">u2").astype("<u2").tobytes()
                table = np.frombuffer(content, f"{order}u{wide}").astype(np.int64)
            table = table[:count]
            if first > 32767 and header.signed:
                first -= 65536
            shift = 8 if bits > 8 and table.max() > 255 else 0  # some say 16 bits and hold 8
            found[..., n] = (table >> shift)[np.clip(stored.astype(np.int64) - first, 0, len(table) - 1)]
        except (KeyError, TypeError, ValueError, IndexError):
            raise LoadError("The palette of a picture is damaged", where=Path(header.path).name) from None
    return found


def _unsegmented(content: bytes, bits: int, order: str) -> NDArray[np.int64]:
    """A table told by its segments: 0 values one by one, 1 a straight line from the last value. PS3.3 C.7.9.2."""
    words = np.frombuffer(content, f"{order}u{2 if bits > 8 else 1}").astype(np.int64).tolist()
    found: list[int] = []
    at = 0
    while at + 2 < len(words) and len(found) < 65536:
        kind, length = words[at], words[at + 1]
        if kind == 0:
            found += words[at + 2 : at + 2 + length]
            at += 2 + length
        elif kind == 1 and found:
            found += np.rint(np.linspace(found[-1], words[at + 2], length + 1)[1:]).astype(int).tolist()
            at += 3
        else:
            raise ValueError("a kind of segment that is not told of")
    return np.array(found, np.int64)
