"""In which unit a PET image's values are, and the factor to SUV by body weight where the header allows it.

SUVbw = activity concentration x body weight / dose at the time to which the images are corrected for decay, in g/mL.
Source: the vendor-neutral calculation of SUV of RSNA's Quantitative Imaging Biomarkers Alliance (FDG-PET/CT profile,
appendix G); DICOM PS3.3 C.8.9.1 (units, decay correction) and C.8.9.2 (radiopharmaceutical).
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.tag import Tag

SUV = "SUVbw"
_GE_SCAN_START = Tag(0x0009, 0x100D)
_PHILIPS_SUV, _PHILIPS_ACTIVITY = Tag(0x7053, 0x1000), Tag(0x7053, 0x1009)
_TAGS = [
    "Units", "DecayCorrection", "CorrectedImage", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime",
    "PatientWeight", "RadiopharmaceuticalInformationSequence", _GE_SCAN_START, _PHILIPS_SUV, _PHILIPS_ACTIVITY,
]  # fmt: skip
LONGEST_S = 24 * 3600.0
_PLAIN = {"BQML": "Bq/mL", "CNTS": "counts", "CPS": "counts/s", "PROPCNTS": "counts, proportional", "PROPCPS":
          "counts/s, proportional", "GML": "g/mL", "CM2ML": "cm²/mL", "NONE": "", "PCNT": "%", "CM2": "cm²",
          "MLMING": "mL/min/g", "MLG": "mL/g", "1CM": "1/cm", "UMOLML": "µmol/mL", "PROPCNT": "counts, proportional",
          "MLMINML": "mL/min/mL", "MLML": "mL/mL", "UMOLMINML": "µmol/min/mL", "BQCC": "Bq/mL"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PetUnit:
    """name: unit of rescaled values times ``factor``; note: what must be said of it, a sentence, "" for nothing."""

    name: str
    factor: float = 1.0
    note: str = ""


def pet_unit(stream: BinaryIO, force: bool = False) -> PetUnit:
    """Unit of one PET image; never raises for what its header lacks."""
    stream.seek(0)
    data = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=list(_TAGS), force=force)  # type: ignore[arg-type]
    stored = str(data.get("Units", "") or "").strip().upper()
    plain = _PLAIN.get(stored, stored)
    weight_g = 1000.0 * _number(data.get("PatientWeight"))
    if stored == "GML":
        return PetUnit(SUV, 1.0, "The scanner gives the values in g/mL: taken as SUV by body weight")
    if stored == "CNTS":
        factor = _number(data.get(_PHILIPS_SUV))
        if factor > 0:
            return PetUnit(SUV, factor, "SUV by body weight, by the scanner's own factor (Philips)")
        activity = _number(data.get(_PHILIPS_ACTIVITY))
        if activity <= 0:
            return PetUnit(plain, 1.0, "PET counts without a factor to activity: values have no scale")
        factor = activity
    elif stored in ("BQML", "BQCC"):
        factor = 1.0
    else:
        return PetUnit(plain, 1.0, f"PET values are in {plain or 'a unit that the header does not name'}, not in SUV")
    dose_bq, lacking = _dose_at_scan_bq(data)
    if weight_g <= 0:
        lacking = "the patient's weight"
    if lacking:
        return PetUnit("Bq/mL", factor, f"PET values are in Bq/mL, not in SUV: the header lacks {lacking}")
    note = f"SUV by body weight: {weight_g / 1000:g} kg, {dose_bq / 1e6:.0f} MBq at the time of the decay correction"
    return PetUnit(SUV, factor * weight_g / dose_bq, note)


def _dose_at_scan_bq(data: Dataset) -> tuple[float, str]:
    """(dose decayed to the moment to which the images are corrected, what is lacking to know it)."""
    corrected = {str(one).upper() for one in (data.get("CorrectedImage") or [])}
    if not {"ATTN", "DECY"} <= corrected:
        return 0.0, "a correction of attenuation and decay"
    sequence = data.get("RadiopharmaceuticalInformationSequence")
    drug = sequence[0] if sequence else Dataset()
    dose, half_life_s = _number(drug.get("RadionuclideTotalDose")), _number(drug.get("RadionuclideHalfLife"))
    if dose <= 0 or half_life_s <= 0:
        return 0.0, "dose or half-life"
    if dose < 1e4:  # some scanners give MBq; no one is given less than 10 kBq
        dose *= 1e6
    how = str(data.get("DecayCorrection", "")).strip().upper()
    if how == "ADMIN":
        return dose, ""
    if how != "START":
        return 0.0, "a decay correction to the start of the scan"
    scan = _scan_start(data)
    if scan is None:
        return 0.0, "the time of the scan"
    given = _moment(str(drug.get("RadiopharmaceuticalStartDateTime", "") or ""))
    if given is None:
        time = _moment(f"{scan:%Y%m%d}{drug.get('RadiopharmaceuticalStartTime', '') or 'x'}")
        if time is None:
            return 0.0, "the time of the injection"
        given = time if time <= scan else time - timedelta(days=1)
    waited_s = (scan - given).total_seconds()
    if not 0 <= waited_s <= LONGEST_S:
        return 0.0, "a credible time of injection"
    return dose * math.pow(2.0, -waited_s / half_life_s), ""


def _scan_start(data: Dataset) -> datetime | None:
    """The series' time, unless it was rewritten after the acquisition; then GE says it in a tag of its own."""
    series = _moment(f"{data.get('SeriesDate', '') or ''}{data.get('SeriesTime', '') or 'x'}")
    acquired = _moment(f"{data.get('AcquisitionDate', '') or ''}{data.get('AcquisitionTime', '') or 'x'}")
    if series is not None and (acquired is None or series <= acquired):
        return series
    own = data.get(_GE_SCAN_START)
    value = getattr(own, "value", b"")
    return _moment(value.decode("ascii", "ignore") if isinstance(value, bytes) else str(value or ""))


def _moment(text: str) -> datetime | None:
    """Date and time to the second, without a zone: both ends of a wait are told by one clock."""
    digits = text.split(".")[0].split("+")[0].strip(" \0")
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:
        return None


def _number(value: object) -> float:
    """0 for whatever is no number."""
    value = getattr(value, "value", value)
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore").strip(" \0")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0
    return number if math.isfinite(number) else 0.0
