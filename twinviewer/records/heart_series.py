"""What a wearable's series of heart rates or RR intervals says, in few numbers, each with how it was made.

Rest is what the twin is prepared for, so a heart rate in use must be one at rest: the median of the lowest stretch of
two minutes in which the rate neither drifts nor the wearer moves. Where there is none, the lowest rate is listed as
such and no resting rate is given. Time-domain variability as in the Task Force of the ESC and NASPE (Circulation
93:1043, 1996), over the intervals that are kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Entry, LoadError, Quantity, Records
from twinviewer.records.dates import UNDATED, day
from twinviewer.records.timeline import collected, value_entry
from twinviewer.records.vitals import BY_NAME

RR_MS = (250.0, 2500.0)
ECTOPIC_SHARE, NEIGHBOURS = 0.20, 11
"""An interval is left out beyond these bounds, or where it differs by this share from the median of its neighbours."""
MOST_LEFT_OUT = 0.3
STRETCH_S, DRIFT_BPM, REST_BELOW_BPM = 120.0, 5.0, 100.0
"""A stretch is steady where the medians of its thirds lie within DRIFT_BPM; rest is below 100 bpm (sinus rhythm)."""
STILL_M_S = 0.3
MOST_STRETCHES = 20_000
"""So many of the slowest stretches are looked at: a day holds 17 280."""
RATE_BPM = (25.0, 250.0)


@dataclass(frozen=True, slots=True, eq=False)
class HeartSeries:
    """time_s: (n,) rising, from the start. rate_bpm: (n,). rr_ms: (m,) intervals as recorded, None for a series of
    rates. speed_m_s: (n,) or None. sport: the device said that it is exercise."""

    file: str
    start: datetime
    time_s: NDArray[np.float64]
    rate_bpm: NDArray[np.float64]
    rr_ms: NDArray[np.float64] | None = None
    speed_m_s: NDArray[np.float64] | None = None
    sport: bool = False
    device: str = "wearable"


def from_rr(
    rr_ms: NDArray[np.float64], file: str, start: datetime = UNDATED, device: str = "RR intervals"
) -> HeartSeries:
    """A series of RR intervals in ms, in the order of recording. LoadError where they are none."""
    rr_ms = np.asarray(rr_ms, np.float64)
    if len(rr_ms) < 10:
        raise LoadError("There are fewer than 10 RR intervals", where=file, remedy="Export the whole recording")
    keep = kept(rr_ms)
    if keep.mean() < 1.0 - MOST_LEFT_OUT:
        raise LoadError(
            f"{100 * (1 - keep.mean()):.0f} % of the numbers cannot be RR intervals in ms",
            where=file,
            remedy="Give one interval a line, in ms or s",
        )
    return HeartSeries(file, start, (np.cumsum(rr_ms) / 1000.0)[keep], 60000.0 / rr_ms[keep], rr_ms, device=device)


def kept(rr_ms: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,) which intervals are beats of the sinus node, as far as their length tells: no artefacts or ectopic beats."""
    inside = (rr_ms >= RR_MS[0]) & (rr_ms <= RR_MS[1])
    padded = np.pad(rr_ms, NEIGHBOURS // 2, mode="reflect")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS), axis=1)
    return inside & (np.abs(rr_ms - around) <= ECTOPIC_SHARE * around)


def summary(series: HeartSeries) -> Records:
    """Entries of one recording, and a note where it gives no resting heart rate. LoadError for an empty one."""
    good = np.isfinite(series.rate_bpm) & (series.rate_bpm >= RATE_BPM[0]) & (series.rate_bpm <= RATE_BPM[1])
    if good.sum() < 10:
        raise LoadError("There are no heart rates in the recording", where=series.file, remedy="Was a sensor worn?")
    time, rate = series.time_s[good], series.rate_bpm[good]
    speed = None if series.speed_m_s is None else series.speed_m_s[good]
    end = day(series.start)  # without the file's name, which may be a patient's: sources go into reports
    of = f"{series.device}, {(time[-1] - time[0]) / 60.0:.0f} min"
    entries: list[Entry] = []

    def add(name: str, value: float, how: str, low: float | None = None, high: float | None = None) -> None:
        vital = BY_NAME[name]
        found = Quantity(float(value), vital.unit, "measured", f"{how}; {of}, {end}", low, high)
        entries.append(value_entry(vital, found, series.start, series.file, how))

    notes = [_rest(series, time, rate, speed, add)]
    if series.rr_ms is None:
        add("heart_rate_mean_bpm", _mean(time, rate), "mean over time")
    else:
        keep = kept(series.rr_ms)
        rr, both = series.rr_ms[keep], keep[1:] & keep[:-1]
        how = f"{keep.sum()} of {len(keep)} intervals kept"
        add("heart_rate_mean_bpm", 60000.0 / rr.mean(), f"60 000 / mean RR, {how}")
        add("rr_mean_ms", rr.mean(), how)
        add("sdnn_ms", rr.std(ddof=1), how)
        if both.any():
            add("rmssd_ms", np.sqrt(np.mean(np.diff(series.rr_ms)[both] ** 2)), how)
    add("heart_rate_peak_bpm", _peak(time, rate), "highest mean of 10 s")
    return collected(entries, notes=[note for note in notes if note], strict=True)


def _rest(series, time, rate, speed, add) -> str:  # type: ignore[no-untyped-def]
    """Add the lowest and, where it is one, the resting rate; else say why not."""
    length = min(STRETCH_S, time[-1] - time[0])
    if length < 60.0:
        return f"{series.file}: shorter than a minute, so no resting heart rate is taken from it"
    best: tuple[float, float, float, float] | None = None
    moving = 0
    for first, last in _stretches(time, rate, length):
        part = rate[first:last]
        thirds = [np.median(third) for third in np.array_split(part, 3)]
        if max(thirds) - min(thirds) > DRIFT_BPM:
            continue
        if speed is not None and float(np.nanmedian(speed[first:last])) > STILL_M_S:
            moving += 1
            continue
        best = (float(np.median(part)), float(time[first]), *np.percentile(part, [5.0, 95.0]).tolist())
        break
    if best is None:
        if moving:
            return f"{series.file}: the wearer moves throughout, so no resting heart rate is taken from it"
        return f"{series.file}: the rate is never steady for {length:.0f} s, so no resting heart rate is taken from it"
    middle, start, low, high = best
    motion = "movement was not recorded" if speed is None else "no movement"
    how = f"median of the lowest steady {length:.0f} s, from minute {start / 60.0:.0f}; {motion}"
    add("heart_rate_lowest_bpm", middle, how, low, high)
    if series.sport and speed is None:
        return f"{series.file}: a recording of exercise, so no resting heart rate is taken from it"
    if middle > REST_BELOW_BPM:
        return f"{series.file}: the lowest steady rate is {middle:.0f} bpm, which is no rest"
    add("heart_rate_bpm", middle, f"resting: {how}", low, high)
    return ""


def _stretches(time: NDArray[np.float64], rate: NDArray[np.float64], length: float) -> Iterator[tuple[int, int]]:
    """First and last sample of stretches of that length, 5 s apart, those with the lowest mean first."""
    first = np.flatnonzero(np.diff(np.floor(time / 5.0), prepend=-1.0))
    first = first[time[first] + length <= time[-1] + 1e-6]
    last = np.searchsorted(time, time[first] + length + 1e-6)
    first, last = first[last - first >= 12], last[last - first >= 12]
    total = np.concatenate([[0.0], np.cumsum(rate)])
    order = np.argsort((total[last] - total[first]) / (last - first), kind="stable")[:MOST_STRETCHES]
    yield from zip(first[order].tolist(), last[order].tolist(), strict=True)


def _mean(time: NDArray[np.float64], rate: NDArray[np.float64]) -> float:
    """Over time, not over samples: watches write when the rate changes."""
    steps = np.clip(np.diff(time), 0.0, 30.0)
    return float((rate[:-1] * steps).sum() / steps.sum()) if steps.sum() > 0 else float(rate.mean())


def _peak(time: NDArray[np.float64], rate: NDArray[np.float64]) -> float:
    last = np.searchsorted(time, time + 10.0)
    total = np.concatenate([[0.0], np.cumsum(rate)])
    at = np.arange(len(time))
    return float(((total[last] - total[at]) / np.maximum(last - at, 1)).max())
