"""One door for every kind of record file but images and ECGs (``read_ecg``, and dicom.read_ecg)."""

from pathlib import Path

from twinviewer.domain import LoadError, Records
from twinviewer.records.csv_table import read_csv
from twinviewer.records.fhir import read_fhir
from twinviewer.records.fit import read_fit
from twinviewer.records.heart_series import summary
from twinviewer.records.rr_text import read_hrm, read_rr_text

MAX_BYTES = 64 << 20
SUFFIXES = (".json", ".csv", ".tsv", ".fit", ".hrm", ".txt")


def read_records(path: Path) -> Records:
    """Read a FHIR R4 bundle (.json), a table of vitals or of a wearable's heart rates (.csv), an activity (.fit),
    Polar's .hrm or RR intervals as text. Origins are "measured", sources carry the date.

    Raises LoadError, whatever is wrong with the file. Units are converted; values that no patient has are refused.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise LoadError(
            f"Records are not read from {suffix or 'files without a suffix'}",
            where=path.name,
            remedy="FHIR .json, .csv, .fit, .hrm, RR intervals .txt, WFDB .hea with .dat, DICOM ECG .dcm",
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LoadError(f"Records of more than {MAX_BYTES >> 20} MB are not read", where=path.name)
        data = path.read_bytes()
    except OSError:
        raise LoadError("The records cannot be read", where=path.name, remedy="Check path and permissions") from None
    if suffix == ".fit":
        return summary(read_fit(data, path.name))
    try:
        text = data.decode("utf-8-sig" if suffix != ".hrm" else "latin-1")
    except UnicodeDecodeError:
        raise LoadError("The records are not UTF-8 text", where=path.name, remedy="Save them as UTF-8") from None
    text = text.replace("\r\n", "\n")
    if suffix == ".json":
        return read_fhir(text, path.name)
    if suffix == ".hrm":
        return summary(read_hrm(text, path.name))
    if suffix == ".txt":
        return summary(read_rr_text(text, path.name))
    return read_csv(text, path.name)
