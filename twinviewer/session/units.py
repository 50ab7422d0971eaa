"""What the voxels of a series are called."""

from twinviewer.domain import Series

UNITS = {"BQML": "Bq/mL", "GML": "g/mL (SUV)", "CNTS": "counts", "HU": "HU"}
"""DICOM PS3.3 C.8.9.1.1.3 (Units of a PET series), as they are read by people."""


def unit_of(modality: str, series: Series | None) -> str:
    """The unit of a series' voxels; "" where the scanner's numbers are arbitrary, as those of MR are."""
    told = "" if series is None else series.extra.get("unit", "")
    return UNITS.get(told, told) or ("HU" if modality == "CT" else "")
