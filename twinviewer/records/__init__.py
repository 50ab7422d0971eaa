"""What is known of the patient from outside the images: FHIR bundles, tables of vitals, wearables, recorded ECGs."""

from twinviewer.records.beats import Beats, find_beats
from twinviewer.records.fhir_write import write_fhir
from twinviewer.records.read import read_records
from twinviewer.records.timeline import collected, entries_of, in_use, medications, merged
from twinviewer.records.wfdb import read_wfdb

__all__ = [
    "Beats",
    "collected",
    "entries_of",
    "find_beats",
    "in_use",
    "medications",
    "merged",
    "read_records",
    "read_wfdb",
    "write_fhir",
]
