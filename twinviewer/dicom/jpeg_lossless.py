"""JPEG Lossless (process 14), as most archives store CT: the one common coding without a freely licensed decoder.

Source: ITU-T T.81, Annex C (Huffman tables), F.1.2.1 (differences) and H (lossless mode); DICOM PS3.5 A.4.2.
"""

import re
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


@dataclass(slots=True)
class _Stream:
    """What the segments before the entropy-coded data say."""

    rows: int = 0
    columns: int = 0
    precision: int = 0
    predictor: int = 0
    shift: int = 0
    interval: int = 0
    lengths: NDArray[np.uint8] | None = None
    categories: NDArray[np.uint8] | None = None


def decode(encoded: bytes, rows: int, columns: int) -> NDArray[np.uint16]:
    """One grey image, (rows, columns) uint16. ValueError if the stream is damaged or not of this kind and size."""
    stream, data = _parse(encoded)
    if (stream.rows, stream.columns) != (rows, columns):
        raise ValueError("the coded size is not the header's")
    if stream.lengths is None or stream.categories is None or not 2 <= stream.precision <= 16:
        raise ValueError("a table or the frame is missing")
    if not 1 <= stream.predictor <= 7 or stream.shift >= stream.precision or stream.interval % columns:
        raise ValueError("values outside the standard")
    total = rows * columns
    step = stream.interval or total
    out = np.zeros(total, np.uint16)
    pieces = _RESTART.split(data)
    if len(pieces) < -(-total // step):
        raise ValueError("the stream is cut short")
    for number, piece in enumerate(pieces[: -(-total // step)]):
        bits = np.frombuffer(piece.replace(b"\xff\x00", b"\xff") + bytes(8), np.uint8)
        start = number * step
        part = out[start : min(start + step, total)]
        first = 1 << (stream.precision - stream.shift - 1)
        if not _interval(bits, stream.lengths, stream.categories, part, columns, stream.predictor, first):
            raise ValueError("the entropy-coded data are damaged")
    return np.left_shift(out, np.uint16(stream.shift)).reshape(rows, columns)


def _parse(encoded: bytes) -> tuple[_Stream, bytes]:
    """Read segments up to the scan; returns them and the entropy-coded bytes."""
    stream, at = _Stream(), 2
    if encoded[:2] != b"\xff\xd8":
        raise ValueError("no JPEG")
    tables: dict[int, tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}
    while at + 4 <= len(encoded):
        if encoded[at] != 0xFF:
            raise ValueError("a marker was expected")
        marker = encoded[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        size = int.from_bytes(encoded[at + 2 : at + 4], "big")
        body = encoded[at + 4 : at + 2 + size]
        if size < 2 or len(body) != size - 2:
            raise ValueError("a segment is cut short")
        at += 2 + size
        if marker == 0xC3:
            if len(body) < 9 or body[5] != 1:
                raise ValueError("not one grey component")
            stream.precision = body[0]
            stream.rows, stream.columns = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        elif marker == 0xC4:
            _tables(body, tables)
        elif marker == 0xDD:
            stream.interval = int.from_bytes(body[:2], "big")
        elif marker == 0xDA:
            if len(body) < 6 or body[0] != 1:
                raise ValueError("not one component in the scan")
            stream.predictor, stream.shift = body[3], body[5] & 15
            stream.lengths, stream.categories = tables.get(body[2] >> 4, (None, None))
            end = encoded.rfind(b"\xff\xd9")
            return stream, encoded[at : end if end >= at else len(encoded)]
        elif 0xC0 <= marker <= 0xCF and marker != 0xC8:
            raise ValueError("not lossless process 14")
    raise ValueError("no scan")


def _tables(body: bytes, tables: dict[int, tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> None:
    """Huffman tables as look-up by the next 16 bits: code length (0 where no code is) and category."""
    at = 0
    while at + 17 <= len(body):
        counts, number = body[at + 1 : at + 17], body[at] & 15
        values = body[at + 17 : at + 17 + sum(counts)]
        if len(values) != sum(counts) or any(value > 16 for value in values):
            raise ValueError("a Huffman table is damaged")
        lengths, categories = np.zeros(1 << 16, np.uint8), np.zeros(1 << 16, np.uint8)
        code = used = 0
        for length, count in enumerate(counts, start=1):
            for value in values[used : used + count]:
                low, high = code << (16 - length), (code + 1) << (16 - length)
                if high > 1 << 16:
                    raise ValueError("a Huffman table is overfull")
                lengths[low:high], categories[low:high] = length, value
                code += 1
            used += count
            code <<= 1
        tables[number] = lengths, categories
        at += 17 + len(values)


@njit(cache=True, boundscheck=True)
def _interval(
    data: NDArray[np.uint8],
    lengths: NDArray[np.uint8],
    categories: NDArray[np.uint8],
    out: NDArray[np.uint16],
    columns: int,
    predictor: int,
    first: int,
) -> bool:
    """Decode one restart interval of whole lines into ``out``; False where a code is unknown or data run out."""
    limit = (len(data) - 8) * 8  # the last 8 bytes are padding
    position = np.int64(0)
    for n in range(len(out)):
        at = position >> 3
        window = (np.int64(data[at]) << 16) | (np.int64(data[at + 1]) << 8) | np.int64(data[at + 2])
        window = (window >> (8 - (position & 7))) & 0xFFFF
        length = int(lengths[window])
        if length == 0:
            return False
        size = int(categories[window])
        position += length
        difference = np.int64(0)
        if size == 16:
            difference = np.int64(32768)
        elif size > 0:
            at = position >> 3
            window = (np.int64(data[at]) << 16) | (np.int64(data[at + 1]) << 8) | np.int64(data[at + 2])
            difference = (window >> (24 - (position & 7) - size)) & ((1 << size) - 1)
            if difference < (1 << (size - 1)):
                difference -= (1 << size) - 1
            position += size
        if position > limit:
            return False
        column = n % columns
        guess = np.int64(first)
        if n == 0:
            pass
        elif n < columns:
            guess = np.int64(out[n - 1])
        elif column == 0:
            guess = np.int64(out[n - columns])
        else:
            a, b, c = np.int64(out[n - 1]), np.int64(out[n - columns]), np.int64(out[n - columns - 1])
            if predictor == 1:
                guess = a
            elif predictor == 2:
                guess = b
            elif predictor == 3:
                guess = c
            elif predictor == 4:
                guess = a + b - c
            elif predictor == 5:
                guess = a + ((b - c) >> 1)
            elif predictor == 6:
                guess = b + ((a - c) >> 1)
            else:
                guess = (a + b) >> 1
        out[n] = np.uint16((guess + difference) & 0xFFFF)
    return True
