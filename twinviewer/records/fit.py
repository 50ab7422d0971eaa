"""FIT files of sports watches: heart rate, speed and RR intervals, as far as a heart is concerned.

The file is a header, then messages each with a one-byte header: a definition says which fields of which size follow in
the data messages of its local number. Of the profile these are read: record (20) with timestamp 253, heart rate 3,
speed 6 and 73 (mm/s); hrv (78) with RR intervals 0 (ms); session (18) with sport 5. Times count seconds from
1989-12-31. Everything else is stepped over by its size; nothing in the file is trusted beyond its length.
"""

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from twinviewer.domain import LoadError
from twinviewer.records.dates import UNDATED
from twinviewer.records.heart_series import HeartSeries, kept

EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
RECORD, SESSION, HRV = 20, 18, 78
TIMESTAMP, HEART_RATE, SPEED, FAST_SPEED, SPORT = 253, 3, 6, 73, 5
LONGEST_S = 31 * 86400.0
NO_SPORT = frozenset({0})  # "generic": a recording that names no sport
_CODES = {0x00: "B", 0x01: "b", 0x02: "B", 0x83: "h", 0x84: "H", 0x85: "i", 0x86: "I", 0x0A: "B", 0x8B: "H", 0x8C: "I"}
_NONE = {"B": 0xFF, "b": 0x7F, "H": 0xFFFF, "h": 0x7FFF, "I": 0xFFFFFFFF, "i": 0x7FFFFFFF}
_CRC = (0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
        0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400)  # fmt: skip
"""CRC-16, polynomial 0xA001, a nibble at a time."""


@dataclass
class _Found:
    rows: list[tuple[float, float, float]] = field(default_factory=list)
    """Timestamp, rate, speed."""
    rr_ms: list[float] = field(default_factory=list)
    sports: set[int] = field(default_factory=set)


def read_fit(data: bytes, file: str) -> HeartSeries:
    """The heart rates of an activity. LoadError for a damaged file, or one without heart rates."""
    found = _Found()
    at = 0
    while at < len(data):
        at = _one_file(data, at, file, found)
    rows = np.array(sorted(row for row in found.rows if np.isfinite(row[0])), np.float64).reshape(-1, 3)
    rows = rows[np.isfinite(rows[:, 1])]
    rows = rows[np.abs(rows[:, 0] - np.median(rows[:, 0])) < LONGEST_S] if len(rows) else rows  # a clock that jumped
    if not len(rows):
        raise LoadError("The activity holds no heart rates", where=file, remedy="Was a sensor worn?")
    start = EPOCH + timedelta(seconds=float(rows[0, 0])) if rows[0, 0] > 0x10000000 else UNDATED
    rr = np.array(found.rr_ms)
    usable = len(rr) >= 10 and kept(rr).mean() > 0.7
    return HeartSeries(
        file, start, rows[:, 0] - rows[0, 0], rows[:, 1], rr if usable else None,
        rows[:, 2] if np.isfinite(rows[:, 2]).any() else None, bool(found.sports - NO_SPORT), "sports watch",
    )  # fmt: skip


def checksum(data: bytes) -> int:
    """The CRC that ends a FIT file."""
    crc = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            crc = ((crc >> 4) & 0x0FFF) ^ _CRC[crc & 0xF] ^ _CRC[nibble]
    return crc


def _one_file(data: bytes, at: int, file: str, found: _Found) -> int:
    """Read the file that begins there (several may be chained), and say where the next would."""
    if len(data) - at < 14 or data[at] not in (12, 14) or data[at + 8 : at + 12] != b".FIT":
        raise LoadError(
            "This is not a FIT file, or it is damaged", where=f"{file}, byte {at}", remedy="Export it again"
        )
    begin = at + data[at]
    end = begin + int(struct.unpack_from("<I", data, at + 4)[0])
    if end + 2 > len(data):
        missing = end + 2 - len(data)
        raise LoadError(f"The file is cut short by {missing} bytes", where=file, remedy="Copy it from the watch again")
    if checksum(data[at:end]) != struct.unpack_from("<H", data, end)[0]:
        raise LoadError("The file is damaged: its checksum is wrong", where=file, remedy="Copy it from the watch again")
    try:
        _messages(data, begin, end, found)
    except (struct.error, IndexError, KeyError):
        raise LoadError("A message in the file is not understood", where=file, remedy="Export it again") from None
    return end + 2


def _messages(data: bytes, at: int, end: int, found: _Found) -> None:
    layouts: dict[int, tuple[int, str, list[tuple[int, int, int]], int]] = {}
    last = 0.0
    while at < end:
        head = data[at]
        at += 1
        if head & 0xC0 == 0x40:  # a definition
            order = ">" if data[at + 1] == 1 else "<"
            message = struct.unpack_from(order + "H", data, at + 2)[0]
            count = data[at + 4]
            fields = [(data[k], data[k + 1], data[k + 2]) for k in range(at + 5, at + 5 + 3 * count, 3)]
            at += 5 + 3 * count
            extra = 0
            if head & 0x20:  # fields of the developer of an app on the watch
                many = data[at]
                extra = sum(data[k + 1] for k in range(at + 1, at + 1 + 3 * many, 3))
                at += 1 + 3 * many
            layouts[head & 0xF] = (message, order, fields, extra)
            continue
        if head & 0x80:  # data with a compressed timestamp: five bits of it
            local = (head >> 5) & 0x3
            offset = head & 0x1F
            low = int(last) & 0x1F
            last = float((int(last) & ~0x1F) + offset + (0x20 if offset < low else 0))
        else:
            local = head & 0xF
        message, order, fields, extra = layouts[local]
        values: dict[int, list[float]] = {}
        for number, size, kind in fields:
            code = _CODES.get(kind)
            if code is not None and size % struct.calcsize(code) == 0:
                raw = struct.unpack_from(f"{order}{size // struct.calcsize(code)}{code}", data, at)
                values[number] = [float(value) if value != _NONE[code] else np.nan for value in raw]
            at += size
        at += extra
        if at > end:
            raise IndexError
        last = _take(message, values, last, found)


def _take(message: int, values: dict[int, list[float]], last: float, found: _Found) -> float:
    """Keep what a data message says; the time of the last one with a timestamp."""

    def first(number: int) -> float:
        return values[number][0] if values.get(number) else float("nan")

    stamp = first(TIMESTAMP)
    last = stamp if np.isfinite(stamp) else last
    if message == RECORD:
        speed = first(FAST_SPEED) if np.isfinite(first(FAST_SPEED)) else first(SPEED)
        found.rows.append((last, first(HEART_RATE), speed / 1000.0))
    elif message == HRV:
        found.rr_ms += [value for value in values.get(0, []) if np.isfinite(value)]
    elif message == SESSION and np.isfinite(first(SPORT)):
        found.sports.add(int(first(SPORT)))
    return last
