"""One door for every kind of record file."""

from pathlib import Path

from twinviewer.domain import LoadError, Records
from twinviewer.records.csv_table import read_csv
from twinviewer.records.fhir import read_fhir

MAX_BYTES = 64 << 20


def read_records(path: Path) -> Records:
    """Read a FHIR R4 bundle (.json) or a table of vitals (.csv). Origins are "measured", sources carry the date.

    Raises LoadError, whatever is wrong with the file. Units are converted; values that no patient has are refused.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LoadError(f"Records of more than {MAX_BYTES >> 20} MB are not read", where=path.name)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LoadError("The records are not UTF-8 text", where=path.name, remedy="Save them as UTF-8") from None
    except OSError:
        raise LoadError("The records cannot be read", where=path.name, remedy="Check path and permissions") from None
    if path.suffix.lower() == ".json":
        return read_fhir(text, path.name)
    if path.suffix.lower() == ".csv":
        return read_csv(text, path.name)
    raise LoadError("Records are read from .json (FHIR R4) and .csv", where=path.name)
