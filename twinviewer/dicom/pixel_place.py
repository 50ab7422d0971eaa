"""Where the pixels of a file begin, and whether they are all there; what would inflate without end is refused.

Source: DICOM PS3.5 7.1 (data elements), PS3.10 7.1 (file meta information).
"""

import zlib
from pathlib import Path
from typing import BinaryIO

from twinviewer.dicom.elements import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT
from twinviewer.domain import LoadError

MAX_INFLATED_BYTES = 1 << 28
NATIVE = frozenset({IMPLICIT, EXPLICIT, BIG_ENDIAN})
"""Transfer syntaxes whose pixels lie in the file as they are."""
PIXELS, FLOAT_PIXELS, DOUBLE_PIXELS = 0x7FE00010, 0x7FE00008, 0x7FE00009


def place_of_pixels(
    stream: BinaryIO, path: Path, syntax: str, expected: int, photometric: str
) -> tuple[int | None, bool]:
    """Offset of the first byte of the pixels' value, and whether they are real numbers; LoadError if native ones end
    before the last."""
    start = stream.tell()
    element = stream.read(12)
    if len(element) < 8:
        raise LoadError("The file ends before its pixels", where=path.name, remedy="Copy or export it again")
    number = int.from_bytes(element[:2], "big" if syntax == BIG_ENDIAN else "little") << 16
    number |= int.from_bytes(element[2:4], "big" if syntax == BIG_ENDIAN else "little")
    if number not in (PIXELS, FLOAT_PIXELS, DOUBLE_PIXELS):
        return None, False
    # what the element itself shows, since some files say one syntax and hold the other
    offset = start + (12 if element[4:6] in (b"OB", b"OW", b"OF", b"OD", b"UN") else 8)
    if syntax in NATIVE and photometric != "YBR_FULL_422" and path.stat().st_size - offset < expected:
        raise LoadError("The file is cut short: pixels are missing", where=path.name, remedy="Copy or export it again")
    return offset, number != PIXELS


def refuse_inflate_bomb(stream: BinaryIO, start: bytes, name: str) -> None:
    """A deflated file is inflated whole by pydicom: count the bytes first, in pieces, and stop at the cap."""
    if DEFLATED.encode() not in start:
        return
    # PS3.10 7.1: group 2 opens with its own length, then the deflated data set follows
    meta_bytes = int.from_bytes(start[140:144], "little") if start[132:136] == b"\x02\x00\x00\x00" else -1
    if not 0 < meta_bytes < 1 << 20:
        raise LoadError("The deflated file does not say where its data begin", where=name)
    stream.seek(144 + meta_bytes)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    while piece := stream.read(1 << 16):
        while piece:
            total += len(inflater.decompress(piece, 1 << 22))
            piece = inflater.unconsumed_tail
            if total > MAX_INFLATED_BYTES:
                raise LoadError(
                    f"The file inflates to more than {MAX_INFLATED_BYTES >> 20} MB",
                    where=name,
                    remedy="It was refused unopened",
                )
