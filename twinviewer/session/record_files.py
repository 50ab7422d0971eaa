"""Record files of every kind to Records. An ECG is measured here: its beats, and their intervals as the twin's are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Ecg, EngineError, Entry, LoadError, Quantity, Records, Reporter, TwinviewerError, silent
from twinviewer.domain.reading import reading

ECG_SUFFIXES = (".hea", ".dcm", ".ima")
PASSED_OVER = (".dat", ".xyz", ".atr", ".qrs", ".hea-", ".md")
"""Companions of a header, and notes: not read by themselves."""
MOST_FILES = 500
IRREGULAR_SHARE = 0.15
"""Beats are called irregular where the middle 80 % of RR intervals spread over more than this share of their median."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, file by file: name -> records. refused: what could not be read, "what (where). remedy" each."""

    records: tuple[tuple[str, Records], ...]
    refused: tuple[str, ...] = ()


def read_files(paths: Sequence[str], report: Reporter = silent) -> Reading:
    """Read files, and what lies in folders. A file that is refused does not stop the others.

    LoadError where nothing could be read; of several refusals the first.
    """
    found, alone = _files([Path(path) for path in paths])
    read: list[tuple[str, Records]] = []
    refused: list[TwinviewerError] = []
    for number, path in enumerate(found):
        report(number / len(found), f"Reading {path.name}")
        try:
            read.append((path.name, read_file(path)))
        except LoadError as error:
            refused.append(error)
    if not read:
        raise refused[0] if refused else LoadError("There are no records in the folder", where=alone)
    return Reading(tuple(read), tuple(str(error) for error in refused))


def looks_like_records(path: Path) -> bool:
    """Whether something dropped is records rather than images: by suffix; of a folder, all that lies in it.

    A DICOM file counts only where its header says that it is a waveform.
    """
    from twinviewer.records.read import SUFFIXES

    path = Path(path)
    known = (*SUFFIXES, ".hea", ".dat", ".atr", ".qrs", ".xyz")
    if path.is_dir():
        try:
            inside = [one for one in path.iterdir() if not one.name.startswith(".")]
        except OSError:
            return False
        return bool(inside) and all(one.is_file() and one.suffix.lower() in known for one in inside[:MOST_FILES])
    if path.suffix.lower() in known:
        return True
    if path.suffix.lower() not in (".dcm", ".ima", ""):
        return False
    try:
        with path.open("rb") as file:  # without pydicom, whose import a window would feel
            head = file.read(2048)
    except OSError:
        return False
    return head[128:132] == b"DICM" and b"1.2.840.10008.5.1.4.1.1.9." in head


def read_file(path: Path) -> Records:
    """One file: a WFDB or DICOM ECG is measured; anything else as ``records.read_records``. LoadError."""
    path = Path(path)
    if not path.is_file():
        raise LoadError("There is no such file", where=path.name, remedy="Check the path")
    try:
        with reading(path.name, path.stat().st_size):
            return _read(path)
    except TwinviewerError:
        raise
    except Exception as error:  # a reader that was not ready for this damage
        raise LoadError("The records are damaged", where=path.name, remedy="Export them again") from error


def _read(path: Path) -> Records:
    from twinviewer import dicom, records

    if path.suffix.lower() in (".dat", ".xyz") and path.with_suffix(".hea").is_file():
        path = path.with_suffix(".hea")
    if path.suffix.lower() == ".hea":
        return measured(records.read_wfdb(path))
    if path.suffix.lower() in (".dcm", ".ima", "") and dicom.is_ecg(path):
        return measured(dicom.read_ecg(path))
    if path.suffix.lower() in (".dcm", ".ima"):
        raise LoadError("This DICOM file is not an ECG", where=path.name, remedy="Open images with Open folder")
    return records.read_records(path)


def measured(ecg: Ecg) -> Records:
    """Rate, PR, QRS, QT, QTc and axis of a recorded ECG, each with how it was measured. LoadError where it is none.

    Intervals need the eight independent leads of a 12-lead ECG; of fewer the rate alone is taken. What the cardiograph
    stated stands beside what is measured here, which is in use: it is measured as the simulated ECG is.
    """
    from twinviewer.physics.ecg_measure import INDEPENDENT, measure
    from twinviewer.records import collected, find_beats
    from twinviewer.records.dates import day, moment
    from twinviewer.records.timeline import value_entry
    from twinviewer.records.vitals import BY_NAME

    beats = find_beats(ecg)
    when = moment(ecg.when)
    end = day(when)  # without the file's name, which may be a patient's: sources go into reports
    entries: list[Entry] = []
    notes = list(ecg.notes)

    def add(name: str, value: float | None, how: str) -> None:
        if value is not None:
            vital = BY_NAME[name]
            quantity = Quantity(float(value), vital.unit, "measured", f"ECG, {how}, {end}")
            entries.append(value_entry(vital, quantity, when, ecg.file, how, rank=1))

    add("heart_rate_bpm", beats.rate_bpm, f"{len(beats.at_s)} beats")
    low, middle, high = (sorted(beats.intervals_ms)[int(share * (len(beats.at_s) - 2))] for share in (0.1, 0.5, 0.9))
    if high - low > IRREGULAR_SHARE * middle:
        notes.append(f"{ecg.file}: the beats are irregular, RR {low:.0f} to {high:.0f} ms in the middle 80 %")
    if set(INDEPENDENT) <= set(beats.mean_mv):
        how = f"mean of {beats.alike} beats, 12 leads at once"
        try:
            found = measure(beats.mean_mv, beats.rate_hz, beats.rr_ms)
        except EngineError as error:
            raise LoadError(error.what, where=ecg.file) from error
        add("pr_ms", _pr_ms(beats.mean_mv, found.qrs_onset_ms, beats.rate_hz), how)
        add("qrs_ms", found.qrs_ms, how)
        add("qt_ms", found.qt_ms, f"{how}, tangent")
        add("qtc_ms", found.qtc_ms, f"{how}, Fridericia")
        add("qrs_axis_deg", found.axis_deg, how)
    else:
        notes.append(f"{ecg.file}: {', '.join(beats.mean_mv)} only, so no intervals are measured")
    for name, quantity in ecg.stated.items():
        entries.append(value_entry(BY_NAME[name], quantity, when, ecg.file, "stated by the cardiograph"))
    return collected(entries, (ecg.subject,), notes)


def _pr_ms(leads_mv: Mapping[str, NDArray[np.float64]], onset_ms: float, rate_hz: float) -> float | None:
    """PR with the slope between T and P taken out: at fast rates P rides on the end of T, which would count as P.

    The line goes through the stillest 20 ms before P and the level before QRS.
    """
    from scipy.ndimage import gaussian_filter1d, uniform_filter1d

    from twinviewer.physics.ecg_measure import INDEPENDENT, P_CLEAR_MS, P_WINDOW_MS, p_onset_ms

    step = 1000.0 / rate_hz
    last = round((onset_ms - P_CLEAR_MS) / step)
    first = max(last - round(P_WINDOW_MS / step), 0)
    before_p = last - round(100.0 / step)
    if before_p <= first:
        return None
    smooth = gaussian_filter1d(np.stack([leads_mv[name] for name in INDEPENDENT]), 10.0 / step, axis=1, mode="wrap")
    speed = uniform_filter1d(np.sqrt((np.gradient(smooth, axis=1) ** 2).sum(axis=0)), max(round(20.0 / step), 1))
    still = first + int(speed[first:before_p].argmin())
    level, half = round(10.0 / step), max(round(5.0 / step), 1)
    line = (np.arange(smooth.shape[1]) - still) / (last - 0.5 * level - still)
    flat = {}
    for name, values in leads_mv.items():
        start = np.median(values[max(still - half, 0) : still + half + 1])
        flat[name] = values - (start + (np.median(values[last - level : last]) - start) * line)
    begun = p_onset_ms(flat, onset_ms, rate_hz)
    return None if begun is None else onset_ms - begun


def _files(paths: Sequence[Path]) -> tuple[list[Path], str]:
    """Files to read, and the name of the first path. In folders only what looks like a record is taken."""
    from twinviewer.records.read import SUFFIXES

    out: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
            out += [one for one in inside if one.suffix.lower() in (*SUFFIXES, *ECG_SUFFIXES)]
        elif path.suffix.lower() in PASSED_OVER and path.with_suffix(".hea") in paths:
            continue
        else:
            out.append(path)
    if len(out) > MOST_FILES:
        raise LoadError(f"More than {MOST_FILES} files at once", where=paths[0].name, remedy="Choose those that matter")
    return list(dict.fromkeys(out)), paths[0].name if paths else ""
