"""ECG records of PhysioNet's kind: a header (.hea) beside signal files (.dat) of format 16 or 212.

Source: header(5) and signal(5) of the WFDB Applications Guide (Moody et al., PhysioNet). mV = (sample - baseline) /
gain; format 16 is little-endian int16, 212 packs two 12-bit samples into three bytes. The 16-bit sum of each signal is
checked where the header gives it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Ecg, LoadError, Subject
from twinviewer.records.dates import UNDATED, iso, year

MAX_BYTES = 256 << 20
MAX_SIGNALS = 64
LONGEST_NAME = 200
DEFAULT_GAIN = 200.0
MV = {"mv": 1.0, "uv": 0.001, "µv": 0.001, "v": 1000.0, "": 1.0}
BYTES_OF_TWO = {16: 4, 212: 3}
NOTHING = {16: -32768, 212: -2048}
"""Formats that are read: bytes of two samples; the number that stands for no sample."""
_GAIN = re.compile(r"^([-+.\deE]+)(?:\(([-+]?\d+)\))?(?:/(\S+))?$")
_STANDARD = {name.lower(): name for name in ("I", "II", "III", "aVR", "aVL", "aVF", *(f"V{k}" for k in range(1, 7)))}


@dataclass(frozen=True, slots=True)
class _Signal:
    file: str
    form: int
    gain: float
    baseline: float
    unit: str
    checksum: int | None
    name: str
    skip: int


def read_wfdb(header: Path) -> Ecg:
    """The record of a .hea file. Raises LoadError with file, line or byte for what is damaged or not understood."""
    header = Path(header)
    lines, comments = _lines(header)
    signals, rate_hz, count, when = _described(header.name, lines)
    leads: dict[str, NDArray[np.float64]] = {}
    notes: list[str] = []
    for file in dict.fromkeys(signal.file for signal in signals):
        group = [signal for signal in signals if signal.file == file]
        names = ", ".join(signal.name for signal in group)
        if not (header.parent / file).is_file():
            notes.append(f"{header.name}: {file} is not there, without {names}")
            continue
        samples = _samples(header.parent / file, group, count)
        for signal, column in zip(group, samples.T, strict=True):
            if signal.unit not in MV:
                continue  # respiration, pressure
            leads[signal.name] = _millivolts(column, signal)
    if not leads and notes:
        raise LoadError("The signal file is not there", where=signals[0].file, remedy="Put it beside the .hea file")
    if not leads:
        raise LoadError("The record holds no ECG in mV", where=header.name)
    subject, said = _person(header.name, comments)
    return Ecg(leads, rate_hz, iso(when if when != UNDATED else said), header.name, subject, notes=tuple(notes))


def _lines(header: Path) -> tuple[list[tuple[int, str]], list[str]]:
    try:
        if header.stat().st_size > 1 << 20:
            raise LoadError("A header of more than 1 MB is none", where=header.name)
        text = header.read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise LoadError("The header cannot be read", where=header.name, remedy="Check path and permissions") from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    said = [line.lstrip("# ") for _, line in lines if line.startswith("#")]
    return [(number, line) for number, line in lines if line and not line.startswith("#")], said


def _described(file: str, lines: list[tuple[int, str]]) -> tuple[list[_Signal], float, int | None, datetime]:
    if not lines:
        raise LoadError("The header is empty", where=file)
    number, first = lines[0]
    words = first.split()
    where = f"{file}, line {number}"
    try:
        if "/" in words[0]:
            raise LoadError("A record of several segments is not read", where=where, remedy="Give one segment")
        many = int(words[1])
        rate_hz = float(words[2].partition("/")[0].partition("(")[0]) if len(words) > 2 else 250.0
        count = int(words[3]) if len(words) > 3 and int(words[3]) > 0 else None
    except (IndexError, ValueError):
        raise LoadError("The first line is not that of a WFDB header", where=where) from None
    if not 50.0 <= rate_hz <= 20_000.0:
        raise LoadError(f"A rate of {rate_hz:g} samples a second cannot be an ECG's", where=where)
    if not 1 <= many <= MAX_SIGNALS or len(lines) < 1 + many:
        raise LoadError(f"The header describes {len(lines) - 1} of {many} signals", where=where, remedy="Copy it again")
    return [_signal(file, *line) for line in lines[1 : 1 + many]], rate_hz, count, _moment(words[4:])


def _signal(file: str, number: int, line: str) -> _Signal:
    words = line.split(maxsplit=8)
    where = f"{file}, line {number}"
    form = words[1] if len(words) > 1 else ""
    skip = form.partition("+")[2]
    kind = form.partition("+")[0]
    if not kind.isdigit() or int(kind) not in BYTES_OF_TWO or (skip and not skip.isdigit()):
        raise LoadError(f"Signals of format {form or '?'} are not read", where=where, remedy="Convert to format 16")
    if Path(words[0]).name != words[0] or len(words[0]) > LONGEST_NAME or words[0] in ("-", "~", ".", ".."):
        raise LoadError("The signal file must lie beside the header", where=where)
    gain, baseline, unit = DEFAULT_GAIN, None, "mv"
    if len(words) > 2:
        found = _GAIN.match(words[2])
        try:
            gain = float(found[1]) if found else float("nan")
        except ValueError:
            gain = float("nan")
        if not np.isfinite(gain) or gain < 0.0:
            raise LoadError(
                f"The gain {words[2]!r} is not one", where=where, remedy="Give units a mV, as 200 or 2000/mV"
            )
        assert found is not None
        gain = gain or DEFAULT_GAIN
        baseline = float(found[2]) if found[2] else None
        unit = (found[3] or "mV").lower()
    try:
        zero = float(words[4]) if len(words) > 4 else 0.0
        total = int(words[6]) if len(words) > 6 else None
    except ValueError:
        raise LoadError("This line does not describe a signal", where=where) from None
    name = words[8].strip() if len(words) > 8 else f"signal {number}"
    plain = re.sub(r"^lead\s+", "", name, flags=re.IGNORECASE)
    return _Signal(
        words[0], int(kind), gain, zero if baseline is None else baseline, unit, total,
        _STANDARD.get(plain.lower(), plain), int(skip or 0),
    )  # fmt: skip


def _samples(path: Path, group: list[_Signal], count: int | None) -> NDArray[np.int32]:
    """(n, signals) samples of one file, checked against their length and sums."""
    form, skip, width = group[0].form, group[0].skip, len(group)
    if any(signal.form != form for signal in group):
        raise LoadError("One file holds signals of several formats", where=path.name)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise LoadError(f"Signals of more than {MAX_BYTES >> 20} MB are not read", where=path.name)
        data = path.read_bytes()[skip:]
    except OSError:
        raise LoadError("The signal file cannot be read", where=path.name, remedy="Check its permissions") from None
    have = len(data) // 2 if form == 16 else 2 * (len(data) // 3) + (len(data) % 3 == 2)
    rows = have // width
    if count is not None and rows < count:
        remedy = "Copy the record again, as binary"
        raise LoadError(
            f"The file is cut short: {rows} of {count} samples", where=f"{path.name}, {size} bytes", remedy=remedy
        )
    rows = rows if count is None else count
    if rows < 1:
        raise LoadError("The signal file is empty", where=path.name)
    flat = np.frombuffer(data, "<i2", rows * width).astype(np.int32) if form == 16 else _twelve_bits(data, rows * width)
    samples = flat.reshape(rows, width)
    for signal, column in zip(group, samples.T, strict=True):
        total = int(column.sum(dtype=np.int64))
        if signal.checksum is not None and count is not None and (total - signal.checksum) % 65536:
            raise LoadError(
                f"The samples of {signal.name} do not match the sum in the header",
                where=path.name,
                remedy="The file is damaged or not this header's: copy both again",
            )
    return samples


def _twelve_bits(data: bytes, wanted: int) -> NDArray[np.int32]:
    groups = -(-wanted // 2)
    raw = np.zeros(3 * groups, np.int32)
    part = np.frombuffer(data, np.uint8, min(len(data), 3 * groups))
    raw[: len(part)] = part
    low, middle, high = raw[0::3], raw[1::3], raw[2::3]
    pairs = np.stack([low | (middle & 0x0F) << 8, high | (middle & 0xF0) << 4], axis=1).reshape(-1)[:wanted]
    return np.where(pairs > 2047, pairs - 4096, pairs)


def _millivolts(column: NDArray[np.int32], signal: _Signal) -> NDArray[np.float64]:
    values = (column - signal.baseline) / signal.gain * MV[signal.unit]
    return np.where(column == NOTHING[signal.form], np.nan, values)


def _moment(words: list[str]) -> datetime:
    """Base time and date of the record line, 10:03:01.5 and 24/12/1990."""
    if len(words) < 2:
        return UNDATED
    try:
        hours, minutes, seconds = ([0.0, 0.0] + [float(part) for part in words[0].split(":")])[-3:]
        day, month, years = (int(part) for part in words[1].split("/"))
        return datetime(years, month, day, int(hours), int(minutes), int(seconds), tzinfo=UTC)
    except (ValueError, OverflowError):
        return UNDATED


def _person(file: str, comments: list[str]) -> tuple[Subject, datetime]:
    """Sex and year of birth where comments say "age: 81", "sex: female" or "69 M", and the date that they name."""
    sex, age, when = "", None, UNDATED
    for line in comments:
        key, _, value = (part.strip().lower() for part in line.partition(":"))
        if key == "age" and value.isdigit():
            age = float(value)
        elif key == "sex":
            sex = {"m": "M", "f": "F"}.get(value[:1], "")
        elif key == "ecg date" and value.count("/") == 2:
            when = _moment(["0:0:0", value])
        elif bare := re.match(r"^(\d{1,3})\s+([MF])\b", line):
            age, sex = float(bare[1]), bare[2]
    born = None if age is None or when == UNDATED else year(when) - age - 0.5
    return Subject(file, sex=sex, birth_year=born), when
