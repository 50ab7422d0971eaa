"""Which instance a retrieved file says it is, from as little of it as tells."""

from pathlib import Path

from pydicom.filereader import read_file_meta_info, read_partial
from pydicom.uid import DeflatedExplicitVRLittleEndian

_SERIES = 0x0020000E


def identity_of(path: Path, series_uid: str) -> str:
    """The SOP Instance UID of a DICOM file that belongs to a series; "" for what is no DICOM file, or of another one.

    Read up to the Series Instance UID and no further. A deflated file is believed: to look into it is to inflate all.
    """
    try:
        meta = read_file_meta_info(path)
        named = str(meta.get("MediaStorageSOPInstanceUID", ""))
        if meta.get("TransferSyntaxUID", "") == DeflatedExplicitVRLittleEndian:
            return named
        with path.open("rb") as file:
            dataset = read_partial(file, stop_when=_past_series, defer_size=4096)
        if str(dataset.get("SeriesInstanceUID", "")) != series_uid:
            return ""
        return str(dataset.get("SOPInstanceUID", "")) or named
    except Exception:  # whatever pydicom says of a stranger's file: it is none of ours
        return ""


def _past_series(tag: int, _vr: str | None, _length: int) -> bool:
    return tag > _SERIES
