"""JPEG frames (Baseline, Extended, Lossless), grey or of three colours, decoded by libjpeg-turbo through imagecodecs.

``imagecodecs.jpeg8_decode`` serves them all, ``ljpeg_decode`` and ``jpegsof3_decode`` do not: with restart intervals or
a point transform the first returns wrong voxels without a word, the second fails or does so too.
Source: ITU-T T.81, B.2 (segments) and E.1.4 (restart); DICOM PS3.5, 8.2.1, A.4.1 and A.4.2.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DCT, _LOSSLESS = frozenset({0xC0, 0xC1}), frozenset({0xC3})
FRAME_MARKERS = {
    "1.2.840.10008.1.2.4.50": _DCT,
    "1.2.840.10008.1.2.4.51": _DCT,
    "1.2.840.10008.1.2.4.57": _LOSSLESS,
    "1.2.840.10008.1.2.4.70": _LOSSLESS,
}
"""Transfer syntax -> the kinds of frame (second byte of the marker) that may lie in it."""
LOSSY = frozenset(syntax for syntax, markers in FRAME_MARKERS.items() if markers is _DCT)

_ALL_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_END_OF_IMAGE = 0xD9
_END_OF_INTERVAL = re.compile(rb"\xff+[\xd0-\xd9]")
_PADDING = bytes([0xAA, 0x55, 0xE7, 0x18]) * 4


@dataclass(slots=True)
class _Frame:
    """What the segments before the scan say.

    scan: offset of its marker. restart: interval in units, 0 for none. parts: components, of them in the first scan.
    block: rows and columns of a unit. transform: Adobe's flag (0: none, 1: YCbCr), -1 where absent. ids: components'.
    """

    marker: int = 0
    precision: int = 0
    restart: int = 0
    scan: int = 0
    parts: int = 0
    parts_in_scan: int = 0
    block: tuple[int, int] = (8, 8)
    transform: int = -1
    ids: bytes = b""


def decode(
    encoded: bytes, syntax: str, rows: int, columns: int, samples: int = 1, ycc: bool = False
) -> NDArray[np.unsignedinteger]:
    """One image, (rows, columns) or (rows, columns, samples), uint8 up to 8 bits precision and uint16 above, as coded:
    no sign, no rescale. Colours are RGB: turned from YCbCr where Adobe's segment says so, else where ``ycc``, the
    header's word, does.

    ValueError if the stream is not of the syntax's kind, this many components and this size, or is cut short;
    RuntimeError of imagecodecs if it is damaged so that decoding stops. JPEG has no check sum: changed bytes that
    still decode cannot be told from an image.
    """
    from imagecodecs import jpeg8_decode  # only when such an image is met

    frame = _frame(encoded, FRAME_MARKERS[syntax], rows, columns, samples)
    colours: dict[str, str] = {}
    if samples == 3:
        turned = frame.transform == 1 if frame.transform >= 0 else ycc and frame.ids != b"RGB"
        colours = {"colorspace": "YCBCR" if turned else "RGB", "outcolorspace": "RGB"}
    head, scan = encoded[: frame.scan], encoded[frame.scan :]
    # libjpeg fills what is missing, and imagecodecs drops its warning. So: no interval may be missing, and none may
    # care for the bits behind it; one that is cut short reads them as image.
    if frame.parts == frame.parts_in_scan and not _intervals_are_whole(frame, scan, rows, columns):
        raise ValueError("restart intervals are missing")
    dtype = np.uint8 if frame.precision <= 8 else np.uint16
    shape = (rows, columns) if samples == 1 else (rows, columns, samples)
    image: NDArray[np.unsignedinteger] = jpeg8_decode(encoded, out=np.empty(shape, dtype), **colours)  # type: ignore[arg-type]
    padded = head + _END_OF_INTERVAL.sub(lambda end: _PADDING + end[0], scan) + _PADDING
    again = jpeg8_decode(padded, out=np.empty_like(image), **colours)  # type: ignore[arg-type]
    if not np.array_equal(image, again):
        raise ValueError("the stream is cut short")
    return image


def _intervals_are_whole(frame: _Frame, scan: bytes, rows: int, columns: int) -> bool:
    """Whether the markers between the intervals are all there: D0 to D7 and round again.

    An interval's unit is a sample in lossless frames, a block of 8 x 8 in the others (more where colours
    are coarser).
    """
    markers = [end[0][-1] for end in _END_OF_INTERVAL.finditer(scan)]
    if _END_OF_IMAGE in markers:
        del markers[markers.index(_END_OF_IMAGE) :]
    units = -(-rows // frame.block[0]) * -(-columns // frame.block[1])
    intervals = -(-units // frame.restart) if frame.restart else 1
    return len(markers) == intervals - 1 and all(m == 0xD0 + n % 8 for n, m in enumerate(markers))


def _frame(encoded: bytes, kinds: frozenset[int], rows: int, columns: int, samples: int) -> _Frame:
    """Read the segments up to the scan. ValueError if the frame is not as expected.

    Looked at before the decoder sees it, which would allocate whatever size the stream claims.
    """
    if encoded[:2] != b"\xff\xd8":
        raise ValueError("no JPEG")
    at, frame = 2, _Frame()
    while at + 4 <= len(encoded):
        if encoded[at] != 0xFF:
            raise ValueError("a marker was expected")
        marker, size = encoded[at + 1], int.from_bytes(encoded[at + 2 : at + 4], "big")
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        body = encoded[at + 4 : at + 2 + size]
        if size < 2 or len(body) != size - 2:
            raise ValueError("a segment is cut short")
        if marker == 0xDA:
            if not frame.marker:
                raise ValueError("a scan before its frame")
            frame.scan, frame.parts_in_scan = at, body[0] if body else 0
            return frame
        if marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
            frame.transform = body[11]
        if marker == 0xDD:
            frame.restart = int.from_bytes(body, "big")
        if marker in _ALL_FRAME_MARKERS:
            if frame.marker or marker not in kinds or len(body) != 6 + 3 * samples or body[5] != samples:
                kind = "grey image" if samples == 1 else f"image of {samples} colours"
                raise ValueError(f"not one {kind} of the kind that the header names")
            if (int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")) != (rows, columns):
                raise ValueError("the coded size is not the header's")
            frame.marker, frame.precision, frame.parts, frame.ids = marker, body[0], body[5], body[6::3]
            unit = 1 if marker in _LOSSLESS else 8
            factors = b"\x11" if samples == 1 else body[7::3]
            frame.block = unit * max(f & 15 for f in factors), unit * max((f >> 4) or 1 for f in factors)
            if 0 in frame.block:
                raise ValueError("a sampling factor is outside the standard")
            if not 2 <= frame.precision <= 16:
                raise ValueError("the precision is outside the standard")
        at += 2 + size
    raise ValueError("no scan")
