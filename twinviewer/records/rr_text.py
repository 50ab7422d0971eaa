"""RR intervals as text: one a line, or pairs of time and interval; and the .hrm files of Polar's programs.

The .hrm file (Polar HRM file format, version 1.06) is an INI file: [Params] says when it started, [HRData] holds RR
intervals in ms where Interval=238, else a heart rate each Interval seconds.
"""

from datetime import UTC, datetime, timedelta

import numpy as np

from twinviewer.domain import LoadError
from twinviewer.records.dates import UNDATED
from twinviewer.records.heart_series import HeartSeries, from_rr

RR_INTERVAL = 238


def read_rr_text(text: str, file: str) -> HeartSeries:
    """Intervals in ms (or s) from a text file; "#" begins a comment. LoadError with the line that is no number."""
    found: list[float] = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.partition("#")[0].replace(";", " ").replace("\t", " ").strip()
        if not line:
            continue
        try:
            found.append(float(line.split()[-1].replace(",", ".")))
        except ValueError:
            if found:
                raise LoadError("This is not a number", where=f"{file}, line {number}") from None
            continue  # a heading
    rr = np.array(found)
    if len(rr) and np.median(rr) < 10.0:
        rr = rr * 1000.0
    return from_rr(rr, file)


def read_hrm(text: str, file: str) -> HeartSeries:
    """A Polar .hrm file. LoadError where it has no heart data."""
    sections: dict[str, list[str]] = {}
    inside: list[str] = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            inside = sections.setdefault(line[1:-1].lower(), [])
        elif line:
            inside.append(line)
    if "hrdata" not in sections or "params" not in sections:
        raise LoadError("This Polar file has no section [HRData]", where=file, remedy="Export it again")
    parameters = {
        key.strip().lower(): value.strip() for key, _, value in (line.partition("=") for line in sections["params"])
    }
    try:
        numbers = np.array([float(line.split()[0]) for line in sections["hrdata"]])
        interval = int(parameters.get("interval", RR_INTERVAL))
    except ValueError:
        raise LoadError("The section [HRData] holds what is no number", where=file) from None
    start = _start(parameters)
    if interval == RR_INTERVAL:
        return from_rr(numbers, file, start, "Polar RR intervals")
    if not 1 <= interval <= 300:
        raise LoadError(f"The file says that it has a value each {interval} s", where=file)
    return HeartSeries(
        file, start, interval * np.arange(len(numbers), dtype=np.float64), numbers, device="Polar heart rates"
    )


def _start(parameters: dict[str, str]) -> datetime:
    try:
        day = datetime.strptime(parameters["date"], "%Y%m%d").replace(tzinfo=UTC)
        hours, minutes, seconds = (float(part) for part in parameters.get("starttime", "0:0:0").split(":"))
        return day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (KeyError, ValueError, OverflowError):
        return UNDATED
