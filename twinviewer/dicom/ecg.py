"""ECGs as DICOM waveforms (12-lead, general ECG): leads in mV, and what the cardiograph itself stated."""

import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from twinviewer.dicom.identity import age_years, identity
from twinviewer.dicom.tag_values import text_of
from twinviewer.domain import Ecg, LoadError, Quantity, Subject
from twinviewer.domain.reading import reading

MAX_BYTES = 128 << 20
_MV = {"uv": 0.001, "mv": 1.0, "v": 1000.0, "nv": 1e-6}
_LEAD = re.compile(r"\b(III|II|I|aVR|aVL|aVF|V[1-6])\b", re.IGNORECASE)
_PROPER = {name.lower(): name for name in ("I", "II", "III", "aVR", "aVL", "aVF")}
_STATED = {
    "ventricular heart rate": ("heart_rate_bpm", "bpm"),
    "pr interval": ("pr_ms", "ms"),
    "qrs duration": ("qrs_ms", "ms"),
    "qt interval": ("qt_ms", "ms"),
    "qtc interval": ("qtc_ms", "ms"),
    "qrs axis": ("qrs_axis_deg", "deg"),
    "systolic": ("systolic_mmhg", "mmHg"),
    "diastolic": ("diastolic_mmhg", "mmHg"),
}
"""Meaning of an annotation's code, in lower case -> name and unit here."""


def is_ecg(path: Path) -> bool:
    """Whether a file is DICOM with a waveform, by its header alone."""
    try:
        with path.open("rb") as file:
            file.seek(128)
            if file.read(4) != b"DICM":
                return False
        data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID"])
    except Exception:  # pydicom raises whatever a damaged file leads it to
        return False
    return text_of(data, "SOPClassUID").startswith("1.2.840.10008.5.1.4.1.1.9.")


def read_ecg(path: Path) -> Ecg:
    """The first group of channels in a DICOM waveform. Raises LoadError for a damaged file or one without an ECG."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LoadError(f"ECGs of more than {MAX_BYTES >> 20} MB are not read", where=path.name)
        content = path.read_bytes()
    except OSError:
        raise LoadError("The ECG cannot be read", where=path.name, remedy="Check path and permissions") from None
    try:
        with reading(path.name, len(content)):
            return _read(pydicom.dcmread(BytesIO(content)), path)
    except LoadError:
        raise
    except Exception as error:  # pydicom raises whatever a damaged file leads it to, some of it when a tag is asked for
        remedy = "Export the ECG again"
        raise LoadError("This is not a sound DICOM file", where=path.name, remedy=remedy) from error


def _read(data: Dataset, path: Path) -> Ecg:
    groups = data.get("WaveformSequence") or []
    if not groups:
        raise LoadError("The file holds no waveform", where=path.name, remedy="Choose the ECG's DICOM file")
    key, pseudonym, _ = identity(data)
    age, sex = age_years(text_of(data, "PatientAge")), text_of(data, "PatientSex")
    when = _when(data)
    born = _year(_text(data, "PatientBirthDate"))
    if born is None and age is not None and when is not None:
        born = when.year + (when.timetuple().tm_yday - 1) / 365.25 - age - 0.5
    number = text_of(data, "PatientID")
    removed = text_of(data, "PatientIdentityRemoved").upper() == "YES"
    keys = (f"dicom:{key[:16]}",) if len(number) > 2 and not removed else ()  # "0", "00": nobody's number
    subject = Subject(path.name, keys, (pseudonym,) if keys or removed else (), sex if sex in "MFO" else "", born)
    date = "" if when is None else when.isoformat(timespec="seconds")
    leads, rate_hz = _leads(data, groups[0], path.name)
    return Ecg(leads, rate_hz, date, path.name, subject, _stated(data, date))


def _leads(data: Dataset, group: Dataset, file: str) -> tuple[dict[str, NDArray[np.float64]], float]:
    where = f"{file}, waveform 1"
    try:
        rate_hz = float(group.SamplingFrequency)
        count, width = int(group.NumberOfWaveformSamples), int(group.NumberOfWaveformChannels)
        bits = int(group.WaveformBitsAllocated)
        have = len(group.WaveformData)
        channels = list(group.ChannelDefinitionSequence)
    except (AttributeError, TypeError, ValueError):
        raise LoadError("The waveform lacks what is needed to read it", where=where) from None
    if bits not in (8, 16, 32) or str(group.get("WaveformSampleInterpretation", "")) not in (
        "SS",
        "US",
        "SB",
        "UB",
        "SL",
    ):
        raise LoadError("Samples of this kind are not read", where=where)
    need = count * width * bits // 8
    if have < need or len(channels) != width:
        raise LoadError(
            f"The waveform is cut short: {have} of {need} bytes", where=where, remedy="Export the ECG again"
        )
    try:
        signal = np.asarray(data.waveform_array(0), np.float64)
    except Exception as error:
        raise LoadError("The waveform cannot be decoded", where=where, remedy="Export the ECG again") from error
    leads: dict[str, NDArray[np.float64]] = {}
    for number, channel in enumerate(channels):
        name = _lead_name(channel) or f"channel {number + 1}"
        units = channel.get("ChannelSensitivityUnitsSequence") or []
        unit = str(units[0].get("CodeValue", "")).lower() if units else "none"
        if unit not in _MV:
            raise LoadError(
                f"Lead {name} does not say what its numbers mean in mV",
                where=where,
                remedy="Export the ECG with its channel sensitivity",
            )
        leads[name] = np.ascontiguousarray(signal[:, number]) * _MV[unit]
    return leads, rate_hz


def _lead_name(channel: Dataset) -> str:
    sources = channel.get("ChannelSourceSequence") or []
    said = str(sources[0].get("CodeMeaning", "")) if sources else str(channel.get("ChannelLabel", ""))
    found = _LEAD.search(said)
    return "" if found is None else _PROPER.get(found[1].lower(), found[1].upper())


def _stated(data: Dataset, date: str) -> dict[str, Quantity]:
    out: dict[str, Quantity] = {}
    for one in data.get("WaveformAnnotationSequence") or []:
        codes: Any = one.get("ConceptNameCodeSequence") or []
        meaning = str(codes[0].get("CodeMeaning", "")).strip().lower() if codes else ""
        if meaning not in _STATED or one.get("NumericValue") is None:
            continue
        name, unit = _STATED[meaning]
        try:
            value = one.NumericValue
            number = float(value[0] if isinstance(value, pydicom.multival.MultiValue) else value)
        except (TypeError, ValueError, IndexError):
            continue
        source = f"stated by the cardiograph, {date[:10] or 'undated'}"
        out.setdefault(name, Quantity(number, unit, "measured", source))
    return out


def _when(data: Dataset) -> datetime | None:
    whole = _text(data, "AcquisitionDateTime")
    if not whole:
        whole = _text(data, "AcquisitionDate") or _text(data, "ContentDate") or _text(data, "StudyDate")
        whole += _text(data, "AcquisitionTime") if len(whole) == 8 else ""
    digits = whole.partition(".")[0].partition("+")[0]
    for form, length in (("%Y%m%d%H%M%S", 14), ("%Y%m%d", 8)):
        try:
            return datetime.strptime(digits[:length], form)
        except ValueError:
            continue
    return None


def _text(data: Dataset, keyword: str) -> str:
    try:
        return str(data.get(keyword) or "").strip(" \0")
    except Exception:  # a damaged optional value must not cost the ECG
        return ""


def _year(text: str) -> float | None:
    try:
        born = datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return born.year + (born.timetuple().tm_yday - 1) / 365.25
