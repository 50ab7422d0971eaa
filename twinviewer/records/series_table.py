"""Tables that wearables export: a column of heart rates or RR intervals, beside one of times."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from twinviewer.domain import LoadError
from twinviewer.records.dates import UNDATED, moment
from twinviewer.records.heart_series import HeartSeries, from_rr

RATES = ("heart_rate", "heart_rate_bpm", "heartrate", "hr", "hr_bpm", "bpm", "pulse", "pulse_rate")
INTERVALS = ("rr", "rr_ms", "rri", "rri_ms", "rr_interval", "rr_interval_ms", "ibi", "ibi_ms", "nn")
TIMES = ("time", "timestamp", "datetime", "date", "date_time", "seconds", "elapsed", "time_s", "t")
SPEEDS = ("speed", "speed_m_s", "enhanced_speed")
MOST_BAD = 0.1


def heart_column(header: Sequence[str]) -> tuple[int, bool] | None:
    """Which column holds the heart, and whether as RR intervals; None where none does. header: in lower case."""
    for at, name in enumerate(header):
        plain = _plain(name)
        if plain in RATES or plain in INTERVALS:
            return at, plain in INTERVALS
    return None


def read_series(header: Sequence[str], rows: Iterator[list[str]], file: str) -> HeartSeries:
    """The series of a table whose heading has been read. LoadError where numbers or times are not understood."""
    found = heart_column(header)
    assert found is not None
    column, intervals = found
    names = [_plain(name) for name in header]
    clock = next((at for at, name in enumerate(names) if name in TIMES), None)
    speed_at = next((at for at, name in enumerate(names) if name in SPEEDS), None)
    values: list[float] = []
    times: list[str] = []
    speeds: list[float] = []
    bad = 0
    try:
        for cells in rows:
            try:
                values.append(float(cells[column].replace(",", ".")))
            except (ValueError, IndexError):
                bad += any(cell.strip() for cell in cells)
                continue
            times.append(cells[clock].strip() if clock is not None and clock < len(cells) else "")
            speeds.append(_number(cells[speed_at]) if speed_at is not None and speed_at < len(cells) else np.nan)
    except csv.Error:
        raise LoadError("The table is damaged", where=file) from None
    if bad > MOST_BAD * max(len(values), 1):
        raise LoadError(f"{bad} rows hold no number under {header[column]!r}", where=file)
    numbers = np.array(values)
    if intervals:
        in_ms = numbers * (1000.0 if len(numbers) and np.median(numbers) < 10.0 else 1.0)
        return from_rr(in_ms, file, _stamp(times[0]) if times else UNDATED, "table of RR intervals")
    if clock is None:
        raise LoadError("There is no column of times beside the heart rates", where=file, remedy="Add a column time")
    start, seconds = _seconds(times, file)
    order = np.argsort(seconds, kind="stable")
    speed = np.array(speeds)[order] if np.isfinite(speeds).any() else None
    return HeartSeries(file, start, seconds[order], numbers[order], speed_m_s=speed, device="table of heart rates")


def _seconds(times: Sequence[str], file: str) -> tuple[datetime, np.ndarray]:
    """When it starts, and seconds from there; times are moments, hh:mm:ss or seconds."""
    if not times:
        raise LoadError("The table has no rows", where=file)
    stamps = [_stamp(text) for text in times]
    if all(stamp != UNDATED for stamp in stamps):
        start = min(stamps)
        return start, np.array([(stamp - start).total_seconds() for stamp in stamps])
    numbers = np.array([_clock(text) for text in times])
    if not np.isfinite(numbers).all():
        line = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise LoadError(f"The time {times[line]!r} is not understood", where=file, remedy="Use 2026-01-12T07:30:00")
    if numbers.min() > 1e9:  # seconds, or milliseconds, since 1970
        numbers = numbers / (1000.0 if numbers.min() > 1e11 else 1.0)
        return datetime.fromtimestamp(float(numbers.min()), UTC), numbers - numbers.min()
    return UNDATED, numbers - numbers.min()


def _stamp(text: str) -> datetime:
    return moment(text) if text[:4].isdigit() and "-" in text else UNDATED


def _clock(text: str) -> float:
    parts = text.split(":")
    try:
        if len(parts) in (2, 3):
            return sum(float(part) * 60.0**power for power, part in enumerate(reversed(parts)))
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


def _plain(name: str) -> str:
    """ "Heart Rate (bpm)" -> "heart_rate"."""
    stem = name.strip().lower().partition("(")[0].partition("[")[0].strip()
    return stem.replace(" ", "_").replace("-", "_")
